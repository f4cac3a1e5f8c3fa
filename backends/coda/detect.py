"""Which part of a prompt is overshadowed: mask each candidate in turn, in one batch, and compare what comes next.

Equations 7-9 of arXiv 2502.16143 give an indicator per candidate, here always with the paper's own alpha and bias. The paper
takes the first positive one (`indicator_first`), the only public re-implementation the largest (`indicator_argmax`); on small
models the true one often has the smallest (`indicator_argmin`). `lift` is not in the paper: masking the overshadowed part makes
the greedy token likelier, so lift(c) = log p(y|X'_c) - log p(y|X) for the greedy y, and the largest is taken if it exceeds tau;
`lift_argmax` takes it anyhow. `random` takes any content word: what every detector has to beat.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch

from backends.coda.choices import PAPER, STOP_WORDS, TOLD, Detector
from backends.coda.contrast import indicator, sets
from backends.coda.masking import Candidate, MaskMode, masked
from backends.coda.results import Masked
from backends.numbers import signed
from models.language import LanguageModel
from models.precision import InFloat32
from models.reading import Reading, Row
from worlds.errors import InputError

CHUNK_BYTES = 256_000_000  # activations of one forward pass; more candidates are read in several passes
_STATES = 12  # float32 tensors of a layer's width that are alive at once per token, roughly


@dataclass(frozen=True)
class Detecting:
    """How the overshadowed part is looked for."""

    detector: Detector = "lift"
    tau: float = 0.1  # nats; 0 is sensitive, 0.3 conservative
    mode: MaskMode = "delete"
    given: tuple[int, ...] = ()  # positions, for oracle and manual
    seed: int = 0  # of random


@dataclass(frozen=True, eq=False)  # tensors have no single answer to ==
class Detection:
    """What was found. `chosen` is None where nothing is overshadowed; then nothing is contrasted."""

    scored: tuple[Masked, ...]
    chosen: Candidate | None
    row: Row | None  # the prompt with the chosen candidate masked
    greedy: int  # the token that the full prompt would give
    reason: str
    full: torch.Tensor  # (vocabulary,) log p(.|X)
    masked: torch.Tensor  # (vocabulary,) log p(.|X') of the chosen one, log p(.|X) where there is none


@dataclass(frozen=True, eq=False)
class Masks:
    """A prompt and all its masked forms, read once: several detectors look at the same."""

    mode: MaskMode
    full: torch.Tensor  # (vocabulary,) log p(.|X)
    candidates: tuple[Candidate, ...]
    rows: tuple[Row, ...]
    read: torch.Tensor  # (candidates, vocabulary) log p(.|X'_c)

    def of(self, tried: Sequence[Candidate]) -> "Masks":
        """Return those of these candidates, in their order."""
        place = {frozenset(one.positions): index for index, one in enumerate(self.candidates)}
        kept = [place[frozenset(one.positions)] for one in tried]
        return Masks(self.mode, self.full, tuple(tried), tuple(self.rows[index] for index in kept), self.read[kept])


def read_masks(language: LanguageModel, ids: Sequence[int], candidates: Sequence[Candidate], mode: MaskMode) -> Masks:
    """Return the prompt with each candidate masked in turn, all read together; those of equal positions are read once."""
    ids = tuple(ids)
    once = tuple({frozenset(one.positions): one for one in candidates}.values())
    rows = tuple(masked(language, ids, one.positions, mode) for one in once)
    read = next_tokens(language, [Row(ids), *rows])  # (1 + candidates, vocabulary)
    return Masks(mode, read[0], once, rows, read[1:])


def detect(language: LanguageModel, ids: Sequence[int], tried: Sequence[Candidate], how: Detecting) -> Detection:
    """Return the overshadowed candidate of the prompt `ids`, and the scores of all.

    Raises:
        InputError: no candidate is given, or oracle and manual are not told where.
    """
    told = [told_candidate(tried, how)] if how.detector in TOLD else []
    if not [*tried, *told]:
        raise InputError("No part of the prompt can be masked. Write at least one word of content.")
    return found_in_masks(read_masks(language, ids, [*tried, *told], how.mode), tried, how)


def told_candidate(tried: Sequence[Candidate], how: Detecting) -> Candidate:
    """Return what a detector was told. Raises: InputError where it was told nothing."""
    if not how.given:
        raise InputError(f"The detector {how.detector!r} needs to be told which words are overshadowed. Name them.")
    same = [one for one in tried if set(one.positions) == set(how.given)]
    inside = [one.text for one in tried if set(one.positions) <= set(how.given)]
    return same[0] if same else Candidate(" ".join(inside), how.given)


def found_in_masks(masks: Masks, tried: Sequence[Candidate], how: Detecting) -> Detection:
    """Return what a detector finds among masks that hold `tried` and what it was told."""
    told = [told_candidate(tried, how)] if how.detector in TOLD else []
    held = masks.of([*tried, *told])
    scored = scores_of(held)
    index, reason = _chosen(scored, how)
    chosen, row = (None, None) if index is None else (held.candidates[index], held.rows[index])
    return Detection(scored[: len(tried)] or scored, chosen, row, int(held.full.argmax()), reason, held.full,
                     held.full if index is None else held.read[index])


def next_tokens(language: LanguageModel, rows: Sequence[Row]) -> torch.Tensor:
    """Return (rows, vocabulary) float32 log-probabilities of the next token, on the CPU, read in chunks that fit memory.

    A network of half precision is read in float32: thresholds of a tenth of a nat are finer than its logits.
    """
    is_half = language.model.dtype in (torch.bfloat16, torch.float16)
    with InFloat32() if is_half else nullcontext():
        read = [Reading(language, chunk, uses_cache=False).log_probabilities.cpu() for chunk in _chunks(language, rows)]
    return torch.cat(read)


def _chunks(language: LanguageModel, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    config, length = language.config, max(len(row.ids) for row in rows)
    wide = _STATES * config.hidden_size + 3 * (getattr(config, "intermediate_size", None) or 4 * config.hidden_size)
    per_row = 4 * (length * wide + config.num_attention_heads * length**2 + language.vocabulary)
    size = max(1, CHUNK_BYTES // per_row)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def scores_of(masks: Masks) -> tuple[Masked, ...]:
    """Return every candidate's scores; the indicator has the paper's alpha and bias whatever the decoder has."""
    full = masks.full.expand_as(masks.read)
    lift = masks.read[:, masks.full.argmax()] - masks.full.max()
    found, values = sets(full, masks.read, PAPER.alpha), indicator(full, masks.read, PAPER)
    sums = [tensor.tolist() for tensor in (lift, values.rpmi_sum, values.escape_reward, values.total)]
    counts = [tensor.sum(-1).tolist() for tensor in (found.suppressed, found.escaping)]
    return tuple(Masked(one.text, one.positions, *own) for one, *own in zip(masks.candidates, *sums, *counts))


def _chosen(scored: Sequence[Masked], how: Detecting) -> tuple[int | None, str]:
    """Return the index of the overshadowed candidate or None, and one sentence why."""
    if how.detector in TOLD:
        return len(scored) - 1, f"{scored[-1].text!r} was named."
    if how.detector == "none":
        return None, "No word was named."
    if how.detector == "random":
        return _random_word(scored, how.seed)
    if how.detector in ("lift", "lift_argmax"):
        return _by_lift(scored, how)
    return _by_indicator(scored, how.detector)


def _random_word(scored: Sequence[Masked], seed: int) -> tuple[int, str]:
    words = content_words([entry.text for entry in scored])
    index = words[random.Random(f"{seed} {' '.join(entry.text for entry in scored)}").randrange(len(words))]
    return index, f"{scored[index].text!r} was drawn among {len(words)} content words."


def content_words(tried: Sequence[str]) -> list[int]:
    """Return the places of candidates that are no stop words; of all where there is no other."""
    kept = [index for index, text in enumerate(tried) if text.strip().lower() not in STOP_WORDS]
    return kept or list(range(len(tried)))


def _by_lift(scored: Sequence[Masked], how: Detecting) -> tuple[int | None, str]:
    lifts = [entry.lift for entry in scored]
    best = lifts.index(max(lifts))
    said = f"Masking {scored[best].text!r} changes the greedy answer's log-probability by {signed(lifts[best])} nats"
    if how.detector == "lift_argmax":
        return best, f"{said}, the largest of all: a guess."
    return (best, f"{said}, above {how.tau:g}.") if lifts[best] > how.tau else (None, f"{said}, not above {how.tau:g}.")


def _by_indicator(scored: Sequence[Masked], detector: Detector) -> tuple[int | None, str]:
    indicators = [entry.indicator for entry in scored]
    if detector == "indicator_first":
        first = next((i for i, value in enumerate(indicators) if value > 0), None)
        if first is None:
            return None, "No indicator is positive."
        return first, f"{scored[first].text!r} is the first with a positive indicator, {signed(indicators[first])}."
    if detector in ("indicator_argmax", "indicator_argmin"):
        extreme, word = (max, "largest") if detector == "indicator_argmax" else (min, "smallest")
        index = indicators.index(extreme(indicators))
        return index, f"{scored[index].text!r} has the {word} indicator, {signed(indicators[index])}."
    raise ValueError(f"detector is {detector!r}; it must be one that looks at scores or is told")
