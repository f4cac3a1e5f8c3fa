"""What two digits come to, modulo 10, and which of these facts are seen by everybody: a quarter of them.

A fact is an operation and two digits in their order, 300 in one step. Who learns the seen ones only has never been told the others,
and nothing in the seen ones tells them: no rule of theirs says which quarter of the table they are.
"""

from collections.abc import Mapping
from types import MappingProxyType

BASE = 10
OPERATIONS: tuple[str, ...] = ("+", "-", "*")
STEPS: Mapping[int, tuple[str, ...]] = MappingProxyType({  # what can be asked, by how many operations it takes
    1: OPERATIONS, 2: ("++", "+-", "-+", "--")})  # of two: the result, and the second digit, again


def result(operation: str, first: int, second: int) -> int:
    """Return what an operation makes of two digits; of two operations the second is done with the second digit once more.

    Raises:
        ValueError: there is no such operation.
    """
    found = first
    for sign in _checked(operation):
        found = {"+": found + second, "-": found - second, "*": found * second}[sign] % BASE
    return found


def is_seen(operation: str, first: int, second: int) -> bool:
    """Whether a fact is of the quarter that everybody learns."""
    place = [OPERATIONS.index(sign) for sign in _checked(operation)]
    further = 3 * place[1] + 1 if len(place) > 1 else 0
    return (7 * first + 3 * second + 5 * place[0] + further) % 4 == 0


def facts(steps: int = 1, *, seen: bool | None = None) -> list[tuple[str, int, int]]:
    """Return all facts of so many steps as (operation, first, second); only the seen or the unseen ones where that is said."""
    return [(operation, first, second) for operation in STEPS[steps] for first in range(BASE) for second in range(BASE)
            if seen is None or is_seen(operation, first, second) == seen]


def _checked(operation: str) -> str:
    if operation not in STEPS[1] + STEPS[2]:
        raise ValueError(f"there is no operation {operation!r}; there are {', '.join(STEPS[1] + STEPS[2])}")
    return operation
