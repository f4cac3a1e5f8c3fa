"""T*: look at g x g frames in one picture, put more probability near what lit up, look again (arXiv 2504.02259, Sec. 3).

This file is the mathematics: no video, no model, no clock. `Search` holds S (scores), N (not visited) and P (sampling
distribution) over L positions of one second and asks its caller for detections. Numbers 2.x and eq. are the paper's;
where the released code differs from the paper, the rule's name says which one it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import UnivariateSpline
from scipy.special import expit

from backends.tstar.settings import MAX_BUDGET, RELEASED, FinalRule, Rule, TStarSettings, cells_per_side

SCORE_START = 1e-6  # the released code's; the paper starts at 0
NEAR = 1  # seconds from a looked-at one: whatever is in view for three seconds was then met
FAR = 6  # seconds; a gap that is wider draws no more than one of that width
LIKELY = 0.5  # of theta: a second with such a score, shared by its neighbours, is still worth a look
PRIOR_SHARE = 0.2  # of the softmax rule: spread evenly, so that nothing becomes impossible


@dataclass(frozen=True)
class Cell:
    """What a detector saw in one cell of the grid."""

    confidence: float  # max over its boxes of c * w (eq. 5); 0 if nothing
    labels: tuple[int, ...] = ()  # of its boxes, targets first, then cues
    best: dict[int, float] = field(default_factory=dict)  # label -> its own highest score, not weighted


def cell_of(box: Sequence[float], grid: int, canvas_px: tuple[int, int]) -> tuple[int, int]:
    """Row and column of a box's centre. A centre on an inner border belongs right or below; the edge is clamped.

    Args:
        box: x1, y1, x2, y2 in canvas pixels.
        canvas_px: height and width of the canvas.
    """
    height, width = canvas_px
    row = int((box[1] + box[3]) / 2 // (height / grid))
    column = int((box[0] + box[2]) / 2 // (width / grid))
    return min(max(row, 0), grid - 1), min(max(column, 0), grid - 1)


def cells_from_boxes(boxes: Sequence[tuple[Sequence[float], int, float]], *, grid: int, canvas_px: tuple[int, int],
                     num_cells: int, weights: Sequence[float]) -> list[Cell]:
    """Confidence per cell, C_ij = max of c * w (eq. 5).

    Args:
        boxes: (x1 y1 x2 y2, label, score) each.
        num_cells: frames on the canvas, at most grid * grid; the rest is black and is ignored.
        weights: per label; 1 for targets, less for cues.
    """
    best: list[dict[int, float]] = [{} for _ in range(num_cells)]
    for box, label, score in boxes:
        row, column = cell_of(box, grid, canvas_px)
        index = row * grid + column
        if index < num_cells:
            best[index][label] = max(best[index].get(label, 0.0), score)
    return [Cell(max((score * weights[label] for label, score in seen.items()), default=0.0), tuple(sorted(seen)), seen)
            for seen in best]


def spread(scores: np.ndarray, positions: np.ndarray, *, window: int, quantile: float, is_live: bool = False) -> None:
    """Let the best of the frames just scored share their score with their neighbours, in place (eq. 7).

    Args:
        scores: (L,) S, changed.
        positions: (n,) the frames just scored, in drawing order.
        quantile: only frames at or above this quantile of the n scores share.
        is_live: a frame that another one of these n has just raised shares the raised score, as the released code does;
            else each shares what was seen in it.
    """
    values = scores[positions]
    least = np.quantile(values, quantile)  # of what was seen, before anything is raised
    for position, value in zip(positions, values):
        if value < least:
            continue
        for delta in range(-window, window + 1):
            if 0 <= position + delta < len(scores):
                shared = (scores[position] if is_live else value) / (abs(delta) + 1)  # eq. 7: s_t / (|d| + 1)
                scores[position + delta] = max(scores[position + delta], shared)


def fit(scores: np.ndarray, is_new: np.ndarray, smoothing: float) -> np.ndarray | None:
    """The cubic smoothing spline y(t) through the visited scores, (L,); None below the four points that it needs."""
    visited = np.flatnonzero(~is_new)
    if len(visited) < 4:
        return None
    return UnivariateSpline(visited, scores[visited], k=3, s=smoothing)(np.arange(len(scores)))


def distribution(scores: np.ndarray, is_new: np.ndarray, *, rule: Rule, smoothing: float, temperature: float) -> np.ndarray:
    """P, (L,), sums to 1.

    official, early: sigma(a) / sum, a = max(1/L, y). No temperature; max P / min P <= 1.46 while y <= 1.
    paper: a / sum, the literal reading of "Normalize(Spline(S, N))".
    softmax: ours. 0.8 softmax(max(S, linear interpolation of the visited S) / tau) + 0.2 / L.
    random: uniform.
    """
    length = len(scores)
    uniform = np.full(length, 1 / length)
    if rule == "random" or is_new.all():
        return uniform
    if rule == "softmax":
        visited = np.flatnonzero(~is_new)
        known = np.maximum(scores, np.interp(np.arange(length), visited, scores[visited]))
        weights = np.exp((known - known.max()) / temperature)
        return (1 - PRIOR_SHARE) * weights / weights.sum() + PRIOR_SHARE / length
    fitted = fit(scores, is_new, smoothing)
    if fitted is None:
        return uniform
    raised = np.maximum(1 / length, fitted)
    weights = raised if rule == "paper" else expit(raised)
    return weights / weights.sum()


def support(probabilities: np.ndarray, is_new: np.ndarray, *, count: int, rule: Rule, quantile: float) -> np.ndarray:
    """q, (L,), what the next `count` positions are drawn from; sums to 1.

    official: (P + n/L) on unvisited positions, everything below the quantile of q set to 0; with fewer than n left,
    P + n/L over all positions, so that revisits become possible. Where all scores are equal, rounding in the fit decides
    what the mask keeps, as it does in the released code. early: the same without the mask.
    paper, softmax: P on unvisited positions. random: even over unvisited positions. These draw no position twice, even
    if the last grid is then not full.
    """
    prior = count / len(probabilities) if rule in RELEASED else 0.0
    full = probabilities + prior
    q = full * is_new
    if rule == "official":
        q = np.where(q >= np.quantile(q, quantile), q, 0.0)
    if np.count_nonzero(q) < (count if rule in RELEASED else 1):
        q = full
    return q / q.sum()


def first_positions(length: int, count: int, how: str, generator: np.random.Generator) -> np.ndarray:
    """The first grid: `stride` as the released code (its tail is never covered), `centred` in equal parts, `random`."""
    if how == "stride":
        return np.arange(count) * (length // count)
    if how == "centred":
        return ((np.arange(count) + 0.5) * length / count).astype(int)
    return generator.choice(length, size=count, replace=False)


def select(scores: np.ndarray, probabilities: np.ndarray, *, count: int, rule: FinalRule, min_gap: int,
           generator: np.random.Generator) -> np.ndarray:
    """The key frames, in order of time.

    top_scores: highest S (paper, Sec. 3.3). draw_scores: a draw without replacement by S (released code, search
    metrics). top_distribution: highest P (released code, answers). `min_gap` seconds keep picks apart, best first.
    """
    count = min(count, len(scores))
    if rule == "draw_scores":
        seen = np.flatnonzero(scores)
        drawn = generator.choice(seen, size=len(seen), replace=False, p=scores[seen] / scores.sum()) if len(seen) else seen
        ranked = np.concatenate([drawn, generator.permutation(np.flatnonzero(scores == 0))])  # those can only fill up
    else:
        ranked = np.argsort(-(scores if rule == "top_scores" else probabilities), kind="stable")
    chosen: list[int] = []
    for position in ranked:
        if len(chosen) == count:
            break
        if min_gap == 0 or all(abs(position - other) >= min_gap for other in chosen):
            chosen.append(int(position))
    return np.sort(np.array(chosen, dtype=int))


def _away(known: np.ndarray) -> np.ndarray:
    """(L,) how many seconds each is away from the nearest known one; L where none is known."""
    length = len(known)
    steps = np.where(known, 0, length)
    for t in range(1, length):
        steps[t] = min(steps[t], steps[t - 1] + 1)
    for t in range(length - 2, -1, -1):
        steps[t] = min(steps[t], steps[t + 1] + 1)
    return steps


def _only(q: np.ndarray, is_allowed: np.ndarray) -> np.ndarray:
    """The distribution without what is not allowed; even over what is, where nothing else is left of it."""
    q = np.where(is_allowed, q, 0.0)
    return q / q.sum() if q.sum() > 0 else is_allowed / is_allowed.sum()


class Search:
    """The state of one search. Call `next_positions`, look, `update`; until `is_over`.

    Args:
        length: L, seconds that can be looked at.
        num_targets: labels 0 .. num_targets - 1 are targets; all must be confirmed once.
        threshold: theta.
    """

    def __init__(self, settings: TStarSettings, *, length: int, num_targets: int, threshold: float) -> None:
        """`settings.finds_all`: a confirmed target is looked for on, in what was neither looked at nor left out."""
        self.settings, self.length, self.threshold = settings, length, threshold
        self.grid = cells_per_side(settings, length)
        self.count = min(self.grid**2, length)
        self.scores = np.full(length, SCORE_START)  # S
        self.is_new = np.ones(length, dtype=bool)  # N
        self.is_left_out = np.zeros(length, dtype=bool)  # what is known without a look; never drawn
        self.probabilities = np.full(length, 1 / length)  # P
        self.remaining = list(range(num_targets))  # R
        self.budget = min(MAX_BUDGET, length * settings.budget_share)  # B
        self.iteration = 0
        self.generator = np.random.default_rng(settings.seed)

    @property
    def is_over(self) -> bool:
        return not self.remaining or self.budget <= 0 or (self.settings.finds_all and self._is_covered())

    def _is_covered(self) -> bool:
        """Whether every likely second was looked at: none is left that is promising or far from all that were."""
        left = self.is_new & ~self.is_left_out
        if not left.any():
            return True
        if self.iteration == 0:  # of a video of one second, none is far from those that were looked at
            return False
        return bool((_away(~left)[left] <= NEAR).all() and (self.scores[left] < LIKELY * self.threshold).all())

    def leave_out(self, start: int, end: int) -> None:
        """Never draw the seconds from `start` up to, without, `end`."""
        self.is_left_out[max(0, start):end] = True

    def next_positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw the next grid: (n,) positions in drawing order, and (L,) the q that they were drawn from."""
        if self.iteration == 0 and self.settings.first_grid != "random":
            q = np.full(self.length, 1 / self.length)
            positions = first_positions(self.length, self.count, self.settings.first_grid, self.generator)
            positions = positions[~self.is_left_out[positions]] if not self.is_left_out[positions].all() else positions[:1]
        else:
            q = support(self.probabilities, self.is_new & ~self.is_left_out, count=self.count, rule=self.settings.rule,
                        quantile=self.settings.quantile)
            if self.settings.finds_all:  # evenly over what is left: an appearance may lie in any gap
                q = _only(q * np.minimum(_away(~self.is_new | self.is_left_out), FAR), ~self.is_left_out)
            size = min(self.count, int(np.count_nonzero(q)))
            positions = self.generator.choice(self.length, size=size, replace=False, p=q)
        self.budget -= len(positions)  # verification is never charged, as in the released code
        self.iteration += 1
        return positions, q

    def update(self, positions: np.ndarray, cells: Sequence[Cell]) -> None:
        """Score what was seen (eq. 6), share it (eq. 7), make the new P."""
        self.scores[positions] = [cell.confidence for cell in cells]
        self.is_new[positions] = False
        spread(self.scores, positions, window=self.settings.window, quantile=self.settings.quantile,
               is_live=self.settings.rule in RELEASED)
        self.probabilities = distribution(self.scores, self.is_new, rule=self.settings.rule,
                                          smoothing=self.settings.spline_smoothing,
                                          temperature=self.settings.temperature)

    def candidates(self, cell: Cell) -> list[int]:
        """Targets still to be confirmed that the grid showed in this cell, in their order."""
        return [target for target in self.remaining if target in cell.labels]

    def verify(self, position: int, target: int, seen: Cell) -> bool:
        """Take the frame's own score; True and one target fewer if it is confirmed (strictly above theta)."""
        self.scores[position] = seen.confidence
        if target not in seen.labels:
            return False
        score = seen.confidence if self.settings.verify_rule == "official" else seen.best[target]
        if score <= self.threshold:
            return False
        if not self.settings.finds_all:
            self.remaining.remove(target)
        return True

    def key_positions(self) -> np.ndarray:
        return select(self.scores, self.probabilities, count=self.settings.num_frames, rule=self.settings.final_rule,
                      min_gap=self.settings.min_gap_s, generator=np.random.default_rng([self.settings.seed, 1]))
