"""A language model at the miniature table top: what it is told in a turn, and what its reply means there.

Both prompts say the same things in the same order as the released ones (EmbodiedBench's for EB-Manipulation, arXiv 2502.09560; ERA's,
arXiv 2510.12693); the words are Orrery's own. Where things are is told, from left to right and without their names, unless the model
has no eyes. A reply that cannot be read costs a step and moves nothing: EmbodiedBench does something at random instead.
"""

from collections.abc import Sequence
from itertools import takewhile

import numpy as np

from backends.episode import Turn
from backends.era.context import Policy, history
from backends.era.playing import Info, Said, acted, said_of
from backends.era.prompts import IMAGE, MOST_ACTIONS, Style, era_request, era_user, request
from backends.era.replies import pose_of, read_reply
from worlds.minitable.actions import LIMITS
from worlds.minitable.drawing import draw
from worlds.minitable.env import RENDER_PX
from worlds.minitable.state import State
from worlds.minitable.understanding import describe, objects

ROLE = "You are a robot with one arm at a table and do what you are asked, one motion of the gripper after another."
ACTIONS = (
    "An action\n"
    f"- It is seven whole numbers: x, y and z from 0 to {LIMITS[0]}, roll, pitch and yaw from 0 to {LIMITS[3]}, and the gripper, "
    "0 for closed and 1 for open.\n"
    "- x counts centimetres towards you, y to the right, z up. The cross in the picture stands at (0, 0).\n"
    "- An angle counts steps of 3 degrees; roll 0 and pitch 60 point the fingers down.\n"
    "- The gripper goes there in a straight line, and opens or closes once it is there.\n"
    "- Fingers that close around the middle of a thing take hold of it.")
ERA_SYSTEM = "\n\n".join((ROLE, ACTIONS, era_request("a list")))
_GUIDELINES = (
    f"A plan has at most {MOST_ACTIONS} actions.",
    "Go over a thing before you go down to it, and close the fingers at its middle.",
    "Lift what you hold before you carry it, so that it passes over what stands.",
    "Open the fingers where it is to lie.",
    "Use the feedback of what was done to mend the plan.")


def era_prompt(info: Info, turns: Sequence[Turn], policy: Policy, *, has_eyes: bool = True) -> str:
    """The words of a turn in ERA's style; the picture stands before all of them."""
    user = era_user(info["instruction"], history(acted(tuple(turns)), policy), has_eyes=has_eyes,
                    additional=_where(info["state"], has_eyes=has_eyes))
    return f"{ERA_SYSTEM}\n\n{user.removeprefix(IMAGE).lstrip()}"


def prompt_of(info: Info, turns: Sequence[Turn], style: Style, policy: Policy, *, has_eyes: bool) -> str:
    """The words of a turn."""
    if style == "era":
        return era_prompt(info, turns, policy, has_eyes=has_eyes)
    done = [action for turn in acted(tuple(turns)) for action in turn.actions]
    parts = [ROLE, ACTIONS, "Guidelines\n" + "\n".join(f"{number}. {rule}" for number, rule in enumerate(_GUIDELINES, 1)),
             f"The instruction: {info['instruction']}"]
    if done:
        parts.append("What was done so far\n" + "\n".join(
            f"Step {number}, action {action.name}, env feedback: {action.feedback}" for number, action in enumerate(done, 1)))
    parts += [f"Objects: {_where(info['state'], has_eyes=has_eyes)}",
              request("a list of actions, each a list of seven numbers", has_eyes=has_eyes)]
    return "\n\n".join(parts)


def _where(state: State, *, has_eyes: bool) -> str:
    """Where things are; who sees nothing is told what they are as well."""
    return str(objects(state)) if has_eyes else describe(state)


def picture_of(state: State, style: Style) -> np.ndarray:
    """What is shown, (500, 500, 3) uint8 RGB: the benchmark numbers things by frames, ERA draws the axes alone."""
    return draw(state, RENDER_PX, axes=True, boxes=style == "benchmark")


def meant(text: str, info: Info, style: Style) -> Said:
    """What a reply means at the table; whatever it is, nothing is raised."""
    reply = read_reply(text, is_pose=True)
    most = 1 if style == "era" else MOST_ACTIONS
    steps = tuple(action.name for action in takewhile(lambda action: pose_of(action.name), reply.planned[:most]))
    return said_of(text, reply, steps, style)
