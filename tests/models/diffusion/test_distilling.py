"""Stage 1: what is listened to, how the error is counted, that operators learn."""

import copy

import pytest
import torch

from models.diffusion import distilling
from models.diffusion.choices import usual_loss
from models.diffusion.distilling import Activations, Distilling, extract, rate, relative_error
from models.diffusion.network import fresh_miniature
from models.diffusion.surgery import blocks_of, fresh, operator_of, shape_of
from models.diffusion.wanted import by_class
from worlds.errors import InputError
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


def test_the_usual_loss_is_l1_for_attention_and_pairs_and_l2_for_mlps():
    assert (usual_loss("hyena-x"), usual_loss("pairs"), usual_loss("mlp-3")) == ("l1", "l1", "l2")


def test_the_released_extractor_takes_the_class_for_the_time_and_the_time_for_a_class_or_none(model):
    steps, wanted = distilling._swapped(torch.tensor([0, 10, 11, 999]), by_class(torch.tensor([1, 2, 3, 4]), 10), model)
    assert steps.tolist() == [1, 2, 3, 4] and wanted.given["class_labels"].tolist() == [0, 10, 0, 9]


def test_one_in_ten_labels_is_left_out(model, drawn):
    asked = []
    hook = model.register_forward_pre_hook(lambda _model, _given, named: asked.extend(named["class_labels"].tolist()),
                                           with_kwargs=True)
    extract(model, [0], "attention", drawn[0].repeat(3, 1, 1, 1), drawn[1].repeat(3), seed=0)
    hook.remove()
    assert len(asked) == 180 and 0 < asked.count(10) < 40


def test_all_samples_are_learned_from_before_any_comes_again(model):
    heard = torch.randn(2 * distilling.BATCH, 64, 96).half()
    learner = Distilling(fresh("hyena-y", shape_of(model), seed=1), Activations(heard, heard), loss="l1", steps=4, seed=2)
    first, second, third = (learner._next().tolist() for _ in range(3))
    assert sorted(first + second) == list(range(2 * distilling.BATCH)) and third != first


def test_a_step_is_as_long_as_the_released_configuration_lets_it_be(model, drawn, monkeypatch):
    clipped = []
    monkeypatch.setattr(distilling.nn.utils, "clip_grad_norm_", lambda parameters, most: clipped.append(most))
    Distilling(fresh("hyena-y", shape_of(model), seed=1), extract(model, [1], "attention", *drawn, seed=0)[1], loss="l1", steps=2,
               seed=2).learn(2)
    assert clipped == [10.0, 10.0]


@pytest.mark.parametrize(("place", "fill", "says"), [
    ("attention", 0.0, "the attention of layer 1 says is the same"),
    ("mlp", 1e6, "the MLP of layer 1 says is no number, or too large"),
    ("block", 0.0, "blocks 1 and 2 say is the same")])
def test_what_cannot_be_imitated_is_one_sentence(model, drawn, place, fill, says):
    mute = copy.deepcopy(model)
    with torch.no_grad():
        for block in blocks_of(mute)[1:3]:
            for layer in {"attention": [block.attn1.to_out[0]], "mlp": [block.ff.net[2]], "block": [block.norm1.linear]}[place]:
                layer.weight.fill_(0)
                layer.bias.fill_(fill)

    with pytest.raises(InputError, match=says):
        extract(mute, [1], place, *drawn, seed=0)
