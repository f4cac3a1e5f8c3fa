"""The bandit: what its arms pay, who shares the noise, and what names it has."""

import numpy as np
import pytest

from worlds.errors import InputError
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.names import PAIRS, PHOENIX_DRAGON, TEST_PAIRS, TRADER_LIBRARIAN, TRAINING_PAIRS, Pair
from worlds.games.bandit.payouts import Payouts
from worlds.games.seeds import training_seeds, validation_seeds


def pulls(game: Bandit, arm: str, groups: int, members: int) -> np.ndarray:
    """What is paid, (groups, members)."""
    paid = []
    for seed in training_seeds(0, groups):
        for member in range(members):
            game.reset(seed=seed, options={"member": member})
            paid.append(game.step(arm)[1])
    return np.array(paid).reshape(groups, members)


def test_the_high_arm_pays_one_with_its_chance() -> None:
    """Acceptance 8: 100,000 pulls by the rule, a tenth of it through the environment."""
    drawn, payouts = np.random.default_rng(0).random(100_000), Payouts()
    ruled = [payouts.paid(is_high=True, drawn=number) for number in drawn]
    paid = pulls(Bandit(), "Dragon", 1_000, 10)

    assert abs(np.mean(ruled) - 0.25) < 0.005 and set(ruled) == {0.0, 1.0}
    assert abs(paid.mean() - 0.25) < 0.016 and {*paid.ravel()} == {0.0, 1.0}  # 3.7 standard errors


def test_the_low_arm_pays_the_same_always() -> None:
    assert {*pulls(Bandit(), "Phoenix", 20, 2).ravel()} == {0.15}
    assert {*pulls(Bandit(payouts=Payouts(low=0.1)), "Phoenix", 20, 2).ravel()} == {0.1}


def test_members_who_share_the_noise_are_paid_alike_and_others_are_not() -> None:
    shared, own = pulls(Bandit(shared_noise=True), "Dragon", 100, 16), pulls(Bandit(), "Dragon", 100, 16)

    assert (shared == shared[:, :1]).all() and 0 < shared.mean() < 1
    assert (own != own[:, :1]).any(axis=1).mean() > 0.9
    assert len({tuple(row) for row in own}) > 90  # groups do not copy one another


def test_either_arm_is_listed_first_half_the_time_and_numbers_follow_the_list() -> None:
    game = Bandit()
    firsts = []
    for seed in validation_seeds():
        game.reset(seed=seed)
        firsts.append(game.actions[0])
        assert game.step(2)[4]["state"].pulled == ({"Dragon", "Phoenix"} - {firsts[-1]}).pop()

    assert abs(firsts.count("Dragon") / 256 - 0.5) < 0.11


@pytest.mark.parametrize("arm", ["Dragon", "Phoenix"])
def test_success_is_the_high_arm_whether_it_paid_or_not(arm: str) -> None:
    game = Bandit()
    seen = set()
    for seed in range(123, 143):
        game.reset(seed=seed)
        written, reward, terminated, truncated, info = game.step(arm)
        assert (terminated, truncated, info["success"]) == (True, False, arm == "Dragon")
        assert written == info["feedback"] == f"{arm}: {reward} points"
        seen.add(reward)

    assert seen == ({0.0, 1.0} if arm == "Dragon" else {0.15})


def test_pairs_for_training_and_for_generalisation_do_not_meet() -> None:
    trained = {name for pair in TRAINING_PAIRS.values() for name in (pair.low, pair.high)}
    tested = {name for pair in TEST_PAIRS.values() for name in (pair.low, pair.high)}

    assert trained == {"Phoenix", "Dragon", "Engineer", "Teacher"} and tested == {"Trader", "Librarian"}
    assert all(name == f"{pair.low}, {pair.high}" for name, pair in PAIRS.items())
    assert (PHOENIX_DRAGON.low, PHOENIX_DRAGON.high) == ("Phoenix", "Dragon")
    assert TRADER_LIBRARIAN.reversed == Pair("Librarian", "Trader")


def test_names_of_ones_own_are_played_with() -> None:
    game = Bandit(pair=Pair("Nurse", "StartupFounder"))
    written, _ = game.reset(seed=123)

    assert "Nurse" in written and "StartupFounder" in written and game.step("startupfounder")[4]["success"]


@pytest.mark.parametrize(("low", "high", "what"), [
    ("", "Dragon", "'' cannot name an arm"),
    ("Phoenix", "o" * 21, "1 to 20 letters"),
    ("Phoenix", "a || b", "letters from A to Z"),
    ("Phoenix", "Dragon\n", "letters from A to Z"),
    ("dragon", "Dragon", "need two names"),
], ids=repr)
def test_names_that_an_answer_could_not_tell_apart_are_refused(low: str, high: str, what: str) -> None:
    Pair("o" * 20, "x")

    with pytest.raises(InputError, match=what):
        Pair(low, high)


@pytest.mark.parametrize(("low", "chance"), [(-0.1, 0.25), (1.1, 0.25), (0.15, -0.1), (0.15, 1.1)])
def test_payouts_that_are_none_are_refused(low: float, chance: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Payouts(low, chance)


@pytest.mark.parametrize(("chance", "best", "arm"), [(0.25, 0.25, "Dragon"), (0.1, 0.15, "Phoenix")])
def test_the_expert_pulls_what_pays_more_on_average(chance: float, best: float, arm: str) -> None:
    game = Bandit(payouts=Payouts(chance=chance))

    for seed in range(123, 129):
        game.reset(seed=seed)
        assert game.actions[game.expert(game.state, 1) - 1] == arm
    assert game.payouts.best_reward == best and game.payouts.random_reward == pytest.approx((0.15 + chance) / 2)


def test_half_of_all_pulls_succeed_by_chance_and_all_can() -> None:
    game = Bandit()
    _, before = game.reset(seed=123)
    after = game.step("Phoenix")[4]["state"]

    assert game.random_success(before["state"], 1) == 0.5 and game.optimal_success(before["state"], 1) == 1
    assert game.random_success(after, 1) == game.optimal_success(after, 1) == game.optimal_success(before["state"], 0) == 0
