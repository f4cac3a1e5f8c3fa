"""Makes the mappers that see.

    python -m models.recipes.mindcube_mappers [--seed 0 1 2] [--out FOLDER]     the miniature; the first seed's weights are kept
    python -m models.recipes.mindcube_mappers --way map_in --out FOLDER         one configuration alone, whole
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from models.catalogue import MINIATURES
from models.mappers.ways import WAYS
from models.recipes.mindcube_mappers.card import NAME, write_card
from models.recipes.mindcube_mappers.folder import EYE, write_shared, write_whole
from models.recipes.mindcube_mappers.making import FURTHER, SHIPPED, Plan, begin, train
from models.recipes.mindcube_mappers.scores import measured, seed_of

SEEDS = (0, 1, 2)


def miniature(plan: Plan, seeds: Sequence[int], out: Path) -> None:
    """Train all seeds, keep the first one's mappers in `out`, and write what all of them score."""
    found = []
    for place, seed in enumerate(seeds):
        begun, scores = begin(replace(plan, seed=seed)), []
        if not place:
            (out / EYE).unlink(missing_ok=True)  # that of an earlier training
        for key in SHIPPED if place else (*SHIPPED, *FURTHER):
            mapper = train(begun, WAYS[key])
            if not place and key in SHIPPED:
                write_shared(out / key, mapper.model)
            scores.append(measured(mapper, begun.tests))
        found.append(seed_of(begun, scores))
    write_card(out, found)


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=list(WAYS), help="one configuration alone, of the first seed")
    parser.add_argument("--seed", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--out", type=Path, default=MINIATURES / NAME)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    if not given.way:
        miniature(Plan(), given.seed, given.out)
        return
    begun = begin(replace(Plan(), seed=given.seed[0]))
    mapper = train(begun, WAYS[given.way])
    write_whole(given.out, mapper.model)
    told = seed_of(begun, [measured(mapper, begun.tests)])
    (given.out / "training.json").write_text(json.dumps(told.record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
