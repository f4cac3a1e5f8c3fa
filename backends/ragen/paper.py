"""Numbers of the paper, success in per cent: RAGEN, arXiv 2504.20073, tables 2, 3 and 4. Beside table 3 stand lines that are ours.

No number is said to be the paper's that it does not give. A random policy that spends the whole budget of an episode was measured
on the released rooms (256 of 6x6, 80 of 8x8) and worked out exactly on 256 lakes: the paper gives an episode five times the actions
of a turn, so more actions per turn are more actions in all, and the reported success follows the random line.
"""

from dataclasses import dataclass

SOURCE = "arXiv 2504.20073"


@dataclass(frozen=True)
class Diversity:
    """Table 2: how often each start is played, 128 episodes in all; trained on Sokoban."""

    members: int
    sokoban: float
    new_words: float
    lake: float


@dataclass(frozen=True)
class Actions:
    """Table 3: actions of a turn, and beside each game a random policy with as many actions in the episode; ours are marked."""

    per_turn: int
    sokoban: float
    sokoban_random: float  # ours
    new_words: float
    large: float
    large_random: float  # ours
    lake: float
    lake_random: float  # ours
    lake_best: float  # ours

    @property
    def per_episode(self) -> int:
        """The script gives an episode five turns' worth, also where it is judged."""
        return 5 * self.per_turn


@dataclass(frozen=True)
class Thinking:
    """Table 4: StarPO-S with a thought before the answer, and without."""

    task: str
    thinks: float
    answers: float


DIVERSITY = (Diversity(32, 21.09, 20.22, 17.97), Diversity(16, 20.31, 21.48, 19.53), Diversity(8, 20.31, 19.53, 17.19),
             Diversity(4, 20.70, 25.39, 21.48), Diversity(2, 19.92, 25.00, 12.50), Diversity(1, 19.53, 22.27, 12.50))

ACTIONS = (
    Actions(1, 12.11, 12.1, 13.67, 1.17, 1.3, 11.72, 15.7, 29.0), Actions(2, 16.41, 18.7, 21.09, 3.52, 3.1, 18.36, 21.2, 48.3),
    Actions(3, 19.53, 23.1, 19.53, 1.95, 4.3, 20.88, 24.4, 61.3), Actions(4, 26.95, 26.3, 26.95, 5.08, 5.6, 20.70, 26.4, 69.8),
    Actions(5, 28.13, 29.0, 25.78, 6.25, 6.8, 21.09, 27.8, 75.4), Actions(6, 33.59, 31.4, 31.64, 6.64, 7.5, 18.36, 28.8, 79.3),
    Actions(7, 22.27, 33.5, 28.52, 3.91, 8.2, 19.53, 29.5, 81.9))

THINKING = (
    Thinking("Bandit", 100.0, 81.25), Thinking("Bandit, names the other way around", 67.58, 56.25),
    Thinking("Frozen lake", 19.92, 19.53), Thinking("Sokoban", 21.48, 20.73), Thinking("Sokoban, larger", 2.34, 2.73),
    Thinking("Sokoban, new words", 18.75, 26.17))

STANDARD_ERROR = 2.5  # per cent, of a share of 0.2 in 256 episodes
