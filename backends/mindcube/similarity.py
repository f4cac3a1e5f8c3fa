"""How alike a map that a model wrote and the true one are: MindCube's metric to the letter, and one that a turned map cannot fool.

    S_dir     share of ordered pairs of common names whose relation is right           (of those that have one in the true map)
    S_face    share of common names whose facing is right                              (of those that have one in the true map)
    S_overall = 0.7 S_dir + 0.3 S_face,  under the turn of the written map that gives most

`official` turns by sine and cosine and lets the vertical win where two things stand on a diagonal. Rounding then flips such pairs: a
perfect map of among, turned by a quarter, scores 0.8 and is not isomorphic, nor is one that is drawn 1.1 times as large. `exact`
turns by whole numbers and takes a diagonal for what it is, both of its directions at once, however much the written map stretches
either; it tries the four turns in the plane, the one under which all relations hold first. Missing names lower neither metric, only
the coverage. Source: MindCube's evaluation/cogmap/cogmap_metrics.py, graph_operations.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.mindcube.maps import (
    CENTRE,
    Facing,
    Map,
    mirrored,
    moved,
    rotated,
    scaled,
    swapped,
    turned_facing,
    without,
    without_facings,
)

Metric = Literal["official", "exact"]
Relation = Literal["", "up", "right", "down", "left", "inner", "outer", "up right", "down right", "down left", "up left"]
Turn = Literal["identity", "z_rot_90", "z_rot_180", "z_rot_270", "x_rot_90", "y_rot_90"]

TURNS: tuple[Turn, ...] = ("identity", "z_rot_90", "z_rot_180", "z_rot_270", "x_rot_90", "y_rot_90")
RELATIONS: tuple[Relation, ...] = (
    "", "up", "right", "down", "left", "inner", "outer", "up right", "down right", "down left", "up left")
WEIGHT_DIRECTION, WEIGHT_FACING = 0.7, 0.3
NEAR, TOUCHING = 0.5, 0.2  # closer than NEAR nothing is beside the other; closer than TOUCHING one is inside it
_UP, _RIGHT, _DOWN, _LEFT, _INNER, _OUTER = range(1, 7)
_DIAGONAL = np.array([[10, 9], [7, 8]])  # (is right, is down) -> RELATIONS
_X_TURN: dict[Facing, Facing] = {"up": "inner", "down": "outer", "inner": "down", "outer": "up"}
_Y_TURN: dict[Facing, Facing] = {"left": "inner", "right": "outer", "inner": "right", "outer": "left"}


@dataclass(frozen=True)
class Score:
    """How alike two maps are; shares are 0..1.

    Attributes:
        coverage: share of the compared true names that the other map has.
        turn: of the written map, under which the rest holds; None where no turn scores anything.
    """

    coverage: float
    direction: float
    facing: float
    overall: float
    is_isomorphic: bool
    turn: Turn | None


@dataclass(frozen=True)
class Compared:
    """The same two maps under both metrics."""

    official: Score
    exact: Score


@dataclass(frozen=True)
class Relations:
    """What stands where, seen from each of the compared names, under one turn.

    Attributes:
        names: (names,)    true, written: (names, names) from the first to the second; "" where there is none.
        is_right: (names, names); True where the true map has no relation.
    """

    names: tuple[str, ...]
    true: tuple[tuple[Relation, ...], ...]
    written: tuple[tuple[Relation, ...], ...]
    is_right: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class _Pair:
    """Two maps over the compared names; those that the written one has stand first."""

    names: tuple[str, ...]
    common: int
    true: np.ndarray  # (names, 2)
    true_facings: tuple[Facing | None, ...]
    written: np.ndarray  # (common, 2)
    written_facings: tuple[Facing | None, ...]


def compared(written: Map, true: Map) -> Compared:
    """Return both metrics of a written map against the true one.

    If the written map has no views, objects alone are compared. Names must be equal, letter by letter.
    """
    return Compared(similarity(written, true, "official"), similarity(written, true, "exact"))


def similarity(written: Map, true: Map, metric: Metric = "official") -> Score:
    """Return how alike two maps are, under one metric."""
    pair = _pair(written, true)
    coverage = pair.common / len(pair.names) if pair.names else 0.0
    if not pair.common:
        return Score(coverage, 0.0, 0.0, 0.0, False, None)
    turns = TURNS if metric == "official" else TURNS[:4]
    wanted = relations(pair.true, [pair.true_facings], metric)  # (names, names)
    places, facings = _turned(pair.written, pair.written_facings, turns, metric)
    own = wanted[:pair.common, :pair.common]
    is_equal = _beside(places, facings, own, metric) == own  # (turns, common, common)
    counts = own > 0  # (common, common)
    total = counts.sum()
    direction = (is_equal & counts).sum((1, 2)) / total if total else np.zeros(len(turns))
    facing = _faced(facings, pair)
    is_isomorphic = (is_equal | ~counts).all((1, 2)) & (pair.common == len(pair.names))  # what is no relation need not hold
    overall = WEIGHT_DIRECTION * direction + WEIGHT_FACING * facing
    order = overall if metric == "official" else overall + 2 * is_isomorphic  # isomorphism first
    best = int(order.argmax())  # of equal ones the first
    if overall[best] <= 0 and not (metric == "exact" and is_isomorphic[best]):
        return Score(coverage, 0.0, 0.0, 0.0, False, None)
    return Score(coverage, float(direction[best]), float(facing[best]), float(overall[best]), bool(is_isomorphic[best]), turns[best])


def _pair(written: Map, true: Map) -> _Pair:
    wanted = (true if written.views is not None else true.plain).named()
    given = written.named()
    common = [name for name in wanted if name in given]
    names = (*common, *(name for name in wanted if name not in given))
    places, own = [wanted[name].position for name in names], [given[name].position for name in common]
    return _Pair(names, len(common), np.array(places, float).reshape(-1, 2), tuple(wanted[name].facing for name in names),
                 np.array(own, float).reshape(-1, 2), tuple(given[name].facing for name in common))


def _turned(places: np.ndarray, facings: Sequence[Facing | None], turns: Sequence[Turn],
            metric: Metric) -> tuple[np.ndarray, list[tuple[Facing | None, ...]]]:
    """Return (turns, names, 2) where everything stands after each turn, and the facings after each."""
    x, y = places.T
    found, faced = [], []
    for number, turn in enumerate(turns):
        if turn == "x_rot_90":  # the sheet seen from its edge
            found.append(np.stack([x, 0 * y], -1))
            faced.append(tuple(_X_TURN.get(one, one) if one else None for one in facings))
        elif turn == "y_rot_90":
            found.append(np.stack([0 * x, y], -1))
            faced.append(tuple(_Y_TURN.get(one, one) if one else None for one in facings))
        else:
            angle = np.radians(90 * number)
            cos, sin = (np.cos(angle), np.sin(angle)) if metric == "official" else (np.rint(np.cos(angle)), np.rint(np.sin(angle)))
            found.append(np.stack([cos * x - sin * y, sin * x + cos * y], -1) if number else places)
            faced.append(tuple(turned_facing(one, number) for one in facings))
    return np.stack(found), faced


def relations(places: np.ndarray, facings: Sequence[Sequence[Facing | None]], metric: Metric) -> np.ndarray:
    """Return what stands where.

    Args:
        places: (..., names, 2)
        facings: a list per map.
    Returns:
        (..., names, names) which of RELATIONS leads from the first to the second; 0 for none, and from a name to itself.
    """
    faced = np.array([[_code(one) for one in row] for row in facings], int).reshape(places.shape[:-1])
    offset = places[..., None, :, :] - places[..., :, None, :]  # from i to j
    dx, dy = offset[..., 0], offset[..., 1]
    wide, high = np.abs(dx), np.abs(dy)
    found = np.where(wide > high, np.where(dx > 0, _RIGHT, _LEFT), np.where(dy > 0, _DOWN, _UP))  # a tie counts as vertical
    if metric == "exact":
        is_tie = np.isclose(wide, high, rtol=1e-9, atol=1e-9)
        found = np.where(is_tie, _DIAGONAL[(dx > 0).astype(int), (dy > 0).astype(int)], found)
    distance = np.sqrt(dx * dx + dy * dy)
    first, second = faced[..., :, None], faced[..., None, :]
    near = np.where((first == _INNER) | (second == _OUTER), _INNER,
                    np.where((first == _OUTER) | (second == _INNER), _OUTER, np.where(distance < TOUCHING, _INNER, 0)))
    found = np.where(distance < NEAR, near, found)
    return np.where(np.eye(places.shape[-2], dtype=bool), 0, found)


def _beside(places: np.ndarray, facings: Sequence[Sequence[Facing | None]], wanted: np.ndarray, metric: Metric) -> np.ndarray:
    """Return what stands where in a written map, (..., names, names); where the true one has a diagonal, by both signs alone."""
    found = relations(places, facings, metric)
    if metric == "official":
        return found
    offset = places[..., None, :, :] - places[..., :, None, :]
    is_aside = (np.abs(offset) > 0).all(-1) & (np.hypot(offset[..., 0], offset[..., 1]) >= NEAR)
    corner = _DIAGONAL[(offset[..., 0] > 0).astype(int), (offset[..., 1] > 0).astype(int)]
    return np.where((wanted > _OUTER) & is_aside, corner, found)


def _code(facing: Facing | None) -> int:
    return _INNER if facing == "inner" else _OUTER if facing == "outer" else 0


def _faced(facings: Sequence[Sequence[Facing | None]], pair: _Pair) -> np.ndarray:
    """Return (turns,) the share of facings that are right; 1 where the true map has none."""
    wanted = [(place, facing) for place, facing in enumerate(pair.true_facings[:pair.common]) if facing]
    if not wanted:
        return np.ones(len(facings))
    return np.array([sum(own[place] == facing for place, facing in wanted) / len(wanted) for own in facings])


def relation_table(written: Map, true: Map, metric: Metric = "official", turn: Turn | None = None) -> Relations:
    """Return every relation of the true map beside the written one's, for a figure.

    Args:
        turn: of the written map; None takes the one that the metric takes.
    """
    pair = _pair(written, true)
    turn = turn or similarity(written, true, metric).turn or "identity"
    places, facings = _turned(pair.written, pair.written_facings, TURNS, metric)
    which = TURNS.index(turn)
    wanted = relations(pair.true, [pair.true_facings], metric)
    given = np.zeros_like(wanted)
    given[:pair.common, :pair.common] = _beside(places[which], [facings[which]], wanted[:pair.common, :pair.common], metric)
    is_right = (wanted == given) | (wanted == 0)
    return Relations(pair.names, _words(wanted), _words(given), tuple(tuple(map(bool, row)) for row in is_right))


def _words(codes: np.ndarray) -> tuple[tuple[Relation, ...], ...]:
    return tuple(tuple(RELATIONS[code] for code in row) for row in codes)


@dataclass(frozen=True)
class BlindSpot:
    """A wrong map, or a right one in another guise, and what each metric makes of it."""

    name: str
    map: Map
    compared: Compared


def blind_spots(true: Map) -> tuple[BlindSpot, ...]:
    """Return what the metrics make of a true map that was changed in ways that should, or should not, matter."""
    first, last = true.objects[0], true.objects[-1]
    x, y = last.position
    corner = (x, 2 * CENTRE - 2.0) if y == CENTRE else (2 * CENTRE - 2.0, y)
    cases = {
        "unchanged": true, "turned by a quarter": rotated(true, 1), "turned by a half": rotated(true, 2),
        "turned by three quarters": rotated(true, 3), "mirrored, left and right": mirrored(true),
        "two neighbours swapped": swapped(true, true.objects[-2].name, last.name), "without facings": without_facings(true),
        "one object missing": without(true, last.name), "one object alone": Map(true.objects[:1]),
        "everything in one place": scaled(true, 0.0, first.position), "100 times as large": scaled(true, 100.0),
        "one object moved to a corner": moved(true, last.name, corner)}
    return tuple(BlindSpot(name, changed, compared(changed, true)) for name, changed in cases.items())
