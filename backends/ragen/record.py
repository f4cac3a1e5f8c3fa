"""Makes the runs that the page's tasks open with: `python -m backends.ragen.record [NAME ...]`."""

import sys

from backends.files.saved import record
from backends.ragen.presets import PRESETS, RECORDED_RUNS
from backends.ragen.run import run
from backends.ragen.system import RECORDED

RUNS = {"default": RECORDED_RUNS["loses_format"], "play": PRESETS["Play the lake"][0], "why": PRESETS["Ask why"][0]}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
