"""Makes the runs that the page opens with: `python -m backends.era.record`."""

import sys

from backends.era.run import run
from backends.era.settings import PRESETS
from backends.era.system import RECORDED
from backends.files.saved import record

if __name__ == "__main__":
    first, _ = next(iter(PRESETS.values()))
    record(sys.argv[1:], {"default": first}, run, RECORDED)
