"""Ways to pick K of L seconds without T*: pure functions of positions or scores, seeded where they draw.

Candidates are one frame per second, position t is second t. Sources: the released T* code and its history (uniform
formulas), AKS `frame_select.py` and BOLT `select_frames.py`.
Not here: the scorers (similarity or detector) and decoding; whoever calls has the scores already.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np

UniformFormula = Literal["bin_centres", "official_qa", "kfsbench", "gpt_script", "range_step", "grounding"]
AKS_DEPTH = 5  # released default
HSV_PX = (64, 36)  # width, height
SCENE_STDS = 3.0
SCENE_MIN_S = 2


def uniform(num_positions: int, count: int, *, formula: UniformFormula = "bin_centres") -> np.ndarray:
    """(count,) evenly spaced positions. The field has five formulas that differ; say which one was used.

    `official_qa` int(linspace(0, D, K)) with the last second clamped; `kfsbench` int(linspace(0, F-2, K)); `gpt_script`
    linspace(0, F, K, endpoint=False); `range_step` range(0, F-1, (F-1)//K), which may give more than K; `grounding`
    floor(i F / K); `bin_centres`, ours, floor((i + 1/2) F / K), the only one without a bias to either end.
    More frames than positions: all positions, each once.
    """
    _check(num_positions, count)
    if count > num_positions:
        return np.arange(num_positions)
    index = np.arange(count)
    if formula == "official_qa":
        return np.minimum(np.linspace(0, num_positions, count).astype(int), num_positions - 1)
    if formula == "kfsbench":
        return np.linspace(0, max(num_positions - 2, 0), count).astype(int)
    if formula == "gpt_script":
        return np.linspace(0, num_positions, count, endpoint=False).astype(int)
    if formula == "range_step":
        return np.arange(0, num_positions - 1, max(1, (num_positions - 1) // count))  # 1: theirs fails at step 0
    if formula == "grounding":
        return index * num_positions // count
    if formula == "bin_centres":
        return (2 * index + 1) * num_positions // (2 * count)
    raise ValueError(f"formula {formula!r} is not one of {UniformFormula.__args__}")  # type: ignore[attr-defined]


def random(num_positions: int, count: int, *, seed: int) -> np.ndarray:
    """(count,) positions drawn without replacement, in time order."""
    _check(num_positions, count)
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(num_positions, min(count, num_positions), replace=False))


def dense(num_positions: int) -> np.ndarray:
    """(L,) every position: what a detector sees without tiling or search."""
    return np.arange(num_positions)


def budgeted_dense(num_positions: int, *, num_iterations: int, per_iteration: int) -> np.ndarray:
    """Uniform positions, as many as T* looked at in its grids: the same detector cost without guidance."""
    if num_iterations == 0:
        return np.arange(0)
    return uniform(num_positions, num_iterations * per_iteration)


def oracle(truth_s: Sequence[float], num_positions: int, count: int) -> np.ndarray:
    """The true seconds as positions, in time order; of more than `count`, evenly spaced ones of them."""
    _check(num_positions, count)
    positions = np.unique(np.clip(np.asarray(truth_s, float).astype(int), 0, num_positions - 1))
    return positions if len(positions) <= count else positions[uniform(len(positions), count)]


def top_k(scores: np.ndarray, count: int, *, min_gap: float = 0.0) -> np.ndarray:
    """The positions of the K largest scores, in time order, no two closer than `min_gap`.

    Greedy: the best first, everything with |i - j| < min_gap is then out. Equal scores: the earlier one.

    Args:
        scores: (L,) relevance, higher is better.
    Returns:
        (<= count,): fewer if the gap leaves no more room.
    """
    scores = _scores(scores)
    _check(len(scores), count)
    picked: list[int] = []
    is_free = np.ones(len(scores), bool)
    for position in np.argsort(-scores, kind="stable"):
        if len(picked) == count:
            break
        if is_free[position]:
            picked.append(int(position))
            reach = max(0, int(np.ceil(min_gap)) - 1)  # largest whole distance below the gap
            is_free[max(0, position - reach):position + reach + 1] = False
    return np.array(sorted(picked), int)


def aks(scores: np.ndarray, count: int, *, threshold: float = 0.8, min_std: float = -100.0,
        depth_limit: int | None = None) -> np.ndarray:
    """Adaptive keyframe sampling: halves the video until a segment's best frames stand out, then takes its best.

    A segment is kept if mean(top M) - mean > t1 and std > t2, or at the depth limit; one of depth d then gives its
    top floor(M / 2^d) frames. Rounding loses frames where 2^d does not divide M, as in the released code.

    Args:
        scores: (L,) relevance; min-max normalised here.
        threshold: t1, released 0.8.
        min_std: t2, released -100, which is always passed.
        depth_limit: released 5, made for M = 64. None: min(5, log2 M); differs from it because 8 frames at depth 5
            would be floor(8 / 32) = 0 frames each.
    Returns:
        (<= count,) in time order; all positions if L < M.
    """
    scores = _scores(scores)
    _check(len(scores), count)
    if len(scores) < count:
        return np.arange(len(scores))
    limit = min(AKS_DEPTH, count.bit_length() - 1) if depth_limit is None else depth_limit
    normalised = _min_max(scores)
    open_segments, picked = [(0, len(scores), 0)], []
    while open_segments:
        start, end, depth = open_segments.pop()
        segment = normalised[start:end]
        if not len(segment):
            continue  # half of a single frame
        best = np.argsort(-segment, kind="stable")
        stands_out = segment[best[:count]].mean() - segment.mean() > threshold and segment.std() > min_std
        if not stands_out and depth < limit:
            middle = start + len(segment) // 2
            open_segments += [(start, middle, depth + 1), (middle, end, depth + 1)]
        else:
            picked += [start + int(index) for index in best[:count // 2**depth]]
    return np.array(sorted(picked), int)


def bolt(scores: np.ndarray, count: int, *, sharpness: float | None = None) -> np.ndarray:
    """Inverse transform sampling: equal steps through the cumulated relevance (BOLT). Frames can come twice.

    Args:
        scores: (L,) relevance.
        sharpness: alpha, the power of the normalised scores; None is off, the released default (-1 there).
    Returns:
        (count,) in time order; bin centres if all scores are equal, where theirs divides by 0.
    """
    scores = _scores(scores)
    _check(len(scores), count)
    weights = _min_max(scores)
    if not weights.any():
        return uniform(len(scores), count)
    if sharpness is not None:
        weights = weights**sharpness
    cumulated = np.cumsum(weights / weights.sum())
    picked = np.searchsorted(cumulated, np.linspace(1 / count, 1 - 1 / count, count))
    return np.minimum(picked, len(scores) - 1)


def scene_change(frames: np.ndarray | Callable[[int], np.ndarray], num_positions: int, count: int) -> np.ndarray:
    """The middle of each of the K longest scenes; if there are fewer, the longest are halved. Knows no question.

    A cut is where the mean absolute difference of neighbouring 64 x 36 HSV pictures exceeds mean + 3 std, 2 s or more
    after the last cut.

    Args:
        frames: (L, height, width, 3) uint8 RGB of any size, or a function of the position that gives one.
    Returns:
        (<= count,) in time order.
    """
    _check(num_positions, count)
    at = frames if callable(frames) else (lambda position: frames[position])
    changes, previous = [], None
    for position in range(num_positions):
        small = cv2.resize(np.ascontiguousarray(at(position)), HSV_PX, interpolation=cv2.INTER_AREA)
        picture = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.float32)
        if previous is not None:
            changes.append(float(np.abs(picture - previous).mean()))
        previous = picture
    return scene_middles(cuts_from(np.array(changes)), num_positions, count)


def cuts_from(changes: np.ndarray) -> list[int]:
    """First positions of new scenes. changes: (L-1,) how much frame t+1 differs from frame t."""
    if not len(changes):
        return []
    limit, cuts, last = changes.mean() + SCENE_STDS * changes.std(), [], 0
    for position, change in enumerate(changes.tolist(), start=1):
        if change > limit and position - last >= SCENE_MIN_S:
            cuts.append(position)
            last = position
    return cuts


def scene_middles(cuts: Sequence[int], num_positions: int, count: int) -> np.ndarray:
    """Middles of the `count` longest scenes between the cuts, in time order; the longest are halved until enough."""
    edges = [0, *cuts, num_positions]
    scenes = [(start, end) for start, end in pairwise(edges) if end > start]
    while len(scenes) < min(count, num_positions):
        start, end = max(scenes, key=lambda scene: scene[1] - scene[0])
        scenes.remove((start, end))
        scenes += [(start, (start + end) // 2), ((start + end) // 2, end)]
    longest = sorted(scenes, key=lambda scene: (scene[0] - scene[1], scene[0]))[:count]
    return np.array(sorted((start + end) // 2 for start, end in longest), int)


def _check(num_positions: int, count: int) -> None:
    if num_positions < 1 or count < 1:
        raise ValueError(f"{count} of {num_positions} positions; both must be 1 or more")


def _scores(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, float)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise ValueError(f"scores have shape {scores.shape}; they must be (positions,) finite numbers")
    return scores


def _min_max(scores: np.ndarray) -> np.ndarray:
    """Scores stretched to 0..1; all 0 where they are all equal."""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
