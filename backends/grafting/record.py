"""Records the runs that the page opens with: `python -m backends.grafting.record [NAME ...]`.

The page says that they are recordings.
"""

import sys

from backends.files.saved import record
from backends.grafting.run import run
from backends.grafting.settings import PRESETS
from backends.grafting.system import RECORDED

RUNS = {"default": PRESETS["Swap it, and heal it"][0], "broken": PRESETS["Swap it, do not heal"][0],
        "all": PRESETS["Push it until it breaks"][0]}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
