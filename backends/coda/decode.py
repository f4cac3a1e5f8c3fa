"""The decoding loop: the full prompt X and the masked X' as two rows of one batch, with one cache, token by token.

Both rows get the same chosen token (arXiv 2502.16143, section 6.1). N prompts are 2N rows; greedy decoding, sampling and
DoLa read N. Every token is told with what it was chosen from: the likeliest tokens of both prompts and the scores.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import torch

from backends.coda.choices import Membership
from backends.coda.contrast import Contrast, choose, is_gate_open, scores, sets
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
    top: int = 20  # tokens listed per step and list; 0 lists none

    def __post_init__(self) -> None:
        if self.temperature < 0 or self.max_new_tokens < 1 or self.top < 0:
            raise ValueError(f"temperature {self.temperature} and top {self.top} must be 0 or more, "
                             f"max_new_tokens {self.max_new_tokens} at least 1")
        if self.method == "sample" and self.temperature == 0:
            raise ValueError("temperature is 0, which is greedy decoding; sampling needs more than 0")


@dataclass(frozen=True)
class Pair:
    """A prompt and its masked form; `masked` is None where nothing is overshadowed, and then nothing is contrasted."""

    full: Row
    masked: Row | None = None


@dataclass(frozen=True)
class Listed:
    """One token of a list: log p(y|X), log p(y|X'), the score, and whether it lies in both plausible sets, escapes, or neither."""

    token: int
    piece: str
    full: float
    masked: float
    score: float
    membership: Membership


_Lists = tuple[tuple[Listed, ...], tuple[Listed, ...], tuple[Listed, ...]]


@dataclass(frozen=True)
class Step:
    """One chosen token of one prompt, with what it was chosen from."""

    row: int
    index: int
    token: int
    piece: str
    greedy: int  # what the full prompt alone would give here
    greedy_piece: str
    is_contrasted: bool  # there is a mask, and the gate, where there is one, was open
    is_end: bool
    full_top: tuple[Listed, ...] = ()
    masked_top: tuple[Listed, ...] = ()
    score_top: tuple[Listed, ...] = ()
    layer: int | None = None  # DoLa's early layer
    detection: Detection | None = None  # where it is repeated for every token


@dataclass(frozen=True)
class _View:
    """What one step sees; tensors of (rows, vocabulary) but the last two, of (rows,)."""

    full: torch.Tensor
    masked: torch.Tensor
    scores: torch.Tensor
    is_contrasted: torch.Tensor
    layers: torch.Tensor | None = None


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
    generator, open_rows = torch.Generator().manual_seed(how.seed), set(range(len(pairs)))
    for index in range(how.max_new_tokens):
        view = _dola_view(language, reading, early) if early else _view(*_split(reading, len(pairs)), has_mask, how)
        tokens = _pick(view, how, generator)
        steps = _steps(language, view, tokens, index, how)
        yield from (step for step in steps if step.row in open_rows)
        open_rows -= {step.row for step in steps if step.is_end}
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
        view = _view(found.full[None], found.masked[None], torch.tensor([found.chosen is not None]), how)
        tokens = _pick(view, how, generator)
        step = replace(_steps(language, view, tokens, index, how)[0], detection=found)
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
    return full + [pair.masked or pair.full for pair in pairs] if _needs_masked(pairs, how) else full


def _needs_masked(pairs: Sequence[Pair], how: Decoding) -> bool:
    return how.method in CONTRASTS and any(pair.masked is not None for pair in pairs)


def _split(reading: Reading, num_prompts: int) -> tuple[torch.Tensor, torch.Tensor]:
    read = reading.log_probabilities
    return read[:num_prompts], read[-num_prompts:]  # the same rows where X' is not read


def _view(full: torch.Tensor, masked: torch.Tensor, has_mask: torch.Tensor, how: Decoding) -> _View:
    if how.method not in CONTRASTS:
        return _View(full, masked, full, torch.zeros_like(has_mask))
    s = scores(full, masked, cast(ContrastMethod, how.method), how.contrast)
    is_contrasted = has_mask & is_gate_open(full, masked) if how.contrast.gate else has_mask
    return _View(full, masked, torch.where(has_mask[:, None], s, full), is_contrasted)


def _dola_view(language: LanguageModel, reading: Reading, early: tuple[int, ...]) -> _View:
    s, chosen = dola_scores(reading.logits, early_logits(language, reading, early))
    full = reading.log_probabilities
    layers = torch.tensor(early, device=chosen.device)[chosen]
    return _View(full, full, s, torch.ones(len(full), dtype=torch.bool), layers)


def _pick(view: _View, how: Decoding, generator: torch.Generator) -> torch.Tensor:
    """Return the next token of every row, (rows,) int64: the largest score, or a draw from softmax(s / temperature)."""
    if how.temperature == 0 or how.method == "greedy":
        return choose(view.scores, view.full) if how.method in CONTRASTS else view.scores.argmax(-1)
    scores = view.scores.double()  # of the largest score nothing is left to divide, so no temperature is too low
    weights = ((scores - scores.amax(-1, keepdim=True)) / how.temperature).softmax(-1).float().cpu()
    return torch.multinomial(weights, 1, generator=generator)[:, 0].to(view.scores.device)


def _steps(language: LanguageModel, view: _View, tokens: torch.Tensor, index: int, how: Decoding) -> list[Step]:
    taken, greedy = tokens.tolist(), view.full.argmax(-1).tolist()
    contrasted = view.is_contrasted.tolist()
    layers = [None] * len(taken) if view.layers is None else view.layers.tolist()
    lists: list[_Lists] = _lists(language, view, how) if how.top else [((), (), ())] * len(taken)
    return [
        Step(row, index, token, language.piece(token), greedy[row], language.piece(greedy[row]), contrasted[row],
             token in language.end_ids, *lists[row], layers[row])
        for row, token in enumerate(taken)
    ]


def _lists(language: LanguageModel, view: _View, how: Decoding) -> list[_Lists]:
    """Return per row the likeliest tokens by X, by X' and by score."""
    found = sets(view.full, view.masked, how.contrast.alpha)
    kinds = found.both.int() + 2 * found.escaping.int()  # (rows, vocabulary): 0 out, 1 both, 2 escaping
    sources = (view.full, view.masked, view.scores)
    best = torch.stack([source.topk(min(how.top, source.shape[-1])).indices for source in sources])  # (3, rows, top)
    columns = [source.expand(3, -1, -1).gather(-1, best).tolist() for source in (*sources, kinds)]
    ids = best.tolist()

    def listed(which: int, row: int) -> tuple[Listed, ...]:
        entries = zip(ids[which][row], *(column[which][row] for column in columns))
        return tuple(_listed(language, *entry) for entry in entries)

    return [(listed(0, row), listed(1, row), listed(2, row)) for row in range(len(view.full))]


def _listed(language: LanguageModel, token: int, full: float, masked: float, score: float, kind: int) -> Listed:
    membership = cast(Membership, ("out", "both", "esc")[kind])
    return Listed(token, language.piece(token), full, masked, score, membership)
