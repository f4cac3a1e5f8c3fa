"""MindCube as the registry knows it."""

from functools import partial

from backends.files.saved import load_result
from backends.mindcube.picked import PRESETS, RECORDED, RECORDINGS
from backends.mindcube.results import MindCubeResult
from backends.mindcube.settings import MindCubeSettings
from backends.registry import LaneName, System, runs
from worlds.signatures import check_data

FILES_SAID = "A zip of MindCube's folder, or one of its .json or .jsonl files"
EVALUATED = RECORDED / "evaluate.orrery"  # made by `python -m backends.mindcube.record`


def wins() -> str:
    """What the recorded evaluation says of maps and thoughts."""
    if not EVALUATED.is_file():
        return ""
    parts = {report.configuration: report.parts[0] for report in load_result(EVALUATED.read_bytes(), MindCubeResult).reports}
    found = [parts.get(name) for name in ("Plain-CGMap-FFR-Out", "FFR", "Plain-CGMap-Out", "Raw-QA")]
    known = [part for part in found if part is not None]
    if len(known) < len(found) or known[0].text_only is None:
        return ""
    both, thought, alone, raw = (f"{100 * part.official[0]:.0f} %" for part in known)
    return (f"Of {known[0].count:,} questions about drawn rooms mapping, then reasoning answers {both} correctly, reasoning alone "
            f"{thought}, mapping alone {alone}, an answer at once {raw}; a rule without pictures {100 * known[0].text_only:.0f} %.")


def _lane(settings: MindCubeSettings) -> LaneName:
    """Neither a training, nor a real model, nor more questions than a preset asks is a wait for somebody else's room."""
    is_own = settings.model == MindCubeSettings().model or not settings.named_models()
    is_large = settings.task == "evaluate" and settings.num_questions > PRESETS["Count them"][0].num_questions
    return "long" if settings.task == "train" or is_large or not is_own else "short"


def _objection(settings: MindCubeSettings) -> str:
    """Why the model that is named cannot be asked, with which comes torch, for which no other run waits; or the training not be."""
    if settings.task == "train":
        from backends.mindcube import training

        return training.objection(settings)
    if not settings.named_models():
        return ""
    from backends.mindcube import mappers

    return mappers.objection(settings)


SYSTEM = System(
    name="mindcube", title="MindCube: map a room in the mind",
    claim="From a few views a small model answers what none of them shows, if it was taught to reason first. A map that it draws "
          "and does not reason over does not help.",
    paper="MindCube: Spatial Mental Modeling from Limited Views",
    source="arXiv 2506.21458", icon=":material/map:", settings=MindCubeSettings, result=MindCubeResult, run=runs("mindcube"),
    ring="thinking", minutes="30 minutes", level="Easy: no mathematics", wins=wins, recorded=RECORDED / "default.orrery",
    recordings=RECORDINGS, presets=PRESETS, lane=_lane, objects=_objection,
    checks=dict.fromkeys(("file", "data"), partial(check_data, wanted=("zip", "text"), said=FILES_SAID)))
