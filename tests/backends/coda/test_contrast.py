"""The formulas on distributions worked out by hand, and identities on random ones."""

import math

import pytest
import torch

from backends.coda.contrast import (
    Contrast,
    choose,
    escape_bias,
    indicator,
    is_gate_open,
    rpmi,
    scores,
    sets,
    settle_ties,
    top_set,
)

A = ([0.45, 0.40, 0.08, 0.05, 0.02], [0.80, 0.003, 0.12, 0.06, 0.017])
B = ([0.60, 0.25, 0.10, 0.045, 0.005], [0.90, 0.002, 0.06, 0.03, 0.008])
PAPER, FLOOR = Contrast(), Contrast(escape_bias="floor")


def pair(probabilities):
    return tuple(torch.tensor(row, dtype=torch.float64).log().float() for row in probabilities)


def members(found):
    return set(found.nonzero().flatten().tolist())


@pytest.fixture
def random_pairs():
    """Return 400 pairs of distributions over 50 tokens, peaked as a language model's are."""
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn((2, 400, 50), generator=generator)
    full, masked = logits[0], 0.6 * logits[0] + 0.8 * logits[1]
    return full.log_softmax(-1), masked.log_softmax(-1)


def test_the_sets_of_vector_a():
    found = sets(*pair(A), alpha=0.01)

    assert members(found.plausible) == {0, 1, 2, 3, 4}
    assert members(found.suppressed) == {0, 2, 3}
    assert members(found.escaping) == {1}
    assert members(found.both) == {0, 2, 3, 4}


def test_the_indicator_of_vector_a():
    value = indicator(*pair(A), PAPER)

    # ln(.45/.80) + ln(.08/.12) + ln(.05/.06); ln(.40) - ln(.06), the least of S = {0, 2, 3} under X'
    assert value.rpmi_sum.item() == pytest.approx(-1.1632, abs=1e-4)
    assert value.escape_reward.item() == pytest.approx(1.8971, abs=1e-4)
    assert value.total.item() == pytest.approx(0.7340, abs=1e-4)


def test_the_scores_of_vector_a():
    full, masked = pair(A)

    assert scores(full, masked, "coda", PAPER).tolist() == pytest.approx([-0.5754, 1.8971, -0.4055, -0.1823, 0.1625], abs=1e-4)
    assert scores(full, masked, "coda", FLOOR)[1].item() == pytest.approx(3.9120, abs=1e-4)
    assert scores(full, masked, "cad", Contrast(weight=0.5)).tolist() == pytest.approx(
        [-1.0862, 1.5301, -2.7285, -3.0869, -3.8308], abs=1e-4)


@pytest.mark.parametrize(("method", "params", "token"), [
    ("greedy", PAPER, 0), ("coda", PAPER, 1), ("coda", FLOOR, 1), ("cad", Contrast(weight=0.5), 1)],
    ids=["greedy", "paper", "floor", "cad"])
def test_what_every_method_picks_in_vector_a(method, params, token):
    full, masked = pair(A)

    assert choose(scores(full, masked, method, params), full).item() == token


def test_vector_b_where_the_papers_bias_picks_the_wrong_token_and_the_floor_mends_it():
    full, masked = pair(B)
    found = sets(full, masked, alpha=0.01)
    paper, floor = scores(full, masked, "coda", PAPER), scores(full, masked, "coda", FLOOR)

    assert members(found.suppressed) == {0}
    assert members(found.escaping) == {1}
    assert members(~found.plausible) == {4}
    assert indicator(full, masked, PAPER).total.item() == pytest.approx(-1.6864, abs=1e-4)
    assert paper.tolist()[:4] == pytest.approx([-0.4055, -1.2809, 0.5108, 0.4055], abs=1e-4)
    assert paper[4].item() == -math.inf
    assert choose(paper, full).item() == 2
    assert floor[1].item() == pytest.approx(3.3242, abs=1e-4)
    assert choose(floor, full).item() == 1


def test_the_gate_opens_where_the_masked_prompt_likes_the_greedy_token_more():
    full, masked = pair(A)

    assert is_gate_open(full, masked)
    assert not is_gate_open(masked, full)
    assert torch.equal(scores(masked, full, "coda", Contrast(gate=True)), masked)


def test_an_alpha_of_one_leaves_the_greedy_token_only(random_pairs):
    full, masked = random_pairs
    picked = choose(scores(full, masked, "coda", Contrast(alpha=1.0)), full)

    assert torch.equal(picked, full.argmax(-1))


def test_a_masked_prompt_that_equals_the_full_one_changes_nothing(random_pairs):
    full, _ = random_pairs

    assert (rpmi(full, full) == 0).all()
    assert not sets(full, full, 0.01).escaping.any()
    assert (indicator(full, full, PAPER).total == 0).all()
    assert not is_gate_open(full, full).any()
    assert torch.equal(choose(scores(full, full, "coda", PAPER), full), full.argmax(-1))  # every s is 0: a tie


def test_rounding_between_two_equal_rows_is_still_a_tie(random_pairs):
    full, _ = random_pairs
    noise = 2e-6 * (2 * torch.rand(full.shape, generator=torch.Generator().manual_seed(4)) - 1)

    assert torch.equal(choose(scores(full, full + noise, "coda", PAPER), full), full.argmax(-1))


def test_rpmi_changes_sign_when_the_prompts_are_exchanged(random_pairs):
    full, masked = random_pairs

    assert torch.equal(rpmi(full, masked), -rpmi(masked, full))


def test_the_floor_is_never_above_the_papers_bias_where_something_is_suppressed(random_pairs):
    full, masked = random_pairs
    found = sets(full, masked, 0.01)
    paper = escape_bias(masked, found, alpha=0.01, kind="paper")
    floor = escape_bias(masked, found, alpha=0.01, kind="floor")
    has_suppressed = found.suppressed.any(-1)

    assert has_suppressed.any()
    assert (floor <= paper)[has_suppressed].all()


def test_an_escaping_token_scores_at_most_its_true_rpmi_by_the_floor(random_pairs):
    full, masked = random_pairs
    escaping = sets(full, masked, 0.01).escaping

    assert escaping.any()
    assert (scores(full, masked, "coda", FLOOR) >= 0).any()
    bias = escape_bias(masked, sets(full, masked, 0.01), alpha=0.01, kind="floor")
    assert ((masked < masked.amax(-1, keepdim=True) + math.log(0.01)) | ~escaping).all()
    assert (bias <= masked.amax(-1, keepdim=True) + math.log(0.01)).all()


@pytest.mark.parametrize("kind", ["paper", "floor"])
def test_a_score_is_minus_infinity_exactly_outside_the_plausible_set(random_pairs, kind):
    full, masked = random_pairs
    s = scores(full, masked, "coda", Contrast(escape_bias=kind))

    assert torch.equal(s == -math.inf, ~top_set(full, 0.01))
    assert not s.isnan().any()


def test_without_a_suppressed_token_nothing_is_rewarded_and_the_bias_is_zero():
    full, masked = pair(([0.5, 0.3, 0.1999, 0.0001], [0.3, 0.0001, 0.1, 0.5999]))  # 0 and 2 rise, 1 escapes

    assert not sets(full, masked, 0.01).suppressed.any()
    assert indicator(full, masked, PAPER).total.item() == 0
    assert scores(full, masked, "coda", PAPER)[1].item() == pytest.approx(math.log(0.3))


def test_a_gated_contrast_never_changes_a_token_that_the_masked_prompt_likes_less(random_pairs):
    full, masked = random_pairs
    greedy = full.argmax(-1)
    is_right = rpmi(full, masked).gather(-1, greedy[:, None])[:, 0] >= 0

    for method in ("coda", "cad", "cd", "vcd"):
        for kind in ("paper", "floor"):
            picked = choose(scores(full, masked, method, Contrast(gate=True, escape_bias=kind)), full)
            assert torch.equal(picked[is_right], greedy[is_right])
    assert is_right.any() and not is_right.all()


def test_cad_of_weight_zero_is_the_full_prompt(random_pairs):
    full, masked = random_pairs

    assert torch.equal(scores(full, masked, "cad", Contrast(weight=0)), full)


@pytest.mark.parametrize("method", ["cd", "vcd"])
def test_cd_and_vcd_keep_the_head_only(random_pairs, method):
    full, masked = random_pairs
    s = scores(full, masked, method, Contrast(head=0.1))

    assert torch.equal(s == -math.inf, ~top_set(full, 0.1))


@pytest.mark.parametrize("method", ["greedy", "coda", "cad", "cd", "vcd"])
def test_a_batch_scores_as_its_rows_do(random_pairs, method):
    full, masked = random_pairs
    together = scores(full, masked, method, PAPER)

    assert torch.equal(together, torch.stack([scores(a, b, method, PAPER) for a, b in zip(full, masked)]))


def test_tokens_that_an_earlier_filter_forbade_stay_forbidden():
    full = torch.tensor([0.0, -1.0, -math.inf]).log_softmax(-1)
    masked = torch.tensor([0.0, -3.0, -math.inf]).log_softmax(-1)

    for method in ("coda", "cad", "cd", "vcd"):
        s = scores(full, masked, method, PAPER)
        assert s[2].item() == -math.inf
        assert not s.isnan().any()


def test_a_settled_tie_keeps_all_other_scores():
    full = torch.tensor([0.2, 0.5, 0.3]).log()
    settled = settle_ties(torch.tensor([1.0, 1.0, 0.5]), full)

    assert settled.argmax().item() == 1
    assert settled[2].item() == 0.5


@pytest.mark.parametrize("change", [{"alpha": 0}, {"alpha": 1.01}, {"head": 0}, {"weight": -0.1}], ids=repr)
def test_parameters_outside_their_range_are_refused(change):
    with pytest.raises(ValueError, match="must be"):
        Contrast(**change)


def test_another_method_is_refused(random_pairs):
    with pytest.raises(ValueError, match="'scd'"):
        scores(*random_pairs, "scd", PAPER)
