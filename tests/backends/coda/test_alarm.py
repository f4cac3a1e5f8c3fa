"""The paper's alarm: one token with a positive indicator raises it, and nothing else does."""

import pytest

from backends.coda.alarm import alarm
from backends.coda.masking import Candidate, Candidates
from backends.coda.results import Masked


def token(indicator: float, place: int) -> Masked:
    return Masked(f" word{place}", (place,), lift=0.0, rpmi_sum=0.0, escape_reward=0.0, indicator=indicator,
                  num_suppressed=0, num_escaping=0)


def alarm_of(*indicators: float, num_untried: int = 0):
    scored = [token(indicator, place) for place, indicator in enumerate(indicators)]
    untried = tuple((Candidate("more", (99,)), "too long") for _ in range(num_untried))
    return alarm(scored, Candidates(tuple(Candidate(entry.text, entry.positions) for entry in scored), untried))


@pytest.mark.parametrize(("indicators", "is_raised"), [
    ((-3.0, -0.01), False), ((-3.0, 0.0), False), ((-3.0, 1e-6), True), ((0.5, 2.0), True),
], ids=["negative", "nothing", "a little", "two"])
def test_the_alarm_is_raised_by_a_positive_indicator_only(indicators, is_raised):
    assert alarm_of(*indicators).is_raised is is_raised


def test_the_first_token_with_a_positive_indicator_is_named():
    assert "'word1' is the first" in alarm_of(-1.0, 0.2, 5.0).reason


def test_a_silent_alarm_is_none_where_tokens_were_not_tried():
    assert alarm_of(-1.0, num_untried=3).is_raised is None
    assert alarm_of(-1.0, 1.0, num_untried=3).is_raised is True
