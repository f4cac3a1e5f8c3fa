"""What people say of failures, in two rings as the paper draws it: the stage inside, its kinds outside."""

from collections import Counter
from collections.abc import Sequence

import plotly.graph_objects as go

from backends.era.failures import KINDS
from backends.era.labels import Label
from backends.files.rows import counted as number_of
from visualizers.alt import described
from visualizers.theme import titled

COLOURS = {"perception": "#56B4E9", "reasoning": "#E69F00", "planning": "#009E73"}
UNSAID = "kind not said"


def rings(labels: Sequence[Label]) -> go.Figure | None:
    """The stages of these labels, and around each its kinds; None of no labels."""
    if not labels:
        return None
    stages = Counter(label.stage for label in labels)
    kinds = Counter((label.stage, label.kind or UNSAID) for label in labels)
    inner = [stage for stage in KINDS if stages[stage]]
    outer = [(stage, kind) for stage in inner for kind in (*KINDS[stage], UNSAID) if kinds[stage, kind]]
    figure = go.Figure(go.Sunburst(
        ids=[*inner, *(f"{stage}: {kind}" for stage, kind in outer)], labels=[*inner, *(kind for _, kind in outer)],
        parents=["" for _ in inner] + [stage for stage, _ in outer],
        values=[stages[stage] for stage in inner] + [kinds[pair] for pair in outer], branchvalues="total", sort=False,
        marker={"colors": [COLOURS[stage] for stage in (*inner, *(stage for stage, _ in outer))]}, leaf={"opacity": 0.75},
        textinfo="label+value", insidetextfont={"color": "#1F2430"},
        hovertemplate="%{label}: %{value} of " + str(len(labels)) + "<extra></extra>"))
    figure.update_layout(title=titled("Why they failed, by hand", f"{number_of(len(labels), 'label')}: stage inside, kind outside"),
                         height=380)
    told = "; ".join(f"{stage} {stages[stage]} ({', '.join(f'{kind} {kinds[of, kind]}' for of, kind in outer if of == stage)})"
                     for stage in inner)
    return described(figure, f"{told}.")
