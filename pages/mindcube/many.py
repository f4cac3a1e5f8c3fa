"""Many rooms: every way of answering beside what needs no looking, and whether good maps come with good answers."""

from collections.abc import Callable

import streamlit as st

from backends.mindcube.results import Line, MindCubeResult, Report
from backends.mindcube.rooms import place_of
from backends.mindcube.settings import EVALUATED, SCENES, MindCubeSettings
from pages.house import view, words
from pages.house.text import plain
from pages.mindcube import browsing, reports
from visualizers.mindcube import numbers
from visualizers.mindcube.evaluation import charts, templates

VIEWS = ("report",)  # in the address
FIRST = ("accuracy", "structure and function", "settings", "options rotated")  # charts that are seen first

Choose = Callable[[MindCubeSettings], None]
SHARED = ("model", "quantisation", "seed", "configurations", "families", "max_new_tokens")  # by one question and its evaluation
OPENED = "mindcube.row.opened"
NEARLY = 0.05  # shares of right maps that differ by less are alike
ALIKE = ": a good map is not yet a good answer"


def first_view(result: MindCubeResult) -> None:
    """What came out, in words and bars; then the three numbers of each way."""
    st.markdown(reports.headline(result.reports))
    reports.silent(result.reports)
    made = charts(result.reports)
    reports.draw({name: made[name] for name in FIRST if name in made}, "mindcube.many")
    st.caption(f"To notice: {plain(notice(result.reports))}")
    words.explain("mindcube.many", "cognitive map", "isomorphic", "text alone", "95 % interval")


def notice(made: tuple[Report, ...]) -> str:
    """What there is to see, from this run's own numbers: whether the ways with better maps answer better."""
    told = [(numbers.way(one.configuration), part.official) for one in made if (part := numbers.overall(one)) is not None]
    if len(told) > 1:
        best, worst = max(told, key=lambda row: row[1][0]), min(told, key=lambda row: row[1][0])
        if best[1][1] <= worst[1][2]:
            return "the intervals of the best and the worst way overlap: so few questions do not tell them apart."
    rows = [(numbers.way(one.configuration), right / 100, part.official[0]) for one in made
            if (right := numbers.right_maps(one)) is not None and (part := numbers.overall(one)) is not None]
    if len(rows) < 2:
        return "a way of answering is worth what it has above the text alone; intervals that overlap may be chance."
    answers, other = max(rows, key=lambda row: row[2]), min(rows, key=lambda row: row[2])
    return (f"{answers[0]} answers {answers[2]:.0%} correctly and {other[0]} {other[2]:.0%}; of their maps {answers[1]:.0%} and "
            f"{other[1]:.0%} are right{ALIKE if abs(answers[1] - other[1]) < NEARLY else ''}.")


def details(result: MindCubeResult, choose: Choose) -> None:
    """Every number: the ways, both metrics, templates, every question."""
    st.header("Every number")
    more = {name: figure for name, figure in charts(result.reports).items() if name not in FIRST and not name.startswith("templates")}
    reports.table(result.reports)
    reports.maps(result.reports)
    reports.draw(more, "mindcube.more")
    _by_report(result, choose)


@st.fragment
def _by_report(result: MindCubeResult, choose: Choose) -> None:
    """One way of answering: its templates and its questions, each with its room; drawn anew by itself."""
    if st.session_state.pop(OPENED, False):  # a row was clicked: the page shows another task
        st.rerun()
    st.header("One way of answering")
    reports.templates(result)
    report = reports.chosen(result)
    if report is not None:
        if (drawn := templates(report)) is not None:
            with st.expander("The templates as a chart", icon=":material/bar_chart:", key="mindcube.templates"):
                view.chart(drawn, key="mindcube.templates.chart")
        has_rooms = result.settings.data == SCENES
        browsing.draw(result, report, told="it is asked by itself, and its room and its maps are shown.",
                      on_row=(lambda place: _open(result.settings, report.lines[place], choose)) if has_rooms else None)


def _open(settings: MindCubeSettings, line: Line, choose: Choose) -> None:
    choose(with_its_room(settings, line))
    st.session_state[OPENED] = True


def with_its_room(settings: MindCubeSettings, line: Line) -> MindCubeSettings:
    """One question of an evaluation of drawn rooms, asked by itself in the same ways."""
    place = place_of(line.id)
    assert place is not None  # of drawn rooms each id says it
    return MindCubeSettings(task="ask", scene=EVALUATED, index=place, **{name: getattr(settings, name) for name in SHARED})


def live(made: tuple[Report, ...]) -> None:
    """The ways that are done so far."""
    st.markdown(reports.headline(made))
    for column, (name, figure) in zip(st.columns(2), charts(made).items()):
        with column:
            view.chart(figure, key=f"mindcube.live.{name.replace(' ', '-')}")
