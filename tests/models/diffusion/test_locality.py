"""Band-k, the patterns that go by it, and watching without changing."""

import pytest
import torch

from models.diffusion.choices import ranked
from models.diffusion.locality import band, even_band, near_on_grid, squares, watched
from models.diffusion.network import fresh_miniature


@pytest.mark.parametrize(("tokens", "k", "share"), [(64, 8, 0.248), (256, 32, 0.238)])
def test_even_attention_has_the_share_of_the_formula(tokens, k, share):
    even = torch.full((tokens, tokens), 1 / tokens)

    assert float(band(even, k)) == pytest.approx(even_band(tokens, k), abs=1e-6)
    assert even_band(tokens, k) == pytest.approx(share, abs=5e-4)


def test_band_counts_by_hand():
    attention = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]])

    assert float(band(attention, 0)) == pytest.approx((0.5 + 0.8 + 0.2) / 3)
    assert float(band(attention, 1)) == pytest.approx((0.8 + 1 + 0.4) / 3)
    assert float(band(attention, 2)) == pytest.approx(1)
    assert even_band(3, 2) == even_band(3, 99) == 1


def test_it_rises_with_k():
    attention = torch.rand(4, 20, 20).softmax(-1)
    shares = torch.stack([band(attention, k) for k in range(20)])

    assert (shares.diff(dim=0) > 0).all()


def test_on_the_grid_neighbours_are_above_and_below_too():
    attention = torch.zeros(9, 9)
    attention[4, [0, 1, 3]] = 1 / 3  # all around the middle of 3 x 3
    attention[0, 8] = 1  # the far corner

    assert float(near_on_grid(attention, 3)) == pytest.approx(1 / 9)


def test_the_most_and_the_least_local_share_no_layer():
    shares = [0.5, 0.4, 0.6, 0.3, 0.5, 0.2]

    assert ranked(shares, 3, is_local=True) == (0, 2, 4)
    assert ranked(shares, 3, is_local=False) == (1, 3, 5)


@torch.no_grad()
def test_watching_changes_nothing_and_ends():
    model = fresh_miniature(0).eval()
    seen, asked = torch.randn(2, 3, 32, 32), {"timestep": torch.tensor([9, 500]), "class_labels": torch.tensor([1, 2])}
    before = model(seen, **asked).sample
    with watched(model) as kept:
        assert torch.allclose(model(seen, **asked).sample, before, atol=1e-5)
    assert [len(maps) for maps in kept] == [1] * 8 and kept[0][0].shape == (6, 64, 64)
    assert torch.allclose(kept[0][0].sum(-1), torch.ones(6, 64), atol=1e-5)

    model(seen, **asked)
    assert [len(maps) for maps in kept] == [1] * 8


def test_squares_that_do_not_divide_the_picture_hold_every_token_once():
    """17 x 17 tokens in at most 16 squares a row: nine, of which the last are halves."""
    maps = torch.rand(2, 289, 289, generator=torch.Generator().manual_seed(0)).softmax(-1)
    kept = squares(maps, 16)

    assert kept.shape == (2, 81, 81) and torch.allclose(kept.sum(-1), torch.ones(2, 81), atol=1e-5)
    first, last = [0, 1, 17, 18], [288]
    assert torch.allclose(kept[:, 0, 80], maps[:, first][:, :, last].mean(1).sum(-1))
    assert torch.allclose(kept[:, 80, 0], maps[:, last][:, :, first].mean(1).sum(-1))
