"""First stage of the scene miniature: its vision tower learns to say, patch by patch, which colour and kind of thing is there.

LLaVA starts from a tower that was trained on captions; a few minutes of one thread cannot do that, but drawn scenes know where
everything is. Without this stage the language part never starts to use pictures of rooms: the few pixels of the things
are lost among walls and windows.
"""

import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlavaForConditionalGeneration

from models.scene_words import MEAN, STD
from worlds.kit import COLOURS, KINDS, parse_name
from worlds.scenes.drawing import pictures
from worlds.scenes.scene import Condition, Scene, Scenery, draw_scene

_CROWD = Condition(distractors=3)  # five things teach more per picture than two
_UNCLEAR = -100
_RARE = 5.0  # weight of a patch with a thing over one without


def patch_labels(scene: Scene, side: int) -> np.ndarray:
    """Return (2, side * side): per patch the index of the colour and of the kind, 0 for nothing, -100 for a thing's rim."""
    labels = np.zeros((2, side, side), dtype=np.int64)
    edges = np.arange(side) / side
    for thing in scene.things:  # later ones hide earlier ones
        x1, y1, x2, y2 = thing.box
        across = np.clip(np.minimum(x2, edges + 1 / side) - np.maximum(x1, edges), 0, None) * side
        down = np.clip(np.minimum(y2, edges + 1 / side) - np.maximum(y1, edges), 0, None) * side
        covered = down[:, None] * across[None, :]  # (side, side) share of the patch
        colour, kind = parse_name(thing.name)
        labels[:, (covered > 0) & (covered < 0.3)] = _UNCLEAR
        labels[0][covered >= 0.3] = 1 + list(COLOURS).index(colour)
        labels[1][covered >= 0.3] = 1 + KINDS.index(kind)
    return labels.reshape(2, -1)


def train_tower(
    model: LlavaForConditionalGeneration,
    rng: np.random.Generator,
    *,
    steps: int,
    batch: int,
    scenery: Scenery = "rooms",
    learning_rate: float = 2e-3,
) -> float:
    """Train the tower in place and return the share of patches with a thing whose colour and kind it names, at the end."""
    tower, vision = model.model.vision_tower, model.model.vision_tower.config
    side = vision.image_size // vision.patch_size
    heads = nn.ModuleList([nn.Linear(vision.hidden_size, 1 + len(names)) for names in (COLOURS, KINDS)])
    optimizer = torch.optim.AdamW([*tower.parameters(), *heads.parameters()], lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    weights = [torch.tensor([1.0] + [_RARE] * len(names)) for names in (COLOURS, KINDS)]
    shares: list[float] = []
    started = time.monotonic()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * min(1, (step + 1) / 50) * (0.02 + 0.49 * (1 + np.cos(np.pi * step / steps)))
        scenes = [draw_scene(rng, _CROWD if index % 2 else None, scenery=scenery) for index in range(batch)]
        labels = torch.from_numpy(np.stack([patch_labels(scene, side) for scene in scenes]))  # (scenes, 2, patches)
        images = pictures(scenes, vision.image_size)
        with torch.autocast("cpu", torch.bfloat16):
            hidden_states = tower(pixel_values=normalised(images)).last_hidden_state[:, 1:]
            logits = [head(hidden_states).float() for head in heads]
        wanted = zip(logits, labels.unbind(1), weights, strict=True)
        both = [functional.cross_entropy(one.transpose(1, 2), label, weight) for one, label, weight in wanted]
        loss = torch.stack(both).sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
        optimizer.step()
        shares.append(_named(logits, labels))
        if (step + 1) % 50 == 0:
            took = time.monotonic() - started
            print(f"tower {step + 1} loss {loss.item():.3f} named {np.mean(shares[-50:]):.3f} {took / 60:.1f} min", flush=True)
    return round(float(np.mean(shares[-50:])), 3)


def normalised(images: np.ndarray) -> Tensor:
    """Return (pictures, 3, side, side) from (pictures, side, side, 3) uint8, as the processor would."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def _named(logits: list[Tensor], labels: Tensor) -> float:
    right = torch.stack([one.argmax(-1) for one in logits], dim=1) == labels  # (scenes, 2, patches)
    return float(right.all(1)[labels[:, 0] > 0].float().mean())
