"""Many questions: what each way of answering scores, beside what needs no looking; whether good maps come with good answers."""

import plotly.graph_objects as go
import streamlit as st

from backends.files.rows import counted
from backends.mindcube.results import MindCubeResult, Part, Report
from pages.house import address, view, words
from pages.house.text import plain
from pages.mindcube.table import show
from visualizers.mindcube import numbers
from visualizers.text import per_cent


def headline(reports: tuple[Report, ...]) -> str:
    """What came out, in a sentence: the best and the first way of answering, and what needs no looking."""
    scored = [(report, part) for report in reports if (part := numbers.overall(report)) is not None and not report.silent]
    if not scored:
        return "No way of answering was scored."
    told = [f"**{plain(numbers.way(report.configuration))}** {per_cent(part.official[0])}"
            for report, part in sorted(scored, key=lambda pair: -pair[1].official[0])]
    first = scored[0][1]
    blind = [f"{said} {per_cent(share)}" for said, share in (("a letter at random has", first.chance),
                                                            ("a rule that reads the text alone", first.text_only))
             if share is not None]
    return f"{counted(first.count, 'question')}, correct: {', '.join(told)}. Without looking: {', '.join(blind)}."


def silent(reports: tuple[Report, ...]) -> None:
    """Where a model did not answer, that is said, not "0 %"."""
    for report in reports:
        if report.silent:
            which = f"{plain(numbers.name_of(report))}: " if len(reports) > 1 else ""
            st.warning(f"{which}{plain(report.silent)}", icon=":material/voice_over_off:")


def table(reports: tuple[Report, ...]) -> None:
    """The three numbers of each way of answering, side by side."""
    show(numbers.accuracies(reports))
    st.caption("Official: the last capital A to E before a full stop counts, wherever it stands. With an answer tag: of the replies "
               "that have one, by what stands in it. Balanced: the mean over kinds of right answers, so that who always says yes "
               "gains nothing. All in per cent.")


def maps(reports: tuple[Report, ...]) -> None:
    """Official and exact metric side by side."""
    made = numbers.maps(reports)
    if made.empty:
        return
    show(made)
    st.caption("Rates are of all questions, similarities of valid maps. The official metric calls a perfect map of among that is "
               "turned by a quarter not isomorphic; the exact one does not. In per cent.")


def templates(result: MindCubeResult) -> None:
    """One report by its templates, or settings."""
    reports = result.reports
    report = chosen(result)
    if report is None:
        return
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    if len(reports) > 1:
        left.selectbox("Way of answering", range(len(reports)), key="mindcube.report",
                       format_func=lambda place: numbers.name_of(reports[place]), help="Whose questions are listed below.")
    following(right if len(reports) > 1 else left, report)
    show(numbers.parts(report, numbers.TEMPLATE))
    words.explain("mindcube.templates", "balanced accuracy", "95 % interval", "text alone")


def chosen(result: MindCubeResult) -> Report | None:
    """The report whose questions are looked at: at first the one that speaks for the run."""
    if not result.reports:
        return None
    places, first = range(len(result.reports)), speaking(result)
    return result.reports[st.session_state[address.view("mindcube", "report", places, first, of=result)]]


def speaking(result: MindCubeResult) -> int:
    """The place of the report that speaks for a run: of the chosen file, before evaluations beside it; else of the last way."""
    return 0 if result.settings.task == "file" else len(result.reports) - 1


def following(place: st.delta_generator.DeltaGenerator, report: Report) -> None:
    """Whether answers follow the letter."""
    own = report.following
    if own is not None:
        place.markdown(f"**Options rotated**, {counted(own.pairs, 'question')}: the answer stays in {per_cent(own.answer[0])}, the "
                       f"letter in {per_cent(own.letter[0])}.")


def three(part: Part, report: Report) -> None:
    """Official accuracy, accuracy of tagged replies, and how many never answered."""
    first, second, third = st.columns(3)
    if report.silent:
        first.metric("Official accuracy", "no answer", help=report.silent)
    else:
        first.metric("Official accuracy", per_cent(part.official[0]), _against(part), delta_color="off",
                     help="As MindCube's evaluator counts: any letter that it finds anywhere is an answer.")
    second.metric("Of replies with an answer tag", per_cent(part.tagged[0]) if part.tagged else "no reply has one",
                  f"{part.num_tagged:,} of {part.count:,} replies", delta_color="off", delta_arrow="off",
                  help="By what stands in the answer tag alone.")
    cut = None if part.cut is None else f"{per_cent(part.cut)} cut off"
    third.metric("No tag, or cut off", "not told" if part.untagged is None else per_cent(part.untagged), cut, delta_color="off",
                 delta_arrow="off", help="The share of replies without a closed answer tag. Cut off: begun and not ended.")


def _against(part: Part) -> str | None:
    """Accuracy against what needs no looking."""
    if part.text_only is None:
        return None
    return f"{100 * (part.official[0] - part.text_only):+.1f} points against the text alone"


def draw(made: dict[str, go.Figure], key: str) -> None:
    """Charts, two beside each other."""
    named = list(made.items())
    for start in range(0, len(named), 2):
        for column, (name, figure) in zip(st.columns(2), named[start:start + 2]):
            with column:
                view.chart(figure, key=f"{key}.{name.replace(' ', '-')}")
