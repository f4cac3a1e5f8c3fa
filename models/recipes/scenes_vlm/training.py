"""Trains the scene miniature: a small LlavaForConditionalGeneration that answers where one thing is in relation to another.

    python -m models.recipes.scenes_vlm [--seed 1 --only-train --out /tmp/seed-1] [--only-measure --replicas /tmp/seed-1]

It learns from `worlds.scenes.scene`, where two of four relations are rare, with a second question about one thing and with the words
of the questions themselves, which name what is in the picture. From the usual random weights it never starts: the patches need
positions that can be told apart, the projector and the language part larger weights (`fresh_model`), and the vision tower is
trained on patches first (`scenes_tower`).
"""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerBase

from models.catalogue import MINIATURES
from models.recipes.scenes_vlm.card import measure, write_card
from models.recipes.scenes_vlm.tower import normalised, train_tower
from models.scene_vlm import Size, encode, fresh_model, save
from models.scene_words import word_tokenizer
from models.training.supervised import Learner
from worlds.scenes.drawing import pictures
from worlds.scenes.scene import (
    BALANCED,
    IMBALANCED,
    Condition,
    Scene,
    Scenery,
    draw_scene,
    draw_sets,
    place_question,
    relation_question,
)

NAME = "scenes-vlm"


@dataclass(frozen=True)
class Training:
    """How it is trained. `depths` is the share of relation questions about front and behind instead of on and under."""

    scenery: Scenery = "rooms"
    steps: int = 3500
    batch: int = 64
    tower_steps: int = 500
    learning_rate: float = 1.5e-3
    tower_rate: float = 0.3  # of the learning rate, for the tower, which was trained before
    question_weight: float = 1.0
    one_thing: tuple[float, float] = (0.4, 0.1)  # of the batches ask about one thing, at first and once that is learned
    depths: float = 0.25
    frequencies: tuple[float, float, float, float] = IMBALANCED
    noise: tuple[float, float] = (2.0, 30.0)  # grey levels; without it rare relations are lost at the slightest noise
    clutter: int = 4  # grey bars at most
    seed: int = 0
    limit_minutes: float = 60.0


@dataclass(frozen=True)
class Batch:
    """Questions of one length: tokens end in the answer and </s>."""

    ids: Tensor  # (scenes, tokens)
    pixels: Tensor  # (scenes, 3, side, side), normalised


def draw_batch(
    rng: np.random.Generator, tokenizer: PreTrainedTokenizerBase, size: Size, training: Training, *, one_thing: float
) -> Batch:
    """Return fresh scenes, all with questions of one kind and so of one length: about one thing, or about two."""
    scenes: list[Scene] = []
    for _ in range(training.batch):
        layout = "depths" if rng.random() < training.depths else "heights"
        seen = Condition(noise=rng.uniform(*training.noise), clutter=int(rng.integers(training.clutter + 1)))
        drawn = draw_scene(rng, seen, layout=layout, scenery=training.scenery, frequencies=training.frequencies)  # type: ignore[arg-type]
        scenes.append(drawn)
    if rng.random() < one_thing:
        questions = [place_question(scene, scene.asked if rng.random() < 0.5 else scene.reference) for scene in scenes]
    else:
        questions = [relation_question(scene) for scene in scenes]
    images = pictures(scenes, size.input_px)
    return Batch(encode(tokenizer, questions, size.image_tokens, answered=True), normalised(images))


def losses(model: LlavaForConditionalGeneration, batch: Batch, image_tokens: int) -> tuple[Tensor, Tensor]:
    """Return the cross entropies of the answer and of all other words, in nats per token."""
    hidden_states = model.model(input_ids=batch.ids, pixel_values=batch.pixels, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden_states[:, image_tokens:-1]).float()  # the last place of the picture predicts the first word
    wanted = batch.ids[:, image_tokens + 1 :]
    each = functional.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")  # (scenes, words)
    return each[:, -2].mean(), torch.cat([each[:, :-2], each[:, -1:]], dim=1).mean()


def train(size: Size, training: Training, out: Path, *, resume: Path | None = None) -> dict[str, float]:
    """Train both stages, save in half precision, and return what was made and the minutes it took.

    With `resume`, a folder that was saved before, the first stage is over and questions about two things go on.
    """
    torch.manual_seed(training.seed)
    started = time.monotonic()
    if resume:
        model = LlavaForConditionalGeneration.from_pretrained(resume, dtype=torch.float32)
    else:
        model = fresh_model(size, seed=training.seed)
    model.set_attn_implementation("eager")  # fused attention takes 1.6 times as long to train on a CPU
    print(f"{model.num_parameters()} parameters", flush=True)
    if training.tower_steps and not resume:
        rng = np.random.default_rng(1000 + training.seed)
        train_tower(model, rng, steps=training.tower_steps, batch=training.batch, scenery=training.scenery)
    deadline = started + 60 * training.limit_minutes
    steps = train_language(model, size, training, out, deadline=deadline, is_resumed=resume is not None)
    return {
        "steps": steps,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "cpu_minutes": round(time.process_time() / 60, 1),
    }


def train_language(
    model: LlavaForConditionalGeneration, size: Size, training: Training, out: Path, *, deadline: float, is_resumed: bool = False
) -> int:
    """Train the whole network on questions, save it, and return the steps made.

    On a slow machine the learning rate follows the clock instead of the steps, so that training ends at the deadline.
    """
    rng = np.random.default_rng((3000 if is_resumed else 2000) + training.seed)  # else it would see the same scenes again
    tokenizer, optimizer = word_tokenizer(), _optimizer(model, training)
    started, done = time.monotonic(), 0.0
    recent: list[tuple[float, float]] = []

    def loss_of(batch: Batch) -> tuple[Tensor, int]:
        with torch.autocast("cpu", torch.bfloat16):
            answer, words = losses(model, batch, size.image_tokens)
        recent.append((answer.item(), words.item()))
        return answer + training.question_weight * words, len(batch.ids)

    learner: Learner[Batch] = Learner(model, optimizer, loss_of)
    while done < 1:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1, (learner.step + 1) / 100) * (0.02 + 0.49 * (1 + np.cos(np.pi * min(1.0, done))))
        one_thing = training.one_thing[is_resumed or done > 0.4]
        batch = draw_batch(rng, tokenizer, size, training, one_thing=one_thing)
        learner.learn(batch)
        step = learner.step
        done = max(step / training.steps, (time.monotonic() - started) / max(1e-9, deadline - started))
        if step % 100 == 0:
            means = np.mean(recent[-100:], axis=0).round(3)
            print(f"step {step} answer {means[0]} words {means[1]} {(time.monotonic() - started) / 60:.1f} min", flush=True)
        if step % 400 == 0:
            report(model, size, training)
            save(model, size, out)
    save(model, size, out)
    return learner.step


def _optimizer(model: LlavaForConditionalGeneration, training: Training) -> torch.optim.AdamW:
    groups = []
    for in_tower, factor in ((True, training.tower_rate), (False, 1.0)):
        named = [(name, weights) for name, weights in model.named_parameters() if ("vision_tower" in name) == in_tower]
        decayed = [weights for name, weights in named if weights.ndim > 1 and "embed" not in name]
        others = [weights for name, weights in named if weights.ndim < 2 or "embed" in name]
        peak = factor * training.learning_rate
        groups += [{"params": decayed, "weight_decay": 0.05, "peak": peak}, {"params": others, "weight_decay": 0.0, "peak": peak}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


@torch.no_grad()
def report(model: LlavaForConditionalGeneration, size: Size, training: Training) -> None:
    """Print the accuracy per relation on a few balanced scenes."""
    model.eval()
    for layout in ("heights", "depths") if training.depths else ("heights",):
        scenes = draw_sets("plain", 40, seed=77, layout=layout, scenery=training.scenery)  # type: ignore[arg-type]
        questions = [relation_question(scene) for scene in scenes]
        tokenizer = word_tokenizer()
        ids = encode(tokenizer, questions, size.image_tokens, answered=False)
        pixels = normalised(pictures(scenes, size.input_px))
        logits = model(input_ids=ids, pixel_values=pixels, logits_to_keep=1).logits[:, -1]
        answers = tokenizer.convert_tokens_to_ids(list(questions[0].options))
        right = logits[:, answers].argmax(1).view(-1, 4) == torch.arange(4)
        print(f"  {layout} {[round(float(share), 2) for share in right.float().mean(0)]}", flush=True)


def main(name: str = NAME, size: Size | None = None, training: Training | None = None) -> None:
    """Train, measure and write everything."""
    size, training = size or Size(), training or Training()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=training.steps)
    parser.add_argument("--seed", type=int, default=training.seed)
    parser.add_argument("--limit-minutes", type=float, default=training.limit_minutes)
    parser.add_argument("--balanced", action="store_true", help="all relations equally often: the control without a prior")
    parser.add_argument("--out", type=Path, default=MINIATURES / name)
    parser.add_argument("--resume", type=Path, help="folder of weights to go on from, instead of chance")
    parser.add_argument("--replicas", type=Path, nargs="*", default=[], help="other seeds to measure beside it; else those in seeds/")
    parser.add_argument("--only-train", action="store_true", help="write no card: the weights are a replica")
    parser.add_argument("--only-measure", action="store_true", help="keep the weights, write the card again")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.nice(5)
    training = replace(training, frequencies=BALANCED) if arguments.balanced else training
    training = replace(training, steps=arguments.steps, seed=arguments.seed, limit_minutes=arguments.limit_minutes)
    # a model that has learned something is not thrown about again
    training = replace(training, learning_rate=0.7 * training.learning_rate) if arguments.resume else training
    if not arguments.only_measure:
        arguments.out.mkdir(parents=True, exist_ok=True)
        made = train(size, training, arguments.out, resume=arguments.resume)
        if arguments.resume:  # the card counts all training
            before = json.loads((arguments.resume / "training.json").read_text())["made"]
            stops = [*before.get("resumed_after", []), before["steps"]]
            made = {key: round(value + before[key], 1) for key, value in made.items()} | {"resumed_after": stops}
        record = {"size": asdict(size), "training": asdict(training), "made": made}
        (arguments.out / "training.json").write_text(json.dumps(record, indent=2) + "\n")
    if not arguments.only_train:
        folders = [arguments.out, *(arguments.replicas or sorted((arguments.out / "seeds").glob("[0-9]*")))]
        records = [json.loads((folder / "training.json").read_text()) for folder in folders]
        write_card(arguments.out, *measure(folders, records[0]["training"]), records)

