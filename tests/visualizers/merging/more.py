"""Figures that no recorded run of merging has: every method's curve, many layers, folders with and without a base, file questions."""

import plotly.graph_objects as go

from tests.visualizers.merging import made
from visualizers.merging import apart, curve, folders, inside, probes, reports, weights
from visualizers.merging.figures import figures as of_result


def figures() -> dict[str, go.Figure]:
    """By title."""
    found: dict[str, go.Figure | None] = {f"linear, {title}": figure for title, figure in of_result(made.result()).items()}
    aside = made.LINEAR.model_copy(update={"share": 0.37})
    found |= {"looked at, skills": curve.skills(made.merged(aside), aside, 0.5), "looked at, lengths":
              curve.lengths(made.merged(aside), aside, 0.5), "added, skills": curve.skills(made.merged(made.ADDED), made.ADDED)}
    grid = made.grid()
    found |= {f"grid, {title}": figure for title, figure in of_result(made.result(grid)).items()}
    found |= {"half a grid": weights.heat(made.grid(has_all=False), "unseen"),
              "grid, clicked": weights.clickable(weights.heat(grid, "unseen", (1, 2)), grid, "unseen")}
    found |= {f"probe, {title}": figure for title, figure in of_result(made.result(made.looking())).items()}
    deep = made.looking(layers=8)
    found |= {f"eight layers, {title}": figure for title, figure in probes.charts(deep).items()}
    found |= {"eight layers, lens": inside.lens(made.looked("child", 8)), "one layer's gaze": inside.gaze(
        made.looked("child"), made.question(), 2)}
    found |= {f"folders, {title}": figure for title, figure in of_result(made.result(made.folders())).items()}
    found |= {"refused": folders.sizes(made.folders(refuses=True)), "no base": apart.norms(made.moved(has_base=False)),
              "32 layers": apart.norms(made.moved(32))}
    found |= {f"asked, {title}": figure for title, figure in of_result(made.result(made.reports())).items()}
    found["one model"] = reports.accuracy(made.reports()[:1])
    return {name: figure for name, figure in found.items() if figure is not None}
