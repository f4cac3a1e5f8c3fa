"""The ways of answering one question side by side: what each answered, whether that is correct, and how right its map is."""

import plotly.graph_objects as go

from backends.mindcube.results import Asked, Replied
from visualizers.alt import described
from visualizers.mindcube.methods import in_lines, verdict, verdict_colour, way_colour, way_name
from visualizers.mindcube.things import comparison, shown_map
from visualizers.text import listed, said, spoken
from visualizers.theme import titled

ROW_PX, LETTERS = 60, 19


def verdicts(asked: Asked) -> go.Figure | None:
    """A row for each way; None where nothing was answered."""
    if not asked.replies:
        return None
    places = list(range(len(asked.replies)))
    scores = [_score(asked, reply) for reply in asked.replies]
    figure = go.Figure(go.Bar(
        x=[score or 0.0 for score in scores], y=places, orientation="h", showlegend=False,
        marker={"color": [way_colour(reply.configuration) for reply in asked.replies],
                "pattern": {"shape": ["/" if reply.map is None else "" for reply in asked.replies]}},
        text=[_said_of(score) for score in scores], textposition="outside", cliponaxis=False,
        customdata=[_hover(reply) for reply in asked.replies], hovertemplate="%{customdata}<extra></extra>"))
    for word, is_right in (("correct", True), ("wrong", False)):
        own = [place for place in places if asked.replies[place].is_right == is_right]
        if own:
            figure.add_scatter(x=[-0.09] * len(own), y=own, mode="markers", name=word, hoverinfo="skip",
                               marker={"symbol": "circle" if is_right else "x", "size": 13, "color": verdict_colour(is_right)})
    figure.update_layout(title=titled("Ways of answering", "bar: exact score of its map; hatched: given"), showlegend=True,
                         height=110 + ROW_PX * len(places), bargap=0.45,
                         xaxis={"range": [-0.16, 1.42], "tickvals": [0, 0.5, 1], "zeroline": False},
                         yaxis={"tickvals": places, "ticktext": [_tick(reply) for reply in asked.replies], "showgrid": False,
                                "range": [len(places) - 0.5, -0.5]})
    told = listed([f"{way_name(reply.configuration)}: {spoken(reply.answer or 'no answer')}, {verdict(reply.is_right)}"
                   for reply in asked.replies])
    return described(figure, f"{told}.")


def _tick(reply: Replied) -> str:
    """A way's name over what it answered; on a phone there is room for one short line of each."""
    name = in_lines(way_name(reply.configuration))
    return f"{name}<br><b>{said(reply.answer or 'no answer', LETTERS)}</b>"


def _score(asked: Asked, reply: Replied) -> float | None:
    if reply.exact:
        return reply.exact.overall
    drawn = shown_map(reply)
    both = comparison(drawn, asked) if drawn else None
    return both.exact.overall if both else None


def _said_of(score: float | None) -> str:
    return "no map" if score is None else f"{score:.2f}"


def _hover(reply: Replied) -> str:
    form = "no answer tag" if not reply.has_tag else "cut off" if reply.is_cut else f"{reply.tokens} tokens"
    return f"{way_name(reply.configuration)}: {said(reply.letter or 'no letter')} {said(reply.answer, 60)}, {form}"
