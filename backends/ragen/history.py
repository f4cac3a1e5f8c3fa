"""Curves of a log as the numbers that the monitor reads, and back: one name here for what every version calls its own way."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from backends.ragen.measures import Metrics
from backends.ragen.rollouts import Curve

FIELDS = {  # what a log's metric is called here
    "score": "reward", "success": "success", "success_held_out": "validation", "in_group_std": "std", "in_group_std_kept": "kept_std",
    "valid_rate": "valid", "effective_rate": "effective", "thought_length": "thought_tokens", "distinct": "distinct",
    "top_share": "top", "share_flat": "dead", "entropy": "entropy", "grad_norm": "gradient", "clip_fraction": "clip_fraction",
    "ppo_kl": "kl", "kl": "reference_kl", "explained_variance": "explained", "response_length": "tokens", "seconds": "seconds"}
SHARES = {"success", "validation", "valid", "effective", "distinct", "top", "dead", "clip_fraction"}


def history_of(curves: Mapping[str, Curve]) -> tuple[Metrics, ...]:
    """Return one run's numbers by iteration, as far as a log's curves have them; of several runs, those of the first.

    A share that is none is passed over. A log tells one norm of gradients per iteration: it stands for the largest too.
    """
    known = [curve for curve in curves.values() if curve.metric in FIELDS]
    found: dict[int, dict[str, Any]] = {}  # Any: numbers by the names of `Metrics`
    for curve in known:
        if curve.run != known[0].run:
            continue
        name = FIELDS[curve.metric]
        for step, value in zip(curve.iterations, curve.values):
            if isfinite(value) and (name not in SHARES or 0 <= value <= 1):
                found.setdefault(int(step), {}).update({name: value} | ({"largest_gradient": value} if name == "gradient" else {}))
    return tuple(Metrics(step, **found[step]) for step in sorted(found))


def scalars_of(metrics: Metrics) -> dict[str, float | None]:
    """Return an iteration's numbers by the names of a log; what is not known is left out."""
    return {metric: float(value) for metric, name in FIELDS.items() if (value := getattr(metrics, name)) is not None}
