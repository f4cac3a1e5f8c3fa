"""What one iteration of a training comes to: how its episodes went, how alike they are, and how the update went.

Everything is worked out from plain records, so that a log that was brought is measured as a live run is. What is not known is None:
never 0, and never no number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from statistics import fmean

from backends.ragen.filters import Selection
from backends.shapes import Count, Finite, Rate

MOST_REPEATED = 10
LAST = 10  # iterations of a training's end
THOUGHT_LETTERS = 2_000  # of a repeated thought that are kept


@dataclass(frozen=True)
class Attempt:
    """What is measured of one episode.

    Attributes:
        group: episodes from one start have the same number.    score: rewards and penalties together, raw.
        tokens: that the model wrote, over all turns.    thought_tokens: of each turn, between the tags.
        thoughts: of each turn; where none could be read, all of its reply, as a model that has lost its format echoes too.
        valid: per turn, whether it cost no penalty.    effective: per executed action, whether the state changed.
    """

    group: int
    score: float | None = None
    success: bool | None = None
    tokens: int | None = None
    thought_tokens: tuple[int, ...] = ()
    thoughts: tuple[str, ...] = ()
    valid: tuple[bool, ...] = ()
    effective: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Update:
    """What one step of the optimiser told; None is not known.

    Attributes:
        norm: of the gradient before it was clipped.    entropy: of the tokens that are learned from, nats, mean.
        kl: by how much tokens became less likely since they were drawn, mean(old - new) in nats (verl's ppo_kl; it can be below 0).
        reference_kl: from the beginner.    explained: share of the returns' variance that the critic foresaw.
    """

    norm: float | None = None
    entropy: float | None = None
    clip_fraction: float | None = None
    kl: float | None = None
    reference_kl: float | None = None
    explained: float | None = None


@dataclass(frozen=True)
class Metrics:
    """One iteration in numbers; shares are 0..1.

    Attributes:
        any_success: share of groups with a success in them (pass@N).
        std, kept_std: mean over groups, over those that were kept, of the unbiased std of raw scores in the group.
        dead: share of groups without a spread.
        kept: how many groups were learned from.
        entropy: nats per token, of those that are learned from, or where nothing is learned of all that were drawn.
        gradient, largest_gradient: norm, mean and largest over the steps, of those that are finite.
        broken: steps whose gradient was no finite number.
        tokens: per episode.    thought_tokens: per turn.    valid: of turns.    effective: of actions.
        distinct: different thoughts per thought.    top: share of the commonest one.
        unsampled: tokens that were learned from and that the model did not draw; it must be 0.
        validation: share of successes on fixed starts, in the iterations that have a validation.
        steps: of the optimiser, in this iteration.    seconds: since the run began.

    A result that holds it refuses what is no finite number; the monitor passes that over.
    """

    iteration: Count
    reward: Finite | None = None
    success: Rate | None = None
    any_success: Rate | None = None
    std: Finite | None = None
    kept_std: Finite | None = None
    dead: Rate | None = None
    kept: Count | None = None
    entropy: Finite | None = None
    gradient: Finite | None = None
    largest_gradient: Finite | None = None
    broken: Count | None = None
    tokens: Finite | None = None
    thought_tokens: Finite | None = None
    valid: Rate | None = None
    effective: Rate | None = None
    distinct: Rate | None = None
    top: Rate | None = None
    clip_fraction: Rate | None = None
    kl: Finite | None = None
    reference_kl: Finite | None = None
    explained: Finite | None = None
    unsampled: Count | None = None
    validation: Rate | None = None
    steps: Count | None = None
    seconds: Finite | None = None


NUMBERS = tuple(field.name for field in fields(Metrics) if field.name != "iteration")


@dataclass(frozen=True)
class Repeated:
    """A thought, and how often it was thought."""

    thought: str
    count: int
    share: float  # of all thoughts


def measured(iteration: int, attempts: Sequence[Attempt], selection: Selection | None = None, *, updates: Sequence[Update] = (),
             entropy: float | None = None, unsampled: int | None = None, validation: float | None = None,
             seconds: float | None = None) -> Metrics:
    """Return an iteration in numbers.

    Args:
        selection: what the filter said of the same episodes; without it nothing about groups' spreads is known.
        updates: of each step of the optimiser; none where the iteration was skipped.
        entropy: of all tokens as they were drawn, nats; None takes that of the updates.
        unsampled, validation, seconds: as of `Metrics`.
    """
    thoughts = [thought for attempt in attempts for thought in attempt.thoughts]
    told = repeated(thoughts, most=1)
    raw = [update.norm for update in updates if update.norm is not None]
    norms = _known(raw)
    groups = selection.groups if selection else ()
    return Metrics(
        iteration=iteration, reward=_mean(attempt.score for attempt in attempts),
        success=_mean(attempt.success for attempt in attempts), any_success=_any_success(attempts),
        std=_mean(one.std for one in groups), kept_std=_mean(one.std for one in groups if one.is_kept),
        dead=_mean(one.is_flat for one in groups if one.std is not None),
        kept=len(selection.kept) if selection else None,
        entropy=_mean(update.entropy for update in updates) if entropy is None else _number(entropy),
        gradient=_mean(norms), largest_gradient=max(norms, default=None), broken=len(raw) - len(norms) if raw else None,
        tokens=_mean(attempt.tokens for attempt in attempts),
        thought_tokens=_mean(count for attempt in attempts for count in attempt.thought_tokens),
        valid=_mean(is_valid for attempt in attempts for is_valid in attempt.valid),
        effective=_mean(moved for attempt in attempts for moved in attempt.effective),
        distinct=len(set(map(plain, thoughts))) / len(thoughts) if thoughts else None, top=told[0].share if told else None,
        clip_fraction=_mean(update.clip_fraction for update in updates), kl=_mean(update.kl for update in updates),
        reference_kl=_mean(update.reference_kl for update in updates), explained=_mean(update.explained for update in updates),
        unsampled=unsampled, validation=_number(validation), steps=len(updates), seconds=_number(seconds))


def _any_success(attempts: Sequence[Attempt]) -> float | None:
    by_group: dict[int, bool] = {}
    for attempt in attempts:
        if attempt.success is not None:
            by_group[attempt.group] = by_group.get(attempt.group, False) or attempt.success
    return _mean(by_group.values())


def repeated(thoughts: Iterable[str], *, most: int = MOST_REPEATED) -> tuple[Repeated, ...]:
    """Return the thoughts that were thought most often, the commonest first; of equal ones in the order of the alphabet."""
    counts = Counter(map(plain, thoughts))
    ranked = sorted(counts, key=lambda thought: (-counts[thought], thought))
    return tuple(Repeated(thought[:THOUGHT_LETTERS], counts[thought], counts[thought] / counts.total()) for thought in ranked[:most])


def plain(thought: str) -> str:
    """Return a thought without what does not make it another one: spaces and line ends beside and between its words."""
    return " ".join(thought.split())


def _number(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)


def _known(values: Iterable[float | None]) -> list[float]:
    return [number for value in values if (number := _number(value)) is not None]


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return fmean(known) if known else None


def ending(history: Sequence[Metrics], name: str) -> float | None:
    """Return the mean of one number over the last iterations, `LAST` at the most; None where none of them knows it."""
    known = [value for one in history[-LAST:] if (value := getattr(one, name)) is not None]
    return fmean(known) if known else None
