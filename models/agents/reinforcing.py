"""Reinforcement learning of the home's agent: ERA's second stage, by turns (arXiv 2510.12693, section 3.3).

One iteration plays episodes in homes of the three seen subsets, pays each turn for success, subgoals and behaviour, lets a critic say
what was to be expected, and learns from what was better or worse. The homes are of training, none is among the fixed ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from models.agents.acting import Acting
from models.training.credit import Credit, Estimator, lessons_by_value
from models.training.critic import Critic
from models.training.losses import explained_variance
from models.training.optimising import ActorNumbers, Numbers, Recipe
from models.training.policy import PolicyTraining
from models.training.rollout import Played, Start, play
from models.training.samples import Lesson, turn_samples
from worlds.subsets import TRAINING

FIRST_HOME, HOMES = 5_000, 5_000  # of each subset's ten thousand; prior learning takes the first of them
SEED_APART = 1_000_003  # draws of two seeds of practice never meet


@dataclass(frozen=True)
class Practice:
    """How an agent is reinforced; the defaults are ERA's, with rates and numbers for a small network.

    Attributes:
        success, subgoal, behaviour: which terms of the reward are paid.
        gamma: from turn to turn, and from token to token where an estimator counts tokens.
        critic_only: first iterations, in which the agent stays as it is.
        actor_rate, critic_rate: 0 leaves either as it is.
    """

    estimator: Estimator = "turn"
    gamma: float = 0.99
    lam: float = 0.99
    success: bool = True
    subgoal: bool = True
    behaviour: bool = True
    episodes: int = 32
    iterations: int = 16
    max_turns: int = 16
    temperature: float = 0.8
    critic_only: int = 2
    actor_rate: float = 1e-4
    critic_rate: float = 5e-4
    minibatch: int = 64
    entropy: float = 0.001
    clip: float = 0.2
    value_clip: float = 0.5
    seed: int = 0

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms that are paid."""
        return tuple(name for name in ("success", "subgoal", "behaviour") if getattr(self, name))

    @property
    def recipe(self) -> Recipe:
        """The same for `PolicyTraining`."""
        credit = Credit(self.estimator, turn_gamma=self.gamma, token_gamma=self.gamma, lam=self.lam)
        return Recipe(credit, temperature=self.temperature, clip_low=self.clip, clip_high=self.clip, value_clip=self.value_clip,
                      entropy=self.entropy, critic_only=self.critic_only, minibatch=self.minibatch, actor_rate=self.actor_rate,
                      critic_rate=self.critic_rate)


@dataclass(frozen=True)
class Iteration:
    """What one iteration came to.

    Attributes:
        index: 0, 1, ...
        success: share of its episodes.
        invalid: share of its actions that failed.
        mean_return: of its episodes, undiscounted, of the terms that are paid.
        mean_steps: turns per episode.
        explained_variance: of returns by the critic's values as the episodes ended; None where all returns are equal.
        clip_fraction, approximate_kl, entropy: means of its mini-batches; None where the agent did not learn.
        within_turn: mean variance of the advantages within a turn, before whitening.
    """

    index: int
    success: float
    invalid: float
    mean_return: float
    mean_steps: float
    explained_variance: float | None
    clip_fraction: float | None
    approximate_kl: float | None
    entropy: float | None
    within_turn: float


@dataclass(frozen=True)
class Credited:
    """One turn: what the critic expected before it, and its advantage by each estimator, before whitening; of a turn whose tokens
    differ, their mean."""

    value: float
    advantages: dict[Estimator, float]


class Reinforcement:
    """An agent while it is reinforced; its network is learned in place.

    Args:
        agent: its network must be in single precision.
    Attributes:
        newest: the episodes of the newest iteration.
    """

    def __init__(self, agent: Acting, practice: Practice) -> None:
        self.agent = replace(agent, temperature=practice.temperature, top_p=1.0)
        self.practice = practice
        self.newest: list[Played] = []
        self._training = PolicyTraining(agent.model, practice.recipe, critic=Critic.beside(agent.model), seed=practice.seed)

    @property
    def index(self) -> int:
        """Iterations that are over."""
        return self._training.iteration

    def learn(self) -> Iteration:
        """Play and learn once."""
        practice, index = self.practice, self.index
        played = self.played(index)
        paid = rewards(played, practice.terms)
        lessons = self._training.appraise(turn_samples(played), paid)
        numbers = list(self._training.learn(lessons))
        self.newest = played
        turns = sum(len(episode.turns) for episode in played)
        values, returns = (torch.cat([rows[lesson.valued] for rows, lesson in zip(of, lessons)])
                           for of in ([lesson.values for lesson in lessons], [lesson.returns for lesson in lessons]))
        return Iteration(
            index, sum(bool(episode.info["task_success"]) for episode in played) / len(played),
            sum(episode.info["invalid"] for episode in played) / turns, sum(map(sum, paid)) / len(played), turns / len(played),
            explained_variance(values, returns), _mean(numbers, "clip_fraction"), _mean(numbers, "approximate_kl"),
            _mean(numbers, "entropy"), _within_turn(lessons))

    def played(self, index: int) -> list[Played]:
        """The episodes of an iteration, with the agent as it stands."""
        practice, craft, starts = self.practice, self.agent.craft, []
        for number in range(practice.episodes):
            subset, home = craft.seen[number % len(craft.seen)], index * practice.episodes + number
            seed = TRAINING * (1 + craft.numbering.subset_index(subset)) + FIRST_HOME + (home + practice.seed * SEED_APART) % HOMES
            starts.append(Start(seed, practice.seed * SEED_APART + home, number))
        return play(partial(craft.world, forgives=True), starts, policies=self.agent.policy, prompt_of=self.agent.prompt_of,
                    action_of=self.agent.action_of, max_turns=practice.max_turns)

    def credited(self, played: Sequence[Played]) -> list[list[Credited]]:
        """For every turn of every episode, with the critic as it stands.

        A critic that was taught by turns was never asked within one; what "bi" and "token" say then is a guess.
        """
        samples, paid, practice = turn_samples(played), rewards(played, self.practice.terms), self.practice
        asked = PolicyTraining(self.agent.model, replace(practice, estimator="token").recipe, critic=self._training.critic)
        values = asked.values(samples)
        estimators: tuple[Estimator, ...] = ("turn", "bi", "token")
        found: dict[Estimator, list[Lesson]] = {}
        for estimator in estimators:
            credit = replace(practice.recipe.credit, estimator=estimator, is_whitened=False)
            found[estimator] = lessons_by_value(samples, paid, values, credit)
        told: list[list[Credited]] = [[] for _ in played]
        for place, sample in enumerate(samples):
            told[sample.episode].append(Credited(float(values[place][sample.firsts][0]), {
                name: float(lessons[place].raw[sample.drawn].mean()) for name, lessons in found.items()}))
        return told

    def save(self, folder: Path) -> None:
        """Write where it stands between two iterations."""
        self._training.save(folder)

    def resume(self, folder: Path) -> None:
        """Go back to where `save` was called; going on gives the same as never stopping.

        Raises:
            InputError: the folder is gone, damaged or of another training.
        """
        self._training.resume(folder)


def reinforce(agent: Acting, practice: Practice) -> Iterator[Iteration]:
    """Learn for as many iterations as the practice has; yields after each."""
    reinforcement = Reinforcement(agent, practice)
    while reinforcement.index < practice.iterations:
        yield reinforcement.learn()


def rewards(played: Sequence[Played], terms: Sequence[str]) -> list[list[float]]:
    """What every turn of every episode earned, of these terms alone."""
    return [[sum(info["rewards"][term] for term in terms) for info in episode.outcomes] for episode in played]


def _mean(numbers: Sequence[Numbers], name: str) -> float | None:
    known: list[ActorNumbers] = [one.actor for one in numbers if one.actor is not None]
    return float(np.mean([getattr(one, name) for one in known])) if known else None


def _within_turn(lessons: Sequence[Lesson]) -> float:
    return float(np.mean([float(lesson.raw[lesson.sample.drawn].var(unbiased=False)) for lesson in lessons]))
