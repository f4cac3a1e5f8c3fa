"""One look for every chart: two templates (light, dark), one colour per method, named once."""

import pandas  # noqa: F401  # waits for another thread's import of it: Plotly would use the half of it that is there
import plotly.graph_objects as go
import plotly.io as pio

# Okabe and Ito's colours, told apart by colour-blind readers too; a method has the same one on every page.
METHOD_COLOURS = {
    "tstar": "#D55E00", "uniform": "#56B4E9", "random": "#999999", "random_grid": "#0072B2", "dense": "#009E73",
    "budgeted_dense": "#66C2A5", "scene_change": "#CC79A7", "top_similarity": "#E69F00", "aks": "#8C6BB1",
    "bolt": "#A6761D", "oracle": "#444444",
}
METHOD_NAMES = {
    "tstar": "T*", "uniform": "Uniform", "random": "Random", "random_grid": "Random grid", "dense": "Dense scan",
    "budgeted_dense": "Budgeted dense", "scene_change": "Scene change", "top_similarity": "Top similarity", "aks": "AKS",
    "bolt": "BOLT", "oracle": "Oracle",
}
SCORE_COLOUR, DISTRIBUTION_COLOUR, TRUTH_COLOUR, VISITED_COLOUR = "#D55E00", "#0072B2", "#009E73", "#8A8F98"
DECODER_COLOURS = {  # apart from the methods above: a list of one system's baselines is made from that table
    "greedy": "#8A8F98", "sample": "#A6761D", "coda": "#D55E00", "coda_paper": "#F3A26B", "cad": "#0072B2",
    "cad_random": "#66AEDB", "cd": "#8C6BB1", "dola": "#56B4E9",
}
DECODER_NAMES = {
    "greedy": "Greedy", "sample": "Sampling", "coda": "CoDA", "coda_paper": "CoDA as printed", "cad": "CAD",
    "cad_random": "CAD, random word", "cd": "CD", "dola": "DoLa",
}
GAZE_COLOURS = {  # apart again; greedy, DoLa and the oracle are the same ones as above
    "greedy": "#8A8F98", "scalingvis": "#0072B2", "adaptvis": "#D55E00", "bias": "#CC79A7", "acc_bias": "#8C6BB1",
    "reweighted": "#E69F00", "vcd": "#A6761D", "dola": "#56B4E9", "oracle": "#444444",
}
GAZE_NAMES = {
    "greedy": "As it is", "scalingvis": "ScalingVis", "adaptvis": "AdaptVis", "bias": "Prior re-fit (bias)",
    "acc_bias": "Alpha and prior re-fit (acc+bias)", "reweighted": "AdaptVis, re-weighted", "vcd": "VCD", "dola": "DoLa",
    "oracle": "Any-alpha oracle",
}
RIGHT_COLOUR, POPULAR_COLOUR, OTHER_COLOUR = "#009E73", "#E69F00", "#8A8F98"  # answers: right, the popular one, any other


def _template(*, ink: str, grid: str) -> go.layout.Template:
    axis = {"gridcolor": grid, "zerolinecolor": grid, "linecolor": grid, "ticks": "outside", "tickcolor": grid,
            "title": {"font": {"size": 13}, "standoff": 8}, "automargin": True}  # two lines of labels push it away
    return go.layout.Template(layout={
        "font": {"color": ink, "size": 13, "family": "Source Sans, sans-serif"}, "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)", "xaxis": axis, "yaxis": axis, "colorway": list(METHOD_COLOURS.values()),
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
