"""Figures of CoDA's recovery: a RecoveryPart, what decoders bring back and break on a corpus -> plotly Figure or table."""

import re
from collections.abc import Collection
from math import isnan

import pandas as pd
import plotly.graph_objects as go

from backends.coda.results import RecoveryPart, Share
from visualizers.alt import described
from visualizers.coda.law import FACTORS
from visualizers.coda.methods import DECODER_COLOURS, FORMULA_COLOUR, MASKED_COLOUR, OWN_COLOUR
from visualizers.text import said
from visualizers.theme import PAIRED, POPULAR_COLOUR, RIGHT_COLOUR, VISITED_COLOUR, titled

RULES = {"lift": "lift", "indicator_first": "indicator,<br>first (paper)", "indicator_argmax": "indicator,<br>largest",
         "indicator_argmin": "indicator,<br>smallest"}
PICTURE_PX, UNDER_PX, LEGEND_LINE_PX = 286, 56, 21  # of the two charts; ticks and the axis' title; a line of a legend
NAMED = 34  # characters of a decoder in a legend
LONG: dict[str, object] = {"maxheight": 0.9}
# the other decoders are one click away; the second line is of runs before December 2026
FIRST_SHOWN = ("Greedy", "CoDA, as in the paper", "CoDA as printed", "CoDA's formula, word told",
               "CoDA + floor + gate, word told", "CAD a = 0.5, word told",
               "CAD, word told", "greedy", "CoDA", "CoDA, floor, gate", "CAD a = 0.5", "CAD")
# colour and mark; a colour of the answers' or the masked word's has that meaning alone
_KINDS = {
    "greedy": (DECODER_COLOURS["greedy"], "circle"), "paper": (DECODER_COLOURS["coda_paper"], "x"),
    "formula": (FORMULA_COLOUR, "diamond"), "formula_gate": (FORMULA_COLOUR, "diamond-open"),
    "floor": (DECODER_COLOURS["coda"], "square-open"), "floor_gate": (DECODER_COLOURS["coda"], "square"),
    "cad": (DECODER_COLOURS["cad"], "triangle-up"), "cad_strong": (DECODER_COLOURS["cad_random"], "triangle-down"),
    "your": (OWN_COLOUR, "star"),
}
_SEARCHES = ("found", "as in the paper", "printed", "largest lift")


def _family(name: str) -> str:
    return name.partition(" ")[0].strip(",").removesuffix("'s").lower()


def _kind(name: str) -> str:
    """Which of the kinds of `_KINDS` a decoder's name says."""
    family = _family(name)
    if family == "cad":
        return "cad_strong" if "a = 1" in name else "cad"
    if family != "coda":
        return family
    if "floor" in name:
        return "floor_gate" if "gate" in name else "floor"
    if "as in the paper" in name or "printed" in name:
        return "paper"
    return "formula_gate" if "gate" in name else "formula"


def decoder_style(name: str) -> dict[str, dict[str, object]]:
    """Colour and mark by kind, dotted where the mask was found and not given: no two decoders of a run look alike."""
    colour, symbol = _KINDS.get(_kind(name), (DECODER_COLOURS.get(_family(name), VISITED_COLOUR), "pentagon"))
    return {"line": {"color": colour, "width": 2.5, "dash": "dot" if any(word in name for word in _SEARCHES) else "solid"},
            "marker": {"color": colour, "size": 11, "symbol": symbol}}


def _swept(decoder: str, shown: Collection[str]) -> bool:
    """Whether a curve belongs to a decoder that is shown; CAD's is of every strength a."""
    return decoder in shown or decoder in {re.sub(r" a = [\d.]+", "", one) for one in shown}


def _lines(part: RecoveryPart, shown: Collection[str] | None) -> int:
    """The most lines that a legend of the two charts takes, which stand side by side: on a phone each name has its own."""
    curves = {point.decoder for point in part.sweep if shown is None or _swept(point.decoder, shown)}
    return max(len(part.rows if shown is None else shown), len(curves) + 1)


def _room(part: RecoveryPart, shown: Collection[str] | None) -> dict[str, object]:
    """Height and lower margin with room for that legend under a picture of the same height."""
    below = UNDER_PX + LEGEND_LINE_PX * max(6, _lines(part, shown))
    return {"height": PICTURE_PX + below, "margin": PAIRED | {"b": below}, "legend": LONG}


def first_shown(part: RecoveryPart) -> list[str]:
    """The decoders that the pictures begin with."""
    return [row.decoder for row in part.rows if row.decoder in FIRST_SHOWN]


def exact_match(part: RecoveryPart, shown: Collection[str] | None = None) -> go.Figure:
    """Correct answers to rare prompts, per decoder and value of the factor, with 95 % intervals.

    Args:
        shown: the decoders that are drawn; without it all are, most of them behind a click on the legend.
    """
    figure = go.Figure()
    for number, row in enumerate(part.rows):
        if shown is not None and row.decoder not in shown:
            continue
        points = [(value, share) for value, share in row.per_value if not isnan(share.mean)]
        shift = 1 + 0.012 * (number - len(part.rows) / 2)  # intervals stand beside one another
        figure.add_trace(go.Scatter(
            x=[value * shift for value, _ in points], y=[100 * share.mean for _, share in points], name=said(row.decoder, NAMED),
            mode="lines+markers", visible=True if row.decoder in (shown or FIRST_SHOWN) else "legendonly",
            customdata=[value for value, _ in points],
            error_y={"type": "data", "symmetric": False, "thickness": 1, "width": 2,
                     "array": [100 * (share.high - share.mean) for _, share in points],
                     "arrayminus": [100 * (share.mean - share.low) for _, share in points]},
            hovertemplate=f"{said(row.decoder, 50)}, {part.factor} = %{{customdata}}: %{{y:.0f}} %<extra></extra>",
            **decoder_style(row.decoder)))
    values = sorted({value for row in part.rows for value, _ in row.per_value})
    told = ", ".join(f"{said(row.decoder, 50)} {100 * row.exact_match.mean:.0f} %" for row in part.rows
                     if row.decoder in (shown or FIRST_SHOWN) and not isnan(row.exact_match.mean))
    described(figure, f"Rare prompts answered correctly, over all values: {told or 'nothing counted yet'}.")
    return figure.update_layout(**_room(part, shown), title=titled("Rare facts answered correctly", "with 95 % intervals"),
                                showlegend=True, yaxis={"title": "exact match (%)", "rangemode": "tozero"},
                                xaxis={"type": "log", "title": FACTORS[part.factor], "tickvals": values,
                                       "ticktext": [f"{value:g}" for value in values]})


def trade_off(part: RecoveryPart, shown: Collection[str] | None = None) -> go.Figure:
    """Recovered hallucinations against broken right answers: decoders as points, alpha or a as curves.

    Args:
        shown: the decoders whose curves are drawn; without it all are, most of them behind a click on the legend.
    """
    figure = go.Figure()
    for decoder, knob in dict.fromkeys((point.decoder, point.knob) for point in part.sweep):
        if shown is not None and not _swept(decoder, shown):
            continue
        points = sorted((p for p in part.sweep if (p.decoder, p.knob) == (decoder, knob)), key=lambda p: p.value)
        style = decoder_style(decoder)
        figure.add_trace(go.Scatter(
            x=[100 * p.broken for p in points], y=[100 * p.recovered for p in points], mode="lines+markers",
            name=said(decoder, NAMED), text=[f"{p.value:g}" for p in points],
            visible=True if shown is not None or decoder in FIRST_SHOWN else "legendonly", **style,
            hovertemplate=f"{said(decoder, 50)}, {knob} = %{{text}}: %{{y:.0f}} % recovered, %{{x:.0f}} % broken<extra></extra>"))
    rows = [row for row in part.rows if not isnan(row.recovered.mean) and not isnan(row.broken.mean)]
    colours = [decoder_style(row.decoder)["line"]["color"] for row in rows]
    figure.add_trace(go.Scatter(
        x=[100 * row.broken.mean for row in rows], y=[100 * row.recovered.mean for row in rows], mode="markers", name="every decoder",
        text=[said(row.decoder, 50) for row in rows],
        marker={"size": 13, "symbol": "circle-open", "line": {"width": 2}, "color": colours},
        hovertemplate="%{text}: %{y:.0f} % recovered, %{x:.0f} % broken<extra></extra>"))
    won = max(rows, key=lambda row: row.recovered.mean - row.broken.mean, default=None)
    described(figure, "Nothing is counted yet." if won is None else
              f"Most is won against what is lost by {said(won.decoder, 50)}: {100 * won.recovered.mean:.0f} % of the hallucinations "
              f"recovered, {100 * won.broken.mean:.0f} % of the correct answers broken.")
    return figure.update_layout(**_room(part, shown), showlegend=True,
                                title=titled("What is won and what is lost", "each decoder a ring; a curve per strength"),
                                xaxis={"title": "correct answers broken (%)", "rangemode": "tozero"},
                                yaxis={"title": "hallucinations recovered (%)", "rangemode": "tozero"})


def finders(part: RecoveryPart) -> go.Figure:
    """How often each detector picks the distinct word, and how often it fires at all."""
    rules = [row.rule for row in part.finders]
    kinds = (("picks the distinct word", MASKED_COLOUR, [row.hits for row in part.finders]),
             ("fires on hallucinations", POPULAR_COLOUR, [row.fires_hallucinated for row in part.finders]),
             ("fires on correct answers", RIGHT_COLOUR, [row.fires_right for row in part.finders]))
    figure = go.Figure([go.Bar(
        y=[RULES.get(rule, said(rule)) for rule in rules], x=[None if isnan(share.mean) else 100 * share.mean for share in shares],
        name=name, marker_color=colour, orientation="h",
        error_x={"type": "data", "symmetric": False, "thickness": 1, "array": [100 * (share.high - share.mean) for share in shares],
                 "arrayminus": [100 * (share.mean - share.low) for share in shares]},
        hovertemplate=f"%{{y}}: %{{x:.0f}} % {name}<extra></extra>") for name, colour, shares in kinds])
    named = [RULES.get(row.rule, said(row.rule)).replace("<br>", " ") for row in part.finders]
    told = ", ".join(f"{name} {100 * row.hits.mean:.0f} %" for name, row in zip(named, part.finders) if not isnan(row.hits.mean))
    described(figure, f"How often the distinct word is picked, of hallucinated prompts: {told or 'nothing counted yet'}.")
    return figure.update_layout(height=max(300, 170 + 52 * len(rules)), barmode="group",
                                title=titled("How well the distinct word is found"),
                                legend={"traceorder": "normal"}, xaxis={"title": "prompts (%)", "range": [0, 105]},
                                yaxis={"autorange": "reversed"})


def recovery_table(part: RecoveryPart) -> pd.DataFrame:
    """One row per decoder, in per cent with 95 % intervals."""
    return pd.DataFrame([{
        "decoder": row.decoder, "exact match %": interval(row.exact_match), "recovered % of hallucinated": interval(row.recovered),
        "broken % of right": interval(row.broken),
        **{f"{part.factor} = {value:g}": interval(share) for value, share in row.per_value}} for row in part.rows])


def charts(part: RecoveryPart) -> dict[str, go.Figure]:
    """All that there is to draw so far, by title."""
    shown = first_shown(part) or None
    drawn = {"exact match": exact_match(part, shown), "recovery and breakage": trade_off(part, shown)}
    return drawn | ({"detectors": finders(part)} if part.finders else {})


def interval(share: Share) -> str:
    return "nothing to count" if isnan(share.mean) else f"{100 * share.mean:.1f} ({100 * share.low:.0f} to {100 * share.high:.0f})"
