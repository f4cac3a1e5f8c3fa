"""What stands in a chart's place until the browser has drawn it: a picture of the same chart, taken beforehand.

Plotly's script takes a browser most of a second, and every chart of a page is drawn before the first is shown. So a chart that a
page opens with is photographed (`python docs/first_pictures.py`) in light and dark, wide and on a phone. A picture is named by the
digest of what its figure says: it is shown for that figure only, and goes when the chart is there. The place has the height of
the chart from the beginning, so nothing moves.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from html import escape
from pathlib import Path

import cv2
import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.house import opening
from pages.house.opening import Stage
from visualizers.theme import DEFAULT_HEIGHT_PX, themed
from worlds.pictures import encode_jpeg

FOLDER = Path(__file__).parent / "first"
WIDTHS = {"wide": 1366, "phone": 390}  # of the windows in which the pictures are taken, in pixels
PHONE_PX = 640  # below, Streamlit puts columns under each other
COMMAND = "python docs/first_pictures.py http://localhost:7860"  # makes them anew, from a running app
CAPTION_PX = 48  # of the two lines that stand under a picture
PREVIEW_PX, PREVIEW_QUALITY = 480, 70  # of a picture that waits for its part of Streamlit's script
_IN_PLACE = ("position:absolute;top:0;left:0;width:100%;height:100%;object-fit:contain;object-position:left top;"
             "pointer-events:none;z-index:1")
_RULES = f"@media (max-width: {PHONE_PX}px) {{ .first-wide {{ display: none }} }}" \
         f"@media not all and (max-width: {PHONE_PX}px) {{ .first-phone {{ display: none }} }}" """
[class*="st-key-first-"] > .stElementContainer:has(.first-picture), .stHtml:has(> .first-picture) { position: static !important }
[class*="st-key-first-"] > .stElementContainer:has(.first-picture) { position: absolute !important; inset: 0; height: 100% }
[class*="st-key-first-"]:has(.first-picture img) [data-testid="stSkeleton"] { visibility: hidden }
[class*="st-key-first-"]:has(.js-plotly-plot .main-svg, .stImage img) .first-picture { display: none }"""


@contextmanager
def picture_place(picture: np.ndarray, key: str) -> Iterator[None]:
    """Where a picture is drawn that a page opens with: a smaller one of it stands there until then.

    Args:
        picture: (height, width, 3) uint8 RGB.
        key: as of `place`.
    """
    height, width = picture.shape[:2]
    shown = ""
    if opening.stage() == Stage.PICTURES:
        small = cv2.resize(picture, (PREVIEW_PX, max(1, round(PREVIEW_PX * height / width))), interpolation=cv2.INTER_AREA)
        data = b64encode(encode_jpeg(small, PREVIEW_QUALITY).tobytes()).decode()
        shown = f"<img src='data:image/jpeg;base64,{data}' alt='' style='{_IN_PLACE};height:auto'>"
    with st.container(key=f"first.{key}"):
        place = f".st-key-first-{key.replace('.', '-')}"  # its room is kept until the picture is there, whose caption needs more
        st.html(f"<div class='first-picture'>{shown}</div><style>{_RULES}{place} {{ position: relative }}"
                f"{place} .stImage img {{ aspect-ratio: auto {width} / {height} }}"  # its own, before its bytes are there
                f"{place}:not(:has(.stImage img)) {{ aspect-ratio: {width} / {height}; margin-bottom: {CAPTION_PX}px }}</style>")
        yield


@contextmanager
def place(figure: go.Figure, key: str, *, is_dark: bool, room: str = "", is_same: bool = False) -> Iterator[bool]:
    """Where a chart that a page opens with is drawn; its picture stands there until then, if there is one of this very figure.

    Yields whether the chart is drawn now.

    Args:
        figure: as it is drawn, but for the theme.
        key: of the chart, in letters, digits, dots and dashes.
        room: rules of style that say how high the chart is; empty where its figure says that.
        is_same: it is the very figure of the time before.
    """
    before = st.session_state.get(f"first.{key}.name") if is_same else None
    name = st.session_state[f"first.{key}.name"] = before or f"{key}-{digest(figure)}"
    room = room or f"min-height: {figure.layout.height or DEFAULT_HEIGHT_PX:g}px"
    pictures = _pictures(name, is_dark)
    with st.container(key=f"first.{key}"):
        st.html(f"<div class='first-picture' data-picture='{escape(name)}'>{pictures}</div>"
                f"<style>{_RULES}.st-key-first-{key.replace('.', '-')} {{ position: relative; {room} }}</style>")
        yield not pictures or opening.stage() != Stage.PICTURES


def digest(figure: go.Figure) -> str:
    """What a figure and the templates say, in 12 letters; equal where numbers differ in their last digits only."""
    said = themed(figure, is_dark=False).to_plotly_json()
    layout = {name: _plain(value) for name, value in said.pop("layout").items() if name != "template"}
    drawn = {name: _plain(value) for name, value in said.items()}
    both = [drawn | {"layout": layout | {"template": _plain_template(is_dark)}} for is_dark in (False, True)]  # all that differs
    return hashlib.sha256(json.dumps(both, sort_keys=True).encode()).hexdigest()[:12]


@cache
def _plain_template(is_dark: bool) -> object:
    """A theme as every figure has it: to give a figure a second one takes as long as to draw it."""
    return _plain(themed(go.Figure(), is_dark=is_dark).to_plotly_json()["layout"]["template"])


def file_of(name: str, width: str, scheme: str) -> Path:
    """Where the picture of a figure is kept."""
    return FOLDER / f"{name}-{width}-{scheme}.avif"


def _plain(value: object) -> object:
    """The same in what JSON knows: numbers by six digits, which another build of numpy computes too; no pictures inside."""
    if isinstance(value, Mapping) and {"bdata", "dtype"} <= value.keys():  # as Plotly packs an array
        return [value.get("shape"), _plain(np.frombuffer(b64decode(value["bdata"]), value["dtype"]))]
    if isinstance(value, Mapping):
        return {str(name): _plain(inside) for name, inside in value.items() if name != "uid"}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, str):
        return value if not value.startswith("data:") else "picture"  # another build of OpenCV packs it otherwise
    if isinstance(value, Sequence):
        return [_plain(inside) for inside in value]
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return value if value is None or isinstance(value, bool | int) else str(value)


def _pictures(name: str, is_dark: bool) -> str:
    scheme = "dark" if is_dark else "light"
    wide, phone = (_address(file_of(name, width, scheme)) for width in ("wide", "phone"))
    if not wide or not phone:
        return ""
    return "".join(f"<img class='first-{width}' src='{address}' alt='' style='{_IN_PLACE}'>"
                   for width, address in (("wide", wide), ("phone", phone)))  # st.html takes no picture with sources


@cache
def _address(file: Path) -> str:
    """The picture itself as an address: it comes with the page, not after it."""
    return f"data:image/avif;base64,{b64encode(file.read_bytes()).decode()}" if file.is_file() else ""
