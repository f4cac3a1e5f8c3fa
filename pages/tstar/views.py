"""The sections of the T* page."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

import models
from backends.files.csv_text import to_csv
from backends.files.rows import counted
from backends.knobs import UPLOAD
from backends.registry import System
from backends.run import Inputs
from backends.tstar.results import Appearance, Costs, Iteration, TStarResult
from pages.house import address, session, view, words
from pages.house.text import plain
from visualizers.text import per_cent
from visualizers.tstar import figures
from worlds.errors import InputError, telling_of_the_disk

ENLARGED_PX = 300
LEAD_S = 2  # a video starts a little before the moment
KEYFRAME_WIDTH_PX = METRIC_WIDTH_PX = 168  # two fit beside each other on a phone
PLAYED_CODECS = ("h264", "vp8", "vp9", "av1")  # by browsers, in files of these kinds
PLAYED_ENDINGS = (".mp4", ".m4v", ".mov", ".webm")
EXCERPT_S = 15
PLAYABLE_MB = 300  # a larger upload is not sent back to the browser whole


def verdict(result: TStarResult) -> None:
    """The answer and what it took, whichever grid is shown above: one line each."""
    if len(result.iterations) > 1:
        st.markdown(f"**At the end of the search**, after grid {result.iterations[-1].number}:")
    seen, length = result.costs.frames_grid, result.video.num_positions
    targets = [target for target in result.targets if target not in result.unconfirmed]
    with st.container(horizontal=True):
        st.metric("Frames looked at", f"{seen} of {length}", width=METRIC_WIDTH_PX,
                  help="Grid frames; second looks are counted below.")
        if result.settings.finds_all:
            st.metric("Appearances", len(result.found), width=METRIC_WIDTH_PX,
                      help=f"Stretches of a shot, confirmed with a score above {result.threshold:.2f}; not the marked one.")
        else:
            found = "wrong" if result.is_mistaken else f"{len(targets)} of {len(result.targets)}"
            st.metric("Found", found, width=METRIC_WIDTH_PX, help=f"Confirmed with a score above {result.threshold:.2f}.")
        st.metric("Seconds of search", f"{result.costs.total_s:.1f}", width=METRIC_WIDTH_PX,
                  help=f"Of T* alone: without waiting, loading and the other methods. First grid after "
                  f"{result.costs.first_iteration_s:.2f} s.")
        if result.methods and result.methods[0].recall is not None:
            st.metric("Recall within 5 s", f"{result.methods[0].recall:.0%}", width=METRIC_WIDTH_PX,
                      help="Share of true seconds with a key frame near.")
    if result.answer:
        verdict = {True: " :green-badge[correct]", False: " :red-badge[wrong]", None: ""}[result.answer.is_correct]
        option = result.options.get(result.answer.text, result.answer.text)
        guess = "A guess, for the thing itself was not confirmed: " if result.unconfirmed or result.is_mistaken else ""
        st.markdown(f"**Answer: {plain(option)}**{verdict}  \n{guess}{plain(result.answer.why)}")
    if result.is_mistaken:
        st.warning("Taken for the target, but wrongly: no key frame is within 5 s of where it truly is.",
                   icon=":material/wrong_location:")
    if result.unconfirmed and result.settings.by_example:
        marked = next((one for one in result.appearances if one.is_marked), None)
        besides = f" besides what you marked at {figures.span(marked)}" if marked else ""
        st.warning(f"Nothing like it was confirmed{besides}. The frames below are the best guesses.", icon=":material/search_off:")
    elif result.unconfirmed:
        st.warning(f"Not confirmed within the budget: {plain(', '.join(result.unconfirmed))}. The frames below are the best guesses.",
                   icon=":material/search_off:")


def replay(result: TStarResult) -> None:
    """The search, grid by grid."""
    st.header(plain(result.question))
    if not result.iterations:
        return
    count = len(result.iterations)
    step = result.iterations[st.session_state[address.view("tstar", "step", range(1, count + 1), count, of=result)] - 1]
    picture, charts = st.columns([2, 3])
    with picture:
        view.picture(figures.canvas_picture(step), "tstar.grid", alt=f"Grid {step.number}: frames with detected boxes", is_first=True,
                     caption=f"What the detector was shown ({step.model_px} px there). Orange: targets, blue: cues. "
                     "Green frame: confirmed at a second look, red: refused.")
    _enlarged(picture, step, result)
    with charts:
        view.picking_chart(figures.timeline(step, result.truth_spans, result.truth_s, _shown(result, step)), key="timeline",
                           selection_mode="points", on_select=_jump_to_click, is_first=True)
        if count > 1:  # a single grid is drawn evenly: there is nothing to see in it
            view.chart(figures.heatmap(result.iterations[:step.number]), key="heatmap", is_first=True)
    if count > 1:
        slider, back, on = st.columns([6, 1, 1], vertical_alignment="bottom")
        back.button("Back", key="step.back", on_click=_step, args=(-1, count), width="stretch", help="One grid back")
        on.button("Step", key="step.on", on_click=_step, args=(1, count), width="stretch", help="One grid on")
        slider.slider("Grid of the search", 1, count, key="tstar.step", help="Go through the search grid by grid.")
        st.caption(standing(step))
    st.caption(f"To notice: {_notice(count, result)} A click on a mark of the timeline plays the video from there.")
    words.explain("replay", "grid", "cue", "score", "distribution", "recall", "theta")
    _player(result, "timeline")


def standing(step: Iteration) -> str:
    """Where a search stands after a grid, in a line; of that grid, not of the end."""
    recall = "" if step.recall is None else f" · recall within 5 s so far {per_cent(step.recall)}"
    return (f"After grid {step.number}: {counted(step.frames_seen, 'frame')} looked at · still to confirm: "
            f"{plain(', '.join(step.remaining)) or 'nothing'}{recall} · {step.budget_left} frames of budget left")


def _enlarged(place: DeltaGenerator, step: Iteration, result: TStarResult) -> None:
    """The cell of a grid that was confirmed, or its best, so that it can be seen."""
    cell, said = figures.enlarged_cell(step, result)
    place.image(cell, width=ENLARGED_PX, alt=said, caption=said)


def _notice(count: int, result: TStarResult) -> str:
    """What to look at, of a search of so many grids."""
    if count == 1:
        return "this search had one grid, spread evenly over the whole video: nothing could crowd yet."
    if result.settings.rule == "random":
        return "every grid is drawn blindly from what was not seen yet: none crowds anywhere, whatever lit up."
    return "the first grid is spread evenly; later ones crowd where a cue or the target lit up."


def _shown(result: TStarResult, step: Iteration) -> tuple[Appearance, ...]:
    """What was found up to a grid; the marked one is known from the start."""
    known = {check.second for past in result.iterations[:step.number] for check in past.verifications if check.is_confirmed}
    return tuple(one for one in result.appearances
                 if one.is_marked or any(one.start_s - 0.1 <= second < one.end_s for second in known))


def _jump_to_click() -> None:
    """The video plays from the mark that was clicked on the timeline."""
    points = st.session_state["timeline"].selection.points
    if points:
        _jump("timeline", int(points[0]["x"]))


def _jump(place: str, second: int) -> None:
    st.session_state["tstar.jump"] = (place, max(0, second - LEAD_S))


def _player(result: TStarResult, place: str) -> None:
    """The video, where the person clicked last."""
    where, second = st.session_state.get("tstar.jump", ("", 0))
    if where != place or second > result.video.duration_s:
        return
    try:
        _play(result, second)
    except InputError as error:  # a saved run may name a sample that is none, and a file may end early
        st.error(plain(str(error)), icon=":material/error:")


def _play(result: TStarResult, second: int) -> None:
    path = video_path(result.settings.video, session.current().inputs())
    if path is None:
        st.info("The video of this run is not in this session. Upload it to play it.", icon=":material/info:")
    elif why := _not_played(result, path):
        st.video(_excerpt(str(path), second, result.video.name), width=640, autoplay=True)
        st.caption(f"{EXCERPT_S} s from {figures.clock(second)}, {LEAD_S} s before the mark, written anew and without sound: {why}.")
    else:
        st.video(str(path), start_time=second, width=640, autoplay=True)
        st.caption(f"From {figures.clock(second)}, {LEAD_S} s before the mark.")


def _not_played(result: TStarResult, path: Path) -> str:
    """Why a browser is not given the file itself; empty where it is."""
    if path.stat().st_size > PLAYABLE_MB * 1e6:
        return "the video is too large to be sent back whole"
    if result.video.codec in PLAYED_CODECS and path.suffix.lower() in PLAYED_ENDINGS:
        return ""
    return f"browsers do not play {plain(result.video.codec)} in a file of this kind"


@st.cache_data(max_entries=20, show_spinner="Writing a clip that browsers play")
def _excerpt(path: str, second: int, name: str) -> bytes:
    """A stretch of a video whose kind browsers do not play, as an mp4 that they do."""
    from worlds.video import write_clip

    with telling_of_the_disk(), tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "excerpt.mp4"
        write_clip(Path(path), [(float(second), float(second + EXCERPT_S))], out, name=name)
        return out.read_bytes()


def _step(by: int, count: int) -> None:
    st.session_state["tstar.step"] = min(count, max(1, st.session_state["tstar.step"] + by))


def appearances(result: TStarResult) -> None:
    """Every appearance with its best frame, in order of time; a click makes the video jump to its beginning."""
    st.subheader(f"Appearances: {len(result.found)} found")
    if result.settings.example_box and (marked := next((one for one in result.appearances if one.is_marked), None)):
        st.caption(f"You marked it at {figures.span(marked)}; that one is not among them.")
    pictures = {frame.second: frame for frame in result.keyframes}
    with st.container(horizontal=True):
        for index, one in enumerate(sorted(result.found, key=lambda one: one.start_s)):
            with st.container(width=KEYFRAME_WIDTH_PX):
                if frame := pictures.get(one.best_s):
                    st.image(view.jpeg(figures.keyframe_picture(frame)), width="stretch",
                             alt=f"{one.name} at {figures.clock(one.best_s)}",
                             caption=f"{figures.span(one)} · score {one.score:.2f}")
                else:
                    st.caption(f"{figures.span(one)} · score {one.score:.2f}")
                st.button(f"Play from {figures.clock(one.start_s)}", key=f"appearance.{index}", width="stretch",
                          icon=":material/play_circle:", on_click=_jump, args=("appearances", int(one.start_s)))
    table = figures.appearance_table(result)
    st.download_button("Appearances (CSV)", to_csv(table), "appearances.csv", "text/csv", key="appearances.csv",
                       on_click="ignore", disabled=table.empty, help="Start, end, best second and score of each.")
    _player(result, "appearances")


def film_strip(system: System, result: TStarResult) -> None:
    """The key frames; a click makes the video jump there."""
    if result.found:
        appearances(result)
    st.subheader("Key frames")
    if len(result.iterations) > 1:
        st.caption("Those that the search returned at its end. The triangles over the timeline are those of the grid that is shown.")
    with st.container(horizontal=True):
        for frame in result.keyframes:
            with st.container(width=KEYFRAME_WIDTH_PX):
                st.image(view.jpeg(figures.keyframe_picture(frame)), width="stretch",
                             alt=f"Key frame at {figures.clock(frame.second)}",
                         caption=f"score {frame.score:.2f}{', confirmed' if frame.is_confirmed else ''}")
                st.button(f"Play from {figures.clock(frame.second)}", key=f"jump.{frame.second}", width="stretch",
                          icon=":material/play_circle:", on_click=_jump, args=("strip", frame.second))
    _player(result, "strip")


def video_path(video: str, inputs: Inputs) -> Path | None:
    """The file of a video among a session's uploads, None where it is not there; else of a sample, which may be drawn for that."""
    from worlds.haystack.samples import sample_path

    kind, _, name = video.partition(":")
    return inputs.files.get(name) if kind == "upload" else sample_path(video)


def comparison(result: TStarResult) -> None:
    if figures.knows_the_truth(result):
        left, right = st.columns(2)
        with left:
            view.chart(figures.recall_curve(result), key="recall")
    else:
        right = st.container()
        right.caption("Where the thing really is, is not known for this video: compared here is how much each method looked "
                      "at, not what it found.")
    with right:
        view.chart(figures.cost_bars(result), key="costs")
    if result.seed_curves and result.truth_s:
        first, second = st.columns(2)
        with first:
            view.chart(figures.found_figure(result), key="found")
        with second:
            view.chart(figures.seeds_figure(result), key="seeds")
    table = figures.method_table(result)
    st.dataframe(table, hide_index=True, width="stretch")
    st.download_button("Table (CSV)", to_csv(table), "tstar-methods.csv", "text/csv", key="methods.csv",
                       on_click="ignore")
    costs = result.costs
    st.caption(f"T*: {costs.frames_grid} grid frames in {counted(costs.detector_calls_grid, 'picture')}, "
               f"{counted(costs.frames_verify, 'second look')}; {_looked_afterwards(costs)}"
               f"decoding {costs.decode_s:.2f} s, detecting {costs.detect_s:.2f} s.")


def _looked_afterwards(costs: Costs) -> str:
    """What the returned frames were looked at for after the search: no second look that confirmed anything."""
    reasons = ((costs.frames_keyframes, "to draw what is seen"), (costs.frames_answer, "to read the answer"))
    said = [f"{counted(count, 'key frame')} looked at again {why}" for count, why in reasons if count]
    return f"{', '.join(said)}; " if said else ""


def beside_the_paper(result: TStarResult) -> None:
    with st.expander("The paper's table", icon=":material/menu_book:"):
        own = ("The last row is this run, on one video: the mechanism is the same, the numbers cannot be compared."
               if figures.knows_the_truth(result) else "This run has no row: the truth about its video is not known.")
        st.caption("The paper's Table 2, LV-Haystack, in percent, on hour-long real videos and its own detector. "
                   f"{own}")
        st.dataframe(figures.paper_table(result), hide_index=True, width="stretch")


def _sought(result: TStarResult) -> str:
    if result.settings.by_example:
        return "What is looked for was shown: a mark on a frame, or a picture."
    near = f"; near it there may be {plain(', '.join(result.cues))}" if result.cues else "; nothing is known that may be near"
    return f"The question names **{plain(', '.join(result.targets))}**{near}."


def how_it_works(result: TStarResult) -> None:
    settings = result.settings
    grid = result.iterations[0].grid if result.iterations else settings.grid  # a short video has room for a smaller one
    st.markdown(
        f"1. {_sought(result)}\n"
        f"2. {grid} x {grid} seconds are tiled into one picture, and the detector looks once.\n"
        "3. Each cell's score is the best box in it, a cue counting less:")
    view.formula(rf"C_{{ij}} = \max_{{o}} c_o\, w_o, \qquad w_{{target}} = 1,\; w_{{cue}} = {settings.cue_weight:g}")
    st.markdown(f"4. The best frames share their score with {settings.window} s on each side, and a distribution is made "
                f"(rule *{settings.rule}*):")
    view.formula(r"S_{t+\delta} \leftarrow \max\left(S_{t+\delta},\ \frac{S_t}{|\delta| + 1}\right)")
    ending = ("The search goes on in what is left, until every likely second was looked at or the budget is spent; each "
              "appearance is the stretch of its shot in which further looks still see it." if settings.finds_all else
              "When all are, or the budget is spent, the best seconds are returned.")
    again = "Frames that showed a target are looked at again, alone" if settings.verifies else (
        "This run looks at no frame a second time: what the grid shows counts")
    st.markdown(f"5. {again}; above $\\theta = {result.threshold:.2f}$ the target is confirmed. {ending}")


def larger_grids(result: TStarResult) -> None:
    """What a larger grid costs, as the miniature's own card measured it."""
    figure = figures.grid_recall(_card(result.model_id)) if result.is_miniature else None
    if figure is None:
        return
    chart, words = st.columns([3, 2], vertical_alignment="center")
    with chart:
        view.chart(figure, key="grid.recall")
    words.markdown("**Why not a larger grid?** One look at 8 x 8 covers four times the frames of one at 4 x 4, but every frame "
                   "then has half the width. Furniture is still seen, so cues still guide; the small targets go first. That is why "
                   "promising frames are looked at again alone.")


@st.cache_data(show_spinner=False)
def _card(model_id: str) -> dict[str, object]:
    """What was measured of a miniature when it was made; nothing if it has no card."""
    ours = {folder.name: folder / "card.json" for folder in (Path(models.__file__).parent / "miniatures").iterdir()}
    file = ours.get(Path(model_id).name)  # a saved run may say any name
    return json.loads(file.read_text(encoding="utf-8")) if file and file.is_file() else {}


def downloads(system: System, result: TStarResult) -> None:
    inputs = session.current().inputs()  # here: a download is made in another thread, which knows of no session
    video = result.settings.video
    is_gone = video.startswith(UPLOAD) and video_path(video, inputs) is None  # a sample may have to be drawn: not before a click
    first, second, third = st.columns(3)
    first.download_button("Frames (zip)", lambda: figures.keyframe_zip(result), "keyframes.zip", key="frames.zip",
                          width="stretch", on_click="ignore")
    second.download_button("Contact sheet (JPEG)", lambda: figures.contact_sheet(result), "contact-sheet.jpg", "image/jpeg",
                           key="sheet.jpg", width="stretch", on_click="ignore")
    third.download_button("Moments (mp4)", lambda: clip(result, inputs), "moments.mp4", "video/mp4", key="clip.mp4",
                          width="stretch", on_click="ignore", disabled=is_gone,
                          help="The video of this run is not in this session. Upload it again." if is_gone else
                          "The appearances, or the key frames with two seconds on each side, joined.")


def clip(result: TStarResult, inputs: Inputs) -> bytes:
    """An mp4 of the moments found."""
    from worlds.video import write_clip

    path = video_path(result.settings.video, inputs)
    if path is None:
        raise InputError("The video of this run is not in this session. Upload it again.")
    with telling_of_the_disk(), tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "moments.mp4"
        write_clip(path, moments(result), out, name=result.video.name)
        return out.read_bytes()


def moments(result: TStarResult) -> list[tuple[float, float]]:
    """Start and end of each, in seconds: two before a key frame to two after it, joined where they touch."""
    spans: list[tuple[float, float]] = []
    moments = [(frame.second - 2.0, frame.second + 3.0) for frame in result.keyframes]
    if result.found:  # whole appearances
        moments = sorted((one.start_s, one.end_s) for one in result.found)
    for start, end in moments:
        start, end = max(0.0, start), min(result.video.duration_s, end)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def score_files() -> None:
    """Score uploaded result files against uploaded annotations, as the benchmark does and as it should."""
    from backends.tstar.scoring import score_files as score

    st.markdown("Bring LV-Haystack annotations and result files of T* or of others; every format of the released code is read. "
                "Temporal scores need no video. A row that cannot be read is left out and named.")
    truth = st.file_uploader("Annotations (parquet, JSON, JSON lines, CSV)", key="score.truth", max_upload_size=100,
                             help="Haystack-Ego4D rows, the early parallel lists, or LongVideoBench items; at most 100 MB.")
    results = st.file_uploader("Result files (JSON)", key="score.results", accept_multiple_files=True, max_upload_size=100,
                               help="Files of the frame search, current or early, and score files; at most 100 MB each.")
    rate = st.number_input("Frame rate, where the files have none", 0.01, 1000.0, value=None, key="score.fps", width=260,
                           placeholder="frames per second",
                           help="Raw frame indices become seconds by it. Rows with a rate keep their own.")
    if not results:
        if truth is not None:
            _annotations_alone(truth.getvalue(), truth.name, rate)
        return
    try:
        scored = score(truth.getvalue() if truth else None, _by_name(results), truth_name=truth.name if truth else "", fps=rate)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    table = figures.score_table(scored)
    st.dataframe(table, hide_index=True, width="stretch")
    st.download_button("Scores (CSV)", to_csv(table), "scores.csv", "text/csv", key="scores.csv", on_click="ignore")
    if scored.notes:  # below: what was scored comes first, whatever had to be said of the files
        st.info("\n".join(f"- {plain(note)}" for note in scored.notes), icon=":material/info:")


def _annotations_alone(content: bytes, name: str, rate: float | None) -> None:
    """What the annotations are, and that nothing can be scored yet."""
    from backends.tstar.formats import load_items

    try:
        found = load_items(content, name=name, fps=rate)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    timed = sum(bool(item.key_seconds) for item in found.rows)
    st.info(plain(f"{name}: {counted(len(found.rows), 'question')}, {timed:,} with key frames in seconds. A result file is missing: "
                  "bring one above, and it is scored against them."), icon=":material/upload_file:")
    if found.notes:
        st.info("\n".join(f"- {plain(note)}" for note in found.notes), icon=":material/info:")


def _by_name(files: Sequence[UploadedFile]) -> dict[str, bytes]:
    """Uploads by their names; a name that comes again gets a number."""
    named: dict[str, bytes] = {}
    for file in files:
        name, number = file.name, 1
        while name in named:
            number += 1
            name = f"{file.name} ({number})"
        named[name] = file.getvalue()
    return named
