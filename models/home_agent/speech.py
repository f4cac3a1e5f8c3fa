"""What the agent of the home is told, and what it says: ERA's order and marks in a few words.

A prompt is the picture, the instruction, and what a context policy keeps of the turns before. A reply is a thought in three parts
(what is seen; what was done and is left; what comes next) and one action, between ERA's special tokens (arXiv 2510.12693). ERA gives
an action by number and name, this agent by name alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.marks import ACTION_END, ACTION_START, PARTS, THINK_END, THINK_START, TURN_END
from worlds.minihome.expert import plan
from worlds.minihome.look import Item, look
from worlds.minihome.state import State
from worlds.minihome.words import facts_carried, remaining

MARKS = (THINK_START, THINK_END, ACTION_START, ACTION_END, TURN_END, *(f"{part}:" for part in PARTS))  # one token each
PLANNED = 3  # actions that a plan names


@dataclass(frozen=True)
class Past:
    """What is kept of a turn before: parts of its thought, by label, its action and what came of it."""

    thought: tuple[tuple[str, str], ...] = ()
    action: str = ""
    feedback: str = ""


@dataclass(frozen=True)
class Thought:
    """A thought in its three parts."""

    seen: str
    reflection: str
    plan: str

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """By their labels, in order."""
        return tuple(zip(PARTS, (self.seen, self.reflection, self.plan)))


def told(instruction: str, past: Sequence[Past]) -> str:
    """The words of a prompt."""
    kept = [" ".join([*(f"{label}: {text}" for label, text in one.thought), f"action: {one.action}", f"feedback: {one.feedback}"])
            for one in past]
    return f"instruction: {instruction} history: {' then '.join(kept) or 'none'}"


def reply(action: str, thought: Thought | None = None) -> str:
    """The words of a reply; without a thought the action alone."""
    said = f"{THINK_START} {' '.join(f'{label}: {text}' for label, text in thought.parts)} {THINK_END} " if thought else ""
    return f"{said}{ACTION_START} {action} {ACTION_END} {TURN_END}"


def thought_of(state: State, *, failed: bool = False) -> Thought:
    """What an agent that sees and remembers everything would think.

    Args:
        failed: whether the last action did.
    """
    facts = " ".join(facts_carried(state))
    left = "; ".join(remaining(state)) or "nothing"
    reflection = f"{'It failed. ' if failed else ''}{facts + ' ' if facts else ''}Left: {left}."
    return Thought(seen(state), reflection, ", ".join(foreseen(state)) or "stop")


def foreseen(state: State) -> list[str]:
    """The next actions of an expert as far as anybody can know them: behind which door a thing lies is not known before it has been
    looked for, so no plan says that a door will have to be opened to take something out."""
    actions = plan(state, limit=2 * PLANNED)
    after = [*actions[1:], ""]
    return [action for place, action in enumerate(actions)
            if not place or not (action.startswith("open ") and after[place].startswith(("pick up", "slice")))][:PLANNED]


def seen(state: State) -> str:
    """What the picture shows of the place before the agent and of its hand, as short as can be."""
    sight = look(state)
    door = {True: "open ", False: "closed ", None: ""}[sight.open]
    here = _items(sight.contents) if sight.open is not False else "hidden"
    words = [f"At {door}{sight.place}: {here}."]
    if sight.floor:
        words.append(f"Floor: {_items(sight.floor)}.")
    shining = [what for what, on in (("Lamp", sight.lamp_on), ("Faucet", sight.faucet_on), ("Microwave", sight.microwave_on)) if on]
    words += [f"On: {' '.join(shining)}."] if shining else []
    return " ".join([*words, f"Hand: {_items([sight.hand] if sight.hand else [])}."])


def _items(items: Sequence[Item]) -> str:
    return ", ".join(f"{item.colour} {'sliced ' if item.sliced else ''}{item.kind}" for item in items) or "empty"
