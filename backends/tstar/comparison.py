"""Other methods on the video of a search, and the same search with other seeds: what T* is held against."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from backends.run import Progress, seeds_from
from backends.tstar import baselines as methods
from backends.tstar.metrics import temporal
from backends.tstar.results import MethodRow, SeedCurve, recall_of
from backends.tstar.seeing import similar_frames
from backends.tstar.settings import TStarSettings
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
    length, count = task.length, task.settings.num_frames
    if name == "oracle":
        if not found.truth_s:
            return None
        return _row(name, methods.oracle(found.truth_s, length, count), found.truth_s, 0.0, note="the true key frames")
    if name == "uniform":
        return _row(name, methods.uniform(length, count), found.truth_s, time.perf_counter() - start)
    if name == "random":
        chosen = methods.random(length, count, seed=task.settings.seed)
        return _row(name, chosen, found.truth_s, time.perf_counter() - start)
    # a reader of its own: frames that the search has cached would be a gift
    with open_video(task.source.path, name=task.source.name) as video:
        return _seeing_baseline(name, replace(task, video=video), found, start)


def _seeing_baseline(name: str, task: Task, found: VideoSearch, start: float) -> MethodRow:
    """The methods that see frames before they choose some."""
    length, count, detector = task.length, task.settings.num_frames, None
    if name == "scene_change":
        frames = task.video.frames_at([float(t) for t in range(length)], max_side_px=SCENE_PX)
        chosen, frames_seen = methods.scene_change(frames, length, count), length
    elif name in ("top_similarity", "aks", "bolt"):
        chosen, frames_seen = similar_frames(name, task.settings, task.video, task.asked.question, length), length
    elif name == "random_grid":
        other = VideoSearch(_changed(task, rule="random"))
        while not other.is_over:
            other.turn()
        chosen, frames_seen, detector = other.key_seconds(), _visited(other), other.detector
    else:
        detector, search = task.detector(), found.search
        seconds = methods.dense(length) if name == "dense" else methods.budgeted_dense(
            length, num_iterations=search.iteration, per_iteration=search.count)
        scores = np.zeros(length)
        for first in range(0, len(seconds), search.count):
            positions = seconds[first:first + search.count]
            scores[positions] = [cell.confidence for cell in detector.grid(positions, search.grid)[0]]
        chosen, frames_seen = methods.top_k(scores, count), len(seconds)
    return _row(name, chosen, found.truth_s, time.perf_counter() - start, frames_seen=frames_seen, detector=detector)


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
