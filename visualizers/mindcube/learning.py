"""How a training in symbols goes: answers, maps and thoughts by steps, and what replies earn by rounds of reinforcement."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from backends.mindcube.results import Training
from visualizers.alt import described
from visualizers.mindcube.methods import learned_colour, learned_name
from visualizers.text import said
from visualizers.theme import SCORE_COLOUR, VISITED_COLOUR, titled

MAPS_COLOUR, THOUGHTS_COLOUR = "#56B4E9", "#8C6BB1"
SHARE = {"title": "share correct", "tickformat": ".0%", "range": [-0.03, 1.05]}


def charts(training: Training) -> dict[str, go.Figure]:
    """All curves by title; what is not known is left out."""
    made = {"answers": answers(training), "loss": loss(training), "reward": reward(training), "reinforcement": rounds(training)}
    return {name: figure for name, figure in made.items() if figure is not None}


def answers(training: Training) -> go.Figure | None:
    """Share of answers, maps and thoughts that are right on fresh questions, by step; None where there was no step."""
    points = training.points
    if not points:
        return None
    steps = [one.step for one in points]
    kinds = (("answers", [one.answers for one in points], learned_colour(training.way), "solid"),
             ("maps", [one.maps for one in points], MAPS_COLOUR, "dash"),
             ("thoughts", [one.thoughts for one in points], THOUGHTS_COLOUR, "dot"))
    figure = go.Figure([_line(steps, values, name, colour, dash, "step") for name, values, colour, dash in kinds
                        if any(value is not None for value in values)])
    _chance(figure, training.chance, (steps[0], steps[-1]))
    _went_on(figure, training.went_on_from, steps)
    figure.update_layout(title=titled(f"It learns to: {learned_name(training.way)}", "share right of fresh questions"),
                         xaxis={"title": "step", "nticks": 6}, yaxis=SHARE, showlegend=True, height=350)
    last = points[-1]
    told = [f"{name} {value:.0%}" for name, value in (("answers", last.answers), ("maps", last.maps), ("thoughts", last.thoughts))
            if value is not None]
    return described(figure, f"After step {last.step}: {', '.join(told)} right; chance is {training.chance:.0%}.")


def loss(training: Training) -> go.Figure | None:
    """The loss by step; None where fewer than two are known."""
    if len(training.points) < 2:
        return None
    steps, values = [one.step for one in training.points], [one.loss for one in training.points]
    figure = _single(_line(steps, values, "loss", SCORE_COLOUR, "solid", "step", form=".3f"), training.went_on_from, "step",
                     "nats per word")
    figure.update_layout(title=titled("Loss", "of the words that are learned"))
    return described(figure, f"The loss goes from {values[0]:.2f} to {values[-1]:.2f}.")


def reward(training: Training) -> go.Figure | None:
    """The mean reward by round; None where fewer than two are known."""
    if len(training.rounds) < 2:
        return None
    numbers, values = [one.iteration for one in training.rounds], [one.reward for one in training.rounds]
    figure = _single(_line(numbers, values, "reward", SCORE_COLOUR, "solid", "round", form=".2f"), _rounds_before(training), "round",
                     "reward")
    figure.update_layout(title=titled("What a reply earns", "mean of the replies that are learned from"))
    return described(figure, f"The mean reward goes from {values[0]:.2f} to {values[-1]:.2f} in {len(values)} rounds.")


def rounds(training: Training) -> go.Figure | None:
    """Shares of replies that are valid, of answers and of maps that are right, by round; None where fewer than two are known."""
    told = training.rounds
    if len(told) < 2:
        return None
    numbers = [one.iteration for one in told]
    kinds = (("valid replies", [one.valid for one in told], VISITED_COLOUR, "dot"),
             ("answers", [one.answers for one in told], learned_colour(training.way), "solid"),
             ("maps", [one.maps for one in told], MAPS_COLOUR, "dash"))
    figure = go.Figure([_line(numbers, values, name, colour, dash, "round") for name, values, colour, dash in kinds
                        if any(value is not None for value in values)])
    _chance(figure, training.chance, (numbers[0], numbers[-1]))
    _went_on(figure, _rounds_before(training), numbers)
    figure.update_layout(title=titled("Reinforcement, round by round", "answers, maps: share right, fresh questions"),
                         xaxis={"title": "round", "nticks": 6}, yaxis=SHARE | {"title": "share"}, showlegend=True, height=350)
    known = [one.answers for one in told if one.answers is not None]
    ends = f"right answers from {known[0]:.0%} to {known[-1]:.0%}" if known else "right answers are not known"
    return described(figure, f"Valid replies from {told[0].valid:.0%} to {told[-1].valid:.0%}, {ends}; chance is "
                             f"{training.chance:.0%}.")


def beside(named: Mapping[str, Training]) -> go.Figure | None:
    """Answers of several trainings by step, each in the colour of its way; None where none has a step."""
    known = {name: training for name, training in named.items() if training.points}
    if not known:
        return None
    ways = [training.way for training in known.values()]
    figure, told = go.Figure(), []
    for number, (name, training) in enumerate(known.items()):
        dash = "solid" if ways.index(training.way) == number else "dash"  # a second one of the same way
        steps, values = [one.step for one in training.points], [one.answers for one in training.points]
        figure.add_trace(_line(steps, values, said(name, 30), learned_colour(training.way), dash, "step"))
        told.append(f"{said(name, 30)} {values[-1]:.0%}")
    first = next(iter(known.values()))
    _chance(figure, first.chance, (0, max(one.step for training in known.values() for one in training.points)))
    figure.update_layout(title=titled("Answers, way by way", "share right of fresh questions"), height=370, showlegend=True,
                         xaxis={"title": "step", "nticks": 6}, yaxis=SHARE)
    return described(figure, f"Right answers at the end: {', '.join(told)}; chance is {first.chance:.0%}.")


def _single(line: go.Scatter, went_on_from: int, along: str, unit: str) -> go.Figure:
    """One curve from 0 upwards."""
    figure = go.Figure(line)
    _went_on(figure, went_on_from, line.x)
    return figure.update_layout(showlegend=False, xaxis={"title": along, "nticks": 6}, yaxis={"title": unit, "rangemode": "tozero"})


def _line(xs: Sequence[int], values: Sequence[float | None], name: str, colour: str, dash: str, unit: str, form: str = ".0%"
          ) -> go.Scatter:
    known = [(x, value) for x, value in zip(xs, values) if value is not None]
    return go.Scatter(x=[x for x, _ in known], y=[value for _, value in known], name=name,
                      line={"color": colour, "width": 2.5, "dash": dash}, marker={"size": 6},
                      mode="lines+markers" if len(known) <= 30 else "lines",
                      hovertemplate=f"{unit} %{{x}}, {name}: %{{y:{form}}}<extra></extra>")


def _chance(figure: go.Figure, chance: float, ends: tuple[float, float]) -> None:
    figure.add_scatter(x=list(ends), y=[chance, chance], mode="lines", name=f"chance {chance:.0%}", hoverinfo="skip",
                       line={"color": VISITED_COLOUR, "width": 1.5, "dash": "longdash"})


def _rounds_before(training: Training) -> int:
    """How many rounds there were where this run went on: none follows but behind all steps."""
    return training.went_on_from - (training.points[-1].step if training.points else 0)


def _went_on(figure: go.Figure, number: int, along: Sequence[int]) -> None:
    """Where this run went on from an earlier one."""
    if along[0] < number < along[-1]:
        figure.add_vline(x=number, line={"dash": "dot", "color": VISITED_COLOUR})
