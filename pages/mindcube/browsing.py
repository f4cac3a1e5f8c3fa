"""Questions in a table, filtered by their template and by how they were answered; a row that is chosen is shown whole."""

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from backends.mindcube.results import Line, MindCubeResult, Report
from pages.house import address
from visualizers.mindcube import numbers

ALL = "all"
VERDICTS = {ALL: "every reply", "wrong": "wrong", "correct": "correct", "untagged": "without an answer tag",
            "map": "map valid, not isomorphic"}
MOST_ROWS, ROWS_PX, ROW_PX = 500, 320, 35
VIEWS = ("template", "verdict")  # in the address


def draw(result: MindCubeResult, report: Report, *, on_row: Callable[[int], None] | None = None,
         told: str = "it is shown whole below.") -> None:
    """The table under its filters.

    Args:
        on_row: takes the place of the row that was chosen, among all of the report's.
        told: what that does.
    """
    if not report.lines:
        return
    counts = Counter(line.template for line in report.lines)
    has_replies = any(line.is_right is not None for line in report.lines)
    left, right = st.columns(2, vertical_alignment="bottom")
    templates = [ALL, *sorted(counts)]
    template_key = address.view("mindcube", "template", templates, ALL, of=report)
    left.selectbox("Template", templates, key=template_key, format_func=lambda name: _said(name, counts),
                   help="What the questions ask, by the grammar of their ids.")
    verdict_key = address.view("mindcube", "verdict", list(VERDICTS), ALL, of=report)
    if has_replies:
        right.selectbox("Replies", list(VERDICTS), key=verdict_key, format_func=VERDICTS.__getitem__,
                        help="How they were answered.")
    places = found(report.lines, st.session_state[template_key], st.session_state[verdict_key])
    shown = places[:MOST_ROWS]
    made = numbers.lines([report.lines[place] for place in shown])
    key = "mindcube.rows"
    select = (lambda: _clicked(key, shown, on_row)) if on_row else "ignore"
    st.dataframe(made, hide_index=True, width="stretch", height=min(ROWS_PX, 3 + ROW_PX * (1 + len(made))), key=key,
                 selection_mode="single-row", on_select=select, column_config={
                     "similarity": st.column_config.NumberColumn(format="%.0f")})  # type: ignore[call-overload]
    few = f"; the first {MOST_ROWS:,} are listed" if len(places) > len(shown) else ""
    click = f" Click on the box at the left of a row: {told}" if on_row else ""
    st.caption(f"{len(places):,} of {len(report.lines):,} questions{few}.{click}")


def found(lines: Sequence[Line], template: str, verdict: str) -> list[int]:
    """Places of the lines that fit both filters."""
    fits = {ALL: lambda line: True, "wrong": lambda line: line.is_right is False, "correct": lambda line: line.is_right is True,
            "untagged": lambda line: line.has_tag is False,
            "map": lambda line: line.valid is True and line.is_isomorphic is False}[verdict]
    return [place for place, line in enumerate(lines) if template in (ALL, line.template) and fits(line)]


def _said(name: str, counts: Counter[str]) -> str:
    if name == ALL:
        return f"every template ({sum(counts.values()):,})"
    asks = numbers.asks(name)
    return f"{name}: {asks} ({counts[name]:,})" if asks != name else f"{name} ({counts[name]:,})"


def _clicked(key: str, shown: Sequence[int], on_row: Callable[[int], None]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(shown):
        on_row(shown[rows[0]])
