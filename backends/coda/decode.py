"""The decoding loop: the full prompt X and the masked X' as two rows of one batch, with one cache, token by token.

Both rows get the same chosen token (arXiv 2502.16143, section 6.1). N prompts are 2N rows; greedy decoding, sampling and
DoLa read N. The scores are `contrast`'s, what a token was chosen from is told by `listing`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch

from backends.coda.contrast import Contrast, choose, is_gate_open, scores
from backends.coda.contrast import Method as ContrastMethod
from backends.coda.detect import Detecting, Detection, detect
from backends.coda.layers import Layers, dola_scores, early_logits, layers_of
from backends.coda.masking import Candidate
from backends.coda.variants import CONTRASTS, Score
from models.language import LanguageModel
from models.reading import Reading, Row

Method = Score


@dataclass(frozen=True)
class Decoding:
    """How an answer is written."""

    method: Method = "coda"
    contrast: Contrast = field(default_factory=Contrast)
    max_new_tokens: int = 16
    temperature: float = 0.0  # 0 takes the largest score; the paper's answers were sampled at 0.6 (A.4.5)
    seed: int = 0
    layers: Layers = "high"  # DoLa only; the paper's choice

    def __post_init__(self) -> None:
        if self.temperature < 0 or self.max_new_tokens < 1:
            raise ValueError(f"temperature {self.temperature} must be 0 or more, max_new_tokens {self.max_new_tokens} at least 1")
        if self.method == "sample" and self.temperature == 0:
            raise ValueError("temperature is 0, which is greedy decoding; sampling needs more than 0")


@dataclass(frozen=True)
class Pair:
    """A prompt and its masked form; `masked` is None where nothing is overshadowed, and then nothing is contrasted."""

    full: Row
    masked: Row | None = None


@dataclass(frozen=True, eq=False)  # tensors have no single answer to ==
class Seen:
    """What the next tokens are chosen from: of all rows, (rows, vocabulary) and (rows,), or of one, without the first axis."""

    full: torch.Tensor  # log p(.|X)
    masked: torch.Tensor  # log p(.|X')
    scores: torch.Tensor  # s, of which the largest is taken
    is_contrasted: torch.Tensor  # there is a mask, and the gate, where there is one, was open
    layers: torch.Tensor | None = None  # DoLa's early layers

    def row(self, row: int) -> "Seen":
        layers = None if self.layers is None else self.layers[row]
        return Seen(self.full[row], self.masked[row], self.scores[row], self.is_contrasted[row], layers)


@dataclass(frozen=True, eq=False)
class Step:
    """One chosen token of one prompt, with what it was chosen from."""

    row: int
    index: int
    token: int
    is_end: bool
    seen: Seen
    detection: Detection | None = None  # where it is repeated for every token

    @property
    def greedy(self) -> int:
        """What the full prompt alone would give here."""
        return int(self.seen.full.argmax())


def decode(language: LanguageModel, pairs: Sequence[Pair], how: Decoding) -> Iterator[Step]:
    """Yield a Step per prompt and token until every prompt has ended or `max_new_tokens` are written.

    Args:
        pairs: prompts of any lengths; they are read as one batch.
    Raises:
        InputError: a prompt leaves no room for its answer, or DoLa finds too few layers.
    """
    for pair in pairs:
        language.check_room(len(pair.full.ids), how.max_new_tokens)
    early = layers_of(language, how.layers) if how.method == "dola" else ()
    reading = Reading(language, _rows(pairs, how), keeps_layers=bool(early))
    has_mask = torch.tensor([pair.masked is not None for pair in pairs], device=language.device)
    generator, open_rows = torch.Generator().manual_seed(how.seed), list(range(len(pairs)))
    for index in range(how.max_new_tokens):
        if early:
            seen = _against_layers(language, reading, early)
        else:
            read = reading.log_probabilities  # every X, then every X'; where none is read, X is both
            seen = _against_masked(read[:len(pairs)], read[-len(pairs):], has_mask, how)
        tokens = _pick(seen, how, generator)
        steps = [_step(language, seen, tokens, row, index) for row in open_rows]
        yield from steps
        open_rows = [step.row for step in steps if not step.is_end]
        if not open_rows or index + 1 == how.max_new_tokens:
            return
        reading.append(tokens.repeat(len(reading.logits) // len(pairs)))  # the same token to X and X'


def decode_redetecting(
    language: LanguageModel, ids: Sequence[int], tried: Sequence[Candidate], detecting: Detecting, how: Decoding
) -> Iterator[Step]:
    """Yield a Step per token of one prompt, looking for the overshadowed part anew before each.

    The detector reads X and every X' with all that is written so far, so that its pass is also the step's: nothing is cached,
    and a token costs as many rows as there are candidates.

    Raises:
        ValueError: the method contrasts no prompts, so that there is nothing to look for.
    """
    if how.method not in CONTRASTS:
        raise ValueError(f"method is {how.method!r}; only {', '.join(CONTRASTS)} use what is detected")
    language.check_room(len(ids), how.max_new_tokens)
    generator, written = torch.Generator().manual_seed(how.seed), list(ids)
    for index in range(how.max_new_tokens):
        found = detect(language, written, tried, detecting)
        seen = _against_masked(found.full[None], found.masked[None], torch.tensor([found.chosen is not None]), how)
        step = _step(language, seen, _pick(seen, how, generator), 0, index, found)
        yield step
        if step.is_end:
            return
        written.append(step.token)


def tokens_of(steps: Iterable[Step], num_rows: int) -> tuple[tuple[int, ...], ...]:
    """Return the chosen tokens of every prompt, its end token included."""
    written: list[list[int]] = [[] for _ in range(num_rows)]
    for step in steps:
        written[step.row].append(step.token)
    return tuple(tuple(row) for row in written)


def _rows(pairs: Sequence[Pair], how: Decoding) -> list[Row]:
    """Return every X, then every X' where the method needs it; X again where there is no mask."""
    full = [pair.full for pair in pairs]
    reads_masked = how.method in CONTRASTS and any(pair.masked is not None for pair in pairs)
    return full + [pair.masked or pair.full for pair in pairs] if reads_masked else full


def _against_masked(full: torch.Tensor, masked: torch.Tensor, has_mask: torch.Tensor, how: Decoding) -> Seen:
    """Return the scores of X against X' (eq. 10 to 12, or a baseline's); X alone where there is no mask."""
    if how.method not in CONTRASTS:
        return Seen(full, masked, full, torch.zeros_like(has_mask))
    s = scores(full, masked, cast(ContrastMethod, how.method), how.contrast)
    is_contrasted = has_mask & is_gate_open(full, masked) if how.contrast.gate else has_mask
    return Seen(full, masked, torch.where(has_mask[:, None], s, full), is_contrasted)


def _against_layers(language: LanguageModel, reading: Reading, early: tuple[int, ...]) -> Seen:
    """Return DoLa's scores: of the last layer against an early one."""
    s, chosen = dola_scores(reading.logits, early_logits(language, reading, early))
    full = reading.log_probabilities
    layers = torch.tensor(early, device=chosen.device)[chosen]
    return Seen(full, full, s, torch.ones(len(full), dtype=torch.bool), layers)


def _pick(seen: Seen, how: Decoding, generator: torch.Generator) -> torch.Tensor:
    """Return the next token of every row, (rows,) int64: the largest score, or a draw from softmax(s / temperature)."""
    if how.temperature == 0 or how.method == "greedy":
        return choose(seen.scores, seen.full) if how.method in CONTRASTS else seen.scores.argmax(-1)
    scores = seen.scores.double()  # of the largest score nothing is left to divide, so no temperature is too low
    weights = ((scores - scores.amax(-1, keepdim=True)) / how.temperature).softmax(-1).float().cpu()
    return torch.multinomial(weights, 1, generator=generator)[:, 0].to(seen.scores.device)


def _step(language: LanguageModel, seen: Seen, tokens: torch.Tensor, row: int, index: int,
          detection: Detection | None = None) -> Step:
    token = int(tokens[row])
    return Step(row, index, token, token in language.end_ids, seen.row(row), detection)
