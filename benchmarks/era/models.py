"""A model of the ladder in the fixed homes, asked in both styles: how much of what it says can be read, done, and gets anywhere.

    python -m benchmarks.era.models [--model smollm2-135m] [--homes 5] [--turns 10] [--tokens 128]

Homes are the first of the plainest wording; decoding is greedy. Seconds are of a turn whose reply was not known already.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

from backends.episode import Episode
from backends.era.prompts import Style
from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.run import Inputs
from benchmarks.tables import markdown

STYLES: tuple[Style, ...] = ("benchmark", "era")
HEAD = ("prompt", "homes done", "of the tasks' conditions met", "turns", "replies read", "actions done", "of them failed",
        "seconds per turn")
KNOWN_S = 0.2  # a turn that took less asked nobody: its reply was kept


@dataclass(frozen=True)
class Home:
    """One episode, and what each of its turns took."""

    episode: Episode
    seconds: tuple[float, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--homes", type=int, default=5)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=128, help="of a reply at most")
    args = parser.parse_args()
    asked = EraSettings(agent="model", model=args.model, max_turns=args.turns, max_new_tokens=args.tokens)
    print(table(asked, args.homes))


def table(asked: EraSettings, homes: int) -> str:
    """A row for each style, as Markdown."""
    return markdown(HEAD, [row(style, list(played(asked.model_copy(update={"style": style}), homes))) for style in STYLES])


def played(asked: EraSettings, homes: int) -> Iterator[Home]:
    """The first homes."""
    for number in range(homes):
        marks, event = [], None
        for event in run(asked.model_copy(update={"number": number}), Inputs()):
            if isinstance(event, Episode):
                marks.append(time.monotonic())
        if isinstance(event, EraResult) and event.episode is not None:
            yield Home(event.episode, tuple(after - before for before, after in zip(marks, marks[1:])))  # noqa: RUF007  of one list


def row(style: Style, homes: list[Home]) -> tuple[str, ...]:
    """What they come to."""
    turns = [turn for home in homes for turn in home.episode.turns]
    actions = [action for turn in turns for action in turn.actions]
    took = [second for home in homes for second in home.seconds if second > KNOWN_S]
    return (style, f"{sum(bool(home.episode.success) for home in homes)} of {len(homes)}",
            f"{sum(home.episode.progress or 0 for home in homes) / len(homes):.0%}", str(len(turns)),
            str(sum(turn.parse != "failed" for turn in turns)), str(len(actions)), str(sum(action.ok is False for action in actions)),
            f"{sum(took) / len(took):.0f}" if took else "below 1")


if __name__ == "__main__":
    main()
