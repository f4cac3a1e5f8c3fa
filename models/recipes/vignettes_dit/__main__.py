"""Trains the miniature that paints, on which grafting can be seen: `python -m models.recipes.vignettes_dit [--out FOLDER]`.

A DiT as diffusers has it, small, in the space of pixels: it learns to say v of noised vignettes (`worlds.vignettes`). Beside it a
classifier that judges what is painted.
"""

import argparse
import os
from pathlib import Path

import torch

from models.catalogue import MINIATURES
from models.diffusion import judge as judges
from models.diffusion.folders import load_folder, save_folder
from models.diffusion.painter import JUDGE
from models.recipes.vignettes_dit import card
from models.recipes.vignettes_dit.training import Clock, Training, drawn, measured_judge, train_base, train_judge


def make(out: Path, training: Training, *, measured_on: int) -> None:
    """Train both networks and write them with their card; says how it goes."""
    torch.set_num_threads(1)
    clock = Clock()
    pictures, held_out = drawn(training.pictures, held_out=False), drawn(training.held_out, held_out=True)
    judge = train_judge(training, pictures)
    accuracy, reference = measured_judge(judge, held_out)
    print(f"classifier: {100 * accuracy:.2f} % of held-out pictures", flush=True)
    for step, error, averaged in train_base(training, pictures):  # noqa: B007  the last network is the one
        print(f"step {step}: error {error:.4f}, {clock.minutes()[1]:.1f} CPU minutes", flush=True)
    save_folder(averaged.eval(), out, half=True)
    judges.save(judge, reference, out / JUDGE, {"accuracy": accuracy})
    model = load_folder(out)  # in half precision, as it is used
    measured = card.measure(model, judge, reference, accuracy, real=pictures, held_out=held_out, number=measured_on)
    card.write(out, model, training, measured, clock.minutes())
    print(measured, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MINIATURES / card.NAME)
    parser.add_argument("--steps", type=int, default=Training.steps)
    asked = parser.parse_args()
    os.makedirs(asked.out, exist_ok=True)
    make(asked.out, Training(steps=asked.steps), measured_on=2_000)
