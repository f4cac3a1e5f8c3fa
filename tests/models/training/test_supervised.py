"""Steps and passes of a training, worked out by hand on one weight."""

import pytest
import torch
from torch import nn

from models.training.supervised import Learner


def learner_of(loss, **limits):
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    return Learner(model, torch.optim.SGD(model.parameters(), lr=1.0), lambda batch: loss(model.weight.sum(), batch), **limits)


def test_the_mean_loss_counts_each_batch_by_its_tokens():
    learner = learner_of(lambda weight, batch: (0 * weight + batch[0], batch[1]))

    assert learner.learn_all([(1.0, 1), (4.0, 2)]) == pytest.approx((1 * 1 + 4 * 2) / 3)
    assert learner.step == 2


@pytest.mark.parametrize(("slope", "moved"), [(0.5, -0.5), (10.0, -1.0)])
def test_a_gradient_longer_than_the_clip_is_shortened_to_it(slope, moved):
    learner = learner_of(lambda weight, batch: (slope * weight, 1), clip=1.0)

    learner.learn(None)

    assert learner.model.weight.item() == pytest.approx(moved, abs=1e-4)
