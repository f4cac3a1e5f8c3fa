"""Other methods on the video of a search, and the same search with other seeds: what T* is held against."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from backends.run import Progress, seeds_from
from backends.tstar import baselines as methods
from backends.tstar.metrics import temporal
from backends.tstar.results import MethodRow, SeedCurve, recall_of
from backends.tstar.seeing import similar_frames
from backends.tstar.settings import BY_SIMILARITY, TStarSettings
from backends.tstar.video_detector import VideoDetector
from backends.tstar.video_search import Task, VideoSearch
from worlds.video import open_video

SCENE_PX = 64  # of a frame in which a change of scene is sought


@dataclass
class Comparison:
    """What was compared so far; T* comes first."""

    rows: list[MethodRow]
    curves: list[SeedCurve] = field(default_factory=list)


def own_row(found: VideoSearch, took_s: float) -> MethodRow:
    """The search itself as a row of the table."""
    return _row("tstar", found.key_seconds(), found.truth_s, took_s, frames_seen=_visited(found), detector=found.detector)


def compare(task: Task, found: VideoSearch, into: Comparison) -> Iterator[Progress]:
    """Yield what is tried next; put what came of it `into` the comparison, so that a stopped run has it."""
    settings = task.settings
    for name in settings.baselines:
        yield Progress(0.9, f"Comparing with {name.replace('_', ' ')}")
        if (row := _baseline(name, task, found)) is not None:
            into.rows.append(row)
    if settings.num_seeds > 1:
        for rule in dict.fromkeys((settings.rule, "random")):
            for seed in seeds_from(settings.seed, settings.num_seeds):
                yield Progress(0.95, f"Seed {seed} with the rule {rule}")
                into.curves.append(_curve(_changed(task, rule=rule, seed=seed), found.truth_s))


def _baseline(name: str, task: Task, found: VideoSearch) -> MethodRow | None:
    """One other method on the same video and number of key frames; None where it has nothing to work with."""
    start = time.perf_counter()
    if name == "oracle":
        if not found.truth_s:
            return None
        seconds = methods.oracle(found.truth_s, task.length, task.settings.num_frames)
        return _row(name, seconds, found.truth_s, 0.0, note="the true key frames")
    if name in _BLIND:
        return _row(name, _BLIND[name](task), found.truth_s, time.perf_counter() - start)
    # a reader of its own: frames that the search has cached would be a gift
    with open_video(task.source.path, name=task.source.name) as video:
        chosen = _SEEING[name](replace(task, video=video), found)
    return _row(name, chosen.seconds, found.truth_s, time.perf_counter() - start, frames_seen=chosen.frames_seen,
                detector=chosen.detector)


@dataclass(frozen=True)
class _Chosen:
    """What a method that sees frames before it chooses returns, and what that cost."""

    seconds: np.ndarray
    frames_seen: int
    detector: VideoDetector | None = None


def _scene_change(task: Task, found: VideoSearch) -> _Chosen:
    frames = task.video.frames_at([float(t) for t in range(task.length)], max_side_px=SCENE_PX)
    return _Chosen(methods.scene_change(frames, task.length, task.settings.num_frames), task.length)


def _similar(name: str, task: Task, found: VideoSearch) -> _Chosen:
    return _Chosen(similar_frames(name, task.settings, task.video, task.asked.question, task.length), task.length)


def _random_grid(task: Task, found: VideoSearch) -> _Chosen:
    other = VideoSearch(_changed(task, rule="random"))
    while not other.is_over:
        other.turn()
    return _Chosen(other.key_seconds(), _visited(other), other.detector)


def _dense(task: Task, found: VideoSearch) -> _Chosen:
    return _highest(methods.dense(task.length), task, found)


def _budgeted_dense(task: Task, found: VideoSearch) -> _Chosen:
    """As many frames as the search has seen, evenly over the video."""
    seconds = methods.budgeted_dense(task.length, num_iterations=found.search.iteration, per_iteration=found.search.count)
    return _highest(seconds, task, found)


def _highest(seconds: np.ndarray, task: Task, found: VideoSearch) -> _Chosen:
    """The best of these seconds by the detector, in grids like the search's."""
    detector, search = task.detector(), found.search
    scores = np.zeros(task.length)
    for first in range(0, len(seconds), search.count):
        positions = seconds[first:first + search.count]
        scores[positions] = [cell.confidence for cell in detector.grid(positions, search.grid)[0]]
    return _Chosen(methods.top_k(scores, task.settings.num_frames), len(seconds), detector)


_BLIND: Mapping[str, Callable[[Task], np.ndarray]] = {
    "uniform": lambda task: methods.uniform(task.length, task.settings.num_frames),
    "random": lambda task: methods.random(task.length, task.settings.num_frames, seed=task.settings.seed)}
_SEEING: Mapping[str, Callable[[Task, VideoSearch], _Chosen]] = {
    "scene_change": _scene_change, "random_grid": _random_grid, "dense": _dense, "budgeted_dense": _budgeted_dense,
    **{name: partial(_similar, name) for name in BY_SIMILARITY}}


def _row(name: str, seconds: np.ndarray, truth_s: tuple[float, ...] | None, took_s: float, *, frames_seen: int | None = None,
         detector: VideoDetector | None = None, note: str = "") -> MethodRow:
    scores = temporal(truth_s, [float(second) for second in seconds]) if truth_s else None
    precision, recall, f1 = (None, None, None) if scores is None else (scores.precision, scores.recall, scores.f1)
    return MethodRow(
        method=name, keyframes=tuple(float(second) for second in seconds), detector_calls=detector.calls if detector else 0,
        frames_seen=len(seconds) if frames_seen is None else frames_seen, seconds=took_s, note=note,
        precision=precision, recall=recall, f1=f1)


def _curve(task: Task, truth_s: tuple[float, ...] | None) -> SeedCurve:
    """A whole search that keeps only how recall grew."""
    found = VideoSearch(task)
    seen, recall = [], []
    while not found.is_over:
        found.turn()
        seen.append(found.search.iteration * found.search.count)
        value = recall_of(found.key_seconds(), truth_s)
        recall.append(np.nan if value is None else value)
    return SeedCurve(rule=task.settings.rule, seed=task.settings.seed, frames_seen=np.array(seen), recall=np.array(recall, float),
                     has_confirmed_all=not found.unconfirmed())


def _visited(found: VideoSearch) -> int:
    """How many seconds a search has seen, each counted once."""
    return int((~found.search.is_new).sum())


def _changed(task: Task, **settings: object) -> Task:
    changed: TStarSettings = task.settings.model_copy(update=settings)
    return replace(task, settings=changed)
