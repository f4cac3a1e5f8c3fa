"""The symbolic version, trained while one watches: answers, maps and chains of fresh questions, then what reinforcement earns."""

import streamlit as st

from backends.mindcube.results import MindCubeResult, Sample, Training
from backends.mindcube.settings import Way
from backends.mindcube.system import SYSTEM
from pages.house import beside, view, words
from pages.house.text import plain
from pages.mindcube import handing, reports
from visualizers.mindcube import learning
from visualizers.text import per_cent

LEARNS: dict[Way, str] = {
    "raw": "answers at once", "map": "writes a map, then answers", "reason": "reasons, then answers",
    "map_reason": "writes a map, then reasons", "map_in": "is given the map and answers at once",
    "map_in_reason": "is given the map and reasons"}


def first_view(result: MindCubeResult) -> None:
    """The curves, what to notice, and what it says at the end."""
    training = result.training
    if training is None:
        return
    st.markdown(f"A network that reads rooms in symbols {LEARNS[result.settings.way]}. "
                f"**To notice:** {plain(notice(training))}")
    reports.draw(learning.charts(training), "mindcube.training")
    if result.made:
        st.caption("It is kept in this session: to go on from it, or to let rewards teach it, choose this run in “Go on from” below.")
    words.explain("mindcube.training", "cognitive map", "chain of thought", "reinforcement")


def notice(training: Training) -> str:
    """What became of it, from its own numbers, beside chance."""
    told = []
    if training.points:
        last = training.points[-1]
        maps = "" if last.maps is None else f" and {per_cent(last.maps)} of its maps exact"
        told.append(f"after {last.step:,} steps {per_cent(last.answers)} of its answers to fresh questions are correct{maps}; "
                    f"a guess is correct in {per_cent(training.chance)}")
    looked = [one for one in training.rounds if one.answers is not None]
    if training.rounds:
        first, last_round = training.rounds[0], training.rounds[-1]
        told.append(f"reinforcement took the mean reward from {first.reward:.2f} to {last_round.reward:.2f} in "
                    f"{len(training.rounds):,} rounds")
    if len(looked) > 1:
        told.append(f"and correct answers from {per_cent(looked[0].answers or 0)} to {per_cent(looked[-1].answers or 0)}")
    return f"{', '.join(told) or 'it was ended before anything was learned'}."


def details(result: MindCubeResult, choose: handing.Choose) -> None:
    """What it makes of another map, the other charts, and questions with what it said to them."""
    training = result.training
    if training is None:
        return
    handing.draw(training, result.settings, choose)
    st.header("Beside other ways of learning")
    _others(result, training)
    if training.samples:
        st.header("In its own symbols")
        first = training.samples[0].shown
        st.markdown(f"It reads: {plain(first)}")
        for sample in training.samples:
            if sample.shown == first:
                st.markdown(_sample(sample))
        with st.expander("Other questions", key="mindcube.training.others"):
            for sample in training.samples:
                if sample.shown != first:
                    st.markdown(f"It reads: {plain(sample.shown)}  \n{_sample(sample)}")


def _others(result: MindCubeResult, training: Training) -> None:
    """The answers of every training of this session in one chart."""
    held = {label(name, other): other.training for name, other in beside.held(SYSTEM, but=result).items()
            if isinstance(other, MindCubeResult) and other.training is not None}
    figure = learning.beside({"this one": training} | held) if held else None
    if figure is None:
        st.caption("Train another way, too, in the knobs of this page: its curve stands here beside this one.")
        return
    view.chart(figure, key="mindcube.training.beside")


def label(name: str, result: MindCubeResult) -> str:
    """A training as its curve is called."""
    return f"{LEARNS[result.settings.way]}, {name}"


def _sample(sample: Sample) -> str:
    badge = ":green-badge[correct :material/check:]" if sample.is_right else ":red-badge[wrong :material/close:]"
    return (f"{badge} step {sample.step:,}: :blue-background[{plain(sample.said)}]"
            + ("" if sample.is_right else f"  \nCorrect would be: {plain(sample.right)}"))


def live(training: Training) -> None:
    """The curves so far."""
    for column, (name, figure) in zip(st.columns(2), learning.charts(training).items()):
        with column:
            view.chart(figure, key=f"mindcube.live.{name.replace(' ', '-')}")
    if training.samples:
        newest = training.samples[-1]
        st.markdown(f"It reads: {plain(newest.shown)}  \n{_sample(newest)}")
