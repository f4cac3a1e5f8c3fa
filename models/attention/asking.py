"""One call: a picture, a question and its options in; answers, confidence and attention at every alpha out.

The picture and the question are read once (`prefill`). Confidence is the largest probability of the first answer token over
the whole vocabulary, as in AdaptVis (arXiv 2503.01773); an option's probability is that of the pieces that it may begin with.
At an alpha where the model's numbers overflow there is no answer, and the others are as they are without it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from transformers import PreTrainedTokenizerBase

from models.attention.families import as_rgb, prepare
from models.attention.pixels import Places, patches_of, token_places
from models.attention.prefill import Look, Prefill, SecondPass
from models.attention.rows import Maps, Reads, Scaling, spanned
from models.quantisation import mixes_rows
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
LARGE_ALPHA = 10.0  # beyond it a head looks at little more than one image token


@dataclass(frozen=True)
class Answers:
    """One question at several alphas. Arrays have one entry per alpha first."""

    alphas: tuple[float, ...]
    options: tuple[str, ...]
    option_probabilities: np.ndarray  # (alphas, options) of the first token, 0..1, together at most 1; nan where it overflowed
    confidence: np.ndarray  # (alphas,) the first token's largest probability; nan where it overflowed
    first_tokens: np.ndarray  # (alphas,) int, the ids that have it; -1 where it overflowed
    texts: tuple[str, ...]  # per alpha, the greedy reply; its first token only where no longer one was asked for, "" where none is
    maps: Maps | None  # its rows are one, its queries the alphas
    places: Places | None  # of the image tokens; None where the family's geometry is not known
    second_pass: SecondPass
    notes: tuple[str, ...]


def ask(vlm: VisionLanguageModel, picture: Image.Image | np.ndarray | None, question: str, options: Sequence[str],
        alphas: Sequence[float] = (1.0,), *, scaling: Scaling | None = None, reads: Reads | None = None, max_tokens: int = 1,
        layout: str | None = None) -> Answers:
    """Return the answers at every alpha to one question about one picture.

    Args:
        picture: a PIL image, (height, width, 3) uint8, or None, where alpha has nothing to change.
        question: as the model shall read it, options named in it.
        scaling: how the image part is changed; its alpha is replaced by each of `alphas`.
        reads: which maps are kept; none without it.
        max_tokens: the reply's length; 1 costs nothing beyond the first token.
        layout: a prompt with {image} and {question} in it; None is the checkpoint's chat template.
    Raises:
        InputError: the model reads text only, or the question, the options or an alpha cannot be used.
    """
    return ask_all(vlm, [picture], [question], options, alphas, scaling=scaling, reads=reads, max_tokens=max_tokens, layout=layout)[0]


def ask_all(vlm: VisionLanguageModel, pictures: Sequence[Image.Image | np.ndarray | None], questions: Sequence[str],
            options: Sequence[str], alphas: Sequence[float] = (1.0,), *, scaling: Scaling | None = None,
            reads: Reads | None = None, max_tokens: int = 1, layout: str | Sequence[str | None] | None = None) -> list[Answers]:
    """Return the answers to several questions with the same options; arguments as in `ask`.

    They are read as one batch, but one by one where packed weights would let the questions move each other.
    """
    how = replace(scaling or Scaling(), alpha=tuple(float(alpha) for alpha in alphas))
    if not alphas:
        raise InputError("There is no alpha to answer at. Name one or more; 1 changes nothing.")
    if not questions or len(pictures) != len(questions):
        raise ValueError(f"there are {len(pictures)} pictures for {len(questions)} questions; give one each, at least one")
    if not all(option.strip() for option in options) or not options:
        raise InputError("An option is missing. Name one or more words, each with at least one letter.")
    if len(questions) > 1 and mixes_rows(vlm.model):
        layouts = [layout] * len(questions) if layout is None or isinstance(layout, str) else layout
        return [ask(vlm, picture, question, options, alphas, scaling=scaling, reads=reads, max_tokens=max_tokens, layout=own)
                for picture, question, own in zip(pictures, questions, layouts, strict=True)]
    shown = [[] if picture is None else [as_rgb(picture)] for picture in pictures]
    prefill = Prefill(vlm.model, prepare(vlm, shown, questions, layout=layout))
    look = prefill.look(how, reads)
    texts = _texts(vlm, prefill, look, how, max_tokens)
    pieces, unclear = option_pieces(vlm, options)
    batch = _Batch(vlm, prefill, look, how, tuple(options), pieces, (*_notes(vlm, how, prefill), *unclear))
    return [batch.answers(row, texts[row], own[0].size if own else None) for row, own in enumerate(shown)]


def option_pieces(vlm: VisionLanguageModel, options: Sequence[str]) -> tuple[list[list[int]], list[str]]:
    """Return per option the ids that it alone may begin with, small or capital, with a space or not; and what is unclear."""
    tokenizer = vlm.processor.tokenizer
    found = [{_first_piece(tokenizer, space + form) for space in ("", " ") for form in _forms(option)} for option in options]
    pieces, notes = [], []
    for index, option in enumerate(options):
        others = set().union(*found[:index], *found[index + 1 :])
        own = found[index] - others - {None, tokenizer.unk_token_id}
        pieces.append(sorted(piece for piece in own if piece is not None))
        if not own:
            notes.append(f"The option {option[:80]!r} has no first token of its own in this model, so its probability reads 0.")
    return pieces, notes


def unknown_words(vlm: VisionLanguageModel, text: str) -> tuple[str, ...]:
    """Return the words of a text that a small vocabulary lacks, each once; of one that spells every word nothing."""
    tokenizer = vlm.processor.tokenizer
    if tokenizer.unk_token_id is None:
        return ()
    words = dict.fromkeys(_WORD.findall(text))
    return tuple(word for word in words if tokenizer.unk_token_id in tokenizer(word, add_special_tokens=False)["input_ids"])


def _forms(option: str) -> tuple[str, str, str]:
    plain = option.strip()
    return plain, plain.lower(), plain[:1].upper() + plain[1:]


def _first_piece(tokenizer: PreTrainedTokenizerBase, text: str) -> int | None:
    """Return the first id that is more than a space."""
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return next((int(token) for token in ids if str(tokenizer.decode([token])).strip()), None)


def _texts(vlm: VisionLanguageModel, prefill: Prefill, look: Look, how: Scaling, max_tokens: int) -> list[list[str]]:
    """Return per row and alpha the reply."""
    if max_tokens > 1:
        replies = [prefill.say(replace(how, alpha=alpha), max_tokens=max_tokens) for alpha in look.alphas]
    else:
        replies = [[[token] for token in tokens] for tokens in look.logits.argmax(-1).T.tolist()]
    tokenizer = vlm.processor.tokenizer
    rows = len(look.logits)
    return [[str(tokenizer.decode(reply[row], skip_special_tokens=True)).strip() for reply in replies] for row in range(rows)]


def _notes(vlm: VisionLanguageModel, how: Scaling, prefill: Prefill) -> list[str]:
    tokenizer = vlm.processor.tokenizer
    notes = []
    if not bool(prefill.columns.any(-1).all()):
        notes.append("A question has no picture, so alpha changes nothing there.")
    if max(how.alphas) > LARGE_ALPHA:
        notes.append(f"alpha is {max(how.alphas):g}: above {LARGE_ALPHA:g} nearly all weight lies on one image token per head.")
    if len(how.alphas) > 1 and mixes_rows(vlm.model):
        notes.append(f"With these 8-bit weights tokens that are read together move each other, so every alpha reads the whole prompt "
                     f"alone: {len(how.alphas)} readings instead of one.")
    unknown = 0 if tokenizer.unk_token_id is None else int((prefill.inputs["input_ids"] == tokenizer.unk_token_id).sum())
    if unknown:
        notes.append(f"{unknown} of the prompt's words are unknown to this model and were read as {tokenizer.unk_token!r}.")
    return notes


def _between(columns: torch.Tensor, how: Scaling) -> list[str]:
    """Say what stands between the parts of a picture, where anything does: the released rule scales it too."""
    count = int((spanned(columns[None])[0] & ~columns).sum())
    if not count:
        return []
    is_scaled = how.columns == "span"
    scaled = "are scaled with it, as in the released code" if is_scaled else "stay as they are; the released code scales them"
    return [f"{count} tokens that are no picture stand between the parts of the picture and {scaled}."]


def _out_of_sight(look: Look, row: int, num_tokens: int) -> list[str]:
    """Say in how many layers a window keeps the picture, or a part of it, from the last token."""
    seen = [counts[row] for counts in look.in_sight.values()]
    blind, dim = sum(count == 0 for count in seen), sum(0 < count < num_tokens for count in seen)
    if not num_tokens or not (blind or dim):
        return []
    layers = len(seen)
    return [*([f"In {blind} of {layers} layers the picture lies outside the window of the last token, so alpha changes nothing there."
               ] if blind else []),
            *([f"In {dim} of {layers} layers the window holds {min(count for count in seen if count)} of the picture's {num_tokens} "
               "tokens, so alpha changes no others there."] if dim else [])]


@dataclass(frozen=True)
class _Batch:
    """Several questions that were read together."""

    vlm: VisionLanguageModel
    prefill: Prefill
    look: Look
    how: Scaling
    options: tuple[str, ...]
    pieces: list[list[int]]  # per option the ids that it may begin with
    notes: tuple[str, ...]

    def answers(self, row: int, texts: list[str], size: tuple[int, int] | None) -> Answers:
        """Return one question's answers; `size` is its picture's width and height."""
        probabilities = self.look.logits[row].softmax(-1)  # (alphas, vocabulary)
        confidence, first = probabilities.max(-1)
        is_answer = confidence.isfinite().cpu()
        chosen = torch.stack([probabilities[:, own].sum(-1) for own in self.pieces], dim=-1)
        chosen = chosen.masked_fill(~is_answer.to(chosen.device)[:, None], torch.nan)
        places = None if size is None else self._places(row, size)
        unknown = ("Where this family's image tokens stand is not known here.",) if size and places is None else ()
        maps = None if self.look.maps is None else _one_row(self.look.maps, row, int(self.prefill.columns[row].sum()))
        return Answers(self.look.alphas, self.options, chosen.cpu().numpy(), confidence.cpu().numpy(),
                       torch.where(is_answer, first.cpu(), -1).numpy(), tuple(text if is_one else "" for text, is_one in zip(
                           texts, is_answer.tolist())), maps, places, self.prefill.second_pass,
                       (*self.notes, *unknown, *self._about(row, is_answer.tolist())))

    def _about(self, row: int, is_answer: list[bool]) -> list[str]:
        """Return what has to be said about this question's numbers and about what alpha can reach in its prompt."""
        lost = ", ".join(f"{alpha:g}" for alpha, is_one in zip(self.look.alphas, is_answer) if not is_one)
        dtype = str(self.look.dtype).removeprefix("torch.")
        overflow = [f"At alpha {lost} this model's numbers overflow in {dtype}, so there is no answer there."] if lost else []
        columns = self.prefill.columns[row]
        return [*overflow, *_between(columns, self.how), *_out_of_sight(self.look, row, int(columns.sum()))]

    def _places(self, row: int, size: tuple[int, int]) -> Places | None:
        columns = self.prefill.columns
        picture = int(columns[:row].any(-1).sum())  # pictures of all rows follow each other
        return token_places(self.vlm, size, int(columns[row].sum()), patches_of(self.vlm.model.config, self.prefill.inputs, picture))


def _one_row(maps: Maps, row: int, num_tokens: int) -> Maps:
    """Return the maps of one row of the batch, without the zeros after its own image tokens."""
    parts = {name: part[row : row + 1] for name, part in vars(maps).items() if name != "layers"}
    return Maps(maps.layers, **{**parts, "image": parts["image"][..., :num_tokens]})
