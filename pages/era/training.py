"""ERA's second task: the miniature goes on learning by reinforcement, watched iteration by iteration."""

import streamlit as st

from backends.era.results import EraResult, Training
from backends.era.settings import EraSettings
from backends.registry import System
from pages.house import knobs, tasks, view, words
from pages.house.text import plain
from visualizers.era import learning

TABS = {"Training": ("training", "earlier"), "Rewards and advantages": ("credit",)}
Era = System[EraSettings, EraResult]


def draw(system: Era) -> None:
    """The knobs of a training, and the button."""
    values = {"task": "train", **knobs.tabs(system, TABS), **knobs.knobs(system, ("world", "seed"))}
    tasks.run_button(system, values, label="Train", cost=cost)


def cost(asked: EraSettings) -> str:
    """What a training will do."""
    judged = f" Before and after, {6 * asked.judged} fixed scenes are played." if asked.judged else ""
    return (f"{asked.iterations * asked.episodes:,} episodes of at most {asked.episode_turns} turns are played and learned from."
            f"{judged} Curves grow meanwhile, and Stop keeps what was learned.")


def live(training: Training) -> None:
    """The curves so far."""
    if training.iterations:
        _curves(training, key="era.live")


def first_view(result: EraResult) -> None:
    """The curves, and what the fixed scenes say."""
    if result.training is None or not result.training.iterations:
        st.info("It was ended before the first iteration was over.", icon=":material/info:")
        return
    _curves(result.training, key="era.learned")
    st.markdown(f"**To notice:** {plain(notice(result.training))}")
    if result.made:
        st.caption("The agent is kept in this session. To go on, or to let it play, choose this run in “Go on from” below.")
    words.explain("iteration", "return", "critic", "advantage")


def _curves(training: Training, *, key: str) -> None:
    made = list(learning.charts(training).items())
    for start in range(0, len(made), 2):
        for column, (title, figure) in zip(st.columns(2), made[start:start + 2]):
            with column:
                view.chart(figure, key=f"{key}.{title}")


def notice(training: Training) -> str:
    """What there is to see in this training, from its own numbers."""
    first, last = training.iterations[0], training.iterations[-1]
    told = (f"the mean return of {first.episodes} drawn episodes went from {first.mean_return:+.2f} to {last.mean_return:+.2f} in "
            f"{len(training.iterations)} iterations, and actions that fail from {first.invalid:.0%} to {last.invalid:.0%}.")
    return f"{told} Of the fixed scenes, {learning.summary(training)} Few episodes say little: mind the intervals."
