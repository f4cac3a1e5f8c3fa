"""Another training of this session laid over the one that is shown."""

import streamlit as st

from backends.ragen.measures import LAST, ending
from backends.ragen.presets import RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.registry import System
from pages.house import address, beside, results, view
from pages.house.text import plain
from pages.ragen.fates import TITLES
from visualizers.ragen import story
from visualizers.ragen.story import AXES

RECORDED = "recorded: "  # begins the name of a training that was


def draw(system: System[RagenSettings, RagenResult], result: RagenResult) -> None:
    """Reward and spread of both, by iterations, steps or seconds; nothing where there is no other."""
    others = {name: other for name, other in beside.held(system, but=result).items()
              if isinstance(other, RagenResult) and other.training is not None and other.settings.game == result.settings.game}
    recorded = {RECORDED + TITLES[name]: settings for name, settings in RECORDED_RUNS.items()
                if settings.game == result.settings.game and settings != result.settings}
    if not (others or recorded) or result.training is None:
        return
    with st.expander("Lay another training over it", icon=":material/stacked_line_chart:", key="ragen.over"):
        chosen = st.selectbox("The other training", [*others, *recorded], index=None, key="ragen.over.run",
                              format_func=lambda name: name if name in recorded else beside.label(name, others[name]),
                              placeholder="Choose one", help="Trainings of this session, and the recorded ones.")
        if not chosen:
            return
        other = others.get(chosen) or (results.recorded_with(system, recorded[chosen]) if chosen in recorded else None)
        if other is None or other.training is None:
            return
        axis = st.session_state[address.view("ragen", "axis", list(AXES), "iterations", of=result)]
        st.segmented_control("Against", list(AXES), key="ragen.axis", format_func=AXES.__getitem__, required=True,
                             help="A filter changes how many steps an iteration takes, and how long: compare by what matters.")
        named = {f"this: {result.title}": result.training, f"other: {other.title}": other.training}
        for column, metric in zip(st.columns(2), story.METRICS):
            figure = story.over(named, metric, axis)
            with column:
                if figure is not None:
                    view.chart(figure, key=f"ragen.over.{metric}")
        st.markdown("\n".join(f"- {plain(name)}: {plain(_ends(run))}" for name, run in zip(named, (result, other))))


def _ends(result: RagenResult) -> str:
    """What a training came to, in a sentence."""
    training, report = result.training, story.report_of(result)
    assert training is not None
    reward = ending(training.metrics, "reward")
    seconds = next((one.seconds for one in reversed(training.metrics) if one.seconds is not None), None)
    told = f"reward {reward:.2f} in its last {min(LAST, len(training.metrics))} iterations" if reward is not None else "no reward"
    first = f"first alarm at iteration {report.fired[0].fired}" if report.fired else "no alarm"
    fell = "" if report.fell is None else f", reward fell at {report.fell}"
    return f"{told}; {first}{fell}; {training.steps} steps" + (f" in {seconds:.0f} seconds of computing." if seconds else ".")
