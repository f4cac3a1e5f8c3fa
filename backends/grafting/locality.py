"""Where the attention of a model looks while it paints: band-k by layer and head, maps by time, and the layers of each pattern."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from backends.grafting.choices import KINDS, MAP_SIDE, Pattern, layers_of, pictures_watched
from backends.grafting.examples import in_turn, subjects_of
from backends.grafting.results import Locality, Picked
from backends.grafting.settings import GraftingSettings
from backends.run import Progress
from models.devices import MB, total_and_free_mb
from models.diffusion.locality import band, even_band, even_on_grid, near_on_grid, squares, watched
from models.diffusion.painter import Painter
from models.diffusion.sampling import first_noise, sample
from models.diffusion.surgery import blocks_of, shape_of
from worlds.errors import InputError

STEPS, GUIDANCE = 20, 1.5  # of the paper's 50: it is the mean of many heads and times
MOST_WATCHED = 4_096  # tokens of a picture
BYTES = 4  # of a number
MAPS = 5  # times of which the maps are kept


def watch(painter: Painter, settings: GraftingSettings) -> Iterator[Progress | Locality]:
    """Paint while watching; yield Progress, then what was seen.

    Raises:
        InputError: some of the model is no attention, or it has too many tokens to keep what they look at.
    """
    model, tokens = painter.network, shape_of(painter.network).tokens
    if tokens > MOST_WATCHED:
        raise InputError(f"Attention of {tokens:,} tokens is too much to keep; at most {MOST_WATCHED:,} are watched. Choose a model "
                         "of smaller pictures.")
    _check_memory(painter)
    number = pictures_watched(tokens)
    subjects = KINDS if painter.is_drawn else subjects_of(settings, painter)
    asked = painter.asked(in_turn(subjects, number))
    noise = first_noise(number, settings.seed, shape=painter.shape).to(painter.device)
    seen, kept_at = _Seen(settings.near, tokens), {1 + round(place) for place in np.linspace(0, STEPS - 1, MAPS)}
    with watched(model) as kept:
        for step in sample(model, asked, noise, steps=STEPS, guidance=GUIDANCE, process=painter.process):
            if not all(kept):
                raise InputError("Some layers of this model have no attention to look at: it was grafted. Choose the original.")
            seen.take(torch.stack([layer.pop() for layer in kept]), step.time if step.number in kept_at else None)
            yield Progress(step.number / STEPS, f"Step {step.number} of {STEPS}")
    yield seen.told()


def _check_memory(painter: Painter) -> None:
    """Raise InputError where what all heads look at in one step does not fit beside the model."""
    shape, layers = shape_of(painter.network), len(blocks_of(painter.network))
    needed_mb = 2 * layers * shape.heads * shape.tokens**2 * BYTES / MB  # of each layer, and all together
    _, free_mb = total_and_free_mb(painter.device.type)
    if needed_mb > free_mb / 2:
        raise InputError(f"What {layers} layers of {shape.heads} heads look at among {shape.tokens:,} tokens takes {needed_mb:,.0f} "
                         f"MB; half of what is free is {free_mb / 2:,.0f} MB. Choose a model of smaller pictures.")


def shares_of(painter: Painter, settings: GraftingSettings) -> tuple[float, ...]:
    """The share of near attention by layer, by which two patterns go."""
    *_, seen = watch(painter, settings)
    assert isinstance(seen, Locality)
    return tuple(float(share) for share in seen.shares)


class _Seen:
    """What was seen so far: shares of every step, maps of a few."""

    def __init__(self, near: int, tokens: int) -> None:
        self._near, self._tokens, self._side = near, tokens, round(tokens**0.5)
        self._shares: list[Tensor] = []  # (layers, heads) of each step
        self._grids: list[Tensor] = []
        self._maps: list[Tensor] = []  # (layers, heads, places, places)
        self._times: list[int] = []

    def take(self, maps: Tensor, time: int | None) -> None:
        """Take in the maps of one step, (layers, heads, n, n); they are kept where a time is given."""
        self._shares.append(band(maps, self._near).cpu())
        self._grids.append(near_on_grid(maps, self._side).cpu())
        if time is not None:
            self._maps.append(squares(maps, MAP_SIDE).cpu())
            self._times.append(time)

    def told(self) -> Locality:
        """All of it."""
        head_shares = torch.stack(self._shares).mean(0)
        shares, grid = head_shares.mean(-1), torch.stack(self._grids).mean((0, 2))
        by_layer = tuple(float(share) for share in shares)
        patterns: tuple[Pattern, ...] = ("interleaved", "three quarters", "deep", "top-local", "low-local")
        maps = torch.stack(self._maps)
        return Locality(
            near=self._near, side=round(maps.shape[-1]**0.5), shares=shares.numpy(), head_shares=head_shares.numpy(),
            grid_shares=grid.numpy(), even=even_band(self._tokens, self._near), even_grid=even_on_grid(self._side),
            times=tuple(self._times), num_tokens=self._tokens,
            maps=(255 * maps / maps.amax(-1, keepdim=True)).round().to(torch.uint8).numpy(),
            picked=tuple(Picked(pattern=pattern, layers=layers_of(pattern, len(by_layer), by_layer)) for pattern in patterns))
