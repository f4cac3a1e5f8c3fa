"""What the two metrics make of maps that are only turned, or that are wrong in known ways: the official one's blind spots.

The official metric turns the written map by sine and cosine, and lets the vertical win on diagonals: a perfect map that is turned by
a quarter loses a fifth of its score, and so does one that is a little larger. The exact metric turns by whole numbers.
"""

from functools import lru_cache

import numpy as np
import plotly.graph_objects as go

from backends.mindcube.maps import CENTRE, Map, Spot, turned_facing
from backends.mindcube.results import Drawn
from backends.mindcube.similarity import Score, blind_spots, compared
from visualizers.alt import described
from visualizers.mindcube.methods import EXACT_COLOUR, OFFICIAL_COLOUR
from visualizers.mindcube.things import map_of
from visualizers.text import listed
from visualizers.theme import VISITED_COLOUR, titled

STEP_DEG = 5
NAMES = {"official": (OFFICIAL_COLOUR, "diamond"), "exact": (EXACT_COLOUR, "circle")}
ROW_PX = 40


def turned(cognitive: Map, by: float) -> Map:
    """A map turned clockwise by degrees about the middle of the grid; facings follow by whole quarters."""
    quarters, angle = round(by / 90) % 4, np.radians(by)
    cos, sin = (float(round(value, 12)) for value in (np.cos(angle), np.sin(angle)))

    def turn(spot: Spot) -> Spot:
        x, y = spot.position[0] - CENTRE, spot.position[1] - CENTRE
        return Spot(spot.name, (CENTRE + cos * x - sin * y, CENTRE + sin * x + cos * y), turned_facing(spot.facing, quarters))

    return Map(tuple(map(turn, cognitive.objects)), None if cognitive.views is None else tuple(map(turn, cognitive.views)))


@lru_cache(maxsize=32)
def _scores(written: Map, true: Map) -> tuple[tuple[int, Score, Score], ...]:
    """Degrees, and what each metric makes of the written map turned by them."""
    found = ((by, compared(turned(written, by), true)) for by in range(0, 361, STEP_DEG))
    return tuple((by, both.official, both.exact) for by, both in found)


def turning(written: Drawn, true: Drawn, at: float | None = None) -> go.Figure:
    """Both scores of a map while it is turned all the way round; `at` are the degrees that are looked at."""
    told = _scores(map_of(written), map_of(true))
    figure = go.Figure()
    for name, (colour, symbol) in NAMES.items():
        own = [(by, official if name == "official" else exact) for by, official, exact in told]
        figure.add_scatter(x=[by for by, _ in own], y=[score.overall for _, score in own], name=name, mode="lines",
                           line={"color": colour, "width": 2.5, "dash": "solid" if name == "exact" else "dash"},
                           customdata=["isomorphic" if score.is_isomorphic else "not isomorphic" for _, score in own],
                           hovertemplate=f"turned by %{{x}}°, {name}: %{{y:.2f}}, %{{customdata}}<extra></extra>")
        quarters = [(by, score) for by, score in own if by % 90 == 0]
        figure.add_scatter(x=[by for by, _ in quarters], y=[score.overall for _, score in quarters], mode="markers", showlegend=False,
                           marker={"color": colour, "size": 10, "symbol": [symbol if score.is_isomorphic else f"{symbol}-open"
                                                                          for _, score in quarters], "line": {"width": 2}},
                           hoverinfo="skip")
    if at is not None:
        figure.add_vline(x=at, line={"color": VISITED_COLOUR, "width": 2})
    figure.update_layout(title=titled("The same map, turned round", "full marks: isomorphic; a turn changes no map"),
                         xaxis={"title": "turned clockwise by (degrees)", "tickvals": [0, 90, 180, 270, 360], "range": [-12, 372]},
                         yaxis={"title": "similarity", "range": [0, 1.06]}, showlegend=True)
    listed = "; ".join(f"{by} degrees: official {official.overall:.2f}, exact {exact.overall:.2f}" for by, official, exact in told
                       if by % 90 == 0 and by < 360)
    return described(figure, f"Similarity after a turn by {listed}.")


def spots(true: Drawn) -> go.Figure:
    """What each metric makes of the true map after changes that should, or should not, matter."""
    cases = blind_spots(map_of(true))
    places = list(range(len(cases)))
    figure = go.Figure()
    for place, case in zip(places, cases):
        figure.add_scatter(x=[case.compared.official.overall, case.compared.exact.overall], y=[place, place], mode="lines",
                           line={"color": VISITED_COLOUR, "width": 1.5}, showlegend=False, hoverinfo="skip")
    for name, (colour, symbol) in NAMES.items():
        scores = [case.compared.official if name == "official" else case.compared.exact for case in cases]
        figure.add_scatter(x=[score.overall for score in scores], y=places, mode="markers", name=name,
                           marker={"color": colour, "size": 13 if name == "official" else 9, "line": {"width": 2}, "symbol": [
                               symbol if score.is_isomorphic else f"{symbol}-open" for score in scores]},
                           customdata=["isomorphic" if score.is_isomorphic else "not isomorphic" for score in scores],
                           hovertemplate=f"{name}: %{{x:.2f}}, %{{customdata}}<extra></extra>")
    figure.update_layout(title=titled("What the metrics do not see", "the true map, changed; full marks: isomorphic"),
                         height=120 + ROW_PX * len(cases), showlegend=True, xaxis={"title": "similarity", "range": [-0.04, 1.06],
                                                                                  "dtick": 0.5},
                         yaxis={"tickvals": places, "ticktext": [_two_lines(case.name) for case in cases], "showgrid": False,
                                "range": [len(cases) - 0.5, -0.5], "zeroline": False})
    told = listed([f"{case.name}: {case.compared.official.overall:.2f} and {case.compared.exact.overall:.2f}" for case in cases])
    return described(figure, f"Official and exact similarity of the true map. {told}.")


def _two_lines(words: str) -> str:
    if len(words) <= 14:
        return words
    cut = words.rfind(" ", 0, max(12, len(words) // 2 + 3))
    return f"{words[:cut]}<br>{words[cut + 1:]}"
