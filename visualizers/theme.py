"""One look for every chart: two templates (light, dark), one colour for each kind of thing. Methods have theirs in their folders.

Who draws says what there is (title, subtitle, panels, legend) and how high it is; the sizes of all text and the room that it
takes are made here, so that nothing collides. A page is 288 px wide on the smallest phone: a title has room for 38 letters
there, a subtitle for 44.
"""

from functools import cache

import pandas  # noqa: F401  # waits for another thread's import of it: Plotly would use the half of it that is there
import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by colour-blind readers too
COLOURWAY = ("#D55E00", "#56B4E9", "#999999", "#0072B2", "#009E73", "#66C2A5", "#CC79A7", "#E69F00", "#8C6BB1", "#A6761D", "#444444")
SCORE_COLOUR, DISTRIBUTION_COLOUR, TRUTH_COLOUR, VISITED_COLOUR = "#D55E00", "#2E8BC9", "#009E73", "#8A8F98"
# from little to much; Cividis, whose dark end is lost on a dark page: there it begins with a blue that stands out from it
SEQUENTIAL = {False: "Cividis", True: ((0.0, "#3A72B0"), (0.5, "#9A9E94"), (1.0, "#FDEA45"))}
RIGHT_COLOUR, POPULAR_COLOUR, OTHER_COLOUR = "#009E73", "#E69F00", "#8A8F98"  # answers: correct, the popular one, any other
TITLE_PX, TEXT_PX = 15, 13
FONTS = "Source Sans, 'Source Sans 3', Source Sans Pro, Fira Sans Condensed, Arial Narrow, sans-serif"  # the page's; as narrow ones
TITLE_ROOM_PX, TEXT_ROOM_PX = 22, 19  # of a line, with what keeps it apart from the next
DEFAULT_HEIGHT_PX = 320
_DARK = "dark"  # in a trace's `meta`
PAIRED: dict[str, object] = {"b": 88}  # ticks, the axis' title and a legend of two lines: charts side by side end together


def titled(title: str, subtitle: str = "") -> dict[str, object]:
    """A title, and under it in smaller type what it needs to be understood: a unit, a rule of reading."""
    return {"text": title, "subtitle": {"text": subtitle}} if subtitle else {"text": title}


@cache
def _template(is_dark: bool, scale: float) -> go.layout.Template:
    ink, soft, grid = ("#E6E9EF", "#AEB6C2", "#39404D") if is_dark else ("#1F2430", "#505A68", "#DDE1E8")
    text = {"size": TEXT_PX * scale}
    axis = {"gridcolor": grid, "zerolinecolor": grid, "linecolor": grid, "ticks": "outside", "tickcolor": grid, "tickfont": text,
            "title": {"font": text, "standoff": 6 * scale}, "automargin": True}  # two lines of labels push it away
    bars = [go.Bar(constraintext="none")]  # numbers at thin bars would be drawn smaller than can be read
    return go.layout.Template(data={"bar": bars}, layout={
        "font": {"color": ink, "family": FONTS} | text, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "xaxis": axis, "yaxis": axis, "colorway": list(COLOURWAY),
        "title": {"font": {"size": TITLE_PX * scale}, "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container",
                  "yanchor": "top", "pad": {"t": 6 * scale, "l": 2},
                  "subtitle": {"font": {"size": TEXT_PX * scale, "color": soft}}},
        # of many lines on a phone: above the picture it would cover the title
        "legend": {"orientation": "h", "xref": "container", "yref": "container", "x": 0, "y": 0, "yanchor": "bottom", "font": text},
        "hoverlabel": {"font": text}, "colorscale": {"sequential": SEQUENTIAL[is_dark]},
    })


def layer_ticks(num_layers: int) -> list[int]:
    """Numbers of layers that a phone has room for."""
    step = 1 if num_layers <= 12 else -(-num_layers // 8)
    return list(range(0, num_layers, step))


def in_the_dark(**changed: object) -> dict[str, object]:
    """Of a trace, what differs where a page is dark: colours that no template gives, such as a floor's."""
    return {"meta": {_DARK: changed}}


def themed(figure: go.Figure, *, is_dark: bool, scale: float = 1.0) -> go.Figure:
    """The same figure in the app's light or dark template, with room for all that it has; `scale` is 1.5 on a projector."""
    drawn = go.Figure(figure)
    for trace in drawn.data if is_dark else ():
        trace.update(trace.meta.get(_DARK, {}) if isinstance(trace.meta, dict) else {})
    for note in drawn.layout.annotations:
        note.font.size = min(note.font.size or TEXT_PX, TEXT_PX) * scale  # panels' titles come with a size of their own
    height = round((drawn.layout.height or DEFAULT_HEIGHT_PX) * scale)
    return drawn.update_layout(template=_template(is_dark, scale), height=height, margin=_margin(drawn, scale))


def _margin(figure: go.Figure, scale: float) -> dict[str, float]:
    """Room at the top for what stands there, little at the other sides: axes and legends push them as they need."""
    title, own = figure.layout.title, figure.layout.margin.to_plotly_json()
    lines = {TITLE_ROOM_PX: _lines(title.text), TEXT_ROOM_PX: _lines(title.subtitle.text) + _has_panels(figure)}
    top = sum(pixels * count for pixels, count in lines.items()) + 22
    room = {"l": 10, "r": 12, "b": 10} | own | {"t": top + own.get("t", 0)}
    return {side: pixels * scale for side, pixels in room.items()}


def _lines(text: str | None) -> int:
    return text.count("<br>") + 1 if text else 0


def _has_panels(figure: go.Figure) -> bool:
    """Whether titles of panels stand above the picture."""
    return any(note.yref == "paper" and note.yanchor == "bottom" and (note.y or 0) >= 1 for note in figure.layout.annotations)
