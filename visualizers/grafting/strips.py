"""Pictures of grafting: what a model paints in each of its states, from the same noise. (h, w, 3) uint8 RGB throughout.

The miniature paints 32 x 32 pixels. They are enlarged by whole numbers and never smoothed, so that what is seen is what was painted.
"""


import numpy as np

from backends.grafting.results import Grafted, Samples, State
from visualizers.grafting.methods import STATE_NAMES
from worlds.pictures import decode_jpeg

SHOWN_PX = 128  # least width and height of a picture
GAP_PX, PAPER = 8, (255, 255, 255)  # between two pictures
PER_ROW, PER_LONG_ROW, LONG = 4, 8, 16  # of a phone's width; of more pictures than this, twice as many
IN_PATH_ROW = 8  # pictures in a row of a step's JPEG


def strip(pictures: np.ndarray, *, ground: tuple[int, int, int] = PAPER, least_px: int = SHOWN_PX) -> np.ndarray:
    """(pictures, h, w, 3) -> one picture of all, in rows of four, or of eight where there are many.

    Args:
        ground: colour between them.
        least_px: of each; it is enlarged by the next whole number.
    """
    number, height, width, _ = pictures.shape
    columns = min(number, PER_LONG_ROW if number > LONG else PER_ROW)
    rows, scale = -(-number // columns), max(1, -(-least_px // max(height, width)))
    sheet = np.full((rows * (height * scale + GAP_PX) - GAP_PX, columns * (width * scale + GAP_PX) - GAP_PX, 3), ground, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = (index // columns) * (height * scale + GAP_PX), (index % columns) * (width * scale + GAP_PX)
        sheet[top:top + height * scale, left:left + width * scale] = picture.repeat(scale, 0).repeat(scale, 1)
    return sheet


def at_step(state: State, step: int | None) -> np.ndarray:
    """What a state's pictures look like at one step of the denoising, (pictures, h, w, 3); the finished ones for None.

    Args:
        step: counted from 0; a path that ended before is shown at its end.
    """
    if step is None or not state.path:
        return state.pictures
    sheet = decode_jpeg(state.path[min(step, len(state.path) - 1)].clean_jpeg)
    number = len(state.pictures)
    columns, rows = min(IN_PATH_ROW, number), -(-number // IN_PATH_ROW)
    height, width = sheet.shape[0] // rows, sheet.shape[1] // columns
    cells = sheet[:rows * height, :columns * width].reshape(rows, height, columns, width, 3)
    return cells.transpose(0, 2, 1, 3, 4).reshape(-1, height, width, 3)[:number]


def num_steps(grafted: Grafted) -> int:
    """Steps of the longest path."""
    return max(len(state.path) for state in grafted.states)


def caption(state: State) -> str:
    """What is under a state's pictures: its name, and its held-out error where it was measured."""
    error = "" if state.held_out is None else f" · held-out error {state.held_out:.4f}"
    return f"{STATE_NAMES[state.name]}{error}"


def own_alt(samples: Samples) -> str:
    """The same for pictures that somebody brought."""
    return f"The first {len(samples.pictures)} of {samples.number} pictures of {samples.name}"


def alt(state: State) -> str:
    """What a person who does not see the pictures is told."""
    return f"{len(state.pictures)} pictures that the model paints; {STATE_NAMES[state.name].lower()}"
