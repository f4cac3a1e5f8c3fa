from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

import models
from backends.coda.recovery import (
    DECODERS,
    Reads,
    alarm_accuracy,
    localisation,
    masked,
    outcome,
    pick,
    read,
    recovery,
    share,
    sweep,
)
from backends.coda.results import Recovery
from backends.coda.variants import TOLD, VARIANTS, Finding
from worlds.errors import InputError
from worlds.facts.corpus import MASK, Corpus, CorpusSpec
from worlds.facts.english import draw_corpus

MINIATURES = Path(models.__file__).parent / "miniatures"
GREEDY, FLOOR = VARIANTS["greedy"], VARIANTS["coda_floor_gate_told"]


def shipped(name: str, epoch: int) -> tuple[LlamaForCausalLM, Corpus]:
    torch.set_num_threads(1)
    folder = MINIATURES / name
    model = LlamaForCausalLM.from_pretrained(folder / f"epoch-{epoch:02d}", dtype=torch.float32).eval()
    return model, draw_corpus(CorpusSpec.from_json((folder / "corpus.json").read_text()))


@pytest.fixture(scope="module")
def p_law() -> Reads:
    return read(*shipped("coda-p-law", 20))


def test_floor_and_gate_beat_greedy_for_every_p_and_by_eight_points_over_all(p_law: Reads) -> None:
    greedy, coda = recovery([p_law], GREEDY), recovery([p_law], FLOOR)

    assert all(better.mean > worse.mean for (_, better), (_, worse) in zip(coda.per_value, greedy.per_value, strict=True))
    assert coda.exact_match.mean - greedy.exact_match.mean >= 0.08


def test_lift_finds_x_in_four_of_five_hallucinated_prompts_and_the_papers_rule_hardly_ever(p_law: Reads) -> None:
    assert localisation([p_law], "lift").hits.mean >= 0.8
    assert localisation([p_law], "indicator_first").hits.mean < 0.2


def test_the_gate_leaves_right_answers_with_positive_rpmi_alone(p_law: Reads) -> None:
    greedy, coda = outcome(p_law, GREEDY), outcome(p_law, FLOOR)
    answer = p_law.full.argmax(-1, keepdim=True)
    rpmi = (p_law.full - p_law.told).gather(-1, answer).squeeze(-1).numpy()

    kept = greedy.is_right & (rpmi >= 0)

    assert kept.any() and coda.is_right[kept].all()


def nameless(found: Recovery) -> Recovery:
    return replace(found, decoder="")


def test_greedy_recovers_and_breaks_nothing(p_law: Reads) -> None:
    found = recovery([p_law], GREEDY)

    assert (found.recovered.mean, found.broken.mean) == (0, 0)


def test_exact_match_is_greedy_plus_recovered_minus_broken(p_law: Reads) -> None:
    for decoder in DECODERS:
        found, own = recovery([p_law], decoder), outcome(p_law, decoder)
        others = own.is_right[~own.was_right & ~own.was_popular].sum()
        right = found.recovered.mean * found.recovered.count + (1 - found.broken.mean) * found.broken.count + others
        assert found.exact_match.mean * found.exact_match.count == pytest.approx(right)


def test_alpha_of_one_and_a_of_zero_are_greedy(p_law: Reads) -> None:
    greedy = nameless(recovery([p_law], GREEDY))

    assert nameless(sweep([p_law], VARIANTS["coda_paper_told"], of="alpha", values=[1.0])[1.0]) == greedy
    assert nameless(sweep([p_law], VARIANTS["cad_half_told"], of="weight", values=[0.0])[0.0]) == greedy


def test_a_mask_that_changes_nothing_changes_no_answer(p_law: Reads) -> None:
    same = replace(p_law, told=p_law.full)
    told = [decoder for decoder in DECODERS if decoder.finding == TOLD]

    assert len(told) == 6
    for decoder in told:
        assert (outcome(same, decoder).is_right == outcome(same, GREEDY).is_right).all()


def test_a_threshold_that_is_never_reached_leaves_greedy(p_law: Reads) -> None:
    never = replace(VARIANTS["coda_lift"], finding=Finding("lift", tau=1e6))

    assert nameless(recovery([p_law], never)) == nameless(recovery([p_law], GREEDY))
    assert localisation([p_law], "lift", tau=1e6).fires_hallucinated.mean == 0


def test_english_answers_come_back_too() -> None:
    reads = read(*shipped("coda-english", 12), searches=False)

    greedy, coda = recovery([reads], GREEDY), recovery([reads], FLOOR)

    assert coda.exact_match.mean - greedy.exact_match.mean >= 0.1
    assert coda.recovered.mean >= 0.2


def test_prompts_read_without_searching_serve_told_decoders_only() -> None:
    reads = read(*shipped("coda-p-law", 20), searches=False)

    assert recovery([reads], FLOOR).exact_match.count == 300
    with pytest.raises(ValueError, match="searches=True"):
        recovery([reads], VARIANTS["coda_lift"])
    with pytest.raises(ValueError, match="searches=True"):
        localisation([reads], "lift")


@pytest.mark.parametrize("detector", ["compare", "random", "none"])
def test_a_detector_that_knows_no_corpus_is_refused(p_law: Reads, detector: str) -> None:
    with pytest.raises(ValueError, match=f"'{detector}'.*lift, indicator_first"):
        outcome(p_law, replace(VARIANTS["coda_lift"], finding=Finding(detector)))


def test_a_guess_contrasts_every_prompt_and_the_papers_detector_leaves_those_alone_where_it_is_silent(p_law: Reads) -> None:
    guess = replace(VARIANTS["coda_lift"], finding=Finding("lift_argmax"))
    printed, greedy = outcome(p_law, VARIANTS["coda_paper"]), outcome(p_law, GREEDY)
    is_silent = np.array([(found <= 0).all() for found in p_law.indicator])

    assert is_silent.any() and (printed.is_right[is_silent] == greedy.is_right[is_silent]).all()
    assert (outcome(p_law, guess).is_right != outcome(p_law, VARIANTS["coda_lift"]).is_right).any()


def test_masking_by_deletion_takes_the_token_out() -> None:
    assert masked((5, 6, 7), range(1, 2), "delete") == (5, 7)
    assert masked((5, 6, 7), range(1, 3), "replace") == (5, MASK, MASK)


def test_deletion_finds_x_as_well_where_it_stands_inside_the_sentence() -> None:
    model, corpus = shipped("coda-english", 12)
    inside = replace(corpus, sets=tuple(s for s in corpus.sets if s.position < len(s.share)))

    replaced, deleted = (recovery([read(model, inside, masking=mode, searches=False)], FLOOR) for mode in ("replace", "delete"))

    assert replaced.exact_match.count == deleted.exact_match.count == len(inside.sets)


@pytest.mark.parametrize(
    ("rule", "expected"), [("lift", 2), ("indicator_first", 1), ("indicator_argmax", 3), ("indicator_argmin", 0)]
)
def test_each_rule_picks_what_its_name_says(rule: str, expected: int) -> None:
    assert pick(np.array([0, 0.1, 0.9, 0.2]), np.array([-2.0, 0.5, -1, 1]), rule) == expected


def test_the_papers_rule_may_pick_nothing() -> None:
    assert pick(np.zeros(2), np.array([-1.0, 0]), "indicator_first") is None


def test_a_share_has_an_interval_that_widens_when_seeds_differ() -> None:
    same = share([np.array([0, 1] * 50)] * 4)
    apart = share([np.zeros(100), np.ones(100)] * 2)

    assert same.mean == apart.mean == 0.5 and same.count == apart.count == 400
    assert same.low < 0.5 < same.high
    assert apart.high - apart.low > 2 * (same.high - same.low)
    assert np.isnan(share([np.array([])]).mean)


def test_alarms_are_counted_against_wrong_answers(p_law: Reads) -> None:
    silent = replace(p_law, indicator=tuple(np.full_like(part, -1) for part in p_law.indicator))

    assert alarm_accuracy([silent]).mean == pytest.approx(recovery([p_law], GREEDY).exact_match.mean)


def test_answers_of_two_tokens_are_refused() -> None:
    model, corpus = shipped("coda-p-law", 20)
    longer = replace(corpus, sets=(replace(corpus.sets[0], rare_answer=(5, 6)),))

    with pytest.raises(InputError, match="answers of one token"):
        read(model, longer)
