"""Rooms, maps and trainings that show something, each by one click. Which rooms is decided by rule: `backends.mindcube.presets`."""

import json
from pathlib import Path
from typing import Any

from backends.mindcube.settings import FOUR, MindCubeSettings

RECORDED = Path(__file__).parent / "recorded"
PICKED = RECORDED / "presets.json"  # made by `python -m backends.mindcube.presets`
_Record = dict[str, Any]  # Any: JSON, as that script wrote it


def _at(kind: _Record) -> dict[str, Any]:
    return {name: kind[name] for name in ("layout", "index", "wanted", "number")}


def _presets() -> dict[str, tuple[MindCubeSettings, str]]:
    """Label -> settings, what to notice. Before rooms were picked the first of them are shown."""
    record: _Record = json.loads(PICKED.read_text(encoding="utf-8")) if PICKED.is_file() else {}
    picked: dict[str, _Record] = record.get("picked", {})

    def first_of(kind: str) -> str:
        if kind not in picked:
            return ""
        count, of = record["counts"][kind], record["questions"]
        return f" The first of {count} such among {of} held-out questions."

    def how_often(kind: str) -> str:
        return f"{record['counts'][kind]} of {record['of'][kind]}" if "of" in record else "some"

    marred = f"; a map mars {record['counts']['marred']}" if "mended" in picked else ""
    kept = record.get("kept", "the others")
    mended, alone, turned = (_at(picked[kind]) if kind in picked else {} for kind in ("mended", "alone", "turned"))
    return {
        "See it fail": (
            MindCubeSettings(configurations=FOUR, **mended),
            "At once, behind a map, behind a thought it is wrong; reasoning over a map, correct." +
            first_of("mended").removesuffix(".") + marred + "."),
        "A map alone does not help": (
            MindCubeSettings(configurations=("Raw-QA", "Plain-CGMap-Out", "FFR"), **alone),
            "At once it is wrong. The map that it writes is right in every place, and the answer behind it is wrong; behind a "
            f"thought, without a map, it is correct. That is so of {how_often('alone')} right maps." + first_of("alone")),
        "Turn its map over": (
            MindCubeSettings(configurations=("Plain-CGMap-FFR-Out",), edit="swap left and right", **turned),
            "A map whose left and right are exchanged is put into its mouth. The images have not changed; its answer has, and says "
            f"what the map says. So it does in {how_often('turned')} questions whose answer the exchange changes; in {kept} it says "
            "what its eyes say." + first_of("turned")),
        "Count them": (
            MindCubeSettings(task="evaluate", num_questions=600),
            "The same four ways on 600 questions about held-out rooms: how many answers are correct, how many maps are right, and "
            "what needs no picture at all."),
        "Watch it learn": (
            MindCubeSettings(task="train"),
            "A small model learns in symbols to map, then to reason, in one or two minutes. Its thoughts become right first, and its "
            "answers stay at chance; map and answer come together, later."),
    }


PRESETS = _presets()
RECORDINGS = {"evaluate": PRESETS["Count them"][0], "train": PRESETS["Watch it learn"][0]}  # that their presets open at once
