"""A language model in a miniature world: what it is told in a turn, and what its reply means; in the home, that of the table top
stands in `table_asking`.

EmbodiedBench wants a whole plan per call and goes by ids alone; ERA wants one action, of which a name that is known counts more than
its id. A reply that cannot be read never moves the home: the released evaluation does the last skill of the list instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backends.episode import Planned, Turn
from backends.era import table_asking
from backends.era.context import Policy, history
from backends.era.environments import World
from backends.era.playing import Info, Player, Said, acted, said_of
from backends.era.prompts import IMAGE, MOST_ACTIONS, Briefing, Style, benchmark, era_system, era_user
from backends.era.replies import executable, read_reply
from worlds.minihome.drawing import draw
from worlds.minihome.env import RENDER_PX
from worlds.minihome.state import State
from worlds.minihome.words import describe

ROLE = "You are a robot in a home and do what you are asked, one action after another."
RULES = (
    "find: always goes well; you then stand there, also where a closed door hides the thing.",
    "pick up: the hand is empty, and the thing is seen here; what is behind a closed door is not.",
    "put down, drop: something is in the hand; what you stand at is open.",
    "open, close: you stand at it, and it has a door.",
    "turn on, turn off: you stand at it. Water cleans what lies in the Sink; the closed Microwave heats; the closed Fridge cools.",
    "slice: you hold a Knife, and the thing is seen here.")
Say = Callable[[np.ndarray | None, str, int], str]  # picture (height, width, 3) uint8 RGB, None without eyes; prompt; turn -> reply


@dataclass(frozen=True)
class _Manner:
    """How a world is told, shown and acted in: functions as of the home below."""

    prompt_of: Callable[..., str]
    picture_of: Callable[[Any, Style], np.ndarray]
    meant: Callable[[str, Info, Style], Said]


def asked(name: str, say: Say, *, style: Style, policy: Policy = "summary", has_eyes: bool = True, world: World = "home") -> Player:
    """Who acts by what a model says.

    Args:
        say: asks the model.
        policy: what ERA's prompt keeps of the turns before; the benchmark's repeats every action.
        has_eyes: whether it is shown the picture; else it is told in words what is seen.
    """
    manner = _MANNERS[world]

    def turn(info: Info, turns: tuple[Turn, ...]) -> Said:
        prompt = manner.prompt_of(info, turns, style, policy, has_eyes=has_eyes)
        reply = say(manner.picture_of(info["state"], style) if has_eyes else None, prompt, len(acted(turns)))
        return replace(manner.meant(reply, info, style), prompt=prompt)

    return Player(name, "model", turn, is_miniature=False)


def prompt_of(info: Info, turns: Sequence[Turn], style: Style, policy: Policy, *, has_eyes: bool) -> str:
    """The words of a turn."""
    briefing = Briefing(ROLE, RULES, tuple(info["skills"]), has_eyes=has_eyes)
    done = acted(tuple(turns))
    sight = "" if has_eyes else " ".join(describe(info["state"]))
    if style == "benchmark":
        words = benchmark(briefing, info["instruction"], [action for turn in done for action in turn.actions])
        return f"{words}\n\nWhat is seen now: {sight}" if sight else words
    user = era_user(info["instruction"], history(done, policy), has_eyes=has_eyes, additional=sight)
    return f"{era_system(briefing)}\n\n{user.removeprefix(IMAGE).lstrip()}"  # the picture stands before all words


def picture_of(state: State, style: Style) -> np.ndarray:
    """What is shown, (500, 500, 3) uint8 RGB: in both styles the same."""
    return draw(state, RENDER_PX)


def meant(text: str, info: Info, style: Style) -> Said:
    """What a reply means in a home; whatever it is, nothing is raised."""
    reply, skills = read_reply(text), info["skills"]
    if reply.parse == "empty":
        steps: tuple[str, ...] = ()
    elif style == "era":
        steps = _named(reply.planned[:1], skills)
    else:
        usable = executable(reply.planned[:MOST_ACTIONS], len(skills))
        steps = tuple(skills[int(action.id)] for action in usable.planned)
    return said_of(text, reply, steps, style)


def _named(planned: Sequence[Planned], skills: Sequence[str]) -> tuple[str, ...]:
    """The one action that is meant: by its name where that is known, else by its id."""
    if planned and planned[0].name in skills:
        return (planned[0].name,)
    return tuple(skills[int(action.id)] for action in executable(planned, len(skills)).planned) if planned else ()


_MANNERS: dict[World, _Manner] = {"home": _Manner(prompt_of, picture_of, meant),
                                  "table": _Manner(table_asking.prompt_of, table_asking.picture_of, table_asking.meant)}
