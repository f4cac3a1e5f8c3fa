"""One T* search from a video and a question to key frames, an answer and the same for the baselines."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np

from backends.run import Ended, Inputs, Progress, RunStopped, seeds_from
from backends.tstar import baselines as methods
from backends.tstar.appearance import with_appearance
from backends.tstar.looking import SHOWN_CANVAS_PX, Looker, jpeg, tile
from backends.tstar.metrics import temporal
from backends.tstar.results import (
    MAX_PICTURE_PX,
    MAX_POSITIONS,
    Answer,
    Appearance,
    Costs,
    Iteration,
    Keyframe,
    MethodRow,
    SeedCurve,
    SeenBox,
    TStarResult,
    Verification,
    VideoFacts,
    recall_of,
)
from backends.tstar.retrieval import Appearances, in_order, leave_out, without
from backends.tstar.scorers import Eyes, open_eyes
from backends.tstar.search import Cell, Search
from backends.tstar.seeing import answer_question, similar_frames
from backends.tstar.settings import TStarSettings, most_grid_frames
from backends.tstar.shots import Shots
from backends.tstar.sources import Asked, Source, ask, blaming_nobody, open_source
from worlds.errors import InputError
from worlds.video import Video, open_video

MIN_POSITIONS = 1


@dataclass
class _Looked:
    """What the search has gathered so far."""

    iterations: list[Iteration] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)  # seconds
    boxes: dict[int, list[SeenBox]] = field(default_factory=dict)  # second -> of its single frame
    appearances: Appearances | None = None  # where every one is looked for

    @property
    def marked(self) -> Appearance | None:
        return next((one for one in self.appearances.found if one.is_marked), None) if self.appearances else None


def run(settings: TStarSettings, inputs: Inputs) -> Iterator[Progress | Iteration | TStarResult]:
    """Yield Progress and one Iteration per grid, then the TStarResult.

    A stopped run still yields the result of the iterations that it did.

    Raises:
        InputError: the video, the names or the model cannot be used; one sentence says why.
    """
    with ExitStack() as stack:
        yield Progress(0.0, "Opening the video")
        source = yield from open_source(settings, inputs)
        stack.enter_context(blaming_nobody(source))
        started = time.perf_counter()  # from the file on disk: drawing a video is not part of the search
        video = stack.enter_context(open_video(source.path, name=source.name))
        length = max(MIN_POSITIONS, int(video.info.duration_s))
        if length > MAX_POSITIONS:
            raise InputError(f"The video is {length:,} s long. At most {MAX_POSITIONS:,} s can be searched.")
        yield Progress(0.02, "Reading the question")
        asked = ask(settings, source, video)
        if not asked.targets:
            raise InputError("No object to look for was found in the question. Type it under 'Objects to find'.")
        yield Progress(0.03, "Loading the detector")
        eyes = stack.enter_context(open_eyes(settings, video, inputs))
        looker = _looker(settings, video, eyes, asked)
        search = Search(settings, length=length, num_targets=len(asked.targets), threshold=eyes.threshold)
        shots = Shots(video, video.info.duration_s)
        first_s = 0.0
        if settings.example_box:
            yield Progress(0.04, "Looking around the mark")
        looked = _begin(settings, search, looker, shots, length)
        source = replace(source, truth_s=without(source.truth_s, looked.marked))
        ended: Ended = "finished"
        rows: list[MethodRow] = []
        curves: list[SeedCurve] = []
        try:
            while not search.is_over:
                yield _progress(search, looked, settings, length)
                looked.iterations.append(_iterate(search, looker, looked, source, asked))
                first_s = first_s or time.perf_counter() - started
                yield looked.iterations[-1]
        except RunStopped as stop:
            ended = stop.ended
        search_s = time.perf_counter() - started
        rows.append(_row("tstar", _key_positions(search, looked), looker, source, search_s, is_new=search.is_new))
        if ended == "finished":
            try:
                for name in settings.baselines:
                    yield Progress(0.9, f"Comparing with {name.replace('_', ' ')}")
                    if (row := _baseline(name, settings, eyes, asked, source, search, shots)) is not None:
                        rows.append(row)
                if settings.num_seeds > 1:
                    for rule in dict.fromkeys((settings.rule, "random")):
                        for seed in seeds_from(settings.seed, settings.num_seeds):
                            yield Progress(0.95, f"Seed {seed} with the rule {rule}")
                            changed = settings.model_copy(update={"rule": rule, "seed": seed})
                            curves.append(_curve(changed, video, eyes, asked, source, length, shots))
            except RunStopped as stop:
                ended = stop.ended
        rows = with_appearance(rows, source.truth_s, video)
        keyframes = _keyframes(search, looked, video, looker)
        reply = answer_question(settings, asked.question, asked.options, asked.expected, video, eyes,
                                [frame.second for frame in keyframes])
        yield _result(settings, source, asked, video, search, looked, keyframes, reply, rows, curves, looker, eyes,
                      ended=ended, first_s=first_s, total_s=search_s)


def _looker(settings: TStarSettings, video: Video, eyes: Eyes, asked: Asked) -> Looker:
    return Looker(video, eyes.detector, (*asked.targets, *asked.cues), num_targets=len(asked.targets),
                  settings=settings, floor=eyes.floor, canvas_px=eyes.canvas_px)


def _begin(settings: TStarSettings, search: Search, looker: Looker, shots: Shots, length: int) -> _Looked:
    """Nothing looked at; where every appearance is looked for, the marked one is known and left out."""
    if not settings.finds_all:
        return _Looked()
    looked = _Looked(appearances=Appearances(looker.singles, shots, length, search.threshold))
    assert looked.appearances is not None
    if settings.example_box and settings.example_s is not None:
        second = min(length - 1, int(settings.example_s))
        marked = looked.appearances.add(second, 0, looker.names[0], 1.0, is_marked=True)
        if marked is not None:
            leave_out(search, marked)
        if search.is_left_out.all():
            raise InputError(f"The marked thing is in view in all {length} s of this video, so that there is nothing else to search. "
                             "Choose a longer video, or set 'finds' to 'first'.")
    return looked


def _key_positions(search: Search, looked: _Looked) -> np.ndarray:
    """The seconds that would be returned now."""
    return looked.appearances.keyframes(search, search.settings.num_frames) if looked.appearances else search.key_positions()


def _progress(search: Search, looked: _Looked, settings: TStarSettings, length: int) -> Progress:
    total = most_grid_frames(settings, length)
    spent = sum(len(iteration.positions) for iteration in looked.iterations)
    left = None
    if looked.iterations:
        mean = sum(iteration.seconds for iteration in looked.iterations) / len(looked.iterations)
        left = mean * (total - spent) / search.count
    stage = f"Searching: grid {search.iteration + 1}, {spent} of at most {total} frames seen"
    if looked.appearances and (found := len(looked.appearances.elsewhere())):
        stage += f", {found} appearance{'s' if found > 1 else ''} found"
    return Progress(0.05 + 0.85 * min(1.0, spent / total), stage, left)


def _iterate(search: Search, looker: Looker, looked: _Looked, source: Source, asked: Asked) -> Iteration:
    """One turn of Sec. 3.2: draw, look, update, verify."""
    start = time.perf_counter()
    positions, q = search.next_positions()
    cells, boxes, frames = looker.grid(positions, search.grid)
    search.update(positions, cells)
    verifications = _check(search, looker, looked, positions, cells)
    keyframes = _key_positions(search, looked)
    return Iteration(
        number=search.iteration, grid=search.grid, positions=positions, support=q,
        cell_confidence=np.array([cell.confidence for cell in cells]), scores=search.scores.copy(),
        probabilities=search.probabilities.copy(), is_new=search.is_new.copy(), boxes=tuple(boxes),
        verifications=tuple(verifications),
        canvas_jpeg=jpeg(tile(frames, search.grid, (SHOWN_CANVAS_PX // search.grid,) * 2)),
        model_px=looker.canvas_px, budget_left=max(0, int(search.budget)),
        remaining=tuple(asked.targets[target] for target in search.remaining),
        frames_seen=sum(len(i.positions) for i in looked.iterations) + len(positions),
        keyframes=keyframes, recall=recall_of(keyframes, source.truth_s), seconds=time.perf_counter() - start)


def _check(search: Search, looker: Looker, looked: _Looked, positions: np.ndarray, cells: list[Cell]) -> list[Verification]:
    """Confirm what the grid showed: at a second look, or without one by the grid's own score."""
    if looked.appearances is not None:
        return _gather(search, looker, looked, looked.appearances, positions, cells)
    if search.settings.verifies:
        return _verify(search, looker, looked, positions, cells)
    for position, cell in zip(positions, cells):
        for target in search.candidates(cell):
            if cell.best[target] > search.threshold:
                search.remaining.remove(target)
                looked.confirmed.add(int(position))
    return []


def _gather(search: Search, looker: Looker, looked: _Looked, appearances: Appearances, positions: np.ndarray,
            cells: list[Cell]) -> list[Verification]:
    """Add an appearance for every second that is confirmed and lies in none yet."""
    verifications = []
    for position, cell in zip(positions.tolist(), cells):
        for target in search.candidates(cell):
            name, seen = looker.names[target], cell
            if appearances.at(position, name) is not None:
                continue
            if search.settings.verifies:
                seen, looked.boxes[position] = looker.singles([position])[0]
            is_confirmed, score = search.verify(position, target, seen), seen.best.get(target, 0.0)
            verifications.append(Verification(second=position, target=name, score=score, is_confirmed=is_confirmed))
            appearances.scores[position, name] = score
            if is_confirmed and (one := appearances.add(position, target, name, score)) is not None:
                looked.confirmed.add(position)
                leave_out(search, one)
    looked.boxes |= appearances.boxes
    return verifications


def _verify(search: Search, looker: Looker, looked: _Looked, positions: np.ndarray, cells: list[Cell]) -> list[Verification]:
    """Look again at frames whose cell showed a target. All are detected in one batch, then judged in drawing order."""
    promising = [int(position) for position, cell in zip(positions, cells) if search.candidates(cell)]
    seen = dict(zip(promising, looker.singles(promising)))
    verifications = []
    for position, cell in zip(positions.tolist(), cells):
        for target in search.candidates(cell):
            single, boxes = seen[position]
            looked.boxes[position] = boxes
            is_confirmed = search.verify(position, target, single)
            verifications.append(Verification(second=position, target=looker.names[target],
                                              score=single.best.get(target, 0.0), is_confirmed=is_confirmed))
            if is_confirmed:  # at most one target per frame and turn, as in the released code
                looked.confirmed.add(position)
                break
    return verifications


def _keyframes(search: Search, looked: _Looked, video: Video, looker: Looker) -> list[Keyframe]:
    seconds = _key_positions(search, looked)
    frames = video.frames_at([float(second) for second in seconds], max_side_px=MAX_PICTURE_PX)
    unseen = [int(second) for second in seconds if int(second) not in looked.boxes]
    looked.boxes.update({second: boxes for second, (_, boxes) in zip(unseen, looker.singles(unseen))})
    confirmed = looked.confirmed if looked.appearances is None else {
        t for (t, _), score in looked.appearances.scores.items() if score > search.threshold}
    alone = {} if looked.appearances is None else {t: score for (t, _), score in sorted(looked.appearances.scores.items())}
    return [Keyframe(second=int(second), score=float(alone.get(int(second), search.scores[second])), jpeg=jpeg(frame),
                     is_confirmed=int(second) in confirmed, boxes=tuple(looked.boxes[int(second)]))
            for second, frame in zip(seconds, frames)]


def _row(name: str, seconds: np.ndarray, looker: Looker | None, source: Source, took_s: float,
         *, is_new: np.ndarray | None = None, frames_seen: int | None = None, note: str = "") -> MethodRow:
    seen = frames_seen if frames_seen is not None else int((~is_new).sum()) if is_new is not None else len(seconds)
    precision = recall = f1 = None
    if source.truth_s:
        scores = temporal(source.truth_s, [float(second) for second in seconds])
    if source.truth_s and scores is not None:
        precision, recall, f1 = scores.precision, scores.recall, scores.f1
    return MethodRow(method=name, keyframes=tuple(float(second) for second in seconds), frames_seen=seen,
                     detector_calls=looker.calls if looker else 0, seconds=took_s, precision=precision, recall=recall, f1=f1,
                     note=note)


def _baseline(name: str, settings: TStarSettings, eyes: Eyes, asked: Asked, source: Source, search: Search,
              shots: Shots) -> MethodRow | None:
    """One other method on the same video and number of key frames; None where it has nothing to work with."""
    start = time.perf_counter()
    length, count = search.length, settings.num_frames
    if name == "oracle":
        if not source.truth_s:
            return None
        return _row(name, methods.oracle(source.truth_s, length, count), None, source, 0.0, note="the true key frames")
    if name == "uniform":
        return _row(name, methods.uniform(length, count), None, source, time.perf_counter() - start)
    if name == "random":
        return _row(name, methods.random(length, count, seed=settings.seed), None, source, time.perf_counter() - start)
    with open_video(source.path, name=source.name) as own:  # a reader of its own: frames that the search has cached would be a gift
        return _looking_baseline(name, settings, own, eyes, asked, source, search, shots, start)


def _looking_baseline(name: str, settings: TStarSettings, video: Video, eyes: Eyes, asked: Asked, source: Source,
                      search: Search, shots: Shots, start: float) -> MethodRow:
    """The methods that look at frames to choose some."""
    length, count = search.length, settings.num_frames
    if name == "scene_change":
        frames = video.frames_at([float(t) for t in range(length)], max_side_px=64)
        chosen = methods.scene_change(frames, length, count)
        return _row(name, chosen, None, source, time.perf_counter() - start, frames_seen=length)
    if name in ("top_similarity", "aks", "bolt"):
        chosen = similar_frames(name, settings, video, asked.question, length)
        return _row(name, chosen, None, source, time.perf_counter() - start, frames_seen=length)
    looker = _looker(settings, video, eyes, asked)
    if name == "random_grid":
        other = Search(settings.model_copy(update={"rule": "random"}), length=length, num_targets=len(asked.targets),
                       threshold=eyes.threshold)
        looked = _begin(settings, other, looker, shots, length)
        while not other.is_over:
            _turn(other, looker, looked)
        return _row(name, _key_positions(other, looked), looker, source, time.perf_counter() - start, is_new=other.is_new)
    looks = methods.dense(length) if name == "dense" else methods.budgeted_dense(
        length, num_iterations=search.iteration, per_iteration=search.count)
    scores = np.zeros(length)
    for first in range(0, len(looks), search.count):
        positions = looks[first:first + search.count]
        scores[positions] = [cell.confidence for cell in looker.grid(positions, search.grid)[0]]
    return _row(name, methods.top_k(scores, count), looker, source, time.perf_counter() - start, frames_seen=len(looks))


def _curve(settings: TStarSettings, video: Video, eyes: Eyes, asked: Asked, source: Source, length: int,
           shots: Shots) -> SeedCurve:
    """A whole search that keeps only how recall grew."""
    search = Search(settings, length=length, num_targets=len(asked.targets), threshold=eyes.threshold)
    looker, seen, recall = _looker(settings, video, eyes, asked), [], []
    looked = _begin(settings, search, looker, shots, length)
    while not search.is_over:
        _turn(search, looker, looked)
        seen.append(search.iteration * search.count)
        value = recall_of(_key_positions(search, looked), source.truth_s)
        recall.append(np.nan if value is None else value)
    return SeedCurve(rule=settings.rule, seed=settings.seed, frames_seen=np.array(seen), recall=np.array(recall, float),
                     has_confirmed_all=not _unconfirmed(search, looker, looked))


def _turn(search: Search, looker: Looker, looked: _Looked) -> None:
    positions, _ = search.next_positions()
    cells, _, _ = looker.grid(positions, search.grid)
    search.update(positions, cells)
    _check(search, looker, looked, positions, cells)


def _unconfirmed(search: Search, looker: Looker, looked: _Looked) -> tuple[str, ...]:
    """The targets that were not confirmed, or that have no appearance besides the marked one."""
    if looked.appearances is None:
        return tuple(looker.names[target] for target in search.remaining)
    found = {one.name for one in looked.appearances.elsewhere()}
    return tuple(name for name in looker.names[:looker.num_targets] if name not in found)


def _result(settings: TStarSettings, source: Source, asked: Asked, video: Video, search: Search, looked: _Looked,
            keyframes: list[Keyframe], reply: Answer | None, rows: list[MethodRow], curves: list[SeedCurve],
            looker: Looker, eyes: Eyes,
            *, ended: Ended, first_s: float, total_s: float) -> TStarResult:
    info = video.info
    frames_grid = sum(len(iteration.positions) for iteration in looked.iterations)
    costs = Costs(
        frames_grid=frames_grid, frames_verify=looker.frames_seen - frames_grid,
        frames_grounding=asked.frames_read + eyes.frames_read,
        detector_calls_grid=len(looked.iterations), detector_calls_verify=looker.calls - len(looked.iterations),
        vlm_calls=asked.vlm_calls, decode_s=video.decode_s, detect_s=looker.detect_s, vlm_s=asked.vlm_s, total_s=total_s,
        first_iteration_s=first_s)
    return TStarResult(
        seed=settings.seed, model_id=eyes.model_id, is_miniature=eyes.is_miniature, ended=ended,
        notes=(*source.notes, *asked.notes, *eyes.notes, *video.notes, *_grid_note(settings, search)), settings=settings,
        video=VideoFacts(name=source.name, duration_s=info.duration_s, width=info.width, height=info.height,
                         frame_rate=info.frame_rate, codec=info.codec, num_positions=search.length),
        question=asked.question, options=asked.options, targets=asked.targets, cues=asked.cues,
        threshold=eyes.threshold, floor=eyes.floor, iterations=tuple(looked.iterations), keyframes=tuple(keyframes),
        appearances=in_order(looked.appearances.found) if looked.appearances else (),
        unconfirmed=_unconfirmed(search, looker, looked), truth_s=source.truth_s,
        truth_spans=source.truth_spans, rooms=source.rooms, answer=reply, methods=tuple(rows), seed_curves=tuple(curves), costs=costs)


def _grid_note(settings: TStarSettings, search: Search) -> tuple[str, ...]:
    if search.grid == settings.grid:
        return ()
    return (f"The video has {search.length} s, too few for a {settings.grid} x {settings.grid} grid; "
            f"{search.grid} x {search.grid} was used.",)
