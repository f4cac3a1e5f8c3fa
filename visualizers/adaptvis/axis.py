"""The axis of alpha that the charts of AdaptVis share.

alpha multiplies, so 0.5 and 2 are equally far from 1; alpha 0, which has no logarithm, stands by itself at the left end, and
with it whatever is too small to differ from it.
"""

from collections.abc import Sequence
from math import log2

NOTHING = 0.01  # up to here image logits are as good as 0
TICKS = (0, 0.25, 0.5, 1, 2, 5, 10)  # more would stand over one another on a phone


def places(wanted: Sequence[float], alphas: Sequence[float]) -> list[float]:
    """Where alphas stand on the axis that `alphas` spans."""
    least = min((alpha for alpha in alphas if alpha > NOTHING), default=1.0)
    return [log2(alpha) if alpha > NOTHING else log2(least) - 0.8 for alpha in wanted]


def axis(alphas: Sequence[float]) -> dict[str, object]:
    """The layout of that axis."""
    least = min((alpha for alpha in alphas if alpha > NOTHING), default=1.0)
    ticks = [tick for tick in TICKS if least <= tick <= max(alphas) or tick == 0 >= min(alphas)]
    return {"title": "alpha", "tickvals": places(ticks, alphas), "ticktext": [f"{tick:g}" for tick in ticks], "zeroline": False}
