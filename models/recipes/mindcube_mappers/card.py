"""What a mapper is, what made it and what it scores: card.json and README.md beside the weights."""

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from transformers import LlavaForConditionalGeneration

from models.mappers.albums import Album
from models.mappers.networks import PICTURES
from models.mappers.replies import Verdict
from models.mappers.towers import Reading
from models.mappers.ways import WAYS, Way
from models.mappers.words import tokenizer, vocabulary
from models.scene_words import processor

if TYPE_CHECKING:
    from models.recipes.mindcube_mappers.making import Plan

FAMILIES = ("rotation", "among", "around")
CANNOT = (
    "It knows thirty-two things, four walls and the viewpoints of three settings; it answers nothing but their questions.",
    "It says a thing, a move, yes or no, never an option's letter, and knows no options.",
    "Its maps are plain ones, without cameras.")


def name_of(way: Way) -> str:
    """What a miniature is called."""
    return f"mindcube-{way.key.replace('_', '-')}"


def scored(tests: Album, verdicts: Sequence[Verdict]) -> list[dict[str, object]]:
    """Shares of right answers and maps, 0 to 1, of each family of settings and of all; maps None where none was written."""
    found = []
    for family in (*FAMILIES, "all"):
        both = [(page, one) for page, one in zip(tests.pages, verdicts, strict=True) if family in (page.scene.family, "all")]
        if not both:
            continue
        own, guessed = [one for _, one in both], [1 / len(page.question.options) for page, _ in both]
        maps = [one.map for one in own if one.map is not None]
        found.append({"setting": family, "questions": len(own), "right": float(np.mean([one.answer for one in own])),
                      "guessed": float(np.mean(guessed)), "maps": float(np.mean(maps)) if maps else None})
    return found


def write(folder: Path, model: LlavaForConditionalGeneration, way: Way, *, plan: "Plan", tests: Album, verdicts: Sequence[Verdict],
          reading: Reading, minutes: tuple[float, float]) -> None:
    """Write weights in half precision, words, processor and card."""
    folder.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    processor(PICTURES.input_px, PICTURES.patch_px, tokenizer()).save_pretrained(folder)
    parameters, rows, (wall, cpu) = model.num_parameters(), scored(tests, verdicts), (round(each, 1) for each in minutes)
    script = f"python -m models.recipes.mindcube_mappers --way {way.key}"
    rung = {"role": "vlm", "title": f"Mapper: {way.title} (miniature)", "loader": "vlm",
            "architecture": "LlavaForConditionalGeneration", "licence": "apache-2.0", "parameters": parameters,
            "made_for": ["mindcube"], "recipe": "mindcube_mappers",
            "order": 40 + list(WAYS).index(way.key), "note": f"Trained here on views of drawn rooms: {way.title}."}
    what = f"Answers what no single view of a drawn room shows: {way.title}, as in the paper's {way.paper}."
    limits = [*CANNOT, f"It knows {len(vocabulary())} words."]
    told = {"name": name_of(way), "what": what, "script": script, "parameters": parameters, "rung": rung, "training": asdict(plan),
            "made": {"minutes": wall, "cpu_minutes": cpu}, "eye": reading.right, "measured": rows, "cannot": limits}
    (folder / "card.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    table = "\n".join(f"| {row['setting']} | {row['questions']} | {row['right']:.3f} | {row['guessed']:.3f} | "
                      f"{'' if row['maps'] is None else format(row['maps'], '.3f')} |" for row in rows)
    cannot = "\n".join(f"* {sentence}" for sentence in limits)
    (folder / "README.md").write_text(f"""# {name_of(way)}

{what} {parameters:,} parameters, made by `{script}` in {cpu} CPU minutes after the eye and the base that all mappers share.

Greedy, on scenes whose combinations of things it was not trained on; guessed is the share that a choice among the options gets:

| setting | questions | right | guessed | maps right |
|---|---|---|---|---|
{table}

{cannot}
""", encoding="utf-8")
