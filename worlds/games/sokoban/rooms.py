"""Draws a room for a seed by the rules of RAGEN's generator, which go back to arXiv 1707.06203.

A walk clears floor out of wall. Player and targets are put on it, the boxes on the targets. Then the game is played backwards, boxes
pulled and not pushed, depth first; of all states met, that one begins the game in which the boxes are farthest from their targets
and in which the pulls changed most often between them. Pushing undoes pulling, so a room can be solved. At last the player may
stroll a few steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from worlds.games.sokoban.moves import STEPS
from worlds.games.sokoban.state import FLOOR, TARGET, WALL, Cell, State

_TURNS = 0.35  # chance that the walk takes a new direction at a step
_LONG = 1.7  # steps of the walk for each cell of height and width
_MASKS = tuple(np.array(mask, bool) for mask in (  # what one step clears around it
    ((0, 0, 0), (1, 1, 1), (0, 0, 0)),
    ((0, 1, 0), (0, 1, 0), (0, 1, 0)),
    ((0, 0, 0), (1, 1, 0), (0, 1, 0)),
    ((0, 0, 0), (1, 1, 0), (1, 1, 0)),
    ((0, 0, 0), (0, 1, 1), (0, 1, 0)),
))
_MOST_STATES = 300_000  # of one play backwards
_STROLL, _STROLL_NEAR = 0.5, 0.8  # chance of a stroll; where the boxes are one step away in all
_STROLLS_ON, _LONGEST_STROLL = 0.5, 3
_ATTEMPTS = 10_000


@dataclass(frozen=True)
class Kind:
    """How rooms of a kind are made.

    Attributes:
        side: cells, walls included.
        depth: a play backwards meets fewer states than this one after another.
    """

    side: int
    num_boxes: int
    depth: int


KINDS = {
    "SimpleSokoban": Kind(side=6, num_boxes=1, depth=300),
    "LargerSokoban": Kind(side=8, num_boxes=2, depth=10),
    "SokobanDifferentGridVocab": Kind(side=6, num_boxes=1, depth=30),
}
_Played = tuple[Cell, tuple[Cell, ...]]  # player, and the box of each target in the targets' order


def draw_room(seed: int | list[int], kind: Kind) -> State:
    """Return the room of a seed; equal seeds and kinds give equal rooms, everywhere."""
    generator = np.random.default_rng(seed)
    for _ in range(_ATTEMPTS):
        floor = _walked(generator, kind.side)
        if floor.sum() <= kind.num_boxes + 1:
            continue
        player, *goals = _places(generator, floor, kind.num_boxes + 1)
        player, boxes, apart = _pulled_away(floor, player, tuple(sorted(goals)), kind.depth)
        if apart:
            if generator.random() <= (_STROLL_NEAR if apart == 1 else _STROLL):
                player = _strolled(generator, floor, player, boxes)
            rows = tuple("".join(TARGET if (row, column) in goals else FLOOR if floor[row, column] else WALL
                                 for column in range(kind.side)) for row in range(kind.side))
            return State(rows, tuple(sorted(boxes)), player)
    raise RuntimeError(f"no room was found for seed {seed} in {_ATTEMPTS} attempts")


def _walked(generator: np.random.Generator, side: int) -> np.ndarray:
    """What a random walk clears, (side, side) bool; the border stays wall."""
    floor = np.zeros((side, side), bool)
    step = STEPS[generator.integers(4)]
    row, column = (int(index) for index in generator.integers(1, side, 2))
    for _ in range(int(_LONG * 2 * side)):
        if generator.random() < _TURNS:
            step = STEPS[generator.integers(4)]
        row, column = (min(max(at + by, 1), side - 2) for at, by in zip((row, column), step))
        floor[row - 1 : row + 2, column - 1 : column + 2] |= _MASKS[generator.integers(len(_MASKS))]
    floor[[0, -1], :] = floor[:, [0, -1]] = False
    return floor


def _places(generator: np.random.Generator, floor: np.ndarray, count: int) -> list[Cell]:
    free = np.argwhere(floor)
    return [(int(row), int(column)) for row, column in free[generator.permutation(len(free))[:count]]]


def _pulled_away(floor: np.ndarray, player: Cell, goals: tuple[Cell, ...], depth: int) -> tuple[Cell, tuple[Cell, ...], int]:
    """Play backwards from the boxes on their targets: player, boxes and how far these are apart from the targets (0: not at all)."""
    best, best_score, best_apart = (player, goals), 0, 0
    for (at, boxes), switches in _backwards(floor, (player, goals), depth):
        apart = sum(abs(box[0] - goal[0]) + abs(box[1] - goal[1]) for box, goal in zip(boxes, goals))
        is_bare = at not in goals and not set(boxes) & set(goals)
        if is_bare and switches * apart > best_score:
            best, best_score, best_apart = (at, boxes), switches * apart, apart
    return (*best, best_apart)


def _backwards(floor: np.ndarray, start: _Played, depth: int) -> Iterator[tuple[_Played, int]]:
    """Yield what is met, depth first, with the number of times that another box was pulled than before."""
    seen: set[tuple[Cell, frozenset[Cell]]] = set()
    waiting = [(start, 0, -1, depth)]
    while waiting and len(seen) < _MOST_STATES:
        (player, boxes), switches, last, left = waiting.pop()
        key = player, frozenset(boxes)
        if left <= 1 or key in seen:
            continue
        seen.add(key)
        yield (player, boxes), switches
        for down, right in reversed(STEPS):  # the last to wait is the first to go on
            ahead = player[0] + down, player[1] + right
            if not floor[ahead] or ahead in boxes:
                continue
            behind = player[0] - down, player[1] - right
            pulled = boxes.index(behind) if behind in boxes else last
            after = tuple(player if box == behind else box for box in boxes)
            waiting.append(((ahead, after), switches + (pulled != last), pulled, left - 1))


def _strolled(generator: np.random.Generator, floor: np.ndarray, player: Cell, boxes: tuple[Cell, ...]) -> Cell:
    """Where a player ends who walks one to three steps over free cells, none twice."""
    been = {player}
    for _ in range(_LONGEST_STROLL):
        around = [(player[0] + down, player[1] + right) for down, right in STEPS]
        free = [cell for cell in around if floor[cell] and cell not in boxes and cell not in been]
        if not free:
            break
        player = free[generator.integers(len(free))]
        been.add(player)
        if generator.random() > _STROLLS_ON:
            break
    return player
