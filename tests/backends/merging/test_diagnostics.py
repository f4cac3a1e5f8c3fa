"""Norms and angles of task vectors: those of NumPy over the whole, adding up over tensors and layers."""

import math

import numpy as np
import pytest
import torch

from backends.merging.diagnostics import Moved, by_layer, moved, moved_by_name
from tests.backends.merging.trio import language_model


@pytest.fixture(scope="module")
def states():
    return [language_model("llama", seed).state_dict() for seed in (1, 2, 3)]


def test_norms_and_cosine_of_one_tensor_are_those_of_the_whole():
    vlm, reason, base = (torch.randn(30, 20, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
    one, other, root = (each.double().numpy().ravel() for each in (vlm - base, reason - base, base))

    found = moved(vlm, reason, base)

    assert found.vlm_share == pytest.approx(np.linalg.norm(one) / np.linalg.norm(root), rel=1e-5)
    assert found.reason_share == pytest.approx(np.linalg.norm(other) / np.linalg.norm(root), rel=1e-5)
    assert found.cosine == pytest.approx(one @ other / np.linalg.norm(one) / np.linalg.norm(other), rel=1e-4)
    assert found.apart == pytest.approx(float((vlm - reason).norm() / vlm.norm()), rel=1e-5)
    assert moved(vlm, vlm + 1e-4).apart == pytest.approx(1e-4 * math.sqrt(600) / float(vlm.norm()), rel=1e-3)


def test_layers_add_up_to_the_whole(states):
    tensors = list(moved_by_name(*states))
    layers = by_layer(tensors)
    total = sum(layers.values(), Moved())

    names = [name for name, _ in tensors]
    assert list(layers) == [0, 1, 2, 3, None] and len(names) == 37
    flat = [torch.cat([state[name].double().flatten() for name in names]) for state in states]
    assert total.vlm_share == pytest.approx(float((flat[0] - flat[2]).norm() / flat[2].norm()), rel=1e-5)


def test_the_same_direction_has_the_cosine_1_and_the_opposite_minus_1():
    base, step = torch.randn(5, 4), torch.randn(5, 4)

    assert moved(base + step, base + 2 * step, base).cosine == pytest.approx(1.0, abs=1e-5)
    assert moved(base + step, base - step, base).cosine == pytest.approx(-1.0, abs=1e-5)
    assert moved(base, base + 2 * step, base).reason_share == pytest.approx(2 * moved(base + step, base, base).vlm_share)


def test_what_has_not_moved_has_no_direction_and_without_a_base_nothing_is_said_of_it():
    base = torch.randn(5, 4)

    assert moved(base, base + 1, base).vlm_share == 0 and math.isnan(moved(base, base + 1, base).cosine)
    alone = moved(base, base)
    assert math.isnan(alone.vlm_share) and math.isnan(alone.cosine) and alone.apart == 0
    assert alone.models_cosine == pytest.approx(1)
