"""Figures of one token of an answer: what may come next, the scores it was chosen by, and what masking each word does."""

from math import exp, isfinite

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backends.coda.results import Asked, Found, Masked, TopToken, WrittenToken
from backends.numbers import fixed, signed
from visualizers.alt import described
from visualizers.coda.methods import MASKED_COLOUR
from visualizers.coda.words import CONTRASTS, MEMBERSHIP, ROLE_COLOURS, label, percent, role, shown_piece
from visualizers.text import said
from visualizers.theme import OTHER_COLOUR, PAIRED, POPULAR_COLOUR, RIGHT_COLOUR, VISITED_COLOUR, titled

MAX_TOKENS_SHOWN, MAX_WORDS_SHOWN = 7, 24
BESIDE = PAIRED | {"b": 114}  # a legend of three lines in half a page
TAIL = 34  # characters of the prompt in a subtitle
HOVERED = 40  # characters of a token or a word in a hover text
STRIPED: dict[str, object] = {"opacity": 0.6, "pattern": {"shape": "/", "size": 5, "fgcolor": "#FFFFFF", "fillmode": "overlay"}}


def tokens_shown(token: WrittenToken, asked: Asked, *, with_masked: bool) -> list[TopToken]:
    """The tokens that a picture has room for, likeliest by X first: the answers, the chosen one, the likeliest of both prompts."""
    listed = {entry.piece: entry for entry in (*token.by_full, *token.by_score, *token.by_masked)}
    wanted = [entry for entry in listed.values() if role(entry.piece, asked) != "other" or entry.piece == token.piece]
    lists = [token.by_full[:6], token.by_score[:3], token.by_masked[:4]] if with_masked else [token.by_full]
    wanted += [entry for entries in lists for entry in entries]
    first = list({entry.piece: entry for entry in wanted}.values())[:MAX_TOKENS_SHOWN]
    return sorted(first, key=lambda entry: -entry.full)


def distributions(token: WrittenToken, asked: Asked, *, alpha: float, with_masked: bool, is_log: bool = False) -> go.Figure:
    """What may come next: p(.|X), and under it p(.|X') where a masked prompt was read; the ends of V_top as lines."""
    entries = tokens_shown(token, asked, with_masked=with_masked)
    colours = [ROLE_COLOURS[role(entry.piece, asked)] for entry in entries]
    place, words = list(range(len(entries))), [said(shown_piece(entry.piece), HOVERED) for entry in entries]
    hover = "%{customdata}: %{x:.3g} % by X"
    figure = go.Figure(go.Bar(y=place, x=[100 * exp(entry.full) for entry in entries], marker_color=colours, customdata=words,
                              offsetgroup="X", orientation="h", showlegend=False, hovertemplate=f"{hover}<extra></extra>"))
    if with_masked:
        figure.add_trace(go.Bar(y=place, x=[100 * exp(entry.masked) for entry in entries], customdata=words, offsetgroup="X'",
                                marker={"color": colours} | STRIPED, orientation="h", showlegend=False,
                                hovertemplate=f"{hover}'<extra></extra>"))
        _mark_plausible(figure, token, alpha, len(entries))
    _explain_colours(figure, asked, with_masked=with_masked)
    below = [MEMBERSHIP[entry.membership] if with_masked else percent(exp(entry.full)) for entry in entries]
    ticks = [f"{_mark(entry, token)} · {words}" for entry, words in zip(entries, below)]
    axis = {"type": "log", "dtick": 1} if is_log else {"rangemode": "tozero", "nticks": 5}
    room = {"height": _height(len(entries)), "margin": BESIDE} if with_masked else {"height": 290}  # scores stand beside a pair
    figure.update_layout(room, barmode="group", bargap=0.25, showlegend=True,
                         title=titled("What may come next", f"after {_tail(asked, token)}"),
                         xaxis={"title": "probability (%)", **axis}, yaxis=_rows(ticks))
    likeliest = ", ".join(f"{label(entry.piece)} {percent(exp(entry.full))}" for entry in entries[:3])
    return described(figure, f"Likeliest after {_tail(asked, token)}: {likeliest}. Written: {label(token.piece)}.")


def _height(count: int) -> int:
    """Of a chart with a row per token."""
    return 200 + 25 * max(MAX_TOKENS_SHOWN, count)


def _rows(ticks: list[str]) -> dict[str, object]:
    """An axis with one row per token or word, read from above."""
    return {"tickvals": list(range(len(ticks))), "ticktext": ticks, "range": [len(ticks) - 0.5, -0.5], "showgrid": False}


def _explain_colours(figure: go.Figure, asked: Asked, *, with_masked: bool) -> None:
    """Legend entries of their own: a bar's colour says whose answer it is, its stripes which prompt it is read from."""
    entries: list[tuple[str, dict[str, object]]] = []
    if asked.right is not None:
        entries += [("correct", {"color": RIGHT_COLOUR}), ("popular", {"color": POPULAR_COLOUR})]
    if with_masked:
        entries += [("prompt X", {"color": OTHER_COLOUR}), ("masked X'", {"color": OTHER_COLOUR} | STRIPED)]
    for name, marker in entries:
        figure.add_trace(go.Bar(x=[None], y=[None], name=name, marker=marker, offsetgroup="X", orientation="h", hoverinfo="skip"))


def _tail(asked: Asked, token: WrittenToken) -> str:
    """The words before a token, cut short."""
    for written in asked.written:
        for index, other in enumerate(written.tokens):
            if other is token:
                before = asked.prompt + "".join(f" {piece.piece.strip()}" for piece in written.tokens[:index])
                words = before.split()
                return said(f"“{'… ' if len(words) > 4 else ''}{' '.join(words[-4:])}”", TAIL)
    return "the prompt"


def _mark(entry: TopToken, token: WrittenToken) -> str:
    return f"<b>{label(entry.piece)}</b>" if entry.piece == token.piece else label(entry.piece)


def _mark_plausible(figure: go.Figure, token: WrittenToken, alpha: float, count: int) -> None:
    """Two lines: from where a token is plausible to X, and to X'. One entry of the legend for both: a phone has few lines."""
    both = (("X", "dash", [entry.full for entry in token.by_full]), ("X'", "dot", [entry.masked for entry in token.by_masked]))
    ends = [(name, dash, 100 * alpha * exp(max(values))) for name, dash, values in both if values]
    told = ", ".join(f"{name} {fixed(least, 1)} %" for name, _, least in ends)
    for number, (name, dash, least) in enumerate(ends):
        figure.add_trace(go.Scatter(
            y=[-0.5, count - 0.5], x=[least, least], mode="lines", name=f"V_top from {told}", legendgroup="V_top",
            showlegend=not number, hovertemplate=f"V_top({name}): from {fixed(least, 1)} %<extra></extra>",
            line={"color": VISITED_COLOUR, "width": 1.5, "dash": dash}))


def score_bars(token: WrittenToken, asked: Asked, *, method: str, name: str) -> go.Figure:
    """s(y) of the same tokens; the largest is written. A token without a bar is not plausible: its score is minus infinity."""
    entries = tokens_shown(token, asked, with_masked=method in CONTRASTS)
    values = [entry.score if isfinite(entry.score) else None for entry in entries]
    words = [signed(value) if value is not None else "−∞" for value in values]
    colours = [ROLE_COLOURS[role(entry.piece, asked)] for entry in entries]
    place, rims = list(range(len(entries))), [2.5 if entry.piece == token.piece else 0 for entry in entries]
    figure = go.Figure(go.Bar(
        y=place, x=[value or 0 for value in values], text=words, textposition="outside", cliponaxis=False, orientation="h",
        marker={"color": colours, "line": {"width": rims, "color": VISITED_COLOUR}},
        customdata=[said(shown_piece(entry.piece), HOVERED) for entry in entries],
        hovertemplate="%{customdata}: s = %{text} nats<extra></extra>"))
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    pad = (high - low) or 1.0
    rule = "the largest score is written" if method != "sample" else "sampling draws from these"
    figure.update_layout(height=_height(len(entries)), showlegend=False, margin=BESIDE,
                         title=titled(f"{name}: scores", rule),
                         xaxis={"title": "score s(y) (nats)", "nticks": 4, "range": [  # room for the numbers beyond the bars
                             low - pad * (0.45 if low < 0 else 0.05), high + pad * (0.45 if high > 0 else 0.05)]},
                         yaxis=_rows([_mark(entry, token) for entry in entries]))
    best = [f"{label(entry.piece)} {said}" for said, entry in
            sorted(((word, entry) for word, entry, value in zip(words, entries, values) if value is not None),
                   key=lambda one: -one[1].score)][:3]
    return described(figure, f"Highest scores: {', '.join(best)}. Written: {label(token.piece)}.")


def candidates(found: Found, *, tau: float | None) -> go.Figure:
    """What masking each part of the prompt does: its lift and its indicator, in the order of the prompt; the masked one is blue."""
    tried = _telling(found)
    words, place = [label(entry.text) for entry in tried], list(range(len(tried)))
    colours = [MASKED_COLOUR if entry.positions == found.chosen_positions else OTHER_COLOUR for entry in tried]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.06, subplot_titles=("lift (nats)", "indicator"))
    lifts, indicators = [entry.lift for entry in tried], [entry.indicator for entry in tried]
    for column, name, values in ((1, "lift", lifts), (2, "indicator", indicators)):
        figure.add_trace(go.Bar(
            y=place, x=values, marker_color=colours, name=name, customdata=words, text=[signed(value) for value in values],
            textposition="none", orientation="h",
            hovertemplate=f"without %{{customdata}}: {name} %{{text}} nats<extra></extra>"), row=1, col=column)
    if tau is not None:
        figure.add_vline(x=tau, line={"dash": "dash", "color": VISITED_COLOUR, "width": 1.5}, row=1, col=1)  # type: ignore[arg-type]
    figure.update_xaxes(nticks=4).update_yaxes(**_rows(words))
    some = "" if len(tried) == len(found.tried) else f", {len(tried)} of {len(found.tried)}"
    figure.update_layout(height=130 + 21 * max(4, len(tried)), showlegend=False,
                         title=titled("Without each word", f"in the prompt's order{some}; blue: masked"))
    return described(figure, _masked_words(found))


def _telling(found: Found) -> list[Masked]:
    """The parts of the prompt that the picture has room for, in order: those with the largest lift, and the masked one."""
    strongest = sorted(found.tried, key=lambda entry: (entry.positions != found.chosen_positions, -entry.lift))[:MAX_WORDS_SHOWN]
    return [entry for entry in found.tried if entry in strongest]


def _masked_words(found: Found) -> str:
    """Which word has the largest lift, and which was masked."""
    if not found.tried:
        return "No word could be masked."
    top = max(found.tried, key=lambda entry: entry.lift)
    masked = f"masked: {said(found.chosen)}" if found.chosen else "nothing was masked"
    return f"The greedy answer's likelihood rises most without “{label(top.text)}”, by {signed(top.lift)} nats; {masked}."
