"""The laboratory's figures: which way the bandit's policy is pushed, and two ways in which advantages mislead."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go

from backends.numbers import signed
from backends.ragen.lab import Push, Pushed
from backends.ragen.traps import Stopping, Whitening
from visualizers.alt import described
from visualizers.ragen.signs import ALL_COLOUR, KEPT_COLOUR, LINE_COLOUR, MODEL_COLOUR, SECOND_COLOUR, SUCCESS_COLOUR
from visualizers.text import said
from visualizers.theme import titled

ROW_PX, ROOM_PX = 74, 170  # of a pair of bars; for title, axis and legend
LINE_LETTERS = 16  # of a name: a phone has no room for more
ERROR_COLOUR = "#59616E"  # of intervals: seen on both grounds and on the bars
WIDTHS = 1.96  # standard errors of a 95 % interval


def pushes(named: Mapping[str, Pushed]) -> go.Figure:
    """Two bars for each experiment, all groups and kept groups, with 95 % intervals; a mark where the exact push is known."""
    names = ["<br>".join(wrap(said(name, 60), LINE_LETTERS)) for name in named]
    rows, found = np.arange(len(names)), list(named.values())
    figure = go.Figure()
    for words, colour, own, away in (("all groups", ALL_COLOUR, [one.everything for one in found], -0.2),
                                     ("kept groups", KEPT_COLOUR, [one.filtered for one in found], 0.2)):
        figure.add_bar(y=rows + away, x=[one.mean for one in own], orientation="h", name=words, marker={"color": colour}, width=0.38,
                       error_x={"type": "data", "array": [WIDTHS * one.error for one in own], "thickness": 1.5, "width": 4,
                                "color": ERROR_COLOUR},
                       hovertemplate=f"{words}: %{{x:+.3f}}<extra></extra>")
        # numbers stand behind the interval: plotly's own would be crossed out by it
        beyond = [one.mean + WIDTHS * one.error * (1 if one.mean >= 0 else -1) for one in own]
        figure.add_scatter(y=rows + away, x=beyond, mode="text",
                           text=[f" {signed(one.mean)} " for one in own], showlegend=False, hoverinfo="skip", cliponaxis=False,
                           textposition=["middle right" if one.mean >= 0 else "middle left" for one in own])
    figure.add_scatter(y=rows - 0.2, x=[one.expected for one in found], mode="markers", name="all groups, exactly",
                       marker={"symbol": "diamond", "size": 9, "color": SUCCESS_COLOUR, "line": {"width": 1, "color": "#FFFFFF"}},
                       hovertemplate="all groups, exactly: %{x:+.4f}<extra></extra>")
    ends = [part.mean for one in found for part in (one.everything, one.filtered)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = 0.35 * max(high - low, 0.1)
    figure.update_layout(
        title=titled("Push toward the risky arm", "above 0: pulled more often; 95 % intervals"), barmode="overlay",
        height=ROOM_PX + ROW_PX * len(found),
        yaxis={"range": [len(found) - 0.5, -0.5], "tickvals": rows, "ticktext": names, "showgrid": False, "zeroline": False},
        xaxis={"title": "push", "range": [low - (room if low < 0 else 0), high + room], "nticks": 6, "zeroline": True,
               "zerolinewidth": 2})
    told = "; ".join(f"{name.replace('<br>', ' ')}: all {signed(one.everything.mean)}, kept {signed(one.filtered.mean)}"
                     for name, one in zip(names, found))
    return described(figure, f"Push toward the risky arm. {told}.")


def against_chance(swept: Sequence[Pushed]) -> go.Figure:
    """The push with all and with kept groups against how often the risky arm pays; the arms are worth the same at the dashed line."""
    chances, safe = [one.lab.chance for one in swept], swept[0].lab.safe
    figure = go.Figure()
    for words, colour, own in (("all groups", ALL_COLOUR, [one.everything for one in swept]),
                               ("kept groups", KEPT_COLOUR, [one.filtered for one in swept])):
        figure.add_scatter(x=chances, y=[one.mean for one in own], name=words, mode="lines+markers", line={"color": colour},
                           error_y={"type": "data", "array": [WIDTHS * one.error for one in own], "width": 3},
                           hovertemplate=f"pays with %{{x:.0%}}, {words}: %{{y:+.2f}}<extra></extra>")
    figure.add_vline(x=safe, line={"dash": "dash", "width": 1.5, "color": LINE_COLOUR})
    figure.add_scatter(x=[None], y=[None], mode="lines", name="both arms are worth the same",
                       line={"dash": "dash", "width": 1.5, "color": LINE_COLOUR})
    figure.update_layout(title=titled("When the risky arm is pushed", "left of the dashed line it is worth less"), height=370,
                         showlegend=True, xaxis={"title": "how often the risky arm pays", "tickformat": ".0%", "nticks": 6},
                         yaxis={"title": "push", "zeroline": True, "zerolinewidth": 2})
    wrong = [one.lab.chance for one in swept if one.honest < 0 < one.filtered.mean - WIDTHS * one.filtered.error]
    return described(figure, "With kept groups the worse arm is pushed up where it pays in "
                     f"{min(wrong):.0%} to {max(wrong):.0%}." if wrong else "The worse arm is nowhere pushed up for certain.")


def stopping(found: Stopping) -> go.Figure:
    """One group of an agent that may stop: what its first choice is taught by both baselines, episode by episode."""
    order = sorted(range(len(found.returns)), key=lambda place: (bool(found.went_on[place]), float(found.returns[place])))
    names = [f"{number}. {_course(found, place)}" for number, place in enumerate(order, 1)]
    figure = go.Figure()
    for words, colour, own in (("compared turn by turn", SECOND_COLOUR, found.by_turn),
                               ("compared as episodes", SUCCESS_COLOUR, found.by_episode)):
        figure.add_bar(y=names, x=[float(own[place]) for place in order], orientation="h", name=words, marker={"color": colour},
                       hovertemplate=f"%{{y}}, {words}: %{{x:+.2f}}<extra></extra>")
    taught = f"{signed(found.taught_by_turn)} by turns, {signed(found.taught_by_episode)} by episodes"
    figure.update_layout(title=titled("An agent that may stop", f"on average, going on is taught<br>{taught}"), barmode="group",
                         height=190 + 34 * len(names), yaxis={"autorange": "reversed"},
                         xaxis={"title": "advantage of the first choice", "zeroline": True, "zerolinewidth": 2, "nticks": 6})
    return described(figure, f"Going on is worth {signed(found.worth)}. On average it is taught {taught}.")


def _course(found: Stopping, place: int) -> str:
    return ("wins" if found.won[place] else "loses") if found.went_on[place] else "stops"


def whitening(found: Whitening) -> go.Figure:
    """How large advantages are that come from a critic's errors alone, before and after whitening, both axes logarithmic."""
    some = found.errors > 0
    figure = go.Figure()
    for words, colour, own in (("before whitening", SECOND_COLOUR, found.raw), ("after whitening", MODEL_COLOUR, found.whitened)):
        figure.add_scatter(x=found.errors[some], y=own[some], name=words, mode="lines+markers", line={"color": colour},
                           hovertemplate=f"errors of %{{x:.0e}}, {words}: %{{y:.2g}}<extra></extra>")
    powers = {"type": "log", "exponentformat": "power", "dtick": 2}
    figure.update_layout(title=titled("Equal rewards, a critic nearly right", "advantages are nothing but its errors"), height=360,
                         xaxis={"title": "size of the critic's errors"} | powers, yaxis={"title": "size of advantages"} | powers)
    return described(figure, "Errors of a thousandth become advantages of "
                     f"{float(found.whitened[abs(found.errors - 1e-3) < 1e-9][0]):.2f}; without any error they are 0.")


def interval(push: Push) -> str:
    """A push and its 95 % interval in words."""
    return f"{signed(push.mean)} ({signed(push.mean - WIDTHS * push.error)} to {signed(push.mean + WIDTHS * push.error)})"
