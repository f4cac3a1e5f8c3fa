"""Writes mappers as `save_pretrained` does; those of one eye have it in a file that they share.

Their indices name its tensors as `../eye.safetensors`: the eye is more than half of a mapper, and the same in all.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import LlavaForConditionalGeneration

from models.mappers.networks import PICTURES
from models.mappers.words import tokenizer
from models.scene_words import processor
from models.shards import INDEX, WHOLE

EYE, DECODER = "eye.safetensors", "decoder.safetensors"
_TOWER = "vision_tower."  # in the names of the eye's tensors


def write_whole(folder: Path, model: LlavaForConditionalGeneration) -> None:
    """Write weights in half precision, words and processor."""
    model.half().save_pretrained(folder)
    model.float()  # the same numbers: they were rounded before
    (folder / WHOLE).chmod(0o644)
    processor(PICTURES.input_px, PICTURES.patch_px, tokenizer()).save_pretrained(folder)


def write_shared(folder: Path, model: LlavaForConditionalGeneration) -> None:
    """The same with the eye beside the folder, written by the first mapper.

    Raises:
        ValueError: the eye that is there is another one.
    """
    write_whole(folder, model)
    weights = load_file(folder / WHOLE)
    eye = {name: weight for name, weight in weights.items() if _TOWER in name}
    shared, own = folder.parent / EYE, {name: weight for name, weight in weights.items() if name not in eye}
    if not shared.exists():
        _save(eye, shared)
    elif not _equal(load_file(shared), eye):
        raise ValueError(f"{shared} is another eye than the mapper's; each needs a folder of its own, or write to an empty one")
    _save(own, folder / DECODER)
    places = {**dict.fromkeys(eye, f"../{EYE}"), **dict.fromkeys(own, DECODER)}
    num_bytes = sum(weight.nbytes for weight in weights.values())
    told = {"metadata": {"total_size": num_bytes}, "weight_map": {name: places[name] for name in sorted(places)}}
    (folder / INDEX).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    (folder / WHOLE).unlink()


def _save(weights: dict[str, Tensor], file: Path) -> None:
    save_file(weights, file, metadata={"format": "pt"})
    file.chmod(0o644)


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(weight, other[name]) for name, weight in one.items())
