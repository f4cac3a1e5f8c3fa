"""The frozen lake: its maps, gymnasium's table, and exact chances."""

import subprocess
import sys

import numpy as np
import pytest
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv

from worlds.games.frozen_lake.chances import best_action, optimal_success, random_success
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.frozen_lake.maps import draw_lake, read_map
from worlds.games.frozen_lake.state import GOAL, HOLE, START, State, has_way, under
from worlds.games.frozen_lake.table import SLIPPERY, after, transitions
from worlds.games.lines import success_lines
from worlds.games.seeds import validation_seeds


def test_start_and_goal_are_anywhere_and_a_way_leads_from_one_to_the_other() -> None:
    lakes = [draw_lake(seed) for seed in range(200)]

    assert all(has_way(lake.rows) and lake.rows[lake.at[0]][lake.at[1]] == START for lake in lakes)
    assert len({lake.at for lake in lakes}) == 16
    assert len({"".join(lake.rows).index(GOAL) for lake in lakes}) == 16


def test_cells_are_holes_as_often_as_they_are_not_ice() -> None:
    # what has no way is drawn again, so a little less than 20 % of the 14 other cells
    assert 0.15 < np.mean(["".join(draw_lake(seed).rows).count(HOLE) / 14 for seed in range(300)]) < 0.2
    assert all(HOLE not in "".join(draw_lake(seed, frozen=1).rows) for seed in range(5))
    assert {len(draw_lake(seed, side=8).rows) for seed in range(5)} == {8}


@pytest.mark.parametrize(("side", "frozen"), [(1, 0.8), (9, 0.8), (4, -0.1), (4, 1.1)])
def test_a_lake_that_cannot_be_drawn_is_refused(side: int, frozen: float) -> None:
    with pytest.raises(ValueError, match=r"it has 2 to 8|between 0 and 1"):
        draw_lake(0, side=side, frozen=frozen)


def test_equal_seeds_give_equal_lakes_in_a_fresh_process_too() -> None:
    code = ("import sys; from worlds.games.frozen_lake.maps import *; "
            "sys.stdout.buffer.write(repr([draw_lake(seed) for seed in range(123, 143)]).encode())")

    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=120).stdout

    assert fresh.decode() == repr([draw_lake(seed) for seed in range(123, 143)])


@pytest.mark.parametrize("success_rate", [SLIPPERY, 0.8, 1.0])
@pytest.mark.parametrize("side", [4, 8])
def test_chances_are_gymnasiums_own(side: int, success_rate: float) -> None:
    rows = draw_lake(side, side=side).rows
    theirs = FrozenLakeEnv(desc=list(rows), is_slippery=True, success_rate=success_rate).P

    ours = transitions(rows, success_rate)

    np.testing.assert_allclose(ours.sum(axis=2), 1)
    for cell in range(side**2):
        for action in range(4):
            due = np.zeros(side**2)
            for chance, next_cell, _, _ in theirs[cell][action]:
                due[next_cell] += chance
            np.testing.assert_allclose(ours[cell, action], due)


def test_a_slippery_step_goes_to_either_side_and_what_would_leave_stays() -> None:
    rows = read_map(["SFF", "FFF", "FFG"]).rows

    assert transitions(rows, 0.8)[4, 2, [1, 5, 7]] == pytest.approx([0.1, 0.8, 0.1])  # from the middle to the right
    assert transitions(rows, 1 / 3)[0, 0, [0, 3]] == pytest.approx([2 / 3, 1 / 3])  # to the left out of the corner, or up: stays
    assert transitions(rows, 1.0)[8, 0, 8] == 1  # the goal keeps whoever is there


def test_what_chance_draws_falls_where_the_table_says() -> None:
    rows = draw_lake(3).rows
    drawn = (np.arange(3000) + 0.5) / 3000
    for action in range(4):
        cells = [after(rows, 5, action, success_rate=0.8, drawn=number) for number in drawn]
        share = np.bincount(cells, minlength=16) / 3000
        np.testing.assert_allclose(share, transitions(rows, 0.8)[5, action], atol=1e-9)


@pytest.mark.parametrize("success_rate", [-0.1, 1.1])
def test_a_success_rate_that_is_none_is_refused(success_rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        transitions(draw_lake(0).rows, success_rate)


def test_the_environment_follows_the_table() -> None:
    game = FrozenLake(success_rate=0.8)
    start = game.codec.plain(read_map(["FFF", "FSF", "FFG"]))
    ends = []
    for seed in range(10_000, 10_600):
        game.reset(seed=seed, options={"state": start})
        ends.append(game.step("Right")[4]["state"].at)

    shares = {end: ends.count(end) / 600 for end in set(ends)}

    assert set(shares) == {(1, 2), (0, 1), (2, 1)}
    assert abs(shares[1, 2] - 0.8) < 0.06  # 3.7 standard errors


def test_it_pays_one_at_the_goal_and_nothing_in_a_hole() -> None:
    game = FrozenLake(success_rate=1.0)
    plain = game.codec.plain(read_map(["SG", "HF"]))
    game.reset(seed=123, options={"state": plain})
    assert game.step("Up")[1:4] == (0.0, False, False) and not game.step("Up")[4]["action_is_effective"]
    _, reward, terminated, _, info = game.step("Right")
    assert (reward, terminated, info["success"]) == (1.0, True, True) and info["action_is_effective"]

    game.reset(seed=123, options={"state": plain})
    written, reward, terminated, _, info = game.step("Down")

    assert (written, reward, terminated, info["success"]) == ("_G\nX_", 0.0, True, False)


def slips(game: FrozenLake, member: int, seed: int = 10_000) -> list[str]:
    game.reset(seed=seed, options={"member": member})
    return [game.step(1 + turn % 4)[0] for turn in range(8)]


def test_shared_noise_lets_members_of_a_group_slip_alike_and_own_noise_does_not() -> None:
    seeds = range(10_000, 10_006)
    shared, own = FrozenLake(shared_noise=True), FrozenLake()

    assert all(slips(shared, 0, seed) == slips(shared, member, seed) for seed in seeds for member in range(1, 4))
    assert sum(slips(own, 0, seed) != slips(own, member, seed) for seed in seeds for member in range(1, 4)) > 9


def test_the_random_and_the_best_policy_reach_what_the_paper_s_game_allows() -> None:
    """Acceptance 6, on RAGEN's 256 seeds of validation."""
    lines = success_lines(FrozenLake(), validation_seeds())

    assert abs(lines.random - 0.21) < 0.02 and 0.475 < lines.optimal < 0.505
    sure = success_lines(FrozenLake(success_rate=1.0), validation_seeds(60))
    assert sure.optimal == 1 and sure.random == pytest.approx(success_lines(FrozenLake(), validation_seeds(60)).random)


def test_chances_by_hand() -> None:
    """From S: Right goes to the goal, stays (up) or drowns (down); Up stays (up, left) or goes to the goal (right)."""
    lake = read_map(["SG", "HF"])
    safe = State(("FG", "SF"), (1, 0))

    assert optimal_success(lake, 1, success_rate=1 / 3) == pytest.approx(1 / 3)
    assert optimal_success(lake, 2, success_rate=1 / 3) == pytest.approx(1 / 3 + 2 / 3 / 3)
    assert best_action(lake, 1, success_rate=0.8) == 2 and best_action(lake, 2, success_rate=1 / 3) == 3
    assert random_success(lake, 1, success_rate=1 / 3) == pytest.approx(1 / 4)
    assert random_success(safe, 2, success_rate=1.0) == pytest.approx(2 / 16)
    assert optimal_success(safe, 1, success_rate=1.0) == 0 and optimal_success(safe, 2, success_rate=1.0) == 1
    assert optimal_success(State(lake.rows, (0, 1)), 0, success_rate=1.0) == 1


@pytest.mark.parametrize("success_rate", [SLIPPERY, 0.8, 1.0])
def test_the_expert_s_action_keeps_all_that_the_best_policy_can_reach(success_rate: float) -> None:
    for seed in range(12):
        rows = draw_lake(seed).rows
        for left in (1, 2, 6):
            states = [State(rows, (cell // 4, cell % 4)) for cell in range(16)]
            later = np.array([optimal_success(state, left - 1, success_rate=success_rate) for state in states])
            for cell, state in enumerate(states):
                if under(state) not in (HOLE, GOAL):
                    chosen = transitions(rows, success_rate)[cell, best_action(state, left, success_rate=success_rate)] @ later
                    assert chosen == pytest.approx(optimal_success(state, left, success_rate=success_rate))
                    assert chosen >= random_success(state, left, success_rate=success_rate) - 1e-12


def test_an_expert_that_is_played_wins_as_often_as_is_computed() -> None:
    game = FrozenLake()
    due, won = [], []
    for seed in range(10_000, 10_250):
        _, info = game.reset(seed=seed)
        due.append(game.optimal_success(info["state"], info["left"]))
        while info["left"] and not game.is_over(info["state"]):
            info = game.step(game.expert(info["state"], info["left"]))[4]
        won.append(info["success"])

    assert abs(np.mean(won) - np.mean(due)) < 3.5 * np.sqrt(0.25 / 250)


def test_where_nothing_slips_the_expert_takes_the_shortest_way() -> None:
    game = FrozenLake(success_rate=1.0)
    game.reset(seed=123, options={"state": game.codec.plain(read_map(["SFFF", "FHHF", "FHGF", "FFFF"]))})

    steps = 0
    while not game.is_over(game.state):
        steps += 1
        game.step(game.expert(game.state, 10))

    assert steps == 6 and game.is_won(game.state)  # two to the right and one more, two down, one back


def test_actions_that_are_drawn_evenly_reach_what_is_computed() -> None:
    game, generator = FrozenLake(), np.random.default_rng(0)
    state = game.codec.plain(read_map(["SFF", "FHF", "GFF"]))
    won = []
    for member in range(1200):
        _, info = game.reset(seed=10_000, options={"member": member, "state": state})
        due = game.random_success(info["state"], info["left"])
        while info["left"] and not game.is_over(info["state"]):
            info = game.step(int(generator.integers(1, 5)))[4]
        won.append(info["success"])

    assert 0.2 < due < 0.8 and abs(np.mean(won) - due) < 3.5 * np.sqrt(due * (1 - due) / 1200)


def test_nothing_is_best_where_the_game_is_over() -> None:
    lake = read_map(["SG", "HF"])
    for state, left in ((State(lake.rows, (1, 0)), 5), (State(lake.rows, (0, 1)), 5), (lake, 0)):
        with pytest.raises(ValueError, match="over"):
            best_action(state, left, success_rate=1.0)
