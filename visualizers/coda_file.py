"""Figures of an answered file of prompts: a FilePart -> plotly Figure or table."""

import pandas as pd
import plotly.graph_objects as go

from backends.coda.results import FilePart
from visualizers.theme import DECODER_COLOURS, DECODER_NAMES, VISITED_COLOUR


def bars(part: FilePart) -> go.Figure | None:
    """Right answers per decoder of the rows so far, with Wilson's 95 % interval; None where no row has a right answer."""
    methods = [method for method in (part.rows[0].answers if part.rows else ())]
    figure = go.Figure()
    for name, kind, shape in (("exact match", "is_right", ""), ("contains it", "contains", "/")):
        marks = {method: [value for row in part.rows if (value := getattr(row, kind).get(method)) is not None] for method in methods}
        if not any(marks.values()):
            continue
        spans = {method: wilson(sum(values), len(values)) for method, values in marks.items()}
        figure.add_trace(go.Bar(
            x=[DECODER_NAMES.get(method, method) for method in methods], y=[100 * spans[m][0] for m in methods], name=name,
            marker={"color": [DECODER_COLOURS.get(m, VISITED_COLOUR) for m in methods], "pattern": {"shape": shape}},
            error_y={"type": "data", "symmetric": False, "array": [100 * (spans[m][2] - spans[m][0]) for m in methods],
                     "arrayminus": [100 * (spans[m][0] - spans[m][1]) for m in methods]},
            hovertemplate=f"%{{x}}, {name}: %{{y:.0f}} %<extra></extra>"))
    if not figure.data:
        return None
    return figure.update_layout(height=340, barmode="group", showlegend=True, title=f"{len(part.rows)} rows answered",
                                xaxis={"title": "decoder"}, yaxis={"title": "rows (%)", "range": [0, 105]})


def wilson(hits: int, count: int) -> tuple[float, float, float]:
    """Share and the ends of its 95 % interval; 0, 0, 1 for nothing."""
    if not count:
        return 0.0, 0.0, 1.0
    z, share = 1.96, hits / count
    middle, spread = share + z * z / (2 * count), z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    scale = 1 + z * z / count
    return share, min(share, (middle - spread) / scale), max(share, (middle + spread) / scale)


def table(part: FilePart) -> pd.DataFrame:
    """One row per prompt, with every decoder's answer and whether it is right."""
    return pd.DataFrame([{
        "row": row.number, "prompt": row.prompt, "right": " | ".join(row.right), "wrong": " | ".join(row.wrong),
        **{f"{DECODER_NAMES.get(m, m)} answers": text for m, text in row.answers.items()},
        **{f"{DECODER_NAMES.get(m, m)} exact": is_right for m, is_right in row.is_right.items()},
        **{f"{DECODER_NAMES.get(m, m)} contains": is_in for m, is_in in row.contains.items()},
        "prefers right": row.prefers_right, "paper's alarm": row.is_alarm, "masked": row.masked or ""} for row in part.rows])
