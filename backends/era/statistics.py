"""Many episodes in numbers: success and progress by subset with intervals, what went wrong most, seen and unseen, both averages.

EmbodiedBench averages its subsets (EB-Manipulation: its episodes). ERA leaves the long horizon out and weighs what it trained on
(base, complex, visual) against what it did not (common sense, spatial) three to two, which is the mean of five subsets.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from backends.era.facts import Facts
from backends.shapes import at_most
from backends.statistics import Share, mean, wilson

SEEN = ("base", "complex", "visual")
UNSEEN = ("common_sense", "spatial")
ORDER = ("base", "common_sense", "complex_instruction", "complex", "spatial", "visual_appearance", "visual", "long_horizon")
_LONG = {"complex_instruction": "complex", "visual_appearance": "visual"}  # EB-ALFRED's names -> EB-Manipulation's
NUM_REASONS = 5
MAX_GROUPS, MAX_STEPS = 500, 200_001  # of logs; an episode has at most a thousand turns of two hundred actions


@dataclass(frozen=True)
class Counted:
    """A group of episodes; None where no episode of it says anything."""

    group: str
    episodes: int
    success: Share | None
    progress: Share | None
    steps: float | None  # mean per episode
    calls: float | None
    invalid: float | None  # per step
    output_errors: float | None  # per call of the agent
    empty_plans: float | None  # per episode
    actions_per_plan: float | None  # planned
    cut: float | None  # share of calls whose plan was not carried out to its end
    repeated: float | None  # per step


@dataclass(frozen=True)
class Reason:
    """A feedback on failed actions."""

    feedback: str
    count: int
    episodes: int


@dataclass(frozen=True)
class Average:
    """One way to average success over subsets, 0..1; None where a subset that it needs is missing."""

    value: float | None
    groups: Annotated[tuple[str, ...], at_most(MAX_GROUPS)]


@dataclass(frozen=True)
class Statistics:
    """What a run, or several, came to.

    Attributes:
        reasons: the commonest feedbacks on actions that failed.
        numbered, others: how often actions on second instances (Mug_2) fail, and all others.
        running: share of episodes that still run after 0, 1, 2 ... steps.
    """

    whole: Counted
    subsets: Annotated[tuple[Counted, ...], at_most(MAX_GROUPS)]
    seen: Counted | None
    unseen: Counted | None
    benchmark: Average
    era: Average
    reasons: Annotated[tuple[Reason, ...], at_most(NUM_REASONS)]
    numbered: Share | None
    others: Share | None
    loops: int
    running: Annotated[tuple[float, ...], at_most(MAX_STEPS)]
    notes: Annotated[tuple[str, ...], at_most(100)] = ()


def statistics(facts: Sequence[Facts]) -> Statistics:
    """Return the statistics of these episodes.

    Raises:
        ValueError: there is none.
    """
    if not facts:
        raise ValueError("there are no episodes; statistics need at least one")
    by_group = {group: [one for one in facts if one.group == group] for group in _ordered({one.group for one in facts})}
    subsets = tuple(counted(group, ones) for group, ones in by_group.items())
    environments = {one.environment for one in facts}
    notes = (f"The episodes are of several environments: {', '.join(sorted(environments))}.",) if len(environments) > 1 else ()
    return Statistics(
        whole=counted("all", facts), subsets=subsets, seen=_pooled("seen", SEEN, facts), unseen=_pooled("unseen", UNSEEN, facts),
        benchmark=_benchmark(facts, subsets), era=_era(subsets), reasons=_reasons(facts),
        numbered=_failing(facts, lambda one: (one.numbered_failed, one.numbered)), others=_failing(facts, _without_numbered),
        loops=sum(one.loops or 0 for one in facts), running=_running(facts), notes=notes)


def _ordered(groups: Iterable[str]) -> list[str]:
    return sorted(groups, key=lambda group: (ORDER.index(group) if group in ORDER else len(ORDER), group))


def counted(group: str, facts: Sequence[Facts]) -> Counted:
    """Return what these episodes come to: success by Wilson's interval, progress by a bootstrap over episodes."""
    wins = [one.success for one in facts if one.success is not None]
    progress = [one.progress for one in facts if one.progress is not None]
    return Counted(
        group, len(facts), share_of(sum(wins), len(wins)), Share(*mean(progress), len(progress)) if progress else None,
        _mean(one.steps for one in facts), _mean(one.calls for one in facts), _ratio((one.invalid, one.steps) for one in facts),
        _ratio((one.output_errors, one.calls) for one in facts), _mean(one.empty_plans for one in facts),
        _ratio((one.planned, one.calls) for one in facts), _ratio((one.cut, one.calls) for one in facts),
        _ratio((one.repeated, one.steps) for one in facts))


def share_of(hits: int, count: int) -> Share | None:
    """Return a share with Wilson's interval; None of nothing."""
    return Share(*wilson(hits, count), count) if count else None


def _mean(values: Iterable[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _ratio(pairs: Iterable[tuple[int | None, int | None]]) -> float | None:
    """Return a sum over a sum, of the episodes that know both."""
    known = [(part, whole) for part, whole in pairs if part is not None and whole is not None]
    total = sum(whole for _, whole in known)
    return sum(part for part, _ in known) / total if total else None


def _pooled(name: str, groups: Sequence[str], facts: Sequence[Facts]) -> Counted | None:
    ones = [one for one in facts if _LONG.get(one.group, one.group) in groups]
    return counted(name, ones) if ones else None


def _benchmark(facts: Sequence[Facts], subsets: Sequence[Counted]) -> Average:
    """Return EmbodiedBench's average over the subsets that are there."""
    known = [subset for subset in subsets if subset.success is not None]
    wins = [one.success for one in facts if one.success is not None]
    if not known:
        return Average(None, ())
    by_episode = all(one.environment in ("eb_manipulation", "minitable") for one in facts)
    value = sum(wins) / len(wins) if by_episode else sum(subset.success.mean for subset in known if subset.success) / len(known)
    return Average(value, tuple(subset.group for subset in known))


def _era(subsets: Sequence[Counted]) -> Average:
    """Return ERA's average, which needs all of its five subsets and no other."""
    rates = {_LONG.get(subset.group, subset.group): subset.success.mean for subset in subsets if subset.success is not None}
    groups = tuple(group for group in (*SEEN, *UNSEEN) if group in rates)
    if len(groups) < len(SEEN) + len(UNSEEN):
        return Average(None, groups)
    return Average(era_average(sum(rates[group] for group in SEEN) / len(SEEN), sum(rates[group] for group in UNSEEN) / len(UNSEEN)),
                   groups)


def era_average(seen: float, unseen: float) -> float:
    """Return ERA's overall score of its two parts: (3 seen + 2 unseen) / 5."""
    return (len(SEEN) * seen + len(UNSEEN) * unseen) / (len(SEEN) + len(UNSEEN))


def _reasons(facts: Sequence[Facts]) -> tuple[Reason, ...]:
    counts = Counter(reason for one in facts for reason in one.reasons)
    episodes = Counter(reason for one in facts for reason in set(one.reasons))
    ranked = sorted(counts, key=lambda reason: (-counts[reason], reason))
    return tuple(Reason(reason, counts[reason], episodes[reason]) for reason in ranked[:NUM_REASONS])


def _failing(facts: Sequence[Facts], pair: Callable[[Facts], tuple[int | None, int | None]]) -> Share | None:
    known = [(failed, whole) for failed, whole in map(pair, facts) if failed is not None and whole is not None]
    return share_of(sum(failed for failed, _ in known), sum(whole for _, whole in known))


def _without_numbered(one: Facts) -> tuple[int | None, int | None]:
    """Return failed actions and all actions on first instances."""
    if one.failed is None or one.numbered is None or one.numbered_failed is None:
        return None, None
    return one.failed - one.numbered_failed, len(one.names) - one.numbered


def _running(facts: Sequence[Facts]) -> tuple[float, ...]:
    steps = [one.steps for one in facts if one.steps is not None]
    return tuple(sum(step > after for step in steps) / len(steps) for after in range(min(max(steps), 1_000) + 1)) if steps else ()
