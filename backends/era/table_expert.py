"""The scripted expert of the table top: what it does, and what an agent of ERA's would be told and write there (EB-Manipulation).

A prompt is ERA's: who it is and what the seven numbers mean, the picture, the instruction, what a context policy keeps of the turns
before, and where the objects are, numbered from left to right and without their names (arXiv 2510.12693). What is seen is written
by rules from the simulator's truth, as in ERA's prior learning; what is remembered and planned is written from the state too.
"""

from collections.abc import Sequence

from backends.episode import Turn
from backends.era.playing import Info, Said, acted
from backends.era.replies import pose_text, read_reply
from backends.era.settings import EraSettings
from backends.era.table_asking import era_prompt
from models.marks import ACTION_END, ACTION_START, PARTS, THINK_END, THINK_START, TURN_END
from worlds.minitable.actions import act
from worlds.minitable.expert import next_action
from worlds.minitable.goals import is_done
from worlds.minitable.moves import meant, told
from worlds.minitable.state import State
from worlds.minitable.understanding import describe, remaining

PLANNED = 4  # actions that a plan names


def said(settings: EraSettings, info: Info, turns: tuple[Turn, ...]) -> Said:
    """What the script does; where the task cannot be done any more it stops, as an agent does by an empty plan."""
    state, done = info["state"], acted(turns)
    # what went wrong by itself may have met the goal, which the world sees with the next action
    action = next_action(state) or (_stay(state) if is_done(state) else None)
    prompt = era_prompt(info, turns, settings.policy)
    text = _reply(state, action, done)
    reply = read_reply(text, is_pose=True)
    return Said(pose_text(action) if action else None, prompt, text, reply.thought, tuple(reply.sections.items()), reply.answer,
                reply.parse, reply.planned, steps=None if action else ())


def _stay(state: State) -> list[int]:
    return meant("open" if state["gripper"]["open"] else "close", state)


def _reply(state: State, action: Sequence[int] | None, done: Sequence[Turn]) -> str:
    """What is seen, what was concluded, what comes next, and the action, in ERA's marks."""
    held = state["gripper"]["holds"]
    failed = bool(done) and bool(done[-1].actions) and done[-1].actions[-1].ok is False
    reflection = " ".join((*(("The last action failed.",) if failed else ()), f"I hold {f'the {held}' if held else 'nothing'}.",
                           f"Left to do: {'; '.join(remaining(state)) or 'nothing'}."))
    parts = zip(PARTS, (describe(state), reflection, _plan(state)))
    thought = " ".join(f"{label}: {text}" for label, text in parts)
    return f"{THINK_START}{thought}{THINK_END}{ACTION_START}{list(action or ())}{ACTION_END}{TURN_END}"


def _plan(state: State) -> str:
    """The next actions in words, numbered."""
    steps: list[str] = []
    while len(steps) < PLANNED and (action := next_action(state)):
        steps.append(f"{len(steps) + 1}. {told(state, action)}")
        state = act(state, action).state
    return " ".join(steps) or ("Stay, for all is done." if is_done(state) else "Nothing is left that can be done.")
