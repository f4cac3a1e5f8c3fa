"""Tiny random checkpoints that belong together: a VLM of every family, and a reasoning model and a base for its language model."""

import json
import shutil
from collections.abc import Generator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from backends.merging.checking import Checked, check
from backends.merging.mix import Mix
from backends.merging.streaming import Streamed
from backends.run import Progress
from tests.models import tiny_vlms

FAMILIES = {  # family -> prefix of the language model on the disk, in memory
    "llava": ("language_model.model.", "model.language_model."),
    "llava_next": ("language_model.model.", "model.language_model."),
    "llava_onevision": ("language_model.model.", "model.language_model."),
    "internvl": ("language_model.model.", "model.language_model."),
    "qwen2_vl": ("model.", "model.language_model."),
    "qwen2_5_vl": ("model.", "model.language_model."),
    "qwen3_vl": ("model.language_model.", "model.language_model."),
    "idefics2": ("model.text_model.", "model.text_model."),
    "smolvlm": ("model.text_model.", "model.text_model."),
}
CLASSES = {"llama": (LlamaConfig, LlamaForCausalLM), "mistral": (MistralConfig, MistralForCausalLM),
           "qwen2": (Qwen2Config, Qwen2ForCausalLM), "qwen3": (Qwen3Config, Qwen3ForCausalLM)}
VLM, REASON, BASE = "vlm", "reason", "base"


def language_model(kind: str, seed: int, *, layers: int = 4, heads: int = 4, shared: int = 2, vocabulary: int = 128,
                   width: int = 64, wide: int = 128) -> PreTrainedModel:
    """A language model of the size of those inside the tiny VLMs, with weights from a seed."""
    config_class, model_class = CLASSES[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = model_class(config_class(
            hidden_size=width, intermediate_size=wide, num_hidden_layers=layers, num_attention_heads=heads,
            num_key_value_heads=shared, head_dim=width // heads, vocab_size=vocabulary, initializer_range=0.1,
            tie_word_embeddings=False, **({"sliding_window": None} if kind == "mistral" else {})))
        for name, weight in model.named_parameters():
            if "norm" in name or name.endswith("bias"):  # made of ones and noughts, which would hide a wrong name
                weight.data += 0.2 * torch.randn(weight.shape)
    return model.eval()


def make(root: Path, family: str) -> Path:
    """Make the three folders of a family below `root`, once; return the folder that holds them."""
    folder = root / family
    if not folder.exists():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            tiny_vlms._BUILDERS[family](folder / VLM)
        kind = AutoConfig.from_pretrained(folder / VLM).get_text_config().model_type
        kind = {"qwen2_vl_text": "qwen2", "qwen2_5_vl_text": "qwen2", "qwen3_vl_text": "qwen3"}.get(kind, kind)
        for name, seed in ((REASON, 2), (BASE, 3)):
            save(language_model(kind, seed), folder / name, words_of=folder / VLM)
    return folder


def save(model: PreTrainedModel, folder: Path, *, words_of: Path | None = None, **options: str) -> Path:
    """Save a language model with the tokenizer of another folder."""
    model.save_pretrained(folder, **options)
    if words_of is not None:
        AutoTokenizer.from_pretrained(words_of).save_pretrained(folder)
    return folder


def finished(run: Generator[Progress, None, Streamed]) -> tuple[list[Progress], Streamed]:
    """All events of a merge, and what it returns."""
    events = []
    while True:
        try:
            events.append(next(run))
        except StopIteration as end:
            return events, end.value


def checked(folder: Path, mix: Mix, target: Path, *, base: bool = True) -> Checked:
    """The three folders of a family, checked."""
    return check(folder / VLM, folder / REASON, folder / BASE if base else None, mix=mix, target=target)


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    """All tensors of a folder, by their names on the disk."""
    return {name: tensor for file in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(file).items()}


def renamed(folder: Path, target: Path, old: str, new: str) -> Path:
    """Copy a folder of one shard with another prefix of the language model, its head at the top."""
    shutil.copytree(folder, target)
    tensors = {name.replace(old, new, 1) if name.startswith(old) else name.removeprefix("language_model."): tensor
               for name, tensor in weights_in(folder).items()}
    save_file(tensors, target / "model.safetensors", {"format": "pt"})
    return target


def edit_config(folder: Path, **changes: object) -> None:
    """Change entries of a folder's config.json, of its text_config where it has one."""
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config.get("text_config", config).update(changes)
    file.write_text(json.dumps(config))
