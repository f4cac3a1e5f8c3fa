"""The mappers' networks: a small GPT-2 where views are words, a small Llama behind an eye where they are pictures.

Where views are words every word of a prompt has its place, and GPT-2 knows places: a map that is given stands where it always stands,
while the views do not. A Llama, which knows distances, looked things up in the views by step 300 (.96 of the answers), and needed no
map; so does this one from larger embeddings (0.3) by step 600. What a thought without a map cannot do is a matter of steps.
"""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlavaForConditionalGeneration

from models.mappers.scenes import IMAGE_TOKENS
from models.mappers.towers import PICTURE_PX
from models.mappers.words import BOS, CONTEXT, EOS, vocabulary
from models.scene_vlm import Size
from models.scene_vlm import fresh_model as fresh_llava
from models.training.language import Training

SYMBOLS = Training(hidden=96, layers=4, heads=4, mlp=384)  # 0.47 million weights; how it is optimised is the lesson's
SPREAD = 0.06  # of its first weights; from 0.02, transformers' own, look-ups are learned far more slowly
PICTURES = Size(input_px=PICTURE_PX, patch_px=32, vision=128, text=96, vision_layers=2, text_layers=4)
assert PICTURES.image_tokens == IMAGE_TOKENS


def fresh_reader(seed: int = 0, size: Training = SYMBOLS) -> GPT2LMHeadModel:
    """A mapper whose views are words, and that has learned nothing; the global generator is left as it was."""
    config = GPT2Config(
        vocab_size=len(vocabulary()),
        n_positions=CONTEXT,
        n_embd=size.hidden,
        n_layer=size.layers,
        n_head=size.heads,
        n_inner=size.mlp,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=SPREAD,
        tie_word_embeddings=False,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=None,  # else it warns where rows are padded behind their words, which none of them sees
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GPT2LMHeadModel(config)
    model.set_attn_implementation("eager")  # fused attention takes longer to train on a CPU
    return model


def fresh_seer(seed: int = 0, size: Size = PICTURES) -> LlavaForConditionalGeneration:
    """A mapper whose views are pictures, and that has learned nothing."""
    model = fresh_llava(size, seed=seed, words=len(vocabulary()))
    model.set_attn_implementation("eager")
    return model
