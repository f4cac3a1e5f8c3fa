"""What the arms pay, and what follows for those who pull them without looking and for those who know."""

from dataclasses import dataclass

HIGH = 1.0  # what the high arm pays, where it pays


@dataclass(frozen=True)
class Payouts:
    """What the two arms pay.

    Attributes:
        low: of the low arm, always; the paper has 0.15, the released code 0.1.
        chance: of the high arm to pay 1 and not 0.
    Raises:
        ValueError: these are no payouts.
    """

    low: float = 0.15
    chance: float = 0.25

    def __post_init__(self) -> None:
        if not (0 <= self.low <= 1 and 0 <= self.chance <= 1):
            raise ValueError(f"the low arm pays {self.low} and the high arm with the chance {self.chance}; both lie between 0 and 1")

    @property
    def high_mean(self) -> float:
        """What the high arm pays on average."""
        return self.chance * HIGH

    @property
    def best_reward(self) -> float:
        """What the arm that pays more on average pays."""
        return max(self.low, self.high_mean)

    @property
    def random_reward(self) -> float:
        """What arms pay on average that are drawn evenly."""
        return (self.low + self.high_mean) / 2

    def paid(self, *, is_high: bool, drawn: float) -> float:
        """What a pull pays, where chance has drawn a number, evenly from 0 to 1."""
        if not is_high:
            return self.low
        return HIGH if drawn < self.chance else 0.0
