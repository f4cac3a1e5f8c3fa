"""Agents that are trained for the comparison alone: other priors, and the estimators of reinforcement learning. Hours each."""

import copy
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backends.era.practising import MODELS
from benchmarks.era.agents import acting
from benchmarks.tables import markdown, shown
from models.agents.craft import World
from models.agents.crafts import CRAFTS
from models.agents.reinforcing import reinforce
from models.agents.training import BUDGETS, SHIPPED, STAGES, Scored, Stage, measure, train
from models.catalogue.miniatures import MINIATURES
from models.training.credit import Estimator

SEEDS = 3
ESTIMATORS: tuple[Estimator, ...] = ("turn", "bi", "token")
VARIANTS: dict[Stage, str] = {"raw": "actions alone", "epl-trajectories": "trajectories alone", "epl": "both priors"}


def prior(world: World) -> str:
    """Train each variant of prior learning with the recipe's budget and several seeds, and measure it."""
    rows, craft = [], CRAFTS[world]
    for stage, name in VARIANTS.items():
        runs = [measure(train(craft, replace(BUDGETS[world], seed=seed), STAGES[stage])) for seed in range(SEEDS)]
        rows += seeds_rows(name, runs)
    return (f"## ERA: priors in the {world}\n\nTrained anew with the budget of the shipped agent, {SEEDS} seeds each; the fixed "
            "scenes, greedy. Intervals are over seeds.\n\n"
            + markdown(("learned from", "subset", "done %", "actions that failed %"), rows))


def seeds_rows(name: str, runs: Sequence[Sequence[Scored]]) -> list[tuple[str, ...]]:
    """A variant's table: each subset over all seeds."""
    return [(name, ones[0].subset.replace("_", " "), shown([100 * one.success for one in ones], 0),
             shown([100 * one.invalid for one in ones], 0)) for ones in zip(*runs, strict=True)]


def reinforcing(world: World) -> str:
    """Reinforce the shipped agent of prior learning with each estimator and several seeds."""
    start, practice = acting(world, MINIATURES / MODELS[world]), SHIPPED[world]
    before = measure(start)
    rows = [("none: before it", *_seen([before], world), "", "")]
    for estimator in ESTIMATORS:
        after, within, explained = [], [], []
        for seed in range(SEEDS):
            agent = replace(start, model=copy.deepcopy(start.model))
            for iteration in reinforce(agent, replace(practice, estimator=estimator, seed=seed)):
                print(estimator, seed, iteration, file=sys.stderr, flush=True)
            after.append(measure(replace(agent, temperature=0.0)))
            within.append(iteration.within_turn)
            explained.append(iteration.explained_variance or 0.0)
        rows.append((estimator, *_seen(after, world), f"{np.mean(within):.3f}", f"{np.mean(explained):.2f}"))
    head = ("estimator", "done % on seen", "actions that failed %", "variance within a turn", "explained variance")
    return (f"## ERA: estimators of the advantage in the {world}\n\nThe shipped agent of prior learning after {practice.iterations} "
            f"iterations of {practice.episodes} episodes, {SEEDS} seeds each; the fixed scenes of the seen subsets, greedy. "
            "Intervals are over seeds. Variance within a turn and explained variance are of the last iteration.\n\n"
            + markdown(head, rows))


def _seen(runs: Sequence[Sequence[Scored]], world: World) -> tuple[str, str]:
    """Success and failed actions on the seen subsets, in per cent."""
    ones = [[one for one in run if one.subset in CRAFTS[world].seen] for run in runs]
    return (shown([100 * float(np.mean([one.success for one in run])) for run in ones], 0),
            shown([100 * float(np.mean([one.invalid for one in run])) for run in ones], 0))
