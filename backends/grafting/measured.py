"""Every state of every graft on the miniature, measured: `python -m backends.grafting.measured` writes recorded/states.json.

It takes about five hours of one core; what was measured is kept at once in the file that it is asked to write, so that it can be
stopped and gone on with. With `--keep`, rows that another version of the code measured are kept too: each names its version.

The pictures of a state are judged by a classifier; models are ranked by their error on held-out pictures, because proxy-FDs that
differ by less than about 3 say nothing. A graft is held against the control: the original, tuned as long, with the same seed, and
with nothing grafted.
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
JUDGED = 1_000  # pictures of each state of the first seed; all else goes by its held-out error alone
SEEDS = (0, 1)
TUNE_STEPS = 400  # of stage 2
CONTROL = "control"
HALF: tuple[Operator, ...] = ("mha", "swa", "linear", "mamba-2", "hyena-y", "hyena-se", "hyena-x", "mlp-3", "mlp-6", "mlp-hyena-x")
PATTERNS: tuple[Pattern, ...] = ("three quarters", "all", "deep", "top-local", "low-local")
ABLATIONS: dict[str, dict[str, object]] = {  # of Hyena-X in every other layer: what is done otherwise, first seed only
    "stage 1 on clean pictures": {"hears": "clean"}, "stage 1 as the released extractor hears": {"hears": "official"},
    "stage 1 with L2": {"loss": "l2"}, "stage 2 on activations": {"tune_loss": "activation"},
    "stage 2 on both": {"tune_loss": "both"}}


@dataclass(frozen=True)
class Row:
    """One model in one state, of one seed.

    Attributes:
        graft: operator and pattern, and what was done otherwise, if anything; or "original" or "control".
        accuracy, proxy_fd: None where no pictures were judged.
        stage_1_error: mean over the layers of the relative error after stage 1; None where nothing was grafted.
        held_out: mean squared error of v on held-out pictures.
        otherwise: one of ABLATIONS, or nothing.
        code: version that measured it.
    """

    graft: str
    operator: str
    pattern: str
    state: str
    held_out: float
    accuracy: float | None
    proxy_fd: float | None
    stage_1_error: float | None
    seconds: float
    seed: int
    otherwise: str = ""
    code: str = ""


@dataclass(frozen=True)
class Measured:
    """The table, and how it was made."""

    rows: tuple[Row, ...]
    judged: int
    floor: float  # the proxy-FD of as many real pictures
    made_on: str  # the last of it

    def row(self, graft: str, state: str, seed: int = SEEDS[0]) -> Row | None:
        """The row of a graft in a state, if it was measured."""
        return next((row for row in self.rows if (row.graft, row.state, row.seed) == (graft, state, seed)), None)

    def above_control(self, row: Row) -> float | None:
        """How far its held-out error lies above that of the control of the same seed, as a share."""
        control = self.row(CONTROL, "stage 2", row.seed)
        return row.held_out / control.held_out - 1 if control else None

    def every_seed(self, row: Row) -> tuple[float, ...]:
        """How far each seed's held-out error of the same graft and state lies above its control's, in the order of the seeds."""
        alike = sorted((one for one in self.rows if (one.graft, one.state) == (row.graft, row.state)), key=lambda one: one.seed)
        return tuple(above for one in alike if (above := self.above_control(one)) is not None)


@cache
def measured() -> Measured | None:
    """What was recorded; None where nothing was."""
    return read(STATES) if STATES.is_file() else None


def read(file: Path) -> Measured:
    """What a file of measurements says."""
    said = json.loads(file.read_text(encoding="utf-8"))
    return Measured(**(said | {"rows": tuple(Row(**row) for row in said["rows"])}))


def write(found: Measured, file: Path) -> None:
    """Write it, so that `read` gives it back."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")


def settings_of() -> Iterator[tuple[GraftingSettings, str]]:
    """Each grafting that is measured, and what of it is done otherwise than usually."""
    for seed in SEEDS:
        common: dict[str, object] = {"heals": "both stages", "tune_steps": TUNE_STEPS, "num_pictures": 1, "seed": seed,
                                     "num_judged": JUDGED if seed == SEEDS[0] else 0}
        for operator in HALF:
            yield GraftingSettings.model_validate({**common, "operator": operator}), ""
        yield GraftingSettings.model_validate({**common, "operator": "pairs", "pattern": "all"}), ""
        for pattern in PATTERNS:
            yield GraftingSettings.model_validate({**common, "pattern": pattern}), ""
        for name, otherwise in ABLATIONS.items() if seed == SEEDS[0] else ():
            yield GraftingSettings.model_validate({**common, **otherwise, "num_judged": 0}), name


def name_of(operator: str, pattern: str, otherwise: str = "") -> str:
    """What a graft is called in the table."""
    return ", ".join(part for part in (operator, pattern, otherwise) if part)


if __name__ == "__main__":
    from backends.grafting.measuring import measure

    files = [Path(argument) for argument in sys.argv[1:] if argument != "--keep"]
    measure(list(settings_of()), files[0] if files else STATES, sys.stderr, keeps_older="--keep" in sys.argv)
