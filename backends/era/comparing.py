"""Two runs of the same tasks beside each other: which episodes belong together, whether one is better, and what they differ in.

Episodes are paired by environment, subset, number and instruction. Whether one run does better is McNemar's exact test on those
where they differ: of n such episodes k are won by the one, and p is how often a fair coin falls as far apart as that or further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pydantic import JsonValue

from backends.era.facts import Facts
from backends.files.rows import counted

HABITAT_NOTE = ("EB-Habitat's long-horizon tasks were replaced in place by a later release: runs from before and after it are not "
                "of the same tasks.")


@dataclass(frozen=True)
class Pair:
    """One task in both runs; `diverges` is the first step, from 1, in which they do different things, None where they never do."""

    first: Facts
    second: Facts
    diverges: int | None

    @property
    def differs(self) -> bool:
        return None not in (self.first.success, self.second.success) and self.first.success != self.second.success


@dataclass(frozen=True)
class Compared:
    """Two runs over the tasks that both have."""

    pairs: tuple[Pair, ...]
    both: int
    only_first: int
    only_second: int
    neither: int
    p: float  # of McNemar's exact test, two-sided
    unpaired: tuple[int, int]  # episodes of each run without one in the other
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A setting that two configs differ in; None where one has it not."""

    name: str
    first: str | None
    second: str | None


def compared(first: Sequence[Facts], second: Sequence[Facts]) -> Compared:
    """Return two runs beside each other."""
    ones, others = {one.key: one for one in first}, {one.key: one for one in second}
    pairs = tuple(Pair(one, others[key], parted(one.names, others[key].names)) for key, one in ones.items() if key in others)
    outcomes = [(pair.first.success, pair.second.success) for pair in pairs]
    known = [outcome for outcome in outcomes if None not in outcome]
    only_first, only_second = known.count((True, False)), known.count((False, True))
    notes = []
    if twice := len(first) + len(second) - len(ones) - len(others):
        notes.append(f"{counted(twice, 'episode')} of a task that was there before: the last of each counts.")
    renamed = len({key[:3] for key in ones} & {key[:3] for key in others}) - len({key[:3] for key in ones if key in others})
    if renamed:
        notes.append(f"Not paired, because the same number stands for another instruction: {counted(renamed, 'episode')}.")
    if any(one.environment == "eb_habitat" and one.group == "long_horizon" for one in ones.values()):
        notes.append(HABITAT_NOTE)
    return Compared(pairs, known.count((True, True)), only_first, only_second, known.count((False, False)),
                    mcnemar(only_first, only_second), (len(ones) - len(pairs), len(others) - len(pairs)), tuple(notes))


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p of that many episodes won by the one and by the other alone; 1 where none is."""
    count, ways, total = only_first + only_second, 1, 1
    for k in range(min(only_first, only_second)):
        ways = ways * (count - k) // (k + 1)  # count over k + 1
        total += ways
    return min(1.0, 2 * total / 2**count)


def divergence(first: Sequence[str], second: Sequence[str]) -> int | None:
    """Return the first step, from 1, in which two episodes do different things; also where one has ended."""
    return next((step for step, (one, other) in enumerate(zip_longest(first, second), 1) if one != other), None)


def parted(first: Sequence[str], second: Sequence[str]) -> int | None:
    """The same of two logs, of which one may not say what was done: nobody knows then where they part."""
    return divergence(first, second) if first and second else None


def differences(first: Mapping[str, JsonValue] | None, second: Mapping[str, JsonValue] | None) -> tuple[Difference, ...]:
    """Return the settings that differ, by name; what both lack, or have alike, is left out."""
    one, other = first or {}, second or {}
    found = (Difference(name, _shown(one, name), _shown(other, name)) for name in sorted({*one, *other}))
    return tuple(difference for difference in found if difference.first != difference.second)


def _shown(config: Mapping[str, JsonValue], name: str) -> str | None:
    return str(config[name])[:500] if name in config else None
