"""What the agent of the home says: what its picture shows, what no picture shows and is left, and what comes next."""

from collections.abc import Sequence

from models.agents.speech import Thought
from worlds.minihome.expert import plan
from worlds.minihome.look import Item, look
from worlds.minihome.state import State
from worlds.minihome.words import facts_carried, remaining

PLANNED = 3  # actions that a plan names


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
