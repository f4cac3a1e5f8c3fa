"""Which seed is which episode of a world whose tasks come in subsets, said in this one place.

Evaluation: seed = 100 * subset + episode, with 50 episodes per subset, the subsets in the world's own order (ERA's numbering).
Training: from 10,000 on, ten thousand seeds for each subset in the same order. The two never meet; what lies between them is for
whoever wants a scene that is neither trained on nor measured.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worlds.errors import InputError

EPISODES = 50
TRAINING = 10_000  # the first seed of training, and how many each subset has


def is_for_training(seed: int) -> bool:
    """Whether a seed belongs to training."""
    return seed >= TRAINING


@dataclass(frozen=True)
class Numbering:
    """The seeds of a world with these subsets."""

    subsets: tuple[str, ...]

    def evaluation_seed(self, subset: str, episode: int) -> int:
        """The seed of a fixed evaluation episode, 0 to 49.

        Raises:
            InputError: there is no such subset or episode.
        """
        if not 0 <= episode < EPISODES:
            raise InputError(f"There is no evaluation episode {episode}. They are numbered 0 to {EPISODES - 1}.")
        return 100 * self.subset_index(subset) + episode

    def evaluation_seeds(self, subset: str) -> list[int]:
        """The seeds of all fixed evaluation episodes of a subset."""
        return [self.evaluation_seed(subset, episode) for episode in range(EPISODES)]

    def training_seeds(self, subset: str, *, first: int = 0) -> Iterator[int]:
        """The seeds of training for a subset, in their order; there are ten thousand."""
        start = TRAINING * (1 + self.subset_index(subset))
        return iter(range(start + first, start + TRAINING))

    def training_rounds(self, subsets: Sequence[str]) -> Iterator[tuple[int, str]]:
        """The seeds of training for some subsets by turns, each with its subset."""
        for place in range(TRAINING):
            for subset in subsets:
                yield TRAINING * (1 + self.subset_index(subset)) + place, subset

    def subset_of(self, seed: int) -> str:
        """The subset that a seed belongs to; those between evaluation and training go round like evaluation's."""
        block = seed // TRAINING - 1 if is_for_training(seed) else seed // 100
        return self.subsets[block % len(self.subsets)]

    def subset_index(self, subset: str) -> int:
        """The place of a subset in the numbering.

        Raises:
            InputError: there is no such subset.
        """
        if subset not in self.subsets:
            raise InputError(f"There is no subset {subset[:40]!r}. The subsets are {', '.join(self.subsets)}.")
        return self.subsets.index(subset)
