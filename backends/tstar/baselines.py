"""Ways to pick K of L seconds without T*: pure functions of positions or scores, seeded where they draw.

Candidates are one frame per second, position t is second t. Sources: the released T* code and its history (uniform
formulas), AKS `frame_select.py`, BOLT `select_frames.py`, Q-Frame's scripts, FOCUS `focus.py`.
Not here: the scorers (similarity or detector) and decoding; whoever calls has the scores already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Literal

import cv2
import numpy as np

UniformFormula = Literal["bin_centres", "official_qa", "kfsbench", "gpt_script", "range_step", "grounding"]
AKS_DEPTH = 5  # released default
Q_FRAME_RANKS = (4, 12, 44)  # ranks up to these at full, half, quarter side
HSV_PX = (64, 36)  # width, height
SCENE_STDS = 3.0
SCENE_MIN_S = 2
FOCUS_ARM_S = 16
FOCUS_TAU = 0.06


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


def default_gap(num_positions: int, count: int) -> float:
    """L / (4 K): with it, K picks can always be made, because each blocks fewer than L / (2 K) positions."""
    return num_positions / (4 * count)


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


def q_frame(scores: np.ndarray, count: int, *, tau: float = 0.1, seed: int) -> np.ndarray:
    """Gumbel top-k: the K largest of s / tau + Gumbel noise, best first (ranks set the resolution, see below).

    Args:
        scores: (candidates,) similarity; Q-Frame takes 128 uniform candidates.
        tau: temperature. Ours: the paper's value could not be found.
    """
    scores = _scores(scores)
    _check(len(scores), count)
    if tau <= 0:
        raise ValueError(f"tau is {tau}; it must be above 0")
    noisy = scores / tau + np.random.default_rng(seed).gumbel(size=len(scores))
    return np.argsort(-noisy, kind="stable")[:count]


def q_frame_scales(count: int) -> np.ndarray:
    """(count,) side of the frame at each rank: 1 for ranks 1-4, 1/2 for 5-12, 1/4 for 13-44, 0 (not sent) after."""
    full, half, quarter = Q_FRAME_RANKS
    rank = np.arange(1, count + 1)
    return np.select([rank <= full, rank <= half, rank <= quarter], [1.0, 0.5, 0.25], 0.0)


@dataclass(frozen=True)
class FocusPicks:
    """What FOCUS returns, and what it had to score for that."""

    positions: np.ndarray  # (<= K,) in time order
    scored: np.ndarray  # positions that were scored, in time order: its cost


def focus(score_at: np.ndarray | Callable[[int], float], num_positions: int, count: int, *, seed: int) -> FocusPicks:
    """Arms of a bandit: 16-second segments are probed, the promising ones are looked at closely (FOCUS).

    Index of an arm: mean + sqrt(2 ln n var / n_a) + 3 ln n / n_a, n scores in all, n_a in the arm, var at least 1e-6.
    The top max(4, a quarter) arms get about one frame per second in half their length around the best frame so far,
    half evenly spaced, half drawn. A fifth of K are the best of all scored frames; the rest is spread over the top
    arms, drawn inside each by softmax(nearest scored value / 0.06). Where the window lies and how the rest is dealt
    out is our reading.

    Args:
        score_at: (L,) relevance, or a function of the position; only positions in `scored` are asked for.
    """
    _check(num_positions, count)
    ask = score_at if callable(score_at) else (lambda position: float(score_at[position]))
    generator = np.random.default_rng(seed)
    scores: dict[int, float] = {}

    def look(positions: Sequence[int] | np.ndarray) -> None:
        for position in positions:
            if int(position) not in scores:
                scores[int(position)] = float(ask(int(position)))

    num_arms = min(num_positions, max(8, -(-num_positions // FOCUS_ARM_S)))
    edges = np.arange(num_arms + 1) * num_positions // num_arms
    arms = list(pairwise(edges.tolist()))
    for start, end in arms:
        look([(start + end) // 2])
        look(generator.choice(np.arange(start, end), min(2, end - start), replace=False))
    order = _rank_arms(arms, scores)
    for arm in order[:max(4, num_arms // 4)]:
        start, end = arms[arm]
        width = max(1, (end - start) // 2)
        best = max((position for position in scores if start <= position < end), key=lambda p: (scores[p], -p))
        low = min(max(start, best - width // 2), end - width)
        look(low + uniform(width, max(1, width // 2)))
        look(generator.choice(np.arange(low, low + width), max(1, width - width // 2), replace=False))
    return _focus_final(arms, _rank_arms(arms, scores), scores, count, generator)


def _rank_arms(arms: list[tuple[int, int]], scores: dict[int, float]) -> list[int]:
    """Arms by their upper confidence index, best first."""
    indices = []
    for start, end in arms:
        inside = np.array([score for position, score in scores.items() if start <= position < end])
        variance, total = max(float(inside.var()), 1e-6), log(max(len(scores), 2))
        indices.append(inside.mean() + np.sqrt(2 * total * variance / len(inside)) + 3 * total / len(inside))
    return [int(arm) for arm in np.argsort(-np.array(indices), kind="stable")]


def _focus_final(arms: list[tuple[int, int]], order: list[int], scores: dict[int, float], count: int,
                 generator: np.random.Generator) -> FocusPicks:
    scored = np.array(sorted(scores))
    picked = sorted(scores, key=lambda position: (-scores[position], position))[:max(1, count // 5)]
    top_arms = order[:min(32, max(4, count - len(picked)))]
    free = {arm: [p for p in range(*arms[arm]) if p not in picked] for arm in top_arms}
    while len(picked) < count and any(free.values()):
        for arm in top_arms:  # one frame per arm and round: evenly spread
            if len(picked) == count or not free[arm]:
                continue
            places = np.array(free[arm])
            right = np.searchsorted(scored, places).clip(0, len(scored) - 1)
            left = np.maximum(right - 1, 0)
            nearest = np.where(np.abs(scored[left] - places) <= np.abs(scored[right] - places), scored[left], scored[right])
            logits = _min_max(np.array([scores[int(p)] for p in nearest])) / FOCUS_TAU
            weights = np.exp(logits - logits.max())
            chosen = int(generator.choice(places, p=weights / weights.sum()))
            free[arm].remove(chosen)
            picked.append(chosen)
    return FocusPicks(np.array(sorted(picked), int), scored)


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
