"""Weights in 8 or 4 bits, on a GPU and on a CPU: through transformers where it can, layer by layer where it cannot.

On a CPU quantisation teaches size and error; it does not make anything faster. nf4 stores 64 weights as 4-bit codes of a
normal distribution with one scale (QLoRA, arXiv 2305.14314); int8 stores rows with one scale each (arXiv 2208.07339).
Both are bitsandbytes'. diffusers' own config refuses a CPU, hence `quantise_linears`.
"""

import logging
import warnings
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from transformers import BitsAndBytesConfig, PreTrainedModel
from transformers.quantizers.base import get_keys_to_not_convert

from models.catalogue import Quantisation
from models.devices import MB

NOISE = "MatMul8bitLt"  # "inputs will be cast from torch.float32 to float16": once per call of every layer


OUTPUTS, INPUTS = 32, 64  # what a packed layer's shape must be a multiple of


class _DropNoise(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return NOISE not in record.getMessage()


_drop_noise = _DropNoise()


def quieten() -> None:
    """Drop int8's line about its casts, which bitsandbytes would write at every call; other lines stay."""
    for name in ("bitsandbytes.autograd._functions", "bitsandbytes"):
        logging.getLogger(name).addFilter(_drop_noise)  # a second addFilter of the same object does nothing
    warnings.filterwarnings("ignore", message=f".*{NOISE}.*")


def config_for(
    quantisation: Quantisation, skeleton: PreTrainedModel, *, compute_dtype: torch.dtype = torch.float32
) -> BitsAndBytesConfig | None:
    """Return transformers' config for `from_pretrained`, or None for "none".

    Args:
        skeleton: the model without weights (on the meta device): from it come the layers that stay as they are.
    Raises:
        ValueError: `quantisation` is none of the three.
    """
    if quantisation == "none":
        return None
    quieten()
    kept = sorted({*get_keys_to_not_convert(skeleton), *unpackable(skeleton)})
    if quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=kept)
    if quantisation == "nf4":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=compute_dtype,
            llm_int8_skip_modules=kept,
        )
    raise ValueError(f"quantisation is {quantisation!r}; it must be 'none', 'int8' or 'nf4'")


def unpackable(model: nn.Module) -> list[str]:
    """Return the names of linear layers whose shape cannot be packed, such as a box head's last layer of 4 outputs.

    On a CPU bitsandbytes' 4-bit product takes 32 outputs and blocks of 64 inputs at a time and stops at other shapes.
    """
    return [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear) and not _packs(layer)]


def _packs(layer: nn.Linear) -> bool:
    return layer.out_features % OUTPUTS == 0 and layer.in_features % INPUTS == 0


def quantise_linears(model: nn.Module, kind: Quantisation, *, skip: Iterable[str] = ()) -> int:
    """Swap every nn.Linear of `model` in place for its quantised twin and return how many were swapped.

    Args:
        model: on the device where it will run; its weights are packed there.
        kind: "int8", "nf4", or "none", which changes nothing.
        skip: parts of qualified names that stay as they are, such as "proj_out"; `unpackable` ones stay anyway.
    Raises:
        ValueError: `kind` is none of the three.
    """
    if kind not in ("none", "int8", "nf4"):
        raise ValueError(f"kind is {kind!r}; it must be 'none', 'int8' or 'nf4'")
    if kind == "none":
        return 0
    quieten()
    kept = tuple(skip)
    found = [
        (name, layer)
        for name, layer in model.named_modules()
        if type(layer) is nn.Linear and _packs(layer) and not any(part in name for part in kept)
    ]
    for name, layer in found:
        parent = model.get_submodule(name.rpartition(".")[0])
        setattr(parent, name.rpartition(".")[2], _quantised(layer, kind))
    return len(found)


def _quantised(layer: nn.Linear, kind: Quantisation) -> nn.Module:
    import bitsandbytes as bnb  # slow to import, and only these two need it

    device, has_bias = layer.weight.device, layer.bias is not None
    weight = layer.weight.detach().cpu()
    twin: nn.Module
    if kind == "nf4":
        twin = bnb.nn.Linear4bit(layer.in_features, layer.out_features, has_bias, compute_dtype=weight.dtype, quant_type="nf4")
        twin.weight = bnb.nn.Params4bit(weight, requires_grad=False, quant_type="nf4")
    else:
        twin = bnb.nn.Linear8bitLt(layer.in_features, layer.out_features, has_bias, has_fp16_weights=False)
        twin.weight = bnb.nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
    if has_bias:
        twin.bias = nn.Parameter(layer.bias.detach().clone(), requires_grad=False)
    return twin.to(device).train(layer.training)  # packing happens in this move


def mixes_rows(model: nn.Module) -> bool:
    """Return whether what a packed layer makes of a row hangs on the other rows of the same call.

    bitsandbytes' int8 takes columns in which any row has a large value out of the product and multiplies them in half precision
    (arXiv 2208.07339, section 3.2), so neighbours move a row. Each kind of layer is tried, once per model: a row beside a calm
    row, and the same beside a wild one, through the same kernel, must give the same bits.
    """
    if model not in _mixing:
        kinds: dict[type, nn.Module] = {}
        for layer in model.modules():
            if hasattr(layer, "in_features") and type(layer) is not nn.Linear:
                kinds.setdefault(type(layer), layer)
        _mixing[model] = any(_is_moved(layer) for layer in kinds.values())
    return _mixing[model]


_mixing: WeakKeyDictionary[nn.Module, bool] = WeakKeyDictionary()
WILD = 50.0  # far above the 6.0 from which int8 sets a column apart


@torch.inference_mode()
def _is_moved(layer: nn.Module) -> bool:
    """Return whether the first of two rows comes out otherwise beside a wild one."""
    bias = getattr(layer, "bias", None)
    dtype = bias.dtype if isinstance(bias, torch.Tensor) else torch.float32
    size: Any = layer.in_features  # Any: torch knows of no attribute of a module what it is
    calm = torch.randn(2, size, generator=torch.Generator().manual_seed(0)).to(next(layer.parameters()).device, dtype)
    wild = calm.clone()
    wild[1, ::2] = WILD
    return not torch.equal(layer(calm)[0], layer(wild)[0])


def footprint_mb(model: nn.Module) -> float:
    """Return the memory of all parameters and buffers in MB, shared ones once, packed ones as packed."""
    seen: dict[int, int] = {}
    for tensor in (*model.parameters(), *model.buffers()):
        seen[id(tensor)] = tensor.numel() * tensor.element_size()
        for extra in (*_parts(getattr(tensor, "quant_state", None)), getattr(tensor, "SCB", None)):
            if isinstance(extra, torch.Tensor):
                seen[id(extra)] = extra.numel() * extra.element_size()
    return sum(seen.values()) / MB


def _parts(quant_state: object) -> tuple[object, ...]:
    """Return the scales and the code book that belong to a 4-bit weight."""
    return tuple(getattr(quant_state, part, None) for part in ("absmax", "code"))
