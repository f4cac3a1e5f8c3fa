"""Why does filtering change what is learned? An experiment that answers while its sliders are moved: there is no run to wait for."""

import streamlit as st

from backends.ragen.lab import Pushed
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.ragen.traps import Quits, stopping, whitening
from backends.ragen.why import asked
from backends.registry import System
from backends.run import Settings, task_of
from pages.house import knobs, tasks, view, words
from pages.house.text import plain
from visualizers.ragen import figures
from visualizers.ragen import lab as drawn

SLIDERS, CHOICES = ("chance", "safe", "share", "ratio", "groups", "members", "shared_noise"), ("filtered", "learned")
OTHERS = ("repeats", "seed")
ANSWERED = "ragen.lab.answered"  # in the session's state: the newest answer
Ragen = System[RagenSettings, RagenResult]


@st.cache_data(max_entries=100, show_spinner=False)
def _answer(settings: RagenSettings) -> RagenResult:
    return RagenResult(seed=settings.seed, model_id="two arms", is_miniature=True, settings=settings, why=asked(settings))


def answered(system: Ragen, task: str) -> tuple[RagenResult, bool] | None:
    """What the sliders ask, answered at once, in place of a run; None for other tasks, and of what cannot be asked."""
    if task != "why":
        return None
    held, is_recorded = tasks.result_of(system, task)
    state = st.session_state
    stand: Settings | None = state.get(f"{system.name}.stand")
    if stand is None or task_of(stand) != task:  # another task was looked at: its knobs are not meant
        before: RagenResult | None = state.get(ANSWERED)
        return (before, False) if before is not None else (held, is_recorded) if held is not None else None
    wanted = knobs.settings_from(system, {"task": task, **knobs.said(system, (*SLIDERS, *CHOICES, *OTHERS))}, is_said=False)
    if wanted is None:
        return None
    newest: RagenResult | None = state.get(ANSWERED)
    known = next((one for one in (newest, held) if one is not None and system.settings_of(one) == wanted), None)
    state[ANSWERED] = known if known is not None else _answer(wanted)
    return state[ANSWERED], is_recorded and known is held


def needs_no_run(settings: RagenSettings) -> bool:
    """Whether a link's settings are answered as the page is drawn."""
    return settings.task == "why"


def first_view(system: Ragen, result: RagenResult) -> None:
    """The push with and without the filter, and the sliders beside it."""
    if result.why is None:
        return
    pushed = result.why.pushed
    left, right = st.columns([3, 2], gap="medium")
    with left:
        view.chart(drawn.pushes({figures.named(pushed): pushed}), key="ragen.lab.push", is_first=True)
        st.markdown(f"**To notice:** {plain(notice(pushed))}")
    with right:
        knobs.knobs(system, SLIDERS[:4], per_row=2)
        knobs.knobs(system, CHOICES, per_row=1)
        knobs.knobs(system, SLIDERS[4:], per_row=2)
    words.explain("ragen.lab", "push", "advantage", "spread inside groups", "95 % interval")
    left, right = st.columns(2, gap="medium")
    with left:
        view.chart(drawn.against_chance(result.why.swept), key="ragen.lab.chances")
        st.caption("To notice: where the line of the kept groups is above 0 left of the dashed line, the worse arm is learned. "
                   "Groups in which it happened to pay have the larger spread, and are kept.")
    with right:
        made = whitening()
        view.chart(drawn.whitening(made), key="ragen.lab.whitening")
        st.caption("To notice: every episode earned the same, so nothing is to be learned. PPO divides what is left, the errors of "
                   "its critic, by their own spread: however small they were, the step is as large as ever.")
    found = stopping(Quits())
    view.chart(drawn.stopping(found), key="ragen.lab.stopping")
    st.caption(f"To notice: an agent may stop for {found.quits.sure:g}, or go on and win 1 with a chance of "
               f"{found.quits.chance:.0%}. Compared turn by turn, going on is never paid: only those that went on are compared at "
               "the second turn. Compared as whole episodes, as the trainings here do it, it is.")


def notice(pushed: Pushed) -> str:
    """What there is to see, from the numbers."""
    honest = "more" if pushed.honest > 0 else "less" if pushed.honest < 0 else "as much"
    than = "as" if pushed.honest == 0 else "than"
    told = f"the risky arm is worth {abs(pushed.honest):.2f} {honest} {than} the safe one." if pushed.honest else (
        "both arms are worth the same.")
    told += f" All groups push toward it by {drawn.interval(pushed.everything)}, the kept ones by {drawn.interval(pushed.filtered)}."
    if pushed.lucky is not None and pushed.lucky > pushed.lab.chance + 0.005:
        told += f" Among the kept it paid in {pushed.lucky:.0%} of pulls instead of {pushed.lab.chance:.0%}: that is luck, not worth."
    if pushed.honest < 0 < pushed.filtered.mean:
        told += " So the worse arm is learned."
    if pushed.honest > 0 > pushed.everything.mean:
        told += " So without the filter the better arm is unlearned: dividing by a group's spread counts how often an arm wins."
    return told
