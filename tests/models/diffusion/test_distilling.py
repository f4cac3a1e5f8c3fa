"""Stage 1: what is listened to, how the error is counted, that operators learn."""

import pytest
import torch

from models.diffusion.choices import usual_loss
from models.diffusion.distilling import Activations, Distilling, extract, rate, relative_error
from models.diffusion.network import fresh_miniature
from models.diffusion.surgery import fresh, operator_of, shape_of
from worlds.vignettes import vignettes


@pytest.fixture(scope="module")
def model():
    made = fresh_miniature(0).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if "norm1.linear" in name:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel())))
    return made


@pytest.fixture(scope="module")
def drawn():
    return torch.from_numpy(vignettes(60)).permute(0, 3, 1, 2).float() / 127.5 - 1, torch.arange(60) % 10


@pytest.mark.parametrize("place", ["attention", "mlp"])
def test_the_operator_says_again_what_was_kept_of_it(model, drawn, place):
    heard = extract(model, [2, 5], place, *drawn, seed=0, batch=25)

    for layer in (2, 5):
        assert heard[layer].heard.shape == heard[layer].said.shape == (60, 64, 96)
        assert heard[layer].heard.dtype == torch.float16
        again = operator_of(model, layer, place)(heard[layer].heard.float())
        assert (again - heard[layer].said.float()).norm() / again.norm() < 2e-3
        assert relative_error(operator_of(model, layer, place), heard[layer]) < 1e-5


def test_clean_and_official_inputs_are_others_and_equal_seeds_are_equal(model, drawn):
    def heard(inputs, seed=0):
        return extract(model, [3], "attention", *drawn, seed=seed, inputs=inputs)[3].heard

    noised, clean, official = map(heard, ("noised", "clean", "official"))
    assert torch.equal(noised, heard("noised")) and not torch.equal(noised, heard("noised", seed=1))
    assert not torch.allclose(noised, clean) and not torch.allclose(clean, official)


def test_nothing_keeps_listening(model, drawn):
    extract(model, [1], "attention", *drawn, seed=0)

    assert not operator_of(model, 1, "attention")._forward_hooks


def test_an_operator_that_says_the_mean_has_an_error_of_1():
    said = torch.randn(50, 64, 96) * torch.linspace(0.1, 3, 96) + torch.linspace(-1, 1, 96)
    activations = Activations(torch.zeros(50, 64, 96).half(), said.half())
    mean = float(said.mean())

    class Mean(torch.nn.Module):
        def forward(self, heard):
            return torch.full_like(heard, mean)

    assert relative_error(Mean(), activations) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("loss", ["l1", "l2", "huber"])
def test_an_operator_learns_and_equal_seeds_learn_the_same(model, drawn, loss):
    heard = extract(model, [1], "attention", *drawn, seed=0)[1]
    errors = []
    for _ in range(2):
        learner = Distilling(fresh("hyena-y", shape_of(model), seed=1), heard, loss=loss, steps=30, seed=2)
        before = relative_error(learner.operator, heard)
        learner.learn(12)
        learner.learn(100)
        assert learner.step == 30
        errors.append(relative_error(learner.operator, heard))
    assert errors[0] == errors[1] < 0.8 * before


def test_the_rate_rises_and_falls_to_a_fiftieth():
    assert rate(0, 250) == pytest.approx(1 / 20) and rate(19, 250) == pytest.approx(1, abs=0.02)
    assert rate(249, 250) == pytest.approx(0.02, abs=1e-3)


def test_the_usual_loss_is_l1_for_attention_and_l2_for_mlps():
    assert (usual_loss("hyena-x"), usual_loss("mlp-3")) == ("l1", "l2")
