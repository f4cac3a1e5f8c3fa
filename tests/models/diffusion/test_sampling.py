"""Sampling: with a network that knows the answer every sampler finds the picture, and a seed is one picture."""

from types import SimpleNamespace

import pytest
import torch
from diffusers import DDIMScheduler

from models.diffusion import sampling
from models.diffusion.network import fresh_miniature
from models.diffusion.noising import cosine_alphas_bar
from models.diffusion.process import DRAWN
from models.diffusion.sampling import NotFinite, as_pictures, first_noise, sample, times_of
from models.diffusion.wanted import by_class
from worlds.errors import InputError

BARS = cosine_alphas_bar()
SHAPE = (3, 8, 8)


class Oracle:
    """Says the true v of known pictures, and counts how often it is asked."""

    config = SimpleNamespace(num_embeds_ada_norm=10)

    def __init__(self, clean, scale=1.0):
        self.clean, self.asked, self.scale = clean, [], scale

    def __call__(self, noisy, *, timestep, class_labels):
        self.asked.append((len(noisy), class_labels.tolist()))
        bar = BARS[timestep].float().view(-1, 1, 1, 1)
        clean = self.clean.repeat(len(noisy) // len(self.clean), 1, 1, 1)
        noise = (noisy - bar.sqrt() * clean) / (1 - bar).sqrt()
        return SimpleNamespace(sample=self.scale * (bar.sqrt() * noise - (1 - bar).sqrt() * clean))


@pytest.fixture
def clean():
    return torch.rand(2, *SHAPE, generator=torch.Generator().manual_seed(5)) * 1.8 - 0.9


def run(model, *, steps=20, kinds=(0, 1), **how):
    return list(sample(model, torch.tensor(kinds), first_noise(2, 0, shape=SHAPE), steps=steps, **how))


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpm-solver++"])
@pytest.mark.parametrize("steps", [1, 2, 20])
def test_who_knows_the_answer_finds_the_picture(clean, sampler, steps):
    went = run(Oracle(clean), steps=steps, sampler=sampler)

    assert len(went) == steps and went[-1].number == steps
    assert torch.allclose(went[-1].noisy, clean, atol=1e-3) and torch.allclose(went[-1].clean, clean, atol=1e-3)


def test_steps_go_from_the_last_time_to_the_first():
    assert times_of(1) == [999] and times_of(3) == [999, 500, 0] and times_of(1000) == list(range(999, -1, -1))


def test_ddim_is_diffusers_ddim(clean):
    scheduler = DDIMScheduler(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", clip_sample=True,
                              set_alpha_to_one=True, timestep_spacing="leading", steps_offset=0)
    scheduler.set_timesteps(10)
    wrong = Oracle(clean, scale=0.7)
    noisy = first_noise(2, 0, shape=SHAPE)
    for time in scheduler.timesteps:
        noisy = scheduler.step(wrong(noisy, timestep=time.expand(2), class_labels=torch.zeros(2)).sample, time, noisy,
                               use_clipped_model_output=True).prev_sample

    from models.diffusion import sampling
    mover = sampling._Ddim(scheduler.timesteps.tolist(), 0, DRAWN)
    ours = first_noise(2, 0, shape=SHAPE)
    for index, time in enumerate(scheduler.timesteps):
        ours, _ = mover.move(ours, wrong(ours, timestep=time.expand(2), class_labels=torch.zeros(2)).sample, None, index)
    assert torch.allclose(ours, noisy, atol=1e-4)


def test_without_guidance_a_step_asks_once_with_the_class_and_with_it_the_null_class_too(clean):
    plain, guided = Oracle(clean), Oracle(clean)
    run(plain, steps=2)
    run(guided, steps=2, guidance=2.0)

    assert plain.asked == [(2, [0, 1])] * 2
    assert guided.asked == [(4, [0, 1, 10, 10])] * 2


def test_large_pictures_go_through_the_network_a_few_at_a_time_and_come_out_the_same(monkeypatch):
    network = fresh_miniature(seed=1)
    asked, noise = by_class(torch.tensor([3, 1, 4]), 10), first_noise(3, 0, shape=(3, 32, 32))
    sizes = []
    network.register_forward_hook(lambda _net, _given, said: sizes.append(len(said.sample)))
    at_once = list(sample(network, asked, noise, steps=2, guidance=2.0))[-1].noisy
    monkeypatch.setattr(sampling, "MOST_AT_ONCE", 2 * 32 * 32)

    in_parts = list(sample(network, asked, noise, steps=2, guidance=2.0))[-1].noisy

    assert sizes == [6, 6, 4, 2, 4, 2]  # with the class and without
    assert torch.allclose(at_once, in_parts, atol=1e-5)


def test_guidance_goes_beyond_what_the_class_changes():
    class Counting:
        config = SimpleNamespace(num_embeds_ada_norm=10)

        def __call__(self, noisy, *, timestep, class_labels):
            return SimpleNamespace(sample=class_labels.float().view(-1, 1, 1, 1).expand_as(noisy) / 10)

    from models.diffusion import sampling
    said = sampling._said(Counting(), torch.zeros(1, *SHAPE), 500, by_class(torch.tensor([4]), 10), 3.0, None)
    assert torch.allclose(said, torch.full_like(said, 1.0 + 3.0 * (0.4 - 1.0)))


def test_a_seed_is_one_picture_however_many_there_are(clean):
    assert torch.equal(first_noise(5, 3, shape=SHAPE)[1], first_noise(2, 3, shape=SHAPE)[1])
    assert not torch.equal(first_noise(1, 3, shape=SHAPE), first_noise(1, 4, shape=SHAPE))
    assert not torch.equal(first_noise(2, 3, shape=SHAPE)[1], first_noise(1, 4, shape=SHAPE)[0])  # nor of another seed's neighbours
    one, again, other = (run(Oracle(clean, 0.5), sampler="ddpm", steps=5, seed=seed)[-1].noisy for seed in (1, 1, 2))
    assert torch.equal(as_pictures(one), as_pictures(again)) and not torch.equal(one, other)


def test_what_is_no_number_ends_the_sampling_and_keeps_what_was_there(clean):
    class Breaks(Oracle):
        def __call__(self, noisy, **asked):
            said = super().__call__(noisy, **asked)
            return said if len(self.asked) < 3 else SimpleNamespace(sample=said.sample / 0)

    kept = []
    with pytest.raises(NotFinite, match="step 3 of 5"):
        for step in sample(Breaks(clean), torch.tensor([0, 1]), first_noise(2, 0, shape=SHAPE), steps=5):
            kept.append(step.number)
    assert kept == [1, 2]


@pytest.mark.parametrize(("part", "where"), [("pos_embed.proj", "before its first block"), ("proj_out_2", "behind its last block"),
                                             ("transformer_blocks.3.ff", "first in block 3")])
def test_where_a_number_that_is_none_came_from_is_said(part, where):
    model = fresh_miniature(0).eval()
    for block in model.transformer_blocks:  # whose gates begin closed
        torch.nn.init.constant_(block.norm1.linear.bias, 0.1)
    for parameter in model.get_submodule(part).parameters():
        torch.nn.init.constant_(parameter, float("nan"))

    with pytest.raises(NotFinite, match=rf"step 1 of 2 \(time 999\), {where}\."):
        next(sample(model, torch.tensor([1]), first_noise(1, 0, shape=(3, 32, 32)), steps=2))
    assert not any(block._forward_hooks for block in model.transformer_blocks)


@pytest.mark.parametrize(("how", "said"), [({"steps": 0}, "1 to 1000 steps"), ({"steps": 1001}, "1 to 1000 steps"),
                                           ({"guidance": -1.0}, "Guidance"), ({"guidance": float("nan")}, "Guidance"),
                                           ({"kinds": (0, 11)}, "0 to 9"), ({"kinds": (-1, 0)}, "0 to 9")])
def test_what_cannot_be_is_refused(clean, how, said):
    with pytest.raises(InputError, match=said):
        run(Oracle(clean), **how)


def test_samples_become_pictures():
    pictures = as_pictures(torch.tensor([-2.0, -1.0, 0.0, 1.0]).view(1, 1, 2, 2))

    assert pictures.shape == (1, 2, 2, 1) and pictures.flatten().tolist() == [0, 0, 128, 255]
