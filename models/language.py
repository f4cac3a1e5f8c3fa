"""A language model as a tool: text in, token ids out, with a note on every token of whether it may be masked.

A prompt is tokenised as its checkpoint was trained: with the chat template where one is asked for, with the tokenizer's
own special tokens otherwise. Template and special tokens are marked as fixed; the others are grouped into words by their
character offsets. The language part of a vision-language model is wrapped in the same way. Reading prompts through a
cache is `models.reading`'s matter.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from models.told import TEMPLATE_ERRORS, blaming_the_tokenizer, check_ids, check_room, num_tokens, token_ids
from models.vlm import VisionLanguageModel
from models.writing import Draw, written
from worlds.errors import InputError

MAX_CHARACTERS = 200_000  # a tokenizer is not asked about more; no context here holds as much
NEAREST = 3  # vocabulary words offered for one that is unknown
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"  # written without spaces: every sign is a word
_WORD = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+(?:['’\-](?:(?![{_CJK}])\w)+)*|[^\w\s]")
_SENTINEL = "\ue000prompt\ue000"  # private use: no template holds it


@dataclass(frozen=True)
class Word:
    """A word of a prompt and the positions of its tokens, in order."""

    text: str
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Prompt:
    """A tokenised prompt. All tuples but `words` have one entry per token."""

    text: str  # what the person wrote
    ids: tuple[int, ...]
    pieces: tuple[str, ...]  # each token as a person reads it
    is_fixed: tuple[bool, ...]  # special or template: never masked
    words: tuple[Word, ...]  # of the tokens that are not fixed


class LanguageModel:
    """A causal language model with its tokenizer; `model` may also be the whole of a vision-language model."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, chat_template: str | None = None) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.chat_template = chat_template or getattr(tokenizer, "chat_template", None)
        self._pieces: dict[int, str] = {}

    @property
    def config(self) -> PretrainedConfig:
        """Return the configuration of the language part."""
        return self.model.config.get_text_config()

    @property
    def device(self) -> torch.device:
        return self.model.device

    @property
    def max_tokens(self) -> int:
        """Return how many tokens prompt and answer may have together."""
        return int(getattr(self.config, "max_position_embeddings", 0) or getattr(self.config, "n_positions", 0) or 2048)

    @cached_property
    def vocabulary(self) -> int:
        """Return the length of the model's logits, which may exceed the tokenizer's words by padding."""
        return int(self.model.get_output_embeddings().weight.shape[0])

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """Return the ids that end an answer: of the generation config, the config and the tokenizer."""
        generation = getattr(self.model, "generation_config", None)
        found = (getattr(generation, "eos_token_id", None), getattr(self.config, "eos_token_id", None), self.tokenizer.eos_token_id)
        return token_ids(*found)

    @cached_property
    def pad_id(self) -> int:
        """Return an id that may stand at hidden places; which one is of no account there."""
        padding = self.tokenizer.pad_token_id
        found = int(padding if padding is not None else min(self.end_ids, default=0))
        return found if 0 <= found < num_tokens(self.model) else 0

    @property
    def is_word_level(self) -> bool:
        """Return whether whole words are tokens, as in the miniatures: any other word cannot be read."""
        backend = getattr(self.tokenizer, "backend_tokenizer", None)
        return type(getattr(backend, "model", None)).__name__ == "WordLevel"

    @property
    def mask_id(self) -> int | None:
        """Return the id that `replace` puts in place of a token: mask, unknown or padding, or None where none exists."""
        of = self.tokenizer
        return next((int(token) for token in (of.mask_token_id, of.unk_token_id, of.pad_token_id)
                     if token is not None and token < num_tokens(self.model)), None)

    def prompt_ids(self, text: str, as_chat: bool = False) -> tuple[int, ...]:
        """Return the token ids of `prompt(text, as_chat)`."""
        return self.prompt(text, as_chat).ids

    def prompt(self, text: str, as_chat: bool = False) -> Prompt:
        """Return the tokenised prompt.

        Args:
            as_chat: lay the text into the chat template as the user's turn.
        Raises:
            InputError: the text is empty, too long for the context, holds a word that a word-level vocabulary lacks,
                or a chat is asked of a model without a template.
        """
        self._check_text(text)
        if as_chat:
            whole, start = self._in_template(text.strip())
            prompt = self._tokenise(whole, start, start + len(text.strip()), adds_special=False)
        else:
            prompt = self._tokenise(text, 0, len(text), adds_special=True)
        self.check_room(len(prompt.ids), 0)
        return prompt

    def check_room(self, num_tokens: int, new_tokens: int) -> None:
        """Raise TooLong, an InputError, where a prompt and the tokens to be written do not fit the context."""
        check_room(num_tokens, new_tokens, self.max_tokens)

    def say(self, text: str, *, max_tokens: int, temperature: float = 0.0, draw: Draw = (0, 0), keeps_marks: bool = False) -> str:
        """Return the model's reply to a text, laid into its chat template where it has one.

        Args:
            max_tokens, temperature, draw, keeps_marks: as in `writing.written`.
        Raises:
            InputError: as `prompt` does, or the context has no room for prompt and reply.
        """
        ids = torch.tensor([self.prompt_ids(text, as_chat=bool(self.chat_template))], device=self.device)
        self.check_room(ids.shape[1], max_tokens)
        return written(self.model, self.tokenizer, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, max_tokens=max_tokens,
                       temperature=temperature, draw=draw, keeps_marks=keeps_marks)

    def text(self, ids: Sequence[int]) -> str:
        """Return an answer's text, without special tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()

    def piece(self, token: int) -> str:
        """Return one token as a person reads it: a leading space is kept, a fraction of a character is named by its code."""
        if token not in self._pieces:
            self._pieces[token] = self._read_piece(token)
        return self._pieces[token]

    def _read_piece(self, token: int) -> str:
        raw = self.tokenizer.convert_ids_to_tokens(token)
        if raw is None:
            return f"<{token}>"  # a row of the matrix that pads it to a round size
        plain = str(self.tokenizer.decode([token]))
        if not plain or "\ufffd" in plain:
            return str(raw)
        return " " + plain if raw[0] in "▁Ġ" and not plain.startswith(" ") else plain

    def _check_text(self, text: str) -> None:
        if not text.strip():
            raise InputError("The prompt is empty. Write at least one word.")
        if len(text) > MAX_CHARACTERS:
            raise InputError(f"The prompt has {len(text):,} characters. At most {MAX_CHARACTERS:,} are read.")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError("The prompt holds half of a character. Copy it again from a text in UTF-8.") from error
        if self.is_word_level:
            self._check_words(text)

    def _check_words(self, text: str) -> None:
        backend, vocabulary = self.tokenizer.backend_tokenizer, self.tokenizer.get_vocab()
        for special in self.tokenizer.all_special_tokens:
            text = text.replace(special, " ")
        text = backend.normalizer.normalize_str(text) if backend.normalizer else text
        words = [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(text)] if backend.pre_tokenizer else text.split()
        unknown = next((word for word in words if word not in vocabulary), None)
        if unknown is None:
            return
        known = sorted(set(vocabulary) - set(self.tokenizer.all_special_tokens))
        nearest = difflib.get_close_matches(unknown[:80], known, NEAREST, cutoff=0.0)
        raise InputError(f"The word {unknown[:80]!r} is not among the {len(known)} words that this model knows. "
                         f"The nearest are {', '.join(nearest) or 'none'}.")

    def _in_template(self, text: str) -> tuple[str, int]:
        """Return the whole chat and where the person's text begins in it."""
        if not self.chat_template:
            raise InputError("This model has no chat template. Turn the chat layout off, or choose an instruction-tuned model.")
        for has_parts in (False, True):
            before = self._rendered(_SENTINEL, has_parts).partition(_SENTINEL)
            whole = self._rendered(text, has_parts)
            if before[1] and whole.startswith(before[0] + text):
                return whole, len(before[0])
        raise InputError("This model's chat template changes or drops the prompt. Turn the chat layout off.")

    def _rendered(self, text: str, has_parts: bool) -> str:
        content: Any = [{"type": "text", "text": text}] if has_parts else text  # Any: parts as vision-language templates want
        # them, of which transformers' type knows nothing
        try:
            return str(self.tokenizer.apply_chat_template([{"role": "user", "content": content}], tokenize=False,
                                                          add_generation_prompt=True, chat_template=self.chat_template))
        except TEMPLATE_ERRORS:
            return ""

    def _tokenise(self, text: str, start: int, end: int, *, adds_special: bool) -> Prompt:
        """Return the prompt whose characters `start` to `end` are the person's, the others the template's."""
        with blaming_the_tokenizer():
            ids, spans = self._encode(text, adds_special=adds_special)
        if adds_special and self.is_word_level and self.tokenizer.bos_token_id not in (None, *ids[:1]):
            ids, spans = [self.tokenizer.bos_token_id, *ids], [(0, 0), *spans]  # what every sentence was trained to begin with
        if not ids:
            raise InputError("No token is left of the prompt. Write at least one word.")
        check_ids(ids, self.model)
        special = set(self.tokenizer.all_special_ids)
        outside = [b <= start or a >= end or a == b for a, b in spans]
        is_fixed = tuple(token in special or out for token, out in zip(ids, outside))
        return Prompt(text[start:end], tuple(ids), tuple(self.piece(token) for token in ids), is_fixed,
                      _words(text, spans, is_fixed))

    def _encode(self, text: str, *, adds_special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ids and, per token, its first character and the one after its last; equal where it has none."""
        if getattr(self.tokenizer, "is_fast", False):
            encoded = self.tokenizer(text, add_special_tokens=adds_special, return_offsets_mapping=True, verbose=False)
            return list(encoded["input_ids"]), [(int(a), int(b)) for a, b in encoded["offset_mapping"]]
        ids = list(self.tokenizer(text, add_special_tokens=adds_special, verbose=False)["input_ids"])
        return ids, self._found_spans(text, ids)

    def _found_spans(self, text: str, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Return the characters of each token where the tokenizer does not say: its piece, looked for from left to right."""
        spans, place = [], 0
        for token in ids:
            piece = self.piece(token)
            piece = piece if text.startswith(piece, place) else piece.strip()  # a first word may have gained a space
            found = text.find(piece, place) if piece else -1
            spans.append((place, place) if found < 0 else (found, found + len(piece)))
            place = spans[-1][1]
        return spans


def as_language_model(tool: object) -> LanguageModel:
    """Return the tool of a "language" rung as it is, that of a "vlm" rung as a model that reads text only.

    Raises:
        InputError: the tool reads no text.
    """
    if isinstance(tool, LanguageModel):
        return tool
    if isinstance(tool, VisionLanguageModel):
        processor: Any = tool.processor  # Any: each family's own
        return LanguageModel(tool.model, processor.tokenizer, processor.chat_template)
    raise InputError(f"A {type(tool).__name__} writes no text. Choose a language model or a vision-language model.")


def _words(text: str, spans: Sequence[tuple[int, int]], is_fixed: Sequence[bool]) -> tuple[Word, ...]:
    """Return the words of the free tokens: a token belongs to the word that holds its first visible character.

    A token that is only the space before a word belongs to that word too; one that breaks a line belongs to none.
    """
    found = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]
    groups: dict[int, list[int]] = {}
    visible: set[int] = set()
    word = 0
    for position, (start, end) in enumerate(spans):
        is_space = text[start:end].isspace()
        if is_fixed[position] or (is_space and "\n" in text[start:end]):
            continue
        start += len(text[start:end]) - len(text[start:end].lstrip())
        while word < len(found) and found[word][1] <= start:
            word += 1
        if word < len(found) and found[word][0] <= start:
            groups.setdefault(word, []).append(position)
            visible |= set() if is_space else {word}
    return tuple(Word(found[word][2], tuple(positions)) for word, positions in groups.items() if word in visible)
