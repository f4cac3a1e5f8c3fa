"""The same thing tried again and again: an action that fails in a row, or an unreadable reply; each such loop is told once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from backends.episode import Action, Turn

LEAST = 3  # times in a row that make a loop; twice is a try


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
