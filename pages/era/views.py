"""What both tasks of ERA's page share: their names, charts of an episode, the papers, the code."""

from collections.abc import Callable

import streamlit as st

from backends.episode import Episode
from backends.era import failures, paper
from backends.era.results import EraResult
from backends.era.settings import EraSettings
from backends.registry import System
from pages.house import tasks, view
from pages.house.tasks import Task
from pages.house.text import plain
from visualizers.era import curves, tables

NOTE = "Here: a drawn home, a drawn table top, and your logs."
TASKS = {
    "play": Task("Play an episode", ":material/smart_toy:", button="Play", fold="Home or table top, another task, every knob",
                 coming="The episode is played turn by turn; the newest picture stands here."),
    "train": Task("Train it", ":material/model_training:", button="Train", fold="An expert or rewards, how long, every knob",
                  coming="The fixed scenes are played first; then the curves grow with every iteration."),
    "replay": Task("Replay logs", ":material/history:", button="Replay", fold="Other logs, another run or episode of them",
                   coming="The logs are read; the episode that was asked for comes first, the statistics at the end."),
}
REWARD = {"play": "as the world paid it", "train": "as the world paid it", "replay": "as the log has it"}


def settle(system: System[EraSettings, EraResult]) -> None:
    """Give the newest result to its task."""
    tasks.settle(system)


def is_empty(result: EraResult) -> bool:
    """Whether a run ended before there was anything to draw."""
    return result.episode is None and result.training is None


def episode_charts(result: EraResult) -> None:
    """Rewards, what a critic expected, and what remembering costs; why it failed, as far as its log suggests."""
    episode = result.episode
    if episode is None or not episode.turns:
        return
    st.header("How it went")
    made = {"memory": curves.memory(episode)}
    if episode.total_reward is not None:
        made = {"rewards": curves.rewards(episode)} | made
    if (learned := curves.values(episode)) is not None:
        made["values"] = learned
    for start in range(0, len(made), 2):
        for column, (title, figure) in zip(st.columns(2), list(made.items())[start:start + 2]):
            with column:
                view.chart(figure, key=f"era.chart.{title}")
    st.caption(f"To notice: {plain(costs(episode))}")
    if not result.logs:
        _why(episode)
    for note in episode.notes:
        st.info(plain(note), icon=":material/info:")


def costs(episode: Episode) -> str:
    """What remembering everything costs at the last turn, against the last reflection and plan."""
    whole, summary = (curves.words_given(episode, policy)[-1] for policy in ("full", "summary"))
    return (f"at the last turn, every turn with its thoughts would be {whole:,} words of history, the last reflection and plan are "
            f"{summary:,}.")


def _why(episode: Episode) -> None:
    """What the log suggests of a failure: never more than a conjecture."""
    found = failures.suggestions(episode)
    if not found:
        return
    st.markdown(f"**Why it may have failed** :orange-badge[{failures.LABEL}]")
    for one in found:
        more = f" ({one.count} times)" if one.count > 1 else ""
        st.markdown(f"- {one.stage}, {one.kind}: call {one.turn + 1}{more}. {plain(one.why)}")
    st.caption("Made by rules from the log. The published shares of failures were counted by people, and no rule replaces that.")


def beside_the_paper(_task: str, result: EraResult) -> None:
    """The papers' tables."""
    with st.expander("The papers' numbers", icon=":material/menu_book:"):
        st.caption("ERA, arXiv 2510.12693: success in per cent of a 3 billion parameter model in EB-ALFRED and EB-Manipulation. A "
                   "star: averaged here by ERA's rule. Episodes of the drawn home are far easier: do not compare.")
        st.dataframe(tables.stages(result), hide_index=True, width="stretch")
        left, right = st.columns(2)
        with left:
            st.caption("What the rewards and the unit of the advantage are worth, on subsets that were not trained on.")
            st.dataframe(tables.pairs_of("reinforcement learning", paper.ABLATIONS), hide_index=True, width="stretch")
        with right:
            st.caption("EmbodiedBench, arXiv 2502.09560: averages of other models, and why GPT-4o fails, labelled by hand.")
            st.dataframe(tables.pairs_of("model", paper.LEADERBOARD), hide_index=True, width="stretch")
            st.dataframe(tables.pairs_of("failures of GPT-4o", paper.FAILURES), hide_index=True, width="stretch")


def code(_task: str) -> None:
    """The functions that ran, and the one that a training would use. It imports torch, so this comes last."""
    from backends.era import context, playing, shaping, statistics
    from models.training import advantages

    shown: tuple[Callable[..., object], ...] = (playing.play, context.entries, shaping.shaped, statistics.counted, advantages.gae)
    st.caption("The code that ran; the last is what a training by turns uses")
    for function in shown:
        view.source_of(function)
