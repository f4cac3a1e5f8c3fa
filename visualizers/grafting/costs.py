"""What a graft costs or saves: the operators that were replaced, and the whole model -> plotly Figure or table.

Mixing is what goes between tokens (attention itself, gates), features what goes within one (projections, filters). A multiplication
and an addition are two operations. Changes are in per cent of what was there.
"""

import pandas as pd
import plotly.graph_objects as go

from backends.grafting.results import Cost, Grafted
from backends.numbers import signed
from visualizers.alt import described
from visualizers.theme import DISTRIBUTION_COLOUR, titled

ROWS = (("parameters of the whole model", "parameters"), ("parameters of the replaced operators", "operator_parameters"),
        ("mixing FLOPs of the replaced operators", "mixing_flops"), ("feature FLOPs of the replaced operators", "feature_flops"))


def change(before: float, after: float) -> float | None:
    """In per cent; None where there was nothing."""
    return 100 * (after / before - 1) if before else None


def changes(before: Cost, after: Cost) -> list[tuple[str, float, float, float | None]]:
    """What, before, after, change in per cent; the FLOPs of both kinds together come last."""
    rows = [(label, float(getattr(before, name)), float(getattr(after, name))) for label, name in ROWS]
    both = [cost.mixing_flops + cost.feature_flops for cost in (before, after)]
    rows.append(("FLOPs of the replaced operators", both[0], both[1]))
    return [(label, old, new, change(old, new)) for label, old, new in rows]


def table(before: Cost, after: Cost) -> pd.DataFrame:
    """One row per quantity."""
    return pd.DataFrame([{"what": label, "before": amount(old), "after": amount(new), "change": percent(share)}
                         for label, old, new, share in changes(before, after)])


def numbers(before: Cost, after: Cost) -> pd.DataFrame:
    """The same in full, for a file."""
    whole = {"before": "Int64", "after": "Int64"}  # parameters and operations are counted
    return pd.DataFrame([{"what": label, "before": round(old), "after": round(new), "change in per cent": share}
                         for label, old, new, share in changes(before, after)]).astype(whole)


def bars(grafted: Grafted) -> go.Figure:
    """The changes in per cent."""
    rows = [(label, share) for label, _, _, share in changes(grafted.before, grafted.after) if share is not None]
    shares = [share for _, share in rows]
    low, high = min(0.0, *shares), max(0.0, *shares)
    room = 0.45 * max(high - low, 1.0)
    figure = go.Figure(go.Bar(
        y=[_broken(label) for label, _ in rows], x=shares, orientation="h", marker={"color": DISTRIBUTION_COLOUR},
        text=[percent(share) for share in shares], textposition="outside", cliponaxis=False, showlegend=False,
        customdata=[label for label, _ in rows], hovertemplate="%{customdata}: %{x:+.2f} %<extra></extra>"))
    figure.update_layout(height=330, title=titled("Change against the model as it was", "parameters and operations of one forward"),
                         xaxis={"title": "change (%)", "range": [low - (room if low < 0 else 0), high + room], "zeroline": True,
                                "nticks": 5},
                         yaxis={"autorange": "reversed"})
    return described(figure, ", ".join(f"{label} {percent(share)}" for label, share in rows) + ".")


def _broken(label: str) -> str:
    """In two lines: a phone has no room for one."""
    first, _, second = label.partition(" of the ")
    return f"{first},<br>{second}"


def amount(value: float) -> str:
    """1401648 -> '1,401,648'; 237000000 -> '237 M'."""
    return f"{value / 1e6:,.1f} M" if value >= 1e7 else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A change as people read it."""
    return "–" if share is None else f"{signed(share, 2 if abs(share) < 10 else 0)} %"


def of_operators(before: Cost, after: Cost) -> str:
    """The change of the replaced operators alone, in one line."""
    shares = {label: share for label, _, _, share in changes(before, after)}
    told = [f"{what} {percent(shares[f'{what} of the replaced operators'])}"
            for what in ("parameters", "mixing FLOPs", "feature FLOPs", "FLOPs")]
    more = after.operator_parameters - before.operator_parameters
    return f"of the replaced operators, {', '.join(told)} in all; {signed(more, 0)} parameters."


def sentence(before: Cost, after: Cost) -> str:
    """Parameters of the model and FLOPs of the replaced operators in one line."""
    shares = {label: share for label, _, _, share in changes(before, after)}
    return (f"Parameters of the model {percent(shares['parameters of the whole model'])}; of the replaced operators: parameters "
            f"{percent(shares['parameters of the replaced operators'])}, mixing FLOPs "
            f"{percent(shares['mixing FLOPs of the replaced operators'])}, feature FLOPs "
            f"{percent(shares['feature FLOPs of the replaced operators'])}.")
