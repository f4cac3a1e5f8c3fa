"""Pictures of the miniature home's states: what is seen before and after a step, and the episode as a film with captions."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from backends.episode import Action, Episode, State, Turn
from backends.era.playing import WORLD
from visualizers import covers
from visualizers.era.timeline import cells
from worlds.errors import InputError
from worlds.minihome.drawing import draw
from worlds.minihome.state import read_state
from worlds.video import write_video

SIDE_PX, BAND_PX, INK_PX = 500, 60, 17  # of a picture; of the two lines of its caption
FRAME_MS, END_MS = 1200, 2400  # a step, and the last picture
COLOURS, LETTERS = 128, 64


def drawn(state: State | None, world: str, *, size_px: int = SIDE_PX) -> np.ndarray | None:
    """A state as it looks, (size_px, size_px, 3) uint8 RGB; None where there is none, or none that can be drawn here."""
    if state is None or world != WORLD:
        return None
    try:
        return draw(read_state(state), size_px)
    except InputError:  # a file of somebody's may hold any state
        return None


def place_of(turn: Turn, action: Action | None) -> int:
    """Which of its turn's actions one is, from 0; -1 where it is none of them. Equal ones are told apart."""
    return next((place for place, own in enumerate(turn.actions) if own is action), -1)


def before(turn: Turn, action: Action | None) -> State | None:
    """The state that a step began with."""
    place = place_of(turn, action)
    return turn.actions[place - 1].state if place > 0 else turn.state


def last(episode: Episode) -> State | None:
    """The newest state; None of an episode that has none."""
    for turn in reversed(episode.turns):
        for state in (*(action.state for action in reversed(turn.actions)), turn.state):
            if state is not None:
                return state
    return None


def has_pictures(episode: Episode) -> bool:
    """Whether the world of an episode can be drawn again."""
    return drawn(last(episode), episode.world, size_px=64) is not None


def captioned(episode: Episode, *, size_px: int = SIDE_PX) -> Iterator[np.ndarray]:
    """The home before the first step and after each, what was done and what came of it below, (h, w, 3) uint8 RGB."""
    shown = cells(episode)
    if shown and (first := drawn(shown[0][0].state, episode.world, size_px=size_px)) is not None:
        yield _with_caption(first, episode.instruction, "before the first step")
    for number, (turn, action) in enumerate(shown, 1):
        picture = drawn(action.state if action else turn.state, episode.world, size_px=size_px)
        if picture is not None:
            done = (action.name or action.id) if action else "no action"
            yield _with_caption(picture, f"{number}. {done}", action.feedback if action else "the reply could not be read")


def _with_caption(picture: np.ndarray, first: str, second: str) -> np.ndarray:
    band = Image.new("RGB", (picture.shape[1], BAND_PX), covers.GROUND)
    for line, (text, colour) in enumerate(((first, covers.INK), (second, covers.SOFT))):
        covers.write(band, " ".join(text.split())[:LETTERS], at=(12, 18 + 25 * line), size_px=INK_PX, colour=colour)
    return np.concatenate([picture, np.asarray(band)])


def gif(episode: Episode) -> bytes:
    """The episode as a GIF that begins anew at its end."""
    frames = [Image.fromarray(frame).quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
              for frame in captioned(episode)]
    content = io.BytesIO()
    frames[0].save(content, "gif", save_all=True, append_images=frames[1:], loop=0,
                   duration=[FRAME_MS] * (len(frames) - 1) + [END_MS])
    return content.getvalue()


def mp4(episode: Episode) -> bytes:
    """The same as a film, H.264."""
    frames = list(captioned(episode))
    with tempfile.TemporaryDirectory(prefix="orrery-film-") as folder:
        film = write_video([*frames, frames[-1]], Path(folder) / "film.mp4", frame_rate=1000 / FRAME_MS)
        return film.read_bytes()


def pngs(episode: Episode) -> dict[int, bytes]:
    """PNGs by the world's step, 0 before the first, as logs of the benchmark have them."""
    found: dict[int, bytes] = {}
    for turn, action in cells(episode):
        if not found and (first := drawn(turn.state, episode.world)) is not None:
            found[0] = _png(first)
        if action is not None and action.step is not None and (after := drawn(action.state, episode.world)) is not None:
            found[action.step] = _png(after)
    return found


def _png(picture: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "png")
    return content.getvalue()
