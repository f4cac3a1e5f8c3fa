"""The miniature's network, what it is trained to say, and that diffusers' DiT is mended."""

import pytest
import torch
from diffusers import DDPMScheduler
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

from models.diffusion.network import MINIATURE, NULL_KIND, count_parameters, fresh_miniature, mend
from models.diffusion.noising import STEPS, cosine_alphas_bar, noised, weights
from models.diffusion.training import DiffusionTraining, Rates, held_out_error
from worlds.vignettes import vignettes

SMALL = MINIATURE | {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 2, "sample_size": 8}


@pytest.fixture
def small():
    torch.manual_seed(0)
    return mend(DiTTransformer2DModel(**SMALL))


def said(model, *, time, kinds=(0, 1)):
    pictures = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    return model(pictures, timestep=torch.full((2,), time), class_labels=torch.tensor(kinds)).sample


def test_the_miniature_counts_what_its_blocks_share_once():
    model = fresh_miniature(0)

    assert count_parameters(model) == 1_401_648
    assert len({id(block.norm1.emb) for block in model.transformer_blocks}) == 1


def test_fresh_weights_say_nothing_yet_and_come_from_the_seed():
    first, again, other = (fresh_miniature(seed) for seed in (0, 0, 1))
    pictures = torch.randn(2, 3, 32, 32)

    assert torch.equal(first(pictures, timestep=torch.tensor([5, 900]), class_labels=torch.tensor([0, 10])).sample,
                       torch.zeros(2, 3, 32, 32))
    weight = "transformer_blocks.3.attn1.to_q.weight"
    assert torch.equal(first.state_dict()[weight], again.state_dict()[weight])
    assert not torch.equal(first.state_dict()[weight], other.state_dict()[weight])


def test_training_drops_no_label_in_a_block(small):
    small.train()

    assert torch.equal(said(small, time=500), said(small, time=500))
    assert not torch.equal(said(small, time=500), said(small, time=500, kinds=(NULL_KIND, NULL_KIND)))


@torch.no_grad()
def test_time_is_told_as_dit_tells_it(small):
    angles = 999 * torch.exp(-torch.log(torch.tensor(10_000.0)) * torch.arange(128) / 128)
    told = small.transformer_blocks[0].norm1.emb.time_proj(torch.tensor([999]))[0]

    assert torch.allclose(told, torch.cat([angles.cos(), angles.sin()]), atol=2e-4)


def test_the_schedule_is_diffusers_cosine():
    theirs = DDPMScheduler(beta_schedule="squaredcos_cap_v2").alphas_cumprod

    assert torch.allclose(cosine_alphas_bar().float(), theirs, atol=1e-5)


def test_noised_pictures_and_v_hold_the_picture_and_the_noise():
    clean, noise = torch.randn(2, 4, 3, 8, 8)
    alphas_bar = cosine_alphas_bar()[[0, 300, 700, 999]]
    seen, wanted = noised(clean, noise, alphas_bar)

    signal, rest = (part.float().view(-1, 1, 1, 1) for part in (alphas_bar.sqrt(), (1 - alphas_bar).sqrt()))
    assert torch.allclose(signal * seen - rest * wanted, clean, atol=1e-5)
    assert torch.allclose(rest * seen + signal * wanted, noise, atol=1e-5)


def test_an_error_counts_least_where_all_is_noise_and_is_bounded_where_none_is():
    counted = weights(cosine_alphas_bar())

    assert counted[-1] < 1e-3 and counted.max() == pytest.approx(5 / 6, abs=0.01) and len(counted) == STEPS


def test_rates_rise_hold_and_fall():
    rates = Rates(steps=100, peak=1.0, warm_up=10, decay=0.3)

    assert [round(rates.rate(step), 2) for step in (0, 9, 50, 69, 85, 99)] == [0.1, 1.0, 1.0, 1.0, 0.5, 0.03]


def test_a_network_learns_and_its_average_follows():
    model = mend(DiTTransformer2DModel(**SMALL | {"sample_size": 32, "patch_size": 8}))
    pictures = torch.from_numpy(vignettes(40)).permute(0, 3, 1, 2).float() / 127.5 - 1
    kinds = torch.arange(40) % 10
    training = DiffusionTraining(model, Rates(steps=40, peak=3e-3, warm_up=5, keep=0.8), seed=0)
    before = held_out_error(training.averaged, pictures, kinds)

    errors = [training.learn((pictures, kinds)) for _ in range(40)]
    assert sum(errors[-10:]) < 0.8 * sum(errors[:10])
    assert held_out_error(training.averaged, pictures, kinds) < 0.8 * before
    for trained in (training.model, training.averaged):
        assert len({id(block.norm1.emb) for block in trained.transformer_blocks}) == 1, "all blocks still share one embedder"
    assert training.step == 40 and not any(parameter.requires_grad for parameter in training.averaged.parameters())


def test_a_cosine_ends_at_a_twentieth():
    rates = Rates(steps=100, peak=2.0, warm_up=1, decay=None)
    assert rates.rate(0) == pytest.approx(2) and rates.rate(50) == pytest.approx(1.05) and rates.rate(100) == pytest.approx(0.1)


def test_labels_are_left_out_as_often_as_is_said_and_the_average_follows_closely_at_first():
    asked: list[int] = []
    model = mend(DiTTransformer2DModel(**SMALL | {"sample_size": 32, "patch_size": 8}))
    start = [parameter.detach().clone() for parameter in model.parameters()]
    model.register_forward_pre_hook(lambda _model, _given, named: asked.extend(named["class_labels"].tolist()), with_kwargs=True)
    training = DiffusionTraining(model, Rates(steps=2, peak=1e-2, warm_up=1, no_label=0.1, keep=0.998), seed=0)
    training.learn((torch.zeros(200, 3, 32, 32), torch.ones(200, dtype=torch.long)))

    assert len(asked) == 200 and 5 <= asked.count(model.config.num_embeds_ada_norm) <= 45
    for before, mean, now in zip(start, training.averaged.parameters(), model.parameters()):
        assert torch.allclose(mean, before + 9 / 11 * (now - before), atol=1e-6)  # keeps (1 + step) / (10 + step) after a step
