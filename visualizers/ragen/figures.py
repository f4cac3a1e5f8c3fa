"""The drawing contract of RAGEN: all charts of a finished run, those of a running one, its pictures and its cover."""

import numpy as np
import plotly.graph_objects as go

from backends.ragen.filters import Selection
from backends.ragen.history import history_of
from backends.ragen.information import lines_from, tells
from backends.ragen.lab import Pushed
from backends.ragen.monitor import Report, watch
from backends.ragen.results import Logs, RagenResult, Training, Why
from backends.ragen.rollouts import Curve, Rollout
from backends.ragen.traps import Quits, stopping, whitening
from visualizers.alt import described
from visualizers.ragen import groups, lab, monitor, regimes, scenes, story
from visualizers.ragen.alarms import alarms
from visualizers.ragen.cover import cover
from visualizers.ragen.signs import MODEL_COLOUR, REWARD_COLOUR
from visualizers.text import said
from visualizers.theme import titled

__all__ = ["cover", "figures", "live", "pictures"]

OTHER_CURVES = 6  # of a log, beside those that are known here


def figures(result: RagenResult) -> dict[str, go.Figure]:
    """All charts of a finished run, by title."""
    if result.training is not None:
        return of_training(result.training, story.report_of(result))
    if result.why is not None:
        return of_lab(result.why)
    if result.logs is not None:
        return of_logs(result.logs)
    return {"rewards": rewards(result.played)} if result.played and result.played.episode.turns else {}


def of_training(training: Training, report: Report) -> dict[str, go.Figure]:
    """Every curve, the alarms, whether thoughts fit their prompts, and which starts the newest iteration learned from."""
    made = story.charts(training, report)
    newest = groups.groups(Selection(training.snapshots[-1].groups)) if training.snapshots else None
    path = [(one.iteration, one.found) for one in training.diagnoses]
    fit = regimes.regimes(path, lines_from(path[0][1])) if path and tells(path[0][1]) else None
    more = {"alarms": alarms(training.metrics, report), "regimes": fit, "groups": newest}
    return made | {name: figure for name, figure in more.items() if figure is not None}


def of_lab(why: Why) -> dict[str, go.Figure]:
    """The push of these settings and with other chances, and the two traps."""
    return {"push": lab.pushes({named(why.pushed): why.pushed}), "chances": lab.against_chance(why.swept),
            "stopping": lab.stopping(stopping(Quits())), "whitening": lab.whitening(whitening())}


def named(pushed: Pushed) -> str:
    """What an experiment is called beside its bars."""
    return {"whitened": "PPO", "mean_std": "GRPO", "mean": "group's mean"}[pushed.lab.advantage]


def of_logs(logs: Logs) -> dict[str, go.Figure]:
    """The curves of logs: those that are known here as of a training, and some of the others as they are."""
    history = history_of(logs.curves)
    made = monitor.charts(history, watch(history)) if history else {}
    others = [curve for curve in logs.curves.values() if not curve.metric and len(curve.values) > 1]
    return made | {f"log: {curve.name[:60]}": _curve(curve) for curve in others[:OTHER_CURVES]}


def _curve(curve: Curve) -> go.Figure:
    figure = go.Figure(go.Scatter(x=curve.iterations, y=curve.values, mode="lines", line={"color": MODEL_COLOUR}, name="value",
                                  hovertemplate="step %{x}: %{y:.4g}<extra></extra>"))
    figure.update_layout(title=titled(said(curve.name, 38), "as the log has it"), xaxis={"title": "step", "nticks": 6},
                         yaxis={"title": "value"}, showlegend=False)
    return described(figure, f"It goes from {curve.values[0]:.3g} to {curve.values[-1]:.3g}.")


def rewards(rollout: Rollout) -> go.Figure:
    """What each turn of an episode earned, and what its form cost."""
    turns = rollout.episode.turns
    numbers = [turn.index + 1 for turn in turns]
    names = dict.fromkeys(name for turn in turns for name in turn.rewards)
    figure = go.Figure([go.Bar(x=numbers, y=[turn.rewards.get(name, 0.0) for turn in turns],
                               name={"environment": "paid by the game", "format": "penalty for bad form"}.get(name, said(name)),
                               marker={"color": REWARD_COLOUR if name == "environment" else MODEL_COLOUR},
                               hovertemplate="turn %{x}: %{y:+.2f}<extra></extra>") for name in names])
    figure.update_layout(title=titled("What each turn earned"), barmode="relative", showlegend=True,
                         xaxis={"title": "turn", "dtick": 1}, yaxis={"title": "reward", "zeroline": True})
    told = "; ".join(f"turn {number} earned {sum(turn.rewards.values()):+.2f}" for number, turn in zip(numbers, turns))
    return described(figure, f"What the turns earned: {told}.")


def live(event: object) -> dict[str, go.Figure] | None:
    """The curve that matters and the spread, so far; None for other events."""
    if isinstance(event, Training) and event.metrics:
        report = watch(event.metrics)
        made = {"reward": story.story(event, report), "spread": monitor.spread(event.metrics, report)}
        return {name: figure for name, figure in made.items() if figure is not None}
    return {"rewards": rewards(event)} if isinstance(event, Rollout) and event.episode.turns else None


def pictures(event: object) -> list[tuple[np.ndarray, str]]:
    """The game as it stands at the end of an episode, or so far."""
    rollout = event.played if isinstance(event, RagenResult) else event if isinstance(event, Rollout) else None
    picture = scenes.drawn(rollout.final, rollout.tag) if rollout else None
    return [(picture, f"After turn {len(rollout.episode.turns)}")] if rollout and picture is not None else []
