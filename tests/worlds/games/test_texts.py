"""What an agent reads: RAGEN's order, our words."""

import pytest

from worlds.games import texts
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.state import State as Arms
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.frozen_lake.maps import read_map
from worlds.games.frozen_lake.state import State as Lake
from worlds.games.frozen_lake.state import written as lake
from worlds.games.sokoban.env import Sokoban
from worlds.games.sokoban.state import OTHER_SYMBOLS
from worlds.games.sokoban.state import State as Room
from worlds.games.sokoban.state import written as room


def test_a_lake_is_written_in_lines_without_separators_and_its_start_as_ice() -> None:
    state = read_map(["SFFG", "FHFF", "FFFF", "FFFF"])

    assert lake(state) == "P__G\n_O__\n____\n____"
    assert lake(Lake(state.rows, (2, 0))) == "___G\n_O__\nP___\n____"
    assert lake(Lake(state.rows, (1, 1))) == "___G\n_X__\n____\n____"
    assert lake(Lake(state.rows, (0, 3))) == "___√\n_O__\n____\n____"


def test_a_room_is_written_with_either_set_of_symbols() -> None:
    rows = ("######", "#_OO_#", "######")

    assert room(Room(rows, ((1, 2), (1, 4)), (1, 1))) == "######\n#P√OX#\n######"
    assert room(Room(rows, ((1, 1), (1, 4)), (1, 2))) == "######\n#XSOX#\n######"
    # the paper's other vocabulary: W wall, . floor, G target, C box on target, B box, A player, @ player on target
    assert room(Room(rows, ((1, 2), (1, 4)), (1, 1)), OTHER_SYMBOLS) == "WWWWWW\nWACGBW\nWWWWWW"
    assert room(Room(rows, ((1, 1), (1, 4)), (1, 2)), OTHER_SYMBOLS) == "WWWWWW\nWB@GBW\nWWWWWW"


def test_a_bandit_names_its_arms_in_their_order_and_then_what_was_paid() -> None:
    before = Bandit().written(Arms(("Trader", "Librarian"), "Librarian"))

    assert "Trader and Librarian" in before and "stands for" in before
    assert Bandit().written(Arms(("Trader", "Librarian"), "Librarian", "Trader", 0.15)) == "Trader: 0.15 points"


@pytest.mark.parametrize(("game", "legend", "actions"), [
    (FrozenLake(), "P: player, _: ice, O: hole, G: goal, X: player in a hole, √: player at the goal", "Left, Down, Right, Up"),
    (Sokoban(),
     "#: wall, _: floor, O: target, X: box, √: box on a target, P: player, S: player on a target", "Up, Down, Left, Right"),
    (Sokoban(kind="SokobanDifferentGridVocab"),
     "W: wall, .: floor, G: target, B: box, C: box on a target, A: player, @: player on a target", "Up, Down, Left, Right"),
], ids=["lake", "sokoban", "other symbols"])
def test_the_opening_tells_game_legend_actions_and_budget(game: FrozenLake | Sokoban, legend: str, actions: str) -> None:
    instruction, *rest = game.opening().split("\n")

    assert instruction == game.instruction
    assert rest[:2] == [f"Legend: {legend}", f"Actions: {actions}"]
    assert "10 actions at most" in rest[2] and "||" in rest[2] and len(rest) == 3


def test_the_opening_of_a_bandit_has_no_legend() -> None:
    game = Bandit()
    game.reset(seed=123)

    instruction, actions, budget = game.opening().split("\n")

    assert instruction == game.instruction and actions == f"Actions: {game.state.arms[0]}, {game.state.arms[1]}"
    assert "1 action at most" in budget


def test_every_symbol_that_a_game_writes_is_in_its_legend() -> None:
    for game in (FrozenLake(side=8), Sokoban(kind="LargerSokoban"), Sokoban(kind="SokobanDifferentGridVocab")):
        for seed in range(123, 133):
            written, _ = game.reset(seed=seed)
            assert set(written) <= {*game.symbols, "\n"}
            assert {len(line) for line in written.split("\n")} == {len(written.split("\n"))}


def test_a_turn_has_its_number_the_state_what_is_left_and_the_form_of_an_answer() -> None:
    head, title, *grid, last = texts.turn(2, "P_\nOG", left=8).split("\n")

    assert (head, title, grid) == ("Turn 2:", "State:", ["P_", "OG"])
    assert last.startswith("You have 8 actions left. ") and "<think>" in last and "<answer>" in last and "100 words" in last
    assert "<think>" not in texts.turn(2, "P_\nOG", left=8, thinks=False)


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.0"), (sum([-0.1] * 3), "-0.3"), (10.9, "10.9")], ids=str)
def test_a_reward_is_shown_as_it_was_meant(value: float, shown: str) -> None:
    assert texts.reward(value) == f"Reward:\n{shown}\n"
