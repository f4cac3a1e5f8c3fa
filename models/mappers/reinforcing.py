"""Reinforcement of mappers whose views are words: GRPO on replies, as MindCube's second stage (arXiv 2506.21458, appendix G).

    A_i = (r_i - mean r) / (std r + eps)  over the replies to one question,  learned by every word of reply i, clipped as in PPO

One iteration asks some questions, each several times, pays every reply, and makes one step; there is no critic, and no pull to where
it began. What a reply earns is the caller's function: it sees the question and what was said, so that it can score the reply in any
form. Nothing here knows what a good map is.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from models.mappers.examples import Example, shown
from models.mappers.learning import Scores, Task, ask, scored
from models.mappers.replies import Reply, read
from models.mappers.schools import write_beside
from models.mappers.symbols import example_of, fresh_items, training_items
from models.mappers.ways import Way
from models.mappers.words import EOS, ids_of, words_of
from models.training import generation
from models.training.advantages import group_advantages, group_spreads
from models.training.credit import lessons_by_score
from models.training.generation import Prompt, Sampling
from models.training.optimising import Recipe
from models.training.policy import PolicyTraining
from models.training.rollout import Info, Played, Policy, Start, play
from models.training.samples import turn_samples

Paying = Callable[[Example, Reply], float]
LONGEST = 24  # words of a reply; a right one has 20 at most
SEED_APART = 1_000_003  # draws of two seeds never meet
SHOWN = 4  # replies of an iteration


@dataclass(frozen=True)
class Practice:
    """How a mapper is reinforced; the defaults are the paper's, with a rate and a batch for a small network.

    Attributes:
        questions: of an iteration; the paper has 32.    replies: to each.
        clip: how far a ratio may move. One step an iteration, as in the paper, leaves it at 1, so that nothing is held back.
        passes: how often each reply is learned from.
        rate: 1e-6 in the paper.
    """

    iterations: int = 100
    questions: int = 16
    replies: int = 8
    temperature: float = 0.7
    top_p: float = 0.95
    clip: float = 0.2
    passes: int = 1
    rate: float = 3e-4
    seed: int = 0

    @property
    def recipe(self) -> Recipe:
        """The same for `PolicyTraining`."""
        return Recipe(temperature=self.temperature, clip_low=self.clip, clip_high=self.clip, averaging="tokens", entropy=0.0,
                      critic_only=0, minibatch=self.questions * self.replies, passes=self.passes, actor_rate=self.rate)


@dataclass(frozen=True)
class Iteration:
    """What one iteration came to.

    Attributes:
        index: 0, 1, ...
        reward: mean over its replies.    paid: share of them that earned anything.    right: share with the right answer.
        divided: share of its questions whose replies earned differently: the others teach nothing.
        entropy: of the words as they were drawn, nats; None where nothing was learned.
        scores: greedy, on fresh questions; None in iterations that ask none.
        shown: some of its replies, of different questions.
        cpu_s: since the first iteration of this call began.
    """

    index: int
    reward: float
    paid: float
    right: float
    divided: float
    entropy: float | None
    scores: Scores | None
    shown: tuple[tuple[Example, Reply], ...]
    cpu_s: float


class Asking:
    """A question as a world of one turn: its number is the seed, what is said the action."""

    def __init__(self, tasks: Sequence[Task], pays: Paying) -> None:
        self._tasks, self._pays = tasks, pays
        self._example = tasks[0].example

    def reset(self, *, seed: int) -> tuple[Example, Info]:
        """Take the question of that number."""
        self._example = self._tasks[seed].example
        return self._example, {}

    def step(self, action: str, /) -> tuple[Example, float, bool, bool, Info]:
        """Pay for what was said."""
        reply = read(action.split())
        return self._example, self._pays(self._example, reply), True, False, {"reply": reply}


class Reinforcement:
    """A mapper while it is reinforced; its network is learned in place, and must be in single precision.

    Args:
        pays: what a reply earns.
        tests: what is asked greedily; fresh questions where there are none.
    """

    def __init__(self, model: PreTrainedModel, way: Way, practice: Practice, pays: Paying, *, tests: Sequence[Task] = ()) -> None:
        self.model, self.way, self.practice = model, way, practice
        items = training_items(practice.seed)
        self._tasks = [Task(example_of(item)) for item in items]
        self.tests = tests or [Task(example_of(item)) for item in fresh_items(practice.seed, without=items)]
        self._world = partial(Asking, self._tasks, pays)
        self._training = PolicyTraining(model, practice.recipe, seed=practice.seed)

    @property
    def index(self) -> int:
        """Iterations that are over."""
        return self._training.iteration

    def events(self, *, until: int | None = None, every: int = 10) -> Iterator[Iteration]:
        """Go on to an iteration, the practice's last one where none is named; yields after each. Who stops asking stops it.

        Args:
            every: so many iterations fresh questions are asked, and after the last one.
        """
        last, began = until or self.practice.iterations, time.process_time()
        while self.index < last:
            yield self._learn(began, asks=(self.index + 1) % every == 0 or self.index + 1 == last)

    def played(self) -> list[Played]:
        """The replies of the next iteration, question by question, by the mapper as it stands."""
        practice, index = self.practice, self.index
        rng = np.random.default_rng([practice.seed, index, 5])
        chosen = rng.choice(len(self._tasks), practice.questions, replace=False).tolist()
        first = (practice.seed * SEED_APART + index) * practice.questions * practice.replies
        starts = [Start(seed, first + number * practice.replies + member, number)
                  for number, seed in enumerate(chosen) for member in range(practice.replies)]
        sampling = Sampling((EOS,), max_tokens=LONGEST, temperature=practice.temperature, top_p=practice.top_p, batch=len(starts))
        return play(self._world, starts, policies=Policy(self.model, sampling), prompt_of=self._prompt_of, action_of=_action_of,
                    max_turns=1)

    def save(self, folder: Path) -> None:
        """Write the mapper, where it stands between two iterations, its words and its card."""
        self._training.save(folder)
        write_beside(folder, self.model, self.way, f"{self.index} iterations of reinforcement",
                     {**asdict(self.practice), "iteration": self.index})

    def resume(self, folder: Path) -> None:
        """Go back to where `save` was called; going on gives the same as never stopping.

        Raises:
            InputError: the folder is gone, damaged or of another training.
        """
        self._training.resume(folder)

    def _learn(self, began: float, *, asks: bool) -> Iteration:
        index, played = self.index, self.played()
        rewards = torch.tensor([sum(one.rewards) for one in played], dtype=torch.float64)
        groups = torch.tensor([one.start.group for one in played])
        lessons = lessons_by_score(turn_samples(played), group_advantages(rewards, groups))
        divided = float((group_spreads(rewards, groups)[1] > 0).double().mean())
        numbers = list(self._training.learn(lessons)) if divided else []  # else moments alone would move the weights
        self._training.iteration = index + 1
        said: list[tuple[Example, Reply]] = [(one.observation, one.info["reply"]) for one in played]
        entropies = [one.actor.entropy for one in numbers if one.actor is not None]
        scores = scored(ask(self.model, self.way, self.tests), self.tests, self.way) if asks else None
        return Iteration(
            index, float(rewards.mean()), float((rewards > 0).double().mean()),
            float(np.mean([reply.answer == example.answer for example, reply in said])), divided,
            float(np.mean(entropies)) if entropies else None, scores,
            tuple(said[::self.practice.replies][:SHOWN]), time.process_time() - began)

    def _prompt_of(self, played: Played) -> Prompt:
        return Prompt(tuple(ids_of(shown(played.observation, self.way))))


def _action_of(_: Played, reply: generation.Reply) -> str:
    return " ".join(words_of(reply.ids))
