"""Curves of a log that has rollouts alone, as verl's dumps are: what the rollouts of each iteration come to.

Only where nothing that was brought holds scalars: what a trainer wrote is never put beside what was counted here.
Scores are as they were logged; a rollout without a score or a word counts in nothing.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from backends.ragen.rollouts import MAX_POINTS, Curve, Entry

LEAST_ITERATIONS = 2  # one point is no curve
_NAMES = {"score": "mean score of the rollouts", "success": "share of the rollouts that succeed",
          "in_group_std": "mean std of the scores in a group"}


def derived(entries: Iterable[Entry]) -> dict[str, Curve]:
    """Return what rollouts come to, by name; of several runs each has its run's name before its own."""
    by_run: dict[str, dict[int, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        if entry.counts and entry.iteration is not None:
            by_run[entry.run][entry.iteration].append(entry)
    told = {run: iterations for run, iterations in by_run.items() if len(iterations) >= LEAST_ITERATIONS}
    found = {}
    for run, iterations in told.items():
        for metric, name in _NAMES.items():
            points = [(iteration, value) for iteration in sorted(iterations)[:MAX_POINTS]
                      if (value := _value(metric, iterations[iteration])) is not None]
            if len(points) >= LEAST_ITERATIONS:
                steps, values = zip(*points)
                found[name if len(told) == 1 else f"{run}: {name}"] = Curve(run, name, metric, tuple(map(float, steps)), values)
    return found


def _value(metric: str, entries: list[Entry]) -> float | None:
    """What the rollouts of one iteration come to; None where they do not say it."""
    scores = [entry.score for entry in entries if entry.score is not None]
    if metric == "score":
        return float(np.mean(scores))
    if metric == "success":
        told = [entry.success for entry in entries if entry.success is not None]
        return float(np.mean(told)) if len(told) == len(entries) else None
    groups: dict[int, list[float]] = defaultdict(list)
    for entry in entries:
        if entry.group is not None and entry.score is not None:
            groups[entry.group].append(entry.score)
    spreads = [np.std(own, ddof=1) for own in groups.values() if len(own) > 1]
    return float(np.mean(spreads)) if spreads else None
