"""Records the runs that the page opens with: `python -m backends.adaptvis.record [NAME ...]`.

The page says that they are recordings. Run `backends.adaptvis.presets` first: it picks the scenes.
"""

import sys

from backends.adaptvis.run import run
from backends.adaptvis.settings import PRESETS, RECORDED
from backends.files.saved import record

RUNS = {
    "default": PRESETS["See it mended"][0],  # the clearest of its kind; "evaluate" says how rare it is
    "evaluate": PRESETS["Count them all"][0],
}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
