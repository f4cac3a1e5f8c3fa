"""Selection rules on lists short enough to work out by hand."""

import numpy as np
import pytest

from backends.tstar import baselines


@pytest.mark.parametrize(("formula", "expected"), [
    ("official_qa", [0, 3, 6, 9]),  # linspace(0, 10, 4) = 0, 3.33, 6.67, 10, the last one clamped
    ("kfsbench", [0, 2, 5, 8]),  # linspace(0, 8, 4) = 0, 2.67, 5.33, 8
    ("gpt_script", [0, 2, 5, 7]),  # 0, 2.5, 5, 7.5
    ("range_step", [0, 2, 4, 6, 8]),  # range(0, 9, 9 // 4 = 2)
    ("grounding", [0, 2, 5, 7]),  # floor(10 i / 4)
    ("bin_centres", [1, 3, 6, 8]),  # 1.25, 3.75, 6.25, 8.75
])
def test_each_uniform_formula_gives_its_own_positions(formula: baselines.UniformFormula, expected: list[int]) -> None:
    assert baselines.uniform(10, 4, formula=formula).tolist() == expected


def test_more_frames_than_seconds_are_all_seconds_once() -> None:
    assert baselines.uniform(3, 8).tolist() == [0, 1, 2]
    assert baselines.random(3, 8, seed=0).tolist() == [0, 1, 2]


def test_no_positions_are_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        baselines.uniform(0, 4)


def test_random_positions_differ_are_sorted_and_repeat_with_their_seed() -> None:
    found = baselines.random(100, 8, seed=3)

    assert len(set(found.tolist())) == 8 and (np.diff(found) > 0).all()
    assert found.tolist() == baselines.random(100, 8, seed=3).tolist()
    assert found.tolist() != baselines.random(100, 8, seed=4).tolist()


def test_top_k_is_in_time_order_and_prefers_the_earlier_of_equals() -> None:
    assert baselines.top_k(np.array([0.1, 0.9, 0.5, 0.9, 0.5]), 3).tolist() == [1, 2, 3]


def test_a_minimum_gap_suppresses_only_what_is_closer() -> None:
    scores = np.array([0.0, 0.9, 1.0, 0.8, 0.7, 0.1])

    assert baselines.top_k(scores, 2, min_gap=2).tolist() == [2, 4]  # distance 2 is not below the gap
    assert baselines.top_k(scores, 2, min_gap=2.5).tolist() == [2, 5]
    assert baselines.top_k(scores, 3, min_gap=6).tolist() == [2]


def test_aks_keeps_a_video_whole_whose_best_frames_stand_out() -> None:
    scores = np.array([0.0] * 20 + [1.0, 0.9] + [0.0] * 10)  # mean of top 2 is 0.95, of all 0.06

    assert baselines.aks(scores, 2).tolist() == [20, 21]


def test_aks_spreads_over_segments_when_nothing_stands_out() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])

    assert baselines.aks(scores, 4, depth_limit=1).tolist() == [2, 3, 6, 7]  # top 2 of each half
    assert baselines.aks(scores, 4, depth_limit=2).tolist() == [1, 3, 5, 7]  # top 1 of each quarter


def test_aks_loses_frames_to_rounding_as_released() -> None:
    scores = np.linspace(0, 1, 16)

    assert len(baselines.aks(scores, 6, depth_limit=2)) == 4  # floor(6 / 4) = 1 from each quarter
    assert len(baselines.aks(scores, 8, depth_limit=5)) == 0  # floor(8 / 32) = 0: why the default limit is smaller
    assert len(baselines.aks(scores, 8)) == 8


def test_aks_returns_everything_of_a_video_shorter_than_the_budget() -> None:
    assert baselines.aks(np.array([0.1, 0.2]), 4).tolist() == [0, 1]


def test_bolt_steps_evenly_through_the_cumulated_relevance() -> None:
    scores = np.array([0.0, 1.0, 0.0, 1.0])  # cdf 0, 0.5, 0.5, 1; steps 0.25, 0.417, 0.583, 0.75

    assert baselines.bolt(scores, 4).tolist() == [1, 1, 3, 3]


def test_bolt_sharpens_only_if_asked() -> None:
    scores = np.array([0.0, 0.5, 1.0])  # cdf 0, 1/3, 1; squared: weights 1/4 and 1, cdf 0, 0.2, 1; steps 1/4, 3/4

    assert baselines.bolt(scores, 4).tolist() == [1, 2, 2, 2]  # 0.25, 0.417, 0.583, 0.75
    assert baselines.bolt(scores, 4, sharpness=2).tolist() == [2, 2, 2, 2]


def test_bolt_of_equal_scores_is_uniform() -> None:
    assert baselines.bolt(np.full(8, 0.3), 4).tolist() == [1, 3, 5, 7]


def test_scene_change_returns_the_middles_of_the_longest_scenes() -> None:
    frames = np.zeros((40, 12, 16, 3), np.uint8)
    frames[:25] = (200, 0, 0)
    frames[25:] = (0, 0, 200)

    assert baselines.scene_change(frames, 40, 2).tolist() == [12, 32]  # 0..25 and 25..40
    assert baselines.scene_change(lambda t: frames[t], 40, 3).tolist() == [6, 18, 32]  # the longer one is halved


def test_cuts_keep_two_seconds_apart() -> None:
    changes = np.zeros(100)
    changes[[30, 31, 60]] = 10.0

    assert baselines.cuts_from(changes) == [31, 61]
    assert baselines.cuts_from(np.zeros(0)) == []


def test_a_video_without_a_cut_is_halved_until_there_are_enough_scenes() -> None:
    assert baselines.scene_middles([], 8, 4).tolist() == [1, 3, 5, 7]
    assert baselines.scene_middles([], 2, 8).tolist() == [0, 1]


def test_the_oracle_returns_the_true_seconds_and_thins_them_evenly() -> None:
    assert baselines.oracle([7.9, 3.0, 3.2, 99], 50, 8).tolist() == [3, 7, 49]
    assert baselines.oracle([0, 1, 2, 3, 4, 5], 50, 2).tolist() == [1, 4]


def test_budgeted_dense_looks_at_as_many_frames_as_the_grids_did() -> None:
    assert len(baselines.budgeted_dense(900, num_iterations=7, per_iteration=16)) == 112
    assert len(baselines.budgeted_dense(900, num_iterations=0, per_iteration=16)) == 0
    assert baselines.dense(4).tolist() == [0, 1, 2, 3]


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        baselines.top_k(np.array([0.1, np.nan]), 1)
