"""The knobs of the grafting page: those of the chosen task, what is cut first, the rest in tabs; and what a graft will cost."""

from collections.abc import Mapping

import streamlit as st

from backends.grafting.foreseen import Described, described, foreseen, layers_for
from backends.grafting.results import GraftingResult
from backends.grafting.settings import GraftingSettings
from backends.registry import System
from pages.grafting import views
from pages.house import knobs, tasks, view
from pages.house.text import plain
from visualizers.grafting import costs, layers

CUT = ("operator", "pattern", "heals")  # what is cut out, and how it heals
BY_HAND = "by hand"
TABS = {"Pictures": ("pictures",), "Stage 1": ("stage 1",), "Stage 2": ("stage 2",), "Model": ("task",)}  # of groups
BY_ATTENTION = ("top-local", "low-local")


def draw(system: System[GraftingSettings, GraftingResult], task: str) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    values = {"task": task, **_DRAWN[task](system)}
    tasks.run_button(system, values, label=views.TASKS[task].button, cost=views.cost)


def _graft(system: System[GraftingSettings, GraftingResult]) -> dict[str, object]:
    values = knobs.knobs(system, CUT)
    values["layers"] = ()
    if values["pattern"] == BY_HAND:
        values |= knobs.knobs(system, ("layers",), per_row=1)
    foreseen_here = st.container()
    values["continues"] = ""
    if values["heals"] == "both stages":
        values |= knobs.knobs(system, ("continues",), per_row=1)
    values |= knobs.tabs(system, TABS)
    with foreseen_here:
        _foreseen(system, values)
    return values


def _foreseen(system: System[GraftingSettings, GraftingResult], values: Mapping[str, object]) -> None:
    """Which layers these knobs take, and what that changes, before a run."""
    asked = knobs.settings_from(system, {"task": "graft", **values}, is_said=False)
    model = _model(asked) if asked else None
    if asked is None or model is None:
        return
    taken = layers_for(asked, model.num_layers)
    if not taken:
        return
    if asked.pattern in BY_ATTENTION:
        st.caption(f"{len(taken)} of {model.num_layers} layers; which, the run finds out by watching where they look.")
    else:
        view.chart(layers.blocks(asked.operator, taken, model.num_layers, is_planned=True), key="grafting.planned")
    st.caption(f"Before a run: {plain(costs.of_operators(*foreseen(asked, model)))}")


def _model(asked: GraftingSettings) -> Described | None:
    """The shape of the chosen model, where its folder is here."""
    folder = views.folder_asked(asked)
    return described(folder) if folder else None


def _locality(system: System[GraftingSettings, GraftingResult]) -> dict[str, object]:
    return knobs.knobs(system, (*knobs.of(system, "locality"), *knobs.of(system, "task")))


def _speed(system: System[GraftingSettings, GraftingResult]) -> dict[str, object]:
    return knobs.knobs(system, (*knobs.of(system, "speed"), "model"))


_DRAWN = {"graft": _graft, "locality": _locality, "speed": _speed}
