"""The bandit's beginner trained in every way that the papers compare: which arm it learns, whether its format holds, whether it
echoes, how early the monitor says so, and how fast all is. Three seeds of everything are about twenty minutes of one core; those of
GRPO with one coin are half of it: it is what loses its format most often, and the monitor is to be judged on such endings, too."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import process_time

import numpy as np
import torch

from backends.ragen.measures import Metrics
from backends.ragen.monitor import Report, watch
from backends.ragen.results import RagenResult
from backends.ragen.rules import RULES, Setup
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.run import Inputs
from benchmarks.ragen import beside_trl
from benchmarks.tables import markdown, shown

LENGTH, SHORT, LAST, TIMED = 100, 40, 10, 10  # iterations of a training; of one with another chance; of a mean; of the timing
LEAST = 2  # seeds for an interval
OFTEN, FALLS = 18, "GRPO, one coin"  # so many seeds at least of what ends badly in about three of five
HEAD = ("training", "seeds", "risky arm, iterations 10-19", "late", "reward", "readable", "commonest thought", "entropy",
        "format lost")
PPO = RagenSettings(iterations=LENGTH)
GRPO = PPO.model_copy(update={"algorithm": "grpo"})
STARPO_S: dict[str, object] = {"ratio": 0.25, "clip_high": 0.28, "kl": 0.0}
POOR: dict[str, object] = {"chance": 0.1, "iterations": SHORT}
KINDS: Mapping[str, RagenSettings] = {
    "PPO": PPO, "PPO, StarPO-S": PPO.model_copy(update=STARPO_S),
    "PPO, StarPO-S, half the rates": PPO.model_copy(update=STARPO_S | {"actor_rate": 5e-4, "critic_rate": 1e-3}),
    "PPO, any quarter": PPO.model_copy(update={"ratio": 0.25, "filtered": "random"}),
    "GRPO": GRPO, "GRPO, one coin": GRPO.model_copy(update={"shared_noise": True}),
    "GRPO, one coin, StarPO-S": GRPO.model_copy(update=STARPO_S | {"shared_noise": True}),
    "GRPO, one coin, skips flat": GRPO.model_copy(update={"shared_noise": True, "skips_flat": True}),
    "PPO, risky arm pays 0.10": PPO.model_copy(update=POOR),
    "PPO, StarPO-S, risky arm pays 0.10": PPO.model_copy(update=STARPO_S | POOR)}


@dataclass(frozen=True)
class Ended:
    """How one training went.

    Attributes:
        early, late: share of pulls of the risky arm over iterations 10 to 19, and over the last ten.
        reward, valid, top: over the last ten.
        is_lost: whether fewer than half of the replies can be read in the mean of the last ten.
        fades: entropy of the last ten, as a share of that of the first iteration.
    """

    early: float
    late: float
    reward: float
    valid: float
    top: float
    is_lost: bool
    fades: float
    report: Report


def trained(settings: RagenSettings) -> RagenResult:
    torch.set_num_threads(1)
    *_, result = run(settings, Inputs())
    assert isinstance(result, RagenResult)
    return result


def ended(metrics: Sequence[Metrics], settings: RagenSettings) -> Ended:
    """What a training came to."""
    end = metrics[-LAST:]
    valid = _mean(end, "valid")
    start = metrics[0].entropy or float("nan")
    return Ended(_mean(metrics[10:20], "success"), _mean(end, "success"), _mean(end, "reward"), valid, _mean(end, "top"), valid < 0.5,
                 _mean(end, "entropy") / start, watch(metrics, Setup(penalty=settings.penalty, turns=1)))


def section(seeds: int) -> str:
    """Every kind of training, with as many seeds; the one that ends badly most often with more. One at a time on each core."""
    asked = [(name, seed) for name in KINDS for seed in range(max(OFTEN if name == FALLS else LEAST, seeds))]
    found: dict[str, list[Ended]] = {name: [] for name in KINDS}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for (name, seed), one in zip(asked, pool.map(_ended, *zip(*asked))):
            found[name].append(one)
            print(name, seed, one, file=sys.stderr, flush=True)
    return told(found)


def _ended(name: str, seed: int) -> Ended:
    settings = KINDS[name].model_copy(update={"seed": seed})
    training = trained(settings).training
    assert training is not None
    return ended(training.metrics, settings)


def told(found: Mapping[str, Sequence[Ended]]) -> str:
    """The section, of trainings by their kind."""
    rows = [(name, len(runs), *(shown([getattr(one, what) for one in runs]) for what in
                                ("early", "late", "reward", "valid", "top", "fades")), sum(one.is_lost for one in runs))
            for name, runs in found.items()]
    every = [one for runs in found.values() for one in runs]
    return f"""## RAGEN: trainings of the bandit

The shipped beginner, {LENGTH} iterations of 8 starts x 16 episodes ({SHORT} where the risky arm pays 0.10), one training per seed.
Intervals are over seeds. The risky arm pays 0.25 on average where nothing else is said, the safe one 0.15. "Late" is the last {LAST}
iterations, as are reward, readable replies, the share of the commonest thought and entropy (of that of the first iteration).

{markdown(HEAD, rows)}
### RAGEN: the monitor

A training ends badly where most replies of its last {LAST} iterations cannot be read: {sum(one.is_lost for one in every)} of
{len(every)}. Lead is from the first alarm to the fall of the reward; a false alarm is one in a training that did not end badly.

{markdown(("sign", "colour", "alarms among those that ended badly", "false alarms", "lead: median (least to most)"), signs(every))}"""


def signs(every: Sequence[Ended]) -> list[tuple[object, ...]]:
    """A row for each rule that was ever asked."""
    bad, good = ([one for one in every if one.is_lost is lost] for lost in (True, False))
    rows: list[tuple[object, ...]] = []
    for rule in RULES:
        alarms = [[next(alarm for alarm in one.report.alarms if alarm.name == rule.name) for one in part] for part in (bad, good)]
        if not any(alarm.is_asked for part in alarms for alarm in part):
            continue
        leads = sorted(alarm.lead for alarm in alarms[0] if alarm.lead is not None)
        said = f"{np.median(leads):.0f} ({leads[0]} to {leads[-1]})" if leads else "none"
        fired = [sum(alarm.fired is not None for alarm in part) for part in alarms]
        rows.append((rule.name, rule.colour, f"{fired[0]} of {len(bad)}", f"{fired[1]} of {len(good)}", said))
    return rows


def speed() -> str:
    """Iterations a second of every algorithm, on one thread."""
    rows: list[tuple[object, ...]] = []
    for name in ("PPO", "PPO, StarPO-S", "GRPO", "GRPO, one coin, StarPO-S"):
        settings = KINDS[name].model_copy(update={"iterations": TIMED})
        trained(settings.model_copy(update={"iterations": 1}))  # loading is no part of it
        start = process_time()
        result = trained(settings)
        taken = process_time() - start
        assert result.training is not None
        tokens = sum((one.tokens or 0) * settings.groups * settings.members for one in result.training.metrics)
        rows.append((name, f"{TIMED / taken:.2f}", f"{tokens / taken:,.0f}", f"{100 * taken / TIMED:.0f}"))
    return (f"## RAGEN: iterations a second\n\nThe bandit, 8 starts x 16 episodes, {TIMED} iterations on one thread, in processor "
            "time, learning included.\n\n"
            + markdown(("training", "iterations a second", "tokens drawn a second", "seconds of 100 iterations"), rows)
            + f"\n{beside_trl.section()}")


def _mean(metrics: Sequence[Metrics], name: str) -> float:
    return float(np.mean([getattr(one, name) or 0.0 for one in metrics]))
