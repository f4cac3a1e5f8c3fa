"""Records the runs that the page opens with: `python -m backends.coda.record [NAME ...]`. The page says that they are recordings."""

import sys

from backends.coda.run import run
from backends.coda.settings import CodaSettings
from backends.coda.system import RECORDED
from backends.files.saved import record

RUNS = {
    "default": CodaSettings(seed=3),  # a fact that CoDA brings back and CAD does not; "recovery" says how rare that is
    "law": CodaSettings(task="law", model="coda-p-law"),
    "recovery": CodaSettings(task="recovery"),
    "size": CodaSettings(task="law", factor="S", trains=True, num_seeds=2),
}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
