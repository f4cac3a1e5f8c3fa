"""Figures of one token of an answer: what may come next, the scores it was chosen by, and what masking each word does."""

from math import exp, isfinite

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from backends.coda.results import Asked, Found, TopToken, WrittenToken
from visualizers.coda import law as law_figures
from visualizers.coda.methods import DECODER_NAMES
from visualizers.coda.words import CONTRASTS, MEMBERSHIP, ROLE_COLOURS, label, percent, role, shown_piece
from visualizers.text import said
from visualizers.theme import OTHER_COLOUR, POPULAR_COLOUR, RIGHT_COLOUR, SCORE_COLOUR, VISITED_COLOUR

MAX_TOKENS_SHOWN = 8
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
    """What may come next: p(.|X), and beside it p(.|X') where a masked prompt was read; the ends of V_top as lines."""
    entries = tokens_shown(token, asked, with_masked=with_masked)
    colours = [ROLE_COLOURS[role(entry.piece, asked)] for entry in entries]
    place, words = list(range(len(entries))), [said(shown_piece(entry.piece), HOVERED) for entry in entries]
    hover = "%{customdata}: %{y:.3g} % by X"
    figure = go.Figure(go.Bar(x=place, y=[100 * exp(entry.full) for entry in entries], marker_color=colours, customdata=words,
                              offsetgroup="X", showlegend=False, hovertemplate=f"{hover}<extra></extra>"))
    if with_masked:
        figure.add_trace(go.Bar(x=place, y=[100 * exp(entry.masked) for entry in entries], customdata=words, offsetgroup="X'",
                                marker={"color": colours} | STRIPED, showlegend=False, hovertemplate=f"{hover}'<extra></extra>"))
        _mark_plausible(figure, token, alpha, len(entries))
    _explain_colours(figure, asked, with_masked=with_masked)
    below = [MEMBERSHIP[entry.membership] if with_masked else percent(exp(entry.full)) for entry in entries]
    ticks = [f"{_mark(entry, token)}<br>{words}" for entry, words in zip(entries, below)]
    axis = {"type": "log", "dtick": 1} if is_log else {"rangemode": "tozero"}
    return figure.update_layout(height=290, barmode="group", bargap=0.25, showlegend=True, legend=law_figures.BELOW, margin={"t": 36},
                                title=f"What comes after {_tail(asked, token)}",
                                yaxis={"title": "probability (%)", **axis},
                                xaxis={"tickvals": place, "ticktext": ticks, "title": "next token y"})


def _explain_colours(figure: go.Figure, asked: Asked, *, with_masked: bool) -> None:
    """Legend entries of their own: a bar's colour says whose answer it is, its stripes which prompt it is read from."""
    entries: list[tuple[str, dict[str, object]]] = []
    if asked.right is not None:
        entries += [("right", {"color": RIGHT_COLOUR}), ("popular", {"color": POPULAR_COLOUR})]
    if with_masked:
        entries += [("prompt X", {"color": OTHER_COLOUR}), ("masked X'", {"color": OTHER_COLOUR} | STRIPED)]
    for name, marker in entries:
        figure.add_trace(go.Bar(x=[None], y=[None], name=name, marker=marker, offsetgroup="X", hoverinfo="skip"))


def _tail(asked: Asked, token: WrittenToken) -> str:
    """The words before a token, cut short."""
    for written in asked.written:
        for index, other in enumerate(written.tokens):
            if other is token:
                before = asked.prompt + "".join(f" {piece.piece.strip()}" for piece in written.tokens[:index])
                words = before.split()
                return said(f"“{'… ' if len(words) > 4 else ''}{' '.join(words[-4:])}”", 60)
    return "the prompt"


def _mark(entry: TopToken, token: WrittenToken) -> str:
    return f"<b>{label(entry.piece)}</b>" if entry.piece == token.piece else label(entry.piece)


def _mark_plausible(figure: go.Figure, token: WrittenToken, alpha: float, count: int) -> None:
    """Two lines: from where a token is plausible to X, and to X'."""
    for entries, name, dash in ((token.by_full, "X", "dash"), (token.by_masked, "X'", "dot")):
        if entries:
            least = 100 * alpha * exp(max(entry.full if name == "X" else entry.masked for entry in entries))
            figure.add_trace(go.Scatter(
                x=[-0.5, count - 0.5], y=[least, least], mode="lines", name=f"V_top({name}): {least:.2g} %", hoverinfo="name",
                line={"color": VISITED_COLOUR, "width": 1.5, "dash": dash}))


def score_bars(token: WrittenToken, asked: Asked, *, method: str) -> go.Figure:
    """s(y) of the same tokens; the largest is written. A token without a bar is not plausible: its score is minus infinity."""
    entries = tokens_shown(token, asked, with_masked=method in CONTRASTS)
    values = [entry.score if isfinite(entry.score) else None for entry in entries]
    words = [f"{value:+.2f}" if value is not None else "−∞" for value in values]
    colours = [ROLE_COLOURS[role(entry.piece, asked)] for entry in entries]
    place, rims = list(range(len(entries))), [3 if entry.piece == token.piece else 0 for entry in entries]
    figure = go.Figure(go.Bar(
        x=place, y=[value or 0 for value in values], text=words, textposition="outside", cliponaxis=False,
        marker={"color": colours, "line": {"width": rims, "color": SCORE_COLOUR}},
        customdata=[said(shown_piece(entry.piece), HOVERED) for entry in entries],
        hovertemplate="%{customdata}: s = %{text} nats<extra></extra>"))
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    pad = 0.18 * (high - low) or 1.0
    title = f"{DECODER_NAMES[method]}: the largest score is written" if method != "sample" else "Sampling draws from these scores"
    ticks = [_mark(entry, token) for entry in entries]
    return figure.update_layout(height=290, showlegend=False, title=title, margin={"t": 36},
                                yaxis={"title": "score s(y) (nats)", "range": [low - pad, high + pad]},
                                xaxis={"tickvals": place, "ticktext": ticks, "title": "next token y"})


def candidates(found: Found, *, tau: float | None) -> go.Figure:
    """What masking each part of the prompt does: its lift and its indicator, in the order of the prompt."""
    words, place = [label(entry.text) for entry in found.tried], list(range(len(found.tried)))
    colours = [SCORE_COLOUR if entry.positions == found.chosen_positions else OTHER_COLOUR for entry in found.tried]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.09)
    lifts, indicators = [entry.lift for entry in found.tried], [entry.indicator for entry in found.tried]
    for row, name, values in ((1, "lift", lifts), (2, "indicator", indicators)):
        texts = [f"{value:+.2f}" for value in values] if len(values) <= 14 else None
        figure.add_trace(go.Bar(
            x=place, y=values, marker_color=colours, name=name, customdata=words, text=texts, textposition="outside", textangle=0,
            cliponaxis=False, hovertemplate=f"without %{{customdata}}: {name} %{{y:+.2f}} nats<extra></extra>"), row=row, col=1)
    if tau is not None:
        figure.add_hline(y=tau, line={"dash": "dash", "color": VISITED_COLOUR, "width": 1.5}, row=1, col=1)
    figure.update_xaxes(showticklabels=False, row=1, col=1)
    figure.update_xaxes(tickvals=place, ticktext=words, title="masked part of the prompt", row=2, col=1)
    figure.update_yaxes(title="lift (nats)", row=1, col=1).update_yaxes(title="indicator", row=2, col=1)
    return figure.update_layout(height=340, showlegend=False, margin={"t": 40}, title="Without each word: lift and indicator")
