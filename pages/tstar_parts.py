"""The sections of the T* page."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from backends.registry import System
from backends.tstar.results import TStarResult
from pages import parts
from visualizers import tstar as figures
from visualizers.theme import METHOD_NAMES
from worlds.errors import InputError
from worlds.samples import SAMPLES

OWN, GENERATED = "own", "generated"
PLAYABLE_MB = 300  # a larger upload is not sent back to the browser whole


def input_knobs(system: System) -> dict[str, Any]:
    """Video, question, what to look for."""
    key = parts.knob_key(system, "video")
    wanted = st.session_state.get(key, system.settings.model_fields["video"].default)
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
        seed = second.number_input("World seed", 0, 99_999, 7, key="tstar.world_seed", help="Another seed, another house.")
        seconds = third.slider("Seconds in view", 4, 10, 6, key="tstar.needle_s", help="How long the target can be seen.")
        video = f"generated:minutes={minutes},seed={seed},needle_s={seconds}"
    if choice == OWN:
        video = _upload(system, wanted)
    st.session_state[key] = st.session_state["tstar.kind.of"] = video
    values: dict[str, Any] = {"video": video}
    values |= parts.knobs(system, ("question", "targets", "cues"))
    if choice == OWN and video.startswith("upload:"):
        values |= _example(system, video)
    return values


def _upload(system: System, wanted: str) -> str:
    file = st.file_uploader("Video file", type=list(system.upload_kinds), key="tstar.upload", max_upload_size=1024,
                            help="mp4, mkv, webm, mov or avi; at most 1 GB and 3 hours. It stays in this session.")
    if file is not None:
        try:
            stored = st.session_state.get(f"tstar.stored.{file.file_id}")
            if stored is None:
                stored = st.session_state[f"tstar.stored.{file.file_id}"] = parts.session().add_upload(file.name, file)
            st.caption("The miniature detector knows drawn objects only. For a real video, mark an example below, or choose a "
                       "real detector if this machine has one.")
            return f"upload:{stored}"
        except InputError as error:
            st.error(parts.plain(str(error)), icon=":material/error:")
    return wanted if wanted.startswith("upload:") else "upload:none"


def _example(system: System, video: str) -> dict[str, Any]:
    """Let the person draw a box on one frame: search by example needs no trained model."""
    from worlds.video import open_video

    name = video.partition(":")[2]
    try:
        with open_video(parts.session().inputs().file(name)) as opened:
            duration = opened.info.duration_s
            second = st.slider("Frame to mark the example on", 0, int(duration), key="tstar.example_s", format="%d s",
                               help="Move to a second on which the thing you look for can be seen.") if duration >= 1 else 0
            frame = opened.frames_at([float(second)], max_side_px=720)[0]
    except InputError as error:
        st.error(parts.plain(str(error)), icon=":material/error:")
        return {}
    figure = go.Figure(go.Image(z=frame))
    height, width = frame.shape[:2]
    grid_y, grid_x = np.mgrid[0:height:24, 0:width:24]
    figure.add_trace(go.Scatter(x=grid_x.ravel(), y=grid_y.ravel(), mode="markers", marker={"opacity": 0, "size": 1},
                                hoverinfo="skip", showlegend=False))  # a box can only be drawn over points
    figure.update_layout(dragmode="select", height=440, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False, range=[0, width]).update_yaxes(visible=False, range=[height, 0], scaleanchor="x")
    st.caption("Draw a box around what you look for.")
    picked = parts.chart(figure, key="tstar.example", on_select="rerun", selection_mode="box")
    boxes = picked.selection.box if picked and picked.selection else []
    if not boxes:
        return {}
    xs, ys = np.clip(np.array(boxes[0]["x"]) / width, 0, 1), np.clip(np.array(boxes[0]["y"]) / height, 0, 1)
    box = (float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max()))
    st.caption(f"Looking for what is in the box at second {second}.")
    return {"example_s": float(second), "example_box": box}


def baseline_knob(system: System) -> tuple[str, ...]:
    key = parts.knob_key(system, "baselines")
    default = system.settings.model_fields["baselines"].default
    kept = st.session_state.get(key, default)
    st.session_state[key] = [name for name in (kept.split(", ") if isinstance(kept, str) else kept) if name]
    return tuple(st.multiselect("Compare with", [name for name in METHOD_NAMES if name != "tstar"], key=key,
                                format_func=lambda name: METHOD_NAMES[name],
                                help="Run on the same video with the same number of key frames. "
                                "A dense scan looks at every second."))


def verdict(result: TStarResult) -> None:
    """The answer and what it took: one line each."""
    seen, length = result.costs.frames_grid, result.video.num_positions
    found = [target for target in result.targets if target not in result.unconfirmed]
    first, second, third, fourth = st.columns(4)
    first.metric("Frames looked at", f"{seen} of {length}", help="Grid frames; second looks are counted below.")
    second.metric("Found", f"{len(found)} of {len(result.targets)}", help=f"Confirmed with a score above {result.threshold:.2f}.")
    third.metric("Seconds", f"{result.costs.total_s:.1f}", help=f"First grid after {result.costs.first_iteration_s:.2f} s.")
    if result.methods and result.methods[0].recall is not None:
        fourth.metric("Recall within 5 s", f"{result.methods[0].recall:.0%}", help="Share of true seconds with a key frame near.")
    if result.answer:
        right = {True: " :green-badge[right]", False: " :red-badge[wrong]", None: ""}[result.answer.is_correct]
        option = result.options.get(result.answer.text, result.answer.text)
        st.markdown(f"**Answer: {parts.plain(option)}**{right}  \n{parts.plain(result.answer.why)}")
    if result.unconfirmed:
        st.warning(f"Not confirmed within the budget: {', '.join(result.unconfirmed)}. The frames below are the best guesses.",
                   icon=":material/search_off:")


def replay(result: TStarResult) -> None:
    """The search, grid by grid."""
    st.markdown(f"##### {parts.plain(result.question)}")
    if not result.iterations:
        return
    count = len(result.iterations)
    number = st.session_state.setdefault("tstar.step", count)
    if not 1 <= number <= count or st.session_state.get("tstar.step.of") != id(result):
        st.session_state["tstar.step"], st.session_state["tstar.step.of"] = count, id(result)
    step = result.iterations[st.session_state["tstar.step"] - 1]
    picture, charts = st.columns([2, 3])
    picture.image(figures.canvas_picture(step), width="stretch", alt=f"Grid {step.number}: frames with detected boxes",
                  caption=f"What the detector was shown ({step.model_px} px there). Orange: targets, blue: cues. "
                          "Green frame: confirmed at a second look, red: refused.")
    with charts:
        parts.chart(figures.timeline(step, result.truth_spans, result.truth_s), key="timeline")
        parts.chart(figures.heatmap(result.iterations[:step.number]), key="heatmap")
    if count > 1:
        slider, back, on = st.columns([6, 1, 1], vertical_alignment="bottom")
        back.button("Back", key="step.back", on_click=_step, args=(-1, count), width="stretch", help="One grid back")
        on.button("Step", key="step.on", on_click=_step, args=(1, count), width="stretch", help="One grid on")
        slider.slider("Grid of the search", 1, count, key="tstar.step", help="Go through the search grid by grid.")
    st.caption("To notice: the first grid is spread evenly; later ones crowd where a cue or the target lit up.")


def _step(by: int, count: int) -> None:
    st.session_state["tstar.step"] = min(count, max(1, st.session_state["tstar.step"] + by))


def film_strip(system: System, result: TStarResult) -> None:
    """The key frames; a click makes the video jump there."""
    st.subheader("Key frames")
    for first in range(0, len(result.keyframes), 4):
        for column, frame in zip(st.columns(4), result.keyframes[first:first + 4]):
            column.image(figures.keyframe_picture(frame), width="stretch", alt=f"Key frame at {figures.clock(frame.second)}",
                         caption=f"score {frame.score:.2f}{', confirmed' if frame.is_confirmed else ''}")
            column.button(f"Play from {figures.clock(frame.second)}", key=f"jump.{frame.second}", width="stretch",
                          icon=":material/play_circle:", on_click=st.session_state.__setitem__,
                          args=("tstar.jump", max(0, frame.second - 2)))
    if "tstar.jump" in st.session_state:
        path = video_path(result.settings.video)
        if path is None:
            st.info("The video of this run is not in this session. Upload it to play it.", icon=":material/info:")
        elif path.stat().st_size > PLAYABLE_MB * 1e6:
            st.info("This video is too large to send back whole; take the clip of the moments below.", icon=":material/info:")
        else:
            st.video(str(path), start_time=int(st.session_state["tstar.jump"]))


def video_path(video: str) -> Path | None:
    """The file of a video of this session, or of a sample that is already drawn."""
    from worlds.samples import sample_path

    kind, _, name = video.partition(":")
    if kind == "upload":
        return parts.session().inputs().files.get(name)
    return sample_path(video)


def comparison(result: TStarResult) -> None:
    left, right = st.columns(2)
    with left:
        parts.chart(figures.recall_curve(result), key="recall")
    with right:
        parts.chart(figures.cost_bars(result), key="costs")
    if result.seed_curves and result.truth_s:
        parts.chart(figures.seeds_figure(result), key="seeds")
    table = figures.method_table(result)
    st.dataframe(table, hide_index=True, width="stretch")
    st.download_button("Table (CSV)", table.to_csv(index=False), "tstar-methods.csv", "text/csv", key="methods.csv",
                       on_click="ignore")
    costs = result.costs
    st.caption(f"T*: {costs.frames_grid} grid frames in {costs.detector_calls_grid} pictures, {costs.frames_verify} second looks; "
               f"decoding {costs.decode_s:.2f} s, detecting {costs.detect_s:.2f} s.")


def beside_the_paper(result: TStarResult) -> None:
    with st.expander("Beside the paper", icon=":material/menu_book:"):
        st.caption("The paper's Table 2, LV-Haystack, in percent, on hour-long real videos and its own detector. The last row is "
                   "this run, on one drawn video: the mechanism is the same, the numbers cannot be compared.")
        st.dataframe(figures.paper_table(result), hide_index=True, width="stretch")


def how_it_works(result: TStarResult) -> None:
    settings = result.settings
    st.markdown(
        f"1. The question names **{', '.join(result.targets)}**; near it there may be {', '.join(result.cues) or 'nothing known'}.\n"
        f"2. {settings.grid} x {settings.grid} seconds are tiled into one picture, and the detector looks once.\n"
        "3. Each cell's score is the best box in it, a cue counting less:")
    st.latex(rf"C_{{ij}} = \max_{{o}} c_o\, w_o, \qquad w_{{target}} = 1,\; w_{{cue}} = {settings.cue_weight:g}")
    st.markdown(f"4. The best frames share their score with {settings.window} s on each side, and a distribution is made "
                f"(rule *{settings.rule}*):")
    st.latex(r"S_{t+\delta} \leftarrow \max\left(S_{t+\delta},\ \frac{S_t}{|\delta| + 1}\right)")
    st.markdown(f"5. Frames that showed a target are looked at again, alone; above $\\theta = {result.threshold:.2f}$ the target is "
                "confirmed. When all are, or the budget is spent, the best seconds are returned.")


def downloads(system: System, result: TStarResult) -> None:
    first, second, third = st.columns(3)
    first.download_button("Frames (zip)", lambda: figures.keyframe_zip(result), "keyframes.zip", key="frames.zip",
                          width="stretch", on_click="ignore")
    second.download_button("Contact sheet (JPEG)", lambda: figures.contact_sheet(result), "contact-sheet.jpg", "image/jpeg",
                           key="sheet.jpg", width="stretch", on_click="ignore")
    third.download_button("Moments (mp4)", lambda: clip(result), "moments.mp4", "video/mp4", key="clip.mp4", width="stretch",
                          on_click="ignore", help="The key frames with two seconds on each side, joined.")


def clip(result: TStarResult) -> bytes:
    """An mp4 of the moments found."""
    from worlds.video import write_clip

    path = video_path(result.settings.video)
    if path is None:
        raise InputError("The video of this run is not in this session. Upload it again.")
    spans: list[tuple[float, float]] = []
    for frame in result.keyframes:
        start, end = max(0.0, frame.second - 2.0), min(result.video.duration_s, frame.second + 3.0)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "moments.mp4"
        write_clip(path, spans, out)
        return out.read_bytes()


def score_files() -> None:
    """Score uploaded result files against uploaded annotations, as the benchmark does and as it should."""
    from backends.tstar.scoring import score_files as score

    st.markdown("Bring LV-Haystack annotations and result files of T* or of others; every format of the released code is read. "
                "Temporal scores need no video.")
    truth = st.file_uploader("Annotations (parquet, JSON, JSON lines)", key="score.truth", max_upload_size=100,
                             help="Haystack-Ego4D rows, the early parallel lists, or LongVideoBench items; at most 100 MB.")
    results = st.file_uploader("Result files (JSON)", key="score.results", accept_multiple_files=True, max_upload_size=100,
                               help="Files of the frame search, current or early; at most 100 MB each.")
    if not results:
        return
    try:
        scored = score(truth.getvalue() if truth else None, {file.name: file.getvalue() for file in results})
    except InputError as error:
        st.error(parts.plain(str(error)), icon=":material/error:")
        return
    for note in scored.notes:
        st.info(parts.plain(note), icon=":material/info:")
    table = figures.score_table(scored)
    st.dataframe(table, hide_index=True, width="stretch")
    st.download_button("Scores (CSV)", table.to_csv(index=False), "scores.csv", "text/csv", key="scores.csv", on_click="ignore")
