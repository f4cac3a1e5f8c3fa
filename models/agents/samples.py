"""What an agent learns from before it is rewarded: ERA's embodied prior (arXiv 2510.12693, section 3.2)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

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
