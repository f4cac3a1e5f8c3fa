"""DiT as diffusers has it, mended so that it computes what DiT computes, and the miniature's own network.

Sources: Peebles and Xie, Scalable Diffusion Models with Transformers, arXiv 2212.09748; diffusers' `DiTTransformer2DModel`; Chen et
al., PixArt-Sigma, arXiv 2403.04692, as diffusers' `PixArtTransformer2DModel`.
"""

from typing import Any

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from diffusers.models.transformers.pixart_transformer_2d import PixArtTransformer2DModel
from torch import nn

Transformer = DiTTransformer2DModel | PixArtTransformer2DModel  # what is grafted: both have blocks of `attn1` and `ff`

KINDS, SIDE_PX, CHANNELS = 10, 32, 3
NULL_KIND = KINDS  # the class that stands for none
MINIATURE: dict[str, Any] = {
    "num_attention_heads": 6, "attention_head_dim": 16, "in_channels": CHANNELS, "out_channels": CHANNELS, "num_layers": 8,
    "sample_size": SIDE_PX, "patch_size": 4, "num_embeds_ada_norm": KINDS, "attention_bias": True,
    "activation_fn": "gelu-approximate", "norm_type": "ada_norm_zero", "norm_elementwise_affine": False,
}


def parts(model: nn.Module) -> Any:
    """The same object, for reading and setting the parts of diffusers' networks, which have no types of their own."""
    return model


def mend(model: DiTTransformer2DModel) -> DiTTransformer2DModel:
    """Make diffusers' DiT compute what DiT computes; returns the same object.

    The embedder of time and class is one for all blocks (it is stored once per block, and the copies would drift apart), its
    frequencies are exp(-ln(10000) i / 128) and not i / 127, the second norm has eps 1e-6, and the label is not dropped by each
    block for itself: whoever trains drops it once per sample.
    """
    blocks = parts(model).transformer_blocks
    embedder = blocks[0].norm1.emb
    embedder.time_proj.downscale_freq_shift = 0
    embedder.class_embedder.dropout_prob = 0.0
    for block in blocks:
        block.norm1.emb = embedder
        block.norm3.eps = 1e-6
    return model


def fresh_miniature(seed: int) -> DiTTransformer2DModel:
    """The miniature's network with DiT's initial weights, mended; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = mend(DiTTransformer2DModel(**MINIATURE))
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.xavier_uniform_(module.weight.view(module.weight.shape[0], -1))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        blocks, embedder = parts(model).transformer_blocks, parts(model).transformer_blocks[0].norm1.emb
        for layer in (embedder.class_embedder.embedding_table, embedder.timestep_embedder.linear_1,
                      embedder.timestep_embedder.linear_2):
            nn.init.normal_(layer.weight, std=0.02)
        for layer in (*(block.norm1.linear for block in blocks), parts(model).proj_out_1, parts(model).proj_out_2):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def count_parameters(model: nn.Module) -> int:
    """Trained numbers; what blocks share counts once."""
    return sum(_count(parameter) for parameter in model.parameters())


def _count(parameter: nn.Parameter) -> int:
    """Of a weight in 4 bits, which holds two numbers in each, those that it stands for."""
    packed = getattr(parameter, "quant_state", None)
    return parameter.numel() if packed is None else int(packed.shape.numel())
