"""Makes the runs that the page's tasks open with: `python -m backends.era.record [NAME ...]`."""

import sys

from backends.era.run import run
from backends.era.settings import PRESETS, WHY, EraSettings
from backends.era.system import RECORDED
from backends.files.saved import record

if __name__ == "__main__":
    first, _ = next(iter(PRESETS.values()))
    logs, _ = PRESETS[WHY]  # after `python -m backends.era.evaluated`
    record(sys.argv[1:], {"default": first, "train": EraSettings(task="train"), "replay": logs}, run, RECORDED)
