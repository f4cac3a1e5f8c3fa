"""Where in a model a skill lives: one layer is taken out, or another model's is put in its place, and what it says is compared.

The masking is that of the paper (arXiv 2505.05464) as its code has it: every matrix of one module of one layer becomes constant,
each entry one divided by the number of its rows; norms stay. These work on language models and on vision-language models, in place
inside a `with`, and everything is as it was afterwards, bit for bit. Merge first, then mask: the official code does it the other way
round, and probes a model without a mask.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from transformers import PreTrainedModel

Module = Literal["self_attn", "mlp"]
MODULES: tuple[Module, ...] = get_args(Module)


def layers_of(model: PreTrainedModel) -> Any:  # Any: a ModuleList of the checkpoint's own class of layer
    """The layers of a model's language part."""
    return model.get_decoder().layers


@contextmanager
def masked(model: PreTrainedModel, layer: int, module: Module) -> Iterator[None]:
    """Inside, a module of a layer has constant matrices: 1/N, where N is how many rows a matrix has.

    Raises:
        ValueError: there is no such layer or module.
    """
    if module not in MODULES:
        raise ValueError(f"there is no module {module!r}; there are {', '.join(MODULES)}")
    part = getattr(_layer(model, layer), module)
    matrices = [weight for weight in part.parameters() if weight.ndim == 2]
    with _put_back(matrices):
        for weight in matrices:
            weight.fill_(1 / weight.shape[0])
        yield


@contextmanager
def reset(model: PreTrainedModel, layer: int, source: PreTrainedModel) -> Iterator[None]:
    """Inside, a layer has the weights that it has in another model, such as the base.

    Raises:
        ValueError: there is no such layer, or the other's is of another shape.
    """
    with exchanged(model, [layer], source):
        yield


@contextmanager
def exchanged(model: PreTrainedModel, layers: Sequence[int], source: PreTrainedModel) -> Iterator[None]:
    """Inside, some layers have the weights that they have in another model; arguments as of `reset`."""
    pairs = [pair for layer in layers for pair in _pairs(model, layer, source)]
    with _put_back([own for own, _ in pairs]):
        for own, other in pairs:
            own.copy_(other)
        yield


@contextmanager
def grafted(model: PreTrainedModel, layers: range, *, child: PreTrainedModel, base: PreTrainedModel, weight: float = 1.0
            ) -> Iterator[None]:
    """Inside, some layers have what a child has learned on top of what they have: weight x (child - base) is added.

    Args:
        layers: which, none to all of them.
    Raises:
        ValueError: there is no such layer, or the others' are of another shape.
    """
    triples = [(own, learned, before) for layer in layers
               for (own, learned), (_, before) in zip(_pairs(model, layer, child), _pairs(model, layer, base), strict=True)]
    with _put_back([own for own, _, _ in triples]):
        for own, learned, before in triples:
            own.copy_(own.float() + weight * (learned.float() - before.float()))
        yield


def _layer(model: PreTrainedModel, layer: int) -> Any:  # Any: as in `layers_of`
    layers = layers_of(model)
    if not 0 <= layer < len(layers):
        raise ValueError(f"there is no layer {layer}; the model has {len(layers)}, from 0")
    return layers[layer]


def _pairs(model: PreTrainedModel, layer: int, source: PreTrainedModel) -> list[tuple[Tensor, Tensor]]:
    """The weights of a layer with those of another model's."""
    own, others = (dict(_layer(one, layer).named_parameters()) for one in (model, source))
    for name, weight in own.items():
        if name not in others or others[name].shape != weight.shape:
            has = list(others[name].shape) if name in others else "none"
            raise ValueError(f"layer {layer}: {name} is {list(weight.shape)}, in the other model {has}")
    return [(weight, others[name]) for name, weight in own.items()]


@contextmanager
def _put_back(weights: Sequence[Tensor]) -> Iterator[None]:
    with torch.no_grad():
        before = [weight.clone() for weight in weights]
        try:
            yield
        finally:
            for weight, old in zip(weights, before, strict=True):
                weight.copy_(old)
