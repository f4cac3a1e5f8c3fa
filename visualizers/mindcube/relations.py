"""What stands where, seen from each thing: the relations of a written map beside the true ones, and the cells that are wrong.

A row is where one looks from, a column what one looks at; an arrow is the written relation, on the map. Where it is wrong, the true
one stands below it in brackets. The written map is compared under the turn that the metric takes.
"""

import plotly.graph_objects as go

from backends.mindcube.results import Asked, Drawn, Replied
from backends.mindcube.similarity import Metric, Relations, relation_table
from visualizers.alt import described
from visualizers.mindcube.methods import WRONG_COLOUR, way_name
from visualizers.mindcube.things import map_of, shown_map
from visualizers.text import said, spoken
from visualizers.theme import RIGHT_COLOUR, VISITED_COLOUR, titled

ARROWS = {"up": "↑", "right": "→", "down": "↓", "left": "←", "inner": "⊗", "outer": "⊙", "up right": "↗", "down right": "↘",
          "down left": "↙", "up left": "↖", "": "–"}
MOST = 9  # things and cameras; more cells would be too small for their arrows
ROW_PX, LETTERS = 42, 14


def relations(asked: Asked, reply: Replied, metric: Metric = "exact") -> go.Figure | None:
    """The relations of the map that a reply wrote, or was given; None where there is none, or the true one is not known."""
    drawn = shown_map(reply)
    if drawn is None or asked.true is None or not drawn.objects:
        return None
    table = relation_table(map_of(drawn), map_of(asked.true), metric)
    return matrix(table, metric, f"Relations: {way_name(reply.configuration)}")


def of_map(written: Drawn, true: Drawn, metric: Metric = "exact", title: str = "Relations") -> go.Figure:
    """The same for any two maps."""
    return matrix(relation_table(map_of(written), map_of(true), metric), metric, title)


def matrix(table: Relations, metric: Metric, title: str) -> go.Figure:
    """A table of relations as a heat map: right, wrong, and none."""
    count = min(len(table.names), MOST)
    places = list(range(count))
    texts, hovers, values, num_wrong = [], [], [], 0
    for row in places:
        for column in places:
            true, written, is_right = table.true[row][column], table.written[row][column], table.is_right[row][column]
            num_wrong += not is_right
            values.append(None if row == column else 0 if not true else 1 if is_right else 2)
            texts.append("" if row == column else ARROWS[written] if is_right else f"{ARROWS[written]}<br>({ARROWS[true]})")
            hovers.append(f"from {said(table.names[row])} to {said(table.names[column])}:<br>{written or 'not on the map'}"
                          f"{'' if is_right else f', truly {true}'}")
    xs, ys = [column for _ in places for column in places], [row for row in places for _ in places]
    scale = [[0, "rgba(138,143,152,0.15)"], [0.5, _pale(RIGHT_COLOUR)], [1, _pale(WRONG_COLOUR)]]
    figure = go.Figure(go.Heatmap(x=xs, y=ys, z=values, zmin=0, zmax=2, colorscale=scale, showscale=False, xgap=2, ygap=2,
                                  hoverinfo="skip", hoverongaps=False))
    figure.add_scatter(x=xs, y=ys, mode="text", text=texts, customdata=hovers, showlegend=False,
                       hovertemplate="%{customdata}<extra></extra>")
    for name, colour in (("correct", _pale(RIGHT_COLOUR)), ("wrong, the true one in brackets", _pale(WRONG_COLOUR))):
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker={"symbol": "square", "size": 13, "color": colour,
                                                                                 "line": {"color": VISITED_COLOUR, "width": 1}})
    names = [said(name, LETTERS) for name in table.names[:count]]
    figure.update_xaxes(tickvals=places, ticktext=[str(place + 1) for place in places], range=[-0.5, count - 0.5], showgrid=False,
                        zeroline=False, title="to")
    figure.update_yaxes(tickvals=places, ticktext=[f"{place + 1} · {name}" for place, name in enumerate(names)], showgrid=False,
                        range=[count - 0.5, -0.5], zeroline=False)
    left = f"; the first {MOST} of {len(table.names)}" if len(table.names) > MOST else ""
    figure.update_layout(title=titled(title, f"seen from the row, {metric} metric{left}"), height=170 + ROW_PX * count,
                         showlegend=True)
    wrong = [f"{spoken(table.names[row])} to {spoken(table.names[column])} is {table.written[row][column] or 'missing'}, truly "
             f"{table.true[row][column]}" for row in places for column in places if not table.is_right[row][column]][:4]
    told = f": {'; '.join(wrong)}" if wrong else ""
    return described(figure, f"{num_wrong} of {count * (count - 1)} relations are wrong under the {metric} metric{told}.")


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[at:at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.5)"
