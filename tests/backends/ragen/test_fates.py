"""The recorded trainings at a glance are what the trainings themselves say."""

import pytest

from backends.files.saved import load_result
from backends.ragen import record
from backends.ragen.fates import FILE, Fate, fates, written
from backends.ragen.monitor import watch
from backends.ragen.presets import RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.rules import setup_of
from backends.ragen.system import RECORDED

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


def test_the_recorded_trainings_show_what_the_method_is_known_for():
    """Of the files, too. PPO with a coin for every pull, and GRPO with one for a start, both without a filter."""
    ppo, grpo = (load_result((RECORDED / f"{name}.orrery").read_bytes(), RagenResult) for name in ("echoes", "loses_format"))
    assert (ppo.settings.algorithm, ppo.settings.shared_noise, ppo.settings.ratio) == ("ppo", False, 1.0)
    assert (grpo.settings.algorithm, grpo.settings.shared_noise, grpo.settings.ratio) == ("grpo", True, 1.0)

    assert max(one.success for one in ppo.training.metrics[:20]) > 0.85
    assert min(one.entropy for one in ppo.training.metrics[:100]) < ppo.training.metrics[0].entropy / 2
    assert watch(ppo.training.metrics, setup_of(ppo.settings)).fired
    assert max(one.success for one in grpo.training.metrics[20:]) < 0.05 < 0.4 < grpo.training.metrics[0].success


@pytest.mark.parametrize(("valid", "since"), [((1.0, 0.4, 1.0), None), ((1.0, 0.4, 0.5, 0.1, 0.0), 3), ((0.0, 0.0), 0)],
                         ids=["a bad moment", "lost after a bad moment", "never there"])
def test_a_format_is_lost_from_where_it_never_comes_back(valid, since):
    assert fate(valid).lost == since


def test_the_end_is_the_mean_of_ten_iterations():
    assert fate(ONES).end((5.0, *range(10))) == 4.5
