"""Trains the overshadowing miniatures, small Llamas from chance.

    python -m models.recipes.coda [coda-p-law coda-p-law-low-decay coda-l-law coda-english]
"""

import argparse
import os
from pathlib import Path

import torch

from models.catalogue import MINIATURES
from models.recipes.coda.card import ship
from models.recipes.coda.miniatures import SHIPPED


def main() -> None:
    """Train and ship the named miniatures, all of them without a name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHIPPED))
    parser.add_argument("--out", type=Path, default=MINIATURES)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in SHIPPED]
    if unknown:
        parser.error(f"there is no miniature {unknown[0]!r}; choose from {', '.join(SHIPPED)}")
    torch.set_num_threads(1)
    os.nice(5)
    for name in arguments.names or SHIPPED:
        ship(name, SHIPPED[name], arguments.out / name)


if __name__ == "__main__":
    main()
