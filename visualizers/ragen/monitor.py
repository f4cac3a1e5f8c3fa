"""How a training goes, iteration by iteration, with the alarms of the monitor where they came: Metrics and Report -> plotly Figures.

A chart whose numbers are not known is left out.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from backends.ragen.measures import Metrics
from backends.ragen.monitor import Report, smoothed
from backends.ragen.rules import SPIKE, START, start_of, usual_norms
from visualizers.alt import described
from visualizers.ragen.signs import (
    ALL_COLOUR,
    KEPT_COLOUR,
    LINE_COLOUR,
    MODEL_COLOUR,
    REWARD_COLOUR,
    SECOND_COLOUR,
    SUCCESS_COLOUR,
    mark,
    told,
    values_of,
)
from visualizers.theme import titled

DASHES = ("dash", "dot", "dashdot")  # of lines to compare with, where there are several
LEGEND_PX = 20  # of one line of it
MANY_POWERS = 2.5  # of ten: more are not divided
MOST_POWERS = 12  # of ten that have a tick each; of more every second has one, or fewer
NEAREST, FARTHEST = 1e-290, 1e290  # on a logarithmic axis: a run that was brought may say 1e308
Named = Mapping[str, float]  # what a curve is compared with: a name, and a height


def charts(history: Sequence[Metrics], report: Report, *, rewards: Named | None = None,
           successes: Named | None = None) -> dict[str, go.Figure]:
    """All curves by title, those without a number left out.

    Args:
        rewards, successes: lines to compare with, such as those of a random policy and of the best there is.
    """
    made = {"reward": reward(history, report, rewards or {}), "success": success(history, report, successes or {}),
            "spread": spread(history, report), "entropy": entropy(history, report), "gradient": gradient(history, report),
            "lengths": lengths(history, report), "valid": valid(history, report), "thoughts": thoughts(history, report),
            "steps": steps(history, report)}
    return {title: figure for title, figure in made.items() if figure is not None}


def reward(history: Sequence[Metrics], report: Report, lines: Named) -> go.Figure | None:
    """The mean reward of every iteration, and smoothed as the monitor reads it."""
    iterations, values = values_of(history, "reward")
    if not len(iterations):
        return None
    figure = go.Figure(_line(iterations, values, "one iteration", REWARD_COLOUR, ".3f", width=1, opacity=0.5))
    figure.add_trace(_line(iterations, smoothed(values), "mean of five", REWARD_COLOUR, ".3f"))
    _compare(figure, iterations, lines, ".2f")
    fall = "It has not fallen." if report.fell is None else f"It fell at iteration {report.fell}."
    return _finished(figure, history, report, ("reward",), "Reward", "what an episode earns, penalties among it", "reward",
                     f"The mean reward goes {_ends(values)}. {fall}")


def success(history: Sequence[Metrics], report: Report, lines: Named) -> go.Figure | None:
    """Successes among the episodes that are learned from, of groups with one, and on fixed starts."""
    figure, told_of = go.Figure(), []
    for name, words, colour in (("success", "episodes", SUCCESS_COLOUR), ("any_success", "starts with one", SECOND_COLOUR)):
        iterations, values = values_of(history, name)
        if len(iterations):
            figure.add_trace(_line(iterations, values, words, colour, ".0%"))
            told_of.append(f"{words} {_ends(values, share=True)}")
    iterations, values = values_of(history, "validation")
    if len(iterations):
        figure.add_scatter(x=iterations, y=values, mode="lines+markers", name="fixed starts", marker={"symbol": "diamond", "size": 8},
                           line={"color": MODEL_COLOUR}, hovertemplate="iteration %{x}, fixed starts: %{y:.0%}<extra></extra>")
        told_of.append(f"fixed starts {_ends(values, share=True)}")
    if not told_of:
        return None
    _compare(figure, [one.iteration for one in history], lines, ".0%")
    return _finished(figure, history, report, ("validation",), "Success", "share of episodes", "success",
                     f"Success: {', '.join(told_of)}.", share=True)


def spread(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """The std inside groups, all and kept, with the tenth of its start that RAGEN-2's rule looks at."""
    iterations, values = values_of(history, "std")
    if not len(iterations):
        return None
    lowest = _lowest(values)
    figure = go.Figure(_log_line(iterations, values, "all groups", ALL_COLOUR, lowest))
    kept_iterations, kept = values_of(history, "kept_std")
    if len(kept_iterations):
        figure.add_trace(_log_line(kept_iterations, kept, "kept groups", KEPT_COLOUR, lowest))
    if len(iterations) >= START and start_of(values) > 0:
        _compare(figure, iterations, {"10 % of the start": 0.1 * start_of(values)}, ".3f")
    _logarithmic(figure)
    return _finished(figure, history, report, ("std", "kept"), "Spread of rewards inside groups", _log_says(values, "mean std"),
                     "std", f"The spread goes {_ends(values)}.", lowest=lowest)


def entropy(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """How undecided the model is about its next token."""
    iterations, values = values_of(history, "entropy")
    if not len(iterations):
        return None
    figure = go.Figure(_line(iterations, values, "entropy", MODEL_COLOUR, ".3f"))
    if len(iterations) >= START:
        _compare(figure, iterations, {"a fifth of the start": 0.2 * start_of(values)}, ".3f")
    figure.update_yaxes(rangemode="tozero")
    return _finished(figure, history, report, ("entropy",), "Entropy", "how undecided it is about the next token", "nats per token",
                     f"The entropy goes {_ends(values)}.")


def gradient(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """The norm of gradients before they were clipped, and what would be a spike."""
    iterations, values = values_of(history, "largest_gradient")
    if not len(iterations):
        return None
    lowest = _lowest(values)
    figure = go.Figure(_log_line(iterations, values, "largest step", MODEL_COLOUR, lowest))
    mean_iterations, means = values_of(history, "gradient")
    if len(mean_iterations) and not np.array_equal(means, values):  # one step per iteration: they are the same
        figure.add_trace(_log_line(mean_iterations, means, "mean step", SECOND_COLOUR, lowest))
    usual = usual_norms(values)
    if np.nanmax(usual, initial=0) > 0:
        figure.add_trace(_log_line(iterations, SPIKE * usual, "ten times the usual", LINE_COLOUR, lowest, dash="dash"))
    _logarithmic(figure)
    return _finished(figure, history, report, ("largest_gradient",), "Norm of gradients", _log_says(values, "before clipping"),
                     "norm", f"The largest norm goes {_ends(values)}.", lowest=lowest)


def lengths(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """How much the model writes, and how much of it it thinks."""
    return _several(history, report, (("tokens", "an episode", SECOND_COLOUR), ("thought_tokens", "a thought", MODEL_COLOUR)),
                    "Lengths", "tokens that the model wrote, mean", "tokens", share=False)


def valid(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """Turns that can be read, and actions that do something."""
    return _several(history, report, (("valid", "valid turns", MODEL_COLOUR), ("effective", "actions with effect", SECOND_COLOUR)),
                    "What can be read and does something", "share of turns, of actions", "share", lines={"half": 0.5})


def thoughts(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """Whether thoughts echo."""
    return _several(history, report, (("distinct", "different ones", SECOND_COLOUR), ("top", "the commonest one", MODEL_COLOUR)),
                    "Thoughts", "share of all thoughts of an iteration", "share", lines={"half": 0.5})


def steps(history: Sequence[Metrics], report: Report) -> go.Figure | None:
    """How far the clip held the policy back, and how well the critic foresees."""
    return _several(history, report, (("clip_fraction", "held back by the clip", SECOND_COLOUR), ("dead", "starts without spread",
                                                                                              ALL_COLOUR)),
                    "What is not learned from", "share of tokens, of starts", "share")


def _several(history: Sequence[Metrics], report: Report, rows: Sequence[tuple[str, str, str]], title: str, subtitle: str, unit: str,
             *, share: bool = True, lines: Named | None = None) -> go.Figure | None:
    """Some metrics in one chart: name, words and colour of each."""
    figure, told_of = go.Figure(), []
    for name, words, colour in rows:
        iterations, values = values_of(history, name)
        if len(iterations):
            figure.add_trace(_line(iterations, values, words, colour, ".0%" if share else ".1f"))
            told_of.append(f"{words} {_ends(values, share=share)}")
    if not told_of:
        return None
    _compare(figure, [one.iteration for one in history], lines or {}, ".0%")
    if not share:
        figure.update_yaxes(rangemode="tozero")
    return _finished(figure, history, report, [name for name, _, _ in rows], title, subtitle, unit, f"{title}: {', '.join(told_of)}.",
                     share=share)


def _line(iterations: np.ndarray, values: np.ndarray, name: str, colour: str, form: str, *, width: float = 2,
          opacity: float = 1.0) -> go.Scatter:
    return go.Scatter(x=iterations, y=values, name=name, mode="lines+markers" if len(iterations) < 3 else "lines", opacity=opacity,
                      line={"color": colour, "width": width}, hovertemplate=f"iteration %{{x}}, {name}: %{{y:{form}}}<extra></extra>")


def _log_line(iterations: np.ndarray, values: np.ndarray, name: str, colour: str, lowest: float, *,
              dash: str = "solid") -> go.Scatter:
    """A line for a logarithmic axis, where 0 stands at the bottom; hovering tells the number itself."""
    line = _line(iterations, np.maximum(values, lowest), name, colour, ".3g")
    return line.update(customdata=values, line={"dash": dash},
                       hovertemplate=f"iteration %{{x}}, {name}: %{{customdata:.3g}}<extra></extra>")


def _logarithmic(figure: go.Figure) -> None:
    """Ticks at 1 and 3 of every power of ten, at 1 alone where there are many; plotly's own between them are small and collide."""
    shown = np.log10(np.clip(np.concatenate([np.asarray(trace.y, float) for trace in figure.data]), NEAREST, FARTHEST))
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    room = max(0.05 * (high - low), 0.1)
    heads = (1,) if high - low > MANY_POWERS else (1, 3)
    first, last = int(np.floor(low - room)), int(np.ceil(high + room))
    powers = range(first, min(last + 1, 308), 1 + (last - first) // (MOST_POWERS + 1))
    ticks = [head * 10.0**power for power in powers for head in heads]
    figure.update_yaxes(type="log", range=[low - room, high + room], tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])


def _lowest(values: np.ndarray) -> float:
    """Return what stands for 0 on a logarithmic axis: less than anything else, and than the lines that curves are compared with."""
    some = values[values > 0]
    return max(min(float(some.min()) / 3, float(some.max()) / 1000), float(some.max()) * 1e-6) if len(some) else 1e-6


def _log_says(values: np.ndarray, subtitle: str) -> str:
    return f"{subtitle}, logarithmic; 0 at the bottom" if (values <= 0).any() else f"{subtitle}, logarithmic"


def _compare(figure: go.Figure, iterations: np.ndarray | Sequence[int], lines: Named, form: str) -> None:
    """Add level lines, named in the legend: words in the picture would cover each other on a phone."""
    for number, (name, height) in enumerate(lines.items()):
        figure.add_scatter(x=[iterations[0], iterations[-1]], y=[height, height], mode="lines", name=name,
                           line={"color": LINE_COLOUR, "width": 1.5, "dash": DASHES[number % len(DASHES)]},
                           hovertemplate=f"{name}: %{{y:{form}}}<extra></extra>")


def _ends(values: np.ndarray, *, share: bool = False) -> str:
    first, last = (f"{float(value):.0%}" if share else f"{float(value):.3g}" for value in (values[0], values[-1]))
    return f"from {first} to {last}"


def _finished(figure: go.Figure, history: Sequence[Metrics], report: Report, names: Sequence[str], title: str, subtitle: str,
              unit: str, sentence: str, *, share: bool = False, lowest: float | None = None) -> go.Figure:
    mark(figure, history, report, names, lowest=lowest)
    entries = len(figure.data)
    height = 300 + LEGEND_PX * entries  # a row each on a phone
    figure.update_layout(title=titled(title, subtitle), height=height, showlegend=True,
                         xaxis={"title": "iteration", "nticks": 6}, yaxis={"title": unit, "nticks": 5})
    if share:
        figure.update_yaxes(range=[-0.03, 1.03], tickformat=".0%")
    return described(figure, f"{sentence} {told(report, names)}")
