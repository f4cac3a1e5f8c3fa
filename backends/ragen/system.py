"""RAGEN as the registry knows it."""

from functools import partial
from pathlib import Path

from backends.ragen.presets import PRESETS, RECORDED_RUNS
from backends.ragen.results import RagenResult
from backends.ragen.settings import RagenSettings
from backends.registry import LaneName, System, runs
from worlds.signatures import check_data

RECORDED = Path(__file__).parent / "recorded"  # made by `python -m backends.ragen.record`
LOGS_SAID = "A zip of logs, or one of their JSON, CSV, text or parquet files"


def _lane(settings: RagenSettings) -> LaneName:
    """Neither a training nor a real model is a wait for somebody else's game."""
    return "long" if settings.task == "train" or settings.has_model else "short"


def _objection(settings: RagenSettings) -> str:
    """Why the model of the ladder cannot play or learn; with it comes torch, for which no other run waits."""
    if not settings.has_model:
        return ""
    from backends.ragen import ladder

    return ladder.objection(settings)


SYSTEM = System(
    name="ragen", title="RAGEN: watch reasoning collapse",
    claim="Rewarded for what it does alone, an agent comes to think one thing, or nothing that can be read, and the spread of its "
          "rewards tells so before its reward falls.",
    paper="RAGEN: Understanding Self-Evolution in LLM Agents via Multi-Turn Reinforcement Learning",
    source="arXiv 2504.20073", icon=":material/casino:", settings=RagenSettings, result=RagenResult, run=runs("ragen"), ring="acting",
    minutes="40 minutes", level="Medium: what a mean and a spread are", recorded=RECORDED / "loses_format.orrery",
    recordings=RECORDED_RUNS, presets=PRESETS, lane=_lane, objects=_objection,
    checks={"file": partial(check_data, wanted=("zip", "text", "parquet"), said=LOGS_SAID)})
