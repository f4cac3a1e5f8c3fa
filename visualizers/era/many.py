"""Many episodes of a run in charts: success by subset, what goes wrong, what was said of failures, how long episodes run."""

from collections.abc import Sequence
from itertools import takewhile

import plotly.graph_objects as go

from backends.era.statistics import Counted, Statistics
from backends.statistics import Share
from visualizers.alt import described
from visualizers.era.verbs import FAILED_COLOUR
from visualizers.text import per_cent, said
from visualizers.theme import SCORE_COLOUR, TRUTH_COLOUR, titled

PROGRESS_COLOUR = "#56B4E9"
RATES = {"failed actions, per step": "invalid", "unreadable replies, per call": "output_errors",
         "actions repeated, per step": "repeated", "plans cut short, per call": "cut"}
LETTERS = 30  # of a feedback beside its bar


def success(counted: Statistics) -> go.Figure | None:
    """Success and progress of each subset with their 95 % intervals; None where neither is known."""
    known = [subset for subset in counted.subsets if subset.success or subset.progress]
    if not known:
        return None
    names = [said(subset.group or "no subset") for subset in known]
    figure = go.Figure()
    for name, colour, shares in (("success", TRUTH_COLOUR, [subset.success for subset in known]),
                                 ("progress", PROGRESS_COLOUR, [subset.progress for subset in known])):
        if any(shares):
            _bars(figure, name, colour, [group.replace("_", "<br>") for group in names], shares)
    figure.update_layout(title=titled("Success and progress", "with 95 % intervals"), barmode="group",
                         height=150 + 44 * len(known), xaxis={"range": [0, 1.02], "tickformat": ".0%"},
                         yaxis={"autorange": "reversed"})
    told = [f"{name} {per_cent(subset.success.mean)} of {subset.success.count}" for name, subset in zip(names, known)
            if subset.success]
    return described(figure, f"Success: {', '.join(told) or 'not known'}.")


def _bars(figure: go.Figure, name: str, colour: str, groups: list[str], shares: list[Share | None]) -> None:
    figure.add_bar(
        y=groups, x=[share.mean if share else None for share in shares], orientation="h", name=name, marker={"color": colour},
        error_x={"type": "data", "symmetric": False, "array": [share.high - share.mean if share else 0 for share in shares],
                 "arrayminus": [share.mean - share.low if share else 0 for share in shares]},
        customdata=[share.count if share else 0 for share in shares],
        hovertemplate=f"{name} of %{{y}}: %{{x:.0%}} of %{{customdata}} episodes<extra></extra>")


def rates(counted: Statistics) -> go.Figure | None:
    """How often something goes wrong, over the whole run; None where nothing of it is known."""
    whole: Counted = counted.whole
    found = {name: value for name, key in RATES.items() if (value := getattr(whole, key)) is not None}
    if not found:
        return None
    figure = go.Figure(go.Bar(y=list(found), x=list(found.values()), orientation="h", marker={"color": FAILED_COLOUR},
                              text=[per_cent(value) for value in found.values()], textposition="outside", cliponaxis=False,
                              hovertemplate="%{y}: %{x:.1%}<extra></extra>"))
    figure.update_layout(title=titled("What goes wrong", "over all episodes of the run"), height=240,
                         xaxis={"tickformat": ".0%", "nticks": 4, "range": [0, 1.35 * max(*found.values(), 0.05)]},
                         yaxis={"autorange": "reversed"})
    return described(figure, "; ".join(f"{name}: {per_cent(value)}" for name, value in found.items()) + ".")


def reasons(counted: Statistics) -> go.Figure | None:
    """The commonest feedbacks on actions that failed; None where none failed."""
    if not counted.reasons:
        return None
    shared = common_start([reason.feedback for reason in counted.reasons])
    names = [f"{number}. {said(reason.feedback[len(shared):], LETTERS)}" for number, reason in enumerate(counted.reasons, 1)]
    figure = go.Figure(go.Bar(
        y=names, x=[reason.count for reason in counted.reasons], orientation="h", marker={"color": FAILED_COLOUR},
        customdata=[(reason.episodes, said(reason.feedback, 160)) for reason in counted.reasons],
        hovertemplate="%{customdata[1]}<br>%{x} times in %{customdata[0]} episodes<extra></extra>"))
    told = f"the commonest first; after “{said(shared.strip(), LETTERS)}”" if shared else "the commonest first"
    figure.update_layout(title=titled("What failed actions were told", told), height=280,
                         xaxis={"title": "times", "rangemode": "tozero"}, yaxis={"autorange": "reversed"})
    first = counted.reasons[0]
    return described(figure, f"The commonest feedback on a failed action, {first.count} times: {said(first.feedback, 120)}.")


def common_start(texts: Sequence[str]) -> str:
    """The sentence that several texts begin with, to its end; empty where there is none, or nothing would be left."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*texts))
    start = "".join(letters[0] for letters in alike) if len(texts) > 1 else ""
    start = start[:start.rfind(". ") + 2] if ". " in start else ""
    return start if all(len(text) > len(start) for text in texts) else ""


def running(counted: Statistics) -> go.Figure | None:
    """The share of episodes that still run after so many steps; None where no number of steps is known."""
    if len(counted.running) < 2:
        return None
    figure = go.Figure(go.Scatter(x=list(range(len(counted.running))), y=list(counted.running), mode="lines",
                                  line={"color": SCORE_COLOUR, "shape": "hv"},
                                  hovertemplate="after step %{x}: %{y:.0%} still run<extra></extra>"))
    figure.update_layout(title=titled("How long episodes run", "share that still runs after so many steps"),
                         xaxis={"title": "steps", "rangemode": "tozero"}, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    half = next((step for step, share in enumerate(counted.running) if share <= 0.5), len(counted.running) - 1)
    return described(figure, f"Half of the episodes are over after {half} steps, the longest has {len(counted.running) - 1}.")


def charts(counted: Statistics) -> dict[str, go.Figure]:
    """All of them, by title; what is not known is left out."""
    made = {"what goes wrong": rates(counted), "feedbacks": reasons(counted), "success": success(counted),
            "running": running(counted)}
    return {title: figure for title, figure in made.items() if figure is not None}
