"""The signs of a collapse, each a named rule on some of a run's numbers; `monitor` asks them.

A rule is given the values that it needs, in the order of the iterations and without gaps, and says for each whether the sign is
there at that moment. It looks back only: what it said stays said however the run goes on. Whose threshold it is, is told: that of
RAGEN-2's released code, or ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from backends.ragen.settings import RagenSettings

Colour = Literal["amber", "red"]
By = Literal["RAGEN-2's code", "ours"]
Values = Mapping[str, np.ndarray]  # by the name of the metric, (known,) each; NaN in those that a rule only would like to have
Test = Callable[[Values, "Setup"], np.ndarray]  # (known,) bool
START = 10  # iterations: as many make the baseline of RAGEN-2's rule
TOLD = 5  # as many bad validations, or iterations with nothing kept, end a run of RAGEN-2's
UNREAD = 3  # iterations: one bad one is mended more often than not (measured: 20 false alarms of 31 runs, with three in a row 4)
SMOOTH, LOOK_BACK = 3, 20  # iterations, of the entropy's rise
SPIKE, NORMS = 10.0, 50  # times the median of so many norms before


@dataclass(frozen=True)
class Setup:
    """What of a run's settings the rules need.

    Attributes:
        penalty: what a turn without a valid action costs, 0 or below.    turns: most of an episode.
    """

    penalty: float = -0.1
    turns: int = 1

    @property
    def floor(self) -> float:
        """What an episode earns in which no turn can be read."""
        return self.penalty * self.turns


def setup_of(settings: RagenSettings) -> Setup:
    """What the rules need of a run's settings."""
    return Setup(penalty=settings.penalty, turns=1 if settings.game == "bandit" else settings.turns)


@dataclass(frozen=True)
class Rule:
    """One sign.

    Attributes:
        needs: metrics without which it can not be asked.    likes: those that it uses where they are known.
        least: how many known values it takes before it can say anything.
        sign: what is the matter where it is there, as the end of a sentence.
    """

    name: str
    colour: Colour
    by: By
    needs: tuple[str, ...]
    least: int
    sign: str
    test: Test
    likes: tuple[str, ...] = ()


def lasting(is_there: np.ndarray, count: int) -> np.ndarray:
    """Return where something has been there as many times in a row, (known,) -> (known,)."""
    lasts = np.zeros(len(is_there), bool)
    if len(is_there) >= count:
        lasts[count - 1:] = sliding_window_view(is_there, count).all(1)
    return lasts


def start_of(values: np.ndarray) -> float:
    """Return the mean of the first ten of (known,) values: what the rules compare with."""
    return float(values[:START].mean())


def _after_start(is_there: np.ndarray) -> np.ndarray:
    """Return the same with nothing in the iterations that make the baseline."""
    return is_there & (np.arange(len(is_there)) >= START)


def _narrow(share: float, count: int) -> Test:
    """The spread stays below a share of its start, for a number of iterations after it. A start of 0 is no fall."""
    return lambda values, setup: lasting(_after_start(values["std"] < share * start_of(values["std"])), count)


def _faded(values: Values, setup: Setup) -> np.ndarray:
    return _after_start(values["entropy"] < 0.2 * start_of(values["entropy"]))


def _risen(values: Values, setup: Setup) -> np.ndarray:
    """The mean of the last three is above the lowest such mean of the last twenty by more than half of the start's entropy."""
    entropy = values["entropy"]
    if len(entropy) < SMOOTH:
        return np.zeros(len(entropy), bool)
    smooth = sliding_window_view(entropy, SMOOTH).mean(1)  # (known - 2,)
    before = np.concatenate([np.full(LOOK_BACK - 1, np.inf), smooth])
    lowest = sliding_window_view(before, LOOK_BACK).min(1)
    risen = np.concatenate([np.zeros(SMOOTH - 1, bool), smooth - lowest > 0.5 * start_of(entropy)])
    return _after_start(risen)


def _spiked(values: Values, setup: Setup) -> np.ndarray:
    """A norm is ten times the median of those before it, fifty at the most; or a gradient was no number."""
    return (values["largest_gradient"] > SPIKE * usual_norms(values["largest_gradient"])) | (values["broken"] > 0)


def usual_norms(norms: np.ndarray) -> np.ndarray:
    """Return the median of the last fifty norms before each, (known,); nan where there are fewer than ten."""
    return np.array([np.median(norms[max(0, place - NORMS):place]) if place >= START else np.nan for place in range(len(norms))])


def _floored(values: Values, setup: Setup) -> np.ndarray:
    """Within a twentieth of what unreadable turns alone earn; where most turns are known to be valid, that is chance."""
    if setup.floor >= 0:
        return np.zeros(len(values["reward"]), bool)
    return (np.abs(values["reward"] - setup.floor) <= -0.05 * setup.floor) & ~(values["valid"] >= 0.5)


RULES: tuple[Rule, ...] = (
    Rule("spread is gone", "red", "RAGEN-2's code", ("std",), 2 * START,
         "the spread of rewards inside groups is below 10 % of its start, for 10 iterations", _narrow(0.1, 10)),
    Rule("spread halves", "amber", "ours", ("std",), START + 5,
         "the spread of rewards inside groups is below half of its start, for 5 iterations", _narrow(0.5, 5)),
    Rule("one thought", "amber", "ours", ("top",), 1, "more than half of all thoughts are the same",
         lambda values, setup: values["top"] > 0.5),
    Rule("entropy fades", "amber", "ours", ("entropy",), START + 1, "the entropy is below a fifth of its start", _faded),
    Rule("entropy leaps", "amber", "ours", ("entropy",), START + 1,
         "the entropy rose by more than half of its start within 20 iterations", _risen),
    Rule("format is lost", "red", "ours", ("valid",), UNREAD, "fewer than half of the turns can be read, 3 iterations in a row",
         lambda values, setup: lasting(values["valid"] < 0.5, UNREAD)),
    Rule("gradient spikes", "red", "ours", ("largest_gradient",), START + 1,
         "a gradient is more than ten times as long as usual, or no number", _spiked, likes=("broken",)),
    Rule("penalties only", "red", "ours", ("reward",), 1, "the mean reward is what unreadable turns cost, and nothing else",
         _floored, likes=("valid",)),
    Rule("nothing kept", "red", "RAGEN-2's code", ("kept",), TOLD, "no group was left to learn from, 5 iterations in a row",
         lambda values, setup: lasting(values["kept"] < 1, TOLD)),
    Rule("words not its own", "red", "ours", ("unsampled",), 1, "it learns from tokens that the model did not draw",
         lambda values, setup: values["unsampled"] > 0),
    Rule("fails its tests", "red", "RAGEN-2's code", ("validation",), TOLD,
         "less than 1 % of the fixed starts end in success, 5 validations in a row",
         lambda values, setup: lasting(values["validation"] < 0.01, TOLD)),
)
