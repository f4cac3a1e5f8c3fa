"""Things are moved on the map of a model that was trained in symbols, and its answer is seen to follow, or not.

Nothing is run: the training asked with every map there can be.
"""

from collections.abc import Callable

import streamlit as st

from backends.mindcube.results import ORDERS, Handed, Training
from backends.mindcube.settings import MindCubeSettings, Way
from models.mappers.words import COMPASS
from pages.house import address
from pages.house.text import plain

VIEWS = ("question", "order")  # in the address
Choose = Callable[[MindCubeSettings], None]
READS: Way = "map_in_reason"  # follows the map that it is given
FEW_STEPS = 150  # are enough for that
ORDER = "mindcube.order"
NAMES = ["".join(map(str, order)) for order in ORDERS]  # of the maps: which thing stands north, east, south, west
TRUE = NAMES[0]
CHANGES = {  # label -> where what is north, east, south and west then comes from, and its icon
    "As it is": ("", ":material/restart_alt:"), "Mirror west and east": ("0321", ":material/flip:"),
    "Mirror north and south": ("2103", ":material/swap_vert:"), "Turn it by a quarter": ("3012", ":material/rotate_90_degrees_cw:")}
PLACES = {"north": (0, 1), "east": (1, 2), "south": (2, 1), "west": (1, 0)}  # row and column
TURNED = {"straight": "", "right": ", turn right", "around": ", turn around", "left": ", turn left"}
ASKED = {"front": "in front of me", "right": "to my right", "behind": "behind me", "left": "to my left"}


def draw(training: Training, settings: MindCubeSettings, choose: Choose) -> None:
    """A map as a compass of choices, and what is answered with that map; of a way without maps where there is one."""
    st.header("Move the things on its map")
    if settings.way != READS:
        st.button("Train one that is given a map", key="mindcube.handed.train", icon=":material/model_training:", on_click=choose,
                  args=(settings.model_copy(update={"way": READS, "steps": FEW_STEPS, "iterations": 0, "continues": ""}),),
                  help=f"It reads a map in its prompt and reasons; {FEW_STEPS} steps take half a minute.")
    if training.handed:
        _moved(training, settings)
    else:
        st.caption("This one has no map.")


@st.fragment
def _moved(training: Training, settings: MindCubeSettings) -> None:
    """The map, and what is answered with it; drawn anew by itself."""
    held = ("It is given the map that you make here" if settings.way.startswith("map_in") else
            "The map that you make here is put into its mouth, and it goes on from there")
    st.markdown(f"The views stay as they are. {held}. {told(training)}")
    places = list(range(len(training.handed)))
    key = address.view("mindcube", "question", places, 0, of=training)
    st.segmented_control("Question", places, key=key, required=True, wrap=True, label_visibility="collapsed",
                         format_func=lambda place: question(training.handed[place]), help="Nothing was learned of these.")
    one = training.handed[int(st.session_state[key])]
    address.view("mindcube", "order", NAMES, TRUE, of=training)
    with st.container(horizontal=True, gap="small"):
        for label, (order, icon) in CHANGES.items():
            st.button(label, key=f"mindcube.handed.{order or 'true'}", icon=icon, on_click=_change, args=(order,), type="tertiary",
                      help="Changes the map; nothing is run.")
    _map(one)
    st.markdown(answered(one, str(st.session_state[ORDER])))
    address.write_view("mindcube", "handed")


def _map(one: Handed) -> None:
    """A choice for each place, as on a map; a thing that stands elsewhere changes places."""
    now = str(st.session_state[ORDER])
    rows = [st.columns(3) for _ in range(3)]
    for at, (place, (row, across)) in enumerate(PLACES.items()):
        st.session_state[_key(place)] = int(now[at])
        with rows[row][across]:
            st.selectbox(f"In the {place}", range(len(COMPASS)), key=_key(place), format_func=lambda thing: one.things[thing],
                         on_change=_swap, args=(place,), help="Choosing a thing that stands elsewhere swaps the two.")


def _key(place: str) -> str:
    return f"mindcube.handed.{place}"


def _swap(place: str) -> None:
    now, at = list(str(st.session_state[ORDER])), list(PLACES).index(place)
    chosen = str(st.session_state[_key(place)])
    now[now.index(chosen)], now[at] = now[at], chosen
    st.session_state[ORDER] = "".join(now)


def _change(order: str) -> None:
    now = str(st.session_state[ORDER])
    st.session_state[ORDER] = "".join(now[int(place)] for place in order) or TRUE


def question(one: Handed) -> str:
    """A question in words."""
    view, turn, direction = one.asked.split()
    return f"As in view {view}{TURNED[turn]}: what is {ASKED[direction]}?"


def on_map(one: Handed, name: str) -> str:
    """What stands on a map where the answer lies."""
    return one.things[int(name[COMPASS.index(one.where)])]


def answered(one: Handed, name: str) -> str:
    """What it answers with a map, beside what that map says and what the views do."""
    said, wanted = one.answers[NAMES.index(name)], on_map(one, name)
    follows = (":green-badge[as this map says :material/check:]" if said == wanted
               else ":red-badge[not as this map says :material/close:]")
    views = "" if name == TRUE else f" The views say {plain(on_map(one, TRUE))}."
    return f"The answer lies in the {one.where}. It says **{plain(said) or 'nothing'}** {follows}{views}"


def told(training: Training) -> str:
    """How often its answer is what the map says, over all maps of all questions."""
    hits = [one.answers[place] == on_map(one, name) for one in training.handed for place, name in enumerate(NAMES)]
    return (f"Its answer is what the map says in **{sum(hits)} of {len(hits)}**: every map of these four things, for each of "
            f"{len(training.handed)} questions.")
