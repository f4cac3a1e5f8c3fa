"""Trains the agent of the miniature home: `python -m models.recipes.home_agent [--stage epl] [--out FOLDER]`.

Stage epl is embodied prior learning in ERA's best order: what is anchored in the environment, then trajectories with thoughts
(arXiv 2510.12693); rl goes on from it. The others are for comparison. An agent is trained on homes of the three seen subsets and
measured on the fixed homes of all six.
"""

import argparse
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import get_args

import torch

from models.catalogue import MINIATURES
from models.home_agent.training import SHIPPED, STAGES, Stage, Training, measure, reinforced, train
from models.recipes.home_agent import card
from models.training.credit import Estimator


def main() -> None:
    """Train, measure and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=get_args(Stage), default="epl")
    parser.add_argument("--out", type=Path, help="the folder; else that of the miniature")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--updates", type=int, default=Training().trajectory_updates, help="on trajectories")
    parser.add_argument("--start", type=Path, default=MINIATURES / card.NAME, help="of rl: the folder of the agent before it")
    parser.add_argument("--estimator", choices=get_args(Estimator), default=SHIPPED.estimator, help="of rl")
    parser.add_argument("--iterations", type=int, default=SHIPPED.iterations, help="of rl")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    started, cpu = time.monotonic(), time.process_time()
    told: dict[str, object]
    if given.stage == "rl":
        practice = replace(SHIPPED, estimator=given.estimator, iterations=given.iterations, seed=given.seed)
        agent, iterations = reinforced(given.start, practice)
        told = {**asdict(practice), "iterations_told": iterations}
    else:
        training = Training(seed=given.seed, trajectory_updates=given.updates)
        agent, told = train(training, STAGES[given.stage]), asdict(training)
    minutes = (time.monotonic() - started) / 60, (time.process_time() - cpu) / 60
    card.write(given.out or MINIATURES / card.NAMES[given.stage], agent, stage=given.stage, training=told, scored=measure(agent),
               minutes=minutes)


if __name__ == "__main__":
    main()
