"""Random language models in folders, and the mergekit that is compared with."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PYTHON = "ORRERY_MERGEKIT_PYTHON"
MISSING = f"mergekit is not installed here. Install mergekit 0.1.5, or name a Python that has it in {PYTHON}.\n"


def mergekit_python() -> str:
    """The Python that has mergekit; empty where none is known."""
    if os.environ.get(PYTHON):
        return os.environ[PYTHON]
    return sys.executable if importlib.util.find_spec("mergekit") else ""


def write(folder: Path, config: LlamaConfig, *, seed: int, dtype: torch.dtype, shard_mb: int, near: int | None = None) -> Path:
    """Write a random model in shards, tensor by tensor, so that it may be larger than memory.

    Args:
        near: the seed of a model that this one is tuned from: a tenth of its numbers is its own.
    """
    folder.mkdir(parents=True)
    config.architectures, config.dtype = ["LlamaForCausalLM"], dtype
    config.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({f"w{number}": number for number in range(100)}, unk_token="w0"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="w0").save_pretrained(folder)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in LlamaForCausalLM(config).state_dict().items()}
    shards: list[dict[str, torch.Tensor]] = [{}]
    placed, size = {}, 0
    for number, (name, shape) in enumerate(shapes.items()):
        tensor = _random(shape, number, seed)
        tensor = tensor if near is None else _random(shape, number, near) + 0.1 * tensor
        tensor = (1 + 0.1 * tensor if "norm" in name else 0.05 * tensor).to(dtype)
        if size and size + tensor.nbytes > shard_mb * 1e6:
            _save(folder, shards[-1], len(shards))
            shards[-1] = {}
            shards.append({})
            size = 0
        shards[-1][name], placed[name], size = tensor, _named(len(shards)), size + tensor.nbytes
    _save(folder, shards[-1], len(shards))
    index = {"metadata": {}, "weight_map": placed}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def _random(shape: torch.Size, number: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1000 * seed + number))


def _named(number: int) -> str:
    return f"model-{number:05d}.safetensors"


def _save(folder: Path, tensors: dict[str, torch.Tensor], number: int) -> None:
    save_file(tensors, folder / _named(number), {"format": "pt"})
