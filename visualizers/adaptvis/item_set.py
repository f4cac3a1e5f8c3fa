"""Figures of an evaluated set: an Evaluated -> plotly Figure or table. Accuracy is in per cent of the test part."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backends.adaptvis import paper
from backends.adaptvis.results import AdaptVisResult, Curve, Evaluated, MethodScore
from backends.adaptvis.words import interval, percent, score_of
from backends.numbers import fixed, signed
from visualizers.adaptvis.axis import axis, places
from visualizers.adaptvis.gain import BETAS, can_replay, has_confidence, hits, index_of, is_right
from visualizers.adaptvis.methods import GAZE_COLOURS, GAZE_NAMES
from visualizers.alt import described
from visualizers.text import said
from visualizers.theme import POPULAR_COLOUR, RIGHT_COLOUR, VISITED_COLOUR, titled
from worlds.scenes.scene import IMBALANCED, RELATIONS

CURVE_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#A6761D")
HALVES = {"all": "#8A8F98", "unsure": "#D55E00", "sure": "#0072B2"}  # by how a curve's name begins
MAX_CURVES, MAX_PANELS, MAX_WORDS = 8, 12, 12  # VSR has seventy relations; more lines and panels than these tell nothing
SETTING = 160  # characters of a method's setting that a hover text holds
HEIGHT_PX = 350  # of charts that stand side by side
T = TypeVar("T")
NOT_A_METHOD = ("oracle", "reweighted")  # drawn hatched: an upper bound, and the same answers counted otherwise


def training_shares(evaluated: Evaluated) -> dict[str, float]:
    """How often each relation was seen in training; known of the drawn scenes only."""
    if not evaluated.data.startswith("drawn scenes"):
        return {}
    return {relation: share for layout in RELATIONS.values() for relation, share in zip(layout, IMBALANCED)}


def methods(evaluated: Evaluated) -> go.Figure:
    """Accuracy of every method with its 95 % interval; the unchanged model as a line through all."""
    scores = evaluated.scores[::-1]
    means = [100 * score.individual[0] for score in scores]
    names = [f"{_short(score)}<br><b>{_bar_text(score)}</b>" for score in scores]
    shapes = ["/" if score.method in NOT_A_METHOD else "" for score in scores]
    figure = go.Figure(go.Bar(
        y=names, x=means, orientation="h", customdata=[said(score.setting or "nothing to set", SETTING) for score in scores],
        marker={"color": [GAZE_COLOURS.get(score.method, VISITED_COLOUR) for score in scores], "pattern": {"shape": shapes}},
        error_x={"type": "data", "symmetric": False, "thickness": 1.6, "width": 4, "color": VISITED_COLOUR,
                 "array": [100 * (s.individual[2] - s.individual[0]) for s in scores],
                 "arrayminus": [100 * (s.individual[0] - s.individual[1]) for s in scores]},
        hovertemplate="%{y}<br>%{customdata}<extra></extra>"))
    if (base := score_of(evaluated, "greedy")) is not None:
        figure.add_vline(x=100 * base.individual[0], line={"color": VISITED_COLOUR, "width": 1.5, "dash": "dash"})
    figure.update_layout(height=max(HEIGHT_PX, 110 + 38 * len(scores)), title=titled("Correct answers", "with 95 % intervals"),
                         showlegend=False, xaxis={"title": "accuracy (%)", "range": [0, 101], "nticks": 5})
    told = ", ".join(f"{_short(score)} {_bar_text(score)}" for score in evaluated.scores)
    return described(figure, f"Accuracy on the test part, in brackets points against the model as it is: {told}.")


def _short(score: MethodScore) -> str:
    """A method's name without what stands in brackets: a phone has room for half a line."""
    return GAZE_NAMES.get(score.method, said(score.method)).partition(" (")[0]


def _bar_text(score: MethodScore) -> str:
    return percent(score.individual[0]) + ("" if score.gain is None else f" ({signed(100 * score.gain[0], 1)})")


def alpha_curves(evaluated: Evaluated, kind: str) -> go.Figure:
    """Accuracy against alpha, with intervals: 'halves' of the confidence, or single 'relations'; of many, the most frequent."""
    figure, curves = go.Figure(), curves_of(evaluated, kind)
    shown = curves if len(curves) <= MAX_CURVES else _frequent(curves, evaluated, MAX_CURVES, lambda curve: curve.name)
    for number, curve in enumerate(shown):
        halves = next((colour for begin, colour in HALVES.items() if curve.name.startswith(begin)), "")
        _add_curve(figure, curve, halves or CURVE_COLOURS[number % len(CURVE_COLOURS)])
    figure.add_vline(x=0, line={"color": VISITED_COLOUR, "width": 1, "dash": "dot"})
    what = "by confidence" if kind == "halves" else "by relation"
    figure.update_layout(height=max(HEIGHT_PX, 110 + 38 * len(evaluated.scores)), showlegend=True,
                         title=titled(f"Every alpha, {what}", f"with 95 % intervals{_of_many(shown, curves)}"),
                         xaxis=axis(evaluated.alphas), yaxis={"title": "accuracy (%)", "range": [0, 103]})
    told = ", ".join(f"{said(curve.name)} {percent(max(curve.accuracy))} at alpha "
                     f"{curve.alphas[int(np.argmax(curve.accuracy))]:g}" for curve in shown[:6])
    return described(figure, f"Best accuracy: {told}.")


def _frequent(all_of: Sequence[T], evaluated: Evaluated, count: int, relation_of: Callable[[T], str]) -> list[T]:
    """Those of the most frequent relations, in their own order."""
    counts = Counter(item.relation for item in evaluated.items)
    least = sorted(all_of, key=lambda one: -counts[relation_of(one)])[:count]
    return [one for one in all_of if one in least]


def _of_many(shown: Sequence[object], all_of: Sequence[object]) -> str:
    return "" if len(shown) == len(all_of) else f"; {len(shown)} most frequent of {len(all_of)}"


def curves_of(evaluated: Evaluated, kind: str) -> list[Curve]:
    is_half = {curve.name: any(curve.name.startswith(begin) for begin in HALVES) for curve in evaluated.curves}
    return [curve for curve in evaluated.curves if is_half[curve.name] == (kind == "halves")]


def _add_curve(figure: go.Figure, curve: Curve, colour: str) -> None:
    name, along = said(curve.name), places(curve.alphas, curve.alphas)
    figure.add_trace(go.Scatter(
        x=[*along, *along[::-1]], y=[100 * value for value in (*curve.high, *curve.low[::-1])], fill="toself",
        line={"width": 0}, fillcolor=colour, opacity=0.14, hoverinfo="skip", showlegend=False, legendgroup=name))
    figure.add_trace(go.Scatter(
        x=along, y=[100 * value for value in curve.accuracy], name=name, mode="lines+markers", line={"color": colour},
        customdata=curve.alphas, marker={"size": 5}, legendgroup=name,
        hovertemplate=f"{name}, alpha %{{customdata}}: %{{y:.1f}} %<extra></extra>"))


def beta_curve(evaluated: Evaluated, *, alpha1: float, alpha2: float, beta: float) -> go.Figure:
    """Accuracy against beta with these alphas, replayed on the test items; with the run's own alphas as a thin line."""
    right, confidence = hits(evaluated), np.array([item.confidence for item in evaluated.items])
    low, high = right[:, index_of(evaluated, alpha1)], right[:, index_of(evaluated, alpha2)]
    accuracy = [100 * float(np.where(confidence < cut, low, high).mean()) for cut in BETAS]
    figure = go.Figure()
    if evaluated.beta_curve:
        cuts, own = zip(*evaluated.beta_curve)
        figure.add_trace(go.Scatter(x=cuts, y=[100 * value for value in own], name="as the run chose", mode="lines", line={
            "color": GAZE_COLOURS["adaptvis"], "width": 1, "dash": "dot"}, hovertemplate="beta %{x:.2f}: %{y:.1f} %<extra></extra>"))
    figure.add_trace(go.Scatter(x=BETAS, y=accuracy, name=f"alpha {alpha1:g} below, {alpha2:g} above", mode="lines", line={
        "color": GAZE_COLOURS["adaptvis"], "width": 2.5}, hovertemplate="beta %{x:.2f}: %{y:.1f} %<extra></extra>"))
    base = 100 * float(right[:, index_of(evaluated, 1.0)].mean())
    figure.add_hline(y=base, line={"color": GAZE_COLOURS["greedy"], "width": 1.5, "dash": "dash"},
                     annotation={"text": f"as it is {base:.1f} %"}, annotation_position="bottom left")
    figure.add_vline(x=beta, line={"color": VISITED_COLOUR, "width": 1.5})
    span = [min(base, *accuracy), max(base, *accuracy)]
    figure.update_layout(height=350, title=titled("Where is sure?", "accuracy against beta"), showlegend=True,
                         xaxis={"title": "beta", "range": [-0.01, 1.02]},
                         yaxis={"title": "accuracy (%)", "range": [max(0, span[0] - 4), min(102, span[1] + 4)]})
    best = int(np.argmax(accuracy))
    return described(figure, f"As it is {base:.1f} %; with alpha {alpha1:g} below beta and {alpha2:g} above it the accuracy is "
                             f"highest, {accuracy[best]:.1f} %, at beta {BETAS[best]:.2f}.")


def answers(evaluated: Evaluated) -> go.Figure:
    """What is answered to each relation at every alpha: shares of each answer, one panel per true relation; of many, the most
    frequent."""
    known, words = relations_of(evaluated), answer_words(evaluated)
    relations = known if len(known) <= MAX_PANELS else _frequent(known, evaluated, MAX_PANELS, str)
    figure = make_subplots(rows=-(-len(relations) // 2), cols=2, shared_xaxes=True, shared_yaxes=True, horizontal_spacing=0.05,
                           vertical_spacing=0.14, subplot_titles=[f"true: {said(name)}" for name in relations])
    ticks, shares = [f"{alpha:g}" for alpha in evaluated.alphas], _answer_shares(evaluated, words)
    few = ticks[::max(1, -(-len(ticks) // 4))]
    for number, relation in enumerate(relations):
        row, column = divmod(number, 2)
        for index, word in enumerate(words):
            colour = CURVE_COLOURS[index % len(CURVE_COLOURS)] if word != "other" else VISITED_COLOUR
            bars = go.Bar(x=ticks, y=[share[relation, word] for share in shares], name=said(word), marker_color=colour,
                          marker_line_width=0, legendgroup=str(index), showlegend=number == 0,
                          hovertemplate=f"alpha %{{x}}: {said(word)} %{{y:.0f}} %<extra></extra>")
            figure.add_trace(bars, row=row + 1, col=column + 1)
    figure.update_yaxes(range=[0, 100]).update_xaxes(type="category", tickvals=few)
    figure.update_layout(height=170 + 170 * (-(-len(relations) // 2)), barmode="stack", bargap=0.05,
                         title=titled("What it answers at each alpha", f"% of a relation's items{_of_many(relations, known)}"))
    return described(figure, _flips(evaluated, relations, shares))


def _flips(evaluated: Evaluated, relations: Sequence[str], shares: Sequence[Counter[tuple[str, str]]]) -> str:
    """How often each relation's own word is said at the smallest and at the largest alpha."""
    own = {item.relation: item.right.strip().lower() for item in evaluated.items}
    told = ", ".join(f"“{said(own[name])}” from {shares[0][name, own[name]]:.0f} to {shares[-1][name, own[name]]:.0f} %"
                     for name in relations[:4] if name in own)
    return f"From alpha {evaluated.alphas[0]:g} to {evaluated.alphas[-1]:g} the correct word is said of its own items: {told}."


def _answer_shares(evaluated: Evaluated, words: Sequence[str]) -> list[Counter[tuple[str, str]]]:
    """Per alpha, in per cent of a relation's items: how often each word is its answer."""
    counts, known = Counter(item.relation for item in evaluated.items), frozenset(words)
    shares: list[Counter[tuple[str, str]]] = []
    for place in range(len(evaluated.alphas)):
        said = Counter((item.relation, _word(item.answers[place], known)) for item in evaluated.items)
        shares.append(Counter({(relation, word): 100 * count / counts[relation] for (relation, word), count in said.items()}))
    return shares


def relations_of(evaluated: Evaluated) -> list[str]:
    """In the order of the results, so that pairs stay side by side."""
    return list(dict.fromkeys(relation for score in evaluated.scores for relation, _, _ in score.per_relation)) or list(
        dict.fromkeys(item.relation for item in evaluated.items))


def answer_words(evaluated: Evaluated) -> list[str]:
    """The right answers, the most frequent where there are many, in the order of their relations; then "other"."""
    known = [word for word, _ in Counter(item.right.strip().lower() for item in evaluated.items).most_common(MAX_WORDS)]
    order = {name.lower(): number for number, name in enumerate(relations_of(evaluated))}
    return [*sorted(known, key=lambda word: order.get(word, len(order))), "other"]


def _word(answer: str, words: Collection[str]) -> str:
    return answer.strip().lower() if answer.strip().lower() in words else "other"


def confidence_histogram(evaluated: Evaluated) -> go.Figure:
    """Confidence of the unchanged model, of correct and of wrong answers."""
    right = hits(evaluated)[:, index_of(evaluated, 1.0)]
    confidence = np.array([item.confidence for item in evaluated.items])
    edges = np.linspace(0, 1, 21)
    figure = go.Figure()
    for name, mask, colour in (("correct", right, RIGHT_COLOUR), ("wrong", ~right, POPULAR_COLOUR)):
        counts, _ = np.histogram(confidence[mask], edges)
        figure.add_trace(go.Bar(x=(edges[:-1] + edges[1:]) / 2, y=counts, width=0.048, name=f"{name} ({int(mask.sum())})",
                                marker_color=colour, hovertemplate="confidence %{x:.2f}: %{y} " + name + "<extra></extra>"))
    area = auroc(confidence, right)
    tells = "" if area is None else f"tells correct from wrong: AUROC {fixed(area)}"
    figure.update_layout(height=340, barmode="stack", title=titled("Confidence", tells), showlegend=True,
                         yaxis={"title": "test items"}, xaxis={"title": "confidence as it is", "range": [0, 1]})
    told = ", ".join(f"{name} {confidence[mask].mean():.2f}" for name, mask in (("correct", right), ("wrong", ~right)) if mask.any())
    return described(figure, f"Mean confidence: {told}. It {tells or 'cannot be compared: there is one kind of answer'}.")


def auroc(scores: np.ndarray, is_positive: np.ndarray) -> float | None:
    """How often a positive has the larger score, ties counting half; None where one kind is missing."""
    positive, negative = scores[is_positive], np.sort(scores[~is_positive])
    if not len(positive) or not len(negative):
        return None
    below, above = np.searchsorted(negative, positive, "left"), np.searchsorted(negative, positive, "right")
    return float((below + above).sum() / 2 / (len(positive) * len(negative)))


def auroc_per_layer(evaluated: Evaluated) -> go.Figure | None:
    """How well the unchanged gaze parts the true boxes from the rest, of right and wrong answers; None without boxes."""
    rows = [row for row in evaluated.auroc_per_layer if np.isfinite(row[1]) or np.isfinite(row[2])]
    if not rows:
        return None
    figure = go.Figure()
    for name, column, colour in (("correct answers", 1, RIGHT_COLOUR), ("wrong answers", 2, POPULAR_COLOUR)):
        figure.add_trace(go.Scatter(x=[row[0] for row in rows], y=[row[column] for row in rows], name=name, mode="lines+markers",
                                    line={"color": colour}, hovertemplate=f"layer %{{x}}, {name}: %{{y:.3f}}<extra></extra>"))
    figure.add_hline(y=0.5, line={"color": VISITED_COLOUR, "width": 1, "dash": "dot"})
    figure.update_layout(height=340, title=titled("Does it look at the two things?", "dotted: no more than chance"), showlegend=True,
                         xaxis={"title": "layer", "dtick": max(1, len(rows) // 4)},
                         yaxis={"title": "AUROC, true boxes", "range": [0.3, 1.02]})
    told = ", ".join(f"{name} {np.nanmean([row[column] for row in rows]):.2f}" for name, column in (("correct", 1), ("wrong", 2)))
    return described(figure, f"Mean over layers of the AUROC on the true boxes: {told}; 0.5 is chance.")


def familiarity(evaluated: Evaluated) -> go.Figure:
    """Per relation: accuracy as it is and with AdaptVis, and the mean confidence; the surest relation first."""
    mean = _mean_confidence(evaluated)
    known = sorted(mean, key=lambda name: -mean[name]) or relations_of(evaluated)
    names = known if len(known) <= MAX_PANELS else _frequent(known, evaluated, MAX_PANELS, str)
    shares = training_shares(evaluated)
    place, words = list(range(len(names))), [said(name) for name in names]
    ticks = [word + (f"<br>{100 * shares[name]:g} %" if name in shares else "") for name, word in zip(names, words)]
    figure = go.Figure()
    for method in ("greedy", "adaptvis", "bias"):
        if (score := score_of(evaluated, method)) is not None:
            accuracy = {name: 100 * value for name, value, _ in score.per_relation}
            figure.add_trace(go.Bar(
                y=place, x=[accuracy.get(name) for name in names], name=GAZE_NAMES[method], marker_color=GAZE_COLOURS[method],
                orientation="h", customdata=words,
                hovertemplate=f"%{{customdata}}, {GAZE_NAMES[method]}: %{{x:.1f}} %<extra></extra>"))
    if mean:
        figure.add_trace(go.Scatter(y=place, x=[mean[name] for name in names], name="mean confidence", mode="markers",
                                    customdata=words,
                                    marker={"symbol": "line-ns-open", "size": 30, "line": {"width": 3}, "color": VISITED_COLOUR},
                                    hovertemplate="%{customdata}: mean confidence %{x:.1f} %<extra></extra>"))
    below = "per cent: share of the training" if shares else "the surest first"
    figure.update_layout(height=150 + 48 * max(4, len(names)), barmode="group", showlegend=True,
                         title=titled("Familiar and unfamiliar", f"{below}{_of_many(names, known)}"),
                         legend={"traceorder": "normal"}, xaxis={"title": "%", "range": [0, 103]},
                         yaxis={"tickvals": place, "ticktext": ticks, "range": [len(names) - 0.5, -0.5]})
    told = "; ".join(f"{trace.name} {trace.x[0]:.0f} % for {words[0]}, {trace.x[-1]:.0f} % for {words[-1]}" for trace in figure.data
                     if words and trace.x[0] is not None and trace.x[-1] is not None)
    return described(figure, f"{told}.")


def _mean_confidence(evaluated: Evaluated) -> dict[str, float]:
    """Per relation, in per cent; nothing where it is not known."""
    if not has_confidence(evaluated):
        return {}
    found: dict[str, list[float]] = {}
    for item in evaluated.items:
        found.setdefault(item.relation, []).append(item.confidence)
    return {name: 100 * float(np.mean(found.get(name, [0.0]))) for name in relations_of(evaluated)}


def results_table(evaluated: Evaluated) -> pd.DataFrame:
    """One row per method, in per cent."""
    def of(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 1)

    groups = has_sets(evaluated)
    return pd.DataFrame([{
        "method": GAZE_NAMES.get(score.method, score.method), "setting": score.setting, "accuracy %": of(score.individual[0]),
        "95 % interval": f"{100 * score.individual[1]:.1f} to {100 * score.individual[2]:.1f}",
        "gain (points)": "" if score.gain is None else interval(score.gain), "mended": score.mended,
        "broken": score.broken, **{f"{name} %": of(value) for name, value, _ in score.per_relation},
        **({"pair %": of(score.pair), "set %": of(score.complete), "pair, as released %": of(score.official_pair),
            "set, as released %": of(score.official_set)} if groups else {})}
        for score in evaluated.scores])


def has_sets(evaluated: Evaluated) -> bool:
    """Return whether there are pairs to count: WhatsUp's and drawn scenes have them, no other set has."""
    return any(score.pair is not None for score in evaluated.scores)


def yes_no_table(evaluated: Evaluated) -> pd.DataFrame:
    """VSR: the released code's "F1" beside what the name usually means, in per cent."""
    return pd.DataFrame([{
        "method": GAZE_NAMES.get(method, method), "accuracy %": 100 * scores.accuracy, "“F1” as released %": 100 * scores.f1_official,
        "F1 of yes %": 100 * scores.f1_yes, "macro F1 %": 100 * scores.f1_macro,
        "balanced accuracy %": 100 * scores.balanced_accuracy} for method, scores in evaluated.yes_no]).round(1)


def items_table(evaluated: Evaluated) -> pd.DataFrame:
    """One row per test item, with the answer at every alpha."""
    return pd.DataFrame([{
        "item": item.number, "group": item.group, "relation": item.relation, "right answer": item.right,
        "confidence": round(item.confidence, 4), "AdaptVis": item.adaptvis, "AdaptVis right": is_right(item, item.adaptvis),
        **{f"alpha {alpha:g}": answer for alpha, answer in zip(evaluated.alphas, item.answers)}} for item in evaluated.items])


def paper_table(result: AdaptVisResult) -> pd.DataFrame:
    """The paper's main table, in per cent, and this run's rows in a column of their own."""
    rows = [{"model": row.model, "method": row.method} | {name: f"{score:.1f}" for name, score in zip(paper.DATA_SETS, row.scores)}
            for row in paper.MAIN]
    if result.evaluated:
        rows += [{"model": f"this run ({result.model_id})", "method": GAZE_NAMES.get(score.method, score.method),
                  "this run": interval(score.individual)} for score in result.evaluated.scores]
    return pd.DataFrame(rows).fillna("")


def defaults_table() -> pd.DataFrame:
    """The released code's settings for LLaVA-1.5-7B."""
    return pd.DataFrame([{"data": row.data, "ScalingVis alpha": row.scaling_alpha, "alpha1": row.alpha1, "alpha2": row.alpha2,
                          "beta": row.beta} for row in paper.DEFAULTS])


def charts(evaluated: Evaluated) -> dict[str, go.Figure]:
    """What a finished or growing evaluation has to show, by title."""
    drawn = {"methods": methods(evaluated)} if evaluated.scores else {}
    drawn |= {kind: alpha_curves(evaluated, kind) for kind in ("halves", "relations") if curves_of(evaluated, kind)}
    if can_replay(evaluated):
        drawn["answers"] = answers(evaluated)
    if has_confidence(evaluated):
        drawn["confidence"] = confidence_histogram(evaluated)
    if evaluated.items and evaluated.scores:
        drawn["familiarity"] = familiarity(evaluated)
    overlap = auroc_per_layer(evaluated)
    return drawn | ({"box overlap": overlap} if overlap is not None else {})
