"""Figures of AdaptVis: one picture at many alphas, or an evaluated set -> plotly Figure, table or picture.

Probabilities and shares of attention are in per cent. Of one picture, the correct answer is green and the wrong one that the
model gives as it is orange. What models and people wrote goes through `said`: plotly would read it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backends.adaptvis.results import AdaptVisResult, AtAlpha, Branch, Evaluated, Looked
from backends.numbers import fixed
from visualizers import covers
from visualizers.adaptvis import gaze
from visualizers.adaptvis import item_set as set_figures
from visualizers.adaptvis.axis import axis, places
from visualizers.adaptvis.methods import GAZE_COLOURS
from visualizers.alt import described
from visualizers.text import said
from visualizers.theme import DISTRIBUTION_COLOUR, OTHER_COLOUR, PAIRED, POPULAR_COLOUR, RIGHT_COLOUR, VISITED_COLOUR, titled

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
    """Correct: green; what the model says as it is, if wrong: orange; any other: grey."""
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
    beta = f"{branch.beta:g}"  # as its slider says it
    least = len(beta.partition(".")[2])
    digits = next((d for d in (2, 3, 4) if d >= least and float(f"{branch.confidence:.{d}f}") != branch.beta), max(2, least))
    confidence = f"{branch.confidence:.{digits}f}"
    why = f"below beta {beta}: unsure" if branch.is_unsure else f"not below beta {beta}: sure"
    return f"Confidence {confidence} is {why}, so the gaze is {turned(branch.alpha)}."


def turned(alpha: float) -> str:
    """'smoothed with alpha 0.5', 'sharpened with alpha 1.5', 'left as it is (alpha 1)'."""
    if alpha == 1:
        return "left as it is (alpha 1)"
    return f"{'smoothed' if alpha < 1 else 'sharpened'} with alpha {alpha:g}"


def verdict(before: bool | None, after: bool | None) -> str:
    """'mended', 'broken', 'correct either way', 'wrong either way', or nothing where the truth is not known."""
    if before is None or after is None:
        return ""
    if before == after:
        return "correct either way" if after else "wrong either way"
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
            y=place, x=values, marker={"color": shades}, orientation="h", offsetgroup=label, showlegend=False,
            customdata=[said(option) for option in looked.options],
            text=[_rounded(value) for value in values] if which is at else None,  # two numbers would stand over one another
            textposition="outside", cliponaxis=False,
            hovertemplate=f"%{{customdata}}, {label}: %{{x:.1f}} %<extra></extra>"))
    entries = [(label, colour) for _, _, label, colour in drawn]
    for name, colour in [*entries, *([("correct", RIGHT_COLOUR)] if looked.right else [])]:
        figure.add_trace(go.Bar(x=[None], y=[None], name=name, orientation="h", offsetgroup=drawn[0][2],  # no room of its own
                                marker={"color": colour}, hoverinfo="skip"))
    figure.update_layout(height=height, barmode="group", bargap=0.2, title=titled("What it answers"),
                         legend={"traceorder": "normal"}, xaxis={"range": [0, 119], "dtick": 50, "ticksuffix": " %"},
                         yaxis={"tickvals": place, "ticktext": names, "range": [len(names) - 0.5, -0.5]})
    return described(figure, _options_words(looked, base, at))


def _options_words(looked: Looked, base: AtAlpha, at: AtAlpha) -> str:
    """The likeliest option before and after, and what is correct."""
    def best(which: AtAlpha) -> str:
        top = int(np.argmax(which.probabilities))
        return f"“{said(looked.options[top])}” with {_rounded(100 * which.probabilities[top])} %"

    correct = f"; correct is “{said(looked.right)}”" if looked.right else ""
    before = f"As it is, {best(base)}; at" if at.alpha != base.alpha else "At"
    return f"{before} alpha {at.alpha:g}, {best(at)}{correct}."


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
                         annotation={"text": "beta"}, annotation_position="bottom right")
    figure.update_layout(height=350, title=titled("Every alpha at once", "dashed: the alpha that is looked at"), showlegend=True,
                         margin=PAIRED, xaxis=axis(alphas), yaxis={"title": "probability (%)", "range": [-3, 108]})
    return described(figure, f"{_turns(looked)} Confidence at alpha 1: {fixed(at_alpha(looked, 1.0).confidence, 3)}.")


def _turns(looked: Looked) -> str:
    """Which option is likeliest from which alpha on."""
    told, last = [], ""
    for at in looked.at:
        if (option := option_at(looked, at)) != last:
            told.append(f"“{said(option)}” from alpha {at.alpha:g}")
            last = option
    return f"Likeliest: {', '.join(told)}."


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
    figure.update_layout(height=340, barmode="stack", bargap=0.12, title=titled("Image, text, first token", "share of all attention"),
                         margin=PAIRED, yaxis={"title": "attention (%)"})
    before, after = (100 * float(np.nanmean(which.reads.image_mass)) for which in (base, at))
    return described(figure, f"The image gets {before:.0f} % of the attention at alpha 1 and {after:.0f} % at alpha {at.alpha:g}, "
                             "mean of all layers.")


def _layer_ticks(num_layers: int) -> dict[str, object]:
    return {"tickmode": "array", "tickvals": list(range(0, num_layers, max(1, -(-num_layers // 4))))}


def sharpness(looked: Looked, at: AtAlpha) -> go.Figure:
    """How spread the image part is, and the plain mean of the image logits."""
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
    figure.update_layout(height=340, title=titled("How sharp, and how strong", "dotted: spread evenly; a logit of 0"), margin=PAIRED)
    spread, logit = (float(np.nanmean(at.reads.entropy) - np.nanmean(base.reads.entropy)), mean_image_logit(base))
    return described(figure, f"At alpha {at.alpha:g} the gaze is {'wider' if spread > 0 else 'narrower'} by {fixed(abs(spread))} "
                             f"nats; the mean image logit at alpha 1 is {fixed(logit)}.")


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
    figure.update_layout(height=350, title=titled("Does it look at the two things?", "dotted: no more than chance"), showlegend=True,
                         margin=PAIRED, xaxis={"title": "layer", **_layer_ticks(looked.num_layers)},
                         yaxis={"title": "AUROC, true boxes", "range": [0, 1.06]})
    told = ", ".join(f"{trace.name} {fixed(float(np.nanmax(trace.y)))} in layer {int(np.nanargmax(trace.y))}"
                     for trace in figure.data)
    return described(figure, f"Best AUROC on the true boxes: {told}; 0.5 is chance.")


def variants(looks: Sequence[tuple[str, Looked]]) -> go.Figure:
    """The right answer's probability and the image's share of the attention against alpha, per way of scaling."""
    names = {"multiply": "multiply (released)", "shape": "shape: its share stays", "mass": "mass: only its share"}
    colours = {"multiply": TURNED_COLOUR, "shape": DISTRIBUTION_COLOUR, "mass": "#8C6BB1"}
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.12,
                           subplot_titles=(_followed(looks[0][1]), "the image's share"))
    for variant, looked in looks:
        number, alphas = _followed_option(looked), [at.alpha for at in looked.at]
        for column, values in ((1, [100 * at.probabilities[number] for at in looked.at]),
                               (2, [100 * float(np.mean(at.reads.image_mass)) for at in looked.at])):
            figure.add_trace(go.Scatter(
                x=places(alphas, alphas), y=values, customdata=alphas, name=names.get(variant) or said(variant), mode="lines+markers",
                line={"color": colours.get(variant, OTHER_COLOUR)}, legendgroup=said(variant), showlegend=column == 1,
                hovertemplate="alpha %{customdata}: %{y:.1f} %<extra></extra>"), row=1, col=column)
    figure.update_xaxes(**axis([at.alpha for at in looks[0][1].at])).update_yaxes(range=[0, 103])
    figure.update_layout(height=340, showlegend=True, title=titled("The answer, and the image's share"), yaxis={"title": "%"})
    told = "; ".join(f"{said(variant)}: {_span_of(looked)}" for variant, looked in looks)
    followed = said(looks[0][1].options[_followed_option(looks[0][1])])
    return described(figure, f"The probability of “{followed}” over all alphas, {told}.")


def _span_of(looked: Looked) -> str:
    """'3 % at alpha 2 to 97 % at alpha 0.25', of the option that is followed."""
    number = _followed_option(looked)
    by_size = sorted(looked.at, key=lambda at: at.probabilities[number])
    return " to ".join(f"{100 * at.probabilities[number]:.0f} % at alpha {at.alpha:g}" for at in (by_size[0], by_size[-1]))


def _followed_option(looked: Looked) -> int:
    right = [number for number, option in enumerate(looked.options) if is_right_option(looked, option)]
    return right[0] if right else looked.options.index(option_at(looked, at_alpha(looked, 1.0)))


def _followed(looked: Looked) -> str:
    return f"probability of “{said(looked.options[_followed_option(looked)], 12)}”"


def alphas_table(looked: Looked) -> pd.DataFrame:
    """One row per alpha: the answer and what the attention did, as means over layers."""
    return pd.DataFrame([{
        "alpha": at.alpha, "answer": " ".join(at.text.split()), "correct": at.is_right, "confidence %": round(100 * at.confidence, 1),
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
    overlap, heads = box_overlap(looked, at), gaze.heads(looked, None)
    charts |= {"box overlap": overlap} if overlap is not None else {}
    charts |= {one.name: gaze.other(looked, one) for one in looked.others}
    return charts | ({"heads": heads} if heads is not None else {})


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
    canvas, _ = covers.blank()
    on_dark = {RIGHT_COLOUR: "#2BB68D", POPULAR_COLOUR: POPULAR_COLOUR}
    for number, (picture, caption, colour) in enumerate(_two(result.looked) if result.looked else []):
        covers.paste(canvas, picture, at=(25 + 470 * number, 24), within=(440, 440))
        covers.write(canvas, caption, at=(30 + 470 * number, 502), size_px=36, colour=on_dark.get(colour, covers.INK))
    return np.asarray(canvas)
