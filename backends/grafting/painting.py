"""What a model paints and how good it is: one state of a grafting."""

import io
from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from backends.grafting.choices import KINDS, StateName
from backends.grafting.examples import drawn, in_turn, subjects_of
from backends.grafting.results import Judgement, PathStep, State
from backends.grafting.settings import GraftingSettings
from models.diffusion.judge import judged
from models.diffusion.network import Transformer
from models.diffusion.painter import Painter
from models.diffusion.sampling import NotFinite, as_input, as_pictures, first_noise, sample
from models.diffusion.training import held_out_error
from models.diffusion.wanted import Wanted, by_class
from worlds.pictures import SHOWN_SIDE_PX
from worlds.vignettes import kind_of

IN_ROW, QUALITY = 8, 85  # pictures side by side in the picture of a step, and how well it is kept
BATCH = 250  # vignettes painted at once
KEPT_BYTES = 48_000_000  # of the pictures of a state: four states go into a saved run
MOST_DECODED = 25  # steps of which pictures are made where that takes a decoder


def kinds_of(settings: GraftingSettings, painter: Painter) -> tuple[str, ...]:
    """What is painted, picture by picture."""
    return in_turn(subjects_of(settings, painter), settings.num_pictures)


def paint(model: Transformer, name: StateName, settings: GraftingSettings, painter: Painter, *,
          keeps_path: bool = True) -> Iterator[float | State]:
    """Yield the share of the steps that is done, and at last what a model painted from the noise of the settings; where it says
    something that is no number, what there was until then."""
    noise = first_noise(settings.num_pictures, settings.noise, shape=painter.shape).to(painter.device)
    asked = painter.asked(kinds_of(settings, painter))
    kept = set(range(1, settings.sample_steps + 1))
    if not painter.is_drawn and len(kept) > MOST_DECODED:
        kept = {round(float(number)) for number in np.linspace(1, settings.sample_steps, MOST_DECODED)}
    path: list[PathStep] = []
    painted, broke = noise, ""
    try:
        for step in sample(model, asked, noise, steps=settings.sample_steps, guidance=settings.guidance, sampler=settings.sampler,
                           seed=settings.noise, process=painter.process):
            painted = step.noisy
            if keeps_path and step.number in kept:
                path.append(PathStep(time=step.time, clean_jpeg=_in_rows(painter.pictures(step.clean).numpy())))
            yield step.number / settings.sample_steps
    except NotFinite as error:
        broke = str(error)
    whole = painter.pictures(painted).numpy()
    pictures = as_kept(whole)
    yield State(name=name, pictures=pictures, path=tuple(path), broke=broke, painted_px=None if pictures is whole else whole.shape[1])


def as_kept(pictures: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w, 3) as a result keeps them: made smaller, by halves, where they are more than a state may have."""
    while pictures.nbytes > KEPT_BYTES and min(pictures.shape[1:3]) > 1:
        height, width = (side // 2 for side in pictures.shape[1:3])
        quarters = pictures[:, :2 * height, :2 * width].reshape(len(pictures), height, 2, width, 2, 3)
        pictures = np.stack([quarter.mean((1, 3)).round().astype(np.uint8) for quarter in quarters])  # one at a time: it is large
    return pictures


def error_of(model: Transformer, painter: Painter, held_out: tuple[Tensor, Wanted], *, batch: int = BATCH) -> float | None:
    """The error of what is to be said of held-out pictures; None where it is no number."""
    error = held_out_error(model, *held_out, process=painter.process, batch=batch)
    return error if np.isfinite(error) else None


def judge_of(model: Transformer, settings: GraftingSettings, painter: Painter) -> Iterator[float | Judgement]:
    """Paint as many vignettes as are to be judged, the kinds in turn; yield the share that is done, then what is said of them.

    Nothing is yielded at last where the model broke on the way, nor of a model that has no judge.
    """
    if painter.judge is None or painter.reference is None:
        return
    number = settings.num_judged
    kinds = torch.tensor([kind_of(index) for index in range(number)])
    noise = first_noise(number, settings.noise + 1, shape=painter.shape)
    parts: list[Tensor] = []
    try:
        for first in range(0, number, BATCH):
            part = slice(first, first + BATCH)
            asked = by_class(kinds[part], len(KINDS)).to(painter.device)
            for step in sample(model, asked, noise[part].to(painter.device), steps=settings.sample_steps,
                               guidance=settings.guidance, sampler=settings.sampler, seed=settings.noise + 1 + first):
                yield (first + BATCH * step.number / settings.sample_steps) / (number + BATCH)
            parts.append(step.noisy.cpu())
    except NotFinite:
        return
    said = judged(painter.judge, painter.reference, as_input(as_pictures(torch.cat(parts))), kinds)
    real = judged(painter.judge, painter.reference, *drawn(number, held_out=False))
    yield Judgement(number=number, accuracy=said.accuracy, proxy_fd=said.proxy_fd, floor=real.proxy_fd, sampler=settings.sampler,
                    steps=settings.sample_steps, guidance=settings.guidance)


def _in_rows(pictures: np.ndarray) -> np.ndarray:
    """The JPEG of pictures side by side, (bytes,) uint8; made smaller where they would be too wide for a result."""
    number, side = len(pictures), pictures.shape[1]
    rows = -(-number // IN_ROW)
    shown = min(side, SHOWN_SIDE_PX // max(rows, min(number, IN_ROW)))
    sheet = np.zeros((rows * shown, min(number, IN_ROW) * shown, 3), np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, IN_ROW)
        if shown < side:
            picture = np.asarray(Image.fromarray(picture).resize((shown, shown), Image.Resampling.BOX))
        sheet[row * shown:(row + 1) * shown, column * shown:(column + 1) * shown] = picture
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return np.frombuffer(buffer.getvalue(), np.uint8)
