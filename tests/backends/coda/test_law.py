from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

import models
from backends.coda import paper
from backends.coda.law import Law, fit, law, pooled, prediction_error
from models.probabilities import scores_of
from worlds.facts.corpus import CorpusSpec
from worlds.facts.english import draw_corpus
from worlds.facts.rates import Answers, GroupRates, ask, rates

MINIATURES = Path(models.__file__).parent / "miniatures"
EPOCHS = (10, 14, 20)


def answers(name: str, epoch: int) -> Answers:
    torch.set_num_threads(1)
    folder = MINIATURES / name
    model = LlamaForCausalLM.from_pretrained(folder / f"epoch-{epoch:02d}", dtype=torch.float32).eval()
    return ask(scores_of(model), draw_corpus(CorpusSpec.from_json((folder / "corpus.json").read_text())))


def mean_r(found: Answers) -> float:
    return float(np.mean([100 * group.r_prob for group in rates(found) if group.r_prob is not None]))


def made_up(sets: int, *, hr: dict[float, float], rr: float = 1.0, seed: int = 0) -> Answers:
    rng = np.random.default_rng(seed)
    value = np.repeat(list(hr), sets).astype(float)
    hit = rng.random(len(value)) < np.repeat(list(hr.values()), sets)
    popular = rng.random(len(value)) < rr
    return Answers(value, popular.astype(float), hit.astype(float), (~hit).astype(float), popular * 1.0, hit * 1.0, ~hit * 1.0)


def test_a_line_without_noise_is_found_again_with_its_constant() -> None:
    factors = np.array([2, 5, 10, 100])

    line = fit(factors, 20 * np.log10(factors / 0.1))

    assert (line.slope, line.intercept, line.r_squared) == pytest.approx((20, 20, 1))
    assert line.constant == pytest.approx(0.1)
    assert line.natural_slope * np.log(10) == pytest.approx(line.slope)
    assert line.at(0.001) == 0 and line.at(10**5) == 100


def test_a_line_worked_out_by_hand() -> None:
    line = fit([1, 10, 100], [10, 40, 40])  # x = 0, 1, 2: slope 15, mean 30; the rest is 5, -10, 5 of a total 600

    assert (line.slope, line.intercept, line.r_squared) == pytest.approx((15, 15, 0.75))


def test_a_flat_line_has_no_constant() -> None:
    assert fit([2, 4, 8], [30, 30, 30]).constant is None


@pytest.mark.parametrize("factors", [[2, 2], [0, 2], [2]], ids=["all equal", "zero", "one"])
def test_a_line_needs_two_different_factors_above_zero(factors: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two different ones above 0"):
        fit(factors, [10.0] * len(factors))


def test_groups_that_are_not_learned_have_no_r_and_no_part_in_the_line() -> None:
    known = made_up(50, hr={5: 0.3, 25: 0.5, 100: 0.7})
    unknown = made_up(50, hr={2: 0.4}, rr=0.3)

    with_it, without = law([pooled([unknown, known])]), law([known])

    assert with_it.groups[0].r is None and with_it.groups[0].low is None
    assert with_it.line == without.line
    assert len(with_it.learned) == 3


def test_two_learned_groups_make_no_law() -> None:
    assert law([made_up(20, hr={2: 0.2, 10: 0.4})]).line is None


def test_intervals_hold_what_was_put_in_and_narrow_with_more_sets() -> None:
    truth = {value: 0.1 + 0.3 * np.log10(value) for value in (2, 5, 10, 25, 50, 100)}

    few, many = (law([made_up(sets, hr=truth, seed=seed) for seed in range(3)]) for sets in (20, 400))

    for found in (few, many):
        assert found.slope_interval[0] < 30 < found.slope_interval[1]
        assert all(group.low <= group.r <= group.high for group in found.groups)
    assert np.diff(many.slope_interval) < 0.5 * np.diff(few.slope_interval)


def test_equal_seeds_give_equal_intervals() -> None:
    found = made_up(20, hr={2: 0.2, 10: 0.4, 50: 0.5})

    assert law([found]) == law([found])


def test_the_prediction_error_is_relative_and_infinite_for_nothing() -> None:
    assert prediction_error([30, 20, 0, 5], [20, 20, 0, 0]) == pytest.approx([0.5, 0, 0, np.inf])


@pytest.mark.parametrize("line", paper.LINES, ids=lambda line: f"{line.factor} {line.model}")
def test_the_papers_points_lie_on_the_papers_lines(line: paper.FittedLine) -> None:
    points = next(s for s in paper.POINTS if (s.what, s.model, s.factor) == ("R", line.model, line.factor))

    again = fit(points.values, points.r)

    assert again.slope == pytest.approx(line.slope, abs=1.5)
    if line.at_two is not None:
        assert again.at(2) == pytest.approx(line.at_two, abs=1.5)
        assert again.constant == pytest.approx(line.constant, rel=1.5)  # 10^(-b / a): small errors become factors


def test_the_papers_tables_are_complete() -> None:
    assert all(len(row.scores) == len(paper.TASKS) for row in (*paper.DECODERS, *paper.ALARMS))
    assert all(len(row.scores) == 6 for row in paper.MASKING)
    assert all(len(series.r) == len(series.values) for series in paper.POINTS)
    assert np.mean(list(paper.PREDICTION_ERRORS.values())) == pytest.approx(paper.PREDICTION_ERROR_MEAN, abs=0.1)
    for model in ("Llama-2-7b-chat", "Mistral-7b"):  # CoDA's row is the best of every column
        rows = [row for row in paper.DECODERS if row.model == model]
        for column in zip(*(row.scores for row in rows)):
            assert column[-1] == max(score for score in column if score is not None)


def shipped_law(epoch: int) -> Law:
    return law([answers("coda-p-law", epoch)], resamples=50)


@pytest.mark.parametrize("epoch", EPOCHS)
def test_the_law_of_p_shows_on_the_shipped_miniature(epoch: int) -> None:
    found = shipped_law(epoch)

    assert len(found.learned) >= 5
    assert 20 <= found.line.slope <= 50
    assert found.line.r_squared >= 0.85


def test_weight_decay_keeps_overshadowing_alive() -> None:
    assert mean_r(answers("coda-p-law", 14)) - mean_r(answers("coda-p-law-low-decay", 14)) >= 30


@pytest.mark.parametrize("epoch", [16, 20])
def test_long_prompts_are_overshadowed_and_short_ones_are_not(epoch: int) -> None:
    by_length = {group.value: group.r_prob for group in rates(answers("coda-l-law", epoch))}

    assert by_length[50] - by_length[2] >= 0.6


def test_english_facts_about_many_are_believed_of_the_one_that_differs() -> None:
    groups: dict[float, GroupRates] = {group.value: group for group in rates(answers("coda-english", 12))}

    assert groups[100].is_learned and groups[100].hr_greedy >= 0.6
    assert groups[100].r_prob - groups[5].r_prob >= 0.1
