"""How long a run that does not react is waited for.

A run ends by itself at its next event, and brings what it has. Between two events nobody can stop it: it may be busy, or hang in a
load, a decoder or a step of a simulation. It is told apart by its own pace: a run whose steps took a minute is given more time than
one whose steps took none.
"""

import math
import threading
import time
from dataclasses import dataclass


class Clock:
    """Time as an engine has it, in seconds; a test's is turned by hand."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Sleep until `condition`, which is held, is notified, or until then; infinity is for ever."""
        condition.wait(None if math.isinf(until) else min(max(0.0, until - self.now()), threading.TIMEOUT_MAX))


@dataclass
class Pulse:
    """When a run showed life, in seconds of one clock."""

    started: float
    last: float
    longest_gap: float = 0.0  # between two of its events
    stopped: float = math.inf  # when its owner wanted it to end, or left

    def beat(self, now: float) -> None:
        """Note that it reacted."""
        self.longest_gap = max(self.longest_gap, now - self.last)
        self.last = now


@dataclass(frozen=True)
class Patience:
    """The limits of one engine, in seconds."""

    time_limit_s: float = 600.0
    grace_s: float = 30.0  # for a run that should end, to bring what it has
    silence_s: float = 3.0  # after so long without a sign of life, whoever presses Stop is not kept waiting

    def shown_as_stopped(self, pulse: Pulse) -> float:
        """Return when a run that its owner stopped counts as stopped, even if it has not reacted; infinity where nobody did."""
        return max(pulse.stopped, pulse.last + max(self.silence_s, min(2 * pulse.longest_gap, self.grace_s)))

    def given_up(self, pulse: Pulse) -> float:
        """Return when a run is waited for no longer: a grace after its limit or its stop, or after its last sign of life since."""
        should_end = min(pulse.started + self.time_limit_s, pulse.stopped)
        return max(should_end, pulse.last) + max(self.grace_s, min(2 * pulse.longest_gap, self.time_limit_s / 2))
