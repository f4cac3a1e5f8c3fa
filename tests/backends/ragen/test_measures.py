"""An iteration in numbers: by hand, and where much is not known."""

from math import nan

import pytest
from pydantic import TypeAdapter, ValidationError

from backends.ragen.filters import select
from backends.ragen.measures import NUMBERS, Attempt, Metrics, Update, measured, repeated

ATTEMPTS = (
    Attempt(group=0, score=1.0, success=True, tokens=10, thought_tokens=(4, 2), thoughts=("go left", "go up"), valid=(True, True),
            effective=(True, False)),
    Attempt(group=0, score=-0.1, success=False, tokens=20, thought_tokens=(6,), thoughts=("go  left\n",), valid=(False,)),
    Attempt(group=1, score=0.0, success=False, tokens=30, thought_tokens=(8,), thoughts=("go left",), valid=(True,),
            effective=(True,)),
    Attempt(group=1, score=0.0, success=False, tokens=40))
SELECTION = select([attempt.score for attempt in ATTEMPTS], [attempt.group for attempt in ATTEMPTS], ratio=0.5)


def test_metrics_are_those_worked_out_by_hand():
    updates = (Update(norm=1.0, entropy=0.5, clip_fraction=0.0), Update(norm=3.0, entropy=0.7, clip_fraction=0.1))

    found = measured(4, ATTEMPTS, SELECTION, updates=updates, unsampled=0, validation=0.25, seconds=9.0)

    spread = 1.1 / 2**0.5  # of 1.0 and -0.1, unbiased
    assert (found.iteration, found.reward, found.success, found.any_success) == (4, pytest.approx(0.225), 0.25, 0.5)
    assert (found.std, found.kept_std, found.dead, found.kept) == (pytest.approx(spread / 2), pytest.approx(spread), 0.5, 1)
    assert (found.entropy, found.gradient, found.largest_gradient, found.clip_fraction) == (0.6, 2.0, 3.0, 0.05)
    assert (found.tokens, found.thought_tokens, found.valid, found.effective) == (25.0, 5.0, 0.75, pytest.approx(2 / 3))
    assert (found.distinct, found.top) == (0.5, 0.75)
    assert (found.unsampled, found.validation, found.seconds, found.steps) == (0, 0.25, 9.0, 2)


def test_what_is_not_known_is_none_and_never_zero():
    found = measured(1, ())

    assert {name for name in NUMBERS if getattr(found, name) is not None} == {"steps"}
    assert measured(1, (Attempt(group=0),)) == found


def test_what_is_no_number_is_passed_over_and_a_broken_gradient_is_counted():
    found = measured(1, (Attempt(group=0, score=nan), Attempt(group=0, score=2.0)), updates=(Update(norm=nan), Update(norm=2.0)),
                     entropy=nan, validation=nan)

    assert (found.reward, found.gradient, found.broken, found.entropy, found.validation) == (2.0, 2.0, 1, None, None)


def test_an_iteration_that_kept_nothing_has_a_spread_and_none_of_the_kept():
    skipped = select([0.0, 0.0], [0, 0], flat="skip")

    found = measured(2, ATTEMPTS[2:], skipped)

    assert (found.std, found.kept_std, found.dead, found.kept, found.steps) == (0.0, None, 1.0, 0, 0)


def test_an_entropy_of_all_tokens_comes_before_that_of_the_updates():
    assert measured(1, (), updates=(Update(entropy=0.5),), entropy=0.9).entropy == 0.9


def test_the_commonest_thoughts_come_first_whatever_their_spaces():
    told = repeated(["b", "a", " b", "c  c", "c c", "b\n"], most=2)

    assert [(one.thought, one.count, one.share) for one in told] == [("b", 3, 0.5), ("c c", 2, pytest.approx(1 / 3))]
    assert [one.thought for one in repeated(["z", "y", "x"])] == ["x", "y", "z"] and repeated([]) == ()


@pytest.mark.parametrize("told", [{"reward": nan}, {"success": 1.5}, {"kept": -1}, {"entropy": float("inf")}])
def test_a_saved_run_with_a_metric_that_can_not_be_is_refused(told):
    assert TypeAdapter(Metrics).validate_python({"iteration": 1, "reward": -0.5, "success": 1.0, "kept": 0})

    with pytest.raises(ValidationError):
        TypeAdapter(Metrics).validate_python({"iteration": 1, **told})


def test_a_metric_that_nobody_gave_is_none():
    assert all(getattr(Metrics(3), name) is None for name in NUMBERS)
