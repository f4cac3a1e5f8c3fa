"""Merges as this app does, in a process of its own: `python -m benchmarks.merging.by_us RECIPE OUT`, models named by folder."""

import sys
from pathlib import Path

from backends.merging.checking import check
from backends.merging.mergekit_yaml import read_yaml
from backends.merging.streaming import stream


def main(recipe: str, out: str) -> None:
    read = read_yaml(Path(recipe).read_text())
    checked = check(Path(read.vlm), Path(read.reason), Path(read.base) if read.base else None, mix=read.mix, target=Path(out))
    for _ in stream(checked, Path(out)):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
