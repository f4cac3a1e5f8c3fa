"""The curve of a merge: what the child can do from one parent to the other, and how long its answers are."""

from collections.abc import Sequence

import plotly.graph_objects as go

from backends.merging.results import Merged, Skills, Tried
from backends.merging.settings import MergingSettings
from visualizers.alt import described
from visualizers.merging.methods import (
    CHANCE,
    KEPT_COLOUR,
    MODEL_COLOURS,
    MODEL_SHORT,
    PAPER_SHARE,
    SKILL_COLOURS,
    SKILL_NAMES,
    SKILLS,
    set_at,
    turned,
)
from visualizers.text import listed
from visualizers.theme import titled

HEIGHT_PX, LENGTHS_PX, BARS_PX = 350, 300, 420
WITHIN = [-3, 103]
NEAR = 5e-4  # places on the curve that are said by three digits


def places(merged: Merged, settings: MergingSettings) -> list[float]:
    """Where a child was tried: along the curve, and where it is set; rising."""
    known = [tried.at for tried in merged.curve]
    own = set_at(settings)
    if own is not None and merged.child is not None and not any(abs(own - at) < NEAR for at in known):
        known.append(own)
    return sorted(known)


def at_place(merged: Merged, settings: MergingSettings, at: float | None) -> Skills | None:
    """What the child of a place can do; the one that is set where no place is said."""
    own = set_at(settings)
    if at is None or (own is not None and abs(own - at) < NEAR):
        return merged.child
    return next((tried.skills for tried in merged.curve if abs(tried.at - at) < NEAR), None)


def by(settings: MergingSettings, at: float | None) -> str:
    """How an answer says that its model is the child of a place."""
    own = set_at(settings)
    return "child" if at is None or (own is not None and abs(own - at) < NEAR) else f"child:{at:.3f}"


def line(merged: Merged, settings: MergingSettings) -> list[Tried]:
    """All children that were tried, the one that is set among them."""
    found = [Tried(at=at, skills=skills) for at in places(merged, settings)
             if (skills := at_place(merged, settings, at)) is not None]
    return found


def skills(merged: Merged, settings: MergingSettings, at: float | None = None) -> go.Figure | None:
    """Four skills along the curve, with chance, the paper's place and the one that is set; None where there are not two points.

    Args:
        at: the place that is looked at: its marks are larger.
    """
    tried = line(merged, settings)
    if len(tried) < 2:
        return None
    figure = go.Figure()
    xs = [one.at for one in tried]
    for skill, get in SKILLS.items():
        figure.add_scatter(
            x=xs, y=[100 * get(one.skills) for one in tried], mode="lines+markers", name=SKILL_NAMES[skill],
            line={"color": SKILL_COLOURS[skill], "width": 3 if skill == "unseen" else 2},
            marker={"size": [13 if at is not None and abs(one.at - at) < NEAR else 6 for one in tried]},
            hovertemplate=f"{SKILL_NAMES[skill]}: %{{y:.0f}} % at %{{x:.2f}}<extra></extra>")
    figure.add_scatter(x=[xs[0], xs[-1]], y=[100 * CHANCE] * 2, mode="lines", name="chance",
                       line={"color": KEPT_COLOUR, "dash": "dot", "width": 2}, hoverinfo="skip")
    _posts(figure, settings, WITHIN, at)
    title = "What the child can do"
    figure.update_layout(title=titled(title, f"{merged.count:,} questions of each kind"), height=HEIGHT_PX, showlegend=True,
                         xaxis={"title": turned(settings), "range": _room(xs), "nticks": 6},
                         yaxis={"title": "correct (%)", "range": WITHIN, "dtick": 25})
    return described(figure, f"{_told(tried, settings)}.")


def _room(xs: Sequence[float]) -> list[float]:
    margin = 0.03 * (xs[-1] - xs[0])
    return [xs[0] - margin, xs[-1] + margin]


def _posts(figure: go.Figure, settings: MergingSettings, within: Sequence[float], at: float | None = None) -> None:
    """The paper's place, the one that is set, and the one that is looked at."""
    posts = [] if settings.needs_base else [(PAPER_SHARE, f"the paper's {PAPER_SHARE:g}", "dash", 1.5)]
    own = set_at(settings)
    if own is not None:
        posts.append((own, f"set: {own:g}", "solid", 1.5))
    for place, name, dash, width in posts:
        figure.add_scatter(x=[place, place], y=list(within), mode="lines", name=name, hoverinfo="skip",
                           line={"color": KEPT_COLOUR, "dash": dash, "width": width})
    if at is not None and (own is None or abs(own - at) >= NEAR):
        figure.add_scatter(x=[at, at], y=list(within), mode="lines", name=f"looked at: {at:g}", hoverinfo="skip",
                           line={"color": MODEL_COLOURS["child"], "dash": "solid", "width": 1.5})


def _told(tried: Sequence[Tried], settings: MergingSettings) -> str:
    best = max(tried, key=lambda one: one.skills.unseen)
    first, last = tried[0], tried[-1]
    return (f"Along the {turned(settings).partition(',')[0]}, from {first.at:g} to {last.at:g}: seeing goes from "
            f"{100 * first.skills.sees:.0f} to {100 * last.skills.sees:.0f} %, reckoning with text from "
            f"{100 * first.skills.reckons:.0f} to {100 * last.skills.reckons:.0f} %; new sums in pictures are best "
            f"at {best.at:g}, {100 * best.skills.unseen:.0f} % correct, chance is {100 * CHANCE:.0f} %")


def lengths(merged: Merged, settings: MergingSettings, at: float | None = None) -> go.Figure | None:
    """How many tokens an answer to an unseen sum has, along the curve; None where there are not two points."""
    tried = line(merged, settings)
    if len(tried) < 2:
        return None
    values = [one.skills.length for one in tried]
    low, high = min(values), max(values)
    within = [max(0.0, low - 0.3), high + 0.3]
    xs = [one.at for one in tried]
    figure = go.Figure(go.Scatter(
        x=xs, y=values, mode="lines+markers", name="tokens of an answer", line={"color": SKILL_COLOURS["unseen"], "width": 2},
        marker={"size": [12 if at is not None and abs(one.at - at) < NEAR else 6 for one in tried]},
        hovertemplate="%{y:.2f} tokens at %{x:.2f}<extra></extra>"))
    _posts(figure, settings, within, at)
    figure.update_layout(title=titled("How long its answers are", "new sums in pictures"), height=LENGTHS_PX,
                         showlegend=True, xaxis={"title": turned(settings), "range": _room(xs), "nticks": 6},
                         yaxis={"title": "tokens", "range": within})
    return described(figure, f"An answer has {values[0]:.2f} tokens at {xs[0]:g} and {values[-1]:.2f} at {xs[-1]:g}; the shortest "
                             f"mean is {low:.2f}, the longest {high:.2f}.")


def parents(merged: Merged, child: Skills | None = None) -> go.Figure | None:
    """Both parents and the child beside each other, by skill; None where nothing was tried yet.

    Args:
        child: the one that is looked at; by default the one that is set.
    """
    of: dict[str, Skills | None] = {"vlm": merged.vlm, "reasoner": merged.behind, "child": child or merged.child}
    known = {name: one for name, one in of.items() if one is not None}
    if not known:
        return None
    figure = go.Figure()
    for name, one in known.items():
        values = [100 * get(one) for get in SKILLS.values()]
        figure.add_bar(y=list(range(len(SKILLS))), x=values, orientation="h", name=MODEL_SHORT[name],
                       marker={"color": MODEL_COLOURS[name]}, text=[f"{value:.0f}" for value in values], textposition="outside",
                       cliponaxis=False, hovertemplate=f"{MODEL_SHORT[name]}: %{{x:.1f}} %<extra></extra>")
    figure.add_scatter(x=[100 * CHANCE] * 2, y=[-0.5, len(SKILLS) - 0.5], mode="lines", name="chance of a sum", hoverinfo="skip",
                       line={"color": KEPT_COLOUR, "dash": "dot", "width": 2})
    figure.update_layout(title=titled("Both parents and the child", f"{merged.count:,} questions of each kind"), barmode="group",
                         height=BARS_PX, showlegend=True, legend={"traceorder": "normal"},
                         xaxis={"title": "correct (%)", "range": [0, 118], "tickvals": [0, 25, 50, 75, 100]},
                         yaxis={"tickvals": list(range(len(SKILLS))), "ticktext": list(SKILL_NAMES.values()), "showgrid": False,
                                "range": [len(SKILLS) - 0.5, -0.5], "zeroline": False})
    told = listed([f"{MODEL_SHORT[name]}: {_skills_said(one)}" for name, one in known.items()])
    return described(figure, f"{told}.")


def _skills_said(one: Skills) -> str:
    return ", ".join(f"{SKILL_NAMES[skill]} {100 * get(one):.0f} %" for skill, get in SKILLS.items())
