"""What a person can turn before a T* search, and what the search will cost."""


import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.knobs import UPLOAD
from backends.registry import System
from backends.tstar.results import TStarResult
from backends.tstar.settings import BY_SIMILARITY, IMAGE_NETWORK, TStarSettings
from pages.house import costs, knobs, results, session, view
from pages.house.text import plain
from visualizers.ladder import memory_mb
from visualizers.tstar.methods import METHOD_NAMES
from worlds.errors import InputError
from worlds.haystack.samples import SAMPLES, haystack_of
from worlds.picture_kinds import HEIC, offered

OWN, GENERATED = "own", "generated"
NOTHING_YET = "upload:none"  # one's own video was chosen, and none is there
PAID = ("random_grid", "dense", "budgeted_dense", "scene_change", *BY_SIMILARITY)  # methods that pay per frame


def fold(system: System) -> DeltaGenerator:
    """Where the knobs are; filled by the page, later. Open where a file has to be uploaded first."""
    return st.expander("Your video, your question, every knob", icon=":material/tune:", key=f"fold.{system.name}",
                       expanded=bool(st.session_state.get(f"needs.{system.name}")))


def input_knobs(system: System) -> tuple[dict[str, object], DeltaGenerator]:
    """Video, question, what to look for; and the place beside the words where something can be said of them."""
    key = knobs.held(system, "video")
    wanted = st.session_state[key]
    samples = {sample.id: f"Sample: {sample.title}{'' if sample.is_shipped else ' (drawn on first use)'}"
               for sample in SAMPLES.values()}
    kinds = [*samples, GENERATED, OWN]
    kind = wanted if wanted in samples else GENERATED if wanted.startswith("generated:") else OWN
    labels = samples | {GENERATED: "A new drawn video", OWN: "My own video"}
    if st.session_state.get("tstar.kind.of") != wanted:  # a preset or a link chose another video
        st.session_state["tstar.kind"], st.session_state["tstar.kind.of"] = kind, wanted
    choice = st.selectbox("Video", kinds, format_func=lambda kind: labels[kind], key="tstar.kind",
                          help="Samples are drawn videos whose truth is known. Your own file stays on this machine.")
    video = choice
    if choice == GENERATED:
        first, second, third = st.columns(3)
        minutes = first.slider("Minutes", 2, 60, 10, key="tstar.minutes", help="Length of the video to draw.")
        seed = second.number_input("World seed", 0, 99_999, 7, key="tstar.world_seed", help="Another seed draws another house.")
        seconds = third.slider("Seconds in view", 4, 10, 6, key="tstar.needle_s", help="How long the target can be seen.")
        video = f"generated:minutes={minutes},seed={seed},needle_s={seconds}"
    if choice == OWN:
        video = _upload(system, wanted)
    st.session_state[key] = st.session_state["tstar.kind.of"] = video
    values: dict[str, object] = {"video": video}
    values |= knobs.knobs(system, ("question", "targets", "cues"))
    said = st.container()
    if choice == OWN and video != NOTHING_YET:
        values |= _example(system, video)
    return values, said


def _upload(system: System, wanted: str) -> str:
    brought = knobs.uploaded(system, "video", "Video file", key="tstar.upload",
                             note="mp4, mkv, webm, mov or avi; at most 1 GB and 3 hours. It stays in this session.")
    if brought:
        st.caption("Mark an example below, or type words: the miniature knows drawn objects only, '1,000 ImageNet kinds' "
                   "(make real) finds many things in real footage, a real detector takes any words.")
        return brought
    return wanted if wanted.startswith("upload:") else NOTHING_YET


def _example(system: System, video: str) -> dict[str, object]:
    """Let the person draw a box on one frame: search by example needs no trained model."""
    from worlds.video import open_video

    name = video.partition(":")[2]
    if picture := _picture(system):
        return {"example_picture": picture} | knobs.knobs(system, ("like",))
    try:
        with open_video(session.current().inputs().file(name), name=name) as opened:
            duration = opened.info.duration_s
            st.session_state[f"tstar.length.{video}"] = int(duration)
            second = st.slider("Frame to mark the example on", 0, int(duration), key="tstar.example_s", format="%d s",
                               help="Move to a second on which the thing you look for can be seen.") if duration >= 1 else 0
            frame = opened.frames_at([float(second)], max_side_px=720)[0]
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return {}
    figure = go.Figure(go.Image(z=frame))
    height, width = frame.shape[:2]
    grid_y, grid_x = np.mgrid[0:height:24, 0:width:24]
    figure.add_trace(go.Scatter(x=grid_x.ravel(), y=grid_y.ravel(), mode="markers", marker={"opacity": 0, "size": 1},
                                hoverinfo="skip", showlegend=False))  # a box can only be drawn over points
    figure.update_layout(dragmode="select", height=440, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False, range=[0, width]).update_yaxes(visible=False, range=[height, 0], scaleanchor="x")
    st.caption("Draw a box around what you look for, or upload a picture of it above.")
    picked = view.picking_chart(figure, key="tstar.example", on_select="rerun", selection_mode="box")
    boxes = picked.selection.box if picked and picked.selection else []
    if not boxes:
        return {}
    xs, ys = np.clip(np.array(boxes[0]["x"]) / width, 0, 1), np.clip(np.array(boxes[0]["y"]) / height, 0, 1)
    box = (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
    st.caption(f"Looking for what is in the box at second {second}: every appearance but the one that you mark.")
    return {"example_s": float(second), "example_box": box} | knobs.knobs(system, ("like",))


def _picture(system: System) -> str:
    """A picture of the thing alone, instead of a box on a frame: its "upload:NAME", or nothing."""
    name = "example_picture"
    brought = knobs.uploaded(system, name, "A picture of what you look for", key="tstar.picture",
                             note=f"{offered()}, cropped closely to the thing; at most {knobs.upload_mb(system, name)} MB. It stays "
                             f"in this session. {HEIC} Or draw a box below.")
    if brought:
        st.caption(f"Looking for what is in {plain(brought.removeprefix(UPLOAD))}. Remove it to draw a box on a frame instead.")
    return brought


def has_its_video(asked: TStarSettings | None) -> bool:
    """Whether there is a video; says what to do where one's own was chosen and none was uploaded yet."""
    if asked is None or asked.video != NOTHING_YET:
        return True
    st.info("Upload your video above: then you can mark a thing in it, or type what you look for.", icon=":material/upload:")
    return False


def knows_the_words(system: System, asked: TStarSettings) -> bool:
    """Whether the detector can look for what was typed; says what it does not know, and offers one that does."""
    said = system.objection(asked)
    if not said:
        return True
    st.warning(plain(said), icon=":material/help:")
    other = asked.model_copy(update={"detector": IMAGE_NETWORK})
    if asked.detector != IMAGE_NETWORK and not system.objection(other):
        st.button("Use '1,000 ImageNet kinds'", key="use.kinds", icon=":material/swap_horiz:", on_click=st.session_state.__setitem__,
                  args=(knobs.knob_key(system, "detector"), IMAGE_NETWORK), help="Turns the knob Detector to the image network.")
    return False


def baseline_knob(system: System) -> tuple[str, ...]:
    return tuple(st.multiselect("Compare with", [name for name in METHOD_NAMES if name != "tstar"],
                                key=knobs.held(system, "baselines"), format_func=lambda name: METHOD_NAMES[name],
                                help="Run on the same video with the same number of key frames. "
                                "A dense scan looks at every second."))


def has_its_similarity(asked: TStarSettings) -> bool:
    """Whether every baseline has its model; says which has not."""
    lacking = [name for name in BY_SIMILARITY if name in asked.baselines and not asked.similarity]
    if lacking:
        st.warning(f"{', '.join(METHOD_NAMES[name] for name in lacking)} compare frames with the question by an image-text model. "
                   "Choose one under 'Selection and answer', or leave them out.", icon=":material/rule:")
    return not lacking


def _model_of(settings: TStarSettings) -> tuple[str, str, bool, str]:
    """What a rate belongs to."""
    return settings.detector, settings.quantisation, settings.by_example, settings.like if settings.by_example else ""


def remember(result: TStarResult, *, is_recorded: bool) -> None:
    """Keep how long a frame took, per method; not what a file says: every visitor's cost line goes by it."""
    if results.was_brought(result):
        return
    search_s = sum(step.seconds for step in result.iterations)  # without opening the video and loading the model
    work = {row.method: (float(row.frames_seen), row.seconds) for row in result.methods[1:] if row.method in PAID}
    costs.remember("tstar", _model_of(result.settings), work | {"tstar": (float(result.costs.frames_grid), search_s)},
                   is_recorded=is_recorded)


def cost(asked: TStarSettings) -> str:
    """Memory and seconds that a run with these settings may take, in a line."""
    length = _num_positions(asked.video)
    memory = f"Models: about {memory_mb(asked):,} MB."
    if length is None:
        return f"{memory} Seconds: known once the video is there."
    most = asked.most_frames(length)
    foreseen = costs.foresee("tstar", _model_of(asked), most)
    seen = f"T\\* looks at {most['tstar']} of {length} frames at most, in whole grids"
    if foreseen is None:
        return f"{memory} {seen}; this model was not timed here yet."
    limit = costs.beyond_the_limit(foreseen.seconds)
    return f"{memory} {seen}: up to {costs.in_words(foreseen.seconds)} with all baselines, going by {foreseen.basis}.{limit}"


def _num_positions(video: str) -> int | None:
    """Seconds of a video without opening it; None where only opening would tell."""
    kind = video.partition(":")[0]
    if kind == "upload":
        return st.session_state.get(f"tstar.length.{video}")
    try:
        return int(haystack_of(video).spec.minutes * 60)
    except InputError:
        return None
