"""What the tasks of merging's page share: their names, what a run costs, the paper's tables, the code."""

from collections.abc import Callable

import streamlit as st

from backends.files.rows import counted
from backends.merging import paper
from backends.merging.results import MergingResult
from backends.merging.settings import SUMS, MergingSettings
from backends.registry import System
from pages.house import costs, results, tasks, view
from pages.house.tasks import Task
from pages.house.text import plain
from visualizers.merging import numbers

NOTE = "Here: small models that see two digits, or know what they come to; and published checkpoints, shard by shard."
TASKS = {
    "merge": Task("Merge and try", ":material/merge:", button="Merge", fold="Another method, other weights, layers, every knob",
                  coming="Both parents come first, then the child, then one child after another along the curve."),
    "grid": Task("Try pairs of weights", ":material/grid_on:", button="Try all pairs", fold="How many pairs, which method",
                 coming="The maps fill pair by pair."),
    "probe": Task("Look into layers", ":material/layers:", button="Look", fold="Which merge, what is done to a layer",
                  coming="One layer after another is changed; the bars grow."),
    "checkpoints": Task("Merge published models", ":material/folder_copy:", button="Merge", fold="Which models, which method",
                        coming="What was checked comes first; then shards are written one by one."),
    "ask": Task("Ask your questions", ":material/quiz:", button="Ask", fold="Which questions, which models",
                coming="Question after question; the groups fill up."),
}
KINDS = 4  # of questions that each child is asked


def settle(system: System[MergingSettings, MergingResult]) -> None:
    """Give the newest result to its task."""
    tasks.settle(system)


def is_empty(result: MergingResult) -> bool:
    """Whether a run ended before there was anything to draw."""
    return not ((result.merged and result.merged.vlm) or result.grid or result.looking or result.folders or result.reports)


def without(task: str) -> None:
    """In place of a result."""
    said = {
        "checkpoints": "Choose a vision-language model, a reasoning model and their base among the knobs below, or bring a recipe of "
                       "mergekit or a merged model of the released code in the box above. The miniature's own parents are chosen at "
                       "first, so that the button under the knobs shows the whole way.",
        "ask": "Bring questions with their pictures in the box above, or ask the miniature's own with the button under the knobs."}
    st.info(said.get(task, "There is no run of this yet. Press a preset above, or the button under the knobs below."),
            icon=":material/info:")


def children(asked: MergingSettings, num_layers: int = 4) -> int:
    """How many models are tried in a run."""
    if asked.task == "grid":
        return asked.grid**2 + 6
    if asked.task == "probe":
        return 2 + sum({"mask": 4 * num_layers, "reset": num_layers, "graft": 2 * (num_layers - 1)}[probe] for probe in asked.probes)
    return 3 + (0 if asked.gradient else asked.curve)


def remember(result: MergingResult, is_recorded: bool) -> None:
    """Keep how long a question takes; not what a file says: every visitor's cost line goes by it."""
    merged = result.merged
    if merged is not None and merged.count and not results.was_brought(result):
        costs.remember("merging", result.settings.model, {"questions": (float(KINDS * merged.count), merged.merge_s + merged.try_s)},
                       is_recorded=is_recorded)


def cost(asked: MergingSettings) -> str:
    """Work and seconds of a run, in a line."""
    from visualizers.ladder import memory_mb

    if asked.task == "checkpoints":
        last = "Nothing is written." if asked.checks_only else "Memory, size and room on the disk are said before a byte is written."
        return f"Headers, shapes and tokenizers are compared first. {last}"
    if asked.task == "ask":
        number = f"up to {counted(asked.most, 'question')}" if asked.data != SUMS else counted(asked.most, "question")
        return f"Model: about {memory_mb(asked):,} MB; {number}{', asked of both models' if asked.beside else ''}."
    tried = children(asked)
    said = f"{tried} models are tried, each asked {KINDS} x {asked.num_questions:,} questions"
    expected = costs.foresee("merging", asked.model, {"questions": float(KINDS * tried * asked.num_questions)})
    if expected is None:
        return f"{said}; not timed here yet."
    return f"{said}: about {costs.in_words(expected.seconds)}, going by {expected.basis}.{costs.beyond_the_limit(expected.seconds)}"


def beside_the_paper(_task: str, result: MergingResult) -> None:
    """The paper's tables, each with where it was read; this run's row below the first."""
    with st.expander("The paper's numbers and this run's", icon=":material/menu_book:"):
        st.caption(f"{paper.SOURCE}, in per cent. Each row says where it was read. Models of eight billion weights, questions of "
                   "mathematics in pictures: this run's row has columns of its own, for a miniature's sums cannot be compared.")
        st.markdown(f"**Alone, and merged linearly with a share of {paper.LAMBDA:g}**")
        st.dataframe(numbers.paper_main(), hide_index=True, width="stretch")
        st.caption("Behind each column: " + plain(", ".join(f"{name} {count:,}" for name, count in paper.QUESTIONS.items()))
                   + " questions.")
        own = numbers.own(result)
        if not own.empty:
            st.markdown("**This run**")
            st.dataframe(own, hide_index=True, width="stretch")
        left, right = st.columns(2)
        with left:
            st.markdown("**Other methods, and other reasoning models**")
            st.dataframe(numbers.paper_parts(paper.QUOTED + paper.METHODS), hide_index=True, width="stretch")
        with right:
            st.markdown("**Where every method loses**")
            st.dataframe(numbers.paper_parts(paper.FAILS), hide_index=True, width="stretch")
        st.markdown("**Made again by others**")
        left, right = st.columns([1, 2])
        with left:
            st.dataframe(numbers.paper_again(), hide_index=True, width="stretch")
        with right:
            st.dataframe(numbers.paper_parts(paper.OWN_AGAIN), hide_index=True, width="stretch")
        st.markdown("\n".join(f"- {plain(said)} :gray-badge[{paper.MARKS[mark]}]" for mark, said in paper.FINDINGS))
        st.caption("To know: " + plain(" ".join(paper.REMARKS)))


def code(task: str) -> None:
    """The functions that ran. They import torch, so this comes last."""
    from backends.merging import looking, masking, methods, scoring, streaming, trying

    shown: dict[str, tuple[Callable[..., object], ...]] = {
        "merge": (methods.merged, methods.linear, methods.added, trying.merge), "grid": (methods.added, trying.grid),
        "probe": (masking.masked, masking.with_layer_of, looking.look), "checkpoints": (streaming.stream, methods.merged),
        "ask": (scoring.score,)}
    st.caption("The code that ran")
    for function in shown[task]:
        view.source_of(function)
