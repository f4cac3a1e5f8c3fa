"""Agents that are trained for the comparison alone: other priors, and the estimators of reinforcement learning. Hours each."""

import copy
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backends.era.practising import MODEL
from benchmarks.era.agents import acting
from benchmarks.era.playing import scored_rows
from benchmarks.tables import markdown, shown
from models.catalogue.miniatures import MINIATURES
from models.home_agent.lessons import Prior
from models.home_agent.reinforcing import Practice, reinforce
from models.home_agent.training import Scored, Training, measure, train
from models.training.credit import Estimator
from worlds.minihome.subsets import SEEN

SEEDS = 3
ESTIMATORS: tuple[Estimator, ...] = ("turn", "bi", "token")
VARIANTS: dict[str, tuple[Prior, ...]] = {
    "actions alone": ("raw",), "trajectories": ("trajectories",), "anchored, then trajectories": ("anchored", "trajectories"),
    "external, then trajectories": ("external", "trajectories")}


def prior() -> str:
    """Train each variant of prior learning with the recipe's budget and measure it."""
    rows = [row for name, kinds in VARIANTS.items() for row in scored_rows(name, measure(train(Training(), kinds)))]
    return ("## ERA: other priors\n\nTrained anew with the budget of the shipped agent, one seed; the fixed homes, greedy.\n\n"
            + markdown(("learned from", "subset", "done %", "actions that failed %"), rows))


def reinforcing() -> str:
    """Reinforce the shipped agent of prior learning with each estimator and several seeds."""
    start = acting(MINIATURES / MODEL)
    before = measure(start)
    rows = [("none: before it", _seen([before]), _failed([before]), "", "")]
    for estimator in ESTIMATORS:
        after, within, explained = [], [], []
        for seed in range(SEEDS):
            agent = replace(start, model=copy.deepcopy(start.model))
            for iteration in reinforce(agent, Practice(estimator, seed=seed)):
                print(estimator, seed, iteration, file=sys.stderr, flush=True)
            after.append(measure(replace(agent, temperature=0.0)))
            within.append(iteration.within_turn)
            explained.append(iteration.explained_variance or 0.0)
        rows.append((estimator, _seen(after), _failed(after), f"{np.mean(within):.3f}", f"{np.mean(explained):.2f}"))
    head = ("estimator", "done % on seen", "actions that failed %", "variance within a turn", "explained variance")
    return (f"## ERA: estimators of the advantage\n\nThe shipped agent of prior learning after {Practice().iterations} iterations "
            f"of {Practice().episodes} episodes, {SEEDS} seeds each; the fixed homes of the seen subsets, greedy. Intervals are "
            "over seeds. Variance within a turn and explained variance are of the last iteration.\n\n"
            + markdown(head, rows))


def _seen(runs: Sequence[Sequence[Scored]]) -> str:
    return shown([100 * float(np.mean([one.success for one in run if one.subset in SEEN])) for run in runs], 0)


def _failed(runs: Sequence[Sequence[Scored]]) -> str:
    return shown([100 * float(np.mean([one.invalid for one in run if one.subset in SEEN])) for run in runs], 0)
