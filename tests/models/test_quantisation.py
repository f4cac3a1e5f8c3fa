"""Linear layers in 8 and 4 bits on a CPU."""

import logging

import pytest
import torch
from torch import nn

from models.quantisation import config_for, footprint_mb, mixes_rows, quantise_linears, quieten, unpackable


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64), nn.Linear(64, 3)).eval()


@pytest.mark.parametrize(("kind", "likeness"), [("int8", 0.999), ("nf4", 0.95)])
def test_swapped_layers_say_nearly_the_same_and_weigh_less(kind, likeness):
    model, inputs = network(), torch.randn(16, 64)
    before, size = model(inputs), footprint_mb(model)

    swapped = quantise_linears(model, kind)

    assert swapped == 2
    with torch.inference_mode():
        assert torch.cosine_similarity(model(inputs).flatten(), before.flatten(), dim=0) > likeness
    assert footprint_mb(model) < 0.5 * size


def test_layers_whose_shape_cannot_be_packed_stay_as_they_are():
    model = network()

    quantise_linears(model, "nf4")

    assert type(model[3]) is nn.Linear
    assert unpackable(network()) == ["3"]


def test_skipped_layers_stay_as_they_are():
    model = network()

    assert quantise_linears(model, "int8", skip=("0",)) == 1
    assert type(model[0]) is nn.Linear


def test_none_changes_nothing():
    model = network()

    assert quantise_linears(model, "none") == 0
    assert all(type(model[i]) is nn.Linear for i in (0, 2, 3))


def test_another_word_is_refused():
    with pytest.raises(ValueError, match="'int4'"):
        quantise_linears(network(), "int4")


def test_no_quantisation_needs_no_config():
    assert config_for("none", network()) is None


def test_the_footprint_counts_bytes_and_shared_weights_once():
    model = nn.Sequential(nn.Linear(100, 100, bias=False), nn.Linear(100, 100, bias=False))
    assert footprint_mb(model) == pytest.approx(0.08)

    model[1].weight = model[0].weight

    assert footprint_mb(model) == pytest.approx(0.04)


def test_only_the_noise_about_casts_is_dropped(caplog):
    quieten()
    logger = logging.getLogger("bitsandbytes.autograd._functions")

    with caplog.at_level(logging.WARNING):
        logger.warning("MatMul8bitLt: inputs will be cast from torch.float32 to float16 during quantization")
        logger.warning("something else")

    assert [record.getMessage() for record in caplog.records] == ["something else"]


@pytest.mark.parametrize("kind", ["none", "nf4", "int8"])
def test_a_rows_product_stays_its_own_where_no_column_is_set_apart(kind):
    model = network()

    quantise_linears(model, kind)

    assert not mixes_rows(model)


def test_8_bit_layers_that_set_columns_apart_let_neighbours_move_a_row():
    model = network()
    quantise_linears(model, "int8")
    for layer in (model[0], model[2]):
        layer.state.threshold = 6.0  # as transformers' own config has it

    assert mixes_rows(model)
