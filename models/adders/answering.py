"""What a model in memory says to many questions at once, greedily: one that was merged a moment ago, for example.

All prompts have one length, so that a batch needs no padding; 3,200 questions take about a second on one thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from models.adders.lessons import pixels_of, prompt_of
from models.adders.words import EOS, words_of
from worlds.sums.scenes import Item

LONGEST = 6  # tokens of a reply, its end included; a right one has at most 4
BATCH = 800


@dataclass(frozen=True)
class Said:
    """A reply.

    Attributes:
        words: without the end.
        ended: whether it came to an end by itself.
    """

    words: tuple[str, ...]
    ended: bool

    @property
    def transcript(self) -> tuple[str, ...]:
        """What was read off before the last word, which is the answer."""
        return self.words[:-1]

    @property
    def result(self) -> str:
        """The last word; nothing where nothing was said."""
        return self.words[-1] if self.words else ""

    @property
    def length(self) -> int:
        """Tokens, the end included."""
        return len(self.words) + self.ended

    def is_right(self, item: Item) -> bool:
        """Whether it is the right reply, word for word, and nothing more."""
        return self.ended and self.words == tuple(word.lower() for word in item.answer)


@dataclass(frozen=True)
class Sheet:
    """Questions, laid out for a model once: asking several models the same takes no second drawing.

    Attributes:
        ids: (items, tokens).    pixels: (items, 3, side, side), normalised; None where scenes are words.
    """

    items: tuple[Item, ...]
    ids: Tensor
    pixels: Tensor | None


def sheet(items: Sequence[Item], *, shows: bool) -> Sheet:
    """Lay out questions whose scenes are pictures, or words.

    Raises:
        ValueError: there are none.
    """
    if not items:
        raise ValueError("there are 0 items; a sheet has 1 or more")
    return Sheet(tuple(items), torch.tensor([prompt_of(item, shows=shows) for item in items]), pixels_of(items) if shows else None)


@torch.inference_mode()
def answers(model: PreTrainedModel, asked: Sheet, *, batch: int = BATCH) -> list[Said]:
    """Return what a model says to each question of a sheet; a language model, or any model where scenes are words.

    Raises:
        ValueError: pictures are shown to a model without an eye.
    """
    if asked.pixels is not None and getattr(model.config, "vision_config", None) is None:
        raise ValueError(f"a {type(model).__name__} has no eye, and the sheet has pictures; lay it out with shows=False")
    model.eval()
    found = []
    for first in range(0, len(asked.items), batch):
        part = slice(first, first + batch)
        found += _answers(model, asked.ids[part], None if asked.pixels is None else asked.pixels[part])
    return found


def _answers(model: PreTrainedModel, ids: Tensor, pixels: Tensor | None) -> list[Said]:
    seen = {} if pixels is None else {"pixel_values": pixels.to(model.device, model.dtype)}
    cache = DynamicCache(config=model.config.get_text_config())
    accepted = signature(model.base_model.forward).parameters
    cache_name = "cache" if "cache" in accepted else "past_key_values"  # its name before transformers 5.24
    head, step, drawn = model.get_output_embeddings(), ids.to(model.device), []
    for _ in range(LONGEST):
        hidden = model.base_model(input_ids=step, **{cache_name: cache}, use_cache=True, **seen).last_hidden_state[:, -1]
        step, seen = head(hidden).argmax(-1, keepdim=True), {}  # (items, 1)
        drawn.append(step)
        if (torch.cat(drawn, 1) == EOS).any(1).all():
            break
    return [_said(row) for row in torch.cat(drawn, 1).tolist()]


def _said(row: list[int]) -> Said:
    ended = EOS in row
    return Said(words_of(row[:row.index(EOS)] if ended else row), ended)
