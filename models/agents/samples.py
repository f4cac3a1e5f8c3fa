"""What an agent learns from before it is rewarded: ERA's embodied prior (arXiv 2510.12693, section 3.2)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from models.agents.speech import answered

MASK = "mask"
Prior = Literal["raw", "trajectories", "anchored", "external", "pictures", "lookups"]


@dataclass(frozen=True)
class Sample:
    """One thing to learn: a prompt, with a picture or none, and the reply."""

    prompt: str
    reply: str
    state: Any = None  # of the world; what the picture shows


Drawn = Callable[[np.random.Generator, int], Iterator[Sample]]  # of a prior: from a generator, as many of them


def prior(drawn: Mapping[Prior, Drawn], kind: Prior, seed: int, *, number: int) -> list[Sample]:
    """All samples of one kind, in an order of their own.

    Args:
        number: of trajectories, or of samples of the other kinds.
    """
    generator = np.random.default_rng([seed, get_args(Prior).index(kind)])
    samples = list(drawn[kind](generator, number))
    return [samples[int(index)] for index in generator.permutation(len(samples))]


def masked(generator: np.random.Generator, told: str, actions: Sequence[str]) -> Sample:
    """A sequence with one action hidden, after a prompt's words: which one is it?"""
    place = int(generator.integers(len(actions)))
    shown = ", ".join(MASK if number == place else action for number, action in enumerate(actions))
    return Sample(f"{told} order {shown} which is {MASK}?", answered(actions[place]))


def mixed_up(generator: np.random.Generator, told: str, actions: Sequence[str]) -> Sample:
    """A sequence in any order, after a prompt's words: which order is right?"""
    mixed = [actions[int(number)] for number in generator.permutation(len(actions))]
    return Sample(f"{told} which order? {', '.join(mixed)}", answered(", ".join(actions)))


def turned_round(generator: np.random.Generator, one: str, other: str) -> Sample:
    """What a relation of two things says of the other."""
    way, back = ("left", "right") if generator.random() < 0.5 else ("right", "left")
    return Sample(f"the {one} is {way} of the {other}. what is {back} of the {one}?",
                  answered(other, f"the {other} is {back} of the {one}"))
