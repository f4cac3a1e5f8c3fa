"""Records the runs that the page opens with: `python -m backends.mindcube.record [NAME ...]`.

The page says that they are recordings. Run `backends.mindcube.presets` first: it picks the rooms.
"""

import sys

from backends.files.saved import record
from backends.mindcube.picked import PRESETS, RECORDED, RECORDINGS
from backends.mindcube.run import run

RUNS = {
    "default": PRESETS["See it fail"][0],  # the first of its kind; "evaluate" says how often each way is correct
    **RECORDINGS,
}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
