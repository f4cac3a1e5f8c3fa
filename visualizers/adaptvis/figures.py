"""Figures of AdaptVis: one picture at many alphas, or an evaluated set -> plotly Figure, table or picture.

Probabilities and shares of attention are in per cent. Of one picture, the right answer is green and the wrong one that the
model gives as it is orange. What models and people wrote goes through `said`: plotly would read it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image, ImageDraw, ImageFont
from plotly.subplots import make_subplots

from backends.adaptvis.results import AdaptVisResult, AtAlpha, Branch, Evaluated, Looked
from visualizers.adaptvis import gaze
from visualizers.adaptvis import item_set as set_figures
from visualizers.adaptvis.axis import BELOW, ROOM, axis, places
from visualizers.adaptvis.methods import GAZE_COLOURS
from visualizers.text import said
from visualizers.theme import DISTRIBUTION_COLOUR, OTHER_COLOUR, POPULAR_COLOUR, RIGHT_COLOUR, VISITED_COLOUR

PLAIN_COLOUR, TURNED_COLOUR = GAZE_COLOURS["greedy"], GAZE_COLOURS["adaptvis"]
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MASSES = (("image", "image_mass", DISTRIBUTION_COLOUR), ("text", "text_mass", OTHER_COLOUR), ("first token", "first_mass", "#CC79A7"))


def at_alpha(looked: Looked, alpha: float) -> AtAlpha:
    """The answer at the alpha that is nearest."""
    return min(looked.at, key=lambda at: abs(at.alpha - alpha))


def option_at(looked: Looked, at: AtAlpha) -> str:
    """The likeliest of the options; nothing where none was asked for, as in logit dumps."""
    return looked.options[int(np.argmax(at.probabilities))] if looked.options else ""


def is_right_option(looked: Looked, option: str) -> bool:
    return looked.right is not None and option.strip().lower() == looked.right.strip().lower()


def option_colours(looked: Looked) -> list[str]:
    """Right: green; what the model says as it is, if wrong: orange; any other: grey."""
    popular = option_at(looked, at_alpha(looked, 1.0))
    return [RIGHT_COLOUR if is_right_option(looked, option) else POPULAR_COLOUR if option == popular else OTHER_COLOUR
            for option in looked.options]


def branch_for(looked: Looked, *, alpha1: float, alpha2: float, beta: float, rounds: bool) -> Branch:
    """What AdaptVis does with these settings: nothing has to be run, every alpha's answer is there."""
    base = at_alpha(looked, 1.0)
    confidence = round(base.confidence, 2) if rounds else base.confidence
    is_unsure = confidence < beta  # strictly, as in the released code
    chosen = at_alpha(looked, alpha1 if is_unsure else alpha2)
    return Branch(confidence=confidence, beta=beta, is_unsure=is_unsure, alpha=chosen.alpha, base_answer=base.text,
                  answer=chosen.text, base_is_right=base.is_right, is_right=chosen.is_right)


def branch_words(branch: Branch) -> str:
    """Which branch was taken and why, in a sentence."""
    digits = next((d for d in (2, 3, 4) if f"{branch.confidence:.{d}f}" != f"{branch.beta:.{d}f}"), 2)
    confidence, beta = f"{branch.confidence:.{digits}f}", f"{branch.beta:.{digits}f}"
    why = f"below beta {beta}: unsure" if branch.is_unsure else f"not below beta {beta}: sure"
    return f"Confidence {confidence} is {why}, so the gaze is {turned(branch.alpha)}."


def turned(alpha: float) -> str:
    """'smoothed with alpha 0.5', 'sharpened with alpha 1.5', 'left as it is (alpha 1)'."""
    if alpha == 1:
        return "left as it is (alpha 1)"
    return f"{'smoothed' if alpha < 1 else 'sharpened'} with alpha {alpha:g}"


def verdict(before: bool | None, after: bool | None) -> str:
    """'mended', 'broken', 'right either way', 'wrong either way', or nothing where the truth is not known."""
    if before is None or after is None:
        return ""
    if before == after:
        return "right either way" if after else "wrong either way"
    return "mended" if after else "broken"


def answer_title(at: AtAlpha, name: str) -> str:
    """'alpha 0.5: “on” ✓'; the title of a map."""
    mark = "" if at.is_right is None else " ✓" if at.is_right else " ✗"
    return f"{name}: “{said(at.text, 14)}”{mark}"


def _rounded(value: float) -> str:
    """Whole per cent; a dash where the model's numbers overflowed."""
    return f"{value:.0f}" if np.isfinite(value) else "–"


def mean_image_logit(at: AtAlpha) -> float:
    """The mean image logit of the layers whose window reaches the picture; nan where none does."""
    logits = at.reads.image_logit[np.isfinite(at.reads.image_logit)]
    return float(logits.mean()) if len(logits) else float("nan")


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[at:at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.38)"


def option_bars(looked: Looked, at: AtAlpha, *, height: int = 290) -> go.Figure:
    """Probability of each option as it is (pale) and at an alpha (full); at alpha 1 both are one."""
    base, colours, names = at_alpha(looked, 1.0), option_colours(looked), [said(option, 12) for option in looked.options]
    place = list(range(len(names)))  # not the names: two may begin alike
    figure = go.Figure()
    drawn = [(base, [_pale(colour) for colour in colours], "alpha 1", _pale(OTHER_COLOUR)),
             (at, colours, f"alpha {at.alpha:g}", OTHER_COLOUR)]
    if at.alpha == base.alpha:  # the same bars twice would say nothing
        drawn = drawn[1:]
    for which, shades, label, _ in drawn:
        values = [100 * value for value in which.probabilities]
        figure.add_trace(go.Bar(
            x=place, y=values, marker={"color": shades}, showlegend=False, customdata=[said(option) for option in looked.options],
            text=[_rounded(value) for value in values], textposition="outside", cliponaxis=False, textfont={"size": 11},
            hovertemplate=f"%{{customdata}}, {label}: %{{y:.1f}} %<extra></extra>"))
    entries = [(label, colour) for _, _, label, colour in drawn]
    for name, colour in [*entries, *([("right", RIGHT_COLOUR)] if looked.right else [])]:
        figure.add_trace(go.Bar(x=[None], y=[None], name=name, marker={"color": colour}, hoverinfo="skip"))
    return figure.update_layout(height=height, barmode="group", bargap=0.25, title="What it answers", legend=BELOW,
                                margin={"t": 34, "l": 45, "r": 5, "b": 50}, xaxis={"tickvals": place, "ticktext": names},
                                yaxis={"title": "probability (%)", "range": [0, 112], "dtick": 25})


def option_curves(looked: Looked, alpha: float, branch: Branch | None = None) -> go.Figure:
    """Probability of each option, and the confidence, against alpha; the alpha that is looked at as a line."""
    alphas, figure = [at.alpha for at in looked.at], go.Figure()
    along = places(alphas, alphas)
    for number, (option, colour) in enumerate(zip(looked.options, option_colours(looked))):
        figure.add_trace(go.Scatter(
            x=along, y=[100 * at.probabilities[number] for at in looked.at], name=said(option), mode="lines+markers",
            customdata=alphas,
            line={"color": colour, "dash": "solid" if colour != OTHER_COLOUR else DASHES[1 + number % 5], "width": 2.5},
            marker={"size": 6}, hovertemplate=f"{said(option)} at alpha %{{customdata}}: %{{y:.1f}} %<extra></extra>"))
    figure.add_trace(go.Scatter(
        x=along, y=[100 * at.confidence for at in looked.at], name="confidence", mode="lines", customdata=alphas,
        line={"color": VISITED_COLOUR, "width": 1, "dash": "dot"},
        hovertemplate="confidence at alpha %{customdata}: %{y:.1f} %<extra></extra>"))
    figure.add_vline(x=0, line={"color": PLAIN_COLOUR, "width": 1})  # alpha 1
    figure.add_vline(x=places([alpha], alphas)[0], line={"color": TURNED_COLOUR, "width": 1.5, "dash": "dash"})
    if branch:
        figure.add_hline(y=100 * branch.beta, line={"color": VISITED_COLOUR, "width": 1, "dash": "longdash"},
                         annotation={"text": "beta", "font": {"size": 11}}, annotation_position="bottom right")
    return figure.update_layout(height=340, title="Every alpha at once", showlegend=True, legend=BELOW, margin=ROOM,
                                xaxis=axis(alphas), yaxis={"title": "probability (%)", "range": [-3, 108]})


def masses(looked: Looked, at: AtAlpha) -> go.Figure:
    """Where the attention of the last prompt token lies, layer by layer: as it is, and at an alpha."""
    base = at_alpha(looked, 1.0)
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04,
                           subplot_titles=("alpha 1", f"alpha {at.alpha:g}"))
    for column, which in ((1, base), (2, at)):
        for name, field, colour in MASSES:
            values = 100 * getattr(which.reads, field)
            bars = go.Bar(x=np.arange(len(values)), y=values, name=name, marker_color=colour, marker_line_width=0,
                          showlegend=column == 1, legendgroup=name,
                          hovertemplate=f"layer %{{x}}, {name}: %{{y:.1f}} % of all attention<extra></extra>")
            figure.add_trace(bars, row=1, col=column)
    figure.update_xaxes(title="layer", **_layer_ticks(looked.num_layers)).update_yaxes(range=[0, 100])
    return figure.update_layout(height=310, barmode="stack", bargap=0.12, title="Image, text, first token", margin=ROOM | {"t": 64},
                                legend=BELOW, yaxis={"title": "attention (%)"})


def _layer_ticks(num_layers: int) -> dict[str, object]:
    return {"tickmode": "array", "tickvals": list(range(0, num_layers, max(1, -(-num_layers // 8))))}


def sharpness(looked: Looked, at: AtAlpha) -> go.Figure:
    """How spread the image part is, and the mean image logit, whose sign says what alpha does to the image's share."""
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.16, subplot_titles=("entropy (nats)", "mean image logit"))
    base = at_alpha(looked, 1.0)
    for which, name, colour in ((base, "alpha 1", PLAIN_COLOUR), (at, f"alpha {at.alpha:g}", TURNED_COLOUR)):
        for column, values, unit in ((1, which.reads.entropy, " nats"), (2, which.reads.image_logit, "")):
            figure.add_trace(go.Scatter(
                x=np.arange(len(values)), y=values, name=name, mode="lines+markers", line={"color": colour}, showlegend=column == 1,
                legendgroup=name, hovertemplate=f"layer %{{x}}, {name}: %{{y:.2f}}{unit}<extra></extra>"), row=1, col=column)
    even = float(np.log(at.maps.shape[1]))
    figure.add_hline(y=even, line={"color": VISITED_COLOUR, "width": 1, "dash": "dot"}, row=1, col=1)  # type: ignore[arg-type]
    figure.add_hline(y=0, line={"color": VISITED_COLOUR, "width": 1, "dash": "dot"}, row=1, col=2)  # type: ignore[arg-type]
    figure.update_xaxes(title="layer", **_layer_ticks(looked.num_layers)).update_yaxes(rangemode="tozero")
    return figure.update_layout(height=310, title="How sharp, and which sign", legend=BELOW, margin=ROOM | {"t": 64})


def box_overlap(looked: Looked, at: AtAlpha) -> go.Figure | None:
    """How well each layer's map parts the true boxes from the rest; None where no boxes are known."""
    figure = go.Figure()
    for which, name, colour in ((at_alpha(looked, 1.0), "alpha 1", PLAIN_COLOUR), (at, f"alpha {at.alpha:g}", TURNED_COLOUR)):
        values = which.reads.box_auroc
        if values is None or not np.isfinite(values).any():
            return None
        figure.add_trace(go.Scatter(x=np.arange(len(values)), y=values, name=name, mode="lines+markers", line={"color": colour},
                                    hovertemplate=f"layer %{{x}}, {name}: %{{y:.2f}}<extra></extra>"))
    figure.add_hline(y=0.5, line={"color": VISITED_COLOUR, "width": 1, "dash": "dot"})
    return figure.update_layout(height=340, title="Does it look at the two things?", legend=BELOW, showlegend=True, margin=ROOM,
                                xaxis={"title": "layer", **_layer_ticks(looked.num_layers)},
                                yaxis={"title": "AUROC on the true boxes", "range": [0, 1.02]})


def variants(looks: Sequence[tuple[str, Looked]]) -> go.Figure:
    """The right answer's probability and the image's share of the attention against alpha, per way of scaling."""
    names = {"multiply": "multiply (released)", "shape": "shape: the image's share stays", "mass": "mass: only its share changes"}
    colours = {"multiply": TURNED_COLOUR, "shape": DISTRIBUTION_COLOUR, "mass": "#8C6BB1"}
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12,
                           subplot_titles=(_followed(looks[0][1]), "image's share, all layers"))
    for variant, looked in looks:
        number, alphas = _followed_option(looked), [at.alpha for at in looked.at]
        for column, values in ((1, [100 * at.probabilities[number] for at in looked.at]),
                               (2, [100 * float(np.mean(at.reads.image_mass)) for at in looked.at])):
            figure.add_trace(go.Scatter(
                x=places(alphas, alphas), y=values, customdata=alphas, name=names.get(variant) or said(variant), mode="lines+markers",
                line={"color": colours.get(variant, OTHER_COLOUR)}, legendgroup=said(variant), showlegend=column == 1,
                hovertemplate="alpha %{customdata}: %{y:.1f} %<extra></extra>"), row=1, col=column)
    figure.update_xaxes(**axis([at.alpha for at in looks[0][1].at])).update_yaxes(range=[0, 103])
    return figure.update_layout(height=310, legend=BELOW, showlegend=True, margin=ROOM,
                                yaxis={"title": "%"})


def _followed_option(looked: Looked) -> int:
    right = [number for number, option in enumerate(looked.options) if is_right_option(looked, option)]
    return right[0] if right else looked.options.index(option_at(looked, at_alpha(looked, 1.0)))


def _followed(looked: Looked) -> str:
    return f"probability of “{said(looked.options[_followed_option(looked)], 12)}”"


def alphas_table(looked: Looked) -> pd.DataFrame:
    """One row per alpha: the answer and what the attention did, as means over layers."""
    return pd.DataFrame([{
        "alpha": at.alpha, "answer": " ".join(at.text.split()), "right": at.is_right, "confidence %": round(100 * at.confidence, 1),
        **{f"p({option}) %": round(100 * p, 1) for option, p in zip(looked.options, at.probabilities)},
        **{f"{name} mass %": round(100 * float(np.mean(getattr(at.reads, field))), 1) for name, field, _ in MASSES},
        "image entropy (nats)": round(float(np.mean(at.reads.entropy)), 2),
        "mean image logit": round(mean_image_logit(at), 2)} for at in looked.at])


def layers_table(looked: Looked) -> pd.DataFrame:
    """One row per alpha and layer: every number of the attention."""
    return pd.DataFrame([{
        "alpha": at.alpha, "layer": layer, **{f"{name} mass": float(getattr(at.reads, field)[layer]) for name, field, _ in MASSES},
        "image entropy (nats)": float(at.reads.entropy[layer]), "mean image logit": float(at.reads.image_logit[layer]),
        "box AUROC": None if at.reads.box_auroc is None else float(at.reads.box_auroc[layer])}
        for at in looked.at for layer in range(looked.num_layers)])


def looked_charts(looked: Looked, *, is_live: bool = False) -> dict[str, go.Figure]:
    """The charts of one picture, by title."""
    at, base = at_alpha(looked, looked.branch.alpha), at_alpha(looked, 1.0)
    titles = (answer_title(base, "alpha 1"), answer_title(at, f"alpha {at.alpha:g}"))
    before, after = gaze.pair(looked, base, at, layer=None, is_share=True, titles=titles)
    charts = {"gaze as it is": before, "gaze turned": after}
    charts |= {"options": option_bars(looked, at)} if looked.options else {}
    if is_live:
        return charts
    charts |= {"every alpha": option_curves(looked, at.alpha, looked.branch)} if looked.options else {}
    charts |= {"masses": masses(looked, at), "sharpness": sharpness(looked, at)}
    overlap = box_overlap(looked, at)
    return charts | ({"box overlap": overlap} if overlap is not None else {})


def figures(result: AdaptVisResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    charts = looked_charts(result.looked) if result.looked and result.looked.at else {}
    return charts | (set_figures.charts(result.evaluated) if result.evaluated else {})


def live(event: object) -> dict[str, go.Figure] | None:
    """The charts worth drawing while a run goes on; None for other events."""
    if isinstance(event, Looked) and event.at:
        return looked_charts(event, is_live=True)
    if isinstance(event, Evaluated):
        return set_figures.charts(event) or None
    return None


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """The picture under its two maps, with what the model says; of a Looked or a result of one."""
    looked = event if isinstance(event, Looked) else event.looked if isinstance(event, AdaptVisResult) else None
    return [(picture, caption) for picture, caption, _ in _two(looked)] if looked and looked.at else []


def _two(looked: Looked) -> list[tuple[np.ndarray, str, str]]:
    """Picture under map, caption and colour of the answer: as it is, and as AdaptVis turns it."""
    chosen = (at_alpha(looked, 1.0), at_alpha(looked, looked.branch.alpha))
    maps = [gaze.attention(at.maps, None, is_share=True) for at in chosen]
    top = float(max(values.max() for values in maps))
    marks = {True: RIGHT_COLOUR, False: POPULAR_COLOUR, None: "#1F2430"}
    return [(gaze.overlay(looked, values, top=top), f"alpha {at.alpha:g}: {' '.join(at.text.split())[:20]}", marks[at.is_right])
            for at, values in zip(chosen, maps)]


def cover(result: AdaptVisResult) -> np.ndarray:
    """What stands for the system in the gallery: one picture, two gazes, two answers. (h, w, 3) uint8 RGB."""
    canvas = Image.new("RGB", (960, 540), "#FCFCFA")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(34)
    for number, (picture, caption, colour) in enumerate(_two(result.looked) if result.looked else []):
        shown = Image.fromarray(picture)
        shown = shown.resize((round(shown.width * 440 / max(shown.size)), round(shown.height * 440 / max(shown.size))))
        canvas.paste(shown, (25 + 470 * number, 20))
        draw.text((30 + 470 * number, 476), caption, fill=colour, font=font)
    return np.asarray(canvas)
