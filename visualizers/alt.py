"""What a chart says to people who do not see it: one sentence from its own numbers, carried in the figure itself.

Who draws a figure writes the sentence (`described`); who shows it reads name and sentence (`alt_of`). plotly keeps `layout.meta`
through copies, templates and JSON and draws nothing of it.
"""

from html import unescape

import plotly.graph_objects as go

_KEY = "alt"


def described(figure: go.Figure, sentence: str) -> go.Figure:
    """The same figure, with the sentence that says what is to be seen in it."""
    return figure.update_layout(meta={_KEY: sentence})


def sentence_of(figure: go.Figure) -> str:
    """The sentence; nothing where none was written."""
    meta = figure.layout.meta
    return str(meta.get(_KEY, "")) if isinstance(meta, dict) else ""


def name_of(figure: go.Figure) -> str:
    """The figure's title as plain text."""
    title = figure.layout.title.text or ""
    return unescape(title.replace("<br>", " ").replace("<b>", "").replace("</b>", ""))


def alt_of(figure: go.Figure) -> str:
    """Name and sentence, as a screen reader is given them."""
    return ". ".join(filter(None, (name_of(figure).rstrip("."), unescape(sentence_of(figure)))))
