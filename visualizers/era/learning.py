"""How a training by reinforcement goes: what the episodes of each iteration earned, and what critic and policy did."""

import plotly.graph_objects as go

from backends.era.results import Iterated, Judged, Training
from backends.era.settings import Estimator
from backends.statistics import wilson
from visualizers.alt import described
from visualizers.era.curves import ADVANTAGE_COLOUR, VALUE_COLOUR
from visualizers.era.verbs import FAILED_COLOUR
from visualizers.text import per_cent
from visualizers.theme import SCORE_COLOUR, TRUTH_COLOUR, VISITED_COLOUR, titled

UNITS: dict[Estimator, str] = {"turn": "turns", "bi": "both", "token": "tokens"}  # of the advantage, for a legend


def shares(training: Training) -> go.Figure:
    """Episodes done and actions failed, per iteration."""
    told = training.iterations
    figure = go.Figure([
        _line(told, "episodes done", [one.success for one in told], TRUTH_COLOUR, ".0%"),
        _line(told, "actions that failed", [one.invalid for one in told], FAILED_COLOUR, ".0%")])
    _begins(figure, training)
    figure.update_layout(title=titled("Tasks done, actions failed", "in the episodes that it learns from"),
                         xaxis={"title": "iteration"}, yaxis={"title": "share", "tickformat": ".0%", "rangemode": "tozero"})
    ends = f"done {per_cent(told[0].success)} at first and {per_cent(told[-1].success)} at last" if told else "none yet"
    return described(figure, f"Episodes of each iteration: {ends}.")


def returns(training: Training) -> go.Figure:
    """What an episode earned, per iteration."""
    told = training.iterations
    figure = go.Figure(_line(told, "mean return", [one.mean_return for one in told], SCORE_COLOUR, "+.2f"))
    _begins(figure, training)
    figure.update_layout(title=titled("What an episode earns", "on average: its return"), xaxis={"title": "iteration"},
                         yaxis={"title": "return"}, showlegend=False)
    ends = f"from {told[0].mean_return:+.2f} to {told[-1].mean_return:+.2f}" if told else "not known yet"
    return described(figure, f"The mean return goes {ends}.")


def health(training: Training) -> go.Figure:
    """What the critic foresaw, and how far the policy moved."""
    told = training.iterations
    known = [one.explained for one in told if one.explained is not None]
    figure = go.Figure([
        _line(told, "foreseen", [one.explained for one in told], VALUE_COLOUR, ".2f"),
        _line(told, "held back", [one.clip_fraction for one in told], ADVANTAGE_COLOUR, ".3f"),
        _line(told, "KL", [one.kl for one in told], VISITED_COLOUR, ".4f")])
    _begins(figure, training)
    figure.update_layout(title=titled("Does it foresee, how far does it move?", "foreseen 1: every return; 0: as a mean"),
                         xaxis={"title": "iteration"}, yaxis={"zeroline": True, "range": [max(-1.05, min([-0.1, *known])), 1.05]})
    return described(figure, f"The critic foresees {known[-1]:.2f} of the variance of returns." if known else "No critic yet.")


def judged(training: Training) -> go.Figure | None:
    """The fixed scenes before and after, with Wilson's intervals; None where none were played."""
    if not training.before and not training.after:
        return None
    figure = go.Figure()
    for name, rows, colour in (("before", training.before, VISITED_COLOUR), ("after", training.after, TRUTH_COLOUR)):
        ends = [wilson(row.done, row.episodes) for row in rows]
        figure.add_bar(
            x=[row.subset.replace("_", "<br>") for row in rows], y=[mean for mean, _, _ in ends], name=name, marker={"color": colour},
            error_y={"type": "data", "array": [high - mean for mean, _, high in ends],
                     "arrayminus": [mean - low for mean, low, _ in ends]},
            hovertemplate="%{x}, " + name + ": %{y:.0%}<extra></extra>")
    figure.update_layout(title=titled("The same scenes before and after", "never learned from; 95 % intervals"),
                         yaxis={"title": "done", "tickformat": ".0%", "range": [0, 1.02]}, barmode="group")
    return described(figure, f"Fixed scenes: {summary(training)}")


def credited(training: Training) -> go.Figure | None:
    """What each turn of one episode was worth, by each estimator with the same critic; None where no episode is shown."""
    if not training.credited:
        return None
    colours = dict(zip(UNITS, (TRUTH_COLOUR, ADVANTAGE_COLOUR, VISITED_COLOUR)))
    figure = go.Figure([
        go.Bar(x=list(range(1, len(one.advantages) + 1)), y=one.advantages, name=UNITS[one.estimator],
               marker={"color": colours[one.estimator]}, hovertemplate="turn %{x}: %{y:+.3f}<extra></extra>")
        for one in training.credited])
    figure.update_layout(title=titled("Which turn gets the credit?", "one episode, by three estimators"),
                         xaxis={"title": "turn", "dtick": max(1, len(training.credited[0].advantages) // 5)},
                         yaxis={"title": "advantage", "zeroline": True}, barmode="group")
    told = "; ".join(f"{UNITS[one.estimator]}: {', '.join(f'{value:+.2f}' for value in one.advantages[:8])}"
                     for one in training.credited)
    return described(figure, f"Advantage of each turn. {told}.")


def losses(training: Training) -> go.Figure:
    """The loss of prior learning, update by update, a colour for each prior."""
    figure = go.Figure()
    colours = (TRUTH_COLOUR, ADVANTAGE_COLOUR, SCORE_COLOUR, VALUE_COLOUR, VISITED_COLOUR)
    for kind, colour in zip(dict.fromkeys(one.prior for one in training.losses), colours):
        told = [(number, one.loss) for number, one in enumerate(training.losses, start=1) if one.prior == kind]
        figure.add_scatter(x=[number for number, _ in told], y=[loss for _, loss in told], name=kind, mode="markers",
                           marker={"color": colour, "size": 4}, hovertemplate="update %{x}, " + kind + ": %{y:.3f}<extra></extra>")
    if training.losses_before and len(training.losses) > training.losses_before:
        figure.add_vline(x=training.losses_before + 0.5, line={"dash": "dot", "color": VISITED_COLOUR})
    figure.update_layout(title=titled("How well it guesses the expert's words", "loss of each update: lower is better"),
                         xaxis={"title": "update"}, yaxis={"title": "nats per word", "rangemode": "tozero"})
    ends = f"from {training.losses[0].loss:.2f} to {training.losses[-1].loss:.2f}" if training.losses else "not known yet"
    return described(figure, f"The loss goes {ends} nats per word.")


def charts(training: Training) -> dict[str, go.Figure]:
    """All of them by title; what is not known is left out."""
    made = {"prior": losses(training)} if training.losses else {}
    if training.iterations:
        made |= {"learning": shares(training), "returns": returns(training), "health": health(training)}
    more = {"judged": judged(training), "credited": credited(training)}
    return made | {name: figure for name, figure in more.items() if figure is not None}


def summary(training: Training) -> str:
    """What the fixed scenes say, in a sentence."""
    if not training.after:
        return f"before it, {_together(training.before)} were done." if training.before else "none were played."
    return f"{_together(training.before)} were done before, {_together(training.after)} after."


def _together(rows: tuple[Judged, ...]) -> str:
    return f"{sum(row.done for row in rows)} of {sum(row.episodes for row in rows)}"


def _line(told: tuple[Iterated, ...], name: str, values: list[float | None] | list[float], colour: str, form: str) -> go.Scatter:
    return go.Scatter(x=[one.number for one in told], y=values, name=name, mode="lines+markers", line={"color": colour},
                      hovertemplate=f"iteration %{{x}}, {name}: %{{y:{form}}}<extra></extra>")


def _begins(figure: go.Figure, training: Training) -> None:
    """Where this run went on from an earlier one."""
    if training.went_on_from:
        figure.add_vline(x=training.went_on_from + 0.5, line={"dash": "dot", "color": VISITED_COLOUR})
    figure.update_xaxes(dtick=max(1, len(training.iterations) // 5))
