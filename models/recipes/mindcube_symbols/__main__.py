"""Trains every configuration on views in words: `python -m models.recipes.mindcube_symbols [--seeds 2] [--way map_reason]`.

Nothing is kept, since the app trains them while somebody looks on. It prints a line for every state. Where the map is given and a
thought is asked for, it also tells what mirror images of the map do: answers on the mirrored axis change, and no others.
"""

import argparse
import os

import torch

from models.mappers.learning import Lesson, Progress, Task, learn
from models.mappers.mirrors import AXES, mirror_test
from models.mappers.networks import fresh_reader
from models.mappers.symbols import example_of, fresh_items, training_items
from models.mappers.ways import WAYS


def told(progress: Progress) -> str:
    """A state in words; shares are of 1."""
    scores = progress.scores
    shares = (("answers", scores.answers), ("maps", scores.maps), ("thoughts", scores.thoughts))
    right = ", ".join(f"{what} {share:.3f}" for what, share in shares if share is not None)
    return f"step {progress.step}, {progress.loss:.3f} nats, {right}, {progress.cpu_s:.0f} CPU s"


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=list(WAYS), action="append", help="a configuration; else all, one after another")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=450, help="of the 1,500 over which the rate falls")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    for seed in range(given.seeds):
        items = training_items(seed)
        tasks, tests = ([Task(example_of(item)) for item in some] for some in (items, fresh_items(seed, without=items)))
        for way in (WAYS[key] for key in given.way or WAYS):
            model = fresh_reader(seed)
            for progress in learn(model, way, tasks, tests, Lesson(seed=seed), until=given.steps):
                print(f"{way.key}, seed {seed}: {told(progress)}", flush=True)
            for axis in AXES if way.has_map and way.thinks else ():
                on, off = mirror_test(model, way, tests, axis)
                print(f"{way.key}, seed {seed}: the mirror image {axis} changes {on:.3f} of the answers there, {off:.3f} of others",
                      flush=True)


if __name__ == "__main__":
    main()
