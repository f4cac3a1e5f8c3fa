"""Layers looked into: what is lost when one module is flattened or one layer set back, and what a range of layers brings.

The vision-language model has met only some sums, so what it reasons by is those; the child is asked the ones that it has not met.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.merging.results import Looking, Probed, Skills
from visualizers.alt import described
from visualizers.merging.methods import PART_NAMES, SKILL_COLOURS, SKILL_NAMES, SKILLS
from visualizers.text import listed
from visualizers.theme import layer_ticks, titled

ROW_PX, LINES_PX = 40, 350
NOTABLE = 10  # points
REASONS_BY = {"vlm": "seen", "child": "unseen"}
OF = {"vlm": "before the merge", "child": "after the merge"}
BACK = {"base": "the base's", "vlm": "the seeing model's", "reasoner": "the reasoning model's"}


def charts(looking: Looking) -> dict[str, go.Figure]:
    """What there is to show of the probes that were made, by title."""
    made = {"flattened, before": flattened(looking, "vlm"), "flattened, after": flattened(looking, "child"),
            "set back": set_back(looking), "ranges": ranges(looking)}
    return {title: figure for title, figure in made.items() if figure is not None}


def full(looking: Looking, of: str) -> Skills:
    return looking.vlm if of == "vlm" else looking.child


def dropped(looking: Looking, probed: Probed, skill: str) -> float:
    """What a change costs, in points of per cent."""
    return 100 * (SKILLS[skill](full(looking, probed.of)) - SKILLS[skill](probed.skills))


def flattened(looking: Looking, of: str) -> go.Figure | None:
    """Drop in seeing and in reasoning by layer and module, of one model; None where none was flattened."""
    rows = [probed for probed in looking.probes if probed.kind == "mask" and probed.of == of]
    if not rows:
        return None
    names = [f"{probed.layer} {PART_NAMES[probed.part]}" for probed in rows]
    return _bars(looking, rows, names, title=f"One module flattened, {OF[of].removesuffix(' the merge')}", of=of,
                 axis="points that are lost")


def set_back(looking: Looking) -> go.Figure | None:
    """Drop when one layer becomes a parent's again; None where none was set back."""
    rows = [probed for probed in looking.probes if probed.kind == "reset"]
    if not rows:
        return None
    whose = BACK.get(rows[0].back_to or "", "a parent's")
    return _bars(looking, rows, [f"layer {probed.layer}" for probed in rows], title="One layer set back", of=rows[0].of,
                 axis="points that are lost", subtitle=f"it becomes {whose} again")


def _bars(looking: Looking, rows: Sequence[Probed], names: Sequence[str], *, title: str, of: str, axis: str,
          subtitle: str = "") -> go.Figure:
    reasons, places, figure, told = REASONS_BY[of], list(range(len(rows))), go.Figure(), []
    for skill in ("sees", reasons):
        values = [dropped(looking, probed, skill) for probed in rows]
        figure.add_bar(x=values, y=places, orientation="h", name=SKILL_NAMES[skill], marker={"color": SKILL_COLOURS[skill]},
                       customdata=[f"{name}, {SKILL_NAMES[skill]}: {100 * SKILLS[skill](probed.skills):.0f} % are left"
                                   for name, probed in zip(names, rows)],
                       hovertemplate="%{customdata}, %{x:.0f} points lost<extra></extra>")
        worst = max(places, key=values.__getitem__)
        told.append(f"{SKILL_NAMES[skill]} loses most at {names[worst]}, {values[worst]:.0f} points")
    has = f"as it is: {', '.join(f'{100 * SKILLS[skill](full(looking, of)):.0f} %' for skill in ('sees', reasons))}"
    figure.update_layout(title=titled(title, subtitle or has), barmode="group", height=160 + ROW_PX * len(rows), showlegend=True,
                         legend={"traceorder": "normal"}, xaxis={"title": axis, "range": [-12, 104], "dtick": 25},
                         yaxis={"tickvals": places, "ticktext": list(names), "range": [len(rows) - 0.5, -0.5], "showgrid": False,
                                "zeroline": False})
    return described(figure, f"{len(rows)} changes to {'the seeing model' if of == 'vlm' else 'the child'}: {'; '.join(told)}.")


def ranges(looking: Looking) -> go.Figure | None:
    """What the child can do that is merged only before a layer, or only from it on; None where no range was tried."""
    rows = [probed for probed in looking.probes if probed.kind == "graft"]
    if not rows:
        return None
    ends = {"before": [(0, looking.vlm)] + [(probed.end, probed.skills) for probed in rows if probed.layer == 0],
            "from": [(probed.layer, probed.skills) for probed in rows if probed.layer] + [(looking.num_layers, looking.vlm)]}
    ends["before"].append((looking.num_layers, looking.child))
    ends["from"].insert(0, (0, looking.child))
    figure, told = go.Figure(), []
    for which, dash in (("before", "solid"), ("from", "dash")):
        own = sorted(ends[which], key=lambda pair: pair[0])
        for skill in ("sees", "unseen"):
            words = f"{SKILL_NAMES[skill]}, merged {'before it' if which == 'before' else 'from it on'}"
            values = [100 * SKILLS[skill](skills) for _, skills in own]
            figure.add_scatter(x=[layer for layer, _ in own], y=values, mode="lines+markers", name=words,
                               line={"color": SKILL_COLOURS[skill], "dash": dash, "width": 2}, marker={"size": 7},
                               hovertemplate=f"{words}, layer %{{x}}: %{{y:.0f}} %<extra></extra>")
            told.append(f"{words}: {', '.join(f'{value:.0f}' for value in values[:9])} %")
    figure.update_layout(title=titled("Merged in a range of layers only", "elsewhere it is the seeing model"), height=LINES_PX,
                         showlegend=True, xaxis={"title": "layer, counted from 0", "tickvals": layer_ticks(looking.num_layers + 1)},
                         yaxis={"title": "correct (%)", "range": [-3, 103], "dtick": 25})
    return described(figure, f"{listed(told)}.")


def notice(looking: Looking) -> str:
    """Where each skill breaks most, before and after; what the merge made the child depend on."""
    said = []
    for of in ("vlm", "child"):
        rows = [probed for probed in looking.probes if probed.kind == "mask" and probed.of == of]
        if not rows:
            continue
        seeing, reasoning = (sum(dropped(looking, probed, skill) >= NOTABLE for probed in rows) for skill in ("sees", REASONS_BY[of]))
        said.append(f"{OF[of]}, {seeing} of {len(rows)} modules cost seeing at least {NOTABLE} points and {reasoning} cost the sums "
                    "as much")
    if said:
        return "; ".join(said) + "."
    resets = [probed for probed in looking.probes if probed.kind == "reset"]
    if resets:
        worst = max(resets, key=lambda probed: dropped(looking, probed, "unseen"))
        return (f"setting layer {worst.layer} back costs the sums most, {dropped(looking, worst, 'unseen'):.0f} points.")
    return "the lines cross where it no longer matters on which side of a layer is merged." if looking.probes else ""

