"""How ERA works: the loop, the reward and the credit of a turn, with this run's numbers in them."""

from itertools import accumulate

import streamlit as st

from backends.episode import Episode
from backends.era import shaping
from backends.era.context import POLICY_NAMES
from backends.era.paper import GAMMA, LAMBDA
from backends.era.results import EraResult
from pages.house import view
from pages.house.text import plain
from worlds.minitable import goals

HOME_TERMS = "the task is done, a condition of it is met for the first time, the action failed"
TABLE_TERMS = ("the task is done, the gripper comes near a target for the first time, and how true the agent's words about the "
               "picture are (the share of things whose kind is named in its place, from left to right)")
MOST = 20  # numbers that are written out


def how_it_works(_task: str, result: EraResult) -> None:
    """The formulas; which numbers are this run's and which were recomputed is said."""
    episode = result.episode
    st.markdown("1. At every turn the agent is given one picture, the instruction and what it keeps of the turns before; it says "
                "what it sees, what it concludes and what it plans, and names an action.\n"
                "2. What it keeps is a choice. Everything so far grows with every turn; ERA hands on its own last reflection and "
                f"plan, which do not.{_kept(result)}\n"
                f"3. ERA pays each turn by three terms: {TABLE_TERMS if is_table(episode) else HOME_TERMS}:")
    view.formula(_table_reward() if is_table(episode) else _home_reward())
    rewards = by_turn(episode) if episode else []
    if rewards:
        st.markdown(f"For the turns of this episode that is {plain(_row(rewards, '+g'))}, together {sum(rewards):+g}. It was "
                    "computed here from its steps: what a training would pay, whatever the log says.")
    st.markdown("4. The unit of credit is the turn, not the word: one value *V* of what the turn was given, one advantage for all of "
                f"its words. ERA's released settings are gamma = {GAMMA:g}, lambda = {LAMBDA:g}:")
    view.formula(r"\delta_t = r_t + \gamma V_{t+1} - V_t,\qquad A_t = \delta_t + \gamma \lambda A_{t+1}")
    if rewards:
        st.markdown(_credit(rewards, result))


def is_table(episode: Episode | None) -> bool:
    """Whether an episode is paid as EB-Manipulation is."""
    return episode is not None and episode.world in shaping.TABLE_TOPS


def _home_reward() -> str:
    return (rf"r_t = {shaping.SUCCESS:g}\,[\text{{done}}] + {shaping.SUBGOAL:g}\,[\text{{progress is new}}] "
            rf"- {-shaping.FAILED:g}\,[\text{{failed}}]")


def _table_reward() -> str:
    return (rf"r_t = {goals.SUCCESS:g}\,[\text{{done}}] + {goals.SUBGOAL:g}\,[\text{{a target is found}}] "
            rf"+ {goals.SAID_WELL:g}\,[\text{{words}} > {goals.WELL:g}] - {-goals.SAID_BADLY:g}\,[\text{{words}} < {goals.BADLY:g}]")


def by_turn(episode: Episode) -> list[float]:
    """ERA's reward of each turn, that of all its actions together; of a reply that could not be read what the home paid."""
    found = {turn.index: 0.0 if turn.actions else turn.rewards.get("behaviour", 0.0) for turn in episode.turns
             if turn.by != "perturbation"}
    for (turn, _), paid in zip(episode.steps(), shaping.shaped(episode)):
        if turn.index in found:
            found[turn.index] += paid.total
    return list(found.values())


def _kept(result: EraResult) -> str:
    return f" In this run: {POLICY_NAMES[result.settings.policy]}." if result.settings.task == "play" else ""


def _credit(rewards: list[float], result: EraResult) -> str:
    """The advantages that a critic that knows nothing would leave, or that the log has."""
    turns = result.episode.turns if result.episode else ()
    logged = [turn.advantage for turn in turns if turn.advantage is not None]
    if logged:
        return f"The log has them: {plain(_row(logged, '+.2f'))}."
    credit = list(accumulate(reversed(rewards), lambda later, reward: reward + GAMMA * LAMBDA * later))[::-1]
    return (f"No critic judged this episode. With *V* = 0 everywhere the formula gives {plain(_row(credit, '+.2f'))}, turn by turn, "
            "computed here: what comes later is credited to what came before.")


def _row(numbers: list[float], form: str) -> str:
    """Numbers beside each other; of many the first."""
    return ", ".join(f"{number:{form}}" for number in numbers[:MOST]) + (" and so on" if len(numbers) > MOST else "")
