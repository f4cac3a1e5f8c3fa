"""The curve that a training opens with, and two trainings laid over each other."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backends.ragen.measures import Metrics
from backends.ragen.monitor import Report, smoothed, watch
from backends.ragen.results import Bounds, RagenResult, Training
from backends.ragen.rules import START, setup_of
from visualizers.alt import described, sentence_of
from visualizers.ragen import monitor
from visualizers.ragen.signs import ALARM_COLOURS, ALARM_MARKS, MODEL_COLOUR, SECOND_COLOUR, values_of
from visualizers.ragen.signs import lines_of as lines_of_alarm
from visualizers.text import said
from visualizers.theme import COLOURWAY, titled

Axis = Literal["iterations", "steps", "seconds"]
Metric = Literal["reward", "std"]
METRICS: tuple[Metric, ...] = ("reward", "std")  # that two trainings are laid over each other by
AXES: dict[Axis, str] = {"iterations": "iteration", "steps": "steps of the optimiser", "seconds": "seconds of computing"}
SHOWN_COLOUR = "#8A8F98"
OVER_COLOURS = (COLOURWAY[3], COLOURWAY[6])  # this run, the other one
NAME_LETTERS = 30
STORY_PX = 430
ENTROPY_COLOUR = SECOND_COLOUR  # orange ones are alarms


def report_of(result: RagenResult) -> Report:
    """What the monitor says of a training."""
    return watch(result.training.metrics if result.training else (), setup_of(result.settings))


def lines_of(bounds: Bounds | None) -> tuple[dict[str, float], dict[str, float]]:
    """What rewards and successes are compared with: a random policy and the best there is."""
    if bounds is None:
        return {}, {}
    rewards = {name: value for name, value in (("random", bounds.random_reward), ("best", bounds.best_reward)) if value is not None}
    return rewards, {"random": bounds.random, "best": bounds.best}


def charts(training: Training, report: Report) -> dict[str, go.Figure]:
    """All curves by title."""
    rewards, successes = lines_of(training.bounds)
    return monitor.charts(training.metrics, report, rewards=rewards, successes=successes)


def story(training: Training, report: Report, at: int | None = None) -> go.Figure | None:
    """The reward above, or in a game without exact lines of it the success; below how alike the thoughts are, and the entropy.

    Args:
        at: the iteration that is looked at.
    """
    rewards, successes = lines_of(training.bounds)
    upper = monitor.reward(training.metrics, report, rewards) if rewards else None
    upper = upper or monitor.success(training.metrics, report, successes) or monitor.reward(training.metrics, report, {})
    if upper is None:
        return None
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.1, row_heights=[0.55, 0.45])
    # single iterations stand in the chart of the reward alone: this one is read for where it goes
    marks = {f"{alarm.name} ({alarm.fired})" for alarm in report.fired} | {f"reward falls ({report.fell})", "one iteration"}
    for trace in upper.data:
        if trace.name not in marks:
            figure.add_trace(trace, row=1, col=1)
    figure.update_traces(name=str(upper.layout.yaxis.title.text), selector={"name": "mean of five"})  # two to a line on a phone
    highest = _thoughts(figure, training.metrics)
    for alarm in report.fired:
        figure.add_vline(x=alarm.fired, line={"width": 1.5, "color": ALARM_COLOURS[alarm.colour]})
    for colour, words in (("amber", "warning"), ("red", "collapse")):
        own = [alarm for alarm in report.fired if alarm.colour == colour]
        if own:
            figure.add_scatter(x=[alarm.fired for alarm in own], y=[1.0] * len(own), mode="markers", name=words, row=2, col=1,
                               text=[lines_of_alarm(alarm) for alarm in own], hovertemplate="%{text}<extra></extra>",
                               marker={"symbol": ALARM_MARKS[own[0].colour], "size": 11, "color": ALARM_COLOURS[own[0].colour]})
    if at is not None:
        figure.add_vline(x=at, line={"width": 3, "color": SHOWN_COLOUR})
    figure.update_layout(title=titled(f"{upper.layout.title.text}, and how alike its thoughts are",
                                      "grey bar: the words; echo: commonest thought"),
                         height=STORY_PX, showlegend=True, xaxis2={"title": "iteration", "nticks": 6},
                         yaxis={"title": upper.layout.yaxis.title.text, "tickformat": upper.layout.yaxis.tickformat, "nticks": 3},
                         yaxis2={"title": "share", "nticks": 4, "range": [-0.05, 1.08 * highest], "tickformat": ".0%"})
    return described(figure, f"{sentence_of(upper)} {_told(training.metrics)}")


def _thoughts(figure: go.Figure, history: Sequence[Metrics]) -> float:
    """The share of the commonest thought, and the entropy against that of the first iterations; returns the highest there is."""
    iterations, top = values_of(history, "top")
    if len(iterations):
        figure.add_scatter(x=iterations, y=top, name="echo", mode="lines", line={"color": MODEL_COLOUR, "width": 2},
                           hovertemplate="iteration %{x}, the commonest thought: %{y:.0%}<extra></extra>", row=2, col=1)
    iterations, entropy = values_of(history, "entropy")
    if len(iterations) and (begun := float(entropy[:START].mean())) > 0:
        figure.add_scatter(x=iterations, y=entropy / begun, name="entropy", mode="lines",
                           line={"color": ENTROPY_COLOUR, "width": 2}, row=2, col=1,
                           hovertemplate="iteration %{x}, entropy: %{y:.0%} of its start<extra></extra>")
        return max(1.0, float(entropy.max()) / begun)
    return 1.0


def _told(history: Sequence[Metrics]) -> str:
    _, top = values_of(history, "top")
    return f"The commonest thought goes from {top[0]:.0%} to {top[-1]:.0%} of all." if len(top) else ""


def over(named: Mapping[str, Training], metric: Metric, axis: Axis = "iterations") -> go.Figure | None:
    """One number of two trainings in one chart; None where neither knows it."""
    figure, told = go.Figure(), []
    for (name, training), colour in zip(named.items(), OVER_COLOURS):
        iterations, values = values_of(training.metrics, metric)
        places = _places(training.metrics, axis)
        known = [(places[int(number)], value) for number, value in zip(iterations, smoothed(values)) if int(number) in places]
        if known:
            figure.add_scatter(x=[place for place, _ in known], y=[value for _, value in known], name=said(name, NAME_LETTERS),
                               mode="lines", line={"color": colour, "width": 2},
                               hovertemplate=f"{AXES[axis]} %{{x:.0f}}: %{{y:.3f}}<extra></extra>")
            told.append(f"{name}: {known[0][1]:.2f} to {known[-1][1]:.2f}")
    if not told:
        return None
    words = {"reward": "Reward of both", "std": "Spread inside groups, of both"}[metric]
    figure.update_layout(title=titled(words, "means of five iterations"), xaxis={"title": AXES[axis], "nticks": 6}, showlegend=True,
                         yaxis={"title": "reward" if metric == "reward" else "std", "rangemode": "tozero"})
    return described(figure, f"{words}. {'; '.join(told)}.")


def _places(history: Sequence[Metrics], axis: Axis) -> dict[int, float]:
    """Where each iteration stands on an axis; those that are not known have no place."""
    if axis == "iterations":
        return {one.iteration: float(one.iteration) for one in history}
    if axis == "steps":
        sums = np.cumsum([one.steps or 0 for one in history])
        return {one.iteration: float(total) for one, total in zip(history, sums)}
    return {one.iteration: one.seconds for one in history if one.seconds is not None}
