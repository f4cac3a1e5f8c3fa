"""One look for every chart: two templates (light, dark), one colour for each kind of thing. Methods have theirs in their folders."""

import pandas  # noqa: F401  # waits for another thread's import of it: Plotly would use the half of it that is there
import plotly.graph_objects as go
import plotly.io as pio

# Okabe and Ito's colours, told apart by colour-blind readers too
COLOURWAY = ("#D55E00", "#56B4E9", "#999999", "#0072B2", "#009E73", "#66C2A5", "#CC79A7", "#E69F00", "#8C6BB1", "#A6761D", "#444444")
SCORE_COLOUR, DISTRIBUTION_COLOUR, TRUTH_COLOUR, VISITED_COLOUR = "#D55E00", "#0072B2", "#009E73", "#8A8F98"
RIGHT_COLOUR, POPULAR_COLOUR, OTHER_COLOUR = "#009E73", "#E69F00", "#8A8F98"  # answers: right, the popular one, any other


def _template(*, ink: str, grid: str) -> go.layout.Template:
    axis = {"gridcolor": grid, "zerolinecolor": grid, "linecolor": grid, "ticks": "outside", "tickcolor": grid,
            "title": {"font": {"size": 13}, "standoff": 8}, "automargin": True}  # two lines of labels push it away
    return go.layout.Template(layout={
        "font": {"color": ink, "size": 13, "family": "Source Sans, sans-serif"}, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "xaxis": axis, "yaxis": axis, "colorway": list(COLOURWAY),
        "margin": {"l": 55, "r": 15, "t": 44, "b": 45},
        "title": {"font": {"size": 15}, "x": 0, "xref": "container", "y": 0.98, "yanchor": "top"},
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "font": {"size": 12}},  # of many
        # lines on a phone: above the picture it would cover the title
        "hoverlabel": {"font": {"size": 13}},
        "colorscale": {"sequential": "Cividis"},
    })


pio.templates["orrery_light"] = _template(ink="#1F2430", grid="#DDE1E8")
pio.templates["orrery_dark"] = _template(ink="#E6E9EF", grid="#39404D")


def themed(figure: go.Figure, *, is_dark: bool) -> go.Figure:
    """The same figure in the app's light or dark template."""
    return go.Figure(figure).update_layout(template="orrery_dark" if is_dark else "orrery_light")
