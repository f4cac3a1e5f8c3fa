"""Merging as the registry knows it."""

from functools import partial

from backends.files.saved import load_result
from backends.merging.presets import PRESETS, RECORDED, RECORDINGS
from backends.merging.results import MergingResult
from backends.merging.settings import MINIATURE, MergingSettings
from backends.registry import LaneName, System, runs
from worlds.errors import InputError
from worlds.signatures import check_data, recognise, words

QUESTIONS_SAID = "Questions in JSONL, or of MathVista, MathVerse, MathVision, MMMU or VLMEvalKit, with their pictures in a zip"


def wins() -> str:
    """What the recorded curve says of merging with weights that sum to 1, and of adding both task vectors."""
    files = [RECORDED / "default.orrery", RECORDED / "added.orrery"]
    if not all(file.is_file() for file in files):
        return ""
    line, added = (load_result(file.read_bytes(), MergingResult).merged for file in files)
    if not (line and added and line.curve and line.vlm and added.child):
        return ""
    best = max(line.curve, key=lambda tried: tried.skills.unseen)
    return (f"Of {line.count} sums of digits in pictures that only the reasoning model has met as text, the vision-language model "
            f"does {100 * line.vlm.unseen:.0f} %, the best of the paper's linear merges {100 * best.skills.unseen:.0f} % (a share of "
            f"{best.at:.1f}), and both task vectors added in full, which is not the paper's, {100 * added.child.unseen:.0f} %.")


def _lane(settings: MergingSettings) -> LaneName:
    """Neither folders, nor a real model that is asked, nor a fine map is a wait for somebody else's merge."""
    is_fine, has_many = settings.grid > 8, settings.num_questions > 400
    is_large = (settings.task == "grid" and is_fine) or (settings.task in ("merge", "probe") and has_many)
    is_real = settings.task in ("ask", "checkpoints") and settings.model != MINIATURE
    return "long" if is_large or is_real else "short"


def _objection(settings: MergingSettings) -> str:
    """Why the small models cannot be tried so; nothing is loaded for it."""
    if settings.task in ("merge", "grid", "probe") and settings.model != MINIATURE:
        return ("Only the miniature is merged and tried within seconds. Choose it as 'model', or merge published models in the task "
                "'checkpoints' and ask the child in the task 'ask'.")
    if settings.task == "checkpoints" and settings.recipe and settings.official:
        return "A recipe and a finished file cannot both be used. Empty 'recipe' or 'official'."
    return ""


def _check_recipe(head: bytes, name: str) -> None:
    check_data(head, name, wanted=("text",), said="A YAML of mergekit")


def _check_official(head: bytes, name: str) -> None:
    if recognise(head) not in ("zip", "unknown"):
        raise InputError(f"{name!r} is {words(recognise(head))}. A merged_model_….pth of the released code would be right.")


SYSTEM = System(
    name="merging", title="Merging: pour reasoning into a seeing model",
    claim="One model sees and cannot reckon, another reckons and cannot see. Averaging their weights, with no training, makes a "
          "child that does both.",
    paper="Bring Reason to Vision: Understanding Perception and Reasoning through Model Merging", source="arXiv 2505.05464",
    icon=":material/merge:", settings=MergingSettings, result=MergingResult, run=runs("merging"), ring="making",
    minutes="20 minutes", level="Easy: what a weight of a network is", wins=wins, recorded=RECORDED / "default.orrery",
    recordings=RECORDINGS, presets=PRESETS, lane=_lane, objects=_objection,
    checks={"recipe": _check_recipe, "official": _check_official,
            "data": partial(check_data, wanted=("zip", "text"), said=QUESTIONS_SAID)})
