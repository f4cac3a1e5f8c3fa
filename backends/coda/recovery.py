"""How many suppressed answers each decoder brings back on a whole corpus, and what it breaks (arXiv 2502.16143, Sec. 6).

Every rare prompt is read once as it is and once per masked position, in batches; all decoders are then arithmetic on these
distributions. Recovery is the share of hallucinated prompts (greedy says Y_a) that become right, breakage the share of right
ones that become wrong. Answers of one token only: longer ones need decoding step by step, which `decode` does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch
from transformers import PreTrainedModel

from backends.coda.contrast import Contrast, Method, choose, indicator, scores
from backends.coda.masking import STOP_WORDS
from backends.statistics import Share, share
from models.recipes.coda_rates import next_log_probs
from worlds.errors import InputError
from worlds.overshadowing import MASK, Corpus, Ids, KnowledgeSet

Masking = Literal["replace", "delete"]
Mask = Literal["oracle", "lift"]
Rule = Literal["lift", "indicator_first", "indicator_argmax", "indicator_argmin"]
RULES: tuple[Rule, ...] = ("lift", "indicator_first", "indicator_argmax", "indicator_argmin")
MAX_ROWS = 40_000  # masked prompts; at 1,024 words they take 160 MB


@dataclass(frozen=True)
class Decoder:
    """A way to choose the answer: a score, and whether the place of x is known or found."""

    name: str
    method: Method = "coda"
    contrast: Contrast = field(default_factory=Contrast)
    mask: Mask = "oracle"
    tau: float = 0.1  # of lift; nats


DECODERS = (
    Decoder("greedy", "greedy"),
    Decoder("CoDA"),
    Decoder("CoDA, gate", contrast=Contrast(gate=True)),
    Decoder("CoDA, floor", contrast=Contrast(escape_bias="floor")),
    Decoder("CoDA, floor, gate", contrast=Contrast(escape_bias="floor", gate=True)),
    Decoder("CAD a = 0.5", "cad", Contrast(weight=0.5)),
    Decoder("CAD a = 1", "cad", Contrast(weight=1.0)),
    Decoder("CoDA, found by lift", mask="lift"),
    Decoder("CoDA, floor, found by lift", contrast=Contrast(escape_bias="floor"), mask="lift"),
    Decoder("CAD a = 0.5, found by lift", "cad", Contrast(weight=0.5), mask="lift", tau=0.0),
)


@dataclass(frozen=True)
class Reads:
    """What a model says on the rare prompts of one corpus; log-probabilities are float32."""

    value: np.ndarray  # (sets,) P or L
    full: torch.Tensor  # (sets, vocabulary) log p(.|X)
    oracle: torch.Tensor  # (sets, vocabulary) log p(.|X') with all of x masked
    found: torch.Tensor  # (sets, vocabulary) log p(.|X') with the position of the largest lift masked
    tried: tuple[np.ndarray, ...]  # per set (candidates,) the positions that were masked in turn
    lift: tuple[np.ndarray, ...]  # per set (candidates,) nats
    indicator: tuple[np.ndarray, ...]  # per set (candidates,) eq. 9 with the paper's bias and alpha
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


@dataclass(frozen=True)
class Recovery:
    """One decoder on all sets of all seeds."""

    exact_match: Share
    per_value: dict[float, Share]  # EM_b of each P or L
    recovered: Share  # of the hallucinated
    broken: Share  # of the right


@dataclass(frozen=True)
class Localisation:
    """How well one rule finds x."""

    hits: Share  # picks x, of the hallucinated prompts; a rule that does not fire misses
    fires_hallucinated: Share
    fires_right: Share


def read(
    model: PreTrainedModel,
    corpus: Corpus,
    *,
    masking: Masking = "replace",
    searches: bool = True,
    skips_stop_words: bool = False,
) -> Reads:
    """Read every rare prompt, and every one of its maskings.

    Args:
        searches: mask every position in turn, which takes as many prompts as there are tokens. Without it `lift` and
            `indicator` are empty, and only decoders with an oracle mask can be used.
        skips_stop_words: never mask words such as "the" when searching; for English.
    Raises:
        InputError: an answer has more than one token, or there are too many maskings.
    """
    if any(len(s.popular_answer) != 1 or len(s.rare_answer) != 1 for s in corpus.sets):
        raise InputError("Some answers have more than one token. Decoders are compared here on answers of one token.")
    if searches and sum(s.length * len(s.rare) for s in corpus.sets) > MAX_ROWS:
        raise InputError(f"The prompts of this corpus hold more than {MAX_ROWS:,} tokens to mask. Use fewer or shorter sets.")
    prompts = [s.statement("b").prompt for s in corpus.sets]
    truth = tuple(range(s.position, s.position + len(s.rare)) for s in corpus.sets)
    full = torch.from_numpy(next_log_probs(model, prompts))
    oracle = torch.from_numpy(next_log_probs(model, [masked(p, t, masking) for p, t in zip(prompts, truth)]))
    stop = {token for token, word in enumerate(corpus.words) if skips_stop_words and word.lower() in STOP_WORDS}
    tried = [_candidates(prompt, stop) if searches else np.zeros(0, int) for prompt in prompts]
    each = _each_masked(model, prompts, tried, masking)
    lifts = [part[:, row.argmax()] - row.max() for part, row in zip(each, full)]
    return Reads(
        value=np.array([corpus.value(s) for s in corpus.sets], float),
        full=full,
        oracle=oracle,
        found=torch.stack([part[lift.argmax()] for part, lift in zip(each, lifts)]) if searches else oracle[:0],
        tried=tuple(tried),
        lift=tuple(lift.numpy() for lift in lifts),
        indicator=tuple(indicator(r.expand_as(part), part, Contrast()).total.numpy() for part, r in zip(each, full)),
        truth=truth,
        popular=_answers(corpus, lambda s: s.popular_answer),
        rare=_answers(corpus, lambda s: s.rare_answer),
    )


def _candidates(prompt: Ids, stop: set[int]) -> np.ndarray:
    """Positions that may be masked; all of them where nothing but stop words would be left out."""
    kept = [place for place, token in enumerate(prompt) if token not in stop]
    return np.array(kept or range(len(prompt)))


def _each_masked(
    model: PreTrainedModel, prompts: Sequence[Ids], tried: Sequence[np.ndarray], masking: Masking
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


def outcome(reads: Reads, decoder: Decoder) -> Outcome:
    """Return what a decoder answers to every rare prompt. Where lift does not fire, nothing is contrasted."""
    if decoder.mask == "lift" and not len(reads.found):
        raise ValueError(f"{decoder.name!r} looks for x itself; the prompts must be read with searches=True")
    other = reads.oracle if decoder.mask == "oracle" else reads.found
    greedy = reads.full.argmax(-1)
    chosen = choose(scores(reads.full, other, decoder.method, decoder.contrast), reads.full)
    if decoder.mask == "lift":
        fires = torch.tensor([float(lift.max()) > decoder.tau for lift in reads.lift])
        chosen = torch.where(fires, chosen, greedy)
    parts = (chosen == reads.rare, chosen == reads.popular, greedy == reads.rare, greedy == reads.popular)
    return Outcome(reads.value, *(part.numpy() for part in parts))


def recovery(seeds: Sequence[Reads], decoder: Decoder) -> Recovery:
    """Return a decoder's exact matches, recovery and breakage; intervals cover sets and, with more than one, seeds."""
    outcomes = [outcome(reads, decoder) for reads in seeds]
    values = sorted({float(value) for own in outcomes for value in own.value})
    return Recovery(
        exact_match=share([o.is_right for o in outcomes]),
        per_value={value: share([o.is_right[o.value == value] for o in outcomes]) for value in values},
        recovered=share([o.is_right[o.was_popular] for o in outcomes]),
        broken=share([~o.is_right[o.was_right] for o in outcomes]),
    )


def sweep(
    seeds: Sequence[Reads], decoder: Decoder, *, of: Literal["alpha", "weight"], values: Sequence[float]
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
    if any(not len(reads.found) for reads in seeds):
        raise ValueError("nothing can be localised; the prompts must be read with searches=True")
    hits, fires_wrong, fires_right = [], [], []
    for reads in seeds:
        greedy = reads.full.argmax(-1)
        hallucinated, right = (greedy == reads.popular).numpy(), (greedy == reads.rare).numpy()
        picks = [pick(lift, found, rule, tried) for lift, found, tried in zip(reads.lift, reads.indicator, reads.tried)]
        fires = np.array([_fires(lift, found, rule, tau) for lift, found in zip(reads.lift, reads.indicator)])
        hits.append(np.array([one in truth for one, truth in zip(picks, reads.truth)])[hallucinated])
        fires_wrong.append(fires[hallucinated])
        fires_right.append(fires[right])
    return Localisation(share(hits), share(fires_wrong), share(fires_right))


def alarm_accuracy(seeds: Sequence[Reads]) -> Share:
    """Return how often "some indicator is positive" agrees with "greedy is wrong" on rare prompts (the paper's Table 8)."""
    agree = []
    for reads in seeds:
        is_wrong = (reads.full.argmax(-1) != reads.rare).numpy()
        agree.append(np.array([bool((found > 0).any()) for found in reads.indicator]) == is_wrong)
    return share(agree)


def pick(lift: np.ndarray, found: np.ndarray, rule: Rule, tried: np.ndarray | None = None) -> int | None:
    """Return the position that a rule picks from (candidates,) scores; only `indicator_first` may pick none.

    Args:
        tried: (candidates,) their positions; 0, 1, ... where it is not given.
    """
    tried = np.arange(len(lift)) if tried is None else tried
    if rule == "indicator_first":
        positive = np.flatnonzero(found > 0)
        return int(tried[positive[0]]) if len(positive) else None
    if rule == "lift":
        return int(tried[lift.argmax()])
    return int(tried[found.argmax() if rule == "indicator_argmax" else found.argmin()])


def _fires(lift: np.ndarray, found: np.ndarray, rule: Rule, tau: float) -> bool:
    if rule == "lift":
        return bool(lift.max() > tau)
    return bool((found > 0).any()) if rule == "indicator_first" else True

