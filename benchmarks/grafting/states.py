"""Every graft of the miniature before healing, after stage 1 and after stage 2."""

import sys

from backends.grafting.measured import CONTROL, SEEDS, STATES, TUNE_STEPS, Measured, Row, settings_of
from benchmarks.tables import markdown

HEAD = ("graft", "state", "held-out error", "above the control", "of its kind", "proxy-FD", "stage 1 error", "seconds")


def section() -> str:
    """Measure all of it anew, and write the file that the page shows."""
    from backends.grafting.measuring import measure

    return told(measure(list(settings_of()), STATES, sys.stderr))


def told(found: Measured) -> str:
    """The table of what was measured, best first by held-out error after stage 2."""
    return f"""## Grafting: cut, put in, healed

The miniature `vignettes-dit`, 8 layers, Hyena-X unless another operator is named, half of the layers unless a pattern says otherwise.
The error is the mean squared error of v on 500 held-out pictures: models are ranked by it. Accuracy and proxy-FD are of
{found.judged:,} pictures painted in 20 steps of DDIM at guidance 1; as many real ones have a proxy-FD of {found.floor:.2f}, and
differences below about 3 say nothing. The control is the original after the same stage 2 ({TUNE_STEPS} steps)
with nothing grafted. Rows are of seed {SEEDS[0]}; above the control, every seed of {", ".join(map(str, SEEDS))} in turn.

{markdown(HEAD, [_cells(found, row) for row in _ranked(found)])}
{_targets(found)}"""


def _ranked(found: Measured) -> list[Row]:
    """The original and the control, then the grafts in the order of their last error, each in the order of its states."""
    rows = [row for row in found.rows if row.seed == SEEDS[0]]
    last = {row.graft: row.held_out for row in rows if row.state == "stage 2" and row.graft != CONTROL}
    first = [row for row in rows if row.graft in ("original", CONTROL)]
    return first + [row for graft in sorted(last, key=lambda name: last[name]) for row in rows if row.graft == graft]


def _cells(found: Measured, row: Row) -> list[str]:
    above = found.every_seed(row) if row.state == "stage 2" and row.graft != CONTROL else ()
    return [row.graft, row.state, f"{row.held_out:.4f}", ", ".join(f"{100 * share:+.1f} %" for share in above),
            "" if row.accuracy is None else f"{100 * row.accuracy:.1f} %", "" if row.proxy_fd is None else f"{row.proxy_fd:.1f}",
            "" if row.stage_1_error is None else f"{row.stage_1_error:.3f}",
            f"{row.seconds:.0f}" if row.seconds else ""]


def _targets(found: Measured) -> str:
    """Which half grafts end near the control, and whether the patterns come in the paper's order."""
    control = found.row(CONTROL, "stage 2")
    last = [row for row in found.rows if row.state == "stage 2" and row.seed == SEEDS[0] and not row.otherwise]
    halves = [row for row in last if row.pattern == "interleaved"]
    within = [row.operator for row in halves if max(found.every_seed(row), default=1.0) <= 0.25]
    near = [row.operator for row in halves if control and control.proxy_fd is not None and row.proxy_fd is not None
            and row.proxy_fd <= control.proxy_fd + 3]
    patterns = [row for row in last if row.operator == "hyena-x" and row.pattern in ("interleaved", "deep", "top-local", "low-local")]
    order = "; ".join(f"seed {seed}: " + _order(found, patterns, seed) for seed in SEEDS)
    return (f"Within 1.25 times the control's error with every seed: {len(within)} of {len(halves)} half grafts "
            f"({', '.join(within) or 'none'}). "
            f"Within 3 of its proxy-FD: {len(near)} of {len(halves)}. {_bounds(found)}\n\n"
            f"Patterns of Hyena-X by held-out error: {order}. The paper's order by FID: interleaved 2.74 < top-local 3.02 < "
            "low-local 3.18 < deep 4.00.\n")


def _bounds(found: Measured) -> str:
    """What the self-graft may cost at most, and Hyena-X in all layers must cost at least; every seed in turn."""
    said = []
    for name, asked in (("mha, interleaved", "at most 12 %"), ("hyena-x, all", "at least 30 %")):
        if row := found.row(name, "stage 2"):
            above = ", ".join(f"{100 * share:+.1f} %" for share in found.every_seed(row))
            said.append(f"{name}: {above} of the control (asked: {asked})")
    return "; ".join(said) + "." if said else ""


def _order(found: Measured, patterns: list[Row], seed: int) -> str:
    rows = [row for one in patterns if (row := found.row(one.graft, "stage 2", seed)) is not None]
    return " < ".join(f"{row.pattern} {row.held_out:.4f}" for row in sorted(rows, key=lambda row: row.held_out))
