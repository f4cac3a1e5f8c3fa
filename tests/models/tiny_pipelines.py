"""Tiny random pipelines of the real classes, saved by diffusers and transformers themselves: DiT's and PixArt-Sigma's."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiTPipeline, DPMSolverMultistepScheduler, PixArtSigmaPipeline
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

KINDS = ("tench, Tinca tinca", "goldfish", "volcano", "castle", "lakeside, lakeshore")
WORDS = ("<pad>", "</s>", "<unk>", "a", "red", "house", "by", "the", "sea")
SIZES = {"num_attention_heads": 2, "attention_head_dim": 32, "in_channels": 4, "out_channels": 8, "num_layers": 3, "sample_size": 8,
         "patch_size": 2}


def decoder() -> AutoencoderKL:
    """Latents of 4 channels at half the size; 16 x 16 pixels of 8 x 8."""
    return AutoencoderKL(block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, latent_channels=4,
                         norm_num_groups=4, up_block_types=("UpDecoderBlock2D",) * 2, sample_size=16)


def dit(folder: Path, *, seed: int = 0) -> Path:
    """A DiT of five kinds with the classes' names in its pipeline, its decoder beside it."""
    torch.manual_seed(seed)
    network = DiTTransformer2DModel(
        **SIZES, num_embeds_ada_norm=len(KINDS), attention_bias=True, activation_fn="gelu-approximate", norm_type="ada_norm_zero",
        norm_elementwise_affine=False)
    first = network.transformer_blocks[0].norm1.emb.state_dict()
    for block in network.transformer_blocks:  # as in a converted checkpoint: copies of one
        block.norm1.emb.load_state_dict(first)
    DiTPipeline(network, decoder(), DDIMScheduler()).save_pretrained(folder)
    index = folder / "model_index.json"  # diffusers reads the names of kinds from it and does not write them
    index.write_text(json.dumps({**json.loads(index.read_text()), "id2label": dict(enumerate(KINDS))}))
    return folder


def tokenizer() -> PreTrainedTokenizerFast:
    """Knows nine words."""
    own = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    own.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=own, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def pixart(folder: Path, *, seed: int = 0, text_width: int = 32) -> Path:
    """A PixArt-Sigma with a T5 that reads nine words."""
    torch.manual_seed(seed)
    network = PixArtTransformer2DModel(**SIZES, cross_attention_dim=64, caption_channels=text_width, use_additional_conditions=False)
    encoder = T5EncoderModel(T5Config(vocab_size=len(WORDS), d_model=text_width, d_kv=16, d_ff=64, num_layers=1, num_heads=2,
                                      is_encoder_decoder=False))
    PixArtSigmaPipeline(tokenizer(), encoder, decoder(), network, DPMSolverMultistepScheduler()).save_pretrained(folder)
    return folder


def both(root: Path) -> Path:
    """One of each in a folder, as `dit` and `pixart`; returns the folder."""
    dit(root / "dit")
    pixart(root / "pixart")
    return root
