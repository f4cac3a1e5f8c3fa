import numpy as np

from benchmarks.__main__ import merged
from benchmarks.gaze import interval

ORDER = ["first", "second"]


def section(name: str, value: int) -> str:
    return f"## Title of {name}\n\n`python -m benchmarks --only {name}` on a day\n\nvalue {value}\n"


def test_a_section_that_was_not_run_keeps_what_it_said():
    text = merged(merged("", "second", section("second", 2), ORDER), "first", section("first", 1), ORDER)

    assert text.index("value 1") < text.index("value 2")


def test_a_section_that_was_run_again_is_replaced():
    text = merged(merged("", "first", section("first", 1), ORDER), "first", section("first", 7), ORDER)

    assert "value 7" in text and "value 1" not in text and text.count("## ") == 1


def test_an_interval_over_seeds_counts_only_scenes_that_count_and_holds_the_spread_of_the_seeds():
    half = np.array([1, 1, np.nan, np.nan] * 6)
    good, bad = np.ones(40), np.zeros(40)

    assert interval([half]) == (100, 100, 100)
    assert interval([good, good, good]) == (100, 100, 100)
    mean, low, high = interval([good, bad, good])
    assert (round(mean, 1), low, high) == (66.7, 0, 100)
