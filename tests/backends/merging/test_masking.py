"""One module out of action: exactly its matrices, 1 over their rows, and every bit back afterwards."""

import pytest
import torch
from transformers import AutoModelForImageTextToText

from backends.merging.masking import MATRICES, masked, with_layer_of
from backends.merging.methods import merged_model
from backends.merging.mix import Mix
from tests.backends.merging.trio import FAMILIES, REASON, VLM, language_model, weights_in


@pytest.fixture(params=["llava", "qwen2_vl", "idefics2"])
def model(request, trios):
    return AutoModelForImageTextToText.from_pretrained(trios(request.param) / VLM), FAMILIES[request.param][1]


@pytest.mark.parametrize(("part", "count"), [("attention", 4), ("mlp", 3)])
def test_exactly_the_matrices_of_one_module_are_1_over_their_rows_and_come_back(model, part, count):
    network, prefix = model
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    with masked(network, 2, part) as names:
        during = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    after = network.state_dict()

    assert set(names) == {f"{prefix}layers.2.{matrix}.weight" for matrix in MATRICES[part]} and len(names) == count
    assert {name for name in before if not torch.equal(before[name], during[name])} == set(names)
    assert all((during[name] == 1 / len(during[name])).all() for name in names)
    assert all(torch.equal(before[name].view(torch.int32), after[name].view(torch.int32)) for name in before)


def test_what_is_masked_comes_back_after_an_error_too():
    network = language_model("llama", 1)
    before = network.model.layers[0].mlp.up_proj.weight.clone()

    with pytest.raises(KeyError), masked(network, 0, "mlp"):
        raise KeyError

    assert torch.equal(network.model.layers[0].mlp.up_proj.weight, before)


def test_a_merged_model_is_masked_and_not_the_other_way_round(trios):
    network = AutoModelForImageTextToText.from_pretrained(trios("llava") / VLM).eval()
    reason, ids = weights_in(trios("llava") / REASON), torch.tensor([[1, 20, 21]])
    network.load_state_dict(merged_model(network.state_dict(), reason, mix=Mix(vlm=0.5)))
    with torch.no_grad():
        plain = network(input_ids=ids).logits
        with masked(network, 0, "attention"):
            probed = network(input_ids=ids).logits
            weight = network.model.language_model.layers[1].mlp.up_proj.weight
            assert torch.equal(weight, (weights_in(trios("llava") / VLM)["language_model.model.layers.1.mlp.up_proj.weight"] * 0.5
                                        + reason["model.layers.1.mlp.up_proj.weight"] * 0.5))
        again = network(input_ids=ids).logits

    assert not torch.allclose(plain, probed, atol=0.1) and torch.equal(plain, again)


def test_a_layer_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"model\.layers\.4\.self_attn\.q_proj\.weight is not in this model of 4 layers"), \
            masked(language_model("llama", 1), 4, "attention"):
        pass


def test_one_layer_is_set_back_to_another_model():
    merged, base = (language_model("llama", seed).state_dict() for seed in (1, 2))

    result = with_layer_of(merged, base, 3)

    assert all(torch.equal(result[name], (base if ".layers.3." in name else merged)[name]) for name in merged)
    with pytest.raises(ValueError, match="the layer is 4"):
        with_layer_of(merged, base, 4)
