"""What a model paints and how good it is: one state of a grafting."""

import io
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from PIL import Image
from torch import Tensor

from backends.grafting.choices import KINDS, KindName, StateName
from backends.grafting.results import Judgement, PathStep, State
from backends.grafting.settings import GraftingSettings
from models.diffusion.judge import Judge, Moments, judged
from models.diffusion.network import CHANNELS, SIDE_PX
from models.diffusion.sampling import NotFinite, as_input, as_pictures, first_noise, sample
from models.diffusion.training import held_out_error
from worlds.vignettes import kind_of, vignettes

HELD_OUT = 500  # pictures of which the error of v is taken
IN_ROW, QUALITY = 8, 85  # pictures side by side in the picture of a step, and how well it is kept
BATCH = 250  # painted at once


@cache
def drawn(number: int, *, held_out: bool) -> tuple[Tensor, Tensor]:
    """Drawn pictures, (number, 3, 32, 32) from -1 to 1, and their kinds (number,)."""
    pictures = as_input(torch.from_numpy(vignettes(number, held_out=held_out)))
    return pictures, torch.tensor([kind_of(index) for index in range(number)])


def kinds_of(settings: GraftingSettings) -> tuple[KindName, ...]:
    """What is painted, picture by picture."""
    return tuple(settings.kinds[index % len(settings.kinds)] for index in range(settings.num_pictures))


def paint(model: DiTTransformer2DModel, name: StateName, settings: GraftingSettings, *, keeps_path: bool = True) -> State:
    """What a model paints from the noise of the settings; where it says something that is no number, what there was until then."""
    noise = first_noise(settings.num_pictures, settings.noise, shape=(CHANNELS, SIDE_PX, SIDE_PX))
    kinds = torch.tensor([KINDS.index(kind) for kind in kinds_of(settings)])
    path: list[PathStep] = []
    painted, broke = noise, ""
    try:
        for step in sample(model, kinds, noise, steps=settings.sample_steps, guidance=settings.guidance, sampler=settings.sampler,
                           seed=settings.noise):
            painted = step.noisy
            if keeps_path:
                path.append(PathStep(time=step.time, clean_jpeg=_in_rows(as_pictures(step.clean).numpy())))
    except NotFinite as error:
        broke = str(error)
    return State(name=name, pictures=as_pictures(painted).numpy(), path=tuple(path), broke=broke)


def error_of(model: DiTTransformer2DModel) -> float | None:
    """The error of v on held-out pictures; None where it is no number."""
    error = held_out_error(model, *drawn(HELD_OUT, held_out=True))
    return error if np.isfinite(error) else None


def judge_of(model: DiTTransformer2DModel, settings: GraftingSettings, judge: Judge,
             reference: Moments) -> Iterator[float | Judgement]:
    """Paint as many pictures as are to be judged, the kinds in turn; yield the share that is done, then what is said of them.

    Nothing is yielded at last where the model broke on the way.
    """
    number = settings.num_judged
    kinds = torch.tensor([kind_of(index) for index in range(number)])
    noise = first_noise(number, settings.noise + 1, shape=(CHANNELS, SIDE_PX, SIDE_PX))
    parts: list[Tensor] = []
    try:
        for first in range(0, number, BATCH):
            part = slice(first, first + BATCH)
            for step in sample(model, kinds[part], noise[part], steps=settings.sample_steps, guidance=settings.guidance,
                               sampler=settings.sampler, seed=settings.noise + 1 + first):
                yield (first + BATCH * step.number / settings.sample_steps) / (number + BATCH)
            parts.append(step.noisy)
    except NotFinite:
        return
    said = judged(judge, reference, as_input(as_pictures(torch.cat(parts))), kinds)
    real = judged(judge, reference, *drawn(number, held_out=False))
    yield Judgement(number=number, accuracy=said.accuracy, proxy_fd=said.proxy_fd, floor=real.proxy_fd, sampler=settings.sampler,
                    steps=settings.sample_steps, guidance=settings.guidance)


def _in_rows(pictures: np.ndarray) -> np.ndarray:
    """The JPEG of pictures side by side, (bytes,) uint8."""
    number, side = len(pictures), pictures.shape[1]
    rows = -(-number // IN_ROW)
    sheet = np.zeros((rows * side, min(number, IN_ROW) * side, 3), np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, IN_ROW)
        sheet[row * side:(row + 1) * side, column * side:(column + 1) * side] = picture
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return np.frombuffer(buffer.getvalue(), np.uint8)
