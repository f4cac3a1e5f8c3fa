"""Questions of a file: groups with their intervals, noise floor and length, two models side by side, and every reply."""

import streamlit as st

from backends.merging.results import MergingResult, Report, Row
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.merging import numbers, reports
from visualizers.merging.methods import verdict
from worlds.pictures import decode_jpeg

VIEWS = ("group", "replies", "row")  # in the address
ALL = "all"
REPLIES = {ALL: "every reply", "wrong": "wrong", "correct": "correct", "silent": "no answer found", "differs": "the models differ"}
MOST_ROWS, ROWS_PX, ROW_PX, PICTURE_PX, MOST_LETTERS = 500, 320, 35, 260, 3_000


def first_view(result: MergingResult) -> None:
    """What came out, in words and points."""
    made = reports.charts(result.reports)
    if not made:
        st.info("Of no question is both a reply and the correct answer known; the replies stand below.", icon=":material/info:")
    for column, (name, figure) in zip(st.columns(2), made.items()):
        with column:
            view.chart(figure, key=f"merging.asked.{name.replace(' ', '-')}", is_first=True)
    st.markdown(f"**To notice:** {plain(_capital(reports.notice(result.reports)))}")
    broken = [f"{plain(report.model)}: {report.silent:,} replies without an answer to be found, {report.repeats:,} that say one "
              "thing again and again" for report in result.reports if report.silent or report.repeats]
    if broken:
        st.warning("; ".join(broken) + ".", icon=":material/voice_over_off:")
    words.explain("merging.asked", "95 % interval", "noise floor", "token")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def details(result: MergingResult) -> None:
    """Every group as a number, and every question."""
    st.header("Every number")
    st.dataframe(numbers.groups(result.reports), hide_index=True, width="stretch")
    st.caption("Correct is in per cent with its 95 % interval; noise is what chance alone gives so many questions, half a width.")
    if any(report.rows for report in result.reports):
        _questions(result)


@st.fragment
def _questions(result: MergingResult) -> None:
    """The questions under their filters, and one of them whole, with the reply of each model."""
    st.header("Every question")
    first = next(report for report in result.reports if report.rows)
    left, right = st.columns(2, vertical_alignment="bottom")
    groups = [ALL, *dict.fromkeys(row.group for row in first.rows if row.group)]
    group_key = address.view("merging", "group", groups, ALL, of=result)
    left.selectbox("Group", groups, key=group_key, format_func=lambda name: "every group" if name == ALL else name,
                   help="What the questions ask for.")
    offered = [name for name in REPLIES if name != "differs" or len(result.reports) > 1]
    replies_key = address.view("merging", "replies", offered, ALL, of=result)
    right.selectbox("Replies", offered, key=replies_key, format_func=REPLIES.__getitem__, help="How they were answered.")
    found = places(result.reports, first, st.session_state[group_key], st.session_state[replies_key])
    st.caption(f"{len(found):,} of {len(first.rows):,} questions"
               f"{f'; the first {MOST_ROWS:,} are listed' if len(found) > MOST_ROWS else ''}.")
    if not found:
        return
    made = numbers.rows(result.reports, found[:MOST_ROWS])
    st.dataframe(made, hide_index=True, width="stretch", height=min(ROWS_PX, 3 + ROW_PX * (1 + len(made))))
    row_key = address.view("merging", "row", found[:MOST_ROWS], found[0], of=result)
    if len(found) > 1:
        st.select_slider("Question", found[:MOST_ROWS], key=row_key, format_func=lambda place: first.rows[place].id[:40],
                         help="Shown whole below, with every model's reply. The arrow keys move it.")
    _whole(result.reports, int(st.session_state[row_key]))
    address.write_view("merging", "asked")


def places(made: tuple[Report, ...], first: Report, group: str, replies: str) -> list[int]:
    """Places of the questions that fit both filters; of how they were answered, the first model decides."""
    fits = {ALL: lambda place: True, "wrong": lambda place: first.rows[place].is_right is False,
            "correct": lambda place: first.rows[place].is_right is True, "silent": lambda place: not first.rows[place].found,
            "differs": lambda place: len({report.rows[place].is_right for report in made if place < len(report.rows)}) > 1}[replies]
    return [place for place, row in enumerate(first.rows) if group in (ALL, row.group) and fits(place)]


def _whole(made: tuple[Report, ...], place: int) -> None:
    known = [(report, report.rows[place]) for report in made if place < len(report.rows)]
    row = known[0][1]
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        if row.picture is not None:
            st.image(view.jpeg(decode_jpeg(row.picture)), width=PICTURE_PX, alt="The picture of the question")
        st.markdown(f"{plain(row.question) or 'The words of this question were not kept.'}  \n"
                    f"**Correct:** {plain(row.right) or 'not told'}", width="stretch")
    for column, (report, own) in zip(st.columns(len(known)), known):
        with column:
            st.markdown(f"**{plain(report.model)}** {chip(own)}")
            st.markdown(plain(own.reply[:MOST_LETTERS]) or "*nothing*")


def chip(row: Row) -> str:
    """The answer that was read out of a reply: green where correct, red where wrong."""
    if row.is_right is None:
        return ":gray-badge[not scored]"
    colour, mark = ("green", ":material/check:") if row.is_right else ("red", ":material/close:")
    return f":{colour}-badge[{plain(row.found or 'no answer')} {mark} {verdict(row.is_right)}]"


def live(made: tuple[Report, ...]) -> None:
    """The groups so far."""
    for column, (name, figure) in zip(st.columns(2), reports.charts(made).items()):
        with column:
            view.chart(figure, key=f"live.{name.replace(' ', '-')}")
