"""The mappers' networks: a small Llama, alone where views are words, behind an eye where they are pictures."""

from transformers import LlamaForCausalLM, LlavaForConditionalGeneration

from models.mappers.scenes import IMAGE_TOKENS
from models.mappers.towers import PICTURE_PX
from models.mappers.words import BOS, CONTEXT, EOS, PAD, vocabulary
from models.scene_vlm import Size
from models.scene_vlm import fresh_model as fresh_llava
from models.training.language import Tokens, Training, fresh_model

SYMBOLS = Training(hidden=96, layers=4, heads=4, mlp=272)  # 0.48 million weights; how it is optimised is the lesson's
PICTURES = Size(input_px=PICTURE_PX, patch_px=32, vision=128, text=96, vision_layers=2, text_layers=4)
assert PICTURES.image_tokens == IMAGE_TOKENS


def fresh_reader(seed: int = 0, size: Training = SYMBOLS) -> LlamaForCausalLM:
    """A mapper whose views are words, and that has learned nothing."""
    model = fresh_model(size, Tokens(len(vocabulary()), PAD, BOS, EOS), seed=seed, context=CONTEXT, spread=0.05)
    model.set_attn_implementation("eager")  # fused attention takes longer to train on a CPU
    return model


def fresh_seer(seed: int = 0, size: Size = PICTURES) -> LlavaForConditionalGeneration:
    """A mapper whose views are pictures, and that has learned nothing."""
    model = fresh_llava(size, seed=seed, words=len(vocabulary()))
    model.set_attn_implementation("eager")
    return model
