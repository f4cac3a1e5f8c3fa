"""What the agent is, what made it and what it scores: card.json and README.md beside the weights."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from models.home_agent.acting import Acting
from models.home_agent.learning import SIZE
from models.home_agent.training import Scored, Stage
from models.scene_words import processor

NAME = "home-agent"
NAMES: dict[Stage, str] = {"epl": NAME, "raw": f"{NAME}-raw", "epl-trajectories": f"{NAME}-trajectories", "rl": f"{NAME}-rl"}
TITLES: dict[Stage, tuple[str, str]] = {  # title of the rung, how it was trained
    "epl": ("Home agent (miniature)", "by an expert's trajectories in drawn homes"),
    "raw": ("Home agent of actions alone (miniature)", "by an expert's actions in drawn homes, without a thought"),
    "epl-trajectories": ("Home agent of trajectories alone (miniature)", "by an expert's trajectories in drawn homes alone"),
    "rl": ("Home agent after reinforcement (miniature)", "by an expert's trajectories, then by what its own turns earned")}
SCRIPT = "python -m models.recipes.home_agent"
WHAT = "Acts in the miniature home: it sees one picture at a time, thinks in a few words, and does one thing."
CANNOT = ("It knows 269 words and twelve things; it answers nothing but how to act in this home.",
          "It was trained on plain, distracted and looks-only wordings. What things are for it knows from text alone, and seldom "
          "acts by it; what stands beside what it never learned to use.",
          "Where looks fit several things it names one of them at once, and seldom tries another when there is none.")


def write(folder: Path, agent: Acting, *, stage: Stage, training: Mapping[str, object], scored: Sequence[Scored],
          minutes: tuple[float, float]) -> None:
    """Write weights in half precision, words, processor and card.

    Args:
        training: everything that it was trained with, as the card tells it.
    """
    name, (title, how) = NAMES[stage], TITLES[stage]
    script = SCRIPT if stage == "epl" else f"{SCRIPT} --stage {stage}"
    copy.deepcopy(agent.model).half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    processor(SIZE.input_px, SIZE.patch_px, agent.tokenizer).save_pretrained(folder)
    parameters = agent.model.num_parameters()
    rung = {"role": "vlm", "title": title, "loader": "vlm", "architecture": "LlavaForConditionalGeneration",
            "licence": "apache-2.0", "parameters": parameters, "made_for": ["era"], "recipe": "home_agent", "order": 3,
            "note": f"Trained here {how}; it acts there, and does nothing else."}
    wall, cpu = (round(each, 1) for each in minutes)
    card = {"name": name, "what": WHAT, "script": script, "parameters": parameters, "rung": rung, "training": dict(training),
            "made": {"minutes": wall, "cpu_minutes": cpu}, "measured": [asdict(one) for one in scored], "cannot": list(CANNOT)}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    rows = "\n".join(f"| {one.subset.replace('_', ' ')} | {100 * one.success:.0f} % | {100 * one.invalid:.0f} % |" for one in scored)
    cannot = "\n".join(f"* {sentence}" for sentence in CANNOT)
    (folder / "README.md").write_text(f"""# {name}

{WHAT} {parameters:,} parameters, made by `{script}` in {cpu} CPU minutes.

Greedy, on the fifty fixed homes of each subset, none of which it was trained on; it was trained on base, complex instruction and
visual appearance:

| subset | done | actions that failed |
|---|---|---|
{rows}

{cannot}
""", encoding="utf-8")
