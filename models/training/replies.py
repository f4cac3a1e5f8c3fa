"""Learning what to reply: next words of the reply alone, behind a prompt of words, with or without pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from models.training.samples import stacked

IGNORED = -100  # of the loss
Row = tuple[Sequence[int], Sequence[int]]  # tokens of a prompt and of its reply


@dataclass(frozen=True)
class Batch:
    """Items padded on the right, (items, tokens) each; what is wanted is IGNORED but in replies.

    Attributes:
        seen: what is seen with all items together, images first; None where nothing is.
    """

    ids: Tensor
    wanted: Tensor
    seen: Tensor | None = None


def batch_of(rows: Sequence[Row], *, pad: int, seen: Sequence[Tensor] = ()) -> Batch:
    """Prompts with their replies as one batch.

    Args:
        pad: what stands behind the shorter ones.
        seen: with each of the rows, or with some; nothing: none of them shows anything.
    """
    ids = [torch.tensor([*prompt, *reply]) for prompt, reply in rows]
    wanted = [torch.tensor([*[IGNORED] * len(prompt), *reply]) for prompt, reply in rows]
    return Batch(stacked(ids, fill=pad), stacked(wanted, fill=IGNORED), torch.cat(list(seen)).float() if seen else None)


def loss_of(model: PreTrainedModel, batch: Batch) -> tuple[Tensor, int]:
    """Mean cross entropy of the replies' words, nats, and how many there are."""
    inputs = {} if batch.seen is None else {"pixel_values": batch.seen}
    is_wanted = batch.wanted[:, 1:] != IGNORED
    hidden = model.base_model(input_ids=batch.ids, use_cache=False, **inputs).last_hidden_state[:, :-1]
    return functional.cross_entropy(model.lm_head(hidden[is_wanted]).float(), batch.wanted[:, 1:][is_wanted]), int(is_wanted.sum())
