"""Pictures of the miniature worlds' states: what is seen before and after a step, and the episode as a film with captions."""

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import wrap

import numpy as np
from PIL import Image, ImageOps

from backends.episode import Action, Episode, State, Turn
from backends.era.environments import Marks, of_world
from backends.era.formats.writing import Pictures
from visualizers import covers
from visualizers.era.timeline import cells
from visualizers.era.verbs import disturbance
from worlds.errors import InputError
from worlds.video import write_video

SIDE_PX, BAND_PX, INK_PX = 500, 60, 17  # of a picture; of the two lines of its caption
FRAME_MS, END_MS = 1200, 2400  # a step, and the last picture
COLOURS, LETTERS = 128, 64
MOST_STEPS = 120  # of a film: two minutes and a half
PLATE_LETTERS, PLATE_LINES = 48, 6
# the picture before (True) or after (False) a step, (h, w, 3) uint8 RGB; None, and why, where there is none
Look = Callable[[Turn, Action | None, bool], tuple[np.ndarray | None, str]]


def drawn(state: State | None, world: str, *, size_px: int = SIDE_PX, marks: Marks = "plain") -> np.ndarray | None:
    """A state as it looks, (size_px, size_px, 3) uint8 RGB; None where there is none, or none that can be drawn here.

    Args:
        marks: what is drawn over it; a world that draws nothing over its pictures leaves that out.
    """
    environment = of_world(world)
    if state is None or environment is None:
        return None
    try:
        return environment.draw(environment.read(state), size_px, marks if marks in environment.marks else "plain")
    except InputError:  # a file of somebody's may hold any state
        return None


def told(state: State | None, action: Action, world: str) -> str:
    """What an action does from a state, in words; "" where its name says it, where it did nothing, and where nobody can tell."""
    environment = of_world(world)
    if state is None or environment is None or not action.ok:
        return ""
    try:
        return environment.told(environment.read(state), action.name)
    except InputError:
        return ""


def place_of(turn: Turn, action: Action | None) -> int:
    """Which of its turn's actions one is, from 0; -1 where it is none of them. Equal ones are told apart."""
    return next((place for place, own in enumerate(turn.actions) if own is action), -1)


def before(turn: Turn, action: Action | None) -> State | None:
    """The state that a step began with."""
    place = place_of(turn, action)
    return turn.actions[place - 1].state if place > 0 else turn.state


def state_of(turn: Turn, action: Action | None, *, is_before: bool) -> State | None:
    """The state that a step began with, or that it led to."""
    return before(turn, action) if is_before else action.state if action else turn.state


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


def as_drawn(world: str, *, size_px: int = SIDE_PX) -> Look:
    """How the steps of a world look that can be drawn again."""
    def look(turn: Turn, action: Action | None, is_before: bool) -> tuple[np.ndarray | None, str]:
        return drawn(state_of(turn, action, is_before=is_before), world, size_px=size_px), ""
    return look


def cut(episode: Episode) -> str:
    """What of an episode is in no film; empty where all of it is."""
    count = len(cells(episode))
    return f"The first {MOST_STEPS} of {count:,} steps are in the film." if count > MOST_STEPS else ""


def captioned(episode: Episode, look: Look | None = None, *, size_px: int = SIDE_PX) -> Iterator[np.ndarray]:
    """What was seen before the first step and after each, what was done and what came of it below; (h, w, 3) uint8 RGB, of one size.

    A step without a picture has a plate that says why, where that is known; else it is left out. What is too long ends in a plate.

    Args:
        look: where the pictures come from; by default the world is drawn again. One is asked for at a time.
    """
    look = look or as_drawn(episode.world, size_px=size_px)
    shown = cells(episode)[:MOST_STEPS]
    for number, (turn, action) in enumerate(shown[:1] + shown):
        picture, why = look(turn, action, number == 0)
        if picture is None and not why:
            continue
        first, second = (episode.instruction, "before the first step") if number == 0 else (
            f"{number}. {(disturbance(turn, action) or action.name or action.id) if action else 'no action'}",
            action.feedback if action else "the reply could not be read" if turn.parse == "failed" else "nothing was planned")
        yield _with_caption(_fitted(picture, size_px) if picture is not None else _plate(why, size_px), first, second)
    if said := cut(episode):
        yield _with_caption(_plate(said, size_px), episode.instruction, said)


def _fitted(picture: np.ndarray, size_px: int) -> np.ndarray:
    """A picture of any shape in the middle of a square."""
    if picture.shape[:2] == (size_px, size_px):
        return picture
    image = ImageOps.contain(Image.fromarray(picture), (size_px, size_px))
    square = Image.new("RGB", (size_px, size_px), covers.GROUND)
    square.paste(image, ((size_px - image.width) // 2, (size_px - image.height) // 2))
    return np.asarray(square)


def _plate(text: str, size_px: int) -> np.ndarray:
    """Words in place of a picture."""
    square = Image.new("RGB", (size_px, size_px), covers.GROUND)
    for line, part in enumerate(wrap(text, PLATE_LETTERS)[:PLATE_LINES]):
        covers.write(square, part, at=(24, size_px // 3 + 28 * line), size_px=INK_PX, colour=covers.SOFT)
    return np.asarray(square)


def _with_caption(picture: np.ndarray, first: str, second: str) -> np.ndarray:
    band = Image.new("RGB", (picture.shape[1], BAND_PX), covers.GROUND)
    for line, (text, colour) in enumerate(((first, covers.INK), (second, covers.SOFT))):
        covers.write(band, " ".join(text.split())[:LETTERS], at=(12, 18 + 25 * line), size_px=INK_PX, colour=colour)
    return np.concatenate([picture, np.asarray(band)])


def gif(episode: Episode, look: Look | None = None) -> bytes:
    """The episode as a GIF that begins anew at its end; `look` as of `captioned`."""
    frames = [Image.fromarray(frame).quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
              for frame in captioned(episode, look)]
    content = io.BytesIO()
    frames[0].save(content, "gif", save_all=True, append_images=frames[1:], loop=0,
                   duration=[FRAME_MS] * (len(frames) - 1) + [END_MS])
    return content.getvalue()


def mp4(episode: Episode, look: Look | None = None) -> bytes:
    """The same as a film, H.264."""
    with tempfile.TemporaryDirectory(prefix="orrery-film-") as folder:
        film = write_video(_last_twice(captioned(episode, look)), Path(folder) / "film.mp4", frame_rate=1000 / FRAME_MS)
        return film.read_bytes()


def _last_twice(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The last picture stays for longer."""
    last_one = None
    for last_one in frames:
        yield last_one
    if last_one is not None:
        yield last_one


def logged(episode: Episode) -> Pictures:
    """PNGs as logs of the benchmark have them: plain, with axes where the world draws them; and with boxes those that a call began
    with."""
    environment = of_world(episode.world)
    if environment is None or "boxes" not in environment.marks:
        return Pictures(pngs(episode))
    begins = {0, *(action.step for turn in episode.turns[:-1] for action in turn.actions[-1:] if action.step is not None)}
    return Pictures(pngs(episode, marks="axes"), {step: png for step, png in pngs(episode, marks="boxes").items() if step in begins})


def pngs(episode: Episode, *, marks: Marks = "plain") -> dict[int, bytes]:
    """PNGs by the world's step, 0 before the first."""
    found: dict[int, bytes] = {}
    for turn, action in cells(episode):
        if not found and (first := drawn(turn.state, episode.world, marks=marks)) is not None:
            found[0] = _png(first)
        if action is not None and action.step is not None and (
                after := drawn(action.state, episode.world, marks=marks)) is not None:
            found[action.step] = _png(after)
    return found


def _png(picture: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "png")
    return content.getvalue()
