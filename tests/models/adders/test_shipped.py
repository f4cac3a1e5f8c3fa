"""The shipped parents: what each can, and that neither can what a merge is asked for; and their card."""

import json
from functools import cache

import pytest
import torch
from transformers import PreTrainedModel

from models import catalogue
from models.adders.scores import Kind, score
from models.loading import load

CARD = json.loads((catalogue.MINIATURES / "merging-parents" / "card.json").read_text(encoding="utf-8"))
COUNT = 200


@cache
def parent(name: str) -> PreTrainedModel:
    rung = catalogue.find("merging-parents") if name == "vlm" else catalogue.find("merging-language")
    return load(catalogue.at_stage(rung, name)).tool.model


@pytest.mark.parametrize("name, kind, least, most", [
    ("base", "text_lookups", 0.95, 1.0), ("base", "text_seen", 0.95, 1.0), ("base", "text_unseen", 0.0, 0.2),
    ("reasoner", "text_lookups", 0.95, 1.0), ("reasoner", "text_unseen", 0.95, 1.0),
    ("vlm", "perception", 0.95, 1.0), ("vlm", "joint_seen", 0.9, 1.0), ("vlm", "joint_unseen", 0.0, 0.2)])
def test_a_parent_can_what_it_was_taught_and_not_what_it_was_not(name, kind: Kind, least, most):
    torch.set_num_threads(1)

    right = score(parent(name), kind, count=COUNT, seed=7).right

    assert least <= right <= most
    (told,) = [seed["right"][name][kind] for seed in CARD["seeds"][:1]]
    assert abs(right - told) < 3 * (0.25 / COUNT) ** 0.5


def test_embeddings_and_head_are_the_base_s_in_every_child():
    for child in (parent("reasoner"), parent("vlm")):
        assert torch.equal(child.get_input_embeddings().weight, parent("base").get_input_embeddings().weight)
        assert torch.equal(child.get_output_embeddings().weight, parent("base").get_output_embeddings().weight)


def test_the_miniature_keeps_to_its_size():
    folder = catalogue.MINIATURES / "merging-parents"

    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 3_100_000
    assert CARD["bytes"] == sum(path.stat().st_size for path in folder.rglob("*.safetensors")) < 3_000_000
