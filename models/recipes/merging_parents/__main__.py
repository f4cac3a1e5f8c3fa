"""Makes the parents of a merge.

    python -m models.recipes.merging_parents [--seed 0 1 2] [--out FOLDER]     the miniature; the first seed's weights are kept
    python -m models.recipes.merging_parents --reasoner b --out FOLDER         another reasoner of the first seed alone, whole
    python -m models.recipes.merging_parents --deep [--seed 0 1 2] --out FOLDER     eight layers and sums of two steps, as a miniature
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from models.adders.lessons import DEEP_PLAN, PLAN, Plan, with_reasoner_b
from models.adders.making import begin, make, reason
from models.adders.scores import COUNT
from models.catalogue import MINIATURES
from models.recipes.merging_parents.card import NAME, SCRIPT, write_card
from models.recipes.merging_parents.folder import write_language, write_vlm
from models.recipes.merging_parents.scores import Seed, measured

SEEDS = (0, 1, 2)


def miniature(plan: Plan, seeds: Sequence[int], out: Path, *, count: int = COUNT, script: str = SCRIPT) -> None:
    """Train all seeds, keep the first one's parents in `out`, and write what all of them score."""
    found: list[Seed] = []
    for place, seed in enumerate(seeds):
        parents = make(plan, seed)
        if not place:
            write_language(out / "base", parents.base)
            write_language(out / "reasoner", parents.reasoner)
            write_vlm(out / "vlm", parents.vlm)
        found.append(measured(parents, count=count))
    write_card(out, found, count=count, script=script)


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--reasoner", choices=["b"], help="a reasoner that strays farther from the base, alone")
    parser.add_argument("--deep", action="store_true", help="eight layers, and sums of two steps")
    parser.add_argument("--out", type=Path, default=MINIATURES / NAME)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    plan = DEEP_PLAN if given.deep else PLAN
    if given.reasoner:
        plan = with_reasoner_b(plan)
        write_language(given.out, reason(plan, begin(plan, given.seed[0]), given.seed[0]))
    else:
        miniature(plan, given.seed, given.out, script=f"{SCRIPT} --deep" if given.deep else SCRIPT)


if __name__ == "__main__":
    main()
