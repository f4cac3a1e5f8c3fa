"""The mappers' eye: a CLIP tower of four patches that first learns to say what is seen, and then stays as it is.

A mapper learns from a few thousand scenes, which teach a decoder but no eye. So the eye learns by itself: which things are seen, the
nearest first and then from left to right, whether their faces are, which mark the centre shows, which wall is behind. One serves all
mappers. What it says of a picture is kept, (tokens, width), so that a training does not see a picture twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from models.scene_vlm import pixels_of, tokens_of
from models.training.supervised import Learner
from worlds.rooms.catalogue import COLOURS, SHAPES, parse_name
from worlds.rooms.layouts import MOST_IN_A_ROW
from worlds.rooms.rendering import View, view
from worlds.rooms.scenes import Camera, Scene

__all__ = ["HEADS", "PICTURE_PX", "Look", "Reading", "Seen", "learn_to_see", "look", "pixels_of", "read_off"]

PICTURE_PX = 64
_LEAST_SHARE = 0.004  # of a picture, for a thing to be seen: 16 of its pixels
_BESIDE = 0.08  # of a picture's side from its middle, for a thing to stand beside it
_SLOTS = MOST_IN_A_ROW
HEADS: dict[str, int] = {  # what is read of a picture -> how many there are of it; 0 is nothing where there can be nothing
    **{f"{what} {slot}": count for slot in range(_SLOTS)
       for what, count in (("colour", 1 + len(COLOURS)), ("shape", 1 + len(SHAPES)), ("face", 2))},
    "beside": 3, "mark": 5, "wall": 4}


@dataclass(frozen=True)
class Look:
    """A picture and what is to be read of it.

    Attributes:
        picture: (side, side, 3) uint8 RGB.
        labels: (heads,) int64, in the order of HEADS.
    """

    picture: np.ndarray
    labels: np.ndarray


def look(scene: Scene, camera: Camera) -> Look:
    """What a camera sees, with its labels."""
    seen = view(scene, camera, PICTURE_PX)
    return Look(seen.picture, np.array(list(_labels(scene, camera, seen).values())))


def read_off(tower: PreTrainedModel, pictures: Sequence[np.ndarray], *, batch: int = 256) -> Tensor:
    """What a tower says of pictures: (pictures, tokens, width), in half precision."""
    tower.eval()
    found = []
    with torch.no_grad():
        for first in range(0, len(pictures), batch):
            found.append(tokens_of(tower, pixels_of(pictures[first:first + batch])).half())
    return torch.cat(found)


class Seen(nn.Module):
    """In a tower's place: takes what it said of pictures, (pictures, tokens, width), instead of them."""

    def forward(self, pixel_values: Tensor, **_: object) -> BaseModelOutputWithPooling:
        first = torch.zeros_like(pixel_values[:, :1])  # where the class token was, which LLaVA leaves out
        return BaseModelOutputWithPooling(hidden_states=(torch.cat([first, pixel_values], 1),))


@dataclass(frozen=True)
class Reading:
    """The state of an eye after an update: the mean loss since the one before, and which share of each label it reads, 0 to 1."""

    update: int
    loss: float
    right: dict[str, float]


def learn_to_see(tower: PreTrainedModel, looks: Sequence[Look], tests: Sequence[Look], *, updates: int, batch: int = 96,
                 rate: float = 2e-3, every: int = 200, seed: int = 0) -> Iterator[Reading]:
    """Train a tower on labelled pictures, each drawn evenly, and yield what it reads of others."""
    rng, width = np.random.default_rng([seed, 3]), tower.config.hidden_size
    tokens = (tower.config.image_size // tower.config.patch_size) ** 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        heads = nn.Linear(tokens * width, sum(HEADS.values()))
    both = nn.ModuleList([tower, heads])
    optimizer = torch.optim.AdamW(both.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.02)

    def loss(chosen: Sequence[Look]) -> tuple[Tensor, int]:
        states = tokens_of(tower, pixels_of([one.picture for one in chosen]))
        logits = heads(states.flatten(1)).split(list(HEADS.values()), 1)
        labels = torch.from_numpy(np.stack([one.labels for one in chosen]))
        return torch.stack([functional.cross_entropy(each, labels[:, at]) for at, each in enumerate(logits)]).sum(), len(chosen)

    learner: Learner[Sequence[Look]] = Learner(both, optimizer, loss)
    losses = []
    for update in range(1, updates + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, update / 50) * (0.02 + 0.49 * (1 + np.cos(np.pi * update / updates)))
        losses.append(learner.learn([looks[int(place)] for place in rng.integers(len(looks), size=batch)])[0])
        if update % every == 0 or update == updates:
            yield Reading(update, float(np.mean(losses)), _read_right(tower, heads, tests))
            losses = []
    tower.eval()


def _read_right(tower: PreTrainedModel, heads: nn.Linear, tests: Sequence[Look]) -> dict[str, float]:
    states = read_off(tower, [one.picture for one in tests]).float()
    labels = torch.from_numpy(np.stack([one.labels for one in tests]))
    with torch.no_grad():
        logits = heads(states.flatten(1)).split(list(HEADS.values()), 1)
    right = torch.stack([each.argmax(1) == labels[:, at] for at, each in enumerate(logits)], 1)  # (pictures, heads)
    return {**{name: float(right[:, at].float().mean()) for at, name in enumerate(HEADS)}, "all": float(right.all(1).float().mean())}


def _labels(scene: Scene, camera: Camera, seen: View) -> dict[str, int]:
    found = dict.fromkeys(HEADS, 0)
    away = {place: camera.pose.away(thing.x, thing.y) for place, thing in enumerate(scene.things)}
    places = sorted((place for place in away if seen.share(place) >= _LEAST_SHARE), key=lambda place: away[place])[:_SLOTS]
    for slot, place in enumerate(places):
        colour, shape = parse_name(scene.things[place].name)
        found |= {f"colour {slot}": 1 + list(COLOURS).index(colour), f"shape {slot}": 1 + list(SHAPES).index(shape),
                  f"face {slot}": int(scene.things[place].facing == (camera.heading + 180) % 360)}
        if scene.things[place].is_marked:
            found["mark"] = 1 + int(camera.heading + 180) % 360 // 90
    across = np.flatnonzero((seen.ids == places[0]).any(axis=0)).mean() / seen.ids.shape[1] - 0.5 if places else 0.0
    found["beside"] = 0 if abs(across) < _BESIDE else 1 + int(across > 0)
    found["wall"] = int(camera.heading) // 90
    return found
