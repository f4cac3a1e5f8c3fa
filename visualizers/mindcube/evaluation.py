"""Many questions, scored: accuracy of each way of answering, overall and by setting and template, beside what needs no looking.

Shares are in per cent. Lines that are dashed are what a letter at random is right in, dotted ones what the rule scores that reads the
text alone. A point of "structure against function" is a way of answering: how right its maps are, and how often its answers.
"""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from backends.mindcube.results import Part, Report, Triple
from visualizers.alt import described
from visualizers.mindcube.methods import EXACT_COLOUR, OFFICIAL_COLOUR, WRONG_COLOUR, in_lines, way_colour, way_name
from visualizers.mindcube.numbers import share
from visualizers.text import listed, said, spoken
from visualizers.theme import RIGHT_COLOUR, SCORE_COLOUR, VISITED_COLOUR, titled

ROW_PX, GROUP_PX = 46, 20  # of a way with its name; between the groups of a chart
CHANCE, TEXT_ONLY = ("a letter at random", "dash"), ("the text alone", "dot")
MOST_TEMPLATES = 24
WITHIN = [-2, 104]


def charts(reports: Sequence[Report]) -> dict[str, go.Figure]:
    """What a finished or growing evaluation has to show, by title."""
    told = [report for report in reports if report.parts]
    if not told:
        return {}
    made: dict[str, go.Figure | None] = {
        "accuracy": accuracy(told), "settings": settings(told), "structure and function": structure(told),
        "maps": maps(told), "replies": replies(told), "options rotated": following(told)}
    for report, name in zip(told, names_of(told)):
        made[f"templates: {name}"] = templates(report)
    return {name: figure for name, figure in made.items() if figure is not None}


def names_of(reports: Sequence[Report]) -> list[str]:
    """What each report is called: by its way of answering, and by its model where several have it."""
    ways = [way_name(report.configuration) for report in reports]
    return [way if ways.count(way) == 1 else f"{way} ({said(report.model, 16)})" for way, report in zip(ways, reports)]


def overall_of(report: Report) -> Part:
    """The part that counts: everything but translation."""
    return next((part for part in report.parts if part.kind == "overall"), report.parts[0])


def _per_cent(value: Triple) -> tuple[float, float, float]:
    """The value, and how far its interval reaches below and above it."""
    return 100 * value[0], 100 * (value[0] - value[1]), 100 * (value[2] - value[0])


def _error(values: Sequence[tuple[float, float, float]]) -> dict[str, object]:
    return {"type": "data", "symmetric": False, "thickness": 1.6, "width": 4, "color": VISITED_COLOUR,
            "array": [up for _, _, up in values], "arrayminus": [down for _, down, _ in values]}


def accuracy(reports: Sequence[Report]) -> go.Figure:
    """Official accuracy overall, a bar for each way."""
    parts, names, places = [overall_of(report) for report in reports], names_of(reports), list(range(len(reports)))
    values = [_per_cent(part.official) for part in parts]
    figure = go.Figure(go.Bar(
        x=[mean for mean, _, _ in values], y=places, orientation="h", error_x=_error(values), showlegend=False,
        marker={"color": [way_colour(report.configuration) for report in reports]},
        customdata=[f"{name}: {part.correct:,} of {part.count:,} correct" for name, part in zip(names, parts)],
        hovertemplate="%{customdata}, %{x:.1f} %<extra></extra>"))
    _lines(figure, parts)
    figure.update_layout(title=titled("Correct answers", "official extraction; 95 % intervals"), bargap=0.35, showlegend=True,
                         height=220 + ROW_PX * len(reports), xaxis={"title": "accuracy (%)", "range": [0, 104], "dtick": 25},
                         yaxis=_rows([f"{in_lines(name)} <b>{mean:.0f}</b>" for name, (mean, _, _) in zip(names, values)]))
    told = listed([f"{name} {mean:.1f} %" for name, (mean, _, _) in zip(names, values)])
    return described(figure, f"Accuracy: {told}.{_beside(parts)}")


def _rows(ticks: Sequence[str]) -> dict[str, object]:
    return {"tickvals": list(range(len(ticks))), "ticktext": list(ticks), "range": [len(ticks) - 0.5, -0.5], "showgrid": False,
            "zeroline": False}


def _lines(figure: go.Figure, parts: Sequence[Part]) -> None:
    """What needs no looking, through all rows: of equal questions it is the same for all."""
    for (name, dash), values in zip((CHANCE, TEXT_ONLY), zip(*((part.chance, part.text_only) for part in parts))):
        known = [value for value in values if value is not None]
        if known:
            mean = 100 * sum(known) / len(known)
            figure.add_scatter(x=[mean, mean], y=[-0.5, len(parts) - 0.5], mode="lines", name=f"{name} {mean:.0f}",
                               line={"color": VISITED_COLOUR, "width": 2, "dash": dash},
                               hovertemplate=f"{name}: {mean:.1f} %<extra></extra>")


def _beside(parts: Sequence[Part]) -> str:
    first = parts[0]
    told = [f"{name} {100 * value:.1f} %" for (name, _), value in ((CHANCE, first.chance), (TEXT_ONLY, first.text_only))
            if value is not None]
    return f" Without looking: {', '.join(told)}." if told else ""


def settings(reports: Sequence[Report]) -> go.Figure | None:
    """Official accuracy by setting, a point for each way; None where there is one setting only."""
    kinds = list(dict.fromkeys(part.name for report in reports for part in report.parts if part.kind == "setting"))
    if len(kinds) < 2:
        return None
    figure, told = go.Figure(), []
    step = 0.8 / len(reports)
    for number, (report, name) in enumerate(zip(reports, names_of(reports))):
        own = {part.name: part for part in report.parts if part.kind == "setting"}
        known = [(place, own[kind]) for place, kind in enumerate(kinds) if kind in own]
        values = [_per_cent(part.official) for _, part in known]
        colour = way_colour(report.configuration)
        figure.add_scatter(
            x=[mean for mean, _, _ in values], y=[place - 0.4 + (number + 0.5) * step for place, _ in known], name=name,
            mode="markers", marker={"color": colour, "size": 10}, error_x=_error(values) | {"color": colour},
            customdata=[f"{said(part.name)}, {name}: {part.correct:,} of {part.count:,}" for _, part in known],
            hovertemplate="%{customdata}, %{x:.1f} %<extra></extra>")
        told.append(f"{name} {', '.join(f'{said(part.name)} {100 * part.official[0]:.0f} %' for _, part in known)}")
    _ticks(figure, kinds, [[part for report in reports for part in report.parts if part.kind == "setting" and part.name == kind]
                           for kind in kinds])
    figure.update_layout(title=titled("By setting", "official accuracy; 95 % intervals"), showlegend=True,
                         height=170 + len(kinds) * (GROUP_PX + 17 * len(reports)) + 17 * len(reports),
                         xaxis={"title": "accuracy (%)", "range": WITHIN, "dtick": 25},
                         yaxis=_rows([said(kind, 16) for kind in kinds]))
    return described(figure, f"Accuracy by setting: {listed(told)}.")


def _ticks(figure: go.Figure, rows: Sequence[str], parts: Sequence[Sequence[Part]], get: Callable[[Part], tuple[float | None, ...]] =
           lambda part: (part.chance, part.text_only)) -> None:
    """What needs no looking, a stroke across each row."""
    for column, (name, dash) in enumerate((CHANCE, TEXT_ONLY)):
        xs: list[float | None] = []
        ys: list[float | None] = []
        for place, own in enumerate(parts):
            known = [value for part in own if (value := get(part)[column]) is not None]
            if known:
                xs += [100 * sum(known) / len(known)] * 2 + [None]
                ys += [place - 0.44, place + 0.44, None]
        if xs:
            figure.add_scatter(x=xs, y=ys, mode="lines", name=name, line={"color": VISITED_COLOUR, "width": 2, "dash": dash},
                               hovertemplate=f"{name}: %{{x:.1f}} %<extra></extra>")


def structure(reports: Sequence[Report]) -> go.Figure | None:
    """Accuracy against the mean similarity of the valid maps; None where no way has a map."""
    figure, told = go.Figure(), []
    unseen = []
    for report, name in zip(reports, names_of(reports)):
        x = _per_cent(report.maps.exact[0]) if report.maps and report.maps.exact else None
        y = _per_cent(overall_of(report).official)
        colour = way_colour(report.configuration)
        if x is None and report.maps is not None:
            continue  # an evaluation that was brought knows the official metric only
        if x is None:
            unseen.append((name, y[0], colour))
            continue
        figure.add_scatter(x=[x[0]], y=[y[0]], mode="markers", name=name, marker={"color": colour, "size": 15},
                           error_x=_error([x]) | {"color": colour}, error_y=_error([y]) | {"color": colour},
                           hovertemplate=f"{name}: maps %{{x:.1f}} %, answers %{{y:.1f}} %<extra></extra>")
        told.append(f"{name}: maps {x[0]:.0f} %, answers {y[0]:.0f} %")
    if not told:
        return None
    for name, value, colour in unseen:
        figure.add_scatter(x=WITHIN, y=[value, value], mode="lines", name=name,
                           line={"color": colour, "dash": "dot"},
                           hovertemplate=f"{name}, without a map: {value:.1f} %<extra></extra>")
    figure.update_layout(title=titled("Structure against function", "dotted: ways without a map of their own"),
                         height=370 + 20 * len(reports), showlegend=True,
                         xaxis={"title": "map similarity, exact metric (%)", "range": WITHIN, "dtick": 25},
                         yaxis={"title": "correct answers (%)", "range": WITHIN, "dtick": 25})
    return described(figure, f"{listed(told)}.")


def maps(reports: Sequence[Report]) -> go.Figure | None:
    """How good the maps are: valid, alike in both metrics, isomorphic in both; None where no way has any."""
    own = [(name, report.maps) for report, name in zip(reports, names_of(reports)) if report.maps and report.maps.count]
    if not own:
        return None
    rows = list(range(len(own)))
    figure = go.Figure()
    kinds: tuple[tuple[str, str, str, list[float | None]], ...] = (
        ("valid", VISITED_COLOUR, "line-ns-open", [share(one.valid, one.count) for _, one in own]),
        ("similarity, official", OFFICIAL_COLOUR, "diamond",
         [100 * one.official[0][0] if one.official and one.official[0] else None for _, one in own]),
        ("similarity, exact", EXACT_COLOUR, "circle", [100 * one.exact[0][0] if one.exact else None for _, one in own]),
        ("isomorphic, official", OFFICIAL_COLOUR, "diamond-open", [share(one.isomorphic, one.count) for _, one in own]),
        ("isomorphic, exact", EXACT_COLOUR, "circle-open", [share(one.exactly_isomorphic, one.count) for _, one in own]))
    for name, colour, symbol, values in kinds:
        figure.add_scatter(x=values, y=rows, mode="markers", name=name, hovertemplate=f"{name}: %{{x:.1f}} %<extra></extra>",
                           marker={"color": colour, "symbol": symbol, "size": 13, "line": {"width": 2.5, "color": colour}})
    figure.update_layout(title=titled("How right the maps are", "similar: mean of the valid; else share of all"), showlegend=True,
                         height=240 + ROW_PX * len(own), xaxis={"title": "%", "range": WITHIN, "dtick": 25},
                         yaxis=_rows([in_lines(name) for name, _ in own]))
    told = listed([f"{name}: valid {valid:.0f} %, exactly isomorphic {shape:.0f} %" for (name, _), valid, shape in zip(
        own, kinds[0][3], kinds[4][3]) if valid is not None and shape is not None])
    return described(figure, f"{told}.")


def replies(reports: Sequence[Report]) -> go.Figure:
    """Official accuracy, accuracy of the replies that have an answer tag, and the share that never answered."""
    parts, names, places = [overall_of(report) for report in reports], names_of(reports), list(range(len(reports)))
    figure = go.Figure()
    kinds: tuple[tuple[str, str, list[float | None]], ...] = (
        ("official accuracy", SCORE_COLOUR, [100 * part.official[0] for part in parts]),
        ("of replies with a tag", RIGHT_COLOUR, [100 * part.tagged[0] if part.tagged else None for part in parts]),
        ("never answered: no tag", WRONG_COLOUR, [None if part.untagged is None else 100 * part.untagged for part in parts]))
    for name, colour, values in kinds:
        figure.add_bar(x=values, y=places, orientation="h", name=name, marker={"color": colour},
                       hovertemplate=f"{name}: %{{x:.1f}} %<extra></extra>")
    figure.update_layout(title=titled("Did it answer at all?", "the official extraction finds letters anywhere"), barmode="group",
                         height=220 + 62 * len(reports), showlegend=True, legend={"traceorder": "normal"},
                         xaxis={"title": "%", "range": [0, 104], "dtick": 25}, yaxis=_rows([in_lines(name) for name in names]))
    told = listed([f"{name}: official {100 * part.official[0]:.0f} %, "
                   f"{f'with a tag {100 * part.tagged[0]:.0f} %' if part.tagged else 'no tag at all'}, "
                   f"{'tags not counted' if part.untagged is None else f'never answered {100 * part.untagged:.0f} %'}"
                   for name, part in zip(names, parts)])
    return described(figure, f"{told}.")


def templates(report: Report) -> go.Figure | None:
    """Accuracy of one report by template, balanced over kinds of answers beside plain; None where there is none."""
    parts = [part for part in report.parts if part.kind == "template"]
    if not parts:
        return None
    shown = sorted(sorted(parts, key=lambda part: -part.count)[:MOST_TEMPLATES], key=parts.index)
    rows = list(range(len(shown)))
    values = [_per_cent(part.official) for part in shown]
    figure = go.Figure()
    figure.add_scatter(x=[mean for mean, _, _ in values], y=rows, mode="markers", name="accuracy", error_x=_error(values),
                       marker={"color": way_colour(report.configuration), "size": 11},
                       customdata=[f"{said(part.name)}: {part.correct:,} of {part.count:,}" for part in shown],
                       hovertemplate="%{customdata}, %{x:.1f} %<extra></extra>")
    figure.add_scatter(x=[100 * part.balanced[0] if part.balanced else None for part in shown], y=rows, name="balanced",
                       mode="markers", marker={"color": VISITED_COLOUR, "size": 13, "symbol": "diamond-open", "line": {"width": 2.5}},
                       hovertemplate="balanced over kinds of answers: %{x:.1f} %<extra></extra>")
    _ticks(figure, [part.name for part in shown], [[part] for part in shown])
    few = "" if len(shown) == len(parts) else f"<br>the {len(shown)} most frequent of {len(parts)}"
    figure.update_layout(title=titled(f"By template: {way_name(report.configuration)[:22]}", f"balanced: over kinds of answers{few}"),
                         height=190 + 30 * len(shown), showlegend=True, xaxis={"title": "accuracy (%)", "range": WITHIN, "dtick": 25},
                         yaxis=_rows([f"{said(part.name, 18)} ({part.count:,})" for part in shown]))
    told = listed([f"{spoken(part.name)} {100 * part.official[0]:.0f} %" for part in shown])
    return described(figure, f"Accuracy by template: {told}.")


def following(reports: Sequence[Report]) -> go.Figure | None:
    """With the options rotated: how often the answer stays, and how often the letter; None where nothing was asked twice."""
    own = [(name, report.following) for report, name in zip(reports, names_of(reports)) if report.following]
    if not own:
        return None
    figure = go.Figure()
    for words, colour, field in (("the answer stays", RIGHT_COLOUR, "answer"), ("the letter stays", WRONG_COLOUR, "letter")):
        values = [_per_cent(getattr(one, field)) for _, one in own]
        figure.add_bar(x=[mean for mean, _, _ in values], y=list(range(len(own))), orientation="h", name=words,
                       marker={"color": colour}, error_x=_error(values), hovertemplate=f"{words}: %{{x:.1f}} %<extra></extra>")
    pairs = min(one.pairs for _, one in own)
    figure.update_layout(title=titled("With the options rotated", f"{pairs:,} pairs of questions; 95 % intervals"), barmode="group",
                         height=215 + 52 * len(own), showlegend=True, legend={"traceorder": "normal"},
                         xaxis={"title": "% of pairs", "range": [0, 104], "dtick": 25},
                         yaxis=_rows([in_lines(name) for name, _ in own]))
    told = listed([f"{name}: the answer stays in {100 * one.answer[0]:.0f} %, the letter in {100 * one.letter[0]:.0f} %"
                   for name, one in own])
    return described(figure, f"{told}.")
