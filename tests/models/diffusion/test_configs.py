"""Run configurations of the released code: read as they are meant, or refused with the field."""

import pytest

from models.diffusion.configs import RunConfig, read_config
from worlds.errors import InputError

SAMPLING = """
operator: {type: mha, name: hyena_y, config_filepath: configs/sequence_mixers/hyena_y.yaml}
sample_config:
  init_type: graft
  global_seed: 0
  dit_model_name: DiT-XL/2
  grafted_dit_ckpt_path: "None"
  image_size: 256
  graft_indexes: [1, 3, 5]
  graft_weights:
"""
STAGE_1 = """
operator: {type: mlp, name: mlp, config_filepath: configs/mlps/mlp_ratio_3.yaml}
train_config: {initial_learning_rate: 1e-4, epochs: 200, global_seed: 100}
train: {tar_dir: /data, tar_str_indexes: "None"}
"""
STAGE_2 = """
operator: {type: mha, name: swa_flash, config_filepath: None}
train_config:
  dit_ckpt_path: None
  graft_indexes: [0, 1]
  graft_weights: {1: results/block_1/best_val.pt, 0: None}
"""


def test_a_sampling_file_is_read_and_the_word_none_is_nothing():
    assert read_config(SAMPLING) == RunConfig("sampling", "hyena-y", (1, 3, 5), model="DiT-XL/2", image_size=256, seed=0)


def test_the_files_of_both_stages_are_told_apart():
    assert read_config(STAGE_1) == RunConfig("stage 1", "mlp-3", seed=100, learning_rate=1e-4)
    assert read_config(STAGE_2) == RunConfig("stage 2", "swa", (0, 1), ((1, "results/block_1/best_val.pt"),))


@pytest.mark.parametrize(("name", "kind", "operator"), [
    ("mha_timm", "mha", "mha"), ("swa", "mha", "swa"), ("hyena_se", "mha", "hyena-se"), ("hyena_x", "mha", "hyena-x"),
    ("mamba2", "mha", "mamba-2"), ("mlp_hyena_x", "mlp", "mlp-hyena-x")])
def test_an_operator_is_called_by_its_released_name(name, kind, operator):
    assert read_config(SAMPLING.replace("hyena_y,", f"{name},").replace("mha, name", f"{kind}, name")).operator == operator


@pytest.mark.parametrize(("old", "new", "told"), [
    pytest.param("name: hyena_y", "name: conv", r"'operator\.name' .* 'conv'", id="an unknown operator"),
    pytest.param("name: hyena_y", "name: None", r"'operator\.name' .* missing", id="no operator"),
    pytest.param("name: hyena_y", "name: [1]", r"'operator\.name' .* \[1\]", id="a list for a name"),
    pytest.param("name: hyena_y", "name: mlp", r"'operator\.config_filepath'", id="an MLP without ratio"),
    pytest.param("type: mha", "type: mlp", r"'operator\.type' .* takes the place of attention", id="attention for an MLP"),
    pytest.param("type: mha", "type: [mha]", r"'operator\.type'", id="a list for a type"),
    pytest.param("[1, 3, 5]", "[1, 1]", "graft_indexes.* once", id="a block twice"),
    pytest.param("[1, 3, 5]", "[-1]", "graft_indexes", id="a block below 0"),
    pytest.param("[1, 3, 5]", "[true]", "graft_indexes", id="a truth"),
    pytest.param("[1, 3, 5]", "[[1]]", "graft_indexes", id="a list of lists"),
    pytest.param("[1, 3, 5]", "all", "graft_indexes", id="a word"),
    pytest.param("graft_weights:", "graft_weights: x.pt", "graft_weights", id="one file for all"),
    pytest.param("256", "large", r"image_size.* 'large'", id="a word for a size"),
    pytest.param("global_seed: 0", "global_seed: -1", "global_seed", id="a seed below 0"),
    pytest.param("DiT-XL/2", "3", "dit_model_name", id="a number for a name"),
    pytest.param("sample_config:", "other:", "'train_config' .* missing", id="no section"),
    pytest.param("sample_config:", "sample_config: 3\nother:", "'sample_config' .* 3", id="a number for a section"),
    pytest.param("image_size", "1", "'sample_config'", id="a number for a key"),
    pytest.param(SAMPLING, "", "The configuration is missing", id="nothing"),
    pytest.param(SAMPLING, "[1]", r"The configuration is \[1\]", id="a list"),
    pytest.param(SAMPLING, "a: [", "not YAML", id="no YAML"),
    pytest.param(SAMPLING, "a: \x00", "cannot be read", id="a zero byte"),
    pytest.param(SAMPLING, "a: 2026-99-99", "cannot be read", id="no date"),
    pytest.param(SAMPLING, "? {a: 1}\n: 2", "not YAML", id="a mapping for a key"),
    pytest.param(SAMPLING, "a: !!python/object/apply:os.system [ls]", "not YAML", id="code"),
    pytest.param(SAMPLING, "a: &a [x]\nb: [*a, *a]", "refers to itself in line 2", id="references"),
    pytest.param(SAMPLING, "[" * 5_000, "nested too deeply", id="deep"),
    pytest.param(SAMPLING, "a" * 100_001, "100,001 characters", id="long"),
    pytest.param(SAMPLING, "a: " + "9" * 5_000, "cannot be read", id="a long number"),
    pytest.param(SAMPLING, "a: 1" + ":1" * 4_000 + ".5", "cannot be read", id="a fraction of very many sixtieths"),
    pytest.param("global_seed: 0", "global_seed: 0x" + "f" * 5_000, "global_seed.* very many digits", id="a long hexadecimal"),
])
def test_what_is_wrong_is_one_sentence_with_the_field(old, new, told):
    with pytest.raises(InputError, match=told) as caught:
        read_config(SAMPLING.replace(old, new))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("rate", ["fast", "-1", ".nan", ".inf", "true", "[1]", "0"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(InputError, match="initial_learning_rate"):
        read_config(STAGE_1.replace("1e-4", rate))
