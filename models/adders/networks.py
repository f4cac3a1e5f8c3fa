"""The adders' networks: a small Llama, and the same Llama behind a CLIP tower of four patches in a LLaVA."""

import copy
from typing import Any

import torch
from transformers import LlamaForCausalLM, LlavaForConditionalGeneration

from models.adders.words import IMAGE_TOKENS, vocabulary
from models.scene_vlm import Size, fresh_model
from worlds.sums.drawing import INPUT_PX

SIZE = Size(input_px=INPUT_PX, patch_px=INPUT_PX // 2, vision=64, text=96, vision_layers=2, text_layers=4, feed_forward=256)
DEEP = Size(input_px=INPUT_PX, patch_px=INPUT_PX // 2, vision=64, text=96, vision_layers=2, text_layers=8, feed_forward=256)
assert SIZE.image_tokens == DEEP.image_tokens == IMAGE_TOKENS
SHARED = ("embed_tokens", "lm_head")  # parts of a language model that no child changes, as no merge of the paper touches them


def fresh_base(seed: int = 0, size: Size = SIZE) -> LlamaForCausalLM:
    """A language model that has learned nothing; the global generator is left as it was."""
    whole = fresh_seer(seed, size)
    base = language_part(whole)
    base.set_attn_implementation("eager")
    return base


def fresh_seer(seed: int = 0, size: Size = SIZE) -> LlavaForConditionalGeneration:
    """A vision-language model that has learned nothing."""
    model = fresh_model(size, seed=seed, words=len(vocabulary()))
    model.set_attn_implementation("eager")  # fused attention takes longer on a CPU
    return model


def language_part(model: LlavaForConditionalGeneration) -> LlamaForCausalLM:
    """The language model of a vision-language model, by itself; it has the same tensors, not copies of them."""
    config: Any = model.config.text_config  # Any: transformers does not say of which family it is
    with torch.device("meta"):
        found = LlamaForCausalLM(config)
    found.model, found.lm_head = model.model.language_model, model.lm_head
    return found


def behind_eye(language: LlamaForCausalLM, seed: int = 0, size: Size = SIZE) -> LlavaForConditionalGeneration:
    """A vision-language model that has a copy of a language model, and an eye that has learned nothing."""
    model = fresh_seer(seed, size)
    model.model.language_model.load_state_dict(copy.deepcopy(language.model.state_dict()))
    model.lm_head.load_state_dict(copy.deepcopy(language.lm_head.state_dict()))
    return model
