"""ERA as the registry knows it."""

from functools import partial
from pathlib import Path

from backends.era.results import EraResult
from backends.era.settings import PRESETS, EraSettings
from backends.registry import LaneName, System, runs
from worlds.signatures import check_data

RECORDED = Path(__file__).parent / "recorded"  # made by `python -m backends.era.record`
LOGS_SAID = "A zip of the folder of logs, or one of their JSON or text files"


def _lane(settings: EraSettings) -> LaneName:
    """Neither a training nor a real model, whose episode takes minutes, is a wait for somebody else's episode."""
    return "long" if settings.task == "train" or settings.named_models() else "short"


def _objection(settings: EraSettings) -> str:
    """Why the model of the ladder that is to act cannot; with it comes torch, for which no other run waits."""
    if not settings.named_models():
        return ""
    from backends.era import ladder

    return ladder.objection(settings)


SYSTEM = System(
    name="era", title="ERA: replay an embodied agent",
    claim="An agent that sees one picture at a time gets through a household task if its own last reflection tells it what the "
          "picture cannot.",
    paper="ERA: Transforming VLMs into Embodied Agents via Embodied Prior Learning and Online Reinforcement Learning",
    source="arXiv 2510.12693", icon=":material/smart_toy:", settings=EraSettings, result=EraResult, run=runs("era"), ring="acting",
    minutes="30 minutes", level="Easy: no mathematics", recorded=RECORDED / "default.orrery", presets=PRESETS,
    lane=_lane, objects=_objection,
    checks=dict.fromkeys(("file", "beside"), partial(check_data, wanted=("zip", "text"), said=LOGS_SAID)))
