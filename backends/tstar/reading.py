"""Answers questions about drawn videos from the returned frames alone, by rule: no language model is involved.

Objects come from the detector, the room's colour from the wall above them. The reader knows four kinds of question
(room colour, neighbour, order, count); anything else, or a target that is on none of the frames, is "cannot tell". So
whether it is right depends on whether the needle is among the frames, which is what T* is about.
Not for real videos: there a vision-language model answers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backends.tstar.grounding import ground_template
from worlds.kit import COLOURS, FURNITURE, SHAPES, WALLS, object_name, wall_name

CANNOT_TELL = "cannot tell"
WALL_PART = 0.5  # of the picture's height: above the furniture, whichever way the camera looks
LIGHT = (0.88, 1.08)  # a room's light over its walls, upper left to lower right
NEAR_WALL = 24.0  # RGB distance below which a pixel counts as wall; the closest two walls are 45 apart
SAME_PLACE = 0.04  # shares of the picture: two boxes this close are one object seen under two names
BESIDE = 0.3  # shares of the picture: farther away is not next to it
SAFETY_FACTOR = 0.6  # of the confirmation threshold: a frame that the search returned may be read a little more easily

Detection = tuple[str, float, tuple[float, float, float, float]]  # name, score, x1 y1 x2 y2 as shares of the frame


@dataclass(frozen=True)
class Reading:
    """The letter of an option, or None for "cannot tell", and the reason in one sentence."""

    letter: str | None
    why: str

    @property
    def text(self) -> str:
        return self.letter or CANNOT_TELL


def wall_colour(frame: np.ndarray) -> str | None:
    """The name of the wall colour that most pixels of the upper half show; None if under a tenth looks like a wall.

    Args:
        frame: (height, width, 3) uint8 RGB.
    """
    step = max(1, frame.shape[0] // 64)
    pixels = frame[:max(1, int(frame.shape[0] * WALL_PART)):step, ::step].reshape(-1, 3).astype(float)
    walls = np.array(list(WALLS.values()), float)
    light = np.clip(pixels @ walls.T / (walls**2).sum(axis=1), *LIGHT)  # (pixels, walls) best brightness of each wall
    distance = np.linalg.norm(pixels[:, None] - light[..., None] * walls, axis=2)  # (pixels, walls)
    nearest = distance.argmin(axis=1)[distance.min(axis=1) < NEAR_WALL]
    votes = np.bincount(nearest, minlength=len(walls))
    return list(WALLS)[int(votes.argmax())] if votes.max() >= len(pixels) / 10 else None


def names_to_detect(question: str) -> tuple[str, ...]:
    """The objects that an answer to this question needs, its own objects first."""
    targets = ground_template(question).targets
    if _asks_for_neighbour(question):
        others = [object_name(colour, shape) for colour in COLOURS for shape in SHAPES]
    elif _asks_for_count(question):
        others = [object_name(colour, piece) for colour in COLOURS for piece in FURNITURE]
    else:
        others = []
    return tuple(dict.fromkeys([*targets, *others]))


def read(frames: np.ndarray, seconds: Sequence[float], detections: Sequence[Sequence[Detection]], question: str,
         options: Mapping[str, str], *, threshold: float = 0.3) -> Reading:
    """Answer from K frames.

    Args:
        frames: (K, height, width, 3) uint8 RGB.
        seconds: of each frame.
        detections: of each frame.
        options: letter -> text.
        threshold: score from which on an object counts as seen.
    """
    if not len(frames) == len(seconds) == len(detections):
        raise ValueError(f"{len(frames)} frames, {len(seconds)} seconds, {len(detections)} detection lists; all must be K")
    targets = ground_template(question).targets
    if not targets:
        return Reading(None, "The question names no object that the reader knows.")
    seen = [[one for one in of_frame if one[1] >= threshold] for of_frame in detections]
    order = re.search(r"\b(before|after)\b", question, re.IGNORECASE)
    if order and len(targets) == 2:
        return _order(seconds, seen, targets[0], targets[1], options, asks_before=order[1].lower() == "before")
    target = targets[0]
    best = _best_frame(seen, target)
    if best is None:
        return Reading(None, f"The {target} is on none of the {len(frames)} returned frames.")
    if _asks_for_neighbour(question):
        return _neighbour(seconds, seen, target, options)
    if _asks_for_count(question):
        return _count(frames, seen, best, target, options)
    if re.search(r"\bcolou?r\b|\broom\b", question, re.IGNORECASE):
        wall = wall_colour(frames[best])
        if wall is None:
            return Reading(None, f"No wall can be made out behind the {target} at {_clock(seconds[best])}.")
        named = wall_name(wall)
        return _choose(named, options, f"The wall is {named} at {_clock(seconds[best])}, where the {target} is seen.")
    return Reading(None, "The reader does not know this kind of question.")


def _asks_for_neighbour(question: str) -> bool:
    return re.search(r"\bnext to\b|\bbeside\b", question, re.IGNORECASE) is not None


def _asks_for_count(question: str) -> bool:
    return re.search(r"\bhow many\b", question, re.IGNORECASE) is not None


def _score_of(of_frame: Sequence[Detection], name: str) -> float:
    return max((score for found, score, _ in of_frame if found == name), default=0.0)


def _best_frame(seen: Sequence[Sequence[Detection]], name: str) -> int | None:
    scores = [_score_of(of_frame, name) for of_frame in seen]
    return int(np.argmax(scores)) if scores and max(scores) > 0 else None


def _order(seconds: Sequence[float], seen: Sequence[Sequence[Detection]], first: str, second: str,
           options: Mapping[str, str], *, asks_before: bool) -> Reading:
    times = {name: min((float(t) for t, of_frame in zip(seconds, seen) if _score_of(of_frame, name)), default=None)
             for name in (first, second)}
    missing = [name for name, time in times.items() if time is None]
    if missing:
        return Reading(None, f"The {' and the '.join(missing)} is on none of the returned frames, so the order is open.")
    one, other = times[first], times[second]
    assert one is not None and other is not None
    why = f"The {first} is first seen at {_clock(one)}, the {second} at {_clock(other)}."
    if one == other:
        return _choose_word("same", options, why)
    return _choose_word("yes" if (one < other) == asks_before else "no", options, why)


def _neighbour(seconds: Sequence[float], seen: Sequence[Sequence[Detection]], target: str,
               options: Mapping[str, str]) -> Reading:
    """The object beside the target that is seen best over all frames with the target; clutter changes, it does not."""
    evidence: dict[str, float] = {}
    times: dict[str, float] = {}
    for second, of_frame in zip(seconds, seen):
        own = max((one for one in of_frame if one[0] == target), key=lambda one: one[1], default=None)
        if own is None:
            continue
        for name, score, box in _one_name_per_place(of_frame):
            distance = _apart(own[2], box)
            if name != target and SAME_PLACE < distance <= BESIDE:
                evidence[name] = evidence.get(name, 0.0) + score * (1 - distance / (2 * BESIDE))
                times.setdefault(name, float(second))
    fitting = [name for name in evidence if _letter(name.split()[-1], options) or _letter(name, options)]
    if not fitting:
        return Reading(None, f"No object of the options is seen next to the {target}.")
    best = max(fitting, key=lambda name: evidence[name])
    word = best if _letter(best, options) else best.split()[-1]
    return _choose(word, options, f"The {best} stands next to the {target} at {_clock(times[best])}.")


def _count(frames: np.ndarray, seen: Sequence[Sequence[Detection]], best: int, target: str,
           options: Mapping[str, str]) -> Reading:
    """Furniture in the frames of the target's room: the camera pans, so no frame need show all of it."""
    wall = wall_colour(frames[best])
    pieces: dict[str, str] = {}  # piece -> its best name: a room has at most one of a kind
    strength: dict[str, float] = {}
    num_frames = 0
    for index, of_frame in enumerate(seen):
        if index != best and (wall is None or wall_colour(frames[index]) != wall):
            continue
        num_frames += 1
        for name, score, _ in _one_name_per_place(of_frame):
            piece = name.split()[-1]
            if piece in FURNITURE and score > strength.get(piece, 0.0):
                pieces[piece], strength[piece] = name, score
    listed = ", ".join(sorted(pieces.values())) or "no furniture"
    return _choose(str(len(pieces)), options, f"{num_frames} returned frames show the room of the {target}, with {listed}.")


def _one_name_per_place(of_frame: Sequence[Detection]) -> list[Detection]:
    """The best name of each object: a detector gives a pink ring also as a poor red ring."""
    kept: list[Detection] = []
    for one in sorted(of_frame, key=lambda one: -one[1]):
        if all(_apart(one[2], other[2]) > SAME_PLACE for other in kept):
            kept.append(one)
    return kept


def _apart(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Distance of the centres in shares of the picture."""
    return float(np.hypot((one[0] + one[2] - other[0] - other[2]) / 2, (one[1] + one[3] - other[1] - other[3]) / 2))


def _letter(word: str, options: Mapping[str, str]) -> str | None:
    return next((letter for letter, text in options.items() if text.strip().lower() == word.lower()), None)


def _choose(word: str, options: Mapping[str, str], why: str) -> Reading:
    letter = _letter(word, options)
    return Reading(letter, why if letter else f"{why} That is none of the options.")


def _choose_word(word: str, options: Mapping[str, str], why: str) -> Reading:
    letter = next((letter for letter, text in options.items() if re.search(rf"\b{word}\b", text, re.IGNORECASE)), None)
    return Reading(letter, why if letter else f"{why} That is none of the options.")


def _clock(second: float) -> str:
    return f"{int(second) // 60}:{int(second) % 60:02d}"
