"""Figures that no recorded run of RAGEN has: every kind of alarm, a filter that keeps nothing, the laboratory, a path through all
regimes."""

import numpy as np
import plotly.graph_objects as go

from backends.episode import Turn
from backends.ragen.fates import fates
from backends.ragen.filters import select
from backends.ragen.information import Information, Lines
from backends.ragen.lab import Lab, pushed, swept
from backends.ragen.monitor import watch
from backends.ragen.results import Bounds, Training
from backends.ragen.traps import Quits, stopping, whitening
from tests.backends.ragen.runs import echoes, learns, loses_format, rambles
from visualizers.ragen import fates as endings
from visualizers.ragen import groups, lab, monitor, regimes, story, tokens
from visualizers.ragen.alarms import alarms

RUNS = {"learns": learns, "echoes": echoes, "loses its format": loses_format, "rambles": rambles}
LINES = {"random policy": 0.2, "safe arm": 0.15, "best": 0.25}
BOTH = {"this run": "learns", "the other": "echoes"}
WORDS = ("dragon", "librarian", "</think>", "<answer>", ",", "a-word-that-is-too-long-for-a-cell", "||", "</answer>", "<end>")
SPREADS = (0.41, 0.0, 0.38, 0.12, 0.45, 0.22, 0.0, 0.3)


def path() -> list[tuple[int, Information]]:
    """From varied thoughts that fit to few that fit nothing, by way of templates."""
    return [(5 * step, Information(entropy=1.2 - 0.01 * step**2, information=max(0.0, 0.5 - 0.06 * step), retrieval=0.9 - 0.07 * step,
                                   chance=1 / 8, most=float(np.log(8)), thoughts=64, prompts=8, left_out=0)) for step in range(11)]


def selected(count: int = 8) -> go.Figure:
    sizes = np.resize(np.array(SPREADS), count)
    scores = np.concatenate([size * np.array([-1.0, 1.0, -1.0, 1.0]) for size in sizes])
    return groups.groups(select(scores, np.repeat(np.arange(count), 4))) or go.Figure()


def nothing() -> go.Figure:
    return groups.groups(select(np.zeros(16), np.repeat(np.arange(4), 4), kind="top_p")) or go.Figure()


def figures() -> dict[str, go.Figure]:
    few = Lab(repeats=400)
    named = {"PPO, whitened": pushed(few), "GRPO, over mean and std": pushed(Lab(advantage="mean_std", is_shared=True, repeats=400)),
             "over the mean": pushed(Lab(advantage="mean", repeats=400))}
    made = {"groups": selected(), "64 groups": selected(64), "no group": nothing(),
            "lab, one": lab.pushes({"PPO": named["PPO, whitened"]}), "lab, three": lab.pushes(named),
            "lab, chances": lab.against_chance(swept(few, [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])),
            "lab, stopping": lab.stopping(stopping(Quits())), "lab, whitening": lab.whitening(whitening()),
            "regimes": regimes.regimes(path(), Lines(0.6, 0.25)) or go.Figure()}
    for name, run in RUNS.items():
        history = run()
        report = watch(history)
        charts = monitor.charts(history, report, rewards=LINES, successes={"random policy": 0.5})
        charts["alarms"] = alarms(history, report) or go.Figure()
        trained = Training(metrics=tuple(history), bounds=Bounds(random=0.5, best=1.0, random_reward=0.2, best_reward=0.25))
        charts["story"] = story.story(trained, report, 40) or go.Figure()
        made |= {f"{name}, {title}": figure for title, figure in charts.items()}
    both = {f"{name}: two arms, 120 iterations": Training(metrics=tuple(RUNS[run]())) for name, run in BOTH.items()}
    made |= {f"{metric} against {axis}": story.over(both, metric, axis) or go.Figure() for metric in story.METRICS
             for axis in story.AXES}
    made["fates"] = endings.fates({name.replace("_", " "): fate for name, fate in fates().items()}, "saved")
    made["entropies"] = tokens.strip(Turn(index=0), WORDS, shade="entropy",
                                     entropies=np.linspace(0, 3, len(WORDS)).tolist()) or go.Figure()
    made["tokens"] = tokens.strip(Turn(index=0, logprobs=np.log(np.linspace(0.01, 1, len(WORDS)))), WORDS) or go.Figure()
    return made
