"""A critic: the trunk of a language model with one number at each position, the return that it expects from there.

The value of a drawn token is read one position before it, where the token was drawn from: for a turn's first token that is the end of
its prompt. Rows end there (`before_last`), so that no value can depend on a reply that comes after it, to the bit.
"""

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.training.generation import own_positions, precise


class ValueHead(nn.Linear):
    """From hidden states, (..., width), to values, (...,); it begins at 0, whatever it is shown."""

    def __init__(self, width: int) -> None:
        super().__init__(width, 1)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, hidden_states: Tensor) -> Tensor:
        return precise(super().forward(hidden_states.to(self.weight.dtype))[..., 0])


class Critic(nn.Module):
    """A language model whose words are not asked for, with a value head. Any decoder of transformers, with pictures or without.

    Of a trunk that does not learn (`adapters.frozen`) the head alone does, on hidden states as they are.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        dtype = torch.promote_types(model.dtype, torch.float32)  # a step of half precision would be rounded away
        self.head = ValueHead(model.config.get_text_config().hidden_size).to(device=model.device, dtype=dtype)

    @classmethod
    def beside(cls, actor: PreTrainedModel) -> "Critic":
        """Return a critic that begins as a copy of the actor."""
        return cls(deepcopy(actor))

    @property
    def learned(self) -> list[nn.Parameter]:
        """What it is made of: trunk and head; the head for words is of no use to it."""
        return [weight for part in (self.model.base_model, self.head) for weight in part.parameters() if weight.requires_grad]

    def forward(self, ids: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the value at each position, (rows, tokens), from ids of the same shape, padded on the right."""
        places = own_positions(self.model, ids, inputs)
        return self.head(self.model.base_model(input_ids=ids, use_cache=False, **inputs, **places).last_hidden_state)


def before_last(valued: Tensor) -> int:
    """Return how many tokens of a row the critic must see: all before the last one that has a value. valued: (tokens,)"""
    return int(valued.nonzero()[-1])


def read_values(critic: Critic, ids: Tensor, valued: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return the values of tokens, (values,) in the order of rows and tokens.

    Args:
        ids: (rows, tokens) padded on the right, cut after `before_last` of the longest row.
        valued: (rows, tokens + 1) true at tokens that have a value, which is read one position before.
    """
    return critic(ids, inputs)[valued[:, 1:]]


