"""One lane of the queue: runs that wait, in an order that is fair between sessions.

The next run is the oldest one of the session that was served longest ago. A run that several sessions share comes as early as the
first of them would, and all of them are served with it.
"""

from collections import deque
from typing import Generic, Protocol, TypeVar

LAST_RUNS = 20  # so many say how long a run takes


class Waiting(Protocol):
    sessions: list[str]


T = TypeVar("T", bound=Waiting)


class Lane(Generic[T]):
    """What waits here and who was served. Whoever uses it holds a lock.

    Args:
        num_workers: runs of this lane that run at once.
    """

    def __init__(self, num_workers: int) -> None:
        self.num_workers = num_workers
        self.waiting: list[T] = []
        self.durations: deque[float] = deque(maxlen=LAST_RUNS)
        self._last_served: dict[str, int] = {}  # session -> turn
        self._turn = 0

    def order(self) -> list[T]:
        """The waiting runs in the order in which they will run."""
        served, left, order = dict(self._last_served), list(self.waiting), []
        for turn in range(len(left)):
            run = min(left, key=lambda run: min(served.get(session, -1) for session in run.sessions))  # the oldest among equals
            left.remove(run)
            order.append(run)
            served |= dict.fromkeys(run.sessions, self._turn + 1 + turn)
        return order

    def take(self) -> T:
        """Take the next run out of the queue."""
        run = self.order()[0]
        self.waiting.remove(run)
        self._turn += 1
        self._last_served |= dict.fromkeys(run.sessions, self._turn)
        return run

    def serve(self, session: str) -> None:
        """The session has joined a run that runs already."""
        self._last_served[session] = self._turn

    def forget(self, session: str) -> None:
        self._last_served.pop(session, None)

    def expected_wait_s(self, position: int) -> float | None:
        """Return how long whoever stands there waits, judged by the last runs; None while no run has ended."""
        if not self.durations:
            return None
        return sum(self.durations) / len(self.durations) * position / self.num_workers
