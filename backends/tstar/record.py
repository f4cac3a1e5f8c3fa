"""Records the run that the page opens with: `python -m backends.tstar.record`. The page says that it is a recording."""

import sys

from backends.files.saved import record
from backends.tstar.run import run
from backends.tstar.settings import OPENING
from backends.tstar.system import RECORDED

RUNS = {"default": OPENING}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED.parent)
