"""Pictures of a grafting as files: npz in the layout of the ADM evaluator, PNG, and the denoising as a GIF."""

import io

import numpy as np
from PIL import Image

from backends.grafting.results import Grafted, State
from visualizers import covers
from visualizers.grafting import strips
from visualizers.grafting.methods import STATE_NAMES

BAND_PX, INK_PX = 36, 22  # above each state's pictures, for its name
FRAME_MS, END_MS = 160, 1500  # of a GIF: a step, and the finished pictures
FRAME_PX, COLOURS = 64, 256  # of a picture in it


def npz(state: State) -> bytes:
    """The pictures of a state as `arr_0`, (n, h, w, 3) uint8: what evaluators of ImageNet samples read."""
    content = io.BytesIO()
    np.savez_compressed(content, arr_0=state.pictures)
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
