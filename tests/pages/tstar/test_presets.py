"""The presets of T* do what their labels say, with the detector that is shipped, whichever that is."""

import pytest

from backends.run import Inputs, last
from backends.tstar.results import TStarResult
from backends.tstar.run import run
from backends.tstar.settings import PRESETS


@pytest.fixture(scope="module")
def outcomes() -> dict[str, TStarResult]:
    without_baselines = {label: settings.model_copy(update={"baselines": ()}) for label, (settings, _) in PRESETS.items()}
    return {label: last(run(settings, Inputs())) for label, settings in without_baselines.items()}


def confirmed_truly(result: TStarResult) -> set[str]:
    """Names of the truths in which a confirmed key frame lies."""
    return {name for start, end, name in result.truth_spans for frame in result.keyframes
            if frame.is_confirmed and start <= frame.second <= end}


def seconds_of_truth_looked_at(result: TStarResult) -> list[int]:
    looked_at = result.iterations[0].positions.tolist()
    return [second for second in looked_at for start, end, _ in result.truth_spans if start <= second <= end]


def test_every_preset_is_here_and_says_what_to_notice() -> None:
    assert list(PRESETS) == ["See it found", "See it fail", "Two things, once each", "Push it until it breaks"]
    assert all(help_text.endswith(".") for _, help_text in PRESETS.values())


def test_found_means_confirmed_inside_the_true_seconds(outcomes) -> None:
    result = outcomes["See it found"]

    assert not result.unconfirmed and confirmed_truly(result) == set(result.targets)
    assert result.costs.frames_grid < result.video.num_positions / 2


def test_fail_means_that_something_else_was_taken_for_the_target_or_nothing_was(outcomes) -> None:
    result = outcomes["See it fail"]

    assert not seconds_of_truth_looked_at(result), "the reason is that the target is not in the picture"
    assert not confirmed_truly(result)
    assert result.answer is None or not result.answer.is_correct


def test_two_things_are_both_confirmed_where_they_are(outcomes) -> None:
    result = outcomes["Two things, once each"]

    assert len(result.targets) == 2 and not result.unconfirmed
    assert confirmed_truly(result) == set(result.targets)


def test_broken_means_one_picture_without_the_target_and_nothing_found(outcomes) -> None:
    result = outcomes["Push it until it breaks"]

    assert len(result.iterations) == 1 and not seconds_of_truth_looked_at(result)
    assert not confirmed_truly(result)
    assert result.cues == ()
