"""Figures of an answered file of prompts: a FilePart -> plotly Figure or table."""

import re
from collections import Counter

import pandas as pd
import plotly.graph_objects as go

from backends.coda.results import FilePart, FileRow
from backends.statistics import wilson
from visualizers.alt import described
from visualizers.coda.methods import DECODER_COLOURS, DECODER_NAMES
from visualizers.theme import VISITED_COLOUR, titled

SHOWN_REASONS = 3
_VARIES = re.compile(r"'[^']*'|\d[\d,.]*")  # what differs between rows that fail for one reason


def answered(part: FilePart) -> list[FileRow]:
    """Return the rows that have an answer."""
    return [row for row in part.rows if row.answers]


def problems(part: FilePart) -> list[str]:
    """Return a line about rows without answers and one about rows that could not be compared, each with its commonest reasons."""
    failed = [row for row in part.rows if row.problem and not row.answers]
    other = [row for row in part.rows if row.problem and row.answers]
    lines = [(failed, "could not be answered"), (other, "answered, with a problem")]
    return [f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'} {what}. {_reasons(rows)}" for rows, what in lines if rows]


def _reasons(rows: list[FileRow]) -> str:
    kinds = Counter(_kind(row) for row in rows)
    shown = []
    for kind, count in kinds.most_common(SHOWN_REASONS):
        first = next(row for row in rows if _kind(row) == kind)
        shown.append(f"Row {first.number}{f' and {count - 1:,} more' if count > 1 else ''}: {first.problem}")
    rest = len(rows) - sum(count for _, count in kinds.most_common(SHOWN_REASONS))
    return " ".join(shown) + (f" And {rest:,} more for other reasons." if rest else "")


def _kind(row: FileRow) -> str:
    """Return what rows that fail for one reason share: the first sentence, which says what happened, without its values."""
    return _VARIES.sub("#", row.problem or "").partition(". ")[0]


def bars(part: FilePart) -> go.Figure | None:
    """Correct answers per decoder of the rows so far, with Wilson's 95 % interval; None where no row has a right answer."""
    methods = list(dict.fromkeys(method for row in part.rows for method in row.answers))
    figure = go.Figure()
    for name, kind, shape in (("exact match", "is_right", ""), ("contains it", "contains", "/")):
        marks = {method: [value for row in part.rows if (value := getattr(row, kind).get(method)) is not None] for method in methods}
        if not any(marks.values()):
            continue
        spans = {method: wilson(sum(values), len(values)) for method, values in marks.items()}
        figure.add_trace(go.Bar(
            y=[DECODER_NAMES.get(method, method) for method in methods], x=[100 * spans[m][0] for m in methods], name=name,
            orientation="h",
            marker={"color": [DECODER_COLOURS.get(m, VISITED_COLOUR) for m in methods], "pattern": {"shape": shape}},
            error_x={"type": "data", "symmetric": False, "array": [100 * (spans[m][2] - spans[m][0]) for m in methods],
                     "arrayminus": [100 * (spans[m][0] - spans[m][1]) for m in methods]},
            hovertemplate=f"%{{y}}, {name}: %{{x:.0f}} %<extra></extra>"))
    if not figure.data:
        return None
    told = ", ".join(f"{name} {value:.0f} %" for name, value in zip(figure.data[0].y, figure.data[0].x))
    described(figure, f"Rows answered correctly, {figure.data[0].name}: {told}.")
    return figure.update_layout(height=150 + 46 * len(methods), barmode="group", showlegend=True,
                                title=titled(f"{len(answered(part))} rows answered", "correct answers, with 95 % intervals"),
                                legend={"traceorder": "normal"}, xaxis={"title": "rows (%)", "range": [0, 105]},
                                yaxis={"autorange": "reversed"})


def table(part: FilePart) -> pd.DataFrame:
    """One row per prompt, with every decoder's answer and whether it is right, and why it has none."""
    has_problem = any(row.problem for row in part.rows)
    return pd.DataFrame([{
        "row": row.number, "prompt": row.prompt, **({"problem": row.problem or ""} if has_problem else {}),
        "right": " | ".join(row.right), "wrong": " | ".join(row.wrong),
        **{f"{DECODER_NAMES.get(m, m)} answers": text for m, text in row.answers.items()},
        **{f"{DECODER_NAMES.get(m, m)} exact": is_right for m, is_right in row.is_right.items()},
        **{f"{DECODER_NAMES.get(m, m)} contains": is_in for m, is_in in row.contains.items()},
        "prefers right": row.prefers_right, "paper's alarm": row.is_alarm, "masked": row.masked or ""} for row in part.rows])
