"""A half-precision network read in float32, with the weights that it has: `with InFloat32(): model(...)`.

Near a threshold bfloat16 decides by its rounding: its logits have steps of 0.06 to 0.125 nats. Inside the block embeddings come
out in float32 and every function of float32 numbers and half-precision weights widens the weights first, one matrix at a
time. So no second copy of the network is kept, nothing on the model changes, and other threads may read it meanwhile.
Layers that bitsandbytes has packed compute as they always do.
"""


from collections.abc import Callable

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_HALF = (torch.bfloat16, torch.float16)


class InFloat32(TorchFunctionMode):
    """What runs in this block, in this thread, computes in float32."""

    def __torch_function__(self, func: Callable[..., object], types: object, args: tuple[object, ...] = (),
                           kwargs: dict[str, object] | None = None) -> object:
        kwargs = kwargs or {}
        is_lookup = func is functional.embedding
        if is_lookup:
            return _wide(func(*args, **kwargs))  # rows are picked, nothing is computed: exact
        if func in _WITH_WEIGHTS and _is_mixed((*args, *kwargs.values())):
            args = tuple(_wide(value) for value in args)
            kwargs = {name: _wide(value) for name, value in kwargs.items()}
        return func(*args, **kwargs)


_WITH_WEIGHTS = {functional.linear, functional.layer_norm, functional.rms_norm, functional.conv1d, torch.addmm, torch.matmul}


def _is_mixed(values: tuple[object, ...]) -> bool:
    kinds = {value.dtype for value in values if isinstance(value, torch.Tensor) and value.is_floating_point()}
    return torch.float32 in kinds and not kinds.isdisjoint(_HALF)


def _wide(value: object) -> object:
    return value.float() if isinstance(value, torch.Tensor) and value.dtype in _HALF else value
