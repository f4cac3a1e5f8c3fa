"""Mappers of the miniature's own class and words that learned nothing: for whatever needs no trained weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import torch
from transformers import PreTrainedModel

from backends.mindcube import mappers
from backends.mindcube.settings import Config
from models.catalogue import Rung
from models.mappers.networks import fresh_seer
from models.mappers.ways import MISSING
from models.scene_vlm import Size

TINY = Size(input_px=64, patch_px=32, vision=16, text=16, vision_layers=1, text_layers=1)
_made: dict[int, PreTrainedModel] = {}


def seer(number: int) -> PreTrainedModel:
    if number not in _made:
        _made[number] = fresh_seer(number, TINY).eval()
    return _made[number]


@contextmanager
def lent(rung: Rung, configurations: Sequence[Config], quantisation: str = "none") -> Iterator[dict[Config, PreTrainedModel]]:
    """Another one for each configuration."""
    yield {configuration: seer(1 + list(mappers.WAY_OF).index(configuration)) for configuration in configurations}


def why_not(rung: Rung, configuration: Config) -> str:
    return f"The miniature is not asked as {configuration}: {MISSING[configuration]}." if configuration in MISSING else ""


def put_in(patch: pytest.MonkeyPatch) -> None:
    """In the place of the miniature's."""
    torch.set_num_threads(1)
    patch.setattr(mappers, "lent", lent)
    patch.setattr(mappers, "why_not", why_not)
