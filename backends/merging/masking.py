"""Where do seeing and reasoning live? One module of one layer is put out of action, and what is lost is measured.

As in Bring Reason to Vision (arXiv 2505.05464) and its code (`modify_params`): every matrix of the module, q, k, v, o or gate, up,
down, becomes a constant matrix whose entries are all 1 / rows; biases and norms stay. The other way is to set a layer of the merged
model back to that of one of the models that it was made of. Both are done to a model that is merged already: the official code
masks first and then loads the merged weights over it, so that it measures no mask at all.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from backends.merging.layouts import layout_of, num_layers, ours_in, paired
from backends.merging.mix import layer_of

Masked = Literal["attention", "mlp"]
MATRICES: Mapping[Masked, tuple[str, ...]] = {
    "attention": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
    "mlp": ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")}


def matrices_of(names: Collection[str], layer: int, part: Masked) -> tuple[str, ...]:
    """Return the names of the matrices of a module in a model of any known layout.

    Raises:
        ValueError: there is no such layer, or its module has other matrices.
    """
    own = ours_in(names, layout_of(names))
    wanted = [f"model.layers.{layer}.{matrix}.weight" for matrix in MATRICES[part]]
    if lacking := [name for name in wanted if name not in own]:
        raise ValueError(f"{lacking[0]} is not in this model of {num_layers(own)} layers")
    return tuple(own[name] for name in wanted)


@contextmanager
def masked(model: nn.Module, layer: int, part: Masked) -> Iterator[tuple[str, ...]]:
    """Put a module out of action inside the block; afterwards every bit is as it was. Gives the names of what is masked.

    Raises:
        ValueError: as `matrices_of`.
    """
    parameters = dict(model.named_parameters())
    names = matrices_of(parameters, layer, part)
    kept = {name: parameters[name].detach().clone() for name in names}
    try:
        with torch.no_grad():
            for name in names:
                parameters[name].fill_(1 / parameters[name].shape[0])  # N is the number of rows, as in the released code
        yield names
    finally:
        with torch.no_grad():
            for name, tensor in kept.items():
                parameters[name].copy_(tensor)


def with_layer_of(merged: Mapping[str, Tensor], other: Mapping[str, Tensor], layer: int) -> dict[str, Tensor]:
    """Return the weights of a merged model with one layer as it is in another: the base, the VLM or the reasoning model.

    Raises:
        ValueError: there is no such layer.
        InputError: the models do not belong together.
    """
    pairs = paired(merged, other)
    if not 0 <= layer < pairs.num_layers:
        raise ValueError(f"the layer is {layer}; the model has {pairs.num_layers}, counted from 0")
    return dict(merged) | {own.vlm: other[own.reason] for name, own in pairs.names.items() if layer_of(name) == layer}
