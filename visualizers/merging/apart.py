"""How far both children of the base went, layer by layer, and whether in the same direction."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.merging.results import Apart
from visualizers.alt import described
from visualizers.merging.methods import KEPT_COLOUR, MODEL_COLOURS, MODEL_SHORT, PART_MARKS, PART_NAMES
from visualizers.theme import layer_ticks, titled

HEIGHT_PX = 330
LAST = "last"  # what stands in no layer
_DASHES = {"attention": "solid", "mlp": "dash", "norm": "dot", "": "solid"}


def charts(rows: Sequence[Apart]) -> dict[str, go.Figure]:
    """What the rows have to show, by title."""
    made = {"distances": norms(rows), "directions": cosines(rows)}
    return {title: figure for title, figure in made.items() if figure is not None}


def norms(rows: Sequence[Apart]) -> go.Figure | None:
    """Size of each task vector against the base's; without a base, how far the two models are apart. None of nothing."""
    kinds = {"vlm": [row.vlm for row in rows], "reasoner": [row.reasoner for row in rows]}
    if any(value is not None for values in kinds.values() for value in values):
        figure = go.Figure()
        for model, values in kinds.items():
            _lines(figure, rows, values, name=MODEL_SHORT[model], colour=MODEL_COLOURS[model], percent=True)
        title, unit = "How far each went from the base", "size of what it learned, % of the base's"
        told = [f"{MODEL_SHORT[model]} {_span(values, percent=True)}" for model, values in kinds.items()]
    elif any(row.models is not None for row in rows):
        figure, values = go.Figure(), [row.models for row in rows]
        _lines(figure, rows, values, name="apart", colour=KEPT_COLOUR, percent=True)
        title, unit = "How far the two models are apart", "% of the seeing model's size"
        told = [f"the two models {_span(values, percent=True)}"]
    else:
        return None
    figure.update_layout(title=titled(title, unit), height=HEIGHT_PX, showlegend=True, xaxis=_axis(rows),
                         yaxis={"title": "%", "rangemode": "tozero"})
    return described(figure, f"Over {len(rows)} groups of weights: {'; '.join(told)}.")


def cosines(rows: Sequence[Apart]) -> go.Figure | None:
    """Cosine of the two task vectors; None where there is none."""
    values = [row.cosine for row in rows]
    known = [value for value in values if value is not None]
    if not known:
        return None
    figure = go.Figure()
    _lines(figure, rows, values, name="cosine", colour=MODEL_COLOURS["child"], percent=False)
    top = max(0.1, 1.15 * max(abs(value) for value in known))
    figure.update_layout(title=titled("Do both go in the same direction?", "cosine: 1 the same, 0 at right angles"),
                         height=HEIGHT_PX, showlegend=True, xaxis=_axis(rows),
                         yaxis={"title": "cosine", "range": [-min(1.05, top), min(1.05, top)]})
    return described(figure, f"Cosine of what the two learned, over {len(known)} groups of weights: {_span(values, percent=False)}.")


def _span(values: Sequence[float | None], *, percent: bool) -> str:
    known = [value * (100 if percent else 1) for value in values if value is not None]
    if not known:
        return "not told"
    unit = " %" if percent else ""
    return f"{min(known):.2f} to {max(known):.2f}{unit}"


def _lines(figure: go.Figure, rows: Sequence[Apart], values: Sequence[float | None], *, name: str, colour: str, percent: bool
           ) -> None:
    """One line per kind of module; the last norm, which is in no layer, stands one place further."""
    end = _end(rows)
    for part in dict.fromkeys(row.part for row in rows):
        own = [(row, value) for row, value in zip(rows, values) if row.part == part and value is not None]
        if not own:
            continue
        words = name if part == "" else f"{name}, {PART_NAMES[part]}"
        figure.add_scatter(
            x=[end if row.layer is None else row.layer for row, _ in own], y=[(100 if percent else 1) * value for _, value in own],
            mode="lines+markers", name=words, line={"color": colour, "width": 1.5, "dash": _DASHES[part]},
            marker={"symbol": PART_MARKS[part], "size": 8}, customdata=[_where(row.layer) for row, _ in own],
            hovertemplate=f"{words}, %{{customdata}}: %{{y:.3g}}{' %' if percent else ''}<extra></extra>")


def _end(rows: Sequence[Apart]) -> int:
    return 1 + max((row.layer for row in rows if row.layer is not None), default=-1)


def _where(layer: int | None) -> str:
    return "behind the last layer" if layer is None else f"layer {layer}"


def _axis(rows: Sequence[Apart]) -> dict[str, object]:
    end = _end(rows)
    has_last = any(row.layer is None for row in rows)
    shown = [tick for tick in layer_ticks(end) if not has_last or end <= 12 or end - tick >= 0.08 * end]
    return {"title": "layer, counted from 0", "tickvals": shown + ([end] if has_last else []),
            "ticktext": [str(tick) for tick in shown] + ([LAST] if has_last else []),
            "range": [-0.4, end + (0.4 if has_last else -0.6)]}


def notice(rows: Sequence[Apart]) -> str:
    """What there is to see: who went further, and whether the two get into each other's way."""
    vlm, reasoner = ([value for value in values if value is not None]
                     for values in ([row.vlm for row in rows], [row.reasoner for row in rows]))
    cosines_ = [row.cosine for row in rows if row.cosine is not None]
    if not vlm or not reasoner or not cosines_:
        return ""
    further = "the reasoning model" if sum(reasoner) / len(reasoner) > sum(vlm) / len(vlm) else "the seeing model"
    mean = sum(cosines_) / len(cosines_)
    way = "nearly at right angles, so that one can be added without undoing the other" if abs(mean) < 0.1 else (
        "partly in the same direction" if mean > 0 else "partly against each other")
    return f"{further} went further from the base; what they learned points {way} (mean cosine {mean:.2f})."
