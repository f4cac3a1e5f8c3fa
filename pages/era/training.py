"""ERA's second task: the miniature learns, from an expert or by reinforcement, watched step by step."""

import streamlit as st

from backends.era.results import EraResult, Training
from backends.era.settings import EraSettings
from backends.files.rows import counted
from backends.registry import System
from pages.house import knobs, tasks, view, words
from pages.house.text import plain
from visualizers.era import learning

TABS = {"Training": ("training", "earlier"), "Rewards and advantages": ("credit",)}
OF_PRIORS = ("begins", "samples", "updates", "continues", "judged")
Era = System[EraSettings, EraResult]


def draw(system: Era) -> None:
    """The knobs of a training, and the button."""
    values: dict[str, object] = {"task": "train", **knobs.knobs(system, ("stage", "world", "seed"))}
    if values["stage"] == "prior":
        values |= {**knobs.knobs(system, ("priors",), per_row=1), **knobs.knobs(system, OF_PRIORS)}
    else:
        values |= knobs.tabs(system, TABS)
    tasks.run_button(system, values, label="Train", cost=cost)


def cost(asked: EraSettings) -> str:
    """What a training will do."""
    if asked.stage == "prior":
        kinds = counted(len(asked.priors), "prior")
        warns = " Priors are learned one after another, as ERA does: what comes last counts most." if len(asked.priors) > 1 else ""
        return f"{kinds}, {asked.updates:,} updates each, of up to {asked.samples:,} trajectories or samples.{warns}{_judged(asked)}"
    return (f"{asked.iterations * asked.episodes:,} episodes of at most {asked.episode_turns} turns are played and learned from."
            f"{_judged(asked)} Curves grow meanwhile, and Stop keeps what was learned.")


def _judged(asked: EraSettings) -> str:
    return f" Before and after, {6 * asked.judged} fixed scenes are played." if asked.judged else ""


def live(training: Training) -> None:
    """The curves so far."""
    if training.iterations or training.losses:
        _curves(training, key="era.live")


def first_view(result: EraResult) -> None:
    """The curves, and what the fixed scenes say."""
    if result.training is None or not (result.training.iterations or result.training.losses):
        st.info("It was ended before anything was learned.", icon=":material/info:")
        return
    _curves(result.training, key="era.learned")
    st.markdown(f"**To notice:** {plain(notice(result.training))}")
    if result.made:
        st.caption("The agent is kept in this session. To go on, or to let it play, choose this run in “Go on from” below.")
    if result.training.iterations:
        words.explain("iteration", "return", "critic", "advantage")


def _curves(training: Training, *, key: str) -> None:
    made = list(learning.charts(training).items())
    for start in range(0, len(made), 2):
        for column, (title, figure) in zip(st.columns(2), made[start:start + 2]):
            with column:
                view.chart(figure, key=f"{key}.{title}")


def notice(training: Training) -> str:
    """What there is to see in this training, from its own numbers."""
    if not training.iterations:
        return _of_priors(training)
    first, last = training.iterations[0], training.iterations[-1]
    told = (f"the mean return of {first.episodes} drawn episodes went from {first.mean_return:+.2f} to {last.mean_return:+.2f} in "
            f"{len(training.iterations)} iterations, and actions that fail from {first.invalid:.0%} to {last.invalid:.0%}.")
    return f"{told} Of the fixed scenes, {learning.summary(training)} Few episodes say little: mind the intervals."


def _of_priors(training: Training) -> str:
    """The same of prior learning."""
    own = training.losses[training.losses_before:]
    kinds = list(dict.fromkeys(one.prior for one in own))
    told = ", ".join(f"from {losses[0]:.2f} to {losses[-1]:.2f} on {kind}"
                     for kind in kinds if (losses := [one.loss for one in own if one.prior == kind]))
    return f"the loss went {told} (nats per word). Of the fixed scenes, {learning.summary(training)}"
