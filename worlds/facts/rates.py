"""The rates at which a model lets a popular answer overshadow a rare one (arXiv 2502.16143, Sec. 3.2).

RR is the rate of Y_a on prompts with x_a, HR the rate of Y_a on prompts with x_b, R = HR / RR. The paper does not say whether a
rate counts outputs or adds up probabilities, so both are here: `greedy` (the argmax is Y_a) and `prob` (its probability).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from worlds.facts.corpus import Corpus, Ids

LEARNED = 0.5  # below this share of right popular answers a group is "not learned", and no R is given
Scores = Callable[[Sequence[Ids], Sequence[Ids]], tuple[np.ndarray, np.ndarray]]  # prompts, answers -> (rows,) bool, (rows,) 0..1


@dataclass(frozen=True)
class Answers:
    """One number per knowledge set, of which group rates are means; `prob` is the probability of the whole answer."""

    value: np.ndarray  # (sets,) P or L
    rr_greedy: np.ndarray  # (sets,) 0 or 1: Y_a on x_a
    hr_greedy: np.ndarray  # (sets,) 0 or 1: Y_a on x_b
    em_greedy: np.ndarray  # (sets,) 0 or 1: Y_b on x_b
    rr_prob: np.ndarray  # (sets,) 0..1
    hr_prob: np.ndarray  # (sets,) 0..1
    em_prob: np.ndarray  # (sets,) 0..1


@dataclass(frozen=True)
class GroupRates:
    """Rates 0..1 of all sets with one P or L. R is None where the group has not learned its popular answer."""

    value: float
    sets: int
    rr_greedy: float
    hr_greedy: float
    rr_prob: float
    hr_prob: float
    em_b: float

    @property
    def other(self) -> float:
        """Rare prompts that are answered with neither Y_a nor Y_b."""
        return max(0.0, 1 - self.em_b - self.hr_greedy)

    @property
    def is_learned(self) -> bool:
        """Whether at least half of the popular prompts get Y_a as output."""
        return self.rr_greedy >= LEARNED

    @property
    def r_greedy(self) -> float | None:
        """HR / RR of outputs; may exceed 1."""
        return self.hr_greedy / self.rr_greedy if self.is_learned else None

    @property
    def r_prob(self) -> float | None:
        """HR / RR of probabilities, much smoother; RR_prob may be below 0.5 though the outputs are right."""
        return self.hr_prob / self.rr_prob if self.is_learned else None


def rates(answers: Answers) -> list[GroupRates]:
    """Return the rates of every value, in order."""
    groups = []
    for value in np.unique(answers.value):
        own = answers.value == value
        parts = (answers.rr_greedy, answers.hr_greedy, answers.rr_prob, answers.hr_prob, answers.em_greedy)
        groups.append(GroupRates(float(value), int(own.sum()), *(float(part[own].mean()) for part in parts)))
    return groups


def ask(scores: Scores, corpus: Corpus) -> Answers:
    """Ask every rare prompt and one popular prompt of every set.

    Args:
        scores: returns whether greedy decoding gives each answer to its prompt, and the answer's probability.
    """
    popular = [knowledge.statement("a") for knowledge in corpus.sets]
    rare = [knowledge.statement("b") for knowledge in corpus.sets]
    prompts = [s.prompt for s in (*popular, *rare, *rare)]
    wanted = [s.y for s in (*popular, *popular, *rare)]
    is_greedy, prob = scores(prompts, wanted)
    greedy, likely = is_greedy.reshape(3, -1).astype(float), prob.reshape(3, -1)
    value = np.array([corpus.value(knowledge) for knowledge in corpus.sets], float)
    return Answers(value, *greedy, *likely)
