"""The drawing contract of CoDA: all charts of a finished run, those of a running one, and its cover.

Probabilities are in per cent, scores in nats.
"""

import numpy as np
import plotly.graph_objects as go

from backends.coda.choices import Kind
from backends.coda.results import Asked, CodaResult, FilePart, LawPart, RecoveryPart, WrittenToken
from backends.coda.settings import CodaSettings
from visualizers.coda import answered as answered_figures
from visualizers.coda import law as law_figures
from visualizers.coda import recovery as recovery_figures
from visualizers.coda.cover import answers, cover, shown_of
from visualizers.coda.methods import DECODER_NAMES
from visualizers.coda.tokens import candidates, distributions, score_bars
from visualizers.coda.words import found_of, is_paired, tau_of, variant

__all__ = ["cover", "figures", "first_token", "live", "pictures"]


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


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """Each prompt of a finished comparison with two decoders' answers over the tokens that they weighed, and its caption."""
    asked = event.asked if isinstance(event, CodaResult) else ()
    return [(answers(one), _answered(one)) for one in asked if shown_of(one)]


def _answered(asked: Asked) -> str:
    """What is seen in the picture of a prompt."""
    masked = asked.found.chosen
    said = "; ".join(f"{DECODER_NAMES[written.method]} says “{' '.join(written.text.split())[:40]}”" for written in shown_of(asked))
    return f"“{asked.prompt[:200]}”{'' if masked is None else ', the masked word on blue'}: {said}"


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
                charts[f"{name}, scores"] = _named(name, score_bars(token, asked, method=written.method, name=name))
    return charts


def _named(decoder: str, figure: go.Figure) -> go.Figure:
    """A figure whose title begins with the decoder: charts of several stand below each other."""
    title = figure.layout.title
    if not title.text.startswith(decoder):
        title.text = f"{decoder}: {title.text[0].lower()}{title.text[1:]}"
    return figure


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
