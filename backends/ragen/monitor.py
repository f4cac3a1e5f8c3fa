"""Is a run about to collapse? Every rule's first alarm, when the reward fell, and how long before that each alarm came.

Whatever part of a run is known can be asked about, and an alarm of a part stays one of the whole. Numbers that are missing are passed
over, as if their iteration had not been, and that is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.ragen.measures import Metrics
from backends.ragen.rules import RULES, By, Colour, Rule, Setup, Values

Light = Literal["unknown", "green", "amber", "red"]
SMOOTHED = 5  # iterations of the reward's mean
NEEDED = 10  # rewards before a fall is called one
NOISES = 8.0  # a fall is larger than so many standard errors of the smoothed reward
SHARE = 0.5  # of the gain over the start: what must be lost


@dataclass(frozen=True)
class Alarm:
    """What one rule says of a run.

    Attributes:
        fired: the first iteration at which its sign was there; None is never.
        holds: whether it is there at the newest iteration that it knows of.
        lead: iterations from its first alarm to the fall of the reward, below 0 where it came after; None without one of both.
        is_asked: whether enough is known to ask it.
        sentence: all of this for people.
    """

    name: str
    colour: Colour
    by: By
    fired: int | None
    holds: bool
    lead: int | None
    is_asked: bool
    sentence: str


@dataclass(frozen=True)
class Report:
    """What is to be said of a run so far.

    Attributes:
        fell: the iteration at which the reward fell; None is never.
        light: the worst colour that any rule ever had; "unknown" where no rule could be asked.
        now: the worst colour of what still holds.
        notes: what was passed over.
    """

    alarms: tuple[Alarm, ...]
    fell: int | None
    light: Light
    now: Light
    notes: tuple[str, ...] = ()

    @property
    def fired(self) -> tuple[Alarm, ...]:
        """Those that came, the earliest first."""
        return tuple(sorted((one for one in self.alarms if one.fired is not None), key=lambda one: one.fired or 0))


def watch(history: Sequence[Metrics], setup: Setup | None = None) -> Report:
    """Return what is to be said of a run, or of as much of it as there is.

    Args:
        history: by growing iteration; some may be missing, as in logs.
    """
    fell = reward_fall(history)
    alarms = tuple(_asked(rule, history, setup or Setup(), fell) for rule in RULES)
    asked = [one for one in alarms if one.is_asked]
    return Report(alarms, fell, light=_worst([one.colour for one in asked if one.fired is not None], bool(asked)),
                  now=_worst([one.colour for one in asked if one.holds], bool(asked)), notes=_gaps(history))


def reward_fall(history: Sequence[Metrics]) -> int | None:
    """Return the iteration at which the reward fell; None is never. (Ours: the papers only show it.)

    The reward is smoothed over five iterations. It has fallen where it lost half of what its peak had gained over the start, and
    where the way down from the peak is no noise: longer than eight standard errors of the smoothed reward, by the differences of
    neighbours. Six were not enough: of 300 healthy runs of 150 iterations 18 would have fallen.
    """
    iterations, values = known(history, ("reward",))
    rewards = values["reward"]
    if len(rewards) < NEEDED:
        return None
    smooth = smoothed(rewards)
    peaks, start = np.maximum.accumulate(smooth[SMOOTHED - 1:]), smooth[SMOOTHED - 1]
    steps = np.square(np.diff(rewards))
    noise = np.sqrt(np.cumsum(steps) / np.arange(1, len(rewards)) / 2 / SMOOTHED)[SMOOTHED - 2:]  # standard error of five, so far
    now = smooth[SMOOTHED - 1:]
    # a difference within rounding of what it is made of is none
    has_fallen = (now < start + SHARE * (peaks - start)) & (peaks - now > np.maximum(NOISES * noise, 1e-9 * (1 + np.abs(peaks))))
    has_fallen[:NEEDED - SMOOTHED] = False
    return int(iterations[SMOOTHED - 1:][has_fallen][0]) if has_fallen.any() else None


def smoothed(values: np.ndarray) -> np.ndarray:
    """Return the mean of each value and the four before it, of fewer where the run has just begun; (known,) -> (known,)."""
    sums, counts = np.cumsum(np.concatenate([[0.0], values])), np.arange(1, len(values) + 1)
    return (sums[1:] - sums[np.maximum(0, counts - SMOOTHED)]) / np.minimum(counts, SMOOTHED)


def known(history: Sequence[Metrics], needs: tuple[str, ...], likes: tuple[str, ...] = ()) -> tuple[np.ndarray, Values]:
    """Return the iterations in which all that is needed is a number, (known,), and the values there."""
    table = {name: np.array([getattr(one, name) for one in history], float) for name in (*needs, *likes)}  # None becomes nan
    whole = np.ones(len(history), bool)
    for name in needs:
        whole &= np.isfinite(table[name])
    return np.array([one.iteration for one in history], int)[whole], {name: values[whole] for name, values in table.items()}


def _asked(rule: Rule, history: Sequence[Metrics], setup: Setup, fell: int | None) -> Alarm:
    iterations, values = known(history, rule.needs, rule.likes)
    is_asked = len(iterations) >= rule.least
    there = rule.test(values, setup) if is_asked else np.zeros(0, bool)
    fired = int(iterations[there][0]) if there.any() else None
    lead = None if fell is None or fired is None else fell - fired
    return Alarm(rule.name, rule.colour, rule.by, fired, bool(is_asked and there[-1]), lead, is_asked,
                 _sentence(rule, len(iterations), fired, lead))


def _sentence(rule: Rule, count: int, fired: int | None, lead: int | None) -> str:
    if not count:
        return f"Not asked: {' and '.join(NAMES[name] for name in rule.needs)} is not known."
    if count < rule.least:
        return f"Not asked yet: it takes {rule.least} values, and there are {count}."
    if fired is None:
        return f"Has not been seen: {rule.sign}."
    if lead is None:
        return f"From iteration {fired} on: {rule.sign}."
    when = f"{lead} before the reward fell" if lead > 0 else f"{-lead} after the reward fell" if lead else "when the reward fell"
    return f"First at iteration {fired}, {when}: {rule.sign}."


NAMES = {"std": "the spread inside groups", "top": "the share of the commonest thought", "entropy": "the entropy",
         "valid": "the share of valid turns", "largest_gradient": "the norm of gradients", "reward": "the reward",
         "kept": "the number of groups that were kept", "unsampled": "who wrote the tokens that are learned from",
         "validation": "the success on fixed starts"}


def _gaps(history: Sequence[Metrics]) -> tuple[str, ...]:
    """Say which numbers are there in some iterations only; validations are meant to be rare."""
    notes = []
    for name, words in NAMES.items():
        missing = len(history) - len(known(history, (name,))[0])
        if name != "validation" and 0 < missing < len(history):
            told = f"{words[0].upper()}{words[1:]} is missing in {missing} of {len(history)} iterations"
            notes.append(f"{told}, which were passed over.")
    return tuple(notes)


def _worst(colours: Sequence[Colour], is_known: bool) -> Light:
    if not is_known:
        return "unknown"
    return "red" if "red" in colours else "amber" if "amber" in colours else "green"
