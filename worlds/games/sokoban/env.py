"""Sokoban as an environment of gymnasium.

Every action costs 0.1, whether it did anything or not; a box more on a target pays 1, one less costs 1, all of them pay 10. One box
in n actions pays 11 - 0.1 n.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from gymnasium import spaces

from worlds.games.env import Outcome, TextGame
from worlds.games.sokoban.chances import optimal_success, random_success
from worlds.games.sokoban.drawing import draw
from worlds.games.sokoban.moves import ACTIONS, moved
from worlds.games.sokoban.rooms import KINDS, draw_room
from worlds.games.sokoban.solver import solve
from worlds.games.sokoban.state import CODEC, OTHER_SYMBOLS, SYMBOLS, State, is_solved, on_targets, written

MAX_ACTIONS = 10
STEP, BOX, SOLVED = -0.1, 1.0, 10.0
Name = Literal["SimpleSokoban", "LargerSokoban", "SokobanDifferentGridVocab"]


class Sokoban(TextGame[State]):
    """One room at a time.

    Args:
        kind: RAGEN's name of the task: 6 x 6 cells and one box, 8 x 8 and two, or 6 x 6 and one in other symbols.
    """

    game = "sokoban"
    stream = 3
    codec = CODEC
    charset = "".join(SYMBOLS) + "".join(OTHER_SYMBOLS) + "\n"
    instruction: ClassVar[str] = (
        "You move through a store room and push boxes: every box has to get onto a target. You can push one box at a time and never "
        "pull, so think before a box stands in a corner.")

    def __init__(self, *, kind: Name = "SimpleSokoban", max_actions: int = MAX_ACTIONS, shared_noise: bool = False,
                 render_mode: str | None = None) -> None:
        super().__init__(max_actions=max_actions, shared_noise=shared_noise, render_mode=render_mode)
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of room; there are {', '.join(KINDS)}")
        self.action_space = spaces.Discrete(len(ACTIONS), start=1)  # type: ignore[assignment]
        self.kind: Name = kind
        self.symbols: Mapping[str, str] = OTHER_SYMBOLS if kind == "SokobanDifferentGridVocab" else SYMBOLS  # type: ignore[misc]

    @property
    def actions(self) -> tuple[str, ...]:
        return ACTIONS

    def act(self, state: State, action: int, noise: np.random.Generator) -> Outcome[State]:
        after = moved(state, action - 1)
        more = on_targets(after) - on_targets(state)
        return Outcome(after, {"step": STEP, "box": BOX * more, "solved": SOLVED * is_solved(after)})

    def is_over(self, state: State) -> bool:
        return is_solved(state)

    def is_won(self, state: State) -> bool:
        return is_solved(state)

    def written(self, state: State) -> str:
        return written(state, self.symbols)

    def drawn(self, state: State, side_px: int) -> np.ndarray:
        return draw(state, side_px)

    def expert(self, state: State, left: int) -> int:
        actions = solve(state)
        if actions == ():
            raise ValueError("there is no best action where the game is over")
        return actions[0] + 1 if actions else 1  # of a lost room no action is better than another

    def random_success(self, state: State, left: int) -> float:
        return random_success(state, left)

    def optimal_success(self, state: State, left: int) -> float:
        return optimal_success(state, left)

    def _start(self, seed: int) -> State:
        return draw_room([seed, self.stream], KINDS[self.kind])
