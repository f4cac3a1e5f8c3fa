"""The knobs of the AdaptVis page: those of the chosen task, the picture or data first, the rest in tabs."""

from collections.abc import Callable

import streamlit as st

from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.system import DATA_SAID
from backends.adaptvis.words import condition_words
from backends.knobs import UPLOAD, knob_of
from backends.registry import System
from pages.adaptvis import own_picture, place, views
from pages.house import knobs, tasks
from visualizers.adaptvis.methods import GAZE_NAMES

TABS = {"Gaze": ("gaze",), "Layers and heads": ("layers and heads",), "Model and reply": ("reply", "task")}  # of groups
LOOKING = {"rollout": "Rollout", "gradient": "Gradient x attention", "gradcam": "Grad-CAM"}
SCENE, PLACED, OWN, FOLDER = "scene", "placed", "own", "folder"
PICTURES = {SCENE: "A drawn scene", PLACED: "Things where I put them", OWN: "My own picture"}
DATA = {SCENE: "Drawn scenes", OWN: "My own file", FOLDER: "A folder on the server"}
KEPT = ("alpha", "layer", "normalisation", "alpha1", "alpha2", "beta", "compared", "picture", "data", "a", "b", "words", "kind",
        "replay.alpha1", "replay.alpha2", "replay.beta", *place.KEYS)


def turn(system: System[AdaptVisSettings, AdaptVisResult], settings: AdaptVisSettings) -> None:
    """All knobs to what the settings say, and what chooses the picture and the data."""
    knobs.set_knobs(system, settings)
    state = st.session_state
    state["adaptvis.picture"] = {"upload": OWN, "two": PLACED}.get(settings.picture.partition(":")[0], SCENE)
    place.turn(settings)
    state["adaptvis.data"] = SCENE if settings.data == "scenes" else OWN if settings.data.startswith("upload:") else FOLDER


def draw(system: System[AdaptVisSettings, AdaptVisResult], task: str) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    values = {"task": task, **(_look(system) if task == "look" else _evaluate(system))}
    if values.get("data") in ("upload:", ""):
        st.caption("Upload a file, or name a folder, first.")
        return
    tasks.run_button(system, values, label=views.TASKS[task].button, cost=views.cost)


def of_looking(system: System) -> tuple[str, ...]:
    """The settings that one picture is looked at with."""
    return ("picture", "question", "options", "looking", *knobs.of(system, *(group for groups in TABS.values() for group in groups)))


def _look(system: System[AdaptVisSettings, AdaptVisResult]) -> dict[str, object]:
    was_own = own_picture.is_there(system, "look")
    offered = [SCENE, PLACED, *([OWN] if was_own else [])]
    if st.session_state.get("adaptvis.picture") not in offered:
        st.session_state["adaptvis.picture"] = OWN if was_own else SCENE
    kind = st.segmented_control("Picture", offered, format_func=PICTURES.__getitem__, key="adaptvis.picture", required=True,
                                help="Of drawn things the right answer and the places are known. Your own is brought above, beside "
                                "the presets.")
    values: dict[str, object]
    if kind == OWN:
        values = knobs.said(system, ("picture", "question", "options"))  # its question stands above, beside the picture
    else:
        values = {"picture": place.place() if kind == PLACED else "scene"} | _scenes(system, "scenery", "index")
        if was_own:
            for name in ("question", "options"):
                knobs.set_default(system, name)
        st.session_state[knobs.knob_key(system, "picture")] = values["picture"]
        if was_own:
            st.rerun()
    seen = st.container()
    if kind != OWN:
        values |= knobs.knobs(system, ("question", "options"), per_row=2)
    values |= knobs.tabs(system, TABS)
    if kind == PLACED:
        with seen:  # as the model that is chosen below would see it
            if (asked := knobs.settings_from(system, {"task": "look", **values}, is_said=False)) is not None:
                place.preview(asked)
    return values | {"looking": knobs.pills(system, "looking", LOOKING)}


def _evaluate(system: System) -> dict[str, object]:
    kind = st.segmented_control("Data", list(DATA), format_func=DATA.__getitem__, key="adaptvis.data", required=True,
                                default=None if "adaptvis.data" in st.session_state else SCENE,
                                help="Drawn scenes; a zip or log in a layout of WhatsUp, COCO, VG, VSR or the released code; or a "
                                "folder below ORRERY_DATA_DIR.")
    if kind == SCENE:
        values = {"data": "scenes"} | _scenes(system, "scenery") | knobs.knobs(system, ("num_sets", "split", "chooses"))
    else:
        values = {"data": _upload(system) if kind == OWN else _folder(system)}
        values |= knobs.knobs(system, ("num_items", "split", "chooses"))
    values["methods"] = knobs.pills(system, "methods", GAZE_NAMES)
    return values | knobs.tabs(system, TABS)


def _scenes(system: System, *beside: str) -> dict[str, object]:
    """Which drawn scenes: their condition, and these settings beside it."""
    first, *others = st.columns(1 + len(beside), vertical_alignment="bottom")
    with first:
        values: dict[str, object] = {"condition": _condition(system)}
    for column, name in zip(others, beside):
        with column:
            values |= knobs.knobs(system, (name,), per_row=1)
    return values


def _condition(system: System) -> str:
    key, knob = knobs.held(system, "condition"), knob_of(system.settings, "condition")
    offered_now = list(dict.fromkeys((*knob.suggestions, st.session_state[key])))
    return str(st.selectbox(knob.label, offered_now, key=key, accept_new_options=True, format_func=_condition_label,
                            help=f"{knob.description} For other strengths, type another number behind noise, clutter or dis."))


def _condition_label(name: str) -> str:
    """What a condition does, before the name that settings and links have."""
    return name if (said := condition_words(name)) == name else f"{said} ({name})"


def _upload(system: System) -> str:
    """The upload box of a set; returns what the setting says, 'upload:' where there is no file yet."""
    note = f"{DATA_SAID}; at most {knobs.upload_mb(system, 'data')} MB. It stays in this session."
    return knobs.kept_upload(system, "data", label="Data file", key="adaptvis.upload.data", note=note) or UPLOAD


def _folder(system: System) -> str:
    key = knobs.knob_key(system, "data")
    if str(st.session_state.get(key, "scenes")) == "scenes" or str(st.session_state.get(key)).startswith("upload:"):
        st.session_state[key] = ""
    return st.text_input("Folder", key=key, help=knob_of(system.settings, "data").description, placeholder="whatsup")


def next_scene(settings: AdaptVisSettings, choose: Callable[[AdaptVisSettings], None]) -> None:
    """One more picture of the same condition, one click each."""
    if settings.picture != "scene":
        return
    wanted = settings.model_copy(update={"index": settings.index + 1})
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Next scene", key="adaptvis.next", icon=":material/skip_next:", on_click=choose, args=(wanted,),
                  help=f"Scene {settings.index + 1} of those drawn as “{condition_words(settings.condition)}”: the next in order.")
        st.caption("The presets are the clearest of their kind, picked by rule; the next scene is not picked.")
