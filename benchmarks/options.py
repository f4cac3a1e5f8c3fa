"""What every section of the benchmarks is told."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How much is measured, and on what."""

    videos: int = 30  # held-out generated videos
    seeds: int = 5  # models trained for each row of a law
    clips: str = ""  # a folder with pictures and clips of one's own


Sections = dict[str, Callable[[Options], str]]  # by name: the section as Markdown, its title first
