"""The laboratory: the table of pushes, its exact column, determinism; stopping and whitening."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from backends.ragen.expected import ADVANTAGES, expected_push
from backends.ragen.lab import Lab, pushed
from backends.ragen.traps import Quits, episode_baseline, stopping, turn_baseline, whitened, whitening
from models.training.advantages import group_advantages, whiten

TABLE = [  # measured before, with other draws: shared coins, all groups and a quarter; a coin for each pull, likewise
    (0.25, "whitened", 0.13, 1.28, 0.31, 0.58), (0.25, "mean_std", -0.93, 0.97, 0.08, 0.57),
    (0.10, "whitened", -0.84, -0.18, -0.28, 0.15), (0.10, "mean_std", -1.50, -0.53, -0.78, 0.14)]


@pytest.mark.parametrize(("chance", "advantage", "shared", "shared_few", "own", "own_few"), TABLE)
def test_the_table_of_pushes_comes_out_again(chance, advantage, shared, shared_few, own, own_few):
    together = pushed(Lab(chance=chance, advantage=advantage, is_shared=True, repeats=1000, seed=1))
    apart = pushed(Lab(chance=chance, advantage=advantage, repeats=1000, seed=1))

    for found, told in ((together.everything, shared), (together.filtered, shared_few), (apart.everything, own),
                        (apart.filtered, own_few)):
        # both are means of draws: theirs of four times as many; the table has two decimals
        assert abs(found.mean - told) < 3.5 * found.error * (1 + 1 / 4) ** 0.5 + 0.005


@pytest.mark.parametrize(("advantage", "is_shared"), list(product(ADVANTAGES, [True, False])))
def test_the_exact_push_is_what_many_draws_come_to(advantage, is_shared):
    found = pushed(Lab(advantage=advantage, is_shared=is_shared, groups=3, pulls=4, policy=0.3, chance=0.4, repeats=20_000))

    assert abs(found.everything.mean - found.expected) < 4 * found.everything.error < 0.1


@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("policy", [0.2, 0.5, 0.9])
def test_against_the_groups_mean_a_push_is_honest_but_for_its_own_part_in_it(is_shared, policy):
    found = expected_push(0.25, 0.15, policy, groups=8, pulls=16, advantage="mean", is_shared=is_shared)

    assert found == pytest.approx((0.25 - 0.15) * (1 - 1 / 16), abs=1e-9)


@pytest.mark.parametrize("chance", [0.0, 1.0])
@pytest.mark.parametrize("advantage", ADVANTAGES)
def test_an_arm_that_never_or_always_pays_has_an_exact_push_too(chance, advantage):
    found = expected_push(chance, 0.15, 0.5, groups=2, pulls=4, advantage=advantage, is_shared=False)

    assert np.isfinite(found) and np.sign(found) == np.sign(chance - 0.15)


def test_two_pulls_by_hand():
    # one pull of each arm in a group (1/2): the advantages are +-d/2 and the push 2 d/2; else nothing is pushed
    assert expected_push(1.0, 0.5, 0.5, groups=1, pulls=2, advantage="mean", is_shared=True) == pytest.approx(0.5 * 0.5)


def test_choosing_by_spread_prefers_lucky_pulls_and_a_random_choice_does_not():
    by_spread, by_chance = (pushed(Lab(chance=0.1, kind=kind, repeats=1000)) for kind in ("std", "random"))

    assert by_spread.lucky > 0.15 and abs(by_chance.lucky - 0.1) < 0.01
    assert by_spread.filtered.mean > 0 > by_chance.filtered.mean and by_spread.honest < 0


@pytest.mark.parametrize("advantage", ADVANTAGES)
def test_a_random_quarter_teaches_what_a_quarter_of_the_groups_would(advantage):
    found = pushed(Lab(advantage=advantage, kind="random"))
    two_groups = expected_push(0.25, 0.15, 0.5, groups=2, pulls=16, advantage=advantage, is_shared=False)

    assert abs(found.filtered.mean - two_groups) < 4 * found.filtered.error


def test_with_every_group_kept_the_filter_changes_nothing_to_the_bit():
    for advantage in ADVANTAGES:
        found = pushed(Lab(ratio=1.0, repeats=200, advantage=advantage))

        assert found.filtered == found.everything


def test_equal_settings_give_equal_numbers_and_another_seed_others():
    lab = Lab(repeats=200)

    assert pushed(lab) == pushed(lab) and pushed(replace(lab, seed=1)).everything != pushed(lab).everything


def test_many_repeats_are_those_of_one_piece(monkeypatch):
    whole = pushed(Lab(repeats=300, kind="random"))
    monkeypatch.setattr("backends.ragen.lab.CHUNK", 8 * 16 * 100)

    assert abs(pushed(Lab(repeats=300, kind="random")).everything.mean - whole.everything.mean) < 4 * whole.everything.error * 2**0.5


def test_an_iteration_that_keeps_nothing_pushes_by_nothing_and_is_counted():
    found = pushed(Lab(chance=0.0, safe=0.0, kind="top_p", repeats=50))

    assert (found.filtered.mean, found.filtered.empty, found.everything.mean, found.lucky) == (0.0, 1.0, 0.0, None)


@pytest.mark.parametrize("told", [{"chance": 1.01}, {"policy": 0.0}, {"pulls": 1}, {"groups": 65}, {"safe": float("nan")},
                                  {"groups": 33, "pulls": 32}, {"repeats": 100_000, "groups": 16}],
                         ids=["chance", "policy", "pulls", "groups", "nan", "at once", "too many"])
def test_an_experiment_that_can_not_be_is_refused_with_its_limit(told):
    with pytest.raises(ValueError, match=r"must be from|at most"):
        Lab(**told)


def test_the_largest_experiment_has_an_exact_push():
    assert np.isfinite(expected_push(0.25, 0.15, 0.5, groups=32, pulls=32, advantage="whitened", is_shared=True))


def every_group(quits):
    """All first choices and all luck of a group: (cases, episodes), and how likely each case is."""
    cases = np.array(list(product([False, True], repeat=2 * quits.episodes)))
    went_on, lucky = cases[:, :quits.episodes], cases[:, quits.episodes:]
    likely = np.where(went_on, quits.going_on, 1 - quits.going_on).prod(1) * np.where(lucky, quits.chance, 1 - quits.chance).prod(1)
    return went_on, lucky, likely


@pytest.mark.parametrize("quits", [Quits(episodes=4), Quits(episodes=3, going_on=0.2, sure=0.7, chance=0.5)], ids=["worth it", "not"])
def test_baselines_by_turn_teach_to_stop_and_those_by_episode_what_going_on_is_worth(quits):
    went_on, lucky, likely = every_group(quits)
    first, second = np.where(went_on, 0.0, quits.sure), (went_on & lucky).astype(float)
    away = (went_on - quits.going_on) / (quits.going_on * (1 - quits.going_on))

    def taught(advantages):
        return float((advantages * away).mean(1) @ likely)

    found = stopping(quits)
    assert taught(turn_baseline(first, second, went_on)) == pytest.approx(found.taught_by_turn) == pytest.approx(
        -quits.sure * (1 - 1 / quits.episodes))
    assert taught(episode_baseline(first + second)) == pytest.approx(found.taught_by_episode)
    assert np.sign(found.taught_by_episode) == np.sign(quits.chance - quits.sure) == np.sign(found.worth)


def test_the_one_group_that_is_shown_is_of_whole_episodes_and_its_advantages_are_the_trainings():
    found = stopping(Quits())

    assert found.returns.tolist() == np.where(found.went_on, found.won, 0.3).tolist() and not (found.won & ~found.went_on).any()
    ours = group_advantages(torch.tensor(found.returns), torch.zeros(8).long(), over_std=False)
    assert_close(torch.tensor(found.by_episode), ours)
    assert abs(found.by_turn[found.went_on].mean() + found.quits.sure * (~found.went_on).mean()) < 1e-12


@pytest.mark.parametrize("told", [{"sure": 1.1}, {"going_on": 1.0}, {"episodes": 1}])
def test_an_agent_that_can_not_be_is_refused(told):
    with pytest.raises(ValueError, match="must be from"):
        Quits(**told)


def test_whitening_makes_errors_of_any_size_as_large_and_none_stay_none():
    found = whitening()
    sizes = dict(zip(found.errors, found.whitened))

    assert sizes[0.0] == 0 and sizes[1.0] == pytest.approx(sizes[0.01], rel=1e-3)
    assert sizes[1e-4] / sizes[1.0] == pytest.approx(0.5**0.5, rel=1e-3)  # there 1e-8 is half of the variance
    np.testing.assert_allclose(found.raw, found.errors * found.raw[-1], atol=1e-12)


def test_whitening_is_that_of_the_training():
    found = whitening(shown=0.02)

    trained = whiten(torch.tensor(found.tokens_raw), torch.ones(40, dtype=torch.bool))
    assert_close(torch.tensor(found.tokens_whitened), trained)
    assert not whitened(np.full(5, -0.1)).any() and not whitening(shown=0).tokens_whitened.any()


@pytest.mark.parametrize("told", [{"tokens": 1}, {"shown": -1.0}])
def test_a_critic_that_can_not_be_is_refused(told):
    with pytest.raises(ValueError, match="at least 2 tokens"):
        whitening(**told)


def test_two_pulls_are_whitened_by_their_unbiased_spread():
    found = pushed(Lab(chance=1.0, safe=0.0, groups=1, pulls=2, ratio=1.0, repeats=2_000))

    assert found.everything.mean == pytest.approx(found.expected, abs=5 * found.everything.error)
