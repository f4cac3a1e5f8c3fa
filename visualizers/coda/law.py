"""Figures of CoDA's law: a LawPart, what a corpus does to a model epoch by epoch -> plotly Figure or table. R in per cent."""

from collections.abc import Sequence
from math import isfinite, log10

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale
from plotly.subplots import make_subplots

from backends.coda import paper
from backends.coda.law import Group, Law
from backends.coda.results import CodaResult, LawPart
from backends.numbers import signed
from visualizers.alt import described
from visualizers.coda.methods import OWN_COLOUR
from visualizers.theme import OTHER_COLOUR, PAIRED, POPULAR_COLOUR, RIGHT_COLOUR, VISITED_COLOUR, titled

FACTORS = {"P": "P: popular statements per rare one", "L": "L: words per distinct word", "S": "S: parameters of the model"}
PAPER_COLOUR = VISITED_COLOUR


def law(part: LawPart, index: int = -1) -> go.Figure:
    """R against the factor after one epoch, with intervals and the fitted line; the paper's lines dotted."""
    epoch = part.epochs[index]
    learned = epoch.law.learned
    lines = [line for line in paper.LINES if line.factor == part.factor and part.factor != "S"]
    figure = go.Figure([_paper_line(line, epoch.law.groups) for line in lines])
    if epoch.law.slope is not None:
        figure.add_trace(_fitted(epoch.law, learned))
    figure.add_trace(go.Scatter(
        x=[group.value for group in learned], y=[group.r for group in learned], mode="markers", name="this run",
        marker={"color": OWN_COLOUR, "size": 10}, error_y=_error(learned),
        customdata=[group.num_sets for group in learned],
        hovertemplate=f"{part.factor} = %{{x}}: R = %{{y:.0f}} % (%{{customdata}} sets)<extra></extra>"))
    for group in epoch.law.groups:
        if group.r is None:  # said, not drawn: the ratio would be divided by less than one half
            figure.add_annotation(x=log10(group.value), y=0.02, yref="paper", yanchor="bottom", showarrow=False,
                                  text="not<br>learned", font={"color": VISITED_COLOUR},
                                  hovertext=f"popular facts recalled: {group.rr:.0%}")
    values = [group.value for group in epoch.law.groups]
    figure.update_layout(
        height=410, showlegend=True,
        title=titled("How often the rare fact is overshadowed", f"after {epoch.epoch} epochs, with 95 % intervals"),
        xaxis={"type": "log", "title": FACTORS[part.factor], "tickvals": values, "ticktext": [_amount(value) for value in values],
               "range": [log10(min(values)) - 0.1, log10(max(values)) + 0.1]},
        yaxis={"title": "R = HR / RR (%)", "range": [-4, 112]}, margin=PAIRED | {"b": 130})
    ends = ", ".join(f"{group.r:.0f} % at {part.factor} = {_amount(group.value)}" for group in (*learned[:1], *learned[1:][-1:]))
    return described(figure, f"R is {ends or 'not known: nothing is learned yet'}. {law_line(epoch.law)}.".replace("..", "."))


def _amount(value: float) -> str:
    """229000 -> '229 k'."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:g}"


def _error(groups: Sequence[Group]) -> dict[str, object]:
    ends = [(g.r or 0.0, g.low if g.low is not None else g.r or 0.0, g.high if g.high is not None else g.r or 0.0) for g in groups]
    return {"type": "data", "symmetric": False, "array": [max(0.0, high - r) for r, _, high in ends],
            "arrayminus": [max(0.0, r - low) for r, low, _ in ends], "color": OWN_COLOUR, "thickness": 1.5}


def _fitted(law: Law, learned: Sequence[Group]) -> go.Scatter:
    x = np.geomspace(min(group.value for group in learned), max(group.value for group in learned), 50)
    y = np.clip((law.slope or 0.0) * np.log10(x) + (law.intercept or 0.0), 0, 100)
    squared = f", r² {law.r_squared:.2f}" if law.r_squared is not None and isfinite(law.r_squared) else ""
    return go.Scatter(x=x, y=y, mode="lines", name=f"fit: {signed(law.slope or 0.0, 0)} per decade{squared}",
                      line={"color": OWN_COLOUR, "width": 2.5}, hoverinfo="skip")


def _paper_line(line: paper.FittedLine, groups: Sequence[Group]) -> go.Scatter:
    dash = {"Llama-7B": "dot", "Phi-2.8B": "dashdot", "Pythia-160M": "dash"}.get(line.model, "dot")
    x = np.geomspace(min(group.value for group in groups), max(group.value for group in groups), 50)
    return go.Scatter(x=x, y=np.clip(line.slope * np.log10(x) + line.intercept, 0, 100), mode="lines", name=f"paper: {line.model}",
                      line={"color": PAPER_COLOUR, "dash": dash, "width": 1.5},
                      hovertemplate=f"the paper's {line.model}: %{{y:.0f}} %<extra></extra>")


def over_epochs(part: LawPart) -> go.Figure:
    """R and recall after every epoch, a line per value of the factor: how overshadowing comes, and whether it goes."""
    values = sorted({group.value for epoch in part.epochs for group in epoch.law.groups})
    colours = sample_colorscale("Viridis", np.linspace(0.08, 0.88, len(values)).tolist())
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.07)
    for value, colour in zip(values, colours):
        groups = [(epoch.epoch, group) for epoch in part.epochs for group in epoch.law.groups if group.value == value]
        epochs = [epoch for epoch, _ in groups]
        name = f"{part.factor} = {_amount(value)}"
        for row, y in ((1, [group.r for _, group in groups]), (2, [100 * group.rr for _, group in groups])):
            figure.add_trace(go.Scatter(x=epochs, y=y, mode="lines+markers", name=name, legendgroup=name, showlegend=row == 1,
                                        line={"color": colour}, marker={"size": 7},
                                        hovertemplate=f"{name}, epoch %{{x}}: %{{y:.0f}} %<extra></extra>"), row=row, col=1)
    figure.add_hline(y=50, line={"dash": "dash", "color": VISITED_COLOUR, "width": 1}, row=2, col=1)
    figure.update_xaxes(title="epoch", row=2, col=1, rangemode="tozero")
    figure.update_yaxes(title="R (%)", range=[-4, 112], row=1, col=1)
    figure.update_yaxes(title="recall RR (%)", range=[-4, 112], row=2, col=1)
    figure.update_layout(height=450, showlegend=True,
                         title=titled("How it comes and goes with training", f"a line for each value of {part.factor}"))
    first, last = ([group.r for group in epoch.law.groups if group.r is not None] for epoch in (part.epochs[0], part.epochs[-1]))
    means = [f"{np.mean(known):.0f} % after epoch {epoch.epoch}"
             for known, epoch in ((first, part.epochs[0]), (last, part.epochs[-1])) if known]
    return described(figure, f"Mean R of what is learned: {', '.join(means) or 'nothing is learned'}.")


def three_ways(part: LawPart, index: int = -1) -> go.Figure:
    """What greedy decoding answers to rare prompts: the popular answer, the right one, or neither."""
    groups = part.epochs[index].law.groups
    labels = [_amount(group.value) for group in groups]
    kinds = (("popular: hallucinated", POPULAR_COLOUR, [g.hr for g in groups]),
             ("correct", RIGHT_COLOUR, [g.em_b for g in groups]), ("neither", OTHER_COLOUR, [g.other for g in groups]))
    figure = go.Figure([go.Bar(
        x=labels, y=[100 * share for share in shares], name=name, marker_color=colour,
        hovertemplate=f"{part.factor} = %{{x}}: %{{y:.0f}} % {name}<extra></extra>") for name, colour, shares in kinds])
    figure.update_layout(height=410, barmode="stack", legend={"traceorder": "normal"}, margin=PAIRED | {"b": 130},
                         title=titled("What greedy decoding answers", "to rare prompts"),
                         yaxis={"title": "rare prompts (%)", "range": [0, 100]},
                         xaxis={"title": FACTORS[part.factor], "type": "category"})
    told = "; ".join(f"{100 * group.hr:.0f} % popular, {100 * group.em_b:.0f} % correct at {part.factor} = {label}"
                     for group, label in list(zip(groups, labels))[::max(1, len(groups) - 1)])
    return described(figure, f"Answers to rare prompts: {told}.")


def law_line(law: Law) -> str:
    """The fit in words."""
    if law.slope is None:
        return "Fewer than three groups have learned their popular facts, so no line is fitted."
    span = f" (95 %: {law.slope_interval[0]:.0f} to {law.slope_interval[1]:.0f})" if law.slope_interval else ""
    return f"{law.slope:.0f} points per decade{span}"


def law_table(part: LawPart) -> pd.DataFrame:
    """One row per epoch and group, rates in per cent."""
    return pd.DataFrame([{
        "epoch": epoch.epoch, "loss": round(epoch.loss, 3), part.factor: group.value, "sets": group.num_sets,
        "R %": None if group.r is None else round(group.r, 1), "R low %": None if group.low is None else round(group.low, 1),
        "R high %": None if group.high is None else round(group.high, 1), "recall RR %": round(100 * group.rr, 1),
        "hallucinated HR %": round(100 * group.hr, 1), "correct EM %": round(100 * group.em_b, 1),
        "neither %": round(100 * group.other, 1), "learned": group.r is not None}
        for epoch in part.epochs for group in epoch.law.groups])


def sizes(part: LawPart) -> go.Figure:
    """R against the number of parameters: here, per epoch, and in the paper."""
    figure = go.Figure()
    told = [epoch for epoch in part.epochs if _is_told(part, epoch.epoch)]  # over_epochs shows every one
    for epoch, colour in zip(told, sample_colorscale("Viridis", np.linspace(0.08, 0.88, len(told)).tolist())):
        learned = [group for group in epoch.law.groups if group.r is not None]
        figure.add_trace(go.Scatter(x=[group.value for group in learned], y=[group.r for group in learned], mode="lines+markers",
                                    name=f"here, epoch {epoch.epoch}", line={"color": colour}, marker={"size": 8},
                                    hovertemplate="%{x:.3s} parameters: R = %{y:.0f} %<extra></extra>"))
    for series in paper.POINTS:
        if series.factor == "S":
            figure.add_trace(go.Scatter(x=series.values, y=series.r, mode="markers", name="paper, 160M to 13B",
                                        marker={"color": PAPER_COLOUR, "symbol": "diamond", "size": 8},
                                        hovertemplate="paper, %{x:.3s} parameters: %{y:.0f} %<extra></extra>"))
    for line in paper.LINES:
        if line.factor == "S":
            x = np.geomspace(1.6e8, 1.3e10, 30)
            figure.add_trace(go.Scatter(
                x=x, y=line.slope * np.log10(x) + line.intercept, mode="lines", name=f"paper, {line.slope:g} per decade",
                line={"color": PAPER_COLOUR, "dash": "dot"}, hoverinfo="skip"))
    figure.update_layout(height=410, showlegend=True, title=titled("Does R grow with size?", "the paper and the miniatures disagree"),
                         yaxis={"title": "R = HR / RR (%)", "range": [-4, 112]},
                         xaxis={"type": "log", "title": FACTORS["S"], "dtick": 1, "tickformat": "~s"})
    learned = [group for group in part.epochs[-1].law.groups if group.r is not None]
    ends = ", ".join(f"{group.r:.0f} % at {_amount(group.value)} parameters" for group in (*learned[:1], *learned[1:][-1:]))
    return described(figure, f"Here R is {ends or 'not known yet'}; in the paper it rises with size.")


def _is_told(part: LawPart, epoch: int) -> bool:
    """Whether an epoch's line is drawn: four of them, evenly over the training."""
    known = [entry.epoch for entry in part.epochs]
    return len(known) <= 4 or known.index(epoch) in np.linspace(0, len(known) - 1, 4).round().astype(int).tolist()


def paper_lines(result: CodaResult) -> pd.DataFrame:
    """The paper's fitted lines, Fig. 2, and this run's."""
    rows = [{"factor": line.factor, "model": line.model, "points per decade": f"{line.slope:.1f}",
             "R is 0 at": f"{line.constant:.2g}", "r²": "–"} for line in paper.LINES]
    own = result.law.epochs[-1].law if result.law and result.law.epochs else None
    if result.law and own:
        rows.append({"factor": result.law.factor, "model": f"this run ({result.model_id}, epoch {result.law.epochs[-1].epoch})",
                     "points per decade": "no fit" if own.slope is None else f"{own.slope:.1f}",
                     "R is 0 at": "–" if own.constant is None else f"{own.constant:.2g}",
                     "r²": "–" if own.r_squared is None else f"{own.r_squared:.2f}"})
    return pd.DataFrame(rows)


def charts(part: LawPart) -> dict[str, go.Figure]:
    drawn = {"size law": sizes(part)} if part.factor == "S" else {"law": law(part), "answers": three_ways(part)}
    return drawn | ({"epochs": over_epochs(part)} if len(part.epochs) > 1 else {})
