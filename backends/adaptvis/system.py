"""AdaptVis as the registry knows it."""

from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.settings import PRESETS, RECORDED, AdaptVisSettings
from backends.registry import System, runs
from worlds.pictures import ENDINGS, check_picture

SYSTEM = System(
    name="adaptvis", title="AdaptVis: turn a model's gaze",
    claim="Where a vision-language model is unsure how two things lie, spreading its gaze over the picture can mend its answer.",
    paper="Why Is Spatial Reasoning Hard for VLMs? An Attention Mechanism Perspective on Focus Areas",
    source="arXiv 2503.01773", icon=":material/center_focus_strong:", settings=AdaptVisSettings, result=AdaptVisResult,
    run=runs("adaptvis"), recorded=RECORDED / "default.orrery", upload_setting="picture",
    upload_kinds=ENDINGS, check_upload=check_picture, presets=PRESETS)
