"""Intervals: what is drawn, and that they hold what they promise."""

import math

import numpy as np
import pytest

from backends.statistics import Bootstrap, anew, mean, over_seeds, resampled, share, wilson
from tests.models.recipes.recipe import recipe

of_the_card = recipe("scenes_vlm.card").interval


def test_a_bootstrap_over_sets_is_wider_than_one_over_items_where_sets_stick_together():
    values = np.repeat(np.random.default_rng(0).random(30) > 0.5, 4).astype(float)

    middle, low, high = Bootstrap(np.arange(120) // 4).interval(values)
    _, low_items, high_items = Bootstrap(np.arange(120)).interval(values)

    assert middle == values.mean() and low < middle < high
    assert high - low > 1.5 * (high_items - low_items)


def test_weights_count_items_unequally():
    middle, _, _ = Bootstrap(np.arange(2)).interval(np.array([1.0, 0.0]), np.array([3.0, 1.0]))

    assert middle == 0.75


def test_groups_may_have_names():
    values = np.array([1.0, 0.0, 1.0, 1.0])

    assert Bootstrap(["cup", "cup", "book", "pen"]).interval(values) == Bootstrap(np.array([1, 1, 0, 2])).interval(values)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_95_of_100_intervals_of_a_share_hold_the_truth(rate):
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        found = share([rng.random(150) < rate], draws=500, seed=seed)
        held += found.low <= rate <= found.high

    assert 180 <= held <= 198  # 95 % of 200 is 190; a percentile bootstrap is a little narrow


def test_seeds_that_differ_widen_the_interval_of_a_share():
    alike, apart = [np.tile([True, False], 50)] * 4, [np.full(100, seed % 2 == 0) for seed in range(4)]

    narrow, wide = share(alike), share(apart)

    assert narrow.mean == wide.mean == 0.5 and narrow.count == wide.count == 400
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_a_share_of_nothing_is_not_a_number():
    found = share([np.zeros(0, bool)])

    assert math.isnan(found.mean) and math.isnan(found.low) and found.count == 0


def test_the_mean_of_equal_values_has_no_width_and_of_none_is_an_error():
    assert mean([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="at least one"):
        mean([])


def test_equal_values_give_equal_intervals():
    values = np.random.default_rng(1).normal(size=40)

    assert mean(list(values)) == mean(list(values))
    assert share([values > 0]) == share([values > 0])


def test_an_interval_over_seeds_counts_only_items_that_count_and_holds_the_spread_of_the_seeds():
    half = np.array([1, 1, np.nan, np.nan] * 6)
    good, bad = np.ones(40), np.zeros(40)

    assert over_seeds([half], group=4) == (1, 1, 1)
    assert over_seeds([good, good, good], group=4) == (1, 1, 1)
    middle, low, high = over_seeds([good, bad, good], group=4)
    assert (round(middle, 3), low, high) == (0.667, 0, 1)


def test_a_card_and_a_benchmark_of_the_same_answers_say_the_same_interval():
    rng = np.random.default_rng(0)
    seeds = [(rng.random(80) > 0.4).astype(float) for _ in range(3)]
    seeds[1][5] = np.nan

    assert np.allclose(of_the_card(seeds), [100 * end for end in over_seeds(seeds, group=4)], rtol=0, atol=1e-12)


def test_draws_hang_on_the_items_and_not_on_what_their_groups_are_called():
    values, groups = np.random.default_rng(0).random(48), [f"set-{number // 4}" for number in range(48)]  # set-10 sorts before set-2

    named, numbered = Bootstrap.over(groups), Bootstrap.over([str(1000 + number // 4) for number in range(48)])

    assert named.interval(values) == numbered.interval(values)
    alone = Bootstrap.over([""] * 48).interval(values)
    assert alone == Bootstrap.over([str(number) for number in range(48)]).interval(values) != named.interval(values)


def test_interval_of_a_share_stays_within_it_and_is_widest_for_few():
    few, many = wilson(1, 2), wilson(100, 200)

    assert few[0] == many[0] == 0.5
    assert 0 <= few[1] < many[1] < 0.5 < many[2] < few[2] <= 1
    assert wilson(0, 0) == (0, 0, 1)


def test_a_statistic_of_any_shape_is_drawn_anew_for_every_sample():
    values = np.arange(6.0)

    drawn = resampled(lambda rng: np.array([(sample := values[anew(6, rng)]).min(), sample.max()]), draws=50)

    assert drawn.shape == (50, 2) and (drawn[:, 0] <= drawn[:, 1]).all() and len(np.unique(drawn, axis=0)) > 5
    assert (drawn == resampled(lambda rng: np.array([(sample := values[anew(6, rng)]).min(), sample.max()]), draws=50)).all()


def test_wilsons_interval_never_leaves_0_to_1():
    for count in range(1, 60):
        for hits in (0, count):
            _, low, high = wilson(hits, count)
            assert 0 <= low <= high <= 1
