"""Pairs of weights: seeing and new sums over both, the paper's line in them; a pair that is clicked can be made the child."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from backends.merging.results import Grid, MergingResult
from backends.merging.settings import MergingSettings
from pages.house import address, parts, view, words
from pages.house.text import plain
from visualizers.merging import numbers, weights

VIEWS = ("pair",)  # in the address
MOST_ROWS = 12
Choose = Callable[[MergingSettings], None]
Pair = tuple[int, int]


@st.fragment
def first_view(result: MergingResult, choose: Choose) -> None:
    """Both maps; a click looks at a pair, and nothing is run for it."""
    grid = result.grid
    if grid is None or (best := weights.best(grid)) is None:
        return
    row, column = _pair_now(grid, best)
    for place, skill in zip(st.columns(2), ("unseen", "sees")):
        with place:
            key = f"merging.map.{skill}.{row}.{column}"  # another choice is another chart: a second click on a field is one too
            figure = weights.clickable(weights.heat(grid, skill, (row, column)), grid, skill)
            view.picking_chart(figure, key, on_select=partial(_clicked, grid, key), selection_mode="points", is_first=True)
    _chosen(result, grid, row, column, choose)
    st.markdown(f"**To notice:** {plain(weights.notice(grid))}")
    words.explain("merging.pairs", "task vector", "new sums", "merge")
    address.write_view("merging", "pairs")


def _pair_now(grid: Grid, best: Pair) -> Pair:
    """The pair that is looked at, in the address as row and column."""
    options = [f"{row}.{column}" for row in range(len(grid.weights)) for column in range(len(grid.weights))]
    said = str(st.session_state[address.view("merging", "pair", options, f"{best[0]}.{best[1]}", of=grid)])
    row, _, column = said.partition(".")
    return int(row), int(column)


def _clicked(grid: Grid, key: str) -> None:
    """The field that was clicked is looked at."""
    picked = st.session_state[key]["selection"]["points"]
    if picked:
        row, column = (min(range(len(grid.weights)), key=lambda place: abs(float(grid.weights[place]) - picked[0][axis]))
                       for axis in ("y", "x"))
        st.session_state["merging.pair"] = f"{row}.{column}"


def _chosen(result: MergingResult, grid: Grid, row: int, column: int, choose: Choose) -> None:
    """What the pair can do, and the button that makes it the child; for fingers and keys a list instead of a click."""
    seeing, reasoning = float(grid.weights[row]), float(grid.weights[column])
    options = [f"{one}.{other}" for one in range(len(grid.weights)) for other in range(len(grid.weights))]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="merging.pair.chosen"):
        st.selectbox("Pair of weights", options, key="merging.pair", width=420,
                     format_func=lambda said: _said(grid, said), help="The same as a click on a field above.")
        wanted = child_of(result.settings, seeing, reasoning)
        if parts.shows("knobs") and st.button("Make this the child", key="merging.pair.make", icon=":material/merge:", args=(wanted,),
                                              on_click=choose, help="Turns the weights to this pair and merges."):
            st.rerun()  # what is shown then is another task's


def _said(grid: Grid, pair: str) -> str:
    row, column = map(int, pair.split("."))
    values = [f"{name} {value:.0f} %" for name, skill in (("sees", "sees"), ("new sums", "unseen"))
              if (value := weights.values_of(grid, skill)[row, column]) == value]
    told = ", ".join(values) or "not tried"
    return f"{grid.weights[row]:.2f} of seeing, {grid.weights[column]:.2f} of reasoning: {told}"


def child_of(settings: MergingSettings, seeing: float, reasoning: float) -> MergingSettings:
    """The merge of one pair; the maps of methods that take shares are of task arithmetic."""
    method = settings.method if settings.needs_base else "task_arithmetic"
    return settings.model_copy(update={"task": "merge", "method": method, "vlm_weight": round(seeing, 3), "gradient": (),
                                       "reason_weight": round(reasoning, 3)})


def live(grid: Grid) -> None:
    """The maps as they fill."""
    for place, skill in zip(st.columns(2), ("unseen", "sees")):
        with place:
            view.chart(weights.heat(grid, skill), key=f"live.{skill}")


def details(result: MergingResult, choose: Choose) -> None:
    """The paper's line beside the best pair, and the best pairs in a table whose rows can be made the child."""
    grid = result.grid
    if grid is None:
        return
    st.header("The paper's line beside all pairs")
    left, right = st.columns(2)
    with left:
        if (figure := weights.along(grid)) is not None:
            view.chart(figure, key="merging.along")
    with right:
        _table(result, grid, choose)


def _table(result: MergingResult, grid: Grid, choose: Choose) -> None:
    made = numbers.pairs(grid)[:MOST_ROWS]
    st.markdown("**The best pairs**")
    st.dataframe(made, hide_index=True, width="stretch", key="merging.pairs.rows", selection_mode="single-row",
                 on_select=lambda: _row(result, choose), column_config={
                     name: st.column_config.NumberColumn(format="%.2f" if "weight" in name else "%.0f") for name in made.columns})
    st.caption("Click on the box at the left of a row: its weights are merged and tried, with pictures. Shares are in per cent.")


def _row(result: MergingResult, choose: Choose) -> None:
    rows = st.session_state["merging.pairs.rows"].selection.rows
    if rows and result.grid is not None:
        made = numbers.pairs(result.grid)
        choose(child_of(result.settings, *(float(made.iloc[rows[0]][name]) for name in ("weight of seeing", "weight of reasoning"))))
