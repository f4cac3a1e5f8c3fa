"""A file of prompts answered by every decoder, row by row, and the rates that follow.

Each prompt is searched for its overshadowed words, which also gives the paper's alarm (arXiv 2502.16143, Table 8); then some
prompts are decoded together per method. Where the file brings its own masked prompt, as a question without its context, that
pair is contrasted. A row that cannot be answered says why and stops no other.
"""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from backends.coda.asking import Searched, search
from backends.coda.choices import TOLD
from backends.coda.comparing import SEARCHES
from backends.coda.decode import Decoding, Pair, decode, decode_redetecting, tokens_of
from backends.coda.formats import Item
from backends.coda.layers import layers_of
from backends.coda.masking import found_in
from backends.coda.matching import contains, is_match
from backends.coda.results import FileRow
from backends.coda.settings import CodaSettings
from backends.coda.variants import Finding, Variant
from backends.coda.wiring import Resolved, decoding_of, detecting_of, kind_of, resolved, variant_of
from models.language import LanguageModel, Prompt
from models.reading import Row, padded
from worlds.errors import InputError

MAX_BATCH = 16  # prompts that are decoded together; a contrast reads twice as many rows
BATCH_TOKENS = 4096  # of all prompts of a batch, padding and answers included: fewer prompts where they are long
LOGIT_BYTES = 256_000_000  # of the logits that compare right and wrong answers
OWN = "(the file's own masked prompt)"


@dataclass(frozen=True, eq=False)  # a search holds tensors, which have no single answer to ==
class _Ready:
    """An item that can be answered."""

    item: Item
    own: Row | None  # the file's own X'
    finding: Finding  # of the knobs, or what the file tells
    found: Searched

    @property
    def prompt(self) -> Prompt:
        return self.found.prompt

    def pair(self, variant: Variant) -> Pair:
        """X and, where there is one, X'. The file's own goes before what the knobs' detector finds, not before the paper's."""
        row = self.found.row_of(variant)
        return Pair(Row(self.prompt.ids), (self.own or row) if variant.finding == self.finding else row)

    @property
    def masked(self) -> str | None:
        if self.own is not None:
            return OWN
        return self.found.page.chosen.text if self.found.page.chosen else None

    @property
    def num_tokens(self) -> int:
        return max(len(self.prompt.ids), len(self.own.ids) if self.own else 0)


@dataclass(frozen=True)
class _Failed:
    item: Item
    problem: str


_Entry = _Ready | _Failed
_Preference = tuple[bool | None, str | None]  # whether the right class is likelier; why that could not be told


def evaluate(language: LanguageModel, items: Sequence[Item], settings: CodaSettings) -> Iterator[FileRow]:
    """Yield one row per item, in their order.

    Raises:
        InputError: the settings fit no row at all.
    """
    _check(language, items, settings)
    what = resolved(settings, kind_of(language))
    prepared = (_prepared(language, item, settings, what) for item in items)
    for number, batch in enumerate(_batches(prepared, settings.max_new_tokens)):
        yield from _rows(language, batch, settings, what, number)


def _check(language: LanguageModel, items: Sequence[Item], settings: CodaSettings) -> None:
    """What would go wrong in every row is said once."""
    if "dola" in settings.methods:
        layers_of(language, settings.layers)
    if settings.as_chat and not language.chat_template:
        raise InputError("This model has no chat template. Turn the chat layout off, or choose an instruction-tuned model.")
    if settings.detector == "oracle" and not any(item.rare or item.masked_prompt for item in items):
        raise InputError("The detector 'oracle' needs a file that tells the overshadowed words, and this one does not. "
                         "Use 'lift', or 'manual' with the words.")


def _prepared(language: LanguageModel, item: Item, settings: CodaSettings, what: Resolved) -> _Entry:
    """Return the item tokenised and searched for its overshadowed part, or why that cannot be done."""
    try:
        prompt = language.prompt(item.prompt, settings.as_chat)
        own = None if item.masked_prompt is None else Row(language.prompt_ids(item.masked_prompt, settings.as_chat))
        language.check_room(max(len(prompt.ids), len(own.ids) if own else 0), settings.max_new_tokens)
        finding = _finding(item, settings, what)
        given = _given(prompt, item, settings, finding)
        found = search(language, prompt, settings, what, _variants(settings, what, finding), given=given, finding=finding)
    except InputError as error:
        return _Failed(item, str(error))
    return _Ready(item, own, finding, found)


def _finding(item: Item, settings: CodaSettings, what: Resolved) -> Finding:
    """The knobs' finding; what the file tells goes before a detector that was left to be chosen here."""
    if item.masked_prompt is not None:
        return replace(what.finding, detector="none")
    if item.rare and settings.detector == "auto" and what.kind == "real" and not settings.named.strip():
        return replace(what.finding, detector="oracle")
    return what.finding


def _variants(settings: CodaSettings, what: Resolved, finding: Finding) -> list[Variant]:
    return [variant_of(settings, replace(what, finding=finding), method) for method in settings.methods]


def _given(prompt: Prompt, item: Item, settings: CodaSettings, finding: Finding) -> tuple[int, ...]:
    if finding.detector not in TOLD:
        return ()
    named = settings.named if finding.detector == "manual" else item.rare
    return found_in(prompt, named).positions if named else ()


def _batches(prepared: Iterable[_Entry], new_tokens: int) -> Iterator[list[_Entry]]:
    """Neighbouring entries; as many as may be decoded together."""
    batch: list[_Entry] = []
    longest = 0
    for entry in prepared:
        tokens = entry.num_tokens + new_tokens if isinstance(entry, _Ready) else 0
        if batch and (len(batch) == MAX_BATCH or (len(batch) + 1) * max(longest, tokens) > BATCH_TOKENS):
            yield batch
            batch, longest = [], 0
        batch, longest = [*batch, entry], max(longest, tokens)
    if batch:
        yield batch


def _rows(language: LanguageModel, batch: Sequence[_Entry], settings: CodaSettings, what: Resolved, number: int
          ) -> Iterator[FileRow]:
    ready = [entry for entry in batch if isinstance(entry, _Ready)]
    texts: dict[str, list[str]] = {}
    if ready:
        texts = {method: _texts(language, ready, settings, what, method, number) for method in settings.methods}
    answers = iter([{method: said[place] for method, said in texts.items()} for place in range(len(ready))])
    preferences = iter(_preferences(language, ready, settings))
    for entry in batch:
        if isinstance(entry, _Failed):
            yield _row(entry.item, {}, problem=entry.problem)
        else:
            prefers_right, problem = next(preferences)
            yield _row(entry.item, next(answers), prefers_right, entry.found.alarm.is_raised, entry.masked, problem)


def _row(
    item: Item, answers: dict[str, str], prefers_right: bool | None = None, is_alarm: bool | None = None, masked: str | None = None,
    problem: str | None = None,
) -> FileRow:
    right = {method: is_match(text, item.right, is_continued=item.is_continued) for method, text in answers.items()}
    wrong = {method: is_match(text, item.wrong, is_continued=item.is_continued) for method, text in answers.items()}
    held = {method: contains(text, item.right) for method, text in answers.items()}
    return FileRow(
        number=item.number, prompt=item.prompt, right=item.right, wrong=item.wrong, answers=answers,
        is_right={method: right[method] if item.right else None for method in answers},
        contains={method: held[method] if item.right else None for method in answers},
        is_wrong={method: wrong[method] and not right[method] if item.wrong else None for method in answers},
        prefers_right=prefers_right, is_alarm=is_alarm, masked=masked, problem=problem,
    )


def _texts(language: LanguageModel, ready: Sequence[_Ready], settings: CodaSettings, what: Resolved, method: str, number: int
           ) -> list[str]:
    """Return one method's answers. Prompts go together unless they need weights of their own or repeated detection."""
    own = [variant_of(settings, replace(what, finding=entry.finding), method) for entry in ready]  # alike but for the finding
    how = replace(decoding_of(own[0], settings), seed=settings.seed + number)  # the draws of each batch are its own
    texts = [""] * len(ready)
    together: dict[float | None, list[int]] = {}
    for place, (entry, variant) in enumerate(zip(ready, own)):
        if settings.redetects and variant.finding == entry.finding and entry.finding.detector in SEARCHES:
            detecting = detecting_of(entry.finding, mode=what.mode, seed=settings.seed)
            texts[place] = language.text(tokens_of(decode_redetecting(
                language, entry.prompt.ids, entry.found.tried.tried, detecting, how), 1)[0])
        else:
            together.setdefault(entry.item.weight if method == "cad" else None, []).append(place)
    for weight, places in together.items():
        steps = decode(language, [ready[place].pair(own[place]) for place in places], _weighted(how, weight))
        for place, tokens in zip(places, tokens_of(steps, len(places))):
            texts[place] = language.text(tokens)
    return texts


def _weighted(how: Decoding, weight: float | None) -> Decoding:
    return how if weight is None else replace(how, contrast=replace(how.contrast, weight=weight))


def _preferences(language: LanguageModel, ready: Sequence[_Ready], settings: CodaSettings) -> list[_Preference]:
    """Return per entry whether its first right answer is likelier than its first wrong one: MemoTrap's own score."""
    continued: list[tuple[_Continued, _Continued] | None] = []
    problems: list[str | None] = []
    for entry in ready:
        problem = None
        try:
            continued.append(_classes(language, entry, as_chat=settings.as_chat))
        except InputError as error:
            continued.append(None)
            problem = f"Its right and wrong answers were not compared. {error}"
        problems.append(problem)
    scored = iter(log_likelihoods(language, [row for pair in continued if pair for row in pair]))
    return [(next(scored) > next(scored) if pair else None, problem) for pair, problem in zip(continued, problems)]


@dataclass(frozen=True)
class _Continued:
    """A prompt with an answer behind it, whose tokens begin at `start`."""

    ids: tuple[int, ...]
    start: int


def _classes(language: LanguageModel, entry: _Ready, *, as_chat: bool) -> tuple[_Continued, _Continued] | None:
    """Return the prompt with the right and with the wrong answer; None where the file has not both."""
    if not entry.item.right or not entry.item.wrong:
        return None
    read, prompt = entry.prompt.ids, entry.item.prompt
    both = [
        (*read, *language.tokenizer(answer, add_special_tokens=False)["input_ids"]) if as_chat
        else language.prompt_ids(f"{prompt} {answer}")
        for answer in (entry.item.right[0], entry.item.wrong[0])
    ]
    for ids in both:
        language.check_room(len(ids), 0)
    # a tokenizer may join the prompt's last piece with the answer's first: the answer begins where the three part
    start = next((place for place, tokens in enumerate(zip(read, *both)) if len(set(tokens)) > 1), len(read))
    if start == 0 or start >= min(map(len, both)):
        return None
    return _Continued(both[0], start), _Continued(both[1], start)


def log_likelihoods(language: LanguageModel, rows: Sequence[_Continued]) -> list[float]:
    """Return log p(answer | prompt) of every row in nats: the sum over the answer's tokens."""
    if not rows:
        return []
    keep = max(len(row.ids) - row.start for row in rows) + 1
    size = max(1, LOGIT_BYTES // (4 * keep * language.vocabulary))
    return [value for start in range(0, len(rows), size) for value in _log_likelihoods(language, rows[start : start + size], keep)]


@torch.inference_mode()
def _log_likelihoods(language: LanguageModel, rows: Sequence[_Continued], keep: int) -> list[float]:
    batch, device = padded([Row(row.ids) for row in rows], language.pad_id), language.device
    accepted = inspect.signature(language.model.forward).parameters
    options = {"logits_to_keep": keep} if "logits_to_keep" in accepted else {}
    logits = language.model(
        input_ids=batch.input_ids.to(device), attention_mask=batch.attention_mask.to(device),
        position_ids=batch.position_ids.to(device), use_cache=False, **options,
    ).logits[:, -keep:-1]  # (rows, keep - 1, vocabulary): what is said before each of the last tokens
    said = logits.float().log_softmax(-1)
    chosen = said.gather(-1, batch.input_ids[:, 1 - keep :, None].to(device))[..., 0]  # (rows, keep - 1)
    return [float(values[len(values) - (len(row.ids) - row.start) :].sum()) for values, row in zip(chosen, rows)]
