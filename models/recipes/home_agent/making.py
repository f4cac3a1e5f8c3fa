"""Makes an agent of a miniature world: trains it, plays the fixed episodes, and writes everything.

Stage epl is embodied prior learning in ERA's best order: what is anchored in the environment, then trajectories with thoughts
(arXiv 2510.12693); rl goes on from it. The others are for comparison. An agent is trained on scenes of the three seen subsets and
measured on the fixed scenes of all.
"""

import argparse
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import get_args

import torch

from models.agents.craft import World
from models.agents.crafts import CRAFTS
from models.agents.training import BUDGETS, SHIPPED, STAGES, Stage, measure, reinforced, train
from models.catalogue import MINIATURES
from models.recipes.home_agent import card
from models.training.credit import Estimator


def main(world: World) -> None:
    """Train the agent of a world, measure it and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    craft, budget, practice = CRAFTS[world], BUDGETS[world], SHIPPED[world]
    parser.add_argument("--stage", choices=get_args(Stage), default="epl")
    parser.add_argument("--out", type=Path, help="the folder; else that of the miniature")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--updates", type=int, default=budget.trajectory_updates, help="on trajectories")
    parser.add_argument("--start", type=Path, default=MINIATURES / card.name_of(world, "epl"), help="of rl: where it begins")
    parser.add_argument("--estimator", choices=get_args(Estimator), default=practice.estimator, help="of rl")
    parser.add_argument("--iterations", type=int, default=practice.iterations, help="of rl")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    started, cpu = time.monotonic(), time.process_time()
    told: dict[str, object]
    if given.stage == "rl":
        practice = replace(practice, estimator=given.estimator, iterations=given.iterations, seed=given.seed)
        agent, iterations = reinforced(craft, given.start, practice)
        told = {**asdict(practice), "iterations_told": iterations}
    else:
        training = replace(budget, seed=given.seed, trajectory_updates=given.updates)
        agent, told = train(craft, training, STAGES[given.stage]), asdict(training)
    minutes = (time.monotonic() - started) / 60, (time.process_time() - cpu) / 60
    folder = given.out or MINIATURES / card.name_of(world, given.stage)
    card.write(folder, agent, stage=given.stage, training=told, scored=measure(agent), minutes=minutes)
