"""What is chosen, on what, and by which split (acceptance 5, 15)."""

import random
from dataclasses import replace

import numpy as np
import pytest

from backends.adaptvis.choosing import (
    Setting,
    Sweep,
    choose_alpha,
    choose_refitted,
    choose_setting,
    fit_bias,
    group_validation,
    official_validation,
    oracle,
    with_bias,
)

ALPHAS = (0.0, 0.5, 1.0, 2.0)


def sweep(seed: int = 0, items: int = 80) -> Sweep:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(4), size=(len(ALPHAS), items))
    truth = rng.integers(0, 4, items)
    return Sweep(ALPHAS, probabilities, probabilities.argmax(-1) == truth, rng.random(items), truth, np.arange(items) // 4)


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.01])
def test_equal_alphas_are_scalingvis_for_every_beta(beta):
    one = sweep()

    for alpha, right in zip(ALPHAS, one.right):
        assert np.array_equal(Setting(alpha, alpha, beta).right(one), right)


def test_beta_0_is_alpha2_and_beta_above_1_is_alpha1():
    one = replace(sweep(), confidence=np.linspace(0, 1, 80))

    assert np.array_equal(Setting(0.5, 2.0, 0.0).right(one), one.right[3])
    assert np.array_equal(Setting(0.5, 2.0, 1.01).right(one), one.right[1])


def test_a_confidence_of_beta_counts_as_sure():
    assert Setting(0.5, 2.0, 1.0).is_unsure(np.array([0.99, 1.0])).tolist() == [True, False]


def test_the_choice_has_the_most_right_answers_of_all():
    one = sweep()
    betas = (0, 0.1, 0.25, 0.5, 0.77, 1.01)
    best = max(Setting(a, b, beta).right(one).sum() for a in ALPHAS[:3] for b in ALPHAS[2:] for beta in betas)

    chosen = choose_setting(one)

    assert chosen.right(one).sum() >= best
    assert chosen.alpha1 <= 1 <= chosen.alpha2


def test_ties_go_to_the_mildest_change():
    one = replace(sweep(), right=np.ones((4, 80), bool))

    assert choose_alpha(one) == 1.0
    assert choose_setting(one) == Setting(1.0, 1.0, 0.0)


def test_the_choice_of_one_alpha_ignores_items_that_it_was_not_given():
    one = sweep()
    first = one.part(np.arange(40))
    changed = replace(one, right=np.concatenate([one.right[:, :40], ~one.right[:, 40:]], axis=1))

    assert choose_setting(first) == choose_setting(changed.part(np.arange(40)))
    assert choose_alpha(first) == choose_alpha(changed.part(np.arange(40)))


def test_bias_takes_the_answers_to_the_frequencies_of_the_truth():
    probabilities = np.tile([0.7, 0.1, 0.1, 0.1], (40, 1))
    truth = np.array([3] * 30 + [0] * 10)

    constants = fit_bias(probabilities, truth)

    said = probabilities[0] * np.exp(constants)
    assert said[3] / said.sum() == pytest.approx(0.75, abs=0.02)
    assert with_bias(probabilities, truth, constants).mean() == 0.75


def test_refitting_is_at_least_as_good_as_any_alpha_alone_is_with_its_constants():
    one = sweep()
    alpha, constants = choose_refitted(one)
    own = with_bias(one.probabilities[ALPHAS.index(alpha)], one.truth, constants).mean()

    assert all(own >= with_bias(p, one.truth, fit_bias(p, one.truth)).mean() for p in one.probabilities)


def test_the_oracle_is_an_upper_bound():
    one = sweep()

    assert oracle(one).sum() >= one.right.sum(1).max()


@pytest.mark.parametrize(("count", "size", "first"), [
    (412, 82, [1, 4, 11, 13, 14, 15]), (408, 81, [1, 4, 11, 13, 14, 15]), (2247, 449, [6, 8, 20, 21, 23, 25]),
    (440, 88, [1, 4, 11, 13, 14, 15]), (1160, 232, [3, 4, 11, 17, 18, 25]), (291, 58, [1, 4, 11, 13, 14, 15]),
    (1222, 244, [3, 4, 11, 17, 18, 25]),
])
def test_the_official_split_is_the_released_one(count, size, first):
    chosen = official_validation(count)

    assert len(chosen) == size and chosen[:6] == first


def test_a_split_by_groups_tears_none_and_does_not_see_the_global_generator():
    groups = [f"pair {index // 4}" for index in range(80)]
    random.seed(5)
    chosen = group_validation(groups)
    random.seed(6)

    assert chosen == group_validation(groups)
    names = {groups[index] for index in chosen}
    assert len(names) == 4 and len(chosen) == 16
