"""Two blocks of a transformer beside one another instead of one after the other: depth to width.

Source: Exploring Diffusion Transformer Designs via Grafting, arXiv 2506.05340, section 6. Both blocks of a pair hear the same, and a
projection merges what they say: y = [B(x, c); B'(x, c)] W + b. That W has 2 D x D numbers follows from the paper's count (14 pairs of
DiT-XL/2 make 675 million parameters 712 million). What W begins as the paper does not say: here it is the mean of both.

The blocks keep their places and names in the model. The first hands on what it heard beside what it says, (n, tokens, 2 D), and the
second takes the two apart again. So whatever looks for a block, its attention or the shared embedder finds it where it was, and
weights have one name more for each pair: `merge`, in the second block.
"""

from concurrent.futures import Executor
from typing import Any

import torch
from diffusers.models.attention import BasicTransformerBlock
from torch import Tensor, nn

from models.diffusion.network import parts
from worlds.errors import InputError

EMBEDDER = "norm1.emb."  # of time and class, shared by all blocks


class FirstOfPair(BasicTransformerBlock):  # type: ignore[misc]
    """The first block of a pair: (n, tokens, D) in, what it heard and what it says out, (n, tokens, 2 D)."""

    def forward(self, hidden_states: Tensor, *more: Any, **given: Any) -> Tensor:
        return torch.cat([hidden_states, super().forward(hidden_states, *more, **given)], -1)


class SecondOfPair(BasicTransformerBlock):  # type: ignore[misc]
    """The second block of a pair, which hears what the first one heard, and the merge of what both say: (n, tokens, D) out."""

    merge: nn.Linear

    def forward(self, hidden_states: Tensor, *more: Any, **given: Any) -> Tensor:
        heard, first = hidden_states.chunk(2, -1)
        return self.merge(torch.cat([first, super().forward(heard, *more, **given)], -1))  # type: ignore[no-any-return]


class Pair(nn.Module):
    """Two neighbouring blocks of a model as one operator, (n, tokens, D) in, the same out: one after the other in the model as it
    was, side by side after surgery. The blocks are the model's own."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, hidden_states: Tensor, **given: Any) -> Tensor:
        return self.second(self.first(hidden_states, **given), **given)  # type: ignore[no-any-return]

    def at_once(self, hidden_states: Tensor, threads: Executor, **given: Any) -> Tensor:
        """What blocks that stand side by side say, without gradients, each computed by a thread of its own."""
        first, second = (threads.submit(_said, block, hidden_states, given) for block in (self.first, self.second))
        return parts(self.second).merge(torch.cat([first.result(), second.result()], -1))  # type: ignore[no-any-return]

    def own_parameters(self) -> list[nn.Parameter]:
        """What a pair can learn without touching the rest of the model: not the embedder, which all blocks share."""
        return [parameter for name, parameter in self.named_parameters() if EMBEDDER not in name]


@torch.no_grad()  # of the thread that it runs in
def _said(block: nn.Module, heard: Tensor, given: dict[str, Any]) -> Tensor:
    """What a block of a pair says by itself."""
    return BasicTransformerBlock.forward(parts(block), heard, **given)  # type: ignore[no-any-return]


def averaging(width: int) -> nn.Linear:
    """A merge, 2 D to D, that gives the mean of what both blocks say until it is trained."""
    merge = nn.Linear(2 * width, width)
    with torch.no_grad():
        merge.weight.copy_(torch.cat([torch.eye(width), torch.eye(width)], 1) / 2)
        merge.bias.zero_()
    return merge


def put_beside(first: nn.Module, second: nn.Module, merge: nn.Module) -> None:
    """Make two neighbouring blocks a pair, in place. Their weights, and what was put into them before, stay.

    Raises:
        InputError: one of them belongs to a pair already.
    """
    if isinstance(first, FirstOfPair) or isinstance(second, SecondOfPair):
        raise InputError("These blocks stand side by side already. Choose other layers, or the model as it was before.")
    # only how a block is called changes; a module around it would give every weight another name
    parts(first).__class__, parts(second).__class__ = FirstOfPair, SecondOfPair
    parts(second).merge = merge
