"""The recorded trainings at a glance are what the trainings themselves say."""

import pytest

from backends.ragen import record
from backends.ragen.fates import FILE, Fate, fates, written
from backends.ragen.presets import RECORDED_RUNS

ONES = (1.0,) * 12


def fate(valid: tuple[float, ...]) -> Fate:
    return Fate(reward=(0.0, *ONES), valid=valid, top=ONES, warned=None)


def test_the_few_numbers_are_those_of_the_recorded_trainings():
    assert FILE.read_text(encoding="utf-8") == written(record.seen())
    assert list(fates()) == list(RECORDED_RUNS)


def test_the_four_end_as_they_are_called():
    """Of the files, which hold on every machine: a training of the same settings may end otherwise on another."""
    learns, echoes, lost, saved = fates().values()

    assert learns.end(learns.reward) > 0.2 > learns.reward[0] and learns.end(learns.top) < 0.5 and learns.lost is None
    assert echoes.end(echoes.reward) > 0.2 and echoes.end(echoes.top) > 0.5 and echoes.lost is None
    assert lost.lost is not None and lost.end(lost.reward) == pytest.approx(-0.1, abs=0.005)
    assert saved.end(saved.reward) > 0.2 and saved.end(saved.valid) > 0.9 and saved.lost is None
    assert lost.warned is not None and lost.warned < lost.lost
    assert learns.reward == echoes.reward[:40]  # one training, looked at sooner and later


@pytest.mark.parametrize(("valid", "since"), [((1.0, 0.4, 1.0), None), ((1.0, 0.4, 0.5, 0.1, 0.0), 3), ((0.0, 0.0), 0)],
                         ids=["a bad moment", "lost after a bad moment", "never there"])
def test_a_format_is_lost_from_where_it_never_comes_back(valid, since):
    assert fate(valid).lost == since


def test_the_end_is_the_mean_of_ten_iterations():
    assert fate(ONES).end((5.0, *range(10))) == 4.5
