"""Records the runs that the page opens with: `python -m backends.adaptvis.record [NAME ...]`.

The page says that they are recordings. Run `backends.adaptvis.presets` first: it picks the scenes.
"""

import sys

from backends.adaptvis.run import run
from backends.adaptvis.settings import PRESETS, RECORDED
from backends.run import Inputs, last, save_result

RUNS = {
    "default": PRESETS["See it mended"][0],  # the clearest of its kind; "evaluate" says how rare it is
    "evaluate": PRESETS["Count them all"][0],
}

if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    for name in sys.argv[1:] or RUNS:
        path = RECORDED / f"{name}.orrery"
        path.write_bytes(save_result(last(run(RUNS[name], Inputs()))))
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
