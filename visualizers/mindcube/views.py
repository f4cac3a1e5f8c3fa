"""The views of a question as pictures: drawn from its scene, or those of the file; and with the images of a step marked."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from backends.mindcube.results import Asked
from visualizers import covers
from worlds.errors import InputError
from worlds.pictures import decode_jpeg
from worlds.rooms.rendering import picture
from worlds.rooms.scenes import Camera, Scene
from worlds.rooms.texts import read_scene

SIDE_PX = 384
LIT_RGB = (0, 114, 178)  # the frame of an image that a step speaks of; the same blue as in 3-D and on the maps
_DIM = 0.45  # how much is left of the others
_TAG_PX = 34


def pictures(asked: Asked, lit: Sequence[int] = ()) -> list[tuple[np.ndarray, str]]:
    """The images of a question, (h, w, 3) uint8 RGB, in its order, each with what it is called.

    Args:
        lit: numbers, from 1, of the images that are framed while the others are pale; none marks nothing.
    """
    found = plain(asked)
    return [(_marked(image, number in lit) if lit else image, f"image {number}") for number, image in enumerate(found, start=1)]


def plain(asked: Asked) -> list[np.ndarray]:
    """The images alone; none where a file brought none and there is no scene to draw."""
    if asked.pictures:
        return [decode_jpeg(one.jpeg) for one in asked.pictures]
    scene = scene_of(asked.scene)
    return [] if scene is None else [_view(asked.scene, camera) for camera in cameras(asked, scene)]


@lru_cache(maxsize=64)
def scene_of(text: str) -> Scene | None:
    """The scene that a question's text says; None where there is none."""
    if not text:
        return None
    try:
        return read_scene(text)
    except InputError:  # of a saved file that says otherwise
        return None


def cameras(asked: Asked, scene: Scene) -> list[Camera]:
    """The cameras of a question's images; all of the scene where it does not say which."""
    known = [*scene.cameras, *(Camera(*numbers) for numbers in asked.beside)]
    return [known[place] for place in asked.images if place < len(known)] or list(scene.cameras)


@lru_cache(maxsize=48)  # 0.4 MB each
def _view(text: str, camera: Camera) -> np.ndarray:
    scene = scene_of(text)
    assert scene is not None  # the caller has read it
    made = picture(scene, camera, SIDE_PX)
    made.flags.writeable = False
    return made


def _marked(image: np.ndarray, is_lit: bool) -> np.ndarray:
    """A picture in a frame, or one that is pale."""
    if not is_lit:
        return np.round(image * _DIM + 255 * (1 - _DIM) * 0.9).astype(np.uint8)
    rim = max(4, image.shape[0] // 48)
    marked = image.copy()
    for edge in (np.s_[:rim], np.s_[-rim:], np.s_[:, :rim], np.s_[:, -rim:]):
        marked[edge] = LIT_RGB
    return marked


def numbered(image: np.ndarray, number: int) -> np.ndarray:
    """A picture with its number in a corner, for where several stand in one."""
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    draw.rectangle((0, 0, _TAG_PX, _TAG_PX), fill=covers.GROUND)
    draw.text((_TAG_PX // 2, _TAG_PX // 2), str(number), fill=covers.INK, font=covers.font(24), anchor="mm")
    return np.asarray(canvas)
