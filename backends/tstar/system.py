"""T* as the registry knows it."""

from pathlib import Path

from backends.registry import System, runs
from backends.tstar.results import TStarResult
from backends.tstar.settings import PRESETS, TStarSettings
from backends.tstar.words import objection
from worlds.pictures import check_picture
from worlds.video.kind import check_video

RECORDED = Path(__file__).parent / "recorded" / "default.orrery"  # made by `python -m backends.tstar.record`


SYSTEM = System(
    name="tstar", title="T*: key frames in long video",
    claim="T* finds the few seconds that answer a question by looking at many frames at once in one small picture, then "
          "looking again where something lit up.",
    paper="Re-thinking Temporal Search for Long-Form Video Understanding, CVPR 2025", source="arXiv 2504.02259",
    icon=":material/travel_explore:", settings=TStarSettings, result=TStarResult, run=runs("tstar"),
    ring="seeing", minutes="20 minutes", level="Easy", recorded=RECORDED,
    checks={"video": check_video, "example_picture": check_picture}, presets=PRESETS, objects=objection)
