"""The knobs of merging's page: the merge, its layers, how the child is tried; maps and probes; folders; questions."""

import streamlit as st

from backends.knobs import UPLOAD
from backends.merging.results import MergingResult
from backends.merging.settings import SUMS, MergingSettings
from backends.registry import System
from pages.house import knobs, tasks
from pages.house.text import plain
from pages.merging import own_file, views
from pages.merging.own_file import DATA
from visualizers.merging.methods import method_name

SHARES, VECTORS = ("share",), ("vlm_weight", "reason_weight", "scale")
FURTHER: dict[str, tuple[str, ...]] = {  # what else a method has
    "ties": ("density", "signs"), "dare_linear": ("density", "rescale"), "dare_ties": ("density", "rescale", "signs")}
TRY = ("curve", "num_questions", "noise", "shown", "kind", "seed")
MODELS = {"checkpoints": ("model", "reasoner", "base"), "ask": ("model", "beside")}
ASKED = ("most", "max_new_tokens", "quantisation")
OF_CHILD = ("merge", "layers", "try")  # groups of settings
DATA_SAID = {SUMS: "The miniature's own", "own": "My own file", "folder": "A folder on the server"}
KEPT = ("data",)
COMMON = tuple(own_file.TASK_OF)  # a person's own files stay while another task's result is looked at
Merging = System[MergingSettings, MergingResult]


def turn(system: Merging, settings: MergingSettings) -> None:
    """All knobs to what the settings say."""
    knobs.set_knobs(system, settings)
    st.session_state[DATA] = SUMS if settings.data == SUMS else "own" if settings.data.startswith(UPLOAD) else "folder"


def said(system: Merging, task: str) -> dict[str, object]:
    """What the knobs of a task say, drawn or not."""
    if task == "ask":
        return {"task": task, **knobs.said(system, (*MODELS["ask"], *ASKED, "data", "seed"))}
    values = {"task": task, **knobs.said(system, (*knobs.of(system, *OF_CHILD), "seed"))}
    if task == "checkpoints":
        return values | knobs.said(system, (*MODELS[task], "recipe", "official", "checks_only"))
    return values | knobs.said(system, knobs.of(system, task) if task != "merge" else ())


def draw(system: Merging, task: str) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    is_ready = _DRAWN[task](system)
    if is_ready:
        tasks.run_button(system, said(system, task), label=views.TASKS[task].button, cost=views.cost,
                         is_ready=lambda asked: _welcome(system, asked))


def _welcome(system: Merging, asked: MergingSettings) -> bool:
    """Whether nothing speaks against these settings; says what does."""
    if why := system.objection(asked):
        st.warning(plain(why), icon=":material/info:")
    return not why


def _merge(system: Merging) -> bool:
    merge, layers, tried = st.tabs(["Merge", "Layers and modules", "How it is tried"])
    with merge:
        _method(system)
    with layers:
        knobs.knobs(system, knobs.of(system, "layers"))
    with tried:
        knobs.knobs(system, TRY)
    return True


def _method(system: Merging) -> None:
    """The method, and what it asks for: knobs that it knows nothing of are not drawn."""
    method = str(knobs.knobs(system, ("method",), per_row=1)["method"])
    asks = SHARES if method in ("linear", "slerp") else VECTORS
    knobs.knobs(system, (*asks, *FURTHER.get(method, ())))


def _of_the_merge(system: Merging) -> None:
    """Which merge these maps and probes are of, for who looks for its knobs."""
    asked = knobs.settings_from(system, said(system, "merge"), is_said=False)
    if asked is not None:
        st.caption(f"Of this merge: {plain(method_name(asked))}; {asked.num_questions:,} questions of each kind. Another one is set "
                   "under “Merge and try”, whose buttons below the pictures lead here.")


def _grid(system: Merging) -> bool:
    knobs.knobs(system, knobs.of(system, "grid"))
    _of_the_merge(system)
    return True


def _probe(system: Merging) -> bool:
    knobs.knobs(system, knobs.of(system, "probe"))
    _of_the_merge(system)
    return True


def models(system: Merging, task: str) -> dict[str, object]:
    """The models that a task is about."""
    return knobs.knobs(system, MODELS[task])


def _checkpoints(system: Merging) -> bool:
    chosen, merge, layers = st.tabs(["Models", "Merge", "Layers and modules"])
    with chosen:
        if not own_file.is_there(system, "checkpoints"):  # else they stand above, beside what was brought
            models(system, "checkpoints")
        knobs.knobs(system, ("checks_only",))
    with merge:
        if "recipe" in own_file.names(system, "checkpoints"):
            st.caption("A recipe was brought: it says the method and its weights.")
        _method(system)
    with layers:
        knobs.knobs(system, knobs.of(system, "layers"))
    return True


def _ask(system: Merging) -> bool:
    is_ready = _questions(system)
    if not own_file.is_there(system, "ask"):
        models(system, "ask")
    knobs.knobs(system, ASKED)
    return is_ready


def _questions(system: Merging) -> bool:
    """Which questions are asked; returns whether there are any."""
    key = knobs.held(system, "data")
    now = str(st.session_state[key])
    st.session_state.setdefault(DATA, SUMS if now == SUMS else "own" if now.startswith(UPLOAD) else "folder")
    if own_file.is_there(system, "ask"):
        st.session_state[DATA] = "own"
    kind = st.segmented_control("Questions", list(DATA_SAID), key=DATA, format_func=DATA_SAID.__getitem__, required=True,
                                help="The miniature's sums, a file of yours, or a folder below ORRERY_DATA_DIR.")
    if kind == SUMS:
        st.session_state[key] = SUMS
    elif kind == "own":
        if not own_file.is_there(system, "ask"):
            st.caption("Bring a file in the box beside the presets first.")
            return False
        st.caption(f":material/upload_file: Your file {plain(knobs.own_file(system, 'data'))} is asked.")
    else:
        if now == SUMS or now.startswith(UPLOAD):
            st.session_state[key] = ""
        st.text_input("Folder", key=key, help="A folder below ORRERY_DATA_DIR with one of these files and its pictures.")
        if not st.session_state[key]:
            st.caption("Name a folder first.")
            return False
    return True


_DRAWN = {"merge": _merge, "grid": _grid, "probe": _probe, "checkpoints": _checkpoints, "ask": _ask}
