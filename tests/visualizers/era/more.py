"""Figures that no recorded run of ERA has: an episode of two rows with every kind of action, and a run of many episodes, a
long training."""

import plotly.graph_objects as go

from backends.episode import Action, Episode, Turn
from backends.era.facts import Facts
from backends.era.results import Credited, Iterated, Judged, Learned, Training
from backends.era.settings import ESTIMATOR_NAMES, PRIOR_NAMES
from backends.era.statistics import statistics
from visualizers.era import curves, learning, many, timeline
from worlds.minihome.subsets import SEEN

POSES = ("[70, 16, 30, 0, 60, 79, 1]", "[70, 16, 18, 0, 60, 79, 0]", "!drop", "[40, 50, 10, 0, 60, 90, 1]",
         "[70, 16, 42, 0, 60, 79, 0]")
NAMES = ("find a Mug", "pick up the Mug", "open the Fridge", "put down the object in hand", "turn on the Faucet", "slice the Apple",
         "teleport", "turn off the Faucet", "close the Fridge", "drop the object in hand", "find a Sink", "pick up the Apple")
TOLD = "Last action is invalid. Mug is not visible because it is in Fridge. Note: multiple instances of Fridge may exist."


def long() -> Episode:
    actions = [Action(name=name, ok=number % 3 != 1, feedback=TOLD, step=number + 1, rewards={"success": 0.0, "behaviour": -0.5})
               for number, name in enumerate(NAMES)]
    return Episode(turns=tuple(Turn(index=number, actions=(action,), value=1.0 - number / 9, advantage=0.1 * number)
                               for number, action in enumerate(actions)))


def table() -> Episode:
    """An episode of the table top: fingers open and closed, a mishap, a place that cannot be reached, every term of its reward."""
    paid = {"success": 0.0, "subgoal": 1.0, "behaviour": 0.5, "unreachable": -1.0}
    return Episode(world="minitable", turns=tuple(
        Turn(index=number, by="perturbation" if name == "!drop" else "expert", actions=(
            Action(name=name, ok=None if name == "!drop" else "10" not in name, feedback=TOLD, step=number + 1, rewards=paid),))
        for number, name in enumerate(POSES)))


def figures() -> dict[str, go.Figure]:
    groups = ("base", "complex_instruction", "visual_appearance", "common_sense", "spatial", "long_horizon")
    counted = statistics([Facts("eb_alfred", group, number, "a", number % 2 == 0, 0.5, 5 + number, 3, 2, 1, 0, 9, 2, NAMES,
                                (TOLD, f"{number % 4}. {TOLD}"), 2, 2, 1, 1, 1) for group in groups for number in range(8)])
    return {"table, actions": timeline.timeline(table(), 3), "table, rewards": curves.rewards(table()),
            "long, actions": timeline.timeline(long(), 3), "long, rewards": curves.rewards(long()),
            "long, memory": curves.memory(long()), **{f"many, {title}": figure for title, figure in many.charts(counted).items()},
            "long, values": curves.values(long()) or go.Figure(),
            **{f"long, {title}": figure for title, figure in learning.charts(trained()).items()}}


def trained() -> Training:
    """Forty iterations, the last half gone on with, and an episode of sixteen turns as each estimator sees it."""
    told = tuple(Iterated(number=number, episodes=64, success=number / 50, invalid=0.5 - number / 90, mean_return=number / 9 - 2,
                          turns=9, explained=number / 50 if number > 1 else None, clip_fraction=0.2 if number > 2 else None,
                          kl=0.01 if number > 2 else None, entropy=0.1, within_turns=0.0) for number in range(1, 41))
    before, after = (tuple(Judged(subset=subset, episodes=50, done=done, actions=900, invalid=90) for subset in SEEN)
                     for done in (20, 35))
    credited = tuple(Credited(estimator=name, advantages=tuple(turn / 7 - 1 for turn in range(16))) for name in ESTIMATOR_NAMES)
    losses = tuple(Learned(prior=kind, loss=3 / (1 + number)) for kind in PRIOR_NAMES for number in range(60))
    return Training(iterations=told, before=before, after=after, went_on_from=20, credited=credited, losses=losses, losses_before=90)
