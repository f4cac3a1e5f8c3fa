"""What the agent is, what made it and what it scores: card.json and README.md beside the weights."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from models.agents.acting import Acting
from models.agents.craft import World
from models.agents.training import Scored, Stage
from models.scene_words import processor

WORDS = {"home": "home", "table": "table top"}
SUFFIXES: dict[Stage, str] = {"epl": "", "raw": "-raw", "epl-trajectories": "-trajectories", "rl": "-rl"}
STAGES: dict[Stage, tuple[str, str]] = {  # what the title says of it, how it was trained
    "epl": ("", "by an expert's trajectories"), "raw": (" of actions alone", "by an expert's actions, without a thought"),
    "epl-trajectories": (" of trajectories alone", "by an expert's trajectories alone"),
    "rl": (" after reinforcement", "by an expert's trajectories, then by what its own turns earned")}
WHAT = {"home": "Acts in the miniature home: it sees one picture at a time, thinks in a few words, and does one thing.",
        "table": "Acts at the miniature table top: it sees one picture at a time, is told where things are but not what, thinks in a "
                 "few words, and says where the gripper goes."}
CANNOT = {
    "home": ("It knows {words} words and twelve things; it answers nothing but how to act in this home.",
             "It was trained on plain, distracted and looks-only wordings. What things are for it knows from text alone, and seldom "
             "acts by it; what stands beside what it never learned to use.",
             "Where looks fit several things it names one of them at once, and seldom tries another when there is none."),
    "table": ("It knows {words} words and numbers; it answers nothing but where the gripper goes at this table.",
              "It was trained on plain, distracted and looks-only wordings. What things are like it knows from text alone; what lies "
              "where it was never asked to act by.",
              "It never turns its fingers: how a thing lies is too small to be seen in its picture.")}


def name_of(world: World, stage: Stage) -> str:
    """What a miniature is called."""
    return f"{world}-agent{SUFFIXES[stage]}"


def write(folder: Path, agent: Acting, *, stage: Stage, training: Mapping[str, object], scored: Sequence[Scored],
          minutes: tuple[float, float]) -> None:
    """Write weights in half precision, words, processor and card.

    Args:
        training: everything that it was trained with, as the card tells it.
    """
    craft = agent.craft
    limits = [sentence.format(words=len(craft.tokenizer)) for sentence in CANNOT[craft.name]]
    name, recipe, (of, how), words = name_of(craft.name, stage), f"{craft.name}_agent", STAGES[stage], WORDS[craft.name]
    script = f"python -m models.recipes.{recipe}{'' if stage == 'epl' else f' --stage {stage}'}"
    title = f"{words.capitalize()} agent{of} (miniature)"
    copy.deepcopy(agent.model).half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    processor(craft.size.input_px, craft.size.patch_px, craft.tokenizer).save_pretrained(folder)
    parameters = agent.model.num_parameters()
    rung = {"role": "vlm", "title": title, "loader": "vlm", "architecture": "LlavaForConditionalGeneration",
            "licence": "apache-2.0", "parameters": parameters, "made_for": ["era"], "recipe": recipe, "order": 3,
            "note": f"Trained here {how}; it acts there, and does nothing else."}
    wall, cpu = (round(each, 1) for each in minutes)
    card = {"name": name, "what": WHAT[craft.name], "script": script, "parameters": parameters, "rung": rung,
            "training": dict(training), "made": {"minutes": wall, "cpu_minutes": cpu}, "measured": [asdict(one) for one in scored],
            "cannot": limits}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    rows = "\n".join(f"| {one.subset.replace('_', ' ')} | {100 * one.success:.0f} % | {100 * one.invalid:.0f} % |" for one in scored)
    *others, last = (subset.replace("_", " ") for subset in craft.seen)
    seen = f"{', '.join(others)} and {last}"
    cannot = "\n".join(f"* {sentence}" for sentence in limits)
    (folder / "README.md").write_text(f"""# {name}

{WHAT[craft.name]} {parameters:,} parameters, made by `{script}` in {cpu} CPU minutes.

Greedy, on the fifty fixed scenes of each subset, none of which it was trained on; it was trained on {seen}:

| subset | done | actions that failed |
|---|---|---|
{rows}

{cannot}
""", encoding="utf-8")
