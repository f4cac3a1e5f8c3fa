"""Which groups of an iteration are learned from: a Selection -> plotly Figure."""

from textwrap import wrap

import plotly.graph_objects as go

from backends.ragen.filters import Selection
from visualizers.alt import described
from visualizers.ragen.signs import ALL_COLOUR, KEPT_COLOUR
from visualizers.text import said
from visualizers.theme import titled

SUBTITLE_LETTERS, MOST_LETTERS = 44, 200  # of a line on a phone; of a reason
BAR = 0.75  # of the room of a group; plotly would make it as wide as the nearest bar of its colour is far
MOST_NAMED = 16  # groups: of more, a 0 would touch the next


def groups(selection: Selection) -> go.Figure | None:
    """The spread of every group's rewards, those that are kept in colour; where none has any, their means. None without groups."""
    if not selection.groups:
        return None
    figure, is_flat = go.Figure(), not any(one.std for one in selection.groups)
    for is_kept, words, colour in ((True, "learned from", KEPT_COLOUR), (False, "left out", ALL_COLOUR)):
        own = [one for one in selection.groups if one.is_kept == is_kept]
        if own:
            figure.add_bar(
                x=[one.group for one in own], y=[(one.mean if is_flat else one.std) or 0.0 for one in own], name=words,
                marker={"color": colour}, width=BAR,
                text=["0" if one.is_flat and not is_flat and len(selection.groups) <= MOST_NAMED else "" for one in own],
                textposition="outside",
                customdata=[(_told(one.std), _told(one.mean), one.counted, one.episodes) for one in own],
                hovertemplate="start %{x}, " + words + ":<br>std %{customdata[0]}, mean %{customdata[1]}"
                              "<br>%{customdata[2]} of %{customdata[3]} episodes count<extra></extra>")
    stds = [one.std or 0.0 for one in selection.groups]
    why = said(selection.why_none, MOST_LETTERS) if selection.why_none else ""
    shown = "mean of the raw rewards: no start's differ" if is_flat else "std of the raw rewards from each start"
    subtitle = "<br>".join(wrap(why, SUBTITLE_LETTERS)) or shown
    figure.update_layout(
        title=titled("Which starts are learned from", subtitle),
        barmode="overlay", showlegend=True, xaxis={
            "title": "start", "dtick": max(1, -(-len(stds) // 8)), "zeroline": False,
            "range": [selection.groups[0].group - 0.6, selection.groups[-1].group + 0.6]},
        yaxis={"title": "mean of rewards", "zeroline": True} if is_flat
        else {"title": "std of rewards", "range": [0, 1.08 * max(stds)]})
    kept = ", ".join(map(str, selection.kept))
    return described(figure, why or f"Learned from: start {kept}, of {len(stds)}.")


def _told(number: float | None) -> str:
    return "not known" if number is None else f"{number:.3f}"
