"""What all tasks of RAGEN's page share: their names, charts side by side, the paper's tables, the code."""

from collections.abc import Callable

import streamlit as st

from backends.ragen import paper
from backends.ragen.information import tells
from backends.ragen.results import RagenResult, Training
from backends.ragen.settings import RagenSettings
from backends.registry import System
from pages.house import tasks, view
from pages.house.tasks import Task
from visualizers.ragen import tables
from visualizers.ragen.figures import figures

NOTE = "Here: networks of a quarter of a million weights that know 137 words."
TASKS = {
    "train": Task("Train it", ":material/model_training:", button="Train", fold="Another game, algorithm, filter, every knob",
                  coming="The first iterations are played; then the curves grow with every iteration."),
    "play": Task("Play it yourself", ":material/sports_esports:", button="Play", fold="Another game, start or player",
                 coming="The game is set up; turn after turn is played."),
    "why": Task("Ask why", ":material/science:", button="Ask", fold="How often it is repeated", coming="Arms are pulled."),
    "logs": Task("Read logs", ":material/history:", button="Read", fold="Another iteration or group of the logs",
                 coming="The logs are listed; then the group that was asked for is read."),
}
VIEWS = ("iteration", "episodes", "starts", "attempt", "step", "earlier", "turn", "axis", "shade")  # in the address
DRAWN_ELSEWHERE = ("groups",)  # with the episodes


def settle(system: System[RagenSettings, RagenResult]) -> None:
    """Give the newest result to its task."""
    tasks.settle(system)


def is_empty(result: RagenResult) -> bool:
    """Whether a run ended before there was anything to draw."""
    return not (result.training and result.training.metrics) and result.played is None and result.why is None and result.logs is None


def without(task: str) -> None:
    """In place of a result."""
    if task == "logs":
        st.info("Bring the logs of a training in the box “Your logs” above: of RAGEN, verl, TRL or VAGEN, a zip or one of their "
                "files. They are read at once. The zip of a training that “Take it away” makes is one too.",
                icon=":material/upload_file:")
        return
    st.info("Nothing was kept of this run. Press a preset above, or the button under the knobs below.", icon=":material/info:")


def charts(result: RagenResult, title: str) -> None:
    """All charts of a result, two beside each other."""
    made = [(name, figure) for name, figure in figures(result).items() if name not in DRAWN_ELSEWHERE]
    if not made:
        return
    st.header(title)
    for start in range(0, len(made), 2):
        for column, (name, figure) in zip(st.columns(2), made[start:start + 2]):
            with column:
                view.chart(figure, key=f"ragen.chart.{name.replace(' ', '-')}")


def fit_said(settings: RagenSettings, training: Training) -> str:
    """What is known of whether thoughts still fit their prompts, which a thought's own entropy does not show."""
    asked = "Do thoughts still fit their prompt (RAGEN-2)?"
    if training.diagnoses:
        start, newest = training.diagnoses[0].found, training.diagnoses[-1].found
        if not tells(start):
            return (f"{asked} They never told it: I is {start.information:.3f} of at most {start.most:.2f} nats before the first "
                    f"iteration, for the beginner thinks alike after all {start.prompts} prompts. No regime can be told.")
        return (f"{asked} Every five iterations the player thinks about fixed starts, and each thought is scored after the prompts "
                f"of all. I went from {start.information:.2f} to {newest.information:.2f} of at most {start.most:.2f} nats a token; "
                f"{newest.retrieval:.0%} of the thoughts are likeliest after their own prompt, by chance {newest.chance:.0%}.")
    why = ("it is not worked out where a model of the ladder learns" if settings.learner == "model"
           else "nothing is thought here" if not settings.thinks else
           "this training was recorded before that was worked out; trained anew, it tells")
    return f"{asked} Not known: {why}."


def beside_the_paper(task: str, result: RagenResult) -> None:
    """The paper's tables, and what they are to be held against."""
    if task == "train" and result.training and result.training.metrics:
        st.markdown(_this_run(result))
    with st.expander("The paper's numbers", icon=":material/menu_book:"):
        st.caption(f"RAGEN, {paper.SOURCE}: success in per cent of a network of half a billion weights after StarPO-S, on 256 fixed "
                   f"starts; one standard error is about {paper.STANDARD_ERROR} points. Our games are smaller: do not compare the "
                   "levels.")
        st.markdown("**Table 3: how many actions a turn may have.** An episode may have five times as many. The columns marked as "
                    "ours are a policy that acts at random with the same budget, and on the lake the best there is: success grows "
                    "with the budget for chance alone, so the paper's best row is no proof that five or six actions are best.")
        st.dataframe(tables.actions(), hide_index=True, width="stretch")
        left, right = st.columns(2)
        with left:
            st.markdown("**Table 2: how often each start is played**, 128 episodes in all.")
            st.dataframe(tables.diversity(), hide_index=True, width="stretch")
        with right:
            st.markdown("**Table 4: with a thought before the answer, and without.**")
            st.dataframe(tables.thinking(), hide_index=True, width="stretch")


def _this_run(result: RagenResult) -> str:
    """This run's own ends, beside the lines of chance and of the best."""
    assert result.training is not None
    history, bounds = result.training.metrics, result.training.bounds
    newest = [one.success for one in history[-5:] if one.success is not None]
    if not newest:
        return "This run knows no success."
    lines = f" A random policy has {bounds.random:.0%}, the best there is {bounds.best:.0%}." if bounds else ""
    return f"**This run:** success {sum(newest) / len(newest):.0%} in its last {len(newest)} iterations.{lines}"


def code(task: str) -> None:
    """The functions that ran. They import torch, so this comes last."""
    from backends.ragen import filters, lab, monitor, playing, reading, starpo
    from models.training import advantages

    shown: dict[str, tuple[Callable[..., object], ...]] = {
        "train": (starpo.StarPO.learn, filters.select, monitor.watch, advantages.group_advantages, advantages.whiten),
        "play": (playing.play,), "why": (lab.pushed, filters.chosen), "logs": (reading.read, monitor.watch)}
    st.caption("The code that ran")
    for function in shown[task]:
        view.source_of(function)
