"""Pictures of a grafting as files: npz in the layout of the ADM evaluator, PNG, and the denoising as a GIF and as a film."""

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from backends.grafting.choices import KINDS
from backends.grafting.results import Grafted, State
from visualizers import covers
from visualizers.grafting import strips
from visualizers.grafting.methods import STATE_NAMES
from worlds.video import write_video

BAND_PX, INK_PX = 36, 22  # above each state's pictures, for its name
FRAME_MS, END_MS = 160, 1500  # of a GIF: a step, and the finished pictures
FRAME_PX, COLOURS = 64, 256  # of a picture in it


def npz(state: State, kinds: Sequence[str] = ()) -> bytes:
    """The pictures of a state as `arr_0`, (n, h, w, 3) uint8: what evaluators of ImageNet samples read; where all are vignettes,
    their kinds as `arr_1`, (n,), so that they can be judged when they are brought back."""
    content = io.BytesIO()
    numbers = [KINDS.index(kind) for kind in kinds if kind in KINDS]
    if len(numbers) == len(state.pictures):
        np.savez_compressed(content, arr_0=state.pictures, arr_1=np.array(numbers, np.int64))
    else:
        np.savez_compressed(content, arr_0=state.pictures)
    return content.getvalue()


def pngs(state: State) -> bytes:
    """The same pictures one by one, 000000.png, 000001.png, ... in a zip, in the order of the npz."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:  # PNGs are packed already
        for number, picture in enumerate(state.pictures):
            single = io.BytesIO()
            Image.fromarray(picture).save(single, "png")
            packed.writestr(f"{number:06}.png", single.getvalue())
    return content.getvalue()


def sheet(grafted: Grafted, step: int | None = None, *, least_px: int = strips.SHOWN_PX) -> np.ndarray:
    """Every state's pictures at one step under its name, below one another. (h, w, 3) uint8 RGB."""
    rows = []
    for state in grafted.states:
        pictures = strips.strip(strips.at_step(state, step), least_px=least_px)
        band = Image.new("RGB", (pictures.shape[1], BAND_PX), covers.GROUND)
        covers.write(band, STATE_NAMES[state.name], at=(10, BAND_PX // 2), size_px=INK_PX)
        rows += [np.asarray(band), pictures]
    return np.concatenate(rows)


def png(grafted: Grafted) -> bytes:
    """The finished pictures of every state in one file."""
    content = io.BytesIO()
    Image.fromarray(sheet(grafted)).save(content, "png", optimize=True)
    return content.getvalue()


def gif(grafted: Grafted) -> bytes:
    """The denoising of every state at once, step by step, and then the finished pictures."""
    frames = [Image.fromarray(sheet(grafted, step, least_px=FRAME_PX)).quantize(
        COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE) for step in (*range(strips.num_steps(grafted)), None)]
    content = io.BytesIO()
    frames[0].save(content, "gif", save_all=True, append_images=frames[1:], loop=0,
                   duration=[FRAME_MS] * (len(frames) - 1) + [END_MS])
    return content.getvalue()


def mp4(grafted: Grafted) -> bytes:
    """The same as a film for slides and phones, H.264; the finished pictures stay as long as in the GIF."""
    steps = [*range(strips.num_steps(grafted)), *[None] * (END_MS // FRAME_MS)]
    with tempfile.TemporaryDirectory(prefix="orrery-film-") as folder:
        film = write_video((sheet(grafted, step) for step in steps), Path(folder) / "film.mp4", frame_rate=1000 / FRAME_MS)
        return film.read_bytes()
