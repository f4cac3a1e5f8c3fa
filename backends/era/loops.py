"""The same thing tried again and again: an action that fails in a row, or an unreadable reply; each such loop is told once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from backends.episode import Action, Turn

LEAST = 3  # times in a row that make a loop; twice is a try
LONGEST = 4  # actions of a round that comes again and again, such as to take, carry, put down and look again


@dataclass(frozen=True)
class Loop:
    """One action, or one reply, that failed several times in a row with the same feedback."""

    name: str
    feedback: str
    count: int
    turn: int  # index of the first
    last_turn: int

    @property
    def said(self) -> str:
        what = f"The action {self.name[:80]!r} failed" if self.name else "The same unreadable reply came"
        return f"{what} {self.count} times in a row (calls {self.turn + 1} to {self.last_turn + 1})."


def loops(turns: Sequence[Turn]) -> tuple[Loop, ...]:
    """Return every loop, in order."""
    found = []
    for (name, feedback, is_failed), group in groupby(_tries(turns), key=lambda tried: tried[:3]):
        places = [tried[3] for tried in group]
        if is_failed and len(places) >= LEAST:
            found.append(Loop(name if name != _UNREADABLE else "", feedback, len(places), places[0], places[-1]))
    return tuple(found)


@dataclass(frozen=True)
class Streak:
    """Actions that came again and again, whether they worked or not."""

    names: tuple[str, ...]  # of one round
    rounds: int  # that were whole
    first: int  # step, from 1, as `steps` counts them
    last: int
    is_idle: bool  # the world stood alike after each of them, as far as states tell

    @property
    def said(self) -> str:
        if len(self.names) == 1:
            what = f"{self.names[0][:80]!r} came {self.rounds} times in a row"
        else:
            what = f"{', '.join(repr(name[:40]) for name in self.names)} came {self.rounds} times over"
        return f"{what} (steps {self.first} to {self.last}){', and nothing changed after the first time' if self.is_idle else ''}."


def steps(turns: Sequence[Turn]) -> list[tuple[Turn, Action | None]]:
    """Return every action with its turn; a turn that did nothing is one step, too, so that none is passed over."""
    return [(turn, action) for turn in turns for action in turn.actions or (None,)]


def streak(turns: Sequence[Turn]) -> Streak | None:
    """Return the longest of what was done again and again, the shortest round of it; None where nothing was.

    What went wrong by itself ends it: what comes again then, may have to.
    """
    shown = steps(turns)
    names = [called(action) if action is not None and turn.by != "perturbation" else "" for turn, action in shown]
    found = [(end - begin, -length, -begin) for length in range(1, LONGEST + 1) for begin, end in _again(names, length)
             if end - begin >= LEAST * length]
    if not found:
        return None
    count, length, begin = (abs(part) for part in max(found))
    states = [action.state if action is not None else None for _, action in shown[begin:begin + count]]
    is_idle = states[0] is not None and all(state == states[0] for state in states)
    return Streak(tuple(names[begin:begin + length]), count // length, begin + 1, begin + count, is_idle)


def _again(names: Sequence[str], length: int) -> Iterator[tuple[int, int]]:
    """Yield where names begin and end to come again after so many; an empty one never does."""
    begin = 0
    for place in range(length, len(names) + 1):
        if place == len(names) or not names[place] or names[place] != names[place - length]:
            yield begin, place
            begin = place - length + 1


_UNREADABLE = "\0"


def _tries(turns: Sequence[Turn]) -> Iterator[tuple[str, str, bool, int]]:
    """Yield name, feedback, whether it failed, and the turn, of each action and each unreadable reply."""
    for turn in turns:
        if turn.parse == "failed" and not turn.actions:
            yield _UNREADABLE, turn.reply, True, turn.index
        for action in turn.actions:
            yield called(action), action.feedback, action.ok is False, turn.index


def called(action: Action) -> str:
    """Return what an action is called: its name, else its id."""
    return action.name or action.id


def once(turns: Sequence[Turn]) -> Iterator[tuple[Turn, Action]]:
    """Yield every action, of those that fail in a row the first alone, so that a loop counts as one."""
    before: tuple[str, str] | None = None
    for turn in turns:
        for action in turn.actions:
            own = (called(action), action.feedback) if action.ok is False else None
            if own is None or own != before:
                yield turn, action
            before = own
