"""Where a model looked while it wrote: the attention of each word of its reply to each image, and to its own map.

Shares of all attention of a word, mean over layers and heads. What is missing to one hundred went to the question and to other words.
"""

import numpy as np
import plotly.graph_objects as go

from backends.mindcube.results import Gaze, Replied
from visualizers.alt import described
from visualizers.mindcube.methods import way_name
from visualizers.text import said, spoken
from visualizers.theme import titled

PAGE_WORDS = 24  # that are written out; of a longer reply, a part
ROW_PX, LETTERS = 21, 14


def columns(gaze: Gaze) -> tuple[np.ndarray, list[str]]:
    """(words, columns) in per cent, and what the columns are; the map only where there was one to look at."""
    names = [f"image {number}" for number in range(1, gaze.images.shape[1] + 1)]
    shares = 100 * np.asarray(gaze.images, float)
    if not gaze.own_map.any():
        return shares, names
    return np.column_stack([shares, 100 * np.asarray(gaze.own_map, float)]), [*names, "map"]


def words(reply: Replied, first: int = 0) -> go.Figure | None:
    """Part of a reply, a row for each word; None where its gaze was not kept."""
    if reply.gaze is None:
        return None
    shares, names = columns(reply.gaze)
    first = max(0, min(first, len(shares) - PAGE_WORDS))
    shown = shares[first:first + PAGE_WORDS]
    written = [said(word, LETTERS) for word in reply.gaze.words[first:first + PAGE_WORDS]]
    places = list(range(len(written)))
    top = float(shares.max()) or 1.0
    figure = go.Figure(go.Heatmap(z=shown, x=[name.replace("image ", "") for name in names], y=places, zmin=0, zmax=top, xgap=2,
                                  autocolorscale=True, customdata=[[word] * len(names) for word in written], hoverongaps=False,
                                  hovertemplate="“%{customdata}” on %{x}: %{z:.1f} %<extra></extra>", colorbar=_bar()))
    few = f", words {first + 1} to {first + len(written)} of {len(shares)}" if len(shares) > len(written) else ""
    figure.update_layout(title=titled(f"Its gaze: {way_name(reply.configuration)}", f"% of a word's attention{few}"),
                         height=140 + ROW_PX * len(written), showlegend=False,
                         xaxis={"type": "category", "title": "image", "showgrid": False},
                         yaxis={"tickvals": places, "ticktext": written, "range": [len(written) - 0.5, -0.5], "showgrid": False,
                                "zeroline": False})
    return described(figure, _told(shares, names, reply.gaze))


def strip(reply: Replied) -> go.Figure | None:
    """The whole reply from left to right, a row for each image; None where its gaze was not kept."""
    if reply.gaze is None:
        return None
    shares, names = columns(reply.gaze)
    known = [said(word, 30) for word in reply.gaze.words]
    figure = go.Figure(go.Heatmap(z=shares.T, x=list(range(1, len(shares) + 1)), y=names, zmin=0, zmax=float(shares.max()) or 1.0,
                                  autocolorscale=True, customdata=[known] * len(names), ygap=2, colorbar=_bar(),
                                  hovertemplate="word %{x} “%{customdata}” on %{y}: %{z:.1f} %<extra></extra>"))
    figure.update_layout(title=titled(f"Gaze word by word: {way_name(reply.configuration)[:18]}", "% of a word's attention"),
                         height=150 + 32 * len(names), showlegend=False, xaxis={"title": "word of the reply", "nticks": 6,
                                                                               "showgrid": False},
                         yaxis={"autorange": "reversed", "showgrid": False})
    return described(figure, _told(shares, names, reply.gaze))


def _bar() -> dict[str, object]:
    return {"thickness": 8, "ticksuffix": " %", "nticks": 4, "outlinewidth": 0, "len": 0.9}


def _told(shares: np.ndarray, names: list[str], gaze: Gaze) -> str:
    """How much each image got, and of which word an image got most."""
    means = ", ".join(f"{name} {mean:.1f} %" for name, mean in zip(names, shares.mean(0)))
    word, column = np.unravel_index(int(shares.argmax()), shares.shape)
    return (f"Of the attention of {len(shares)} words, on average: {means}. Most, {shares.max():.1f} %, goes from "
            f"“{spoken(gaze.words[int(word)])}” to {names[int(column)]}.")
