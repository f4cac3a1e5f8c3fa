"""Which part of a prompt is overshadowed: mask each candidate in turn, in one batch, and compare what comes next.

Equations 7-9 of arXiv 2502.16143 give an indicator per candidate. The paper takes the first positive one
(`indicator_first`), the only public re-implementation the largest (`indicator_argmax`); on small models the true one often
has the smallest (`indicator_argmin`). `lift` is not in the paper: masking the overshadowed part makes the greedy token
likelier, so lift(c) = log p(y|X'_c) - log p(y|X) for the greedy y, and the largest is taken if it exceeds tau.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from backends.coda.choices import Detector
from backends.coda.contrast import Contrast, indicator, sets
from backends.coda.masking import Candidate, MaskMode, masked
from models.language import LanguageModel
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
    contrast: Contrast = field(default_factory=Contrast)
    given: tuple[int, ...] = ()  # positions, for oracle and manual


@dataclass(frozen=True)
class Scored:
    """A candidate with everything that the detectors look at, all in nats."""

    candidate: Candidate
    lift: float
    rpmi_sum: float
    escape_reward: float
    indicator: float
    num_suppressed: int
    num_escaping: int


@dataclass(frozen=True, eq=False)  # tensors have no single answer to ==
class Detection:
    """What was found. `chosen` is None where nothing is overshadowed; then nothing is contrasted."""

    scored: tuple[Scored, ...]
    chosen: Candidate | None
    row: Row | None  # the prompt with the chosen candidate masked
    greedy: int  # the token that the full prompt would give
    reason: str
    full: torch.Tensor  # (vocabulary,) log p(.|X)
    masked: torch.Tensor  # (vocabulary,) log p(.|X') of the chosen one, log p(.|X) where there is none

    @property
    def is_alarm(self) -> bool:
        """Return whether the paper would predict a hallucination: some indicator is positive (its Table 8)."""
        return any(entry.indicator > 0 for entry in self.scored)


def detect(language: LanguageModel, ids: Sequence[int], tried: Sequence[Candidate], how: Detecting) -> Detection:
    """Return the overshadowed candidate of the prompt `ids`, and the scores of all.

    Raises:
        InputError: no candidate is given, or oracle and manual are not told where.
    """
    ids = tuple(ids)
    if how.detector in ("oracle", "manual") and not how.given:
        raise InputError(f"The detector {how.detector!r} needs to be told which words are overshadowed. Name them.")
    parts = [*tried, *([_given(tried, how.given)] if how.given else [])]
    if not parts:
        raise InputError("No part of the prompt can be masked. Write at least one word of content.")
    rows = [masked(language, ids, part.positions, how.mode) for part in parts]
    read = next_tokens(language, [Row(ids), *rows])  # (1 + candidates, vocabulary)
    scored = _scored(read[0], read[1:], parts, how.contrast)
    index, reason = _chosen(scored, how)
    listed = tuple(scored[: len(tried)]) or tuple(scored)
    chosen, row = (None, None) if index is None else (parts[index], rows[index])
    return Detection(listed, chosen, row, int(read[0].argmax()), reason, read[0], read[0 if index is None else 1 + index])


def _given(tried: Sequence[Candidate], positions: tuple[int, ...]) -> Candidate:
    same = [part for part in tried if set(part.positions) == set(positions)]
    inside = [part.text for part in tried if set(part.positions) <= set(positions)]
    return same[0] if same else Candidate(" ".join(inside), positions)


def next_tokens(language: LanguageModel, rows: Sequence[Row]) -> torch.Tensor:
    """Return (rows, vocabulary) float32 log-probabilities of the next token, on the CPU, read in chunks that fit memory."""
    parts = [Reading(language, chunk, uses_cache=False).log_probabilities.cpu() for chunk in _chunks(language, rows)]
    return torch.cat(parts)


def _chunks(language: LanguageModel, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    config, length = language.config, max(len(row.ids) for row in rows)
    wide = _STATES * config.hidden_size + 3 * (getattr(config, "intermediate_size", None) or 4 * config.hidden_size)
    per_row = 4 * (length * wide + config.num_attention_heads * length**2 + language.vocabulary)
    size = max(1, CHUNK_BYTES // per_row)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _scored(full: torch.Tensor, masked: torch.Tensor, parts: Sequence[Candidate], params: Contrast) -> list[Scored]:
    """Return the scores of (candidates, vocabulary) masked prompts against (vocabulary,) of the full one."""
    rows = full.expand_as(masked)
    lift = masked[:, full.argmax()] - full.max()
    found, values = sets(rows, masked, params.alpha), indicator(rows, masked, params)
    sums = [tensor.tolist() for tensor in (lift, values.rpmi_sum, values.escape_reward, values.total)]
    counts = [tensor.sum(-1).tolist() for tensor in (found.suppressed, found.escaping)]
    return [Scored(*entry) for entry in zip(parts, *sums, *counts)]


def _chosen(scored: Sequence[Scored], how: Detecting) -> tuple[int | None, str]:
    """Return the index of the overshadowed candidate or None, and one sentence why."""
    if how.detector in ("oracle", "manual"):
        return len(scored) - 1, f"{scored[-1].candidate.text!r} was named."
    indicators = [entry.indicator for entry in scored]
    if how.detector == "lift":
        lifts = [entry.lift for entry in scored]
        best = lifts.index(max(lifts))
        said = f"Masking {scored[best].candidate.text!r} changes the greedy answer's log-probability by {lifts[best]:+.2f} nats"
        return (best, f"{said}, above {how.tau:g}.") if lifts[best] > how.tau else (None, f"{said}, not above {how.tau:g}.")
    if how.detector == "indicator_first":
        first = next((i for i, value in enumerate(indicators) if value > 0), None)
        if first is None:
            return None, "No indicator is positive."
        return first, f"{scored[first].candidate.text!r} is the first with a positive indicator, {indicators[first]:+.2f}."
    if how.detector in ("indicator_argmax", "indicator_argmin"):
        extreme, word = (max, "largest") if how.detector == "indicator_argmax" else (min, "smallest")
        index = indicators.index(extreme(indicators))
        return index, f"{scored[index].candidate.text!r} has the {word} indicator, {indicators[index]:+.2f}."
    raise ValueError(f"detector is {how.detector!r}; it must be lift, indicator_first, _argmax, _argmin, oracle or manual")
