"""Pairs of names for the arms: which they are trained with, and which ask whether more was learnt than a name."""

import re
from dataclasses import dataclass

from worlds.errors import InputError

_NAME = re.compile(r"[A-Za-z]{1,20}")


@dataclass(frozen=True)
class Pair:
    """The name of the arm that pays little for sure, and of the one that pays much now and then.

    Raises:
        InputError: these are no names for two arms.
    """

    low: str
    high: str

    def __post_init__(self) -> None:
        for name in (self.low, self.high):
            if not _NAME.fullmatch(name):
                raise InputError(f"{name[:40]!r} cannot name an arm. A name has 1 to 20 letters from A to Z.")
        if self.low.lower() == self.high.lower():
            raise InputError(f"Both arms are named {self.low!r}. They need two names.")

    @property
    def reversed(self) -> "Pair":
        """The same names the other way round, so that what they hint at is wrong."""
        return Pair(self.high, self.low)


PHOENIX_DRAGON = Pair("Phoenix", "Dragon")  # trained with
ENGINEER_TEACHER = Pair("Engineer", "Teacher")  # trained with where generalisation is asked about
TRADER_LIBRARIAN = Pair("Trader", "Librarian")  # never trained with
TRAINING_PAIRS = {"Phoenix, Dragon": PHOENIX_DRAGON, "Engineer, Teacher": ENGINEER_TEACHER,
                  "Teacher, Engineer": ENGINEER_TEACHER.reversed}
TEST_PAIRS = {"Trader, Librarian": TRADER_LIBRARIAN, "Librarian, Trader": TRADER_LIBRARIAN.reversed}
PAIRS = {**TRAINING_PAIRS, **TEST_PAIRS}  # by "low, high"
