"""Figures of CoDA: one prompt's answers, the law, the recovery, an answered file -> plotly Figure, table or picture.

Probabilities are in per cent, scores in nats. What models and prompts say is escaped: plotly reads a little HTML in labels.
"""

import re
from collections.abc import Sequence
from math import exp, isfinite
from typing import TypeAlias

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from PIL import Image, ImageDraw, ImageFont
from plotly.subplots import make_subplots

from backends.coda import paper
from backends.coda.choices import STOP_WORDS, Kind
from backends.coda.resolving import resolved, variant_of
from backends.coda.results import Asked, CodaResult, FilePart, Found, LawPart, RecoveryPart, TopToken, Written, WrittenToken
from backends.coda.settings import CodaSettings
from backends.coda.variants import Variant
from visualizers.coda import answered as answered_figures
from visualizers.coda import law as law_figures
from visualizers.coda import recovery as recovery_figures
from visualizers.text import said
from visualizers.theme import (
    DECODER_NAMES,
    DISTRIBUTION_COLOUR,
    OTHER_COLOUR,
    POPULAR_COLOUR,
    RIGHT_COLOUR,
    SCORE_COLOUR,
    VISITED_COLOUR,
)

CONTRASTS = ("coda", "coda_paper", "cad", "cad_random", "cd")  # decoders that read a masked prompt
Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
MAX_TOKENS_SHOWN = 8
HOVERED = 40  # characters of a token or a word in a hover text
MEMBERSHIP = {"both": "both", "esc": "escapes", "out": "out"}  # plausible to both prompts, to X only, not to X
STRIPED: dict[str, object] = {"opacity": 0.6, "pattern": {"shape": "/", "size": 5, "fgcolor": "#FFFFFF", "fillmode": "overlay"}}
ROLE_COLOURS = {"right": RIGHT_COLOUR, "popular": POPULAR_COLOUR, "other": OTHER_COLOUR}
SPECIAL = re.compile(r"<[^<>\s]*>|\[[A-Z]+\]")  # <s>, <|user|>, [CLS]: no words of the prompt
NO_SPACE = str.maketrans({"\n": "↵", "\t": "⇥"})


def shown_piece(piece: str) -> str:
    """A token as it stands in a label: without its space, never empty."""
    text = piece.strip(" ").translate(NO_SPACE)
    return text if text.strip() else "␣"


def _label(piece: str) -> str:
    return said(shown_piece(piece), 14)


def percent(value: float) -> str:
    """0.634 -> '63 %'; 0.0004 -> '0.04 %'; below a hundredth of a per cent it says so."""
    hundred = 100 * value
    if 0 < hundred < 0.01:
        return "below 0.01 %"
    return f"{hundred:.0f} %" if hundred >= 10 or not hundred else f"{hundred:.2g} %"


def role(piece: str, asked: Asked) -> str:
    """Whether a first token begins the right answer, the popular one, or neither; neither where it begins both."""
    said = piece.strip().lower()
    begins = [bool(said and answer) and str(answer).strip().lower().startswith(said) for answer in (asked.right, asked.popular)]
    return "other" if begins[0] == begins[1] else "right" if begins[0] else "popular"


def chosen_of(token: WrittenToken) -> TopToken | None:
    """The written token's own row, wherever it is listed."""
    return next((entry for entry in (*token.by_score, *token.by_full, *token.by_masked) if entry.piece == token.piece), None)


def is_paired(method: str, token: WrittenToken, found: Found) -> bool:
    """Whether a masked prompt was read for this token."""
    return method in CONTRASTS and (token.is_contrasted or found.chosen is not None)


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
    return f"<b>{_label(entry.piece)}</b>" if entry.piece == token.piece else _label(entry.piece)


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
    words, place = [_label(entry.text) for entry in found.tried], list(range(len(found.tried)))
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


def why(token: WrittenToken, method: str, found: Found, settings: CodaSettings) -> str:
    """What a decoder did at one token, in one plain sentence."""
    entry = chosen_of(token)
    if method == "greedy":
        return f"Likeliest by the prompt{f', {percent(exp(entry.full))}' if entry else ''}."
    if method == "sample":
        return f"Drawn at temperature {settings.temperature:g}{f'; p = {percent(exp(entry.full))}' if entry else ''}."
    if method == "dola":
        return f"Layer {token.layer} is subtracted from the last." if token.layer is not None else "The last layer."
    if found.chosen is None:
        return "Nothing was masked, so nothing is contrasted."
    if not token.is_contrasted:
        return f"Gate closed: the masked prompt likes “{shown_piece(token.greedy_piece)}” less, so greedy decoding stands."
    return _contrasted(token, entry, method)


def _contrasted(token: WrittenToken, entry: TopToken | None, method: str) -> str:
    instead = f" Greedy: “{shown_piece(token.greedy_piece)}”." if token.piece != token.greedy_piece else " As greedy."
    if entry is None:
        return f"Contrasted with the masked prompt.{instead}"
    if entry.membership == "esc":
        return (f"Escapes: implausible without the masked word, {percent(exp(entry.masked))}, plausible with it, "
                f"{percent(exp(entry.full))}.{instead}")
    gain = entry.full - entry.masked
    says = "says nothing about it" if abs(gain) < 0.005 else "speaks for it" if gain > 0 else "speaks against it"
    return f"R-PMI {gain:+.2f}: the masked word {says}.{instead}"


def found_of(asked: Asked, written: Written) -> Found:
    """What the detector said, with what this decoder's own masked prompt is; in older runs all decoders shared one."""
    own = written.own
    if own is None:
        return asked.found
    return asked.found.model_copy(update={"chosen": own.text, "chosen_positions": own.positions, "masked_prompt": own.masked_prompt,
                                          "reason": own.reason})


def variant(method: str, settings: CodaSettings, kind: Kind | None = None) -> Variant:
    """A decoder of these settings, complete; of a miniature where the kind of model is not known."""
    return variant_of(settings, resolved(settings, kind or "miniature"), method)


def decoder_name(method: str, settings: CodaSettings, kind: Kind | None = None) -> str:
    """A decoder with its switches: 'CoDA + floor + gate'."""
    return variant(method, settings, kind).title


def definitions_table(result: CodaResult) -> pd.DataFrame:
    """One row per decoder of the run with all that it is made of; what it does not use is empty."""
    return pd.DataFrame([{
        "decoder": one.title, "score": one.formula, "α": one.alpha, "b": one.escape_bias, "gate": one.gate, "a": one.weight,
        "masked prompt": one.detector, "unit": one.unit, "above (nats)": one.tau, "masking": one.mask_mode, "source": one.source}
        for one in result.definitions])


def baseline(asked: Asked) -> str:
    """What CAD would write first for each content word that could be masked, counted: what any detector has to beat."""
    words = [entry for entry in asked.found.tried if entry.first and entry.text.strip().lower() not in STOP_WORDS]
    if not words:
        return ""
    counts: dict[str, list[str]] = {}
    for entry in words:
        counts.setdefault(shown_piece(entry.first), []).append(entry.text.strip())
    listed = sorted(counts.items(), key=lambda one: -len(one[1]))[:4]
    told = ", ".join(f"“{first}” without {' or '.join(names)}" for first, names in listed)
    return f"of {len(words)} content words CAD would begin with {told}."


def steps_table(asked: Asked, settings: CodaSettings, kind: Kind | None = None) -> pd.DataFrame:
    """One row per decoder and token: what was written, what greedy would write, and why."""
    return pd.DataFrame([_step(asked, written, index, settings, kind)
                         for written in asked.written for index in range(len(written.tokens))])


def _step(asked: Asked, written: Written, index: int, settings: CodaSettings, kind: Kind | None) -> dict[str, object]:
    token = written.tokens[index]
    entry = chosen_of(token)
    numbers = {} if entry is None else {"set": MEMBERSHIP[entry.membership], "log p(y|X)": round(entry.full, 3),
                                        "log p(y|X')": round(entry.masked, 3), "s(y)": round(entry.score, 3)}
    return {"decoder": decoder_name(written.method, settings, kind), "token": index + 1, "written": token.piece,
            "greedy would write": token.greedy_piece, "contrasted": token.is_contrasted, **numbers,
            "why": why(token, written.method, found_of(asked, written), settings)}


def answers_table(asked: Sequence[Asked], settings: CodaSettings, kind: Kind | None = None) -> pd.DataFrame:
    """One row per prompt and decoder."""
    return pd.DataFrame([{
        "prompt": one.prompt, "decoder": decoder_name(written.method, settings, kind), "answer": written.text.strip(),
        "verdict": verdict(written), "right answer": one.right or "", "popular answer": one.popular or "", "P": one.num_popular,
        "masked": found_of(one, written).chosen or ""} for one in asked for written in one.written])


def verdict(written: Written) -> str:
    """'right', 'popular: hallucinated', 'wrong', or nothing where the truth is not known."""
    if written.is_right is None:
        return ""
    return "right" if written.is_right else "popular: hallucinated" if written.is_popular else "wrong"


def paper_decoders(result: CodaResult) -> pd.DataFrame:
    """The paper's Table 3, exact match in per cent, and this run's rows in a column of their own."""
    rows = [{"model": row.model, "decoder": row.method} | {task: "–" if score is None else f"{score:.1f}" for task, score
                                                           in zip(paper.TASKS, row.scores)} for row in paper.DECODERS]
    rows += [{"model": f"this run ({result.model_id})", "decoder": name, "this run": words} for name, words in _own_rows(result)]
    return pd.DataFrame(rows).fillna("")


def _own_rows(result: CodaResult) -> list[tuple[str, str]]:
    if result.recovery:
        return [(row.decoder, recovery_figures.interval(row.exact_match)) for row in result.recovery.rows]
    if result.file:
        known = {m: [v for row in result.file.rows if (v := row.is_right.get(m)) is not None] for m in result.settings.methods}
    else:
        known = {m: [w.is_right for a in result.asked for w in a.written if w.method == m and w.is_right is not None]
                 for m in result.settings.methods}
    return [(decoder_name(m, result.settings, result.kind), f"{sum(values)} of {len(values)} right")
            for m, values in known.items() if values]


def first_token(asked: Asked, method: str) -> WrittenToken | None:
    """The first token of one decoder's answer, if it has one by now."""
    return next((written.tokens[0] for written in asked.written if written.method == method and written.tokens), None)


def figures(result: CodaResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    charts: dict[str, go.Figure] = {}
    for asked in result.asked[:1]:
        charts |= _compared(asked, result.settings, result.kind)
        charts["overshadowed word"] = candidates(asked.found, tau=tau_of(result.settings, result.kind))
    if result.law and result.law.epochs:
        charts |= law_figures.charts(result.law)
    if result.recovery:
        charts |= recovery_figures.charts(result.recovery)
    if result.file and (bars := answered_figures.bars(result.file)) is not None:
        charts["answers"] = bars
    return charts


def tau_of(settings: CodaSettings, kind: Kind | None) -> float | None:
    """The threshold of lift, where it is the detector."""
    return settings.tau if resolved(settings, kind or "miniature").finding.detector == "lift" else None


def _compared(asked: Asked, settings: CodaSettings, kind: Kind | None) -> dict[str, go.Figure]:
    """Both pictures of every decoder's first token."""
    charts = {}
    for written in asked.written[:3]:
        if written.tokens and written.tokens[0].by_full:
            name, token = DECODER_NAMES[written.method], written.tokens[0]
            with_masked = is_paired(written.method, token, found_of(asked, written))
            alpha = variant(written.method, settings, kind).contrast.alpha
            charts[f"{name}, probabilities"] = _named(name, distributions(token, asked, alpha=alpha, with_masked=with_masked))
            if with_masked:
                charts[f"{name}, scores"] = _named(name, score_bars(token, asked, method=written.method))
    return charts


def _named(decoder: str, figure: go.Figure) -> go.Figure:
    """A figure whose title begins with the decoder: charts of several stand below each other."""
    title = figure.layout.title.text
    return figure if title.startswith(decoder) else figure.update_layout(title=f"{decoder}: {title[0].lower()}{title[1:]}")


def live(event: object) -> dict[str, go.Figure] | None:
    """The charts worth drawing while a run goes on; None for other events."""
    if isinstance(event, LawPart) and event.epochs:
        return law_figures.charts(event)
    if isinstance(event, RecoveryPart) and event.rows:
        return recovery_figures.charts(event)
    if isinstance(event, FilePart) and (bars := answered_figures.bars(event)) is not None:
        return {"answers": bars}
    if isinstance(event, tuple) and event and isinstance(event[-1], Asked):
        return _compared(event[-1], CodaSettings(), None) or None
    return None


def cover(result: CodaResult) -> np.ndarray:
    """What stands for the system in the gallery: a prompt and what two decoders answer to it. (h, w, 3) uint8 RGB."""
    asked = result.asked[0]
    picture = Image.new("RGB", (960, 540), "#FCFCFA")
    draw, big, small = ImageDraw.Draw(picture), ImageFont.load_default(34), ImageFont.load_default(24)
    bottom = _draw_prompt(draw, asked, big)
    shown = [written for written in asked.written if written.method in ("greedy", "coda")] or list(asked.written[:2])
    for number, written in enumerate(shown[:2]):
        _draw_answer(draw, asked, written, (40 + 460 * number, max(210, bottom + 40)), (big, small))
    return np.asarray(picture)


def _draw_prompt(draw: ImageDraw.ImageDraw, asked: Asked, font: Font) -> int:
    """The words of the prompt, the masked one in colour; returns where the last line ends."""
    x, y = 40, 40
    for text, is_masked in words_of(asked):
        width = int(draw.textlength(text, font))
        if x + width > 920:
            x, y = 40, y + 58
        if is_masked:
            draw.rounded_rectangle((x - 8, y - 6, x + width + 8, y + 46), 8, fill=DISTRIBUTION_COLOUR)
        draw.text((x, y), text, fill="#FFFFFF" if is_masked else "#1F2430", font=font)
        x += width + 20
    return y + 46


def _draw_answer(draw: ImageDraw.ImageDraw, asked: Asked, written: Written, at: tuple[int, int], fonts: tuple[Font, Font]) -> None:
    """One decoder's answer over the likeliest tokens by its score."""
    (x, y), (big, small) = at, fonts
    token = written.tokens[0]
    colour = ROLE_COLOURS["right" if written.is_right else "popular" if written.is_popular else "other"]
    draw.text((x, y), f"{DECODER_NAMES[written.method]}: {shown_piece(written.text)[:16]}", fill=colour, font=big)
    entries = [entry for entry in token.by_score if isfinite(entry.score)][:4]
    weights = [exp(entry.score - max(e.score for e in entries)) for entry in entries]
    for number, (entry, weight) in enumerate(zip(entries, weights)):
        top = y + 60 + 46 * number
        draw.text((x, top), shown_piece(entry.piece)[:11], fill="#1F2430", font=small)
        draw.rectangle((x + 150, top + 2, x + 154 + int(250 * weight), top + 28), fill=ROLE_COLOURS[role(entry.piece, asked)])


def words_of(asked: Asked, found: Found | None = None) -> list[tuple[str, bool]]:
    """The prompt in parts: text and whether it is masked; special tokens are left out, masked neighbours joined."""
    parts: list[tuple[str, bool]] = []
    chosen = set((found or asked.found).chosen_positions)
    joined = _is_joined(asked.pieces)
    for position, piece in enumerate(asked.pieces):
        is_masked, text = position in chosen, piece.translate(NO_SPACE)
        if SPECIAL.fullmatch(piece.strip()) and not is_masked:
            continue
        glues = parts and not (joined or piece[:1].isspace()) and parts[-1][1] == is_masked
        if glues:
            parts[-1] = (parts[-1][0] + text, is_masked)
        else:
            parts.append((text.strip(), is_masked))
    return [(text, is_masked) for text, is_masked in parts if text]


def _is_joined(pieces: Sequence[str]) -> bool:
    """Whether every piece is a word by itself: a miniature's tokens carry no spaces."""
    return not any(piece[:1].isspace() for piece in pieces)
