"""Two ways in which an advantage misleads, each on one small example: a baseline for every turn, and whitening of next to nothing.

**Baselines per turn.** An agent may stop now, for a sure reward, or go on, for nothing now and a win at the next turn with some
chance. Who compares each turn's reward with the mean of those that got as far, and lets a turn learn what it and later turns were
better by, never pays for going on: among those that went on, the win is what was expected. So stopping is taught however much going
on is worth. The baseline of the second turn depends on what was chosen at the first, and a baseline must not. Comparing whole
episodes, those that stopped among them, is right (GRPO's, which Orrery trains with: `models.training.advantages.group_advantages`).

**Whitening.** With PPO, gamma = lambda = 1 and one reward R for all, A_t = R - V_t before whitening: only the critic's errors.
Divided by their own spread they are as large as ever, and the policy is walked about by noise.
"""

from dataclasses import dataclass

import numpy as np

from backends.ragen.expected import advantages_of


@dataclass(frozen=True)
class Quits:
    """The agent that may stop: what it is paid, how it acts, and how many episodes are compared with each other."""

    sure: float = 0.3
    chance: float = 0.6
    going_on: float = 0.5
    episodes: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, low, high in (("sure", self.sure, 0, 1), ("chance", self.chance, 0, 1),
                                       ("going_on", self.going_on, 0.01, 0.99), ("episodes", self.episodes, 2, 64)):
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; it must be from {low} to {high}")


@dataclass(frozen=True)
class Stopping:
    """One group by both baselines, and what each teaches on average.

    Attributes:
        went_on: (episodes,).    won: (episodes,) at the second turn.    returns: (episodes,).
        by_turn, by_episode: (episodes,) advantage of what was chosen at the first turn.
        worth: how much better going on really is, chance - sure.
        taught_by_turn, taught_by_episode: the expected push toward going on; that by episodes is `worth` x (1 - 1 / episodes), as
            each episode is part of its own baseline. By turns it is -`sure` x the same, whatever the chance.
    """

    quits: Quits
    went_on: np.ndarray
    won: np.ndarray
    returns: np.ndarray
    by_turn: np.ndarray
    by_episode: np.ndarray
    worth: float
    taught_by_turn: float
    taught_by_episode: float


def stopping(quits: Quits) -> Stopping:
    """Return one drawn group, with the advantages that both baselines give it."""
    rng = np.random.default_rng(quits.seed)
    went_on, lucky = rng.random(quits.episodes) < quits.going_on, rng.random(quits.episodes) < quits.chance
    first, second = np.where(went_on, 0.0, quits.sure), (went_on & lucky).astype(float)
    own = 1 - 1 / quits.episodes
    worth = quits.chance - quits.sure
    return Stopping(quits, went_on, went_on & lucky, first + second, turn_baseline(first, second, went_on),
                    episode_baseline(first + second), worth, -quits.sure * own, worth * own)


def turn_baseline(first: np.ndarray, second: np.ndarray, went_on: np.ndarray) -> np.ndarray:
    """Return the first turn's advantage where each turn is compared with those that got as far; biased.

    Args:
        first, second: (..., episodes) reward of each turn.    went_on: (..., episodes) whether there is a second.
    """
    count = np.maximum(1, went_on.sum(-1, keepdims=True))
    mean = np.where(went_on, second, 0.0).sum(-1, keepdims=True) / count
    return first - first.mean(-1, keepdims=True) + np.where(went_on, second - mean, 0.0)


def episode_baseline(returns: np.ndarray) -> np.ndarray:
    """Return (..., episodes) what each whole episode is better than the mean of its group, whenever it ended."""
    return returns - returns.mean(-1, keepdims=True)


@dataclass(frozen=True)
class Whitening:
    """Equal rewards, a critic that is not quite right, and what whitening makes of its errors.

    Attributes:
        errors: (sizes,) standard deviation of the critic's errors over the tokens.
        raw, whitened: (sizes,) root mean square of the advantages before and after whitening.
        tokens_raw, tokens_whitened: (tokens,) of one of the sizes, `shown`.
    """

    errors: np.ndarray
    raw: np.ndarray
    whitened: np.ndarray
    shown: float
    tokens_raw: np.ndarray
    tokens_whitened: np.ndarray


def whitening(*, reward: float = -0.1, shown: float = 0.01, tokens: int = 40, seed: int = 0) -> Whitening:
    """Return advantages of tokens that all earned the same, for critics that are wrong by less and less.

    Args:
        shown: size of the critic's errors in the tokens that are told one by one; 0 is a critic without any.
        tokens: how many there are, two or more.
    Raises:
        ValueError: fewer than two tokens, or a negative size.
    """
    if tokens < 2 or not shown >= 0:
        raise ValueError(f"there are {tokens} tokens and errors of {shown}; at least 2 tokens, and errors of 0 or more are due")
    noise = np.random.default_rng(seed).standard_normal(tokens)
    noise = (noise - noise.mean()) / noise.std(ddof=1)  # so that a size is met exactly
    errors = np.concatenate([[0.0], 10.0 ** np.arange(-6, 1)])
    raw = np.stack([_raw(reward, size, noise) for size in (*errors, shown)])  # (sizes + 1, tokens)
    made = np.stack([whitened(row) for row in raw])
    return Whitening(errors, _size(raw[:-1]), _size(made[:-1]), shown, raw[-1], made[-1])


def _raw(reward: float, size: float, noise: np.ndarray) -> np.ndarray:
    """Return A_t = R - V_t, (tokens,), of a critic that says the reward with errors of that size."""
    return -size * noise if size else np.zeros(len(noise))  # R itself cancels; computing it would leave its rounding


def whitened(values: np.ndarray) -> np.ndarray:
    """Return (tokens,) with mean 0 and variance 1, or nearly so where there is next to none; exactly 0 where all are equal.

    The same as `models.training.advantages.whiten`, without tensors.
    """
    if len(values) < 2 or (values == values[0]).all():
        return np.zeros(len(values))
    return advantages_of("whitened", values, values.mean(), values.std(ddof=1))


def _size(rows: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(rows).mean(-1))
