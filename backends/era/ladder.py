"""Models of the ladder as players of the miniature worlds: which one some settings name, and how it is asked.

What was said is kept while its model is in memory: an episode that is played again with one turn more by hand asks only for what is
new.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from backends.era.asking import Say, asked
from backends.era.playing import OutOfRoom, Player
from backends.era.settings import AGENT_NAMES, EraSettings
from backends.rungs import at_revision, rung_of
from models.agents.speech import MARKS
from models.catalogue import Role
from models.devices import threads_for
from models.language import LanguageModel
from models.memory import budget
from models.told import TooLong
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

ROLES: tuple[Role, ...] = ("vlm", "language")
MOST_KEPT = 512  # replies of one model
_said: WeakKeyDictionary[object, dict[tuple[object, ...], str]] = WeakKeyDictionary()  # by the model, then by what it was asked


def objection(settings: EraSettings) -> str:
    """Why the model that is named cannot act; nothing where it can, or where there is none of that name."""
    try:
        found = rung_of(settings.model, *ROLES)
    except InputError:
        return ""
    if not found.is_miniature:
        return ""
    return (f"{found.title} is a miniature, which knows only the words that it was trained on and cannot read what is told here. "
            f"Choose a real model, or {AGENT_NAMES['trained']} as the agent.")


@contextmanager
def modelled(settings: EraSettings) -> Iterator[Player]:
    """A model of the ladder as a player, as long as it is needed.

    Raises:
        InputError: there is none of that name, it is of no use here, or its files are not here.
    """
    if why := objection(settings):
        raise InputError(why)
    chosen = rung_of(settings.model, *ROLES)
    with threads_for(chosen.parameters), budget().borrow(chosen, settings.quantisation) as loaded:
        tool = loaded.tool
        if not isinstance(tool, VisionLanguageModel | LanguageModel):
            raise TypeError(f"{chosen.name} is a {type(tool).__name__}; a rung of these roles writes text")
        yield asked(at_revision(chosen, settings.quantisation), _says(tool, settings), style=settings.style, policy=settings.policy,
                    has_eyes=isinstance(tool, VisionLanguageModel), world=settings.world)


def _says(tool: VisionLanguageModel | LanguageModel, settings: EraSettings) -> Say:
    """How the model is asked; what it said to the same before is not asked again."""
    processor: Any = getattr(tool, "processor", tool)  # Any: each family's own
    tokenizer = processor.tokenizer
    added = [str(token.content) for token in tokenizer.added_tokens_decoder.values() if token.special]
    special = sorted({*tokenizer.all_special_tokens, *added} - set(MARKS))

    def say(picture: np.ndarray | None, prompt: str, turn: int) -> str:
        while any(mark in prompt for mark in special):  # taking one out may put two halves of another together
            for mark in special:  # of its own: in an instruction or in what it said before they would be pictures, or end its turn
                prompt = prompt.replace(mark, "")
        draw = (settings.seed, turn) if settings.temperature else (0, 0)
        seen = sha256(picture.tobytes()).digest() if picture is not None else b""
        known, key = _said.setdefault(tool, {}), (prompt, seen, settings.max_new_tokens, settings.temperature, draw)
        if key not in known:
            while len(known) >= MOST_KEPT:
                known.pop(next(iter(known)), None)
            known[key] = _asked(tool, picture, prompt, settings, draw)
        return known[key]

    return say


def _asked(tool: VisionLanguageModel | LanguageModel, picture: np.ndarray | None, prompt: str, settings: EraSettings,
           draw: tuple[int, int]) -> str:
    try:
        if isinstance(tool, LanguageModel):
            return tool.say(prompt, max_tokens=settings.max_new_tokens, temperature=settings.temperature, draw=draw, keeps_marks=True)
        assert picture is not None  # who has eyes is shown one
        return tool.say(picture[None], prompt, max_tokens=settings.max_new_tokens, temperature=settings.temperature, draw=draw,
                        keeps_marks=True)
    except TooLong as error:
        raise OutOfRoom(f"{str(error).removesuffix(' Use a shorter one.')} Choose a model that reads more, a shorter reply, or a "
                        "prompt that keeps less of the turns before.") from error
