"""The agents of the home that are shipped, as they are found."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import LlavaForConditionalGeneration

from models.catalogue.miniatures import MINIATURES
from models.home_agent.acting import Acting
from models.home_agent.words import tokenizer


def shipped() -> Iterator[Path]:
    """Folders of the miniatures that the recipe of the home's agent made."""
    for card in sorted(MINIATURES.glob("*/card.json")):
        if json.loads(card.read_text(encoding="utf-8")).get("rung", {}).get("recipe") == "home_agent":
            yield card.parent


def acting(folder: Path) -> Acting:
    """The agent in a folder, in single precision."""
    model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return Acting(model.eval(), tokenizer())
