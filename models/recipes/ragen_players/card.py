"""What a player is, what made it and what it scores: card.json and README.md beside the weights."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from transformers import LlamaForCausalLM

from models.gamers.beginners import Beginner
from models.gamers.words import tokenizer, vocabulary

ORDER = {"bandit": 20, "lake": 21, "sokoban": 22}  # behind those of other systems
CANNOT = {
    "bandit": ("It picks either arm evenly, whatever it thinks of the names: that is for a training to change.",),
    "lake": ("It errs on purpose, and its steps are those of a script that does not think of the slippery ice.",),
    "sokoban": ("It errs on purpose, and knows rooms of 6 x 6 cells with one box alone.",)}
CHAT = ("{% for message in messages %}{% if message['role'] == 'assistant' %}<assistant> {{ message['content'] }} <end> "
        "{% elif message['role'] == 'user' %}<user> {{ message['content'] }} <end> {% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<assistant> <think>{% endif %}")


def write(folder: Path, model: LlamaForCausalLM, game: str, beginner: Beginner, *, seed: int, minutes: tuple[float, float],
          scored: Sequence[Mapping[str, float]], sizes: Mapping[str, float]) -> None:
    """Write weights in half precision, tokenizer and card."""
    words = tokenizer()
    words.chat_template = CHAT
    copy.deepcopy(model).half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    words.save_pretrained(folder)
    parameters, (wall, cpu) = model.num_parameters(), (round(each, 1) for each in minutes)
    script = f"python -m models.recipes.ragen_players --game {game}"
    cannot = (f"It knows {len(vocabulary())} words, and answers nothing but what is shown of its game.", *CANNOT[game])
    rung = {"role": "language", "title": beginner.title, "loader": "language-model", "architecture": "LlamaForCausalLM",
            "licence": "apache-2.0", "parameters": parameters, "made_for": ["ragen"], "recipe": "ragen_players", "order": ORDER[game],
            "note": "Learned here to say what a script says that plays badly on purpose; trainings begin with it."}
    what = f"Plays {beginner.title.split(' beginner')[0].lower()} in words: a short thought, then actions."
    card = {"name": f"ragen-{game}", "what": what,
            "script": script, "parameters": parameters, "rung": rung,
            "training": {**sizes, "updates": beginner.updates, "turns": beginner.turns, "errs": beginner.errs, "seed": seed},
            "made": {"minutes": wall, "cpu_minutes": cpu}, "measured": [dict(one) for one in scored], "cannot": list(cannot)}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    rows = "\n".join(f"| {one['temperature']:g} | {100 * one['success']:.0f} % | {100 * one['valid']:.0f} % | {one['reward']:.2f} |"
                     for one in scored)
    told = "\n".join(f"* {sentence}" for sentence in cannot)
    (folder / "README.md").write_text(f"""# ragen-{game}

{card["what"]} {parameters:,} parameters, made by `{script}` in {cpu} CPU minutes.

On {int(scored[0]["episodes"])} fixed starts, none of which it was trained on:

| temperature | success | turns that can be read | reward |
|---|---|---|---|
{rows}

{told}
""", encoding="utf-8")
