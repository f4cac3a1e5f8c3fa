"""Makes the runs that the page's tasks open with, the other recorded trainings, and what all of these come to at a glance:
`python -m backends.ragen.record [NAME ...]`."""

import sys

from backends.files.saved import load_result, record
from backends.ragen import fates
from backends.ragen.presets import PRESETS, RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.run import run
from backends.ragen.system import RECORDED

RUNS = {**RECORDED_RUNS, "play": PRESETS["Play the lake"][0], "why": PRESETS["Ask why"][0]}


def seen() -> dict[str, fates.Fate]:
    """What the recorded trainings come to, read from themselves."""
    return {name: fates.fate_of(load_result((RECORDED / f"{name}.orrery").read_bytes(), RagenResult)) for name in RECORDED_RUNS}


if __name__ == "__main__":
    record(sys.argv[1:], RUNS, run, RECORDED)
    fates.FILE.write_text(fates.written(seen()), encoding="utf-8")
