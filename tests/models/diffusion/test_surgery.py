"""Cutting and putting in, and what it costs."""

import pytest
import torch

from models.diffusion.choices import OPERATOR_NAMES, place_of
from models.diffusion.costs import flops, parameters
from models.diffusion.network import fresh_miniature
from models.diffusion.surgery import Shape, graft, operator_of, shape_of
from worlds.errors import InputError

MINI, XL = Shape(96, 6, 64), Shape(1152, 16, 256)


@pytest.fixture(scope="module")
def model():
    made = fresh_miniature(0).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel())))
    return made


def said(model):
    seen = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return model(seen, timestep=torch.tensor([3, 900]), class_labels=torch.tensor([1, 10])).sample


@pytest.mark.parametrize("operator", OPERATOR_NAMES)
def test_only_the_chosen_operators_change_and_the_original_does_not(model, operator):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    grafted = graft(model, operator, [1, 3], seed=0)
    where = {"attention": "attn1", "mlp": "ff", "block": "merge"}[place_of(operator)]
    cut = tuple(f"transformer_blocks.{layer}.{where}." for layer in (1, 3))

    kept = {name: value for name, value in grafted.state_dict().items() if not name.startswith(cut)}
    assert len(kept) == sum(not name.startswith(cut) for name in before)
    assert all(torch.equal(value, before[name]) for name, value in kept.items())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.isfinite(said(grafted)).all() and not torch.allclose(said(grafted), said(model))


@pytest.mark.parametrize("operator", ["mha", "mlp-4"])
def test_the_same_operator_with_the_same_weights_changes_nothing(model, operator):
    grafted, place = graft(model, operator, [0, 7], seed=3), place_of(operator)
    for layer in (0, 7):
        old = operator_of(model, layer, place).state_dict()
        renamed = {"net.0.proj": "fc1", "net.2": "fc2"} if operator == "mlp-4" else {}
        operator_of(grafted, layer, place).load_state_dict(
            {f"{renamed.get(name.rpartition('.')[0], name.rpartition('.')[0])}.{name.rpartition('.')[2]}": value
             for name, value in old.items()})

    assert torch.allclose(said(grafted), said(model), atol=1e-6)


def test_equal_seeds_draw_equal_operators_and_the_global_generator_stays(model):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = (graft(model, "hyena-x", [2], seed=seed) for seed in (1, 1, 2))

    assert torch.rand(1) == expected
    assert torch.equal(said(one), said(same)) and not torch.equal(said(one), said(other))


@pytest.mark.parametrize(("layers", "says"), [([], "No layer is chosen"), ([1, 1], "named twice"), ([8], "There is no layer 8"),
                                              ([-1], "There is no layer -1")])
def test_layers_that_there_are_not_are_refused(model, layers, says):
    with pytest.raises(InputError, match=says):
        graft(model, "swa", layers, seed=0)


def test_the_shape_is_read_from_the_model(model):
    assert shape_of(model) == MINI


@pytest.mark.parametrize(("operator", "mixing", "features", "parameter"), [
    ("hyena-se", -99.03, 0.26, 0.43), ("hyena-x", -99.81, 0.26, 0.33), ("hyena-y", -99.03, 0, 0.11), ("swa", -96.48, 0, 0)])
def test_the_costs_are_those_of_the_papers_table_4(operator, mixing, features, parameter):
    was, now = flops("mha", XL), flops(operator, XL)

    assert 100 * (now.mixing / was.mixing - 1) == pytest.approx(mixing, abs=0.03)
    assert 100 * (now.features / was.features - 1) == pytest.approx(features, abs=0.03)
    assert 100 * (parameters(operator, XL) / parameters("mha", XL) - 1) == pytest.approx(parameter, abs=0.01)


def test_mambas_scan_and_parameters_are_near_the_table():
    was, now = flops("mha", XL), flops("mamba-2", XL)

    assert 100 * (now.mixing / was.mixing - 1) == pytest.approx(-75.17, abs=0.25)
    assert 100 * (parameters("mamba-2", XL) / parameters("mha", XL) - 1) == pytest.approx(56.05, abs=0.01)


@pytest.mark.parametrize(("ratio", "change"), [(3, -25), (4, 0), (6, 50)])
def test_a_wider_mlp_costs_in_proportion(ratio, change):
    assert 100 * (flops(f"mlp-{ratio}", XL).total / flops("mlp-4", XL).total - 1) == pytest.approx(change)
