"""AdaptVis as the registry knows it."""

from functools import partial

from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.settings import PRESETS, RECORDED, AdaptVisSettings
from backends.registry import System, runs
from worlds.pictures import check_picture
from worlds.signatures import check_data

DATA_SAID = "A zip with pictures and annotations of WhatsUp, COCO, VG or VSR, or a log of the released code"

SYSTEM = System(
    name="adaptvis", title="AdaptVis: turn a model's gaze",
    claim="Where a vision-language model is unsure how two things lie, spreading its gaze over the picture can mend its answer.",
    paper="Why Is Spatial Reasoning Hard for VLMs? An Attention Mechanism Perspective on Focus Areas",
    source="arXiv 2503.01773", icon=":material/center_focus_strong:", settings=AdaptVisSettings, result=AdaptVisResult,
    run=runs("adaptvis"),
    ring="seeing", minutes="30 minutes", level="Medium: attention",
    wins="On 2,000 scenes with clutter AdaptVis gains 15.6 points; one constant per answer, which sees nothing, 13.1.",
    recorded=RECORDED / "default.orrery", presets=PRESETS,
    checks={"picture": check_picture, "data": partial(check_data, wanted=("zip", "text"), said=DATA_SAID)})
