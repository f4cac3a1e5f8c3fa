"""How many suppressed answers each decoder brings back on a whole corpus, and what it breaks (arXiv 2502.16143, Sec. 6).

Every rare prompt is read once as it is and once per masked position, in batches; all decoders are then arithmetic on these
distributions. Recovery is the share of hallucinated prompts (greedy says Y_a) that become right, breakage the share of right
ones that become wrong. Answers of one token only: longer ones need decoding step by step, which `decode` does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
import torch
from transformers import PreTrainedModel

from backends.coda.choices import PAPER, TOLD, Contrast
from backends.coda.contrast import Method, choose, indicator, scores
from backends.coda.results import Localisation, Recovery
from backends.coda.variants import VARIANTS, Variant
from backends.statistics import Share, share
from models.probabilities import next_log_probs
from worlds.errors import InputError
from worlds.facts.corpus import MASK, Corpus, Ids, KnowledgeSet

Masking = Literal["replace", "delete"]
Rule = Literal["lift", "indicator_first", "indicator_argmax", "indicator_argmin"]
RULES: tuple[Rule, ...] = get_args(Rule)
MAX_MASKED = 40_000  # masked prompts; at 1,024 words they take 160 MB
DECODERS = tuple(VARIANTS[name] for name in (
    "greedy", "coda_paper", "coda_paper_told", "coda_gate_told", "coda_floor_told", "coda_floor_gate_told", "cad_half_told",
    "cad_one_told", "coda_lift", "coda_floor_lift", "coda_floor_gate_lift", "cad_half_lift"))


@dataclass(frozen=True)
class Reads:
    """What a model says on the rare prompts of one corpus; log-probabilities are float32."""

    value: np.ndarray  # (sets,) P or L
    full: torch.Tensor  # (sets, vocabulary) log p(.|X)
    told: torch.Tensor  # (sets, vocabulary) log p(.|X') with all of x masked
    found: Mapping[Rule, torch.Tensor]  # (sets, vocabulary) log p(.|X') with the position that a rule picks masked, X where none
    lift: tuple[np.ndarray, ...]  # per set (words,) nats; every word of the prompt is masked in turn, as in the paper
    indicator: tuple[np.ndarray, ...]  # per set (words,) eq. 9 with the paper's bias and alpha
    truth: tuple[range, ...]  # per set the positions of x
    popular: torch.Tensor  # (sets,) Y_a
    rare: torch.Tensor  # (sets,) Y_b


@dataclass(frozen=True)
class Outcome:
    """What one decoder chose, and what greedy had chosen; all (sets,)."""

    value: np.ndarray
    is_right: np.ndarray  # Y_b
    is_popular: np.ndarray  # Y_a
    was_right: np.ndarray  # greedy Y_b
    was_popular: np.ndarray  # greedy Y_a: hallucinated


def read(
    model: PreTrainedModel,
    corpus: Corpus,
    *,
    masking: Masking = "replace",
    searches: bool = True,
) -> Reads:
    """Read every rare prompt, and every one of its maskings.

    Args:
        searches: mask every position in turn, which takes as many prompts as there are tokens. Without it `lift` and
            `indicator` are empty, and only decoders that are told x can be used.
    Raises:
        InputError: an answer has more than one token, or there are too many maskings.
    """
    if any(len(s.popular_answer) != 1 or len(s.rare_answer) != 1 for s in corpus.sets):
        raise InputError("Some answers have more than one token. Decoders are compared here on answers of one token.")
    if searches and sum(s.length * len(s.rare) for s in corpus.sets) > MAX_MASKED:
        raise InputError(f"The prompts of this corpus hold more than {MAX_MASKED:,} tokens to mask. Use fewer or shorter sets.")
    prompts = [s.statement("b").prompt for s in corpus.sets]
    truth = tuple(range(s.position, s.position + len(s.rare)) for s in corpus.sets)
    full = torch.from_numpy(next_log_probs(model, prompts))
    told = torch.from_numpy(next_log_probs(model, [masked(p, t, masking) for p, t in zip(prompts, truth)]))
    each = _each_masked(model, prompts, [range(len(prompt)) if searches else range(0) for prompt in prompts], masking)
    lifts = [(others[:, row.argmax()] - row.max()).numpy() for others, row in zip(each, full)]
    indicators = [indicator(row.expand_as(others), others, PAPER).total.numpy() for others, row in zip(each, full)]
    found = {rule: torch.stack([_picked(*one, rule) for one in zip(full, each, lifts, indicators)]) for rule in RULES if searches}
    return Reads(
        value=np.array([corpus.value(s) for s in corpus.sets], float),
        full=full,
        told=told,
        found=found,
        lift=tuple(lifts),
        indicator=tuple(indicators),
        truth=truth,
        popular=_answers(corpus, lambda s: s.popular_answer),
        rare=_answers(corpus, lambda s: s.rare_answer),
    )


def _picked(full: torch.Tensor, each: torch.Tensor, lift: np.ndarray, found: np.ndarray, rule: Rule) -> torch.Tensor:
    """Return (vocabulary,) what comes next with the place that a rule picks masked."""
    place = pick(lift, found, rule)
    return full if place is None else each[place]


def _each_masked(
    model: PreTrainedModel, prompts: Sequence[Ids], tried: Sequence[range], masking: Masking
) -> Sequence[torch.Tensor]:
    """Per prompt (candidates, vocabulary): what comes next with each of these positions masked."""
    rows = [masked(prompt, range(place, place + 1), masking) for prompt, places in zip(prompts, tried) for place in places]
    return torch.from_numpy(next_log_probs(model, rows)).split([len(places) for places in tried])


def masked(prompt: Ids, positions: range, masking: Masking) -> Ids:
    """Return the prompt with these positions replaced by the mask, or left out."""
    middle = (MASK,) * len(positions) if masking == "replace" else ()
    return (*prompt[: positions.start], *middle, *prompt[positions.stop :])


def _answers(corpus: Corpus, of: Callable[[KnowledgeSet], Ids]) -> torch.Tensor:
    return torch.tensor([of(knowledge)[0] for knowledge in corpus.sets])


def outcome(reads: Reads, decoder: Variant) -> Outcome:
    """Return what a decoder answers to every rare prompt. Where its detector does not fire, nothing is contrasted.

    Raises:
        ValueError: it looks for x and the prompts were read without searching, or its detector knows no corpus.
    """
    greedy = reads.full.argmax(-1)
    chosen = greedy
    if decoder.is_contrast and decoder.finding is not None:
        other, fires = _masked_by(reads, decoder)
        chosen = choose(scores(reads.full, other, cast(Method, decoder.score), decoder.contrast), reads.full)
        chosen = torch.where(fires, chosen, greedy)
    marks = (chosen == reads.rare, chosen == reads.popular, greedy == reads.rare, greedy == reads.popular)
    return Outcome(reads.value, *(mark.numpy() for mark in marks))


def _masked_by(reads: Reads, decoder: Variant) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (sets, vocabulary) log p(.|X') by the decoder's finding, and (sets,) whether it fires."""
    assert decoder.finding is not None
    detector = decoder.finding.detector
    if detector in TOLD:
        return reads.told, torch.ones(len(reads.full), dtype=torch.bool)
    rule = "lift" if detector == "lift_argmax" else detector
    if rule not in RULES:
        raise ValueError(f"{decoder.name!r} finds x by {detector!r}; on a corpus it can be told, or found by {', '.join(RULES)}")
    if not reads.found:
        raise ValueError(f"{decoder.name!r} looks for x itself; the prompts must be read with searches=True")
    tau = -np.inf if detector == "lift_argmax" else decoder.finding.tau
    fires = [_fires(lift, found, cast(Rule, rule), tau) for lift, found in zip(reads.lift, reads.indicator)]
    return reads.found[cast(Rule, rule)], torch.tensor(fires)


def recovery(seeds: Sequence[Reads], decoder: Variant) -> Recovery:
    """Return a decoder's exact matches, recovery and breakage; intervals cover sets and, with more than one, seeds."""
    outcomes = [outcome(reads, decoder) for reads in seeds]
    values = sorted({float(value) for own in outcomes for value in own.value})
    return Recovery(
        decoder=decoder.title,
        exact_match=share([o.is_right for o in outcomes]),
        per_value=tuple((value, share([o.is_right[o.value == value] for o in outcomes])) for value in values),
        recovered=share([o.is_right[o.was_popular] for o in outcomes]),
        broken=share([~o.is_right[o.was_right] for o in outcomes]),
    )


def sweep(
    seeds: Sequence[Reads], decoder: Variant, *, of: Literal["alpha", "weight"], values: Sequence[float]
) -> dict[float, Recovery]:
    """Return the recovery against alpha (CoDA) or a (CAD)."""
    def turned(to: float) -> Contrast:
        return replace(decoder.contrast, alpha=to) if of == "alpha" else replace(decoder.contrast, weight=to)

    return {value: recovery(seeds, replace(decoder, contrast=turned(value))) for value in values}


def localisation(seeds: Sequence[Reads], rule: Rule, *, tau: float = 0.1) -> Localisation:
    """Return how often a rule picks x where the model hallucinates, and how often it fires at all (`tau`: of lift).

    Raises:
        ValueError: the prompts were read without searching.
    """
    if any(not reads.found for reads in seeds):
        raise ValueError("nothing can be localised; the prompts must be read with searches=True")
    hits, fires_wrong, fires_right = [], [], []
    for reads in seeds:
        greedy = reads.full.argmax(-1)
        hallucinated, right = (greedy == reads.popular).numpy(), (greedy == reads.rare).numpy()
        picks = [pick(lift, found, rule) for lift, found in zip(reads.lift, reads.indicator)]
        fires = np.array([_fires(lift, found, rule, tau) for lift, found in zip(reads.lift, reads.indicator)])
        hits.append(np.array([one in truth for one, truth in zip(picks, reads.truth)])[hallucinated])
        fires_wrong.append(fires[hallucinated])
        fires_right.append(fires[right])
    return Localisation(rule, share(hits), share(fires_wrong), share(fires_right))


def alarm_accuracy(seeds: Sequence[Reads]) -> Share:
    """Return how often "some indicator is positive" agrees with "greedy is wrong" on rare prompts (the paper's Table 8)."""
    agree = []
    for reads in seeds:
        is_wrong = (reads.full.argmax(-1) != reads.rare).numpy()
        agree.append(np.array([bool((found > 0).any()) for found in reads.indicator]) == is_wrong)
    return share(agree)


def pick(lift: np.ndarray, found: np.ndarray, rule: Rule) -> int | None:
    """Return the position that a rule picks from (words,) scores; only `indicator_first` may pick none."""
    if rule == "indicator_first":
        positive = np.flatnonzero(found > 0)
        return int(positive[0]) if len(positive) else None
    if rule == "lift":
        return int(lift.argmax())
    return int(found.argmax() if rule == "indicator_argmax" else found.argmin())


def _fires(lift: np.ndarray, found: np.ndarray, rule: Rule, tau: float) -> bool:
    if rule == "lift":
        return bool(lift.max() > tau)
    return bool((found > 0).any()) if rule == "indicator_first" else True

