"""What a file of prompts is read into."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One prompt of a file."""

    number: int  # of its row in the file, from 1
    prompt: str
    masked_prompt: str | None  # X', where the file brings it
    right: tuple[str, ...]  # any of them; empty where the file does not say
    wrong: tuple[str, ...]
    weight: float | None  # a of CAD, where the file brings it
    is_continued: bool = False  # the answer goes on with the prompt's sentence: its first words count
    rare: str | None = None  # the overshadowed words, where the file tells


@dataclass(frozen=True)
class Items:
    """What a file holds."""

    kind: str  # the layout
    items: tuple[Item, ...]
    notes: tuple[str, ...]
    num_in_file: int  # rows, odd ones included
