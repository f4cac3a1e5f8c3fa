"""The classifier and the distance between what is painted and what is real."""

import numpy as np
import pytest
import torch

from models.diffusion import judge as judges
from models.diffusion.judge import LEAST, Judge, frechet, judged, moments_of
from models.diffusion.network import count_parameters
from worlds.errors import InputError


def test_it_has_the_size_that_it_says():
    assert count_parameters(Judge()) == 105_322


def test_the_distance_of_gaussians_is_the_formula():
    one = (np.zeros(2), np.diag([1.0, 4.0]))
    other = (np.array([3.0, 4.0]), np.diag([9.0, 1.0]))

    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one, other) == frechet(other, one) == pytest.approx(25 + 1 + 4 + 9 + 1 - 2 * (3 + 2))


def test_the_distance_does_not_need_matrices_that_commute():
    generator = np.random.default_rng(0)
    first, second = (generator.normal(size=(5, 5)) for _ in range(2))
    one, other = (first @ first.T, second @ second.T)
    values, vectors = np.linalg.eigh(one)
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
    expected = np.trace(one) + np.trace(other) - 2 * np.sqrt(np.linalg.eigvalsh(root @ other @ root)).sum()

    assert frechet((np.zeros(5), one), (np.zeros(5), other)) == pytest.approx(expected)


def test_too_few_pictures_have_an_accuracy_and_no_distance():
    judge, pictures = Judge().eval(), torch.randn(LEAST, 3, 32, 32)
    reference = (np.zeros(64), np.eye(64))

    assert judged(judge, reference, pictures[:-1], torch.zeros(LEAST - 1, dtype=torch.long)).proxy_fd is None
    assert judged(judge, reference, pictures, torch.zeros(LEAST, dtype=torch.long)).proxy_fd > 0
    with pytest.raises(InputError, match="at least 65 pictures; there are 64"):
        moments_of(torch.randn(64, 64))


def test_it_comes_back_as_it_was(tmp_path):
    judge, pictures = Judge().eval(), torch.randn(3, 3, 32, 32)
    judges.save(judge, (np.arange(64.0), np.eye(64)), tmp_path / "judge", {"accuracy": 1.0})
    again, reference = judges.load(tmp_path / "judge")

    assert torch.equal(again(pictures), judge(pictures))
    assert np.array_equal(reference[0], np.arange(64.0)) and np.array_equal(reference[1], np.eye(64))
