"""Prompts with pictures, read once up to their last token; every alpha then costs that one token.

Only the last row of the attention is scaled, and in a causal model no earlier token sees the last one. So keys and values of
all earlier positions are the same for every alpha: they are cached, and the last token runs once per alpha, all alphas in one
forward pass on the one cache (equal to full passes within rounding). alpha 1 is the plain pass that made the cache, to the bit.

Where earlier tokens do see the last one the cache would be wrong by whole logits, and where packed weights make a row hang on
its neighbours (int8) by a tenth of one; there every alpha takes a language pass of its own, on image features that are kept.
The released code generates two whole answers instead.
"""

import copy
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from models.attention.families import SEQUENCE, Inputs, is_padded, positions, sees_ahead
from models.attention.rows import Maps, Reads, Scaling
from models.attention.tap import Tap, image_columns
from models.quantisation import mixes_rows
from models.told import token_ids
from worlds.errors import InputError

SecondPass = Literal["one token", "language"]


@dataclass(frozen=True)
class Look:
    """What the first answer token would be at each alpha."""

    alphas: tuple[float, ...]
    logits: torch.Tensor  # (rows, alphas, vocabulary) float32
    maps: Maps | None  # its queries are the alphas
    dtype: torch.dtype  # that the model computed them in
    in_sight: dict[int, list[int]]  # per layer and row how many image tokens the last token sees; nothing where none was asked


@dataclass(frozen=True)
class _Fan:
    """What the last token became at each alpha of a look, so that a reply need not read it again."""

    scaling: Scaling
    logits: torch.Tensor  # (rows, alphas, vocabulary)
    tails: list[tuple[torch.Tensor, torch.Tensor]]  # per layer its keys and values, (rows, key heads, alphas, width)

    def with_plain(self, plain: "_Fan") -> "_Fan":
        """Return the same with what the untouched model made of the last token wherever alpha is 1."""
        is_one = torch.tensor([alpha == 1 for alpha in self.scaling.alphas], device=self.logits.device)
        logits = torch.where(is_one[:, None], plain.logits, self.logits)
        tails = [(torch.where(is_one[:, None], own[0], keys), torch.where(is_one[:, None], own[1], values))
                 for (keys, values), own in zip(self.tails, plain.tails)]
        return _Fan(self.scaling, logits, tails)

    def places(self, scaling: Scaling, rows: int) -> list[int] | None:
        """Return for each row which of the alphas a reply is to start from, or None where the look was another."""
        if replace(self.scaling, alpha=1.0, every_step=False) != replace(scaling, alpha=1.0, every_step=False):
            return None
        wanted = scaling.alphas * (rows if len(scaling.alphas) == 1 else 1)
        return [self.scaling.alphas.index(alpha) for alpha in wanted] if set(wanted) <= set(self.scaling.alphas) else None


class Prefill:
    """A batch of prompts on a model. `second_pass` says what an alpha costs: "one token", or a "language" pass.

    Args:
        inputs: of `families.prepare`, or a processor's own; rows padded on the left.
    Raises:
        InputError: the model reads text only, or a prompt ends in an image token.
    """

    @torch.inference_mode()
    def __init__(self, model: PreTrainedModel, inputs: Mapping[str, torch.Tensor]) -> None:
        self.model: Any = model  # Any: the checkpoint's own class, whose methods no base class declares
        self.inputs: Inputs = dict(inputs)
        self.columns = image_columns(model, inputs["input_ids"])  # (rows, tokens) bool
        if self.columns[:, -1].any():
            raise InputError("The prompt ends in the picture, so there is no last text token to scale. Put the question after it.")
        self._num_tokens = inputs["input_ids"].shape[1]
        self._is_padded = is_padded(inputs)
        self._positions = positions(model, inputs)
        accepted = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in accepted else "past_key_values"  # its name before transformers 5.24
        self._sees_ahead = sees_ahead(model)
        self._prefix: DynamicCache | None = None  # keys and values of all tokens but the last
        self._plain: _Fan | None = None  # of the untouched model
        self._fan: _Fan | None = None  # of the last look
        if not (self._sees_ahead or mixes_rows(model)):
            self._read_prompt()
        self._pictures = self._encoded(accepted) if self._prefix is None else {}

    @property
    def second_pass(self) -> SecondPass:
        return "language" if self._prefix is None else "one token"

    @torch.inference_mode()
    def look(self, scaling: Scaling | None = None, reads: Reads | None = None) -> Look:
        """Return the first token's logits and maps at each of the scaling's alphas, every row of the batch at all of them."""
        scaling = scaling or Scaling()
        if reads is not None and reads.queries != (-1,):
            raise ValueError(f"queries are {reads.queries!r}; alpha moves the last one only: read others with a Tap")
        if self._prefix is None or self._plain is None:
            return self._language_passes(scaling, reads)
        if reads is None and all(alpha == 1 for alpha in scaling.alphas):
            logits = self._plain.logits.expand(-1, len(scaling.alphas), -1)
            return Look(scaling.alphas, logits.float(), None, logits.dtype, {})
        alphas, last = scaling.alphas, self._num_tokens - 1
        with Tap(self.model, self.inputs, scaling, reads=reads, start=last, as_fan=True) as tap:
            tokens = self.inputs["input_ids"][:, last:].expand(-1, len(alphas))
            places = self._positions[..., last:].expand(*self._positions.shape[:-1], len(alphas))
            cache = _copied(self._prefix)
            logits = self._forward(tokens, cache, places, extra=len(alphas) - 1)
        self._fan = _Fan(scaling, logits, _tails(cache, len(alphas))).with_plain(self._plain)
        return Look(alphas, self._fan.logits.float(), tap.maps() if reads else None, logits.dtype, tap.in_sight())

    @torch.inference_mode()
    def say(self, scaling: Scaling | None = None, *, max_tokens: int) -> list[list[int]]:
        """Return each row's greedy reply as token ids, without the one that ends it; alpha may differ by row."""
        scaling = scaling or Scaling()
        cache, logits = self._start(scaling)
        start = self._num_tokens if logits is not None else cache.get_seq_length()
        replies: list[list[int]] = [[] for _ in self.inputs["input_ids"]]
        has_ended = [False] * len(replies)
        with Tap(self.model, self.inputs, scaling, start=start):
            logits = self._read(cache, start) if logits is None else logits
            for step in range(max_tokens):
                tokens = logits[:, -1].argmax(-1)  # (rows,)
                is_number = logits[:, -1].amax(-1).isfinite().tolist()
                for row, token in enumerate(tokens.tolist()):
                    has_ended[row] |= token in self._end_ids or not is_number[row]  # what overflowed says no word
                    replies[row] += [] if has_ended[row] else [token]
                if all(has_ended) or step + 1 == max_tokens:
                    break
                logits = self._forward(tokens[:, None], cache, self._places(slice(-1, None), after=step + 1), extra=step + 1)
        return replies

    def _start(self, scaling: Scaling) -> tuple[DynamicCache, torch.Tensor | None]:
        """Return a cache that may grow, and (rows, 1, vocabulary) logits of the first token where the last look knows them."""
        if self._prefix is None:
            return DynamicCache(config=self.model.config), None
        cache = _copied(self._prefix)
        rows = torch.arange(len(self.columns))
        for fan in (self._fan, self._plain):
            chosen = None if fan is None else fan.places(scaling, len(rows))
            if fan is not None and chosen is not None:
                for layer, (keys, values) in zip(_layers(cache), fan.tails):
                    own = (part[rows, :, chosen][:, :, None] for part in (keys, values))  # (rows, key heads, 1, width)
                    layer.update(*own)
                return cache, fan.logits[rows, chosen][:, None]
        return cache, None

    def _read(self, cache: DynamicCache, start: int) -> torch.Tensor:
        """Return (rows, 1, vocabulary): what is left of the prompt is read into the cache."""
        if start:
            return self._forward(self.inputs["input_ids"][:, start:], cache, self._places(slice(start, None)))
        return self._whole({**{name: part for name, part in self.inputs.items() if name in SEQUENCE}, **self._pictures}, cache)

    def _whole(self, inputs: Mapping[str, object], cache: DynamicCache) -> torch.Tensor:
        """Return (rows, 1, vocabulary) logits of the last token of the whole prompt."""
        places = self._places(slice(None))
        options = {} if places is None else {"position_ids": places}
        out = self.model(**inputs, **{self._cache_name: cache}, use_cache=True, logits_to_keep=1, **options)
        logits: torch.Tensor = out.logits
        return logits

    def _places(self, part: slice, after: int = 0) -> torch.Tensor | None:
        """Return positions of a part of the prompt; None where a family counts by itself, from 1."""
        return None if self._sees_ahead else self._positions[..., part] + after

    def _read_prompt(self) -> None:
        """Read the whole prompt, untouched: what it says is alpha 1, and without its last token it is what every other starts from.

        Nothing is kept where a token was seen to attend to a later one.
        """
        inputs = dict(self.inputs)
        if not self._is_padded:
            inputs.pop("attention_mask", None)  # without one the kernel for causal attention is taken
        cache = DynamicCache()  # not of the config: a layer with a window would drop the key that its last token needs again
        with Tap(self.model, self.inputs) as tap:
            logits = self._whole(inputs, cache)
        self._sees_ahead = tap.sees_ahead
        if not self._sees_ahead:
            self._plain = _Fan(Scaling(), logits, _tails(cache, 1))
            self._prefix = _without_last(cache)

    def _forward(self, tokens: torch.Tensor, cache: DynamicCache, places: torch.Tensor | None, extra: int = 0) -> torch.Tensor:
        """Return (rows, tokens, vocabulary) logits of tokens after a cache; `extra` columns lie behind the prompt."""
        mask = self.inputs["attention_mask"] if self._is_padded else None
        if mask is not None:
            mask = torch.cat([mask, mask.new_ones(len(mask), extra)], dim=1)
        options = {} if places is None else {"position_ids": places}
        out = self.model(input_ids=tokens, attention_mask=mask, **{self._cache_name: cache}, use_cache=True, **options)
        logits: torch.Tensor = out.logits
        return logits

    def _language_passes(self, scaling: Scaling, reads: Reads | None) -> Look:
        """Return the same as a fan would, from a pass over the whole prompt per alpha."""
        logits, maps = [], []
        in_sight: dict[int, list[int]] = {}
        for alpha in scaling.alphas:
            with Tap(self.model, self.inputs, replace(scaling, alpha=alpha), reads=reads) as tap:
                logits.append(self._read(DynamicCache(config=self.model.config), 0))
            maps += [tap.maps()] if reads else []
            in_sight |= tap.in_sight()
        whole = torch.cat(logits, dim=1)
        return Look(scaling.alphas, whole.float(), _joined(maps) if reads else None, whole.dtype, in_sight)

    def _encoded(self, accepted: Mapping[str, inspect.Parameter]) -> Mapping[str, object]:
        """Return the pictures as features, so that the vision tower runs once, or as they are where features are not taken."""
        pictures = {name: part for name, part in self.inputs.items() if name not in SEQUENCE}
        if not pictures or "mm_encoder_outputs" not in accepted:
            return pictures
        encode = self.model.get_image_features
        taken = {name: part for name, part in pictures.items() if name in inspect.signature(encode).parameters}
        return {"mm_encoder_outputs": {"image": encode(**taken)}}

    @property
    def _end_ids(self) -> frozenset[int]:
        found = (getattr(self.model.generation_config, "eos_token_id", None), self.model.config.get_text_config().eos_token_id)
        return token_ids(*found)


def _layers(cache: DynamicCache) -> list[Any]:  # Any: transformers has several kinds; those of attention have keys and values
    return cache.layers


def _copied(cache: DynamicCache) -> DynamicCache:
    """Return a cache that may grow while the first stays: layers replace their tensors, they never write into them."""
    twin = copy.copy(cache)
    twin.layers = [copy.copy(layer) for layer in cache.layers]
    return twin


def _without_last(cache: DynamicCache) -> DynamicCache:
    """Return the cache of all tokens but the last."""
    twin = _copied(cache)
    for layer in _layers(twin):
        layer.keys, layer.values = layer.keys[:, :, :-1], layer.values[:, :, :-1]
    return twin


def _tails(cache: DynamicCache, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return per layer keys and values of the last `count` tokens, (rows, key heads, count, width)."""
    return [(layer.keys[:, :, -count:].clone(), layer.values[:, :, -count:].clone()) for layer in _layers(cache)]


def _joined(maps: list[Maps]) -> Maps:
    """Return several maps as one, along the queries."""
    names = [field.name for field in fields(Maps) if field.name != "layers"]
    return Maps(maps[0].layers, **{name: np.concatenate([getattr(one, name) for one in maps], axis=1) for name in names})
