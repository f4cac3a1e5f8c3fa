"""Records the runs that the page opens with: `python -m backends.grafting.record [NAME ...]`.

The page says that they are recordings.
"""

import sys

from backends.files.saved import record
from backends.grafting.run import run
from backends.grafting.settings import PRESETS, GraftingSettings
from backends.grafting.system import RECORDED

RUNS = {"default": PRESETS["Swap it, and heal it"][0], "locality": PRESETS["Which layers look nearby?"][0],
        "speed": GraftingSettings(task="speed", tokens=(64, 256, 1024, 4096, 16384))}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
