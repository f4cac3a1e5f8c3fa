"""What the miniature is, what made it and what it scores: card.json and README.md."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from models.diffusion.judge import Judge, Judged, Moments, judged
from models.diffusion.network import CHANNELS, KINDS, SIDE_PX, Transformer, count_parameters
from models.diffusion.sampling import as_input, as_pictures, first_noise, sample
from models.diffusion.training import held_out_error
from models.recipes.vignettes_dit.training import Pictures, Training

NAME = "vignettes-dit"
SCRIPT = "python -m models.recipes.vignettes_dit"
WHAT = "Paints little pictures of ten kinds, 32 x 32 pixels, from noise."
CANNOT = ("It paints ten kinds of drawn pictures and nothing else; it knows no words.",
          "At 64 tokens none of the operators that replace attention is faster in a way that a person would notice.",
          "The proxy-FD goes by the features of a classifier of these pictures: no number to be held against a published FID.")
STEPS = 20  # of DDIM at guidance 1, for the numbers of the card


@dataclass(frozen=True)
class Measured:
    """What it scores on held-out pictures."""

    error: float  # mean squared error of v
    painted: Judged
    real: Judged  # as many pictures of the training, for the floor
    judge_accuracy: float


def measure(model: Transformer, judge: Judge, reference: Moments, judge_accuracy: float, *, real: Pictures,
            held_out: Pictures, number: int) -> Measured:
    """Paint `number` pictures, the kinds in turn, and hold them against as many real ones."""
    kinds = torch.arange(number) % KINDS
    noise = first_noise(number, 0, shape=(CHANNELS, SIDE_PX, SIDE_PX))
    painted = []
    for first in range(0, number, 250):
        part = slice(first, first + 250)
        *_, done = sample(model, kinds[part], noise[part], steps=STEPS)
        painted.append(as_input(as_pictures(done.noisy)))
    pictures, real_kinds = real.all()
    seen, held_kinds = held_out.all()
    return Measured(held_out_error(model, seen[:1000], held_kinds[:1000]), judged(judge, reference, torch.cat(painted), kinds),
                    judged(judge, reference, pictures[:number], real_kinds[:number]), judge_accuracy)


def write(folder: Path, model: Transformer, training: Training, measured: Measured, minutes: tuple[float, float]) -> None:
    """Write both files beside the weights."""
    parameters = count_parameters(model)
    wall, cpu = (round(each, 1) for each in minutes)
    rung: dict[str, Any] = {
        "role": "diffusion", "title": "Vignettes (miniature)", "loader": "diffusion", "architecture": "DiTTransformer2DModel",
        "licence": "apache-2.0", "parameters": parameters, "quantisations": ["none"], "made_for": ["grafting"],
        "note": "Trained here on drawn pictures of ten kinds: a real DiT in small, with 8 blocks and 64 tokens.",
        "recipe": "vignettes_dit", "order": 0}
    card = {"name": NAME, "what": WHAT, "script": SCRIPT, "parameters": parameters, "rung": rung, "training": asdict(training),
            "made": {"minutes": wall, "cpu_minutes": cpu}, "measured": asdict(measured), "cannot": CANNOT}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    painted, real = measured.painted, measured.real
    lines = [
        f"# {NAME}", "",
        f"{WHAT} A DiTTransformer2DModel with {parameters:,} parameters: 8 blocks, 96 wide, 6 heads, patches of 4 pixels, 64 tokens; "
        f"it says v of the cosine schedule. {size / 1e6:.1f} MB in half precision, a small classifier included. This file and "
        "`card.json` are written by the recipe.", "",
        f"- **Made by** `{SCRIPT}` (seed {training.seed}, {training.steps:,} steps of {training.batch} pictures, {cpu} CPU minutes "
        "on one thread)",
        f"- **Data**: {training.pictures:,} pictures drawn by `worlds.vignettes`, the ten kinds in turn; {training.held_out:,} "
        "others are held out",
        "- **Weights**: the average over the training (0.998 a step)", "",
        "## Measured", "", "| what | number |", "|---|---|",
        f"| mean squared error of v on 1,000 held-out pictures | {measured.error:.4f} |",
        f"| {painted.number:,} painted in {STEPS} steps of DDIM at guidance 1: taken for their kind | "
        f"{100 * painted.accuracy:.1f} % |",
        f"| the same: proxy-FD | {painted.proxy_fd:.2f} |",
        f"| proxy-FD of {real.number:,} real pictures, the floor | {real.proxy_fd:.2f} |",
        f"| held-out pictures that the classifier takes for their kind | {100 * measured.judge_accuracy:.2f} % |", "",
        "## What it cannot do", "", *(f"- {line}" for line in CANNOT)]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
