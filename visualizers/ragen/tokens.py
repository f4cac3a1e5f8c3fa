"""The tokens of a reply, each shaded by how likely the model found it: a Turn -> plotly Figure."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from backends.episode import Turn
from visualizers.alt import described
from visualizers.text import said
from visualizers.theme import titled

COLUMNS, ROW_PX, ROOM_PX = 4, 30, 80  # four words of a row can be read on a phone
LETTERS, MOST = 10, 120
PALE = 0.4  # chances below it have a dark ground, on a light page and on a dark one


def strip(turn: Turn, words: Sequence[str]) -> go.Figure | None:
    """Tokens in rows, read from left to right; None where their chances are not known.

    Args:
        words: of the tokens, or their numbers where nobody knows their words.
    """
    if turn.logprobs is None or not len(turn.logprobs) or len(words) != len(turn.logprobs):
        return None
    logprobs, shown = turn.logprobs[:MOST], [said(word, LETTERS) for word in words[:MOST]]
    rows = -(-len(shown) // COLUMNS)
    room = rows * COLUMNS - len(shown)
    chances = np.append(np.exp(np.minimum(logprobs, 0.0)), np.full(room, np.nan)).reshape(rows, COLUMNS)
    texts = np.array([*shown, *[""] * room], object).reshape(rows, COLUMNS)
    figure = go.Figure(go.Heatmap(z=chances, text=texts, zmin=0, zmax=1, autocolorscale=True, xgap=2, ygap=2, hoverongaps=False,
                                  showscale=False, hovertemplate="%{text}: %{z:.0%}<extra></extra>"))
    # by notes, which grow on a wall: plotly would write all texts of a map as small as its smallest cell asks for
    figure.update_layout(annotations=[
        {"x": place % COLUMNS, "y": place // COLUMNS, "text": word, "showarrow": False,
         "font": {"color": "#FFFFFF" if np.exp(logprobs[place]) < PALE else "#1F2430"}} for place, word in enumerate(shown)])
    figure.update_layout(
        title=titled("How likely was each word?", "row by row; the brighter, the surer"), height=ROOM_PX + ROW_PX * max(rows, 2),
        xaxis={"visible": False}, yaxis={"visible": False, "autorange": "reversed"})
    sure, least = float(np.mean(np.exp(logprobs) > 0.9)), int(np.argmin(logprobs))
    told = f"The least likely was {shown[least]} with {float(np.exp(logprobs[least])):.0%}."
    return described(figure, f"{sure:.0%} of the {len(shown)} tokens had a chance above 90 %. {told}")
