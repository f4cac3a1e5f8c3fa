"""Every state of every graft on the miniature, measured once: `python -m backends.grafting.measured` writes recorded/states.json.

The pictures of a state are judged by a classifier; models are ranked by their error on held-out pictures, because proxy-FDs that
differ by less than about 3 say nothing. A graft is held against the control: the original, tuned as long and with nothing grafted.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from backends.grafting.choices import Pattern
from backends.grafting.settings import GraftingSettings
from models.diffusion.choices import Operator

STATES = Path(__file__).parent / "recorded" / "states.json"
JUDGED = 1_000  # pictures; so few because each state paints as many
TUNE_STEPS = 400  # of stage 2
CONTROL = "control"
HALF: tuple[Operator, ...] = ("mha", "swa", "linear", "mamba-2", "hyena-y", "hyena-se", "hyena-x", "mlp-3", "mlp-6", "mlp-hyena-x")
PATTERNS: tuple[Pattern, ...] = ("three quarters", "all", "deep", "top-local", "low-local")


@dataclass(frozen=True)
class Row:
    """One model in one state.

    Attributes:
        graft: operator and pattern, or "original" or "control".
        stage_1_error: mean over the layers of the relative error after stage 1; None where nothing was grafted.
        held_out: mean squared error of v on held-out pictures.
    """

    graft: str
    operator: str
    pattern: str
    state: str
    held_out: float
    accuracy: float
    proxy_fd: float
    stage_1_error: float | None
    seconds: float


@dataclass(frozen=True)
class Measured:
    """The table, and how it was made."""

    rows: tuple[Row, ...]
    judged: int
    floor: float  # the proxy-FD of as many real pictures
    made_on: str
    code: str

    def row(self, graft: str, state: str) -> Row | None:
        """The row of a graft in a state, if it was measured."""
        return next((row for row in self.rows if (row.graft, row.state) == (graft, state)), None)

    def above_control(self, row: Row) -> float | None:
        """How far its held-out error lies above the control's, as a share."""
        control = self.row(CONTROL, "stage 2")
        return row.held_out / control.held_out - 1 if control else None


@cache
def measured() -> Measured | None:
    """What was recorded; None where nothing was."""
    if not STATES.is_file():
        return None
    said = json.loads(STATES.read_text(encoding="utf-8"))
    return Measured(**(said | {"rows": tuple(Row(**row) for row in said["rows"])}))


def settings_of() -> Iterator[GraftingSettings]:
    """Each grafting that is measured."""
    for operator in HALF:
        yield GraftingSettings(operator=operator, heals="both stages", tune_steps=TUNE_STEPS, num_judged=JUDGED, num_pictures=1)
    for pattern in PATTERNS:
        yield GraftingSettings(pattern=pattern, heals="both stages", tune_steps=TUNE_STEPS, num_judged=JUDGED, num_pictures=1)


def name_of(operator: str, pattern: str) -> str:
    """What a graft is called in the table."""
    return f"{operator}, {pattern}"


if __name__ == "__main__":
    from backends.grafting.measuring import measure

    found = measure(list(settings_of()), sys.stderr)
    STATES.parent.mkdir(exist_ok=True)
    STATES.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
