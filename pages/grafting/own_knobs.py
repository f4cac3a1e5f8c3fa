"""The knobs of the grafting page: those of the chosen task, what is cut first, the rest in tabs; and what a graft will cost."""

from collections.abc import Mapping
from functools import partial
from typing import cast

import streamlit as st

from backends.grafting.choices import BY_ATTENTION
from backends.grafting.foreseen import foreseen, layers_for
from backends.grafting.results import GraftingResult
from backends.grafting.settings import GraftingSettings
from backends.registry import System
from models.diffusion.choices import Operator, place_of
from pages.grafting import own_file, views
from pages.grafting.own_file import BY_HAND
from pages.house import knobs, tasks, view
from pages.house.text import plain
from visualizers.grafting import costs, layers

CUT = ("operator", "pattern", "heals")  # what is cut out, and how it heals
TABS = {"Pictures": ("pictures",), "Stage 1": ("stage 1",), "Stage 2": ("stage 2",), "Model": ("task",)}  # of groups
OF_CHECKPOINT = ("checkpoint", "checkpoint_heads")


def draw(system: System[GraftingSettings, GraftingResult], task: str) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    values = {"task": task, **_DRAWN[task](system)}
    _own(system)
    tasks.run_button(system, values, label=views.TASKS[task].button, cost=views.cost)


def said(system: System[GraftingSettings, GraftingResult], task: str) -> dict[str, object]:
    """What the knobs of a task say, drawn or not."""
    if task != "graft":
        names = {"locality": ("near", "seed"), "speed": ("tokens",)}[task]
        return knobs.said(system, (*names, "model", *OF_CHECKPOINT))
    values = knobs.said(system, knobs.of(system, "graft", "stage 1", "stage 2", "pictures", "task", "own"))
    if values["pattern"] != BY_HAND:
        values["layers"] = ()
    if values["heals"] != "both stages":
        values["continues"] = ""
    return values


def _own(system: System[GraftingSettings, GraftingResult]) -> None:
    """Which file of one's own is used, for whoever looks for it among the knobs."""
    if name := knobs.own_file(system, "checkpoint"):
        st.caption(f":material/upload_file: Your checkpoint {plain(name)} stands in the place of the model.")


def _graft(system: System[GraftingSettings, GraftingResult]) -> dict[str, object]:
    if not own_file.is_there(system, "graft"):  # else they stand above, beside what was brought
        cut(system)
    if knobs.said(system, ("heals",))["heals"] == "both stages":
        knobs.knobs(system, ("continues",), per_row=1)
    above = ("num_judged",) if own_file.samples(system, "graft") else ()
    for tab, groups in zip(st.tabs(list(TABS)), TABS.values()):
        with tab:
            knobs.knobs(system, [name for name in knobs.of(system, *groups) if name not in above])
    return said(system, "graft")


def cut(system: System[GraftingSettings, GraftingResult], also: tuple[str, ...] = ()) -> None:
    """What is cut out of which layers, and how it heals, with the layers in a diagram."""
    values = knobs.knobs(system, (*CUT, *also), per_row=len(CUT) + len(also))
    if values["pattern"] == BY_HAND:
        knobs.knobs(system, ("layers",), per_row=1)
    _foreseen(system, said(system, "graft"))


def _foreseen(system: System[GraftingSettings, GraftingResult], values: Mapping[str, object]) -> None:
    """Which layers these knobs take, and what that changes, before a run; a click takes a layer in or out."""
    asked = knobs.settings_from(system, {"task": "graft", **values}, is_said=False)
    is_none_yet = values["pattern"] == BY_HAND and not values["layers"]
    others = {"task": "graft", **values, "pattern": "all"}
    known = asked or (knobs.settings_from(system, others, is_said=False) if is_none_yet else None)
    model = views.model_of(known) if known else None
    if known is None or model is None:
        return
    taken = layers_for(asked, model.num_layers) if asked else ()
    if not taken and not is_none_yet:
        return
    if known.pattern in BY_ATTENTION:
        st.caption(f"{len(taken)} of {model.num_layers} layers; which, the run finds out by watching where they look.")
    else:
        _diagram(system, known.operator, taken, model.num_layers)
    if asked:
        st.caption(f"Before a run: {plain(costs.of_operators(*foreseen(asked, model, _stood(asked))))}")


def _diagram(system: System[GraftingSettings, GraftingResult], operator: str, taken: tuple[int, ...], num_layers: int) -> None:
    """The layers, each of which can be clicked; another choice is another chart, so that a second click on a layer is one too."""
    key = f"grafting.{operator}.{'-'.join(map(str, taken))}.planned"
    view.picking_chart(layers.clickable(layers.blocks(operator, taken, num_layers, is_planned=True), operator, num_layers), key=key,
                       on_select=partial(_toggle, system, key, taken), selection_mode="points")
    numbers = f"grafting.{operator}.{'-'.join(map(str, taken))}.numbers"
    st.pills("Layers by their numbers", list(range(num_layers)), selection_mode="multi", default=list(taken), key=numbers,
             on_change=_choose, args=(system, numbers), help="The same as a click on a layer above, for fingers and keys.")


def _choose(system: System[GraftingSettings, GraftingResult], numbers: str) -> None:
    """The layers whose numbers are chosen are those by hand from now on."""
    knobs.turn(system, "pattern", BY_HAND)
    knobs.turn(system, "layers", tuple(sorted(st.session_state[numbers])))


def _toggle(system: System[GraftingSettings, GraftingResult], key: str, taken: tuple[int, ...]) -> None:
    """A layer that was clicked is taken in, or out; the layers are those by hand from now on."""
    picked = st.session_state[key]["selection"]["points"]
    if not picked:
        return
    layer = round(picked[0]["x"])
    knobs.turn(system, "pattern", BY_HAND)
    knobs.turn(system, "layers", tuple(sorted({layer} ^ set(taken))))


def _stood(asked: GraftingSettings) -> dict[int, Operator]:
    """What the layers of a person's own checkpoint have in the place that is cut, where it was grafted."""
    own, here = own_file.checkpoint_of(asked), place_of(asked.operator)
    return {layer: cast(Operator, operator) for layer, place, operator in own.grafts if place == here} if own else {}


def needs_heads(error: Exception) -> bool:
    """Whether a checkpoint could be read if its heads were known."""
    from models.diffusion.assembling import UnknownHeads

    return isinstance(error, UnknownHeads)


def _locality(system: System[GraftingSettings, GraftingResult]) -> dict[str, object]:
    return said(system, "locality") | knobs.knobs(system, (*knobs.of(system, "locality"), *knobs.of(system, "task")))


def _speed(system: System[GraftingSettings, GraftingResult]) -> dict[str, object]:
    return said(system, "speed") | knobs.knobs(system, (*knobs.of(system, "speed"), "model"))


_DRAWN = {"graft": _graft, "locality": _locality, "speed": _speed}
