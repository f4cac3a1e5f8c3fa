"""Colour and name of what agents do, once for every chart and list. What is not known here is grey, never an error."""

from collections.abc import Mapping

from backends.episode import Action, Turn
from visualizers.theme import OTHER_COLOUR

VERBS: Mapping[str, str] = {  # how the name of an action begins: its colour; the longer beginning wins
    "find": "#0072B2", "pick up": "#009E73", "put down": "#66C2A5", "drop": "#A6761D", "open": "#E69F00", "close": "#8C6BB1",
    "turn on": "#F0C808", "turn off": "#5B6472", "slice": "#CC79A7", "move": "#56B4E9", "rotate": "#8C6BB1", "tilt": "#CC79A7",
    "navigate": "#0072B2", "pick": "#009E73", "place": "#66C2A5"}
CLOSED, OPEN = "gripper closed", "gripper open"
GRIPPER: Mapping[str, str] = {CLOSED: "#D55E00", OPEN: "#56B4E9"}
OTHER = "other"
COLOURS: Mapping[str, str] = {**VERBS, **GRIPPER, OTHER: OTHER_COLOUR}
FAILED_COLOUR = "#C43A5B"
MISHAPS: Mapping[str, str] = {  # what can go wrong by itself in the worlds that are played here, in words
    "shut": "A door falls shut", "recolour": "A thing changes colour", "slip": "The next action fails", "drop": "The fingers let go",
    "shove": "Something is pushed aside"}


def verb(action: Action) -> str:
    """What kind of action it is: one of COLOURS."""
    name = action.name.strip().lower()
    begun = [known for known in VERBS if name == known or name.startswith(f"{known} ")]
    if begun:
        return max(begun, key=len)
    pose = name.strip("[]() ").split(",")
    if len(pose) == 7 and pose[-1].strip() in ("0", "1", "0.0", "1.0"):
        return OPEN if float(pose[-1]) else CLOSED
    return OTHER


def disturbance(turn: Turn, action: Action) -> str:
    """What was done to the world by nobody who acts in it, in words; empty where somebody acted."""
    if turn.by != "perturbation":
        return ""
    name = action.name.removeprefix("!")
    what = MISHAPS.get(name, name)
    return f"disturbance: {what[:1].lower()}{what[1:]}"
