"""The tokens of a reply, each shaded by how likely the model found it, or by how undecided it was there: a Turn -> plotly Figure."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from backends.episode import Turn
from visualizers.alt import described
from visualizers.text import said
from visualizers.theme import titled

COLUMNS, ROW_PX, ROOM_PX = 4, 30, 80  # four words of a row can be read on a phone
LETTERS, MOST = 10, 120
PALE = 0.4  # shares below it have a dark ground, on a light page and on a dark one
OPEN = 2.0  # nats, at which the ground is brightest: seven words that are equally likely
Shade = Literal["chance", "entropy"]


def strip(turn: Turn, words: Sequence[str], *, shade: Shade = "chance", entropies: Sequence[float] = ()) -> go.Figure | None:
    """Tokens in rows, read from left to right; None where what they are shaded by is not known.

    Args:
        words: of the tokens, or their numbers where nobody knows their words.
        entropies: nats, of what each token was drawn from.
    """
    if shade == "entropy":
        return _open(words, entropies) if entropies and len(words) == len(entropies) else None
    if turn.logprobs is None or not len(turn.logprobs) or len(words) != len(turn.logprobs):
        return None
    shown, chances = [said(word, LETTERS) for word in words[:MOST]], np.exp(np.minimum(turn.logprobs[:MOST], 0.0))
    figure = _rows(shown, chances, chances, hover="%{customdata:.0%}")
    figure.update_layout(title=titled("How likely was each word?", "row by row; the brighter, the surer"))
    sure, least = float(np.mean(chances > 0.9)), int(np.argmin(chances))
    told = f"The least likely was {_spoken(words[least])} with {float(chances[least]):.0%}."
    return described(figure, f"{sure:.0%} of the {len(shown)} tokens had a chance above 90 %. {told}")


def _open(words: Sequence[str], entropies: Sequence[float]) -> go.Figure:
    """The same by entropy."""
    shown, values = [said(word, LETTERS) for word in words[:MOST]], np.array(entropies[:MOST], float)
    figure = _rows(shown, np.minimum(values / OPEN, 1.0), values, hover="%{customdata:.2f} nats")
    figure.update_layout(title=titled("Where was it undecided?", "entropy; the brighter, the more open"))
    most = int(np.argmax(values))
    return described(figure, f"On average {values.mean():.2f} nats over {len(shown)} tokens. It was most undecided before "
                     f"{_spoken(words[most])}, with {values[most]:.2f}.")


def _spoken(word: str) -> str:
    """A token in a sentence: of a mark, such as that of a reply's end, its name."""
    return said(word.translate({ord(sign): None for sign in "<>/"}).strip(), LETTERS) or "a sign"


def _rows(shown: Sequence[str], grounds: np.ndarray, values: np.ndarray, *, hover: str) -> go.Figure:
    """Words in rows of a few.

    Args:
        grounds: (words,) 0 dark to 1 bright.    values: (words,) what is told of each.
    """
    rows = -(-len(shown) // COLUMNS)
    room = np.full(rows * COLUMNS - len(shown), np.nan)
    texts = np.array([*shown, *[""] * len(room)], object).reshape(rows, COLUMNS)
    figure = go.Figure(go.Heatmap(
        z=np.append(grounds, room).reshape(rows, COLUMNS), customdata=np.append(values, room).reshape(rows, COLUMNS), text=texts,
        zmin=0, zmax=1, autocolorscale=True, xgap=2, ygap=2, hoverongaps=False, showscale=False,
        hovertemplate=f"%{{text}}: {hover}<extra></extra>"))
    # by notes, which grow on a wall: plotly would write all texts of a map as small as its smallest cell asks for
    figure.update_layout(annotations=[
        {"x": place % COLUMNS, "y": place // COLUMNS, "text": word, "showarrow": False,
         "font": {"color": "#FFFFFF" if grounds[place] < PALE else "#1F2430"}} for place, word in enumerate(shown)])
    figure.update_layout(height=ROOM_PX + ROW_PX * max(rows, 2), xaxis={"visible": False},
                         yaxis={"visible": False, "autorange": "reversed"})
    return figure
