"""Records the runs that the page opens with: `python -m backends.coda.record [NAME ...]`. The page says that they are recordings."""

import sys

from backends.coda.run import run
from backends.coda.settings import AUSTRALIA, FIRST_MENDED, CodaSettings
from backends.coda.system import RECORDED
from backends.run import record

RUNS = {
    "default": CodaSettings(seed=FIRST_MENDED),  # "recovery" says how rare it is that one is brought back
    "law": CodaSettings(task="law", model="coda-p-law"),
    "recovery": CodaSettings(task="recovery"),
    "size": CodaSettings(task="law", factor="S", trains=True, num_seeds=2),
    "real": AUSTRALIA,  # these two need `make real`
    "real-named": AUSTRALIA.model_copy(update={"named": "capital"}),
}

if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
