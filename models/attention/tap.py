"""A tap on the text attention of any vision-language model: reads chosen rows of it and rescales their image part.

The model's own attention function does all rows; the tap recomputes in float32 those that are read or scaled, one of several
hundred as a rule. It is in the model for the length of a `with` block, and out again whatever happens. What it holds belongs
to one call, so threads may tap a model that they share (`registry`).
"""

from collections.abc import Mapping
from contextvars import Token
from dataclasses import replace

import torch
from torch import nn
from transformers import PreTrainedModel

from models.attention.registry import Call, Listener, allowed, current, install, text_configs, uninstall
from models.attention.rows import (
    HIDDEN,
    Maps,
    Reads,
    Scaling,
    measured,
    rescaled,
    row_logits,
    spanned,
    stacked,
    weighted,
    weighted_alone,
)
from worlds.errors import InputError


class Tap:
    """Reads and rescales rows of attention while its `with` block runs one forward pass, or one `generate`.

    Args:
        inputs: what the model is called with; `input_ids` (rows, tokens) of the whole prompt and, where rows are padded,
            on the left, `attention_mask`.
        scaling: what is done to the image part; an alpha of 1 skips all, so the logits stay bit-identical.
        reads: which rows are kept for `maps`.
        start: tokens of the prompt that a cache holds already.
        columns: (rows, tokens) bool, the keys that count as image; by default every token with the image's id. Which of them,
            or which around them, are scaled is the scaling's matter.
        as_fan: the queries of a call all stand at the prompt's last position and are blind to each other, one per alpha;
            so one forward pass gives a row per alpha on one cache.
    Raises:
        InputError: the model reads text only, runs an attention that cannot be tapped, or lacks a chosen layer, head or query.
        ValueError: the batch is padded on the right, or an alpha per row does not match its rows.
    """

    def __init__(self, model: PreTrainedModel, inputs: Mapping[str, torch.Tensor], scaling: Scaling | None = None, *,
                 reads: Reads | None = None, start: int = 0, columns: torch.Tensor | None = None, as_fan: bool = False) -> None:
        scaling = scaling or Scaling()
        self._columns = image_columns(model, inputs["input_ids"]) if columns is None else columns
        shown = inputs.get("attention_mask")
        self._shown = torch.ones_like(self._columns) if shown is None else shown.bool()
        rows, self._num_tokens = self._columns.shape
        if not self._shown[:, -1].all():
            raise ValueError("a row ends in padding; pad on the left, so that every row ends in its last token")
        if not as_fan and len(scaling.alphas) not in (1, rows):
            raise ValueError(f"there are {len(scaling.alphas)} alphas for {rows} rows; give one, or one per row")
        _check_subsets(model, scaling, reads, self._num_tokens)
        self._scaling, self._reads, self._start, self._as_fan = scaling, reads, start, as_fan
        self._turned = spanned(self._columns) if scaling.columns == "span" else self._columns
        self._has_image = bool(self._columns.any())
        self._model, self._configs = model, {id(config) for config in text_configs(model)}
        self._first = _first_text(self._columns, self._shown)
        self._seen: dict[int, int] = {}
        self._kept: dict[int, dict[str, list[torch.Tensor]]] = {}
        self._token: Token[Listener | None] | None = None
        self._looked_at: set[int] = set()
        self._in_sight: dict[int, torch.Tensor] = {}
        self.sees_ahead = False  # whether an earlier token was seen to attend to the last one of a call

    def __enter__(self) -> "Tap":
        install(self._model)
        self._seen.clear()
        self._kept.clear()
        self._token = current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            current.reset(self._token)
        uninstall(self._model)

    def maps(self) -> Maps:
        """Return the rows that were read. Raises RuntimeError where the model asked for none of the chosen ones."""
        if not self._kept:
            raise RuntimeError("no row was read: the model was not run under the tap, or no chosen layer or query exists")
        return stacked(self._kept)

    def in_sight(self) -> dict[int, list[int]]:
        """Return per layer, and per row of the batch, how many image tokens the last row that was recomputed there can see."""
        return {layer: counts.tolist() for layer, counts in sorted(self._in_sight.items())}

    def covers(self, module: nn.Module) -> bool:
        """Return whether that attention belongs to this tap's text stack; vision towers have no numbered layers."""
        return getattr(module, "layer_idx", None) is not None and id(getattr(module, "config", None)) in self._configs

    def attend(self, call: Call) -> torch.Tensor:
        """Return (rows, queries, heads, width), the call's attention with the chosen rows scaled, and keep those to be read."""
        queries = call.query.shape[2]
        call = replace(call, before=self._seen.get(call.layer, self._start))
        self._seen[call.layer] = call.before + queries
        if self._as_fan:
            return self._fan(call)
        self._look_ahead(call)
        read, scaled = self._read_rows(call), self._scaled_rows(call)
        if scaled and len(scaled) == queries and self._changes_all():
            return self._recomputed(call, read, scaled)[0]  # a generated token: its plain row is not needed
        out = call.plain()
        if read or scaled:
            new, differs = self._recomputed(call, read, scaled)
        if scaled:
            rows = sorted({*read, *scaled})
            out[:, rows] = torch.where(differs, new, out[:, rows])
        return out

    def _reads_layer(self, call: Call) -> bool:
        return self._reads is not None and (self._reads.layers is None or call.layer in self._reads.layers)

    def _read_rows(self, call: Call) -> list[int]:
        """Return the rows of this call, counted within it, that are to be read."""
        if self._reads is None or not self._reads_layer(call):
            return []
        positions = sorted(query % self._num_tokens if query < 0 else query for query in self._reads.queries)
        return [position - call.before for position in positions if 0 <= position - call.before < call.query.shape[2]]

    def _scaled_rows(self, call: Call) -> list[int]:
        """Return the rows of this call that are to be scaled: the prompt's last one, and later ones where every step is."""
        if not (self._has_image and self._scaling.changes(call.layer)):
            return []
        last, queries = self._num_tokens - 1 - call.before, call.query.shape[2]
        rows = range(last, queries) if self._scaling.every_step else range(last, last + 1)
        return [row for row in rows if 0 <= row < queries]

    def _changes_all(self) -> bool:
        """Return whether every row and head of the batch is changed, so that the plain attention need not be computed."""
        return self._scaling.heads is None and all(alpha != 1 for alpha in self._scaling.alphas)

    def _look_ahead(self, call: Call) -> None:
        """Note whether any query but the call's last may attend to the last one's key."""
        queries = call.query.shape[2]
        if queries == 1 or self.sees_ahead or id(call.mask) in self._looked_at:
            return
        self._looked_at.add(id(call.mask))  # layers share their masks, and on a GPU every look waits for it
        last = call.before + queries - 1 - call.offset
        self.sees_ahead = not call.is_causal if call.mask is None else bool(allowed(call.mask[:, :, :-1, last]).any())

    def _recomputed(self, call: Call, read: list[int], scaled: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (rows, queries, heads, width) of the rows that are read or scaled, and where they differ from the plain ones."""
        rows = sorted({*read, *scaled})
        visible = call.visible(rows)
        alpha = self._alpha(call, [self._scaling.alphas] * len(rows), is_scaled=[row in scaled for row in rows])
        probabilities, turned = self._rows(call, call.query[:, :, rows], visible, alpha, [rows.index(row) for row in read])
        differs = (alpha != 1) & turned.any(-1, keepdim=True)  # where no image token is in sight nothing changes, to the bit
        return _laid(weighted(probabilities, call.value), call), differs.transpose(1, 2)

    def _fan(self, call: Call) -> torch.Tensor:
        """Return the attention of one query per alpha: each sees what the prompt's last token sees, and itself."""
        width = call.query.shape[2]
        held = call.key.shape[2] - width
        visible = call.visible([0])[..., :held].expand(call.query.shape[0], -1, width, -1)
        own = torch.eye(width, dtype=torch.bool, device=visible.device).expand(*visible.shape[:3], width)
        is_on = self._has_image and self._scaling.changes(call.layer)
        alpha = self._alpha(call, [(alpha,) for alpha in self._scaling.alphas], is_scaled=[is_on] * width)
        read = list(range(width)) if self._reads_layer(call) else []
        probabilities, _ = self._rows(call, call.query, torch.cat([visible, own], dim=-1), alpha, read)
        return _laid(weighted_alone(probabilities, call.value[:, :, :held], call.value[:, :, held:]), call)

    def _rows(self, call: Call, query: torch.Tensor, visible: torch.Tensor, alpha: torch.Tensor,
              read: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (rows, heads, queries, keys) probabilities of some queries, and (rows, 1, queries, keys) which keys were scaled."""
        logits = row_logits(query, call.key, call.scaling, call.softcap)
        image, turned = (self._aligned(columns, call) & visible for columns in (self._columns, self._turned))
        changed = rescaled(logits, turned, alpha, self._scaling.variant)
        probabilities = changed.masked_fill(~visible, HIDDEN).softmax(-1)
        self._in_sight[call.layer] = image[:, 0, -1].sum(-1)
        self._keep(call, (logits, probabilities, image), read)
        return probabilities, turned

    def _alpha(self, call: Call, per_query: list[tuple[float, ...]], *, is_scaled: list[bool]) -> torch.Tensor:
        """Return (1 or rows, 1 or heads, queries, 1): 1 on heads and queries that are not chosen.

        Args:
            per_query: for each query one alpha, or one per row of the batch.
        """
        values = [alphas if on else (1.0,) * len(alphas) for alphas, on in zip(per_query, is_scaled)]
        alpha = torch.tensor(values, device=call.query.device).T[:, None, :, None]  # (queries, rows) -> (rows, 1, queries, 1)
        alpha = alpha if len(alpha) == 1 else _repeated(alpha, call)
        if self._scaling.heads is None:
            return alpha
        is_chosen = torch.tensor([head in self._scaling.heads for head in range(call.query.shape[1])], device=alpha.device)
        return torch.where(is_chosen[None, :, None, None], alpha, 1.0)

    def _aligned(self, columns: torch.Tensor, call: Call) -> torch.Tensor:
        """Return (rows, 1, 1, keys): columns of the prompt laid on the keys that this call sees."""
        keys, offset = call.key.shape[2], call.offset
        part = columns[:, offset : offset + keys].to(call.key.device)
        part = nn.functional.pad(part, (0, keys - part.shape[1]))
        return _repeated(part, call)[:, None, None]

    def _keep(self, call: Call, row: tuple[torch.Tensor, ...], chosen: list[int]) -> None:
        if not chosen or self._reads is None:
            return
        logits, probabilities, seen = (part[:, :, chosen] for part in row)
        facts = measured(logits, probabilities, seen, self._aligned(self._first, call))
        whole = probabilities if self._reads.by_head else probabilities.mean(1, keepdim=True)
        facts["image"] = _gathered(whole, _repeated(self._columns, call), call.offset)
        kept = self._kept.setdefault(call.layer, {name: [] for name in facts})
        for name, fact in facts.items():
            kept[name].append(fact)


def image_columns(model: PreTrainedModel, input_ids: torch.Tensor) -> torch.Tensor:
    """Return (rows, tokens) bool, True on image tokens. Raises InputError for a model that reads text only."""
    token = getattr(model.config, "image_token_id", None)  # the model's own: Gemma-3's processor names the begin-of-image token
    if token is None:
        raise InputError(f"A {type(model).__name__} reads text only. Choose a vision-language model.")
    return input_ids == token


def _check_subsets(model: PreTrainedModel, scaling: Scaling, reads: Reads | None, num_tokens: int) -> None:
    """Raise InputError where a layer, head or query is chosen that does not exist: it would be left out in silence."""
    config = model.config.get_text_config()
    layers = (scaling.layers or frozenset()) | ((reads.layers if reads else None) or frozenset())
    _check("layers", layers, 0, config.num_hidden_layers)
    _check("heads", scaling.heads or frozenset(), 0, config.num_attention_heads)
    _check("queries", frozenset(reads.queries if reads else ()), -num_tokens, num_tokens)


def _check(name: str, chosen: frozenset[int], first: int, end: int) -> None:
    missing = sorted(number for number in chosen if not first <= number < end)
    if missing:
        raise InputError(f"There is no {missing[0]} among the {name}. They are numbered {first} to {end - 1}.")


def _laid(attention: torch.Tensor, call: Call) -> torch.Tensor:
    """Return the attention as transformers wants it from such a function."""
    return attention.to(call.query.dtype).contiguous()


def _repeated(rows: torch.Tensor, call: Call) -> torch.Tensor:
    """Return one entry per row of the call, which beams may have multiplied."""
    return rows.repeat_interleave(call.query.shape[0] // len(rows), dim=0)


def _first_text(columns: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Return (rows, tokens) bool, True on the first token that is neither image nor padding."""
    is_text = ~columns & shown.to(columns.device)
    return is_text & (is_text.cumsum(-1) == 1)


def _gathered(probabilities: torch.Tensor, columns: torch.Tensor, offset: int) -> torch.Tensor:
    """Return (rows, heads, queries, image tokens); 0 where a key is out of the window or a row has fewer image tokens."""
    keys = probabilities.shape[-1]
    columns = columns.to(probabilities.device)
    count = int(columns.sum(-1).max())
    order = columns.int().argsort(dim=-1, descending=True, stable=True)[:, :count]  # image tokens first, in order
    is_there = columns.gather(-1, order) & (order >= offset) & (order < offset + keys)
    index = (order - offset).clamp(0, keys - 1)[:, None, None]
    found = probabilities.gather(-1, index.expand(*probabilities.shape[:3], -1))
    return found.masked_fill(~is_there[:, None, None], 0.0)
