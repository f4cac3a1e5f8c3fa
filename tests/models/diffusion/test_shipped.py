"""The shipped miniature: its classifier, that every sampler paints what was asked for, and that stage 1 goes as the paper says."""

import pytest
import torch
from torch.nn import functional

from models.catalogue.miniatures import MINIATURES
from models.diffusion.choices import Heard, Operator, usual_loss
from models.diffusion.distilling import Activations, Distilling, extract, relative_error
from models.diffusion.judge import features_of, frechet, judged, moments_of
from models.diffusion.painter import Painter, painter_of
from models.diffusion.sampling import as_input, as_pictures, first_noise, sample
from models.diffusion.surgery import fresh, shape_of
from worlds.vignettes import kind_of, vignettes

LAYER = 7  # of which clean pictures tell least


@pytest.fixture(scope="module")
def painter() -> Painter:
    return painter_of(MINIATURES / "vignettes-dit", "cpu")


def drawn(number: int, *, held_out: bool) -> tuple[torch.Tensor, torch.Tensor]:
    return (as_input(torch.from_numpy(vignettes(number, held_out=held_out))),
            torch.tensor([kind_of(index) for index in range(number)]))


def test_its_classifier_knows_held_out_pictures_and_sees_blur_and_noise(painter):
    pictures, kinds = drawn(4_000, held_out=True)
    features, taken_for = features_of(painter.judge, pictures)
    real = moments_of(features)
    floor = judged(painter.judge, painter.reference, *drawn(1_000, held_out=False)).proxy_fd
    few, their = pictures[:1_000], kinds[:1_000]
    blurred = functional.avg_pool2d(few, 3, 1, 1, count_include_pad=False)
    noisy = few + 0.3 * torch.randn(few.shape, generator=torch.Generator().manual_seed(0))

    assert (taken_for == kinds).float().mean() >= 0.995
    assert frechet(real, real) < 1e-6 and frechet(real, painter.reference) < 1e-3
    assert 0.05 < floor < 0.6
    assert all(judged(painter.judge, painter.reference, worse, their).proxy_fd > 2 * floor for worse in (blurred, noisy))


def test_the_same_noise_is_recognisable_through_every_sampler(painter):
    kinds, noise = torch.arange(10), first_noise(10, 3, shape=painter.shape)
    for sampler in ("ddim", "dpm-solver++", "ddpm"):
        *_, last = sample(painter.network, kinds, noise, steps=20, sampler=sampler)
        taken_for = features_of(painter.judge, as_input(as_pictures(last.noisy)))[1]
        assert (taken_for == kinds).float().mean() >= 0.9, sampler


def test_in_stage_1_attention_learns_best_and_noised_pictures_teach_more_than_clean_ones(painter):
    """A sixth of the recipe on one layer; `python -m benchmarks --only grafting-stage-1` goes through all of it."""
    seen, held_out = drawn(200, held_out=False), drawn(60, held_out=True)
    checked = extract(painter.network, [LAYER], "attention", *held_out, seed=1)[LAYER]

    def heard(inputs: Heard) -> Activations:
        return extract(painter.network, [LAYER], "attention", *seen, seed=0, inputs=inputs)[LAYER]

    def error(operator: Operator, given: Activations) -> float:
        learner = Distilling(fresh(operator, shape_of(painter.network), seed=3), given, loss=usual_loss(operator), steps=40, seed=3)
        learner.learn(40)
        return relative_error(learner.operator, checked)

    noised = heard("noised")
    attention, hyena, on_clean = error("mha", noised), error("hyena-x", noised), error("hyena-x", heard("clean"))
    assert attention < hyena < on_clean
