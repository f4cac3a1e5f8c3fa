"""ERA's second task: the miniature learns, from an expert or by reinforcement, watched step by step."""

import streamlit as st

from backends.era.environments import ENVIRONMENTS
from backends.era.results import EraResult, Training
from backends.era.settings import PRIOR_NAMES, EraSettings
from backends.files.rows import counted
from backends.registry import System
from backends.statistics import wilson
from pages.house import knobs, tasks, view, words
from pages.house.text import plain
from visualizers.era import learning
from visualizers.text import per_cent

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
    st.markdown(f"{plain(trained(result.settings))} **To notice:** {plain(notice(result.training))}")
    _curves(result.training, key="era.learned")
    if result.made:
        st.caption("The agent is kept in this session. To go on, or to let it play, choose this run in “Go on from” below.")
    if result.training.iterations:
        st.caption("Foreseen: how much of the differences between returns the critic says beforehand. Held back: the share of words "
                   "that the clip keeps from changing further. KL: how far the policy moved from the one that played, in nats per "
                   "word.")
        words.explain("iteration", "return", "critic", "advantage")


def _curves(training: Training, *, key: str) -> None:
    made = list(learning.charts(training).items())
    for start in range(0, len(made), 2):
        for column, (title, figure) in zip(st.columns(2), made[start:start + 2]):
            with column:
                view.chart(figure, key=f"{key}.{title}")


def trained(asked: EraSettings) -> str:
    """What is trained, by what, in a sentence."""
    is_new = asked.stage == "prior" and asked.begins == "nothing"
    who = "An agent that was trained here before" if asked.continues else "A network of random weights" if is_new else (
        "The shipped miniature")
    where = ENVIRONMENTS[asked.world].place
    if asked.stage == "prior":
        kinds = " and ".join(PRIOR_NAMES[kind] for kind in asked.priors)
        return f"{who} learns to say what an expert would say ({kinds}), for the tasks of the {where}."
    return (f"{who} plays tasks of the {where} by itself, {asked.episodes} in each iteration, and what it said where it earned "
            "more than expected becomes likelier (reinforcement learning).")


def notice(training: Training) -> str:
    """What there is to see in this training, from its own numbers: first whether the fixed scenes went better after it."""
    is_of_priors = not training.iterations or len(training.losses) > training.losses_before
    verdict, told = _verdict(training), _of_priors(training) if is_of_priors else _of_iterations(training)
    return f"{verdict} {told[0].upper()}{told[1:]}" if verdict else told


def _of_iterations(training: Training) -> str:
    first, last = training.iterations[0], training.iterations[-1]
    return (f"the mean return of {first.episodes} drawn episodes went from {first.mean_return:+.2f} to {last.mean_return:+.2f} in "
            f"{len(training.iterations)} iterations, and actions that fail from {first.invalid:.0%} to {last.invalid:.0%}.")


def _of_priors(training: Training) -> str:
    """The same of prior learning."""
    own = training.losses[training.losses_before:]
    kinds = list(dict.fromkeys(one.prior for one in own))
    told = ", ".join(f"from {losses[0]:.2f} to {losses[-1]:.2f} on {kind}"
                     for kind in kinds if (losses := [one.loss for one in own if one.prior == kind]))
    return f"the loss went {told} (nats per word)."


def _verdict(training: Training) -> str:
    """Whether the fixed scenes went better, and whether so few of them can tell; empty where they were not played twice."""
    if not training.before or not training.after:
        return f"of the fixed scenes, {learning.summary(training)}" if training.before else ""
    (first, low, high), (last, low_then, high_then) = (
        wilson(sum(row.done for row in rows), sum(row.episodes for row in rows)) for rows in (training.before, training.after))
    if first == last:
        return f"it got neither better nor worse: of the fixed scenes, {learning.summary(training)}"
    chance = "do not overlap: that is hardly chance" if low > high_then or low_then > high else "overlap: that may be chance"
    return (f"it got {'better' if last > first else 'worse'}: of the fixed scenes, {learning.summary(training)} The 95 % intervals "
            f"({per_cent(low)} to {per_cent(high)} and {per_cent(low_then)} to {per_cent(high_then)}) {chance}.")
