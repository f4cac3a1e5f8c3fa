"""Questions of a file: accuracy by group with its interval and the noise floor, and how long the replies are; two models together."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.merging.results import Group, Report
from visualizers.alt import described
from visualizers.merging.methods import KEPT_COLOUR, MODEL_COLOURS
from visualizers.text import listed, said, spoken
from visualizers.theme import titled

COLOURS = (MODEL_COLOURS["vlm"], MODEL_COLOURS["child"], MODEL_COLOURS["reasoner"], "#7D8A1E")  # first, second model, ...
MOST_ROWS = 24
WITHIN = [-3, 103]


def charts(reports: Sequence[Report]) -> dict[str, go.Figure]:
    """What finished or growing reports have to show, by title."""
    told = [report for report in reports if report.groups]
    if not told:
        return {}
    made = {"accuracy by group": accuracy(told), "reply lengths": lengths(told)}
    return {name: figure for name, figure in made.items() if figure is not None}


def rows_of(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """Kind and name of every group that a report has, the whole first."""
    return list(dict.fromkeys((group.kind, group.name) for report in reports for group in report.groups))[:MOST_ROWS]


def group_of(report: Report, row: tuple[str, str]) -> Group | None:
    return next((group for group in report.groups if (group.kind, group.name) == row), None)


def row_name(row: tuple[str, str]) -> str:
    kind, name = row
    return "all" if kind == "all" else said(name, 16)


def accuracy(reports: Sequence[Report]) -> go.Figure:
    """A point for each model in each group; around the first one's the noise floor of so many questions."""
    rows, figure, told = rows_of(reports), go.Figure(), []
    xs: list[float | None] = []
    ys: list[float | None] = []
    for place, row in enumerate(rows):
        first = next((group for report in reports if (group := group_of(report, row))), None)
        if first is not None:
            middle, noise = 100 * first.correct[0], 100 * first.noise
            xs += [max(WITHIN[0], middle - noise), min(WITHIN[1], middle + noise), None]
            ys += [place, place, None]
    figure.add_scatter(x=xs, y=ys, mode="lines", name="noise floor", line={"color": KEPT_COLOUR, "width": 12}, opacity=0.35,
                       hoverinfo="skip")
    step = 0.5 / len(reports)
    for number, report in enumerate(reports):
        own = [(place, group) for place, row in enumerate(rows) if (group := group_of(report, row))]
        values = [(100 * group.correct[0], 100 * (group.correct[0] - group.correct[1]), 100 * (group.correct[2] - group.correct[0]))
                  for _, group in own]
        colour, name = COLOURS[number % len(COLOURS)], said(report.model, 26)
        figure.add_scatter(
            x=[mean for mean, _, _ in values], y=[place - 0.25 + (number + 0.5) * step for place, _ in own], mode="markers",
            name=name, marker={"color": colour, "size": 10}, error_x={
                "type": "data", "symmetric": False, "thickness": 1.6, "width": 4, "color": colour,
                "array": [up for *_, up in values], "arrayminus": [down for _, down, _ in values]},
            customdata=[f"{row_name((group.kind, group.name))}, {name}, {group.count:,} questions" for _, group in own],
            hovertemplate="%{customdata}: %{x:.1f} %<extra></extra>")
        told.append(f"{spoken(report.model, 40)}: " + ", ".join(
            f"{spoken(row_name((group.kind, group.name)))} {100 * group.correct[0]:.0f} %" for _, group in own[:8]))
    figure.update_layout(title=titled("Correct answers", "95 % intervals; grey: noise of the first"), showlegend=True,
                         height=190 + 40 * len(rows) + 18 * len(reports), yaxis=_axis(reports, rows),
                         xaxis={"title": "correct (%)", "range": WITHIN, "dtick": 25})
    return described(figure, f"{listed(told)}.")


def lengths(reports: Sequence[Report]) -> go.Figure | None:
    """Mean length of a reply by group, a bar for each model; None where it is not known."""
    rows = rows_of(reports)
    if not any(group.length is not None for report in reports for group in report.groups):
        return None
    figure, told = go.Figure(), []
    for number, report in enumerate(reports):
        own = [(place, group.length) for place, row in enumerate(rows)
               if (group := group_of(report, row)) and group.length is not None]
        figure.add_bar(x=[length for _, length in own], y=[place for place, _ in own], orientation="h", name=said(report.model, 26),
                       marker={"color": COLOURS[number % len(COLOURS)]}, hovertemplate="%{x:.1f} tokens<extra></extra>")
        if own:
            told.append(f"{spoken(report.model, 40)}: {own[0][1]:.1f} tokens on average")
    figure.update_layout(title=titled("How long the replies are", "tokens, on average"), barmode="group", showlegend=True,
                         legend={"traceorder": "normal"}, height=190 + 40 * len(rows) + 18 * len(reports),
                         xaxis={"title": "tokens", "rangemode": "tozero", "nticks": 5}, yaxis=_axis(reports, rows))
    return described(figure, f"{listed(told)}.")


def _axis(reports: Sequence[Report], rows: Sequence[tuple[str, str]]) -> dict[str, object]:
    counts = [max(group.count for report in reports if (group := group_of(report, row))) for row in rows]
    return {"tickvals": list(range(len(rows))), "ticktext": [f"{row_name(row)} ({count:,})" for row, count in zip(rows, counts)],
            "range": [len(rows) - 0.5, -0.5], "showgrid": False, "zeroline": False}


def notice(reports: Sequence[Report]) -> str:
    """What the numbers say, and what they cannot: a difference inside the noise is none."""
    told = [report for report in reports if report.groups]
    if not told:
        return "no question was scored."
    first = told[0].groups[0]
    if len(told) < 2:
        return (f"{100 * first.correct[0]:.1f} % of {first.count:,} questions are correct; by chance alone another {first.count:,} "
                f"could give {100 * first.noise:.1f} points more or less.")
    second = told[1].groups[0]
    change = 100 * (second.correct[0] - first.correct[0])
    floor = 100 * 2**0.5 * first.noise  # of two runs: 1.96 sqrt(0.5 / n)
    word = "more than" if abs(change) > floor else "inside"
    return (f"the second model is {change:+.1f} points from the first over {first.count:,} questions, {word} the noise of two runs "
            f"(± {floor:.1f}).")
