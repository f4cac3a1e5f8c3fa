"""What the tasks of MindCube's page share: their names, the paper's tables, the code."""

from collections.abc import Callable

import streamlit as st

from backends.mindcube import paper
from backends.mindcube.results import MindCubeResult
from backends.mindcube.settings import MindCubeSettings
from backends.registry import System
from pages.house import tasks, view
from pages.house.tasks import Task
from pages.house.text import plain
from pages.mindcube.reports import speaking
from pages.mindcube.table import show
from visualizers.mindcube import numbers

NOTE = "Here: drawn rooms of things in eight colours, and MindCube's own files."
TASKS = {
    "ask": Task("Ask about a room", ":material/view_in_ar:", button="Ask", coming="The question is asked in each way in turn.",
                fold="Build a room, ask another question, edit the map, every knob"),
    "evaluate": Task("Ask about many", ":material/leaderboard:", button="Evaluate", fold="How many, which settings, your own data",
                     coming="Every question is asked in each way; the bars grow with every way that is done."),
    "file": Task("Your files", ":material/folder_open:", button="Read", fold="Another file, task or row",
                 coming="The files are listed; then the chosen one is scored."),
    "train": Task("Train", ":material/model_training:", button="Train", fold="What it learns, how long, reinforcement",
                  coming="A small model reads rooms in symbols; the curves grow as it learns."),
}


def settle(system: System[MindCubeSettings, MindCubeResult]) -> None:
    """Give the newest result to its task."""
    tasks.settle(system)


def is_empty(result: MindCubeResult) -> bool:
    """Whether a run ended before there was anything to draw."""
    trained = result.training is not None and bool(result.training.points or result.training.rounds)
    return result.asked is None and not result.reports and not result.files and not trained


def without(task: str) -> None:
    """In place of a result."""
    if task == "file":
        st.info("Bring MindCube's files in the box “Your files” above: questions, prompts, a model's replies or an evaluation, as a "
                "zip of the folder with its images or as one file. They are read at once.", icon=":material/upload_file:")
        return
    st.info("There is no run of this yet. Press a preset above, or the button under the knobs below.", icon=":material/info:")


def beside_the_paper(task: str, result: MindCubeResult) -> None:
    """The paper's tables, this run's row below them."""
    reports = result.reports
    shown = reports[speaking(result)] if reports else None
    if shown is not None and (own := numbers.overall(shown)) is not None:
        levels = (" Drawn rooms and a miniature are far from photographs and a network of three billion weights: the order of the "
                  "ways can be compared, the levels cannot." if result.is_miniature else "")
        st.markdown(f"**This run:** {100 * own.official[0]:.1f} % of {own.count:,} questions ({100 * own.official[1]:.0f} to "
                    f"{100 * own.official[2]:.0f}), {plain(numbers.name_of(shown))}.{levels}")
    with st.expander("The paper's numbers, this run's below them", icon=":material/menu_book:"):
        st.caption(f"MindCube, {paper.SOURCE}, in per cent. {paper.SECOND}, where nothing else is said. People: {paper.HUMANS:g} %.")
        st.markdown("**Table 1: models on the whole benchmark.** The overall column is of no single population.")
        show(numbers.models(reports[:1]), digits=2)
        st.markdown("**Table 3: Qwen2.5-VL-3B as it is**, on the 1,050 questions of TinyBench. A given map hurts; writing one helps "
                    "a little where a thought follows.")
        show(numbers.frozen(reports), digits=2)
        st.markdown("**Table 4: after fine-tuning (SFT) and reinforcement (RL)**, objects listed at random.")
        show(numbers.trained(reports), digits=2)
        st.markdown(f"**Table 5: the same with the objects in a fixed order** ({paper.FIRST}): the map can be copied from the "
                    "prompt, and everything is higher. Not to be mixed with table 4.")
        show(numbers.fixed(), digits=2)
        st.caption("To know: " + plain(" ".join(paper.REMARKS)))


def code(task: str) -> None:
    """The functions that ran. Some import torch, so this comes last."""
    from backends.mindcube import chains, grounding, reading, rules, scoring, similarity, training
    from models.training import advantages

    shown: dict[str, tuple[Callable[..., object], ...]] = {
        "ask": (rules.turned, grounding.grounded, chains.chain, similarity.similarity),
        "evaluate": (scoring.score, similarity.similarity, reading.official_letter),
        "file": (scoring.score, reading.official_letter, reading.read_reply),
        "train": (training.Learner.events, advantages.group_advantages)}
    st.caption("The code that ran")
    for function in shown[task]:
        view.source_of(function)
