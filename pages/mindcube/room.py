"""A room that a person builds: its layout, which thing stands where and looks where, the order of its views; seen before any run.

The widgets stand as the things do on a map, north above. What they say is the text of a scene, which the setting `scene` holds and a
link carries; a text of another form, such as a free scene that somebody wrote, is kept as it is.
"""

from itertools import permutations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.mindcube.settings import LAYOUT_NAMES
from pages.house import view
from pages.house.text import plain
from worlds.errors import InputError
from worlds.rooms.catalogue import FLOORS, NAMES
from worlds.rooms.generator import SETTINGS
from worlds.rooms.layouts import AMONG_SIDES, AROUND_SIDES, HEADINGS_OF, MOST_IN_A_ROW, among, around, rotation
from worlds.rooms.rendering import pictures
from worlds.rooms.scenes import ON_MAP, Cue, Room, Scene, Setting
from worlds.rooms.texts import read_scene, write_scene

PREVIEW_PX = 220
WRITTEN = "as written"  # of a scene that the widgets do not make
TOLD, NO_FACE = "told", -1
LAYOUTS: dict[str, str] = {name: said for name, said in LAYOUT_NAMES.items() if name != "any"}
COMPASS = {0: "north", 90: "east", 180: "south", 270: "west"}
ARROWS = {0: "↑", 90: "→", 180: "↓", 270: "←"}
_GRID = {0: (0, 1), 90: (1, 2), 180: (2, 1), 270: (1, 0)}  # heading from the middle -> row and column of its widgets
_AROUND_IT: dict[str, tuple[int, ...]] = {  # headings from the middle to what stands around it, in the order of the things
    "among": (180, 270, 0, 90), **{str(name): headings for name, headings in HEADINGS_OF.items()}}
_FIRST = ("red box", "blue ball", "green cone", "yellow tower", "pink box")  # what a new place begins with
KEYS = ("room.layout", "room.count", "room.back", "room.order", "room.floor",
        *(f"room.{what}.{place}" for what in ("name", "faces") for place in range(5)))


def key(what: str, place: int | None = None) -> str:
    """Of a widget, in the session's state."""
    return f"mindcube.room.{what}" + ("" if place is None else f".{place}")


def turn(scene: Scene | None, text: str = "") -> None:
    """Turn the widgets to a room, or keep the text of one that they cannot make."""
    state = st.session_state
    if scene is None or scene.setting not in LAYOUTS or tuple(scene.room.walls) != Room().walls:
        state[key("layout")], state[key("text")] = WRITTEN, text
        return
    state.pop(key("text"), None)
    state[key("layout")], state[key("floor")] = scene.setting, scene.room.floor
    state[key("count")], state[key("back")] = max(2, min(MOST_IN_A_ROW, len(scene.things))), len(scene.cameras) == 4
    state[key("order")] = TOLD if scene.cue == "described" else "".join(map(str, scene.order))
    for place, thing in enumerate(scene.things):
        state[key("name", place)] = thing.name
        state[key("faces", place)] = NO_FACE if thing.facing is None else thing.facing
    _note_names()


def build() -> str:
    """Draw the widgets, and the views of what they say beside them; returns the text of the scene, "" where there can be none."""
    offered = [*LAYOUTS, *([WRITTEN] if key("text") in st.session_state else [])]
    first, second, third = st.columns([2, 1, 1], vertical_alignment="bottom")
    st.session_state.setdefault(key("layout"), "among")
    chosen = first.selectbox("Layout", offered, key=key("layout"),
                             format_func=lambda name: LAYOUTS.get(name, "as it was written"),
                             help="How things stand and cameras look: the paper's settings.")
    layout = next((name for name in SETTINGS if name == chosen), None)
    if layout is None:
        st.caption("This room was written by hand, as text. Choose a layout to build another one.")
        return _seen(str(st.session_state.get(key("text"), "")))
    count = _count(layout, second, third)
    _things(layout, count)
    order, floor = st.columns([2, 1], vertical_alignment="bottom")
    views = _order(layout, order)
    st.session_state.setdefault(key("floor"), "oak")
    floor.selectbox("Floor", list(FLOORS), key=key("floor"), help="What the room stands on; it changes no answer.")
    return _seen(_text(layout, count, views))


def _count(layout: Setting, left: DeltaGenerator, right: DeltaGenerator) -> int:
    """How many things there are: a choice in a row only."""
    if layout == "among":
        return 5
    if layout != "around":
        return len(_AROUND_IT[layout])
    st.session_state.setdefault(key("count"), 3)
    st.session_state.setdefault(key("back"), False)
    right.checkbox("A view from the back", key=key("back"), help="A fourth camera behind the row.")
    return int(left.selectbox("Things in the row", range(2, MOST_IN_A_ROW + 1), key=key("count"),
                              help="From left to right as the front view shows them."))


def _things(layout: Setting, count: int) -> None:
    """A widget for each place, as on a map."""
    front = "" if layout in HEADINGS_OF else " The front view is taken from the south and looks north."
    st.caption(f"As on the map: north is above, east to the right.{front}")
    for place in range(count):
        if key("name", place) not in st.session_state:
            taken = {st.session_state.get(key("name", other)) for other in range(5)}
            st.session_state[key("name", place)] = next(name for name in (*_FIRST, *NAMES) if name not in taken)
    _note_names()
    if layout == "around":
        for place, column in enumerate(st.columns(count)):
            _thing(column, place, f"{place + 1} from the left", list(ON_MAP))
        return
    at = {heading: place for place, heading in enumerate(_AROUND_IT[layout], start=int(layout == "among"))}
    rows = [list(st.columns(3)) if _has_row(row, at, layout) else [] for row in range(3)]
    if layout == "among":
        _thing(rows[1][1], 0, "In the middle", list(ON_MAP))
    for heading, (row, across) in _GRID.items():
        if heading in at:
            inwards = [(heading + 180) % 360] if layout == "among" else []
            _thing(rows[row][across], at[heading], f"In the {COMPASS[heading]}", inwards)


def _has_row(row: int, at: dict[int, int], layout: Setting) -> bool:
    return (row == 1 and layout == "among") or any(_GRID[heading][0] == row for heading in at)


def _thing(column: DeltaGenerator, place: int, label: str, headings: list[int]) -> None:
    """Which thing stands at a place, and where it may look."""
    with column:
        st.selectbox(label, NAMES, key=key("name", place), on_change=_swap, args=(place,),
                     help="A colour and a shape. Choosing one that stands elsewhere swaps the two.")
        if not headings:
            return
        options = [NO_FACE, *headings]
        if st.session_state.get(key("faces", place)) not in options:
            st.session_state[key("faces", place)] = NO_FACE
        st.selectbox(f"{label}: it looks", options, key=key("faces", place), label_visibility="collapsed",
                     format_func=lambda heading: _looks(heading, is_neighbour=len(headings) == 1),
                     help="Where its dark face looks. Only who has a face can be asked about as somebody who looks.")


def _looks(heading: int, *, is_neighbour: bool) -> str:
    if heading == NO_FACE:
        return "no face"
    return f"{ARROWS[heading]} looks {'at the middle' if is_neighbour else COMPASS[heading]}"


def _note_names() -> None:
    """What stands where now, for whoever swaps two things."""
    st.session_state[key("before")] = {place: st.session_state.get(key("name", place)) for place in range(5)}


def _swap(place: int) -> None:
    """A thing was chosen that stands elsewhere: that place gets what stood here."""
    state = st.session_state
    before: dict[int, str] = state[key("before")]
    chosen = state[key("name", place)]
    for other, name in before.items():
        if name == chosen:
            state[key("name", other)] = before[place]
    _note_names()


def _order(layout: Setting, column: DeltaGenerator) -> tuple[tuple[int, ...] | None, Cue]:
    """The order of the views, and whether it is told."""
    sides = list({"among": AMONG_SIDES, "around": AROUND_SIDES}.get(layout, ()))
    if layout == "around" and not st.session_state.get(key("back")):
        sides = sides[:3]
    names = sides or [COMPASS[heading] for heading in _AROUND_IT[layout]]
    orders = ["".join(map(str, order)) for order in permutations(range(len(names)))]
    if st.session_state.get(key("order")) not in (TOLD, *orders):
        st.session_state[key("order")] = TOLD
    chosen = str(column.selectbox(
        "Order of the views", [TOLD, *orders], key=key("order"),
        format_func=lambda order: f"{', '.join(names)}: in the question" if order == TOLD else
        f"{', '.join(names[int(place)] for place in order)}: to be seen",
        help="A question may say from where each view was taken; else that has to be seen, by the colours of the walls."))
    return (None, "described") if chosen == TOLD else (tuple(map(int, chosen)), "shuffled")


def _text(layout: Setting, count: int, views: tuple[tuple[int, ...] | None, Cue]) -> str:
    """What the widgets say, as the text of a scene; says what cannot be."""
    state, (order, cue) = st.session_state, views
    names = [str(state[key("name", place)]) for place in range(count)]
    faces = [int(state.get(key("faces", place), NO_FACE)) for place in range(count)]
    facings = [None if heading == NO_FACE else heading for heading in faces]
    room = Room(floor=str(state[key("floor")]))
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        st.warning(plain(f"There are two of the {twice}. Give each thing a colour and shape of its own."), icon=":material/info:")
        return ""
    if layout == "among":
        scene = among(names, facings=facings, order=order, cue=cue, room=room)
    elif layout == "around":
        scene = around(names, facings=facings, has_back=bool(state[key("back")]), order=order, cue=cue, room=room)
    else:
        scene = rotation(layout, names, order=order, cue=cue, room=room)  # type: ignore[arg-type]  # no other is left
    return write_scene(scene)


def _seen(text: str) -> str:
    """The views of a room in words and pictures; returns its text again, "" where it is none."""
    try:
        shown = views_of(text)
    except InputError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        return ""
    _show(shown, read_scene(text))
    return text


def show_scene(scene: Scene) -> None:
    """The views of a room."""
    _show(views_of(write_scene(scene)), scene)


def _show(shown: list[bytes], scene: Scene) -> None:
    """Views in a line that breaks where it has to, each with its number and where it was taken from."""
    with st.container(horizontal=True, gap="small"):
        for place, picture in enumerate(shown):
            said = view_said(scene, place)
            st.image(picture, caption=said, width=PREVIEW_PX, alt=said)


def view_said(scene: Scene, place: int) -> str:
    """A view in words: its number from 1, and from where it was taken, where that has a name."""
    side = scene.cameras[place].side
    heading = COMPASS.get(int(scene.cameras[place].heading) % 360, "")
    told = f", from the {side}" if side else f", to the {heading}" if scene.family == "rotation" else ""
    return f"View {place + 1}{told}"


@st.cache_data(max_entries=100, show_spinner=False)
def views_of(text: str, size_px: int = PREVIEW_PX * 2) -> list[bytes]:
    """JPEGs of the views of a scene.

    Raises:
        InputError: the text says no scene.
    """
    return [view.jpeg(pixels) for pixels in pictures(read_scene(text), size_px)]

