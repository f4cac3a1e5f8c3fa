"""Adapters: a large network learns through small ones beside its linear layers, while its own weights stay as they are.

    y = W x + (alpha / r) B A x,   A: (r, inputs), B: (outputs, r), alpha = r      (LoRA, arXiv 2106.09685, eq. 3)

W may be packed in 8 or 4 bits (QLoRA, arXiv 2305.14314). B begins at 0, so that an adapted network begins as the one that it was made
of. Nothing is copied: the network that learns and the one that it is held against stand on the same weights. What is kept of a
training is the adapter, in the layout of the library peft, which opens it too.

`inject_adapter_in_model` is used instead of transformers' own `add_adapter`, which asks for a later peft than there is.
"""

import copy
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel

M = TypeVar("M", bound=PreTrainedModel)
WEIGHTS, BEFORE = "adapter_model.safetensors", "base_model.model."  # peft's file, and what stands before each name in it


def frozen(model: M) -> M:
    """Return a network of its own on the same weights, none of which learns; the one that was given stays as it is."""
    memo: dict[int, object] = {id(weight): nn.Parameter(weight.detach(), requires_grad=False) for weight in model.parameters()}
    memo |= {id(buffer): buffer for buffer in model.buffers()}
    # whole layers where they are packed: what was done to their weights at the first call is known to the layer alone
    memo |= {id(layer): _twin(layer) for layer in model.modules() if isinstance(layer, nn.Linear) and type(layer) is not nn.Linear}
    return copy.deepcopy(model, memo).eval()


def _twin(layer: nn.Linear) -> nn.Linear:
    """Return a packed layer on the same codes.

    A CPU may repack weights of 4 bits in place at a layer's first reply, for a product that no gradient goes through (bitsandbytes
    0.50 only warns, and what stands below is not learned). The twin has them as they were, and keeps them so.
    """
    twin = copy.copy(layer)
    weight: Any = layer.weight  # Any: bitsandbytes' own kinds of weights
    if getattr(weight, "quant_state", None) is None:
        return twin
    twin._parameters = dict(layer._parameters)
    own = copy.copy(weight)
    own.quant_state = copy.copy(weight.quant_state)
    if getattr(own.quant_state, "packing_format_for_cpu", False):
        from bitsandbytes.functional import _convert_weight_packed_for_cpu_inverse as unpacked

        own.data, own.quant_state = unpacked(own.data, own.quant_state)
    twin.weight = own
    twin.support_avx512bf16_for_cpu = False  # type: ignore[assignment]
    return twin


def adapted(model: M, *, rank: int, seed: int = 0) -> M:
    """Return `frozen` with an adapter at every linear layer but the head for words; the adapter alone learns, in single precision.

    Args:
        rank: r, of every layer.    seed: draws A.
    """
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(r=rank, lora_alpha=rank, target_modules="all-linear", task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = inject_adapter_in_model(config, frozen(model))
    assert isinstance(made, type(model)), "peft puts layers into the network that it is given"
    for weight in made.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()  # a step of half precision would be rounded away
    return made.eval()


def is_adapted(model: nn.Module) -> bool:
    """Whether it learns through an adapter."""
    return getattr(model, "peft_config", None) is not None


def write_adapter(model: PreTrainedModel, folder: Path) -> None:
    """Write the adapter into a folder, as peft does."""
    from peft import get_peft_model_state_dict

    configs: dict[str, object] = model.peft_config  # type: ignore[assignment]
    (config,) = configs.values()
    config.save_pretrained(str(folder))  # type: ignore[attr-defined]
    weights = {f"{BEFORE}{name}": weight.detach().cpu().contiguous() for name, weight in get_peft_model_state_dict(model).items()}
    save_file(weights, folder / WEIGHTS)


def read_adapter(model: PreTrainedModel, folder: Path) -> None:
    """Put an adapter's weights into a network that has one of the same make.

    Raises:
        ValueError: the file holds other weights than the network.    OSError: it is not there.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    weights = {name.removeprefix(BEFORE): weight for name, weight in load_file(folder / WEIGHTS).items()}
    own = get_peft_model_state_dict(model)
    if {name: weight.shape for name, weight in weights.items()} != {name: weight.shape for name, weight in own.items()}:
        raise ValueError("the adapter is of another network")
    set_peft_model_state_dict(model, weights)
