"""Trains the canvas detector on rendered rooms, measures it on unseen videos and writes weights, card and README.

    python -m models.recipes.canvas_detector [--steps 3000] [--out models/miniatures/canvas-detector]

Frames are rendered from `worlds.kit`, JPEG-coded and tiled into g x g canvases with g in 1, 2, 4, 8. Eight colour-shape
pairs never occur in training. The threshold for confirmations is calibrated on videos with seeds that training never saw.
"""

import argparse
import copy
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.canvas_detector import CanvasDetector, CanvasDetectorConfig
from models.recipes.canvas_detector.card import measure, write_card
from models.recipes.canvas_detector.data import TEST_SEED, Pool, Targets, loss_of
from models.training.supervised import Learner


def train(
    steps: int, out: Path, *, seed: int, batch: int, pool_size: int, limit_minutes: float, resume: Path | None = None
) -> dict[str, float]:
    """Train, save the averaged model; return the steps made and the minutes they took.

    On a slow machine the learning rate follows the clock instead of the steps, so that training ends within the limit.
    """
    torch.manual_seed(seed)
    started = time.monotonic()
    pool = Pool(pool_size, np.random.default_rng(seed))
    print(f"pool of {pool_size} frames: {time.monotonic() - started:.0f} s", flush=True)
    model = CanvasDetector.from_pretrained(resume) if resume else CanvasDetector(CanvasDetectorConfig())
    peak = 2.5e-3 if resume else 4e-3  # a model that has learned something is not thrown about again
    for parameter in model.parameters():
        if parameter.ndim == 4:  # twice as fast on a CPU
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    averaged = copy.deepcopy(model).eval()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=4e-3)

    def batch_loss(seen: tuple[Tensor, Targets]) -> tuple[Tensor, int]:
        pictures, targets = seen
        with torch.autocast("cpu", torch.bfloat16):
            maps = model(pictures.contiguous(memory_format=torch.channels_last))
        return loss_of(maps, targets), len(pictures)

    learner: Learner[tuple[Tensor, Targets]] = Learner(model, optimizer, batch_loss, clip=5.0)
    running, step, done = 0.0, 0, 0.0
    while done < 1:
        step += 1
        done = max(step / steps, (time.monotonic() - started) / 60 / limit_minutes)
        for group in optimizer.param_groups:
            group["lr"] = one_cycle(min(1.0, done), peak=peak)
        if step % 2 == 0:
            pool.refresh()
        loss, _ = learner.learn(pool.batch(batch))
        average_into(averaged, model, keep=min(0.995, 1 - 10 / (step + 10)))
        running = loss if step == 1 else 0.98 * running + 0.02 * loss
        if step % 50 == 0:
            print(f"step {step} loss {running:.3f} {time.monotonic() - started:.0f} s", flush=True)
        if step % 200 == 0:
            averaged.save_pretrained(out)
    averaged.save_pretrained(out)
    return {"steps": step, "minutes": round((time.monotonic() - started) / 60, 1)}


def one_cycle(done: float, *, peak: float) -> float:
    """Return the learning rate when the part `done` of training is over: up during the first 15 %, then down by a cosine."""
    rise = 0.15
    part = (rise - done) / rise if done < rise else (done - rise) / (1 - rise)
    return peak * (0.001 + 0.999 * 0.5 * (1 + float(np.cos(np.pi * part))))


@torch.no_grad()
def average_into(averaged: CanvasDetector, model: CanvasDetector, *, keep: float) -> None:
    """Move the averaged weights towards the model's; normalisation statistics move in the same way."""
    source = model.state_dict()
    for name, value in averaged.state_dict().items():
        if value.is_floating_point():
            value.lerp_(source[name], 1 - keep)
        else:
            value.copy_(source[name])


def main() -> None:
    """Train, measure and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--limit-minutes", type=float, default=60.0)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--pool", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", type=Path, help="folder of weights to start from, instead of chance")
    parser.add_argument("--videos", type=int, default=60, help="unseen videos to measure on")
    parser.add_argument("--first-seed", type=int, default=TEST_SEED, help="of these videos")
    parser.add_argument("--out", type=Path, default=Path("models/miniatures/canvas-detector"))
    parser.add_argument("--only-measure", action="store_true", help="keep the weights, write the card again")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    record = arguments.out / "training.json"
    if not arguments.only_measure:
        settings = {"seed": arguments.seed, "batch": arguments.batch, "pool": arguments.pool}
        made = train(
            arguments.steps,
            arguments.out,
            seed=arguments.seed,
            batch=arguments.batch,
            pool_size=arguments.pool,
            limit_minutes=arguments.limit_minutes,
            resume=arguments.resume,
        )
        if arguments.resume is not None:  # the card counts all training
            before = json.loads((arguments.resume / "training.json").read_text())
            made = {"steps": made["steps"] + before["steps"], "minutes": round(made["minutes"] + before["minutes"], 1)}
            settings["continued_after_steps"] = before["steps"]
        record.write_text(json.dumps({**settings, **made}, indent=2) + "\n")
    model = CanvasDetector.from_pretrained(arguments.out).eval()
    write_card(arguments.out, model, measure(model, arguments.videos, arguments.first_seed), json.loads(record.read_text()))

