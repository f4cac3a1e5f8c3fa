"""What has to be true in the end, how much of it is, and the shaped reward of ERA.

A goal is a list of parts (`state.Part`). Each part asks of `count` things that they meet its needs and lie in one of its places, and
every need and every place of every such thing is one condition. Which of several things is meant is left open: the best ones count.
"""

from dataclasses import dataclass

from worlds.minihome.catalogue import type_of
from worlds.minihome.state import HAND, Need, Part, State, Thing

SUCCESS, SUBGOAL, FAILED = 3.0, 1.0, -0.5  # ERA 2.4


@dataclass(frozen=True)
class Condition:
    """Something that has to be true of a thing: a need, or that it is in one of some places."""

    thing: str
    need: Need | None
    where: tuple[str, ...]
    is_met: bool


def conditions(state: State) -> list[Condition]:
    """All conditions of the goal, of the things that come nearest to it."""
    return [condition for part in state["goal"] for condition in of_part(state, part)]


def of_part(state: State, part: Part) -> list[Condition]:
    """The conditions of one part, those of the best thing first; as many for each as it has needs and a place."""
    candidates = [_of_thing(state, part, state["things"][name]) for name in part["things"]]
    candidates.sort(key=lambda found: -sum(condition.is_met for condition in found))  # stable: the first named wins
    return [condition for found in candidates[: part["count"]] for condition in found]


def _of_thing(state: State, part: Part, thing: Thing) -> list[Condition]:
    name = thing["name"]
    found = [Condition(name, need, (), meets(state, thing, need)) for need in part["needs"]]
    if part["where"]:
        lies = thing["at"] in part["where"] and not thing["on_floor"]
        found.append(Condition(name, None, tuple(part["where"]), lies))
    return found


def meets(state: State, thing: Thing, need: Need) -> bool:
    """Whether a thing is clean, hot, cold, sliced, held, or whether who holds it stands in the light of the lamp."""
    if need == "held":
        return thing["at"] == HAND
    if need == "lit":
        return state["lamp_on"] and state["at"] == state["lamp_at"]
    return {"clean": thing["clean"], "hot": thing["hot"], "cold": thing["cold"], "sliced": thing["sliced"]}[need]


def progress(state: State) -> float:
    """The share of conditions that are met, 0 to 1: EmbodiedBench's task_progress."""
    found = conditions(state)
    return sum(condition.is_met for condition in found) / len(found)


def is_done(state: State) -> bool:
    """Whether all conditions are met: EmbodiedBench's task_success."""
    return all(condition.is_met for condition in conditions(state))


def rewards(*, ok: bool, progress: float, best_before: float, dense: bool = True) -> dict[str, float]:
    """The reward of one action, by the name of its term (ERA, section 2.4); their sum is what the agent gets.

    Args:
        progress: after the action.
        best_before: the most progress of the episode before it. A new maximum pays once, however large it is.
        dense: without it only success pays.
    """
    return {
        "success": SUCCESS if progress >= 1 else 0.0,
        "subgoal": SUBGOAL if dense and progress > best_before else 0.0,
        "behaviour": FAILED if dense and not ok else 0.0,
    }


def said(condition: Condition) -> str:
    """A condition in words: "the Mug in the Cabinet", "the Mug clean"."""
    if condition.need is not None:
        return f"{condition.thing} {condition.need}"
    places = condition.where if len(condition.where) == 1 else dict.fromkeys(map(type_of, condition.where))
    return f"{condition.thing} in {' or '.join(places)}"
