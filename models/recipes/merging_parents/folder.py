"""Writes the parents as `save_pretrained` does, each a folder of its own, in half precision."""

from pathlib import Path

from transformers import LlamaForCausalLM, LlavaForConditionalGeneration

from models.adders.networks import SIZE
from models.adders.words import processor, tokenizer
from models.shards import WHOLE


def write_language(folder: Path, model: LlamaForCausalLM) -> None:
    """Write a language model with its words."""
    _write(folder, model)
    tokenizer().save_pretrained(folder)


def write_vlm(folder: Path, model: LlavaForConditionalGeneration) -> None:
    """Write a vision-language model with its words and processor."""
    _write(folder, model)
    processor(SIZE.input_px, SIZE.patch_px).save_pretrained(folder)


def _write(folder: Path, model: LlamaForCausalLM | LlavaForConditionalGeneration) -> None:
    model.half().save_pretrained(folder)
    model.float()  # the same numbers: they were rounded before
    (folder / WHOLE).chmod(0o644)
