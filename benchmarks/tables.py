"""Means with intervals, and Markdown tables."""

from collections.abc import Sequence

import numpy as np

NUM_RESAMPLES = 2000


def interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float, float]:
    """Mean, and the 2.5 and 97.5 percentiles of the mean over bootstrap resamples."""
    data = np.asarray(values, float)
    draws = np.random.default_rng(seed).integers(0, len(data), (NUM_RESAMPLES, len(data)))
    low, high = np.quantile(data[draws].mean(axis=1), [0.025, 0.975])
    return float(data.mean()), float(low), float(high)


def shown(values: Sequence[float], digits: int = 2) -> str:
    mean, low, high = interval(values)
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)]) + "\n"
