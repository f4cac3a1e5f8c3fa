"""Two things that a person puts into a drawn picture: their names, their places, and how it will look."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.adaptvis.settings import AdaptVisSettings
from pages.house.text import plain
from worlds.errors import InputError
from worlds.kit import COLOURS, KINDS, object_name

KIND = "two:"
DEFAULT = "two:red star 0.30 0.50; blue ring 0.70 0.50"
NAMES = tuple(object_name(colour, kind) for kind in KINDS for colour in COLOURS)
STEPS = tuple(round(0.02 * step, 2) for step in range(5, 46))  # 0.1 to 0.9: inside the picture
LETTERS = ("A", "B")
HELP = ("What is asked for.", "What it is asked in relation to.")
PREVIEW_PX = 320
KEYS = ("place.others", *(f"place.{letter}.{what}" for letter in LETTERS for what in ("name", "x", "y")))


def turn(settings: AdaptVisSettings) -> None:
    """The widgets to what a link or a saved run placed; things beyond the second stay as they were written."""
    if not settings.picture.startswith(KIND):
        return
    try:
        first, second, *others = settings.picture.removeprefix(KIND).split(";")
        for letter, text in zip(LETTERS, (first, second)):
            *name, x, y = text.split()
            st.session_state.update({_key(letter, "name"): " ".join(name), _key(letter, "x"): float(x), _key(letter, "y"): float(y)})
    except ValueError:  # the run says what is wrong with it
        return
    st.session_state["adaptvis.place.others"] = "".join(f";{other}" for other in others if other.strip())


def place() -> str:
    """Draw the widgets; returns what the setting `picture` says."""
    if _key("A", "name") not in st.session_state:
        turn(AdaptVisSettings(picture=DEFAULT))
    texts = []
    for letter, said in zip(LETTERS, HELP):
        name, x, y = st.columns([2, 3, 3], vertical_alignment="bottom")
        texts.append(" ".join((_name(name, letter, said), _share(x, letter, "x", "from the left"),
                               _share(y, letter, "y", "from the top"))))
    return KIND + "; ".join(texts) + str(st.session_state.get("adaptvis.place.others", ""))


def _name(column: DeltaGenerator, letter: str, said: str) -> str:
    key = _key(letter, "name")
    return str(column.selectbox(f"Thing {letter}", list(dict.fromkeys((*NAMES, st.session_state[key]))), key=key, help=said))


def _share(column: DeltaGenerator, letter: str, axis: str, said: str) -> str:
    key = _key(letter, axis)
    places = sorted({*STEPS, st.session_state[key]})
    return f"{column.select_slider(f'{letter}, {said}', places, key=key, help='In shares of the picture, of its middle.'):.2f}"


def preview(asked: AdaptVisSettings) -> None:
    """The picture that would be asked about, and what would be right."""
    from backends.adaptvis.items import scene_of  # imports torch
    from worlds.scenes.drawing import picture

    try:
        scene = scene_of(asked)
    except InputError as error:
        st.warning(plain(str(error)), icon=":material/info:")
        return
    st.image(picture(scene, PREVIEW_PX), width=PREVIEW_PX, caption=f"Right would be: {scene.relation}")


def _key(letter: str, what: str) -> str:
    return f"adaptvis.place.{letter}.{what}"
