"""Finding every appearance of a thing: what a search by example returns, and a search by words that is asked for all.

An appearance is a stretch within one shot in which the thing is seen: from the second that was confirmed, further looks go
outward in steps of 1, 2, 4, 4 ... s and halve the last one, until the thing is no longer seen or the shot ends. No step is longer,
for it would leap over a gap to the next appearance: two that lie 5 s or more apart are two. A confirmed stretch is looked at no
more, so that the budget goes to the rest of the film. Orrery's own; the paper stops at the first confirmation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from backends.tstar.results import Appearance, SeenBox
from backends.tstar.search import Cell, Search
from backends.tstar.shots import Shots

MAX_APPEARANCES = 100
LONGEST_STEP_S = 4  # between two looks along an appearance
APART_S = 2  # seconds between two returned frames of one appearance
AT_CUT_S = 0.05  # a cut is known to about a frame
GUESS_APART_S = 5  # and between two guesses

Singles = Callable[[Sequence[int]], list[tuple[Cell, list[SeenBox]]]]  # seconds -> what each shows, alone


@dataclass
class Appearances:
    """What was found so far, in one video."""

    singles: Singles
    shots: Shots
    length: int
    threshold: float
    found: list[Appearance] = field(default_factory=list)
    scores: dict[tuple[int, str], float] = field(default_factory=dict)  # (second, name) -> of its frame alone
    boxes: dict[int, list[SeenBox]] = field(default_factory=dict)  # second -> of its frame alone

    def at(self, second: int, name: str) -> Appearance | None:
        """The appearance in which a second lies."""
        return next((one for one in self.found if one.name == name and _holds(one, second)), None)

    def add(self, second: int, label: int, name: str, score: float, *, is_marked: bool = False) -> Appearance | None:
        """Take a confirmed second in; return its appearance, or None if there are too many already."""
        self.scores[second, name] = score
        known = self.at(second, name)
        if known is None and len(self.found) >= MAX_APPEARANCES:
            return None
        if known is None:
            start, end = self._extent(second, label, name)
            known = Appearance(name=name, start_s=start, end_s=end, best_s=second, score=score, is_marked=is_marked)
            self.found.append(known)
        inside = {t: value for (t, other), value in self.scores.items() if other == name and _holds(known, t)}
        best = second if is_marked else max(inside, key=lambda t: (inside[t], -t))
        better = known.model_copy(update={"best_s": best, "score": inside[best]})
        self.found[self.found.index(known)] = better
        return better

    def _extent(self, second: int, label: int, name: str) -> tuple[float, float]:
        """Start and end, in seconds: of the shot where the thing is seen up to its ends, else between two looks."""
        shot_start, shot_end = self.shots.around(second + 0.01)  # a second is the frame at its very beginning
        first = int(np.ceil(shot_start - AT_CUT_S))
        last = min(self.length - 1, int(np.ceil(shot_end - AT_CUT_S)) - 1)
        early = self._last_seen(second, max(0, min(first, second)), label, name)
        late = self._last_seen(second, max(last, second), label, name)
        start = shot_start if early <= first else float(early)
        end = shot_end if late >= last else float(late + 1)
        return min(start, float(second)), max(end, second + 0.5)

    def _last_seen(self, second: int, limit: int, label: int, name: str) -> int:
        """The furthest second towards the limit up to which the thing is seen, by growing steps and then halved ones."""
        way = 1 if limit > second else -1
        seen, step, missed = second, 1, second
        while seen != limit and missed == second:
            at = seen + way * min(step, abs(limit - seen))
            if self._is_seen(at, label, name):
                seen, step = at, min(2 * step, LONGEST_STEP_S)
            elif at != limit and self._is_seen(at + way, label, name):  # one frame may be blurred
                seen, step = at + way, 1
            else:
                missed = at
        while missed != second and abs(missed - seen) > 1:
            middle = (seen + missed) // 2
            if self._is_seen(middle, label, name):
                seen = middle
            else:
                missed = middle
        return seen

    def _is_seen(self, second: int, label: int, name: str) -> bool:
        if (second, name) not in self.scores:
            cell, boxes = self.singles([second])[0]
            self.scores[second, name], self.boxes[second] = cell.best.get(label, 0.0), boxes
        return self.scores[second, name] > self.threshold

    def elsewhere(self) -> list[Appearance]:
        """Without the marked one; best first."""
        return sorted((one for one in self.found if not one.is_marked), key=lambda one: (-one.score, one.start_s))

    def keyframes(self, search: Search, count: int) -> np.ndarray:
        """The seconds that are returned, in order of time: the best of each appearance before a second one of any.

        Where nothing was found, the best guesses, apart from each other. At least one, at most `count` or one for each appearance.
        """
        found = self.elsewhere()
        if not found:
            return self._guesses(search, count)
        chosen = [one.best_s for one in found]
        while len(chosen) < count:
            more = [second for one in found if (second := self._next_of(one, chosen)) is not None]
            if not more:
                break
            chosen += more[: count - len(chosen)]
        return np.array(sorted(set(chosen)), dtype=int)

    def _next_of(self, one: Appearance, chosen: Sequence[int]) -> int | None:
        """The best looked-at second of an appearance that lies apart from those that were chosen."""
        seconds = [(value, -t) for (t, name), value in self.scores.items() if name == one.name and _holds(one, t)
                   and value > self.threshold and all(abs(t - other) >= APART_S for other in chosen)]
        return -max(seconds)[1] if seconds else None

    def _guesses(self, search: Search, count: int) -> np.ndarray:
        scores = np.where(search.is_new | search.is_left_out, 0.0, search.scores)  # only what was looked at
        chosen: list[int] = []
        for second in np.argsort(-scores, kind="stable"):
            if len(chosen) == count or scores[second] <= 0:
                break
            if all(abs(int(second) - other) >= GUESS_APART_S for other in chosen):
                chosen.append(int(second))
        if not chosen:  # nothing was alike at all, as in a video that is black: the first second that was looked at
            could_be = ~search.is_left_out
            was_seen = could_be & ~search.is_new
            chosen = [int(np.argmax(was_seen if was_seen.any() else could_be))]
        return np.array(sorted(chosen), dtype=int)


def _holds(one: Appearance, second: int) -> bool:
    """Whether a second's frame belongs to an appearance; one at a cut is the next shot's."""
    return one.start_s - AT_CUT_S <= second < one.end_s - AT_CUT_S


def in_order(found: Sequence[Appearance]) -> tuple[Appearance, ...]:
    return tuple(sorted(found, key=lambda one: (one.start_s, one.name)))


def leave_out(search: Search, one: Appearance) -> None:
    """What was found is not drawn again; a second on its edge belongs to it."""
    search.leave_out(int(np.floor(one.start_s)), int(np.ceil(one.end_s)))


def without(truth_s: Sequence[float] | None, marked: Appearance | None) -> tuple[float, ...] | None:
    """The true seconds outside the marked appearance: finding what was marked is no find. None if none is left."""
    if not truth_s or marked is None:
        return tuple(truth_s) if truth_s else None
    left = tuple(second for second in truth_s if not marked.start_s - 1 <= second <= marked.end_s + 1)
    return left or None
