"""DiT's process: its schedule, the spread that it says, its guidance and its loss, held against diffusers or worked out here."""

from math import log, pi
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel
from torch.utils._python_dispatch import TorchDispatchMode

from models.diffusion import process, sampling
from models.diffusion.network import MINIATURE, mend
from models.diffusion.process import DIT, DRAWN, PIXART, Process, linear_alphas_bar, log_variance
from models.diffusion.sampling import first_noise, sample
from models.diffusion.training import DiffusionTraining, Rates, held_out_error
from models.diffusion.wanted import Wanted, by_class

SHAPE = (4, 8, 8)
LINEAR = {"beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear"}


@pytest.fixture(scope="module")
def dit() -> DiTTransformer2DModel:
    torch.manual_seed(0)
    tiny = {**MINIATURE, "num_layers": 2, "in_channels": 4, "out_channels": 8, "sample_size": 8, "patch_size": 2,
            "num_embeds_ada_norm": 5}
    return mend(DiTTransformer2DModel(**tiny)).eval()


def test_the_schedule_is_that_of_the_released_code():
    theirs = DDPMScheduler(**LINEAR).alphas_cumprod
    assert torch.allclose(linear_alphas_bar().float(), theirs, rtol=1e-4)


@torch.no_grad()
def test_ddpm_with_a_learned_spread_is_diffusers(dit):
    scheduler = DDPMScheduler(**LINEAR, variance_type="learned_range", clip_sample=False, timestep_spacing="linspace")
    scheduler.set_timesteps(5)
    times = sampling.times_of(5)
    assert scheduler.timesteps.tolist() == times
    mover = sampling._Ddpm(times, 0, DIT)
    noisy = first_noise(2, 0, shape=SHAPE)
    for index, time in enumerate(times):
        said = dit(noisy, timestep=torch.full((2,), time), class_labels=torch.tensor([1, 3])).sample
        spread = torch.rand(noisy.shape, generator=torch.Generator().manual_seed(index)) * 2 - 1
        whole = torch.cat([said[:, :4], spread], 1)
        theirs = scheduler.step(whole, time, noisy, generator=torch.Generator().manual_seed(3)).prev_sample
        mover._generator.manual_seed(3)
        noisy, _ = mover.move(noisy, *DIT.split(whole), index)
        assert torch.allclose(noisy, theirs, atol=2e-4)


@torch.no_grad()
def test_ddim_of_the_noise_is_diffusers(dit):
    scheduler = DDIMScheduler(**LINEAR, timestep_spacing="leading", set_alpha_to_one=True, clip_sample=False)
    scheduler.set_timesteps(5)
    mover = sampling._Ddim(scheduler.timesteps.tolist(), 0, DIT)
    ours = theirs = first_noise(2, 0, shape=SHAPE)
    for index, time in enumerate(scheduler.timesteps):
        said = dit(theirs, timestep=time.expand(2), class_labels=torch.tensor([1, 3])).sample[:, :4]
        theirs = scheduler.step(said, time, theirs).prev_sample
        ours, _ = mover.move(ours, said, None, index)
    assert torch.allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm", "dpm-solver++"])
def test_every_sampler_paints_with_what_says_the_noise(dit, sampler):
    """Who knows the clean picture is led to it; of the noise and a spread, only the noise goes to the solver."""
    clean = first_noise(2, 9, shape=SHAPE)

    class Oracle:
        config = SimpleNamespace(num_embeds_ada_norm=5)

        def __call__(self, noisy, *, timestep, class_labels):
            bar = linear_alphas_bar()[timestep].float().view(-1, 1, 1, 1)
            noise = (noisy - bar.sqrt() * clean) / (1 - bar).sqrt()
            return SimpleNamespace(sample=torch.cat([noise, torch.zeros_like(noise)], 1))

    *_, last = sample(Oracle(), torch.tensor([0, 1]), first_noise(2, 0, shape=SHAPE), steps=20, sampler=sampler, process=DIT)
    assert torch.allclose(last.noisy, clean, atol=2e-2)


def test_guidance_of_dit_leaves_the_fourth_channel_and_the_spread_alone():
    class Counting:
        config = SimpleNamespace(num_embeds_ada_norm=10)

        def __call__(self, noisy, *, timestep, class_labels):
            return SimpleNamespace(sample=class_labels.float().view(-1, 1, 1, 1).expand(-1, 8, 8, 8))

    ask = (Counting(), torch.zeros(1, *SHAPE), 500, by_class(torch.tensor([4]), 10), 1.5)
    dit, all_channels = sampling._said(*ask, DIT.guided), sampling._said(*ask, PIXART.guided)

    assert dit[0, :, 0, 0].tolist() == [10 + 1.5 * (4 - 10)] * 3 + [4.0] * 5
    assert all_channels[0, :, 0, 0].tolist() == [10 + 1.5 * (4 - 10)] * 4 + [4.0] * 4


def test_the_spread_goes_from_the_least_to_the_most():
    bar, after = 0.5, 0.6
    beta = 1 - bar / after
    ends = log_variance(torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1), bar, after).flatten()
    assert ends.tolist() == pytest.approx([log(beta * (1 - after) / (1 - bar)), log(beta)], rel=1e-5)


def test_the_bound_is_the_divergence_of_two_gaussians_and_at_the_first_step_a_likelihood():
    """Worked out number by number for one number of a picture."""
    clean, noise, spread = 0.4, -0.7, 0.3
    bars = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))

    def bound(step: int, said: float) -> float:
        bar, after = bars[step], bars[step - 1] if step else 1.0
        beta, seen = 1 - bar / after, bar**0.5 * clean + (1 - bar)**0.5 * noise
        posterior = (1 - bars[1] / bars[0]) * (1 - bars[0]) / (1 - bars[1]) if step == 0 else beta * (1 - after) / (1 - bar)
        spread_log = (spread + 1) / 2 * log(beta) + (1 - (spread + 1) / 2) * log(posterior)
        guess = (seen - (1 - bar)**0.5 * said) / bar**0.5

        def mean(of: float) -> float:
            alpha = bar / after
            return (after**0.5 * (1 - alpha) * of + alpha**0.5 * (1 - after) * seen) / (1 - bar)

        if step == 0:
            edges = [((clean + side / 255) - mean(guess)) / np.exp(0.5 * spread_log) for side in (1, -1)]
            upper, lower = (0.5 * (1 + np.tanh((2 / pi)**0.5 * (edge + 0.044715 * edge**3))) for edge in edges)
            return -np.log(max(upper - lower, 1e-12)) / log(2)
        apart = 0.5 * (-1 + spread_log - log(posterior) + np.exp(log(posterior) - spread_log)
                       + (mean(clean) - mean(guess))**2 * np.exp(-spread_log))
        return apart / log(2)

    for step, said in ((0, -0.69), (1, -0.5), (400, -0.2), (999, 0.0)):
        at = torch.tensor([step])
        full = {name: torch.full((1, 1, 1, 1), value, dtype=torch.float64) for name, value in
                (("clean", clean), ("noise", noise), ("said", said), ("spread", spread))}
        seen, due = DIT.noised(full["clean"], full["noise"], DIT.alphas_bar[at])
        loss, error = DIT.loss(torch.cat([full["said"], full["spread"]], 1), due, clean=full["clean"], seen=seen, steps=at)
        assert error.item() == pytest.approx((said - noise)**2, rel=1e-5)
        assert loss.item() - error.item() == pytest.approx(bound(step, said), rel=2e-3, abs=1e-5)


def test_the_bound_teaches_the_spread_alone():
    said = torch.zeros(1, 8, 4, 4, requires_grad=True)
    clean, steps = torch.ones(1, 4, 4, 4), torch.tensor([300])
    seen, due = DIT.noised(clean, torch.ones_like(clean), DIT.alphas_bar[steps])
    loss, error = DIT.loss(said, due, clean=clean, seen=seen, steps=steps)

    (loss - error).sum().backward()
    assert said.grad[:, :4].abs().max() == 0 < said.grad[:, 4:].abs().min()


def test_a_process_that_says_v_is_weighed_as_before():
    said, due = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    loss, error = DRAWN.loss(said, due, clean=due, seen=due, steps=torch.tensor([10, 900]))
    assert error.tolist() == [1.0, 1.0] and loss[0] != loss[1] and loss.max() < 1


def test_training_lowers_the_error_of_the_noise(dit):
    pictures, kinds = first_noise(32, 0, shape=SHAPE) * 0.1, torch.arange(32) % 5
    training = DiffusionTraining(dit, Rates(30, 3e-3, 3, decay=None, keep=0.5), seed=0, process=DIT)
    before = held_out_error(dit, pictures, kinds, process=DIT)
    for _ in range(30):
        training.learn((pictures, kinds))
    assert held_out_error(training.averaged, pictures, kinds, process=DIT) < 0.8 * before


def test_what_is_wanted_is_taken_by_rows_and_dropped_by_rows():
    wanted = Wanted({"text": torch.arange(6.0).view(3, 2), "mask": torch.ones(3, 1)},
                    {"text": torch.zeros(3, 2), "mask": torch.zeros(3, 1)})
    dropped = wanted.dropping(torch.tensor([False, True, False]))

    assert len(wanted[1:]) == 2 and wanted[[2]].given["text"].tolist() == [[4.0, 5.0]]
    assert dropped.given["text"].tolist() == [[0.0, 1.0], [0.0, 0.0], [4.0, 5.0]]
    assert dropped.given["mask"].flatten().tolist() == [1, 0, 1]


def test_the_likelihoods_of_all_levels_add_up_to_one():
    """The outermost levels reach on without end, so that nothing is lost however wide or far off the Gaussian is."""
    levels = torch.linspace(-1, 1, 256, dtype=torch.float64).view(256, 1, 1, 1)
    for mean, width in ((0.0, 1.0), (-0.9, 0.3), (1.4, 0.5)):
        told = process._log_likelihood(levels, torch.full_like(levels, mean), torch.full_like(levels, log(width)))
        assert told.exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_an_error_of_v_counts_by_the_signal_to_noise_ratio():
    steps = torch.tensor([10, 400, 900])
    ratio = DRAWN.alphas_bar[steps] / (1 - DRAWN.alphas_bar[steps])
    due = torch.ones(3, 3, 4, 4)
    loss, _ = DRAWN.loss(torch.zeros_like(due), due, clean=due, seen=due, steps=steps)
    assert ratio[0] > 5 > ratio[1] and torch.allclose(loss, (ratio.clamp(max=5) / (ratio + 1)).float())


@torch.no_grad()
def test_ddpm_without_a_learned_spread_is_diffusers():
    scheduler = DDPMScheduler(**LINEAR, variance_type="fixed_small", clip_sample=False, timestep_spacing="linspace")
    scheduler.set_timesteps(5)
    times = sampling.times_of(5)
    mover = sampling._Ddpm(times, 0, Process("linear", "noise"))
    noisy = first_noise(2, 0, shape=SHAPE)
    for index, time in enumerate(times):
        said = torch.randn(noisy.shape, generator=torch.Generator().manual_seed(index))
        theirs = scheduler.step(said, time, noisy, generator=torch.Generator().manual_seed(3)).prev_sample
        mover._generator.manual_seed(3)
        noisy, _ = mover.move(noisy, said, None, index)
        assert torch.allclose(noisy, theirs, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("says", ["v", "noise"])
def test_what_is_bound_ends_within_its_bounds_with_the_solver_too(says):
    noisy = first_noise(2, 0, shape=SHAPE)
    moved, clean = sampling._DpmSolver([999], 0, Process("linear", says, bound=1.0)).move(noisy, 3 * noisy, None, 0)
    assert clean.abs().max() == 1 and torch.allclose(moved, clean, atol=1e-3)


class NoDoubles(TorchDispatchMode):
    """A device, here "meta", that has no float64, as Apple's has none."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        assert not any(isinstance(one, torch.Tensor) and one.device.type == "meta" and one.dtype == torch.float64
                       for one in (made if isinstance(made, tuple | list) else [made])), f"{func} made a float64"
        return made


@pytest.mark.parametrize("which", [DRAWN, DIT], ids=["drawn", "dit"])
def test_pictures_on_another_device_meet_nothing_of_the_cpu_and_no_float64(which):
    steps, clean = torch.tensor([0, 500]), torch.empty(2, *SHAPE, device="meta")
    with NoDoubles():
        seen, due = which.noised(clean, torch.empty_like(clean), which.alphas_bar[steps])
        said = torch.empty(2, 2 * SHAPE[0] if which.has_spread else SHAPE[0], *SHAPE[1:], device="meta")
        loss, error = which.loss(said, due, clean=clean, seen=seen, steps=steps)
    assert {each.device.type for each in (seen, due, loss, error)} == {"meta"}
