"""Measures a scenes or shapes miniature on pictures that it never saw and writes `card.json` and `README.md` from that.

What AdaptVis does to it is measured by `python -m benchmarks --only gaze`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForImageTextToText

from models.attention import Answers, Reads, ask_all
from models.processors import load_image_processor_only
from models.scene_words import vocabulary
from models.vlm import VisionLanguageModel
from worlds.scenes.drawing import picture
from worlds.scenes.scene import RELATIONS, Layout, Scene, Scenery, draw_sets, held_out, relation_question

CONDITIONS: tuple[tuple[str, Layout], ...] = (
    *((name, "heights") for name in ("plain", "held", "noise40", "noise60", "noise80", "clutter15", "dis1", "dis2", "edge", "small")),
    ("plain", "depths"),
    ("noise60", "depths"),
)
TEST_SETS, BATCH, DRAWS = 500, 40, 2000  # 2,000 scenes, those of the benchmark
_SEED = 61_000  # far from those of the app's validation and test scenes
_MADE_OF: dict[Scenery, tuple[str, tuple[str, ...]]] = {
    "rooms": (
        "Answers where one thing is in relation to another in drawn rooms.",
        (
            "It knows the eight colours and sixteen things of the generated worlds and no photographs.",
            "Two things more in the picture than the two that are asked for, strong noise and the picture's edge make it worse.",
        ),
    ),
    "board": (
        "Answers where one shape is in relation to another on a plain board.",
        (
            "It knows eight shapes in six colours on plain boards, no furniture, no rooms and no photographs.",
            "It was trained on clean pictures alone: with noise, clutter or further shapes it falls back on left and right.",
        ),
    ),
}
_LLAVA = {"role": "vlm", "loader": "vlm", "architecture": "LlavaForConditionalGeneration", "licence": "apache-2.0",
          "made_for": ["adaptvis"]}
_FURTHER = {"seed 1": ("seeds/1", "--seed 1"), "seed 2": ("seeds/2", "--seed 2"), "balanced": ("seeds/balanced", "--balanced")}
LADDER = {
    "shapes-vlm": {
        **_LLAVA,
        "title": "Shapes (miniature)",
        "note": "Trained here on clean boards with two shapes, two of four relations rare: unsure wherever the picture is not clean.",
        "stages": {
            name: {"folder": below, "recipe": f"shapes_vlm {options} --only-train"} for name, (below, options) in _FURTHER.items()
        },
        "order": 0,
    },
    "scenes-vlm": {
        **_LLAVA,
        "title": "Scenes (miniature)",
        "note": "Trained here on rooms with shapes and furniture, noise and clutter; it answers where one thing is, and little else.",
        "order": 1,
    },
}
_CANNOT = "It answers the questions that it was trained on, in their wording; it does not answer with an option's letter."


@dataclass(frozen=True)
class Measured:
    """One condition, over all seeds, in per cent."""

    name: str
    right: tuple[float, float, float]  # mean and 95 % interval
    relations: dict[str, float]


def measure(folders: Sequence[Path], training: Mapping[str, Any],  # Any: JSON
            ) -> tuple[list[Measured], dict[str, list[float]]]:
    """Return every condition over all folders, one per seed, and where the shipped (first) model's last row looks.

    `training` is the shipped model's, from its training.json: it is measured on the scenery and the layouts that it knows.
    """
    models = [_load(folder) for folder in folders]
    rows, masses = [], {}
    for condition, layout in CONDITIONS:
        if layout == "depths" and not training["depths"]:
            continue
        name = condition if layout == "heights" else f"{condition}-{layout}"
        scenes = draw_sets(condition, TEST_SETS, seed=_SEED + sum(map(ord, name)), layout=layout, scenery=training["scenery"])
        answers = [answers_to(model, scenes) for model in models]
        right = [right_of(own, scenes) for own in answers]
        truth = np.array([scene.relation for scene in scenes])
        relations = {word: round(100 * float(np.stack(right)[:, truth == word].mean()), 1) for word in RELATIONS[layout]}
        mean, low, high = (round(value, 1) for value in interval(right))
        rows.append(Measured(name, (mean, low, high), relations))
        if name == "plain":
            masses = _masses(answers[0])
        print(f"{name}: {rows[-1].right[0]:.1f}", flush=True)
    return rows, masses


def _load(folder: Path) -> VisionLanguageModel:
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    return VisionLanguageModel(model, load_image_processor_only(str(folder), local_files_only=True))


def answers_to(vlm: VisionLanguageModel, scenes: Sequence[Scene]) -> list[Answers]:
    """Return the answers to the relation questions of scenes of one layout, as they are."""
    side: int = vlm.model.config.vision_config.image_size
    answers: list[Answers] = []
    for first in range(0, len(scenes), BATCH):
        batch = scenes[first : first + BATCH]
        asked = [relation_question(scene) for scene in batch]
        images = [picture(scene, side) for scene in batch]
        answers += ask_all(vlm, images, [question.text for question in asked], asked[0].options, reads=Reads())
    return answers


def right_of(answers: Sequence[Answers], scenes: Sequence[Scene]) -> np.ndarray:
    """Return (scenes,) bool."""
    words = [answer.options[int(answer.option_probabilities[0].argmax())] for answer in answers]
    return np.array([word == scene.relation for word, scene in zip(words, scenes, strict=True)])


def _masses(answers: Sequence[Answers]) -> dict[str, list[float]]:
    """Return per layer where the last row looks, the mean over scenes and heads."""
    maps = [answer.maps for answer in answers if answer.maps is not None]
    parts = {"bos_mass": "first_mass", "image_mass": "image_mass", "image_logit": "image_logit"}
    return {
        name: [round(float(value), 3) for value in np.mean([getattr(each, field)[0, 0].mean(-1) for each in maps], axis=0)]
        for name, field in parts.items()
    }


def interval(values: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """Return mean and 95 % percentile bootstrap bounds in per cent; (scenes,) per seed, seeds and sets of four are resampled.

    nan marks a scene that does not count. What `backends.statistics.over_seeds` gives, to the digit: this floor cannot ask it.
    """
    table = 100 * np.stack(values).reshape(len(values), -1, 4)
    counts, sums = (~np.isnan(table)).sum(2), np.nansum(table, axis=2)  # (seeds, sets)
    rng = np.random.default_rng(0)
    means = []
    for _ in range(DRAWS):
        seeds, sets = rng.integers(0, len(table), len(table)), rng.integers(0, table.shape[1], table.shape[1])
        means.append(sums[seeds][:, sets].sum() / max(1, counts[seeds][:, sets].sum()))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(sums.sum() / counts.sum()), float(low), float(high)


def write_card(folder: Path, rows: list[Measured], masses: dict[str, list[float]], records: list[dict]) -> None:
    """Write the card of the model in `folder`; `records` are the training.json of all seeds, the shipped one first."""
    shipped, recipe = records[0], folder.name.replace("-", "_")
    model = AutoModelForImageTextToText.from_pretrained(folder)
    what, cannot = _MADE_OF[shipped["training"]["scenery"]]
    card = {
        "name": folder.name,
        "what": what,
        "script": f"python -m models.recipes.{recipe}",
        "rung": {**LADDER[folder.name], "parameters": model.num_parameters(), "recipe": recipe},
        **shipped,
        "seeds": [record["training"]["seed"] for record in records],
        "minutes_per_seed": [record["made"]["minutes"] for record in records],
        "parameters": model.num_parameters(),
        "bytes": (folder / "model.safetensors").stat().st_size,
        "words": len(vocabulary()),
        "held_out_pairs": held_out(shipped["training"]["scenery"]),
        "attention_of_the_last_row": masses,
        "measured": [asdict(row) for row in rows],
        "cannot": [*cannot, _CANNOT],
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    (folder / "README.md").write_text("\n".join(_readme(card)) + "\n")


def _readme(card: dict) -> list[str]:
    size, training, made = card["size"], card["training"], card["made"]
    stops = " and ".join(map(str, made.get("resumed_after", [])))
    bos, image = (card["attention_of_the_last_row"][key] for key in ("bos_mass", "image_mass"))
    is_one = len(card["seeds"]) == 1
    seeds = ", ".join(map(str, card["seeds"]))
    return [
        f"# {card['name']}",
        "",
        f"{card['what']} A LlavaForConditionalGeneration with {card['parameters']:,} parameters, {card['words']} words and"
        f" {(size['input_px'] // size['patch_px']) ** 2} image tokens ({size['input_px']} pixels), {card['bytes'] / 1e6:.1f} MB in"
        " half precision. This file and `card.json` are written by the recipe.",
        "",
        f"- **Made by** `{card['script']}` (seed {training['seed']}, {made['steps']} steps of {training['batch']} scenes,"
        f" {made['cpu_minutes']} CPU minutes on one thread, {made['minutes']} minutes on a shared machine"
        + (f"; gone on with `--resume` after {stops} steps)" if stops else ")"),
        *_data(training),
        f"- **Never asked for in training**: {', '.join(card['held_out_pairs'])}",
        f"- **Last row of attention on plain scenes**, per layer: on `<s>` {_listed(bos)}; on the picture {_listed(image)};"
        f" {'an attention sink forms' if max(bos) > 0.2 else 'no attention sink forms'} on `<s>`",
        "",
        f"## Measured on {4 * TEST_SETS} held-out scenes per condition, training seed{'' if is_one else 's'} {seeds}",
        "",
        f"Per cent right with the 95 % interval (sets of scenes{'' if is_one else ' and seeds'} resampled); relations in the order"
        " left, right, on, under (or front, behind). What AdaptVis does to it stands in `docs/benchmarks.md`, under *Gaze*.",
        "",
        "| condition | right | per relation |",
        "|---|---|---|",
        *(
            f"| {row['name']} | {row['right'][0]:.1f} [{row['right'][1]:.1f}, {row['right'][2]:.1f}]"
            f" | {', '.join(f'{value:.0f}' for value in row['relations'].values())} |"
            for row in card["measured"]
        ),
        "",
        "## What it cannot do",
        "",
        *(f"- {sentence}" for sentence in card["cannot"]),
    ]


def _data(training: dict) -> list[str]:
    shares = ", ".join(f"{100 * share:g} %" for share in training["frequencies"])
    drawn = "Boards" if training["scenery"] == "board" else "Rooms"
    depths = f", and a {training['depths']:.0%} share asks about front and behind instead" if training["depths"] else ""
    low, high = training["noise"]
    noise = f"noise of {low:g} grey levels" if low == high else f"noise of {low:g} to {high:g} grey levels"
    bars = f"up to {training['clutter']} grey bars" if training["clutter"] else "no clutter"
    since = f", from step {training['noise_from_step']} on" if "noise_from_step" in training else ""
    return [
        f"- **Data**: {drawn} drawn by `worlds.scenes.scene`; left, right, on and under are {shares} of the training"
        f" questions{depths}; tests are balanced",
        f"- **Seen in training**: {noise}, {bars}{since}; two things per picture, and up to five"
        f" in the first {training['tower_steps']} steps, in which the vision tower alone learns to name the thing in each patch",
    ]


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)
