"""The metrics against hand-worked sets, identities and scikit-image."""

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from backends.tstar import metrics


def _photos() -> tuple[np.ndarray, np.ndarray]:
    """Two unrelated photographs at the size of Haystack's frames, (256, 340, 3) each."""
    return cv2.resize(data.astronaut(), (340, 256)), cv2.resize(data.coffee(), (340, 256))


def test_returning_exactly_the_true_frames_is_perfect() -> None:
    assert metrics.temporal([10, 300.5], [10, 300.5]) == metrics.Score(1.0, 1.0, 1.0)


@pytest.mark.parametrize(("distance", "counts"), [(5.0, True), (5.01, False)], ids=["at the limit", "just above"])
def test_a_frame_five_seconds_away_counts_and_one_farther_does_not(distance: float, counts: bool) -> None:
    for start in (0.0, 7.3, 2937 / 30):
        score = metrics.temporal([start], [start + distance])

        assert score is not None and score.recall == float(counts)


def test_the_worked_example_has_precision_one_half_recall_one_and_f1_two_thirds() -> None:
    score = metrics.temporal([10, 11], [12, 100])

    assert score is not None
    assert (score.precision, score.recall) == (0.5, 1.0)
    assert score.f1 == pytest.approx(2 / 3)


def test_the_historic_precision_counts_true_frames_and_can_exceed_one() -> None:
    assert metrics.historic_precision([10, 11], [12, 100]) == 1.0
    assert metrics.historic_precision([10, 11, 12], [11]) == 3.0


def test_questions_without_truth_or_frames_are_skipped_and_reported() -> None:
    scores = [metrics.temporal([], [1]), metrics.temporal([1], []), metrics.temporal([1], [1])]

    means = metrics.aggregate_temporal(scores)

    assert (means.precision, means.num_scored, means.num_skipped) == (1.0, 1, 2)
    assert "2 of 3" in means.notes[0]
    assert metrics.aggregate_temporal([None]).f1 is None


def test_nearest_distances_are_measured_in_both_directions() -> None:
    distances = metrics.nearest_distances([10, 20], [11, 50])

    assert distances is not None
    assert distances.found_to_truth_s == (1 + 30) / 2
    assert distances.truth_to_found_s == (1 + 9) / 2
    assert distances.mean_s == 10.25
    assert metrics.nearest_distances([], [1]) is None


def test_seconds_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        metrics.temporal([1.0], [float("nan")])


@pytest.mark.parametrize("ssim", [metrics.ssim, metrics.ssim_official], ids=["correct", "official"])
def test_identical_frames_are_fully_similar(ssim) -> None:  # type: ignore[no-untyped-def]
    photo, _ = _photos()

    assert ssim(photo, photo) == pytest.approx(1.0, abs=1e-9)


def test_the_official_ssim_does_not_see_a_permutation_of_rows_and_the_correct_one_does() -> None:
    first, _ = _photos()
    second = np.roll(first, 6, axis=0)
    order = np.random.default_rng(0).permutation(len(first))

    assert metrics.ssim_official(first[order], second[order]) == pytest.approx(metrics.ssim_official(first, second), abs=1e-12)
    assert metrics.ssim(first[order], second[order]) != pytest.approx(metrics.ssim(first, second), abs=0.05)


def _degraded() -> list[tuple[str, np.ndarray, np.ndarray]]:
    first, second = _photos()
    noise = np.random.default_rng(0).normal(0, 0.05 * 255, first.shape)
    noisy = np.clip(first + noise, 0, 255).astype(np.uint8)
    return [("unrelated", first, second), ("noise", first, noisy), ("shift", first, np.roll(first, 6, axis=1))]


@pytest.mark.parametrize(("first", "second"), [case[1:] for case in _degraded()], ids=[case[0] for case in _degraded()])
def test_ssim_agrees_with_scikit_image_on_photographs(first: np.ndarray, second: np.ndarray) -> None:
    theirs = structural_similarity(first / 255, second / 255, channel_axis=2, data_range=1, gaussian_weights=True, sigma=1.5,
                                   use_sample_covariance=False)

    assert metrics.ssim(first, second) == pytest.approx(theirs, abs=0.05)


def test_the_official_ssim_of_unrelated_photographs_is_far_above_the_correct_one() -> None:
    first, second = _photos()

    assert metrics.ssim_official(first, second) > metrics.ssim(first, second) + 0.2


def test_the_matrix_has_a_row_per_true_frame_and_a_column_per_found_frame() -> None:
    first, second = _photos()

    matrix = metrics.ssim_matrix(np.stack([first, second]), first[None])

    assert matrix.shape == (2, 1)
    assert matrix[0, 0] == pytest.approx(1.0)
    assert matrix[1, 0] == pytest.approx(metrics.ssim(first, second))


def test_frames_of_different_sizes_are_refused_because_upstream_does_not_resize() -> None:
    first, _ = _photos()

    with pytest.raises(ValueError, match="same size"):
        metrics.ssim_matrix(first[None], first[None, :50])


def test_visual_scores_take_the_best_partner_of_every_frame() -> None:
    score = metrics.visual(np.array([[0.9, 0.3], [0.5, 0.1]]))

    assert score is not None
    assert score.precision == pytest.approx((0.9 + 0.3) / 2)
    assert score.recall == pytest.approx((0.9 + 0.5) / 2)
    assert metrics.visual(np.empty((0, 3))) is None
