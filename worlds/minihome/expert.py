"""A scripted expert: the next skill for any state, whatever happened before.

It looks at the state alone, hidden parts included, so it also recovers from mistakes of others, doors that close and slips.
"""

from worlds.minihome.actions import act, place_of
from worlds.minihome.catalogue import PLACES, type_of
from worlds.minihome.goals import of_part
from worlds.minihome.skills import PUT_DOWN
from worlds.minihome.state import Need, Part, State, Thing, contents, free_slot, held, is_open

_APPLIANCE: dict[Need, str] = {"clean": "Sink", "hot": "Microwave", "cold": "Fridge"}


def next_skill(state: State) -> str | None:
    """The skill to use next; None where the goal is reached."""
    for part in state["goal"]:
        unmet = [condition for condition in of_part(state, part) if not condition.is_met]
        if unmet:
            thing = state["things"][unmet[0].thing]
            needs = [condition.need for condition in unmet if condition.thing == unmet[0].thing]
            return _towards(state, part, thing, needs[0])
    return None


def plan(state: State, *, limit: int = 60) -> list[str]:
    """The skills that lead from a state to its goal, at most `limit`."""
    found: list[str] = []
    while len(found) < limit and (skill := next_skill(state)):
        found.append(skill)
        state = act(state, skill).state
    return found


def _towards(state: State, part: Part, thing: Thing, need: Need | None) -> str:
    if need == "sliced":
        return _slice(state, part, thing)
    if need == "held":
        return _fetch(state, thing, part)
    if need == "lit":
        return "find a Lamp" if state["at"] != state["lamp_at"] else "turn on the Lamp"
    if need in _APPLIANCE:
        return _through(state, part, thing, need)
    return _carry(state, thing, _best_place(state, part), part)


def _best_place(state: State, part: Part) -> str:
    """The place of a part that takes the fewest actions: with room, before the agent already, open."""
    return min(part["where"], key=lambda place: (free_slot(state, place) is None, place != state["at"],
                                                 is_open(state, place) is False))


def _fetch(state: State, thing: Thing, part: Part) -> str:
    """Towards holding a thing with an empty hand."""
    other = held(state)
    if other is not None:
        return _put_away(state, part)
    return _uncover(state, thing) or f"pick up the {type_of(thing['name'])}"


def _uncover(state: State, thing: Thing) -> str | None:
    """Towards standing before a thing that is seen and meant; None when that is so. What lies behind a door is looked for first,
    so that nobody who learns from this has to guess which door to open."""
    place = place_of(state, thing["name"])
    twins = [name for name, other in state["things"].items()
             if type_of(name) == type_of(thing["name"]) and other["at"] == place]
    was_put_there = thing["hot"] or thing["cold"]
    is_hidden = place is not None and not thing["on_floor"] and is_open(state, place) is False and not was_put_there
    if place != state["at"] or ((len(twins) > 1 or is_hidden) and state["found"] != thing["name"]):
        return f"find a {thing['name']}"
    if not thing["on_floor"]:
        return _opened(state, place)
    return None


def _opened(state: State, place: str) -> str | None:
    """Towards an open door of the place before the agent; None when nothing is closed."""
    if is_open(state, place) is not False:
        return None
    return "turn off the Microwave" if place == "Microwave" and state["microwave_on"] else f"open the {place}"


def _put_away(state: State, part: Part) -> str:
    """Towards an empty hand: down on the nearest open surface that the task does not need."""
    if state["target"] and _takes(state, state["target"], part):
        return PUT_DOWN
    places = [place["name"] for place in state["receptacles"]]
    here = places.index(state["at"])
    order = sorted(places, key=lambda place: abs(places.index(place) - here))
    return next((f"find a {place}" for place in order if _takes(state, place, part)), "drop the object in hand")


def _takes(state: State, place: str, part: Part) -> bool:
    return (not PLACES[type_of(place)].opens and type_of(place) != "Sink" and free_slot(state, place) is not None
            and all(place not in each["where"] for each in state["goal"]))


def _carry(state: State, thing: Thing, place: str, part: Part) -> str:
    """Towards a thing in a place, where room is made first if there is none."""
    if free_slot(state, place) is None:
        return _fetch(state, next(each for each in contents(state, place) if each["name"] not in part["things"]), part)
    if held(state) != thing:
        return _fetch(state, thing, part)
    if state["at"] != place:
        return f"find a {place}"
    if opening := _opened(state, place):
        return opening
    return PUT_DOWN if state["target"] == place else f"find a {place}"


def _slice(state: State, part: Part, thing: Thing) -> str:
    tool = held(state)
    if tool is None or type_of(tool["name"]) != "Knife":
        knife = min((each for name, each in state["things"].items() if type_of(name) == "Knife"),
                    key=lambda each: place_of(state, each["name"]) != state["at"])
        return _fetch(state, knife, part)
    return _uncover(state, thing) or f"slice the {type_of(thing['name'])}"


def _through(state: State, part: Part, thing: Thing, need: Need) -> str:
    """Towards a thing that has been through its appliance."""
    appliance = _APPLIANCE[need]
    if thing["at"] != appliance or thing["on_floor"]:
        return _carry(state, thing, appliance, part)
    if state["at"] != appliance:
        return f"find a {appliance}"
    if need == "clean":
        return "turn off the Faucet" if state["faucet_on"] else "turn on the Faucet"
    if is_open(state, appliance):
        return f"close the {appliance}"
    if need == "cold":
        return "open the Fridge"
    return "turn off the Microwave" if state["microwave_on"] else "turn on the Microwave"
