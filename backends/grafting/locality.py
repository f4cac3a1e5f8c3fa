"""Where the attention of a model looks while it paints: band-k by layer and head, maps by time, and the layers of each pattern."""

from collections.abc import Iterator

import numpy as np
import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch import Tensor

from backends.grafting.choices import Pattern, layers_of
from backends.grafting.results import Locality, Picked
from backends.grafting.settings import GraftingSettings
from backends.run import Progress
from models.diffusion.locality import band, even_band, near_on_grid, watched
from models.diffusion.network import CHANNELS, SIDE_PX
from models.diffusion.sampling import first_noise, sample
from models.diffusion.surgery import shape_of
from worlds.errors import InputError
from worlds.vignettes import kind_of

PICTURES, STEPS, GUIDANCE = 40, 20, 1.5  # of the paper's 250 and 50: it is the mean of many heads and times
MAPS = 5  # times of which the maps are kept


def watch(model: DiTTransformer2DModel, settings: GraftingSettings) -> Iterator[Progress | Locality]:
    """Paint while watching; yield Progress, then what was seen.

    Raises:
        InputError: nothing of the model is attention.
    """
    kinds = torch.tensor([kind_of(index) for index in range(PICTURES)])
    noise = first_noise(PICTURES, settings.seed, shape=(CHANNELS, SIDE_PX, SIDE_PX))
    times: list[int] = []
    with watched(model) as kept:
        for step in sample(model, kinds, noise, steps=STEPS, guidance=GUIDANCE):
            times.append(step.time)
            yield Progress(step.number / STEPS, f"Step {step.number} of {STEPS}")
    if not all(kept):
        raise InputError("Some layers of this model have no attention to look at: it was grafted. Choose the original.")
    maps = torch.stack([torch.stack(layer) for layer in kept], 1)  # times, layers, heads, n, n
    yield _seen(maps, times, settings.near, shape_of(model).tokens)


def shares_of(model: DiTTransformer2DModel, settings: GraftingSettings) -> tuple[float, ...]:
    """The share of near attention by layer, by which two patterns go."""
    *_, seen = watch(model, settings)
    assert isinstance(seen, Locality)
    return tuple(float(share) for share in seen.shares)


def _seen(maps: Tensor, times: list[int], near: int, tokens: int) -> Locality:
    head_shares = band(maps, near).mean(0)
    shares, side = head_shares.mean(-1), round(tokens**0.5)
    grid = near_on_grid(maps, side).mean((0, 2))
    kept = [round(place) for place in np.linspace(0, len(times) - 1, MAPS)]
    largest = maps[kept].amax(-1, keepdim=True)
    by_layer = tuple(float(share) for share in shares)
    patterns: tuple[Pattern, ...] = ("interleaved", "three quarters", "deep", "top-local", "low-local")
    even = torch.full((tokens, tokens), 1 / tokens)
    return Locality(
        near=near, side=side, shares=shares.numpy(), head_shares=head_shares.numpy(), grid_shares=grid.numpy(),
        even=even_band(tokens, near), even_grid=float(near_on_grid(even, side)), times=tuple(times[place] for place in kept),
        maps=(255 * maps[kept] / largest).round().to(torch.uint8).numpy(),
        picked=tuple(Picked(pattern=pattern, layers=layers_of(pattern, len(by_layer), by_layer)) for pattern in patterns))
