"""Records the runs that the page opens with: `python -m backends.merging.record [NAME ...]`.

The page says that they are recordings.
"""

import sys

from backends.files.saved import record
from backends.merging.presets import OPENING, PRESETS, RECORDED, RECORDINGS
from backends.merging.run import run

if __name__ == "__main__":
    runs = {"default": OPENING, "added": PRESETS["Add both in full"][0], **RECORDINGS}  # "added" is told of on the page
    record(sys.argv[1:], runs, run, RECORDED)
