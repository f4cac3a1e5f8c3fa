"""StarPO: PPO or GRPO on episodes of several turns, and StarPO-S, which keeps the starts that divide a group (arXiv 2504.20073).

One iteration: P starts are played N times each; groups are chosen by the spread of their raw scores; the rest is credited and
learned from in slices of E episodes. What is learned from are the tokens that the player drew, as it drew them: the released code
trains on a cleaned text, and at the paper's time on what the game said too, which can be asked for (`masks`).

A small player learns whole. A real one learns through an adapter on weights that stay as they are; critic and reference stand on the
same weights, so that a training needs them once.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from transformers import PreTrainedModel

from backends.ragen.filters import Filter, Selection, select
from backends.ragen.masks import Mask, rows
from models.gamers.acting import NewGame, Speech, Words, play
from models.gamers.turns import Rules
from models.training.advantages import group_advantages
from models.training.credit import Credit, lessons_by_score
from models.training.critic import Critic
from models.training.optimising import Numbers, Recipe
from models.training.policy import PolicyTraining
from models.training.rollout import Played
from models.training.samples import Lesson
from worlds.games.seeds import training_seeds

Algorithm = Literal["ppo", "grpo", "bi"]
APART = 2_000_000  # seeds of games: trainings of different seeds meet other starts and other chance


@dataclass(frozen=True)
class Plan:
    """A training; the defaults are the paper's StarPO with PPO, with rates for a small network.

    Attributes:
        groups, members: starts of an iteration, and how often each is played.
        slice: episodes of one step.    passes: how often each is learned from.
        updates: of one collection of episodes, each on episodes of its own (Online-k); all are credited before the first.
        turns: of an episode at most; `rules` say what a reply comes to.
        kind, ratio: which groups are kept.    skips_flat: no step where no group has any spread.
        turn_gamma: discount from turn to turn of the bi-level advantage.
        kl: weight of the divergence (k1) from the beginner: taken from rewards with a critic, else a part of the loss.
        max_tokens: of one reply.
        mask: which tokens are learned from.
        together: rows that a player learns from at once; 0: all of a step.
    """

    algorithm: Algorithm = "ppo"
    groups: int = 8
    members: int = 16
    slice: int = 32
    passes: int = 1
    updates: int = 1
    turns: int = 5
    rules: Rules = field(default_factory=Rules)
    kind: Filter = "std"
    ratio: float = 1.0
    skips_flat: bool = False
    turn_gamma: float = 0.95
    kl: float = 0.001
    clip_low: float = 0.2
    clip_high: float = 0.2
    dual_clip: float | None = 3.0
    entropy: float = 0.001
    temperature: float = 1.0
    max_tokens: int = 28
    actor_rate: float = 1e-3
    critic_rate: float = 2e-3
    weight_decay: float = 0.01
    seed: int = 0
    mask: Mask = "drawn"
    together: int = 0

    @property
    def has_critic(self) -> bool:
        """Whether advantages come from a critic."""
        return self.algorithm != "grpo"

    @property
    def recipe(self) -> Recipe:
        """The same for `PolicyTraining`; slices are not shuffled, and no gradient is too long to be clipped, as in verl."""
        credit = Credit("bi" if self.algorithm == "bi" else "token", turn_gamma=self.turn_gamma, token_gamma=1.0, lam=1.0,
                        turn_value="last")
        return Recipe(credit, temperature=self.temperature, clip_low=self.clip_low, clip_high=self.clip_high,
                      dual_clip=self.dual_clip, averaging="tokens", entropy=self.entropy, kl=self.kl, kl_estimator="k1",
                      kl_in_reward=self.has_critic, critic_only=0, minibatch=self.slice, passes=self.passes, together=self.together,
                      is_shuffled=False, skip_norm=math.inf,
                      actor_rate=self.actor_rate, critic_rate=self.critic_rate, weight_decay=self.weight_decay)


@dataclass(frozen=True)
class Iteration:
    """One iteration, as it was.

    Attributes:
        episodes: all of them, group by group.    scores: (episodes,) raw: rewards and penalties together.
        groups: (episodes,) the number of each one's start.
        lessons: what each of those that were kept taught, by its place among the episodes.
        numbers: of every step; none where nothing was learned.
    """

    index: int
    episodes: list[Played]
    scores: np.ndarray
    groups: np.ndarray
    selection: Selection
    lessons: dict[int, Lesson]
    numbers: list[Numbers]


class StarPO:
    """A player while it is trained; its network is learned in place.

    Args:
        new_game: makes a game; called once per episode.
        speech: how the player is spoken to; as the small players where there is none.
        base: of a player that learns through an adapter: the network without it, on the same weights.
    """

    def __init__(self, model: PreTrainedModel, new_game: NewGame, plan: Plan, *, speech: Speech | None = None,
                 base: PreTrainedModel | None = None) -> None:
        self.model, self.new_game, self.plan, self.speech = model, new_game, plan, speech or Words()
        critic = (Critic.beside(model) if base is None else Critic(base)) if plan.has_critic else None
        reference = (copy.deepcopy(model).eval() if base is None else base) if plan.kl else None
        self._training = PolicyTraining(model, plan.recipe, critic=critic, reference=reference, seed=plan.seed)
        # of a real model a row alone is rounded otherwise than among others, so the ratio would not begin at 1
        self._recomputes = base is not None or self.speech.cleans or plan.mask != "drawn"

    @property
    def index(self) -> int:
        """Iterations that are over."""
        return self._training.iteration

    def learn(self) -> Iteration:
        """Play and learn once."""
        plan, index = self.plan, self.index
        many = plan.groups * plan.updates
        first = plan.seed * APART
        episodes = self.play([first + seed for seed in training_seeds(index, many)])
        groups = np.repeat(np.arange(many), plan.members)
        scores = np.array([sum(episode.rewards) for episode in episodes])
        selection = select(scores, groups, kind=plan.kind, ratio=plan.ratio, flat="skip" if plan.skips_flat else "keep",
                           rng=np.random.default_rng([plan.seed, index, 9]))
        taken = np.flatnonzero(selection.takes(groups))
        taught = self._taught(taken, episodes, scores, groups) if len(taken) else []
        numbers: list[Numbers] = []
        for part in np.array_split(np.arange(len(taught)), plan.updates):
            numbers += list(self._training.learn([taught[place] for place in part]))
        self._training.iteration = index + 1
        return Iteration(index, episodes, scores, groups, selection, dict(zip(taken.tolist(), taught)), numbers)

    def _taught(self, taken: np.ndarray, episodes: Sequence[Played], scores: np.ndarray, groups: np.ndarray) -> list[Lesson]:
        """What the episodes that were kept are to teach; a group may be learned from in two updates, but is compared as a whole."""
        kept = [episodes[place] for place in taken]
        samples = rows(kept, self.speech, self.plan.mask)
        if self._recomputes:
            samples = self._training.recomputed(samples)
        if self.plan.has_critic:
            return self._training.appraise(samples, [paid(played, self.plan.algorithm) for played in kept])
        return lessons_by_score(samples, group_advantages(torch.from_numpy(scores[taken]), torch.from_numpy(groups[taken])))

    def play(self, seeds: Sequence[int], *, temperature: float | None = None, members: int | None = None) -> list[Played]:
        """One episode for each member of the group of each seed, with the player as it stands.

        Args:
            temperature, members: those of the plan without others.
        """
        plan = self.plan
        return play(self.model, self.new_game, plan.rules, seeds, turns=plan.turns, max_tokens=plan.max_tokens, draw=plan.seed,
                    temperature=plan.temperature if temperature is None else temperature, members=members or plan.members,
                    speech=self.speech)

    def save(self, folder: Path) -> None:
        """Write where it stands between two iterations."""
        self._training.save(folder)

    def resume(self, folder: Path) -> None:
        """Go back to where `save` was called; going on gives the same as never stopping.

        Raises:
            InputError: the folder is gone, damaged or of another training.
        """
        self._training.resume(folder)


def paid(played: Played, algorithm: Algorithm) -> list[float]:
    """What a critic's advantages are told of an episode, at the end of each turn.

    By tokens all of its score is paid at its last one, penalties included. By turns and tokens each turn is paid what the game paid,
    and bad form costs nothing: the released code adds penalties where it normalises scores, which it does not where turns are paid.
    """
    if algorithm == "bi":
        return [sum(done["reward"] for done in info["done"]) for info in played.outcomes]
    return [*[0.0] * (len(played.turns) - 1), sum(played.rewards)]
