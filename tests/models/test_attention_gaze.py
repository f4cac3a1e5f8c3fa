"""Where a model looks while it writes, against the attention that transformers hands out."""

import numpy as np
import pytest
import torch

from models.attention.gaze import gaze, image_groups
from models.mappers.networks import fresh_seer
from models.mappers.words import BOS, IMAGE
from models.scene_vlm import Size

TINY = Size(input_px=64, patch_px=32, vision=16, text=16, vision_layers=1, text_layers=2)


@pytest.fixture(scope="module")
def asked():
    torch.set_num_threads(1)
    model = fresh_seer(0, TINY).eval()
    ids = torch.tensor([[BOS, 40, *[IMAGE] * 4, 41, *[IMAGE] * 4, 20, 21, 22, 23, 24]])
    pixels = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    return model, {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels}


def test_shares_are_those_of_the_models_own_attention(asked):
    model, inputs = asked
    images = image_groups(model, inputs["input_ids"], 2)
    own = torch.zeros(16, dtype=torch.bool)
    own[12:14] = True
    with torch.no_grad():
        whole = torch.stack(model(**inputs, output_attentions=True).attentions).mean((0, 2))[0]  # (tokens, tokens)

    found = gaze(model, inputs, [13, 15], [*images, own])

    wanted = np.stack([[float(whole[place - 1][group].sum()) for group in (*images, own)] for place in (13, 15)])
    assert found == pytest.approx(wanted, abs=1e-5)
    assert found[0, 2] > 0 and found.sum(1).max() < 1


def test_images_are_told_apart_by_runs_else_evenly(asked):
    model, inputs = asked

    first, second = image_groups(model, inputs["input_ids"], 2)
    assert first.nonzero()[:, 0].tolist() == [2, 3, 4, 5] and second.nonzero()[:, 0].tolist() == [7, 8, 9, 10]
    assert [int(group.sum()) for group in image_groups(model, inputs["input_ids"], 4)] == [2, 2, 2, 2]
    assert image_groups(model, inputs["input_ids"], 3) is None
    assert image_groups(model, inputs["input_ids"][:, :2], 1) is None


def test_nothing_was_written_or_nothing_is_asked_about(asked):
    model, inputs = asked
    nothing = torch.zeros(16, dtype=torch.bool)

    assert gaze(model, inputs, [], [nothing]).shape == (0, 1)
    assert not gaze(model, inputs, [12, 13], [nothing]).any()
