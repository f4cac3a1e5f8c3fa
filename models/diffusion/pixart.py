"""What the configuration of a PixArt must say, held against its weights.

Source: Chen et al., PixArt-Sigma, arXiv 2403.04692; diffusers' `PixArtTransformer2DModel`.
"""

from collections.abc import Mapping
from typing import Any

from models.diffusion.assembling import MAX_TOKENS, Shapes
from models.diffusion.choices import CAPTIONS
from worlds.errors import InputError

FIXED: dict[str, Any] = {
    "attention_bias": True, "activation_fn": "gelu-approximate", "norm_type": "ada_norm_single", "norm_elementwise_affine": False,
    "norm_eps": 1e-6, "num_embeds_ada_norm": 1000, "dropout": 0.0, "use_additional_conditions": False}
MAX_SCALE = 16.0  # of the places, against a picture of 512 pixels


def pixart_config(said: Mapping[str, Any], shapes: Shapes, *, name: str) -> dict[str, Any]:
    """What diffusers' class takes, once it says nothing that the weights do not hold.

    Args:
        said: what config.json says; that its counts are whole numbers above 0 is known.
        shapes: of the weights.
    Raises:
        InputError: it is missing something, or says something else than the weights or than PixArt-Sigma.
    """
    for key, value in FIXED.items():
        given = said.get(key, value)
        if (False if given is None else given) != value:
            raise InputError(f"{key!r} in config.json of {name} is {str(given)[:80]!r}. PixArt-Sigma has {value!r}.")
    patch = _shape(shapes, "pos_embed.proj.weight", 4, name)
    captions = _shape(shapes, "caption_projection.linear_1.weight", 2, name)
    cross = _shape(shapes, "transformer_blocks.0.attn2.to_k.weight", 2, name)
    rows = _shape(shapes, "proj_out.weight", 2, name)[0]
    blocks = {key.split(".")[1] for key in shapes if key.startswith("transformer_blocks.")}
    width, side = patch[0], patch[2]
    held = {"in_channels": patch[1], "patch_size": side, "out_channels": rows // side**2, "num_layers": len(blocks),
            CAPTIONS: captions[1], "cross_attention_dim": cross[1],
            "attention_head_dim": width // said["num_attention_heads"]}
    for key, value in held.items():
        if said.get(key) != value:
            raise InputError(f"{key!r} in config.json of {name} is {str(said.get(key))[:80]!r}. Its weights have {value!r}.")
    tokens = (said["sample_size"] // side) ** 2
    if said["sample_size"] % side or not 0 < tokens <= MAX_TOKENS:
        raise InputError(f"{name} has a sample_size of {said['sample_size']}. It is a multiple of the patch, {side}, of at most "
                         f"{MAX_TOKENS:,} tokens.")
    scale = said.get("interpolation_scale")
    if scale is not None and not (isinstance(scale, int | float) and 0 < scale <= MAX_SCALE):
        raise InputError(f"'interpolation_scale' in config.json of {name} is {str(scale)[:80]!r}. It is above 0, at most "
                         f"{MAX_SCALE:g}.")
    return {**FIXED, **held, "num_attention_heads": said["num_attention_heads"], "sample_size": said["sample_size"],
            "interpolation_scale": scale}


def _shape(shapes: Shapes, key: str, rank: int, name: str) -> tuple[int, ...]:
    shape = shapes.get(key, ())
    if len(shape) != rank or 0 in shape:
        raise InputError(f"{key} of {name} has the shape {shape}. A PixArt has one of {rank} sides.")
    return shape
