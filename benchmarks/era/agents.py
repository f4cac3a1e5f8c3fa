"""The agents that are shipped, as they are found."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import LlavaForConditionalGeneration

from models.agents.acting import Acting
from models.agents.craft import World
from models.agents.crafts import CRAFTS
from models.catalogue.miniatures import MINIATURES


def shipped(world: World) -> Iterator[Path]:
    """Folders of the miniatures that the recipe of a world's agent made."""
    for card in sorted(MINIATURES.glob("*/card.json")):
        if json.loads(card.read_text(encoding="utf-8")).get("rung", {}).get("recipe") == f"{world}_agent":
            yield card.parent


def acting(world: World, folder: Path) -> Acting:
    """The agent in a folder, in single precision."""
    model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return Acting(model.eval(), CRAFTS[world])
