"""What the parents of a merge are, what made them and what they score: card.json and README.md beside the weights."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from safetensors import safe_open

from models.adders.scores import KINDS, Kind
from models.adders.words import vocabulary
from models.recipes.merging_parents.scores import Seed
from models.shards import WHOLE

NAME, SCRIPT = "merging-parents", "python -m models.recipes.merging_parents"
LANGUAGE = "merging-language"  # the rung of those that read words alone
WHAT = "Two children of one small language model, of which one sees two digits and the other knows what they come to."
CANNOT = (
    "They know ten digits, four colours and a dozen signs, and answer nothing but what is asked of two digits.",
    "Neither parent adds what it sees where the sum is one of the three quarters that only the reasoner was told: the merge does.",
    "Results are digits: sums, differences and products are taken modulo 10.",
    "They say both digits before a result, and were never taught to say it at once.")
_TITLES: dict[Kind, str] = {
    "perception": "picture, looked up", "joint_seen": "picture, seen facts", "joint_unseen": "picture, unseen facts",
    "text_lookups": "words, looked up", "text_seen": "words, seen facts", "text_unseen": "words, unseen facts"}


def write_card(folder: Path, seeds: Sequence[Seed], *, count: int, script: str = SCRIPT) -> None:
    """Write `card.json` and `README.md` of the parents in `folder`, which are those of the first seed.

    Args:
        count: questions of each kind that were asked.
    """
    language, whole = _numbers(folder / "base" / WHOLE), _numbers(folder / "vlm" / WHOLE)
    num_bytes = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    card = {
        "name": NAME, "what": WHAT, "script": script, "parameters": whole,
        "rungs": _rungs(language, whole, script.removeprefix("python -m models.recipes.")), "bytes": num_bytes,
        "words": len(vocabulary()), "questions": count, "cannot": list(CANNOT),
        "seeds": [{"seed": one.seed, "cpu_minutes": {part: round(minutes, 2) for part, minutes in one.cpu_minutes.items()},
                   "right": one.right, "losses": one.losses} for one in seeds],
        "training": asdict(seeds[0].plan)}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    minutes = ", ".join(f"{sum(one.cpu_minutes.values()):.1f}" for one in seeds)
    text = [
        f"# {folder.name}", "",
        WHAT, "",
        f"`base` and `reasoner` are LlamaForCausalLMs with {language:,} parameters and {len(vocabulary())} words. `vlm` is the base",
        f"behind an eye, a LlavaForConditionalGeneration with {whole:,}. Together they are {num_bytes / 1e6:.1f} MB in half",
        "precision. This file and `card.json` are written by the recipe.", "",
        f"- **Made by** `{script}`",
        f"- **Seeds** {', '.join(str(one.seed) for one in seeds)}, in {minutes} CPU minutes on one thread; the weights are seed",
        f"  {seeds[0].seed}'s",
        "- **Data**: scenes of two coloured digits, in words or drawn, and what is asked of them. No scene of the test has a",
        "  combination of digits and colours that is in training. A quarter of all facts is *seen*: base and VLM meet no others",
        "- **Training**: the base looks up and learns seen facts. The reasoner learns all facts, in words. The eye learns to name",
        "  what it sees, then in front of the base, which stays as it is; last the base behind it. Embeddings and head stay",
        "  the base's",
        "- **Not shipped**: `reasoner b`, which strays farther from the base; the recipe makes it when it is first asked for", "",
        "## Held-out questions", "",
        f"Per cent that are answered right, greedy, word for word; {count} of each kind. One of ten is a guess.", "",
        *_table(seeds), "", "## What they cannot do", "", *(f"- {line}" for line in CANNOT)]
    (folder / "README.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def _rungs(language: int, whole: int, recipe: str) -> list[dict[str, object]]:
    common = {"licence": "apache-2.0", "quantisations": ["none"], "made_for": ["merging"], "recipe": recipe}
    note = "Trained here on two coloured digits; it shows what merging does, and answers nothing else."
    return [
        {"name": NAME, "role": "vlm", "title": "Sees digits (miniature)", "loader": "vlm",
         "architecture": "LlavaForConditionalGeneration", "parameters": whole, **common, "stages": {"vlm": "vlm"}, "stage": "vlm",
         "order": 50, "note": note},
        {"name": LANGUAGE, "role": "language", "title": "Reckons (miniature)", "loader": "language-model",
         "architecture": "LlamaForCausalLM", "parameters": language, **common,
         "stages": {"base": "base", "reasoner": "reasoner",
                    "reasoner b": {"folder": "reasoner_b", "recipe": f"{recipe} --reasoner b"}},
         "stage": "reasoner", "order": 51, "note": note}]


def _table(seeds: Sequence[Seed]) -> list[str]:
    head = ["seed", "parent", *_TITLES.values()]
    rows = [[str(one.seed), f"`{parent}`", *(f"{100 * right[kind]:.1f}" if kind in right else "–" for kind in _TITLES)]
            for one in seeds for parent, right in one.right.items()]
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def _numbers(file: Path) -> int:
    with safe_open(file, framework="pt") as weights:
        return sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118  # not a dict


assert set(_TITLES) == set(KINDS)
