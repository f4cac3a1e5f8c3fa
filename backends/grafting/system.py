"""Grafting as the registry knows it."""

from pathlib import Path

from backends.grafting.brought import check_checkpoint, check_samples
from backends.grafting.results import GraftingResult
from backends.grafting.settings import PRESETS, GraftingSettings
from backends.registry import LaneName, System, runs

RECORDED = Path(__file__).parent / "recorded"  # made by `python -m backends.grafting.record`


def _lane(settings: GraftingSettings) -> LaneName:
    """A whole healing, or a thousand pictures to judge, is no wait for somebody else's preset."""
    is_long = settings.steps > 500 or settings.operator == "pairs"  # whole blocks learn
    trains = settings.task == "graft" and (settings.heals == "both stages" or (settings.heals == "stage 1" and is_long))
    return "long" if trains or settings.num_judged > 500 else "short"


SYSTEM = System(
    name="grafting", title="Grafting: swap a model's attention",
    claim="Cut half of the attention out of a model that paints, put another operator in, and its pictures fall apart. A short "
          "imitation of what was cut out brings them back.",
    paper="Exploring Diffusion Transformer Designs via Grafting", source="arXiv 2506.05340", icon=":material/content_cut:",
    settings=GraftingSettings, result=GraftingResult, run=runs("grafting"), ring="making", minutes="30 minutes",
    level="Medium: attention, training", recorded=RECORDED / "default.orrery", presets=PRESETS, lane=_lane,
    checks={"checkpoint": check_checkpoint, "samples": check_samples})
