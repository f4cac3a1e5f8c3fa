"""One T* search from a video and a question to key frames, an answer and the same for the baselines."""

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack

from backends.run import E, Ended, Inputs, Progress, RunStopped
from backends.tstar.comparison import Comparison, compare, own_row
from backends.tstar.detectors import open_detector
from backends.tstar.results import MAX_POSITIONS, Costs, Iteration, TStarResult, VideoFacts
from backends.tstar.search import Search
from backends.tstar.seeing import answer_question
from backends.tstar.settings import TStarSettings
from backends.tstar.shots import Shots
from backends.tstar.sources import ask, blaming_nobody, open_source
from backends.tstar.video_search import Task, VideoSearch
from backends.tstar.visual import with_visual
from worlds.errors import InputError
from worlds.video import open_video

MIN_POSITIONS = 1


def run(settings: TStarSettings, inputs: Inputs) -> Iterator[Progress | Iteration | TStarResult]:
    """Yield Progress and one Iteration per grid, then the TStarResult.

    A stopped run still yields the result of the iterations that it did.

    Raises:
        InputError: the video, the names or the model cannot be used; one sentence says why.
    """
    with ExitStack() as stack:
        task = yield from _open(settings, inputs, stack)
        if settings.example_box:
            yield Progress(0.04, "Looking around the mark")
        found = VideoSearch(task)
        ended = yield from _until_stopped(_search(found))
        total_s = time.perf_counter() - task.started
        comparison = Comparison([own_row(found, total_s)])
        if ended == "finished":
            ended = yield from _until_stopped(compare(task, found, comparison))
        yield _result(task, found, comparison, ended, total_s)


def _open(settings: TStarSettings, inputs: Inputs, stack: ExitStack) -> Generator[Progress, None, Task]:
    """Return what is searched, for what and by which detector; all of it is open until `stack` is."""
    yield Progress(0.0, "Opening the video")
    source = yield from open_source(settings, inputs)
    stack.enter_context(blaming_nobody(source))
    started = time.perf_counter()
    video = stack.enter_context(open_video(source.path, name=source.name))
    length = max(MIN_POSITIONS, int(video.info.duration_s))
    if length > MAX_POSITIONS:
        raise InputError(f"The video is {length:,} s long. At most {MAX_POSITIONS:,} s can be searched.")
    yield Progress(0.02, "Reading the question")
    asked = ask(settings, source, video)
    if not asked.targets:
        raise InputError("No object to look for was found in the question. Type it under 'Objects to find'.")
    yield Progress(0.03, "Loading the detector")
    ready = stack.enter_context(open_detector(settings, video, inputs))
    return Task(settings, source, video, asked, ready, Shots(video, video.info.duration_s), length, started)


def _until_stopped(events: Iterator[E]) -> Generator[E, None, Ended]:
    """Pass the events on; return why there are no more. Unlike `keeping`, a stop before the first grid still makes a result."""
    try:
        yield from events
    except RunStopped as stop:
        return stop.ended
    return "finished"


def _search(found: VideoSearch) -> Iterator[Progress | Iteration]:
    while not found.is_over:
        yield found.progress()
        yield found.iterate()


def _result(task: Task, found: VideoSearch, comparison: Comparison, ended: Ended, total_s: float) -> TStarResult:
    settings, source, asked, ready, info = task.settings, task.source, task.asked, task.ready, task.video.info
    rows = with_visual(comparison.rows, found.truth_s, task.video)
    keyframes = found.keyframes()
    is_left_out = ended != "finished" and bool(settings.vlm)  # a large model takes minutes, and somebody has waited enough
    answer = None if is_left_out else answer_question(settings, asked.question, asked.options, asked.expected, task.video, ready,
                                                      [frame.second for frame in keyframes])
    unasked = ("The run ended early, so that no model was asked for the answer.",) if is_left_out else ()
    return TStarResult(
        seed=settings.seed, model_id=ready.model_id, is_miniature=ready.is_miniature, ended=ended,
        notes=(*source.notes, *asked.notes, *ready.notes, *task.video.notes, *_grid_note(settings, found.search), *unasked),
        settings=settings,
        video=VideoFacts(name=source.name, duration_s=info.duration_s, width=info.width, height=info.height,
                         frame_rate=info.frame_rate, codec=info.codec, num_positions=task.length),
        question=asked.question, options=asked.options, targets=asked.targets, cues=asked.cues, threshold=ready.threshold,
        floor=ready.floor, iterations=tuple(found.iterations), keyframes=tuple(keyframes), appearances=found.found(),
        unconfirmed=found.unconfirmed(), truth_s=found.truth_s, truth_spans=source.truth_spans, rooms=source.rooms, answer=answer,
        methods=tuple(rows), seed_curves=tuple(comparison.curves),
        costs=_costs(task, found, total_s, frames_answer=len(keyframes) if answer else 0))


def _costs(task: Task, found: VideoSearch, total_s: float, *, frames_answer: int) -> Costs:
    """What the search itself spent, and what was looked at afterwards, which is no second look."""
    asked, detector, num_grids, shown = task.asked, found.detector, len(found.iterations), found.frames_shown
    return Costs(
        frames_grid=found.frames_grid, frames_verify=detector.frames_seen - found.frames_grid - shown,
        frames_keyframes=shown, frames_answer=frames_answer,
        frames_grounding=asked.frames_read + task.ready.frames_read, detector_calls_grid=num_grids,
        detector_calls_verify=detector.calls - num_grids - shown, vlm_calls=asked.vlm_calls, decode_s=task.video.decode_s,
        detect_s=detector.detect_s, vlm_s=asked.vlm_s, total_s=total_s, first_iteration_s=found.first_s)


def _grid_note(settings: TStarSettings, search: Search) -> tuple[str, ...]:
    if search.grid == settings.grid:
        return ()
    return (f"The video has {search.length} s, too few for a {settings.grid} x {settings.grid} grid; "
            f"{search.grid} x {search.grid} was used.",)
