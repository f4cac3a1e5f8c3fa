"""Runs that were made up for the monitor: one that learns, and some that end badly."""

from dataclasses import replace

import numpy as np

from backends.ragen.measures import Metrics

LENGTH, BREAKS = 120, 60


def learns(seed: int = 0, length: int = LENGTH) -> list[Metrics]:
    """The bandit of 8 starts and 16 pulls: the better arm's share grows, words become fewer, nothing goes wrong."""
    rng, history = np.random.default_rng(seed), []
    for iteration in range(length):
        share = 0.5 + 0.45 * (1 - np.exp(-iteration / 10))
        rewards = np.where(rng.random((8, 16)) < share, rng.random((8, 16)) < 0.25, 0.15)
        spreads = rewards.std(1, ddof=1)
        history.append(Metrics(
            iteration, reward=float(rewards.mean()), success=share, any_success=1.0, std=float(spreads.mean()),
            kept_std=float(np.sort(spreads)[-2:].mean()), dead=0.0, kept=2,
            entropy=float(0.3 + 0.45 * np.exp(-iteration / 40) + rng.normal(0, 0.03)), gradient=float(np.exp(rng.normal(-1, 0.3))),
            largest_gradient=float(np.exp(rng.normal(-0.7, 0.4))), broken=0, tokens=18 + float(rng.normal()),
            thought_tokens=10 + float(rng.normal()), valid=float(1 - abs(rng.normal(0, 0.01))), effective=0.9,
            distinct=float(0.95 + rng.normal(0, 0.01)), top=float(abs(rng.normal(0.05, 0.01))), unsampled=0,
            validation=share if iteration % 10 == 0 else None, steps=1, seconds=0.4 * iteration))
    return history


def echoes(seed: int = 0) -> list[Metrics]:
    """The echo trap: one thought, no spread, then no format and penalties only, twenty iterations later."""
    history = learns(seed)
    for place in range(BREAKS, LENGTH):
        is_lost = place >= BREAKS + 20
        history[place] = replace(history[place], std=0.001, kept_std=0.001, dead=1.0, top=0.9, distinct=0.1, entropy=0.05,
                                 reward=-0.1 if is_lost else 0.25, valid=0.0 if is_lost else 1.0,
                                 success=0.0 if is_lost else history[place].success,
                                 validation=0.0 if is_lost and place % 10 == 0 else history[place].validation)
    return history


def loses_format(seed: int = 0) -> list[Metrics]:
    """Everything breaks at once, with a spike of the gradient."""
    history = learns(seed)
    for place in range(BREAKS, LENGTH):
        history[place] = replace(history[place], reward=-0.1, valid=0.0, std=0.0, success=0.0,
                                 largest_gradient=9.0 if place < BREAKS + 3 else 0.3)
    return history


def rambles(seed: int = 0) -> list[Metrics]:
    """The entropy rises by leaps; nothing else is known to be wrong."""
    history = learns(seed)
    for place in range(BREAKS, LENGTH):
        history[place] = replace(history[place], entropy=(history[place].entropy or 0) + 0.1 * (place - BREAKS))
    return history
