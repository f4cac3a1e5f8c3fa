"""What the mappers are, what made them and what they score: card.json and README.md beside the weights."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from safetensors import safe_open

from models.mappers.learning import Progress
from models.mappers.words import vocabulary
from models.recipes.mindcube_mappers import readme
from models.recipes.mindcube_mappers.beliefs import Belief
from models.recipes.mindcube_mappers.folder import DECODER, EYE
from models.recipes.mindcube_mappers.making import FURTHER, SHIPPED
from models.recipes.mindcube_mappers.scores import Row, Scores, Seed, over_seeds

NAME, SCRIPT = "mindcube-mappers", "python -m models.recipes.mindcube_mappers"
WHAT = "Answers what no single view of a drawn room shows, in the configurations of MindCube."
CANNOT = (
    "They know thirty-two things, four walls and the viewpoints of three settings, and answer nothing but questions about them.",
    "They say a thing, a move, yes or no, never an option's letter, and are not shown the options: an answer may be none of them.",
    "Their maps are plain ones, without cameras, and name places, not coordinates.",
    "They have one eye of four patches a picture, which learned by itself what a picture shows; no configuration trains it further.")


def write_card(folder: Path, seeds: Sequence[Seed]) -> None:
    """Write `card.json` and `README.md` of the mappers in `folder`, which are those of the first seed."""
    scores = [one for seed in seeds for one in seed.scores]
    parameters = _numbers(folder / EYE) + _numbers(folder / SHIPPED[0] / DECODER)
    num_bytes = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    cannot = [*CANNOT, *_deaf(seeds[0].scores), *_weak(seeds[0].scores)]
    card = {
        "name": NAME, "what": WHAT, "script": SCRIPT, "parameters": parameters, "rung": _rung(parameters),
        "bytes": num_bytes, "words": len(vocabulary()), "seeds": [seed.record for seed in seeds], "cannot": cannot}
    tables = {
        "over_seeds": [{"way": way, **_told(row)} for way, rows in over_seeds(scores).items() for row in rows],
        "measured": [{"seed": one.seed, "way": one.way, **_told(row)} for one in scores for row in (*one.rows, *one.templates)],
        "beliefs": [{"seed": one.seed, "way": one.way, **_believed(belief)} for one in scores for belief in one.beliefs],
        "curves": [{"seed": one.seed, "way": one.way, **_state(state)} for one in scores for state in one.states]}
    (folder / "card.json").write_text(_json(card, tables), encoding="utf-8")
    text = [
        f"# {NAME}", "",
        f"{WHAT} A folder for each, all",
        f"LlavaForConditionalGenerations with {parameters:,} parameters and {len(vocabulary())} words behind one eye that they share",
        f"(`{EYE}`): {num_bytes / 1e6:.1f} MB together in half precision. This file and `card.json` are written by the recipe.", "",
        f"- **Made by** `{SCRIPT}`", *readme.training(seeds), "", *readme.measured(seeds),
        "", "## What they cannot do", "", *(f"- {line}" for line in cannot)]
    (folder / "README.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def _rung(parameters: int) -> dict[str, object]:
    made = {key: {"folder": key, "recipe": f"mindcube_mappers --way {key}"} for key in FURTHER}
    return {"role": "vlm", "title": "Mappers (miniature)", "loader": "vlm", "architecture": "LlavaForConditionalGeneration",
            "licence": "apache-2.0", "parameters": parameters, "quantisations": ["none"],  # a decoder this narrow cannot be packed
            "made_for": ["mindcube"], "recipe": "mindcube_mappers",
            "stages": {**{key: key for key in SHIPPED}, **made}, "stage": SHIPPED[0], "order": 40,
            "note": "Trained here on views of drawn rooms, a state for each configuration: answer, map, reason, map and reason."}


def _deaf(scores: Sequence[Scores]) -> list[str]:
    """Whose maps can be changed by hand and their answers are as before."""
    return [f"`{one.way}` answers from the views where a map with other {belief.change} is put to it: "
            f"{100 * belief.map:.0f} % as the map, {100 * belief.views:.0f} % as the views."
            for one in scores for belief in one.beliefs if belief.map < 0.5 < belief.views]


def _weak(scores: Sequence[Scores]) -> list[str]:
    """What the shipped mappers do no better than a choice among the options."""
    poor = {one.way: [row.of for row in one.templates if row.right[1] <= row.guessed] for one in scores}
    return [f"`{way}` answers no better than a choice among the options on {', '.join(names)}."
            for way, names in poor.items() if names]


def _numbers(file: Path) -> int:
    with safe_open(file, framework="pt") as weights:
        return sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118  # not a dict


def _told(row: Row) -> dict[str, object]:
    shares = {name: None if share is None else round(share, 4) for name, share in
              (("guessed", row.guessed), ("maps", row.maps), ("places", row.places), ("thoughts", row.thoughts))}
    return {"of": row.of, "questions": row.questions, "right": [round(end, 4) for end in row.right], **shares}


def _believed(belief: Belief) -> dict[str, object]:
    return {**asdict(belief), "map": round(belief.map, 4), "views": round(belief.views, 4)}


def _state(state: Progress) -> dict[str, object]:
    shares = {name: None if share is None else round(share, 4) for name, share in
              (("answers", state.scores.answers), ("maps", state.scores.maps), ("thoughts", state.scores.thoughts))}
    return {"step": state.step, "loss": round(state.loss, 4), **shares}


def _json(card: dict[str, object], tables: dict[str, list[dict[str, object]]]) -> str:
    """The card with its tables, of which every row is a line."""
    rows = {name: ",\n".join(f"    {json.dumps(one)}" for one in table) for name, table in tables.items()}
    listed = [f',\n  "{name}": [\n{text}\n  ]' for name, text in rows.items()]
    return "".join([json.dumps(card, indent=2).removesuffix("\n}"), *listed, "\n}\n"])
