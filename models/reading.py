"""Rows of tokens read together through one cache of keys and values, and the next token's log-probabilities per row.

Rows of different length are padded on the left, so that every row's last column is its last token. Positions count a row's
own tokens: padding has none, and a token that is hidden from attention keeps its place, unlike in `generate`, which
derives positions from the attention mask and so would shift all that follows a hole. What all rows begin with, as a chat template
or a prompt and its masked forms do, is read once.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import DynamicCache

from models.language import LanguageModel
from worlds.errors import InputError

SHARED = 8  # tokens that all rows must begin with before reading these apart pays


@dataclass(frozen=True)
class Row:
    """The tokens of one prompt, and the positions among them that no later token may attend to."""

    ids: tuple[int, ...]
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Left-padded rows, each tensor of shape (rows, tokens) and type int64."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor  # 1 where a token may be attended to
    position_ids: torch.Tensor


def padded(rows: Sequence[Row], pad_id: int) -> Batch:
    """Return the rows as one batch. Raises ValueError for no rows and for a row without tokens."""
    if not rows or not all(row.ids for row in rows):
        raise ValueError("a batch needs at least one row, and every row at least one token")
    length = max(len(row.ids) for row in rows)
    input_ids = torch.full((len(rows), length), pad_id)
    attention_mask = torch.zeros((len(rows), length), dtype=torch.long)
    for index, row in enumerate(rows):
        start = length - len(row.ids)
        input_ids[index, start:] = torch.tensor(row.ids)
        attention_mask[index, start:] = 1
        attention_mask[index, [start + position for position in row.hidden]] = 0
    starts = torch.tensor([length - len(row.ids) for row in rows])
    position_ids = (torch.arange(length)[None] - starts[:, None]).clamp(min=0)  # (rows, tokens)
    return Batch(input_ids, attention_mask, position_ids)


def shared_start(rows: Sequence[Row]) -> int:
    """Return how many tokens all rows begin with alike, hidden ones not among them; every row keeps one of its own at least."""
    longest = min(min(len(row.ids) - 1, *row.hidden, len(row.ids)) for row in rows)
    same = 0
    while same < longest and len({row.ids[same] for row in rows}) == 1:
        same += 1
    return same


class Reading:
    """Several rows on their way through a model; `logits` are those of the token that follows each row.

    Args:
        keeps_layers: also keep every layer's hidden state at the last token, in `hidden_states`.
        uses_cache: False where the rows are read once and nothing is appended.
    """

    def __init__(self, language: LanguageModel, rows: Sequence[Row], *, keeps_layers: bool = False, uses_cache: bool = True) -> None:
        self._model = language.model
        self._keeps_layers = keeps_layers
        self._cache = DynamicCache() if uses_cache else None
        accepted = inspect.signature(language.model.forward).parameters
        self._cache_name = "cache" if "cache" in accepted else "past_key_values"  # its name before transformers 5.24
        self._options = {"logits_to_keep": 1} if "logits_to_keep" in accepted else {}  # lm_head on the last token only
        device = language.device
        same = shared_start(rows) if len(rows) > 1 else 0
        if same >= SHARED:
            self._read_start(rows[0].ids[:same], len(rows), device)
            rows = [Row(row.ids[same:], tuple(position - same for position in row.hidden)) for row in rows]
        else:
            same = 0
        batch = padded(rows, language.pad_id)
        self._attention_mask = torch.cat([torch.ones((len(rows), same), dtype=torch.long), batch.attention_mask], dim=1).to(device)
        self._next_positions = (batch.position_ids[:, -1:] + same + 1).to(device)  # (rows, 1)
        self.logits = self._forward(batch.input_ids.to(device), batch.position_ids.to(device) + same)

    def _read_start(self, ids: Sequence[int], num_rows: int, device: torch.device) -> None:
        """Read what all rows begin with, and give each row its keys and values."""
        self._cache = DynamicCache()
        self._attention_mask = torch.ones((1, len(ids)), dtype=torch.long, device=device)
        self._forward(torch.tensor([ids], device=device), torch.arange(len(ids), device=device)[None])
        self._cache.batch_repeat_interleave(num_rows)

    def append(self, tokens: torch.Tensor) -> None:
        """Read one more token per row; `tokens`: (rows,) int64."""
        self._attention_mask = torch.cat([self._attention_mask, self._attention_mask.new_ones(len(tokens), 1)], dim=1)
        self.logits = self._forward(tokens.to(self._attention_mask.device)[:, None], self._next_positions)
        self._next_positions = self._next_positions + 1

    @torch.inference_mode()
    def _forward(self, input_ids: torch.Tensor, position_ids: torch.Tensor) -> torch.Tensor:
        """Return (rows, vocabulary) logits in float32."""
        out = self._model(
            input_ids=input_ids,
            attention_mask=self._attention_mask,
            position_ids=position_ids,
            use_cache=self._cache is not None,
            output_hidden_states=self._keeps_layers,
            **{self._cache_name: self._cache},
            **self._options,
        )
        if self._keeps_layers:  # the embeddings first, then every layer: (layers + 1) of (rows, hidden)
            self.hidden_states = tuple(states[:, -1] for states in out.hidden_states)
        logits = out.logits[:, -1].float()
        if not torch.isfinite(logits.max()):  # of what is no number, too
            raise InputError("This model's numbers overflow, or its weights are damaged: it has no answer. Load it in bfloat16 or "
                             "float32.")
        return logits

    @property
    def log_probabilities(self) -> torch.Tensor:
        """Return (rows, vocabulary) float32 log-probabilities of the next token."""
        return torch.log_softmax(self.logits, dim=-1)

