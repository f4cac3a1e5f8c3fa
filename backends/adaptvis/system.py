"""AdaptVis as the registry knows it."""

from functools import partial

from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.settings import PRESETS, RECORDED, AdaptVisSettings
from backends.adaptvis.words import one_alpha_of, score_of
from backends.files.saved import load_result
from backends.numbers import signed
from backends.registry import System, runs
from worlds.pictures import check_picture
from worlds.signatures import check_data

DATA_SAID = "A zip with pictures and annotations of WhatsUp, COCO, VG or VSR, or a log of the released code"

def wins() -> str:
    """What the recorded evaluation says of AdaptVis and of its cheapest rival."""
    evaluated = load_result((RECORDED / "evaluate.orrery").read_bytes(), AdaptVisResult).evaluated
    own, rival = (score_of(evaluated, name) if evaluated else None for name in ("adaptvis", "bias"))
    if evaluated is None or own is None or rival is None or own.gain is None or rival.gain is None:
        return ""
    gains = [signed(100 * score.gain[0], 1) for score in (own, rival) if score.gain]
    alone = ", with every gaze spread (ScalingVis)" if one_alpha_of(evaluated) else ""
    return (f"On {evaluated.num_test:,} drawn scenes AdaptVis gains {gains[0]} points{alone}; a constant per answer, which never "
            f"looks at the picture, gains {gains[1]}.")


SYSTEM = System(
    name="adaptvis", title="AdaptVis: turn a model's gaze",
    claim="Where a vision-language model is unsure how two things lie, spreading its gaze over the picture can mend its answer.",
    paper="Why Is Spatial Reasoning Hard for VLMs? An Attention Mechanism Perspective on Focus Areas",
    source="arXiv 2503.01773", icon=":material/center_focus_strong:", settings=AdaptVisSettings, result=AdaptVisResult,
    run=runs("adaptvis"),
    ring="seeing", minutes="30 minutes", level="Medium: attention",
    wins=wins,
    recorded=RECORDED / "default.orrery", presets=PRESETS,
    checks={"picture": check_picture, "data": partial(check_data, wanted=("zip", "text"), said=DATA_SAID)})
