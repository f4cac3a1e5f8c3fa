"""Another training of this session laid over the one that is shown."""

import streamlit as st

from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.registry import System
from pages.house import address, beside, results, view
from pages.house.text import plain
from visualizers.ragen import story
from visualizers.ragen.story import AXES

RECORDED = "the recorded run"


def draw(system: System[RagenSettings, RagenResult], result: RagenResult) -> None:
    """Reward and spread of both, by iterations, steps or seconds; nothing where there is no other."""
    others = {name: other for name, other in beside.held(system, but=result).items()
              if isinstance(other, RagenResult) and other.training is not None and other.settings.game == result.settings.game}
    recorded, is_there = results.recorded_of(system, "train", is_first=True)
    if is_there and recorded is not None and recorded.settings.game == result.settings.game and recorded.settings != (
            result.settings):
        others[RECORDED] = recorded
    if not others or result.training is None:
        return
    with st.expander("Lay another training over it", icon=":material/stacked_line_chart:", key="ragen.over"):
        chosen = st.selectbox("The other training", list(others), index=None, key="ragen.over.run",
                              format_func=lambda name: name if name == RECORDED else beside.label(name, others[name]),
                              placeholder="Choose one", help="Trainings of this session, and the recorded one.")
        if not chosen:
            return
        axis = st.session_state[address.view("ragen", "axis", list(AXES), "iterations", of=result)]
        st.segmented_control("Against", list(AXES), key="ragen.axis", format_func=AXES.__getitem__, required=True,
                             help="A filter changes how many steps an iteration takes, and how long: compare by what matters.")
        other = others[chosen].training
        assert other is not None
        named = {f"this: {result.title}": result.training, f"other: {others[chosen].title}": other}
        for column, metric in zip(st.columns(2), story.METRICS):
            figure = story.over(named, metric, axis)
            with column:
                if figure is not None:
                    view.chart(figure, key=f"ragen.over.{metric}")
        st.markdown("\n".join(f"- {plain(name)}: {plain(_ends(run))}" for name, run in zip(named, (result, others[chosen]))))


def _ends(result: RagenResult) -> str:
    """What a training came to, in a sentence."""
    training, report = result.training, story.report_of(result)
    assert training is not None
    rewards = [one.reward for one in training.metrics if one.reward is not None]
    seconds = next((one.seconds for one in reversed(training.metrics) if one.seconds is not None), None)
    told = f"reward {rewards[-1]:.2f} at the end, {max(rewards):.2f} at its best" if rewards else "no reward"
    first = f"first alarm at iteration {report.fired[0].fired}" if report.fired else "no alarm"
    fell = "" if report.fell is None else f", reward fell at {report.fell}"
    return f"{told}; {first}{fell}; {training.steps} steps" + (f" in {seconds:.0f} seconds of computing." if seconds else ".")
