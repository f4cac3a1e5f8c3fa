"""A person's own video: brought beside the presets, its frames at once, a mark or words to look for, Search."""

import cv2
import numpy as np
import plotly.graph_objects as go
import streamlit as st

from backends.knobs import UPLOAD, knob_of
from backends.registry import System
from backends.tstar.results import TStarResult
from pages.house import knobs, session, tasks, view
from pages.house.text import plain
from pages.tstar import own_knobs
from worlds.errors import InputError
from worlds.picture_kinds import HEIC, offered

STRIP_FRAMES = 8
STRIP_HEIGHT_PX = 90
STRIP_FRAME_PX = 320  # of one frame, at most: a JPEG has 65,535 across, and videos come 4,096 x 16
MARK_HEIGHT_PX = 300
WHERE = ("example_s", "example_box")
WORDS = ("question", "targets", "cues")


def box(system: System) -> None:
    """The upload box beside the presets; a new file becomes the page's video at once."""
    knobs.own_upload(system, "video", "Your video", on_new=_forget_words,
                     note="mp4, mkv, webm, mov or avi; at most 1 GB and 3 hours. It stays in this session.")


def _forget_words(system: System) -> None:
    """Another video, another question: what was asked of the one before says nothing of this one."""
    for name in (*WORDS, *WHERE, "example_picture"):
        knobs.set_default(system, name)


def is_there(system: System) -> bool:
    """Whether the knobs name a video of this session's own."""
    return bool(knobs.own_file(system, "video"))


def is_answered(system: System, result: TStarResult) -> bool:
    """Whether a result is about it."""
    return knobs.is_about(system, "video", result.settings)


def title(system: System) -> str:
    return f"{plain(knobs.own_file(system, 'video'))}: look for something else"


@st.fragment
def panel(system: System) -> None:
    """Its frames, what to look for, Search. Only this part is drawn anew while a person types."""
    name = knobs.own_file(system, "video")
    if not name:
        return
    try:
        strip, duration_s = _strip(str(session.current().inputs().file(name)), name)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[f"tstar.length.{UPLOAD}{name}"] = int(duration_s)
    st.image(strip, width="stretch", output_format="JPEG", alt=f"{STRIP_FRAMES} frames of {name}",
             caption=f"{plain(name)}, {int(duration_s) // 60}:{int(duration_s) % 60:02d} min")
    left, right = st.columns(2, gap="medium")
    with right:
        _words(system)
        picture = _picture(system)
        place = st.container()
    with left:
        _mark(system, name, int(duration_s), picture=picture)
    with place:
        _search(system)


def _words(system: System) -> None:
    """The question, or the thing; sent while it is typed, so that what cannot work is said at once."""
    st.text_input(knob_of(system.settings, "question").label, key=knobs.held(system, "question"), live="400ms",
                  placeholder="When does the red chair appear?",
                  help="A question, or the name of a thing. Or draw a box around it on the left: then no words are needed.")


def _picture(system: System) -> str:
    """A picture of the thing alone, instead of a box on a frame: its "upload:NAME", or nothing."""
    name = "example_picture"
    with st.expander("Or a picture of it", icon=":material/image:"):
        return knobs.kept_upload(system, name, key="tstar.picture",
                                 note=f"{offered()}, cropped closely to the thing; at most {knobs.upload_mb(system, name)} MB. "
                                 f"{HEIC}", can_be_removed=True)


def _mark(system: System, name: str, duration_s: int, *, picture: str) -> None:
    """Let the person draw a box on one frame: search by example needs no trained model."""
    if picture:
        st.caption(f"Looking for what is in {plain(picture.removeprefix(UPLOAD))}. Remove it to draw a box on a frame instead.")
        _unmark(system)
        return
    label = knob_of(system.settings, "example_s").label
    second = st.slider(label, 0, duration_s, key="tstar.example_s", format="%d s", on_change=_unmark, args=(system,),
                       help="Move to a second on which the thing you look for can be seen.") if duration_s >= 1 else 0
    try:
        frame = _frame(str(session.current().inputs().file(name)), name, float(second))
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.caption("Draw a box around what you look for.")
    picked = view.picking_chart(_over(frame), key=f"tstar.example.{second}", on_select="rerun", selection_mode="box")
    boxes = picked.selection.box if picked and picked.selection else []
    if boxes:
        height, width = frame.shape[:2]
        xs, ys = np.clip(np.array(boxes[0]["x"]) / width, 0, 1), np.clip(np.array(boxes[0]["y"]) / height, 0, 1)
        knobs.turn(system, "example_box", (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())))
        knobs.turn(system, "example_s", float(second))
    marked = knobs.said(system, WHERE)
    if marked["example_box"]:
        st.caption(f"Looking for what is in the box at second {marked['example_s']:g}: every appearance but the one that you mark.")


def _unmark(system: System) -> None:
    """Another frame: the box on the one before is gone."""
    for name in WHERE:
        knobs.set_default(system, name)


def _over(frame: np.ndarray) -> go.Figure:
    """A frame over which a box can be drawn."""
    height, width = frame.shape[:2]
    figure = go.Figure(go.Image(z=frame, hoverinfo="skip"))
    grid_y, grid_x = np.mgrid[0:height:24, 0:width:24]
    figure.add_trace(go.Scatter(x=grid_x.ravel(), y=grid_y.ravel(), mode="markers", marker={"opacity": 0, "size": 1},
                                hoverinfo="skip", showlegend=False))  # a box can only be drawn over points
    figure.update_layout(dragmode="select", height=MARK_HEIGHT_PX, margin={"l": 0, "r": 0, "t": 0, "b": 0},
                         newselection={"line": {"color": "#D55E00", "width": 3, "dash": "solid"}})
    figure.update_xaxes(visible=False, range=[0, width]).update_yaxes(visible=False, range=[height, 0], scaleanchor="x")
    return figure


def _search(system: System) -> None:
    """Like this or of its kind, where something was marked; and the button."""
    values = knobs.said(system)
    if values["example_box"] or values["example_picture"]:
        values |= knobs.knobs(system, ("like",))
    elif not (values["question"] or values["targets"]):
        st.info("Draw a box around a thing, or type what you look for.", icon=":material/search:")
        return
    tasks.run_button(system, values, label="Search your video", cost=own_knobs.cost, key="run.own",
                     is_ready=lambda asked: own_knobs.is_ready(system, asked, place=".own"))


@st.cache_data(max_entries=20, show_spinner="Reading your video")
def _strip(path: str, name: str) -> tuple[np.ndarray, float]:
    """Frames from all over a video beside each other, (STRIP_HEIGHT_PX, w, 3) RGB, and its length in seconds."""
    from worlds.video import open_video

    with open_video(path, name=name) as opened:
        duration_s = opened.info.duration_s
        seconds = [duration_s * (index + 0.5) / STRIP_FRAMES for index in range(STRIP_FRAMES)]
        frames = opened.frames_at(seconds, max_side_px=320)
    width = min(STRIP_FRAME_PX, max(1, round(frames[0].shape[1] * STRIP_HEIGHT_PX / frames[0].shape[0])))
    scaled = [cv2.resize(frame, (width, STRIP_HEIGHT_PX)) for frame in frames]
    return np.concatenate(scaled, axis=1), duration_s


@st.cache_data(max_entries=40, show_spinner=False)
def _frame(path: str, name: str, second: float) -> np.ndarray:
    from worlds.video import open_video

    with open_video(path, name=name) as opened:
        return opened.frames_at([second], max_side_px=720)[0]
