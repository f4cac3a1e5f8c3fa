"""The knobs of MindCube's page: a room and a question, the map by hand, the ways of answering; many rooms; files; a training."""

import streamlit as st

from backends.files.rows import counted
from backends.knobs import UPLOAD, knob_of
from backends.mindcube.results import MindCubeResult
from backends.mindcube.rooms import posed_by
from backends.mindcube.settings import CONFIG_NAMES, DRAWN, EVALUATED, WANTED_NAMES, MindCubeSettings
from backends.registry import System
from pages.house import knobs, tasks
from pages.house.text import plain
from pages.mindcube import map_hand, own_files, room
from pages.mindcube.asked import parted
from worlds.errors import InputError
from worlds.rooms.questions import Question, questions_of
from worlds.rooms.scenes import Scene
from worlds.rooms.texts import read_scene

WAYS: dict[str, str] = {str(name): said for name, said in CONFIG_NAMES.items()}
ROOMS = {DRAWN: "A drawn room", EVALUATED: "One of “Ask about many”", "own": "A room of my own"}
KIND, DATA = "mindcube.room.kind", "mindcube.data"
DATA_SAID = {"scenes": "Drawn rooms", "own": "My own file", "folder": "A folder on the server"}
OF_MODEL = ("model", "quantisation", "max_new_tokens")
KEPT = ("room.kind", "data", *room.KEYS, *map_hand.KEYS)
_FOLDER_HINT = "mindcube"
MindCube = System[MindCubeSettings, MindCubeResult]


def turn(system: MindCube, settings: MindCubeSettings) -> None:
    """All knobs to what the settings say; the widgets of the room to the room that they name."""
    knobs.set_knobs(system, settings)
    state = st.session_state
    state[KIND] = settings.scene if settings.scene in ROOMS else "own"
    state[DATA] = "scenes" if settings.data == "scenes" else "own" if settings.data.startswith(UPLOAD) else "folder"
    try:
        scene: Scene | None = posed_by(settings).scene if settings.scene in ROOMS else read_scene(settings.scene)
    except InputError:  # the run says what is wrong with it
        scene = None
    room.turn(scene, "" if settings.scene in ROOMS else settings.scene)
    map_hand.turn()


def draw(system: MindCube, task: str) -> None:
    """Everything that can be turned for this task, and the button."""
    {"ask": _ask, "evaluate": _evaluate, "file": _file, "train": _train}[task](system)


def _ask(system: MindCube) -> None:
    room_tab, question_tab, map_tab, ways = st.tabs(["Room", "Question", "Map", "Ways of answering and model"])
    with room_tab:
        values = {"task": "ask", **_room(system)}
    scene = _scene(system, values)
    with question_tab:
        values |= _question(system, values, scene)
    with map_tab:
        values |= map_hand.draw(system, values, scene is not None)
    with ways:
        values |= {"configurations": knobs.pills(system, "configurations", WAYS)}
        values |= knobs.knobs(system, (*OF_MODEL, "looks"))
    tasks.run_button(system, values, label="Ask", cost=cost, is_ready=lambda asked: scene is not None and _welcome(system, asked))


def _room(system: MindCube) -> dict[str, object]:
    """A drawn room, or one of a person's own; its views are seen at once."""
    st.session_state.setdefault(KIND, DRAWN)
    kind = st.segmented_control("Room", list(ROOMS), key=KIND, format_func=ROOMS.__getitem__, required=True,
                                label_visibility="collapsed", help="A held-out room, or one that you put together: it begins as the "
                                "room that is shown.")
    key = knobs.held(system, "scene")
    if kind in (DRAWN, EVALUATED):
        which = ("layout", "index", "seed") if kind == DRAWN else ("families", "index", "seed")
        values: dict[str, object] = {"scene": kind, **knobs.knobs(system, which)}
        st.session_state[key] = kind
        _drawn_views(system, values)
        return values
    st.session_state[key] = room.build()
    return {"scene": st.session_state[key], **knobs.said(system, ("layout", "index")), **knobs.knobs(system, ("seed",))}


def _drawn_views(system: MindCube, values: dict[str, object]) -> None:
    """The views of the room that the knobs name."""
    scene = _scene(system, {"task": "ask", **values})
    if scene is not None:
        room.show_scene(scene)


def _scene(system: MindCube, values: dict[str, object]) -> Scene | None:
    """The room that the knobs name; None where they name none, of which the page has said why."""
    if not values["scene"]:
        return None
    asked = knobs.settings_from(system, {**values, "wanted": "any", "number": 0}, is_said=False)
    try:
        return posed_by(asked).scene if asked is not None else None
    except InputError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        return None


def _question(system: MindCube, values: dict[str, object], scene: Scene | None) -> dict[str, object]:
    """What can be asked of this room, as it is asked."""
    kind_key, key = knobs.held(system, "wanted"), knobs.held(system, "number")
    if scene is None:
        st.caption("There is no room yet, so there is no question.")
        return knobs.said(system, ("wanted", "number"))
    if values["scene"] == EVALUATED:
        question = posed_by(MindCubeSettings(**values)).question  # type: ignore[arg-type]  # they have made the room
        st.markdown(plain(f"{question.text} {' '.join(question.full_text.removeprefix(question.text).split())}"))
        st.caption("It comes with its room. To ask another of the same room, choose “A room of my own”.")
        return {}
    asked = questions_of(scene, seed=int(st.session_state[knobs.held(system, "seed")]))
    kinds = ["any", *dict.fromkeys(one.template for one in asked)]
    if st.session_state[kind_key] not in kinds:
        st.session_state[kind_key] = "any"
    kind = st.selectbox(knob_of(system.settings, "wanted").label, kinds, key=kind_key, format_func=WANTED_NAMES.__getitem__,
                        help=knob_of(system.settings, "wanted").description)
    found = [one for one in asked if kind in ("any", one.template)]
    if not found:
        st.warning("Nothing can be asked of this room. Put more things into it.", icon=":material/info:")
        return {"wanted": kind, "number": 0}
    st.session_state[key] = int(st.session_state[key]) % len(found)
    number = st.selectbox("Question", range(len(found)), key=key,
                          format_func=lambda place: f"{place + 1}. {said(scene, found[place])}",
                          help="Every question of this kind that the room has; the answers come out of where the things stand.")
    chosen = found[number]
    st.caption(plain(f"{chosen.text} {' '.join(chosen.full_text.removeprefix(chosen.text).split())}"))
    return {"wanted": kind, "number": number}


def said(scene: Scene, question: Question) -> str:
    """A question without the sentence that says what its images are, which all share; of a movement the views that it is of."""
    told = parted(question.text)[1]
    if len(question.cameras) != 2 or len(scene.cameras) == 2:
        return told
    places = [scene.cameras.index(camera) + 1 if camera in scene.cameras else None for camera in question.cameras]
    return f"{told} (from view {places[0]} {f'to view {places[1]}' if places[1] else 'a step aside'})"


def _evaluate(system: MindCube) -> None:
    st.session_state.setdefault(DATA, "scenes")
    kind = st.segmented_control("Questions", list(DATA_SAID), key=DATA, format_func=DATA_SAID.__getitem__, required=True,
                                help="Drawn rooms, a file of MindCube with its images, or a folder below ORRERY_DATA_DIR.")
    values: dict[str, object] = {"task": "evaluate"}
    if kind == "scenes":
        values |= {"data": "scenes", **knobs.knobs(system, ("families", "num_questions", "rotates", "seed"))}
        st.session_state[knobs.held(system, "data")] = "scenes"
    else:
        values |= {"data": _upload(system) if kind == "own" else _folder(system)}
        values |= knobs.knobs(system, ("families", "num_questions", "rotates", "seed"))
    values |= {"configurations": knobs.pills(system, "configurations", WAYS)}
    values |= knobs.knobs(system, OF_MODEL)
    if values["data"] in ("", UPLOAD):
        st.caption("Bring a file, or name a folder, first.")
        return
    tasks.run_button(system, values, label="Evaluate", cost=cost, is_ready=lambda asked: _welcome(system, asked))


def _upload(system: MindCube) -> str:
    note = f"MindCube's questions in a zip with their images; at most {knobs.upload_mb(system, 'data')} MB. It stays in this session."
    return knobs.kept_upload(system, "data", label="Questions to ask", key="mindcube.upload.data", note=note)


def _folder(system: MindCube) -> str:
    key = knobs.held(system, "data")
    if str(st.session_state[key]) == "scenes" or str(st.session_state[key]).startswith(UPLOAD):
        st.session_state[key] = ""
    return st.text_input("Folder", key=key, help=knob_of(system.settings, "data").description, placeholder=_FOLDER_HINT)


def _file(system: MindCube) -> None:
    values = {"task": "file", **knobs.said(system, ("file",)), **knobs.knobs(system, own_files.PLACES)}
    if not values["file"]:
        st.info("There is no file yet: bring it in the box “Your files” above.", icon=":material/upload_file:")
        return
    tasks.run_button(system, values, label="Read", cost=lambda _asked: "Takes seconds; a folder with many images a little more.")


def _train(system: MindCube) -> None:
    values = {"task": "train", **knobs.knobs(system, ("way", "steps", "iterations", "reward", "temperature", "continues", "seed"))}
    tasks.run_button(system, values, label="Train", cost=_cost_of_training)


def _cost_of_training(asked: MindCubeSettings) -> str:
    learned = f"{asked.steps:,} batches of 96 questions in symbols" if asked.steps else ""
    earned = counted(asked.iterations, "round") + " of reinforcement" if asked.iterations else ""
    going_on = " It goes on from the chosen training." if asked.continues else ""
    return (f"{' and then '.join(filter(None, (learned, earned)))}: a tenth of a second or more each on one core. Curves grow "
            f"meanwhile, and Stop keeps what was learned.{going_on}")


def cost(asked: MindCubeSettings) -> str:
    """Memory and work of a run, in a line."""
    from visualizers.ladder import memory_mb

    ways = counted(len(asked.configurations), "way") + " of answering"
    if asked.task == "ask":
        return f"Model: about {memory_mb(asked):,} MB; one question, {ways}."
    again = ", and again with their options rotated" if asked.rotates else ""
    return f"Model: about {memory_mb(asked):,} MB; up to {counted(asked.num_questions, 'question')}, {ways}{again}."


def _welcome(system: MindCube, asked: MindCubeSettings) -> bool:
    """Whether nothing speaks against the model; says what does. Of a model that is not here its card says it."""
    if why := system.objection(asked):
        st.warning(plain(why), icon=":material/smart_toy:")
    return not why
