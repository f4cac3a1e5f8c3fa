"""mergekit's recipes: what is read is what was meant, what is written says the same, and nothing is passed over in silence."""

import pytest
import yaml

from backends.merging.mergekit_yaml import METHODS, NOT_OFFERED, read_yaml, write_yaml
from backends.merging.mix import EMBEDDING, HEAD, LAST_NORM, WITH_BASE, Filtered, Mix, by_part, takes_part, value_at
from worlds.errors import InputError

EXAMPLE = """
merge_method: task_arithmetic
base_model: some-org/base-1b
models:
  - model: ./vlm_lm_extracted
    parameters: {weight: 0.9}
  - model: some-org/base-1b-math
    parameters:
      weight:
        - {filter: mlp, value: [0.0, 0.1, 0.2]}   # rises with depth
        - {value: 0.1}
parameters: {normalize: false, lambda: 1.0}
dtype: bfloat16
tokenizer_source: base
"""
LAYERS = 4
NAMES = (EMBEDDING, HEAD, LAST_NORM, *(f"model.layers.{layer}.{part}.weight" for layer in range(LAYERS) for part in (
    "self_attn.q_proj", "self_attn.q_norm", "mlp.up_proj", "input_layernorm")))


def recipe(method="linear", *, vlm="weight: 0.9", reason="weight: 0.1", shared="", more="", base="base_model: b"):
    return (f"merge_method: {method}\n{base if method in WITH_BASE else ''}\nmodels:\n"
            f"  - model: v\n    parameters: {{{vlm}}}\n  - model: r\n    parameters: {{{reason}}}\n"
            f"parameters: {{{shared}}}\n{more}\n")


def meant(mix):
    """What a merge gives every tensor: weights, scale and densities, those that leave the VLM's where it takes no part."""
    return {name: (*mix.weights(name, LAYERS), value_at(mix.scale, name, LAYERS), *mix.densities(name, LAYERS))
            if takes_part(mix, name, LAYERS) else None for name in NAMES}


def test_the_example_of_the_documents_is_read():
    found = read_yaml(EXAMPLE)

    assert (found.vlm, found.reason, found.base) == ("./vlm_lm_extracted", "some-org/base-1b-math", "some-org/base-1b")
    assert found.mix == Mix("task_arithmetic", vlm=0.9, reason=(Filtered("mlp", (0.0, 0.1, 0.2)), Filtered("", 0.1)), embeddings="in")
    assert value_at(found.mix.reason, "model.layers.2.mlp.up_proj.weight", 5) == pytest.approx(0.1)
    assert [note.split(" does nothing")[0] for note in found.notes[:2]] == ["'dtype'", "'tokenizer_source'"]


def test_which_of_the_two_is_the_vlm_can_be_said():
    found = read_yaml(recipe(), vlm="r")

    assert (found.vlm, found.reason) == ("r", "v")
    assert found.mix.weights(LAST_NORM, 2) == pytest.approx((0.1, 0.9))


@pytest.mark.parametrize(("method", "normalizes"), [("linear", True), ("task_arithmetic", False), ("ties", True),
                                                    ("dare_linear", False), ("dare_ties", False)])
def test_what_is_not_said_is_as_mergekit_has_it(method, normalizes):
    mix = read_yaml(recipe(method)).mix

    assert mix.is_normalized == normalizes
    assert (mix.scale, mix.density) == (1.0, 1.0)
    assert mix.rescale == ("l1" if method.startswith("dare") else "density")
    assert read_yaml(recipe(method, shared=f"normalize: {str(not normalizes).lower()}")).mix.is_normalized != normalizes


def test_dare_without_rescale_and_densities_of_each_model():
    mix = read_yaml(recipe("dare_linear", vlm="weight: 1e-1, density: 0.5", reason="weight: 1, density: [0.2, 0.4]",
                           shared="rescale: false, lambda: 1.5")).mix

    assert mix == Mix("dare_linear", vlm=0.1, reason=1.0, scale=1.5, density=0.5, reason_density=(0.2, 0.4), rescale="none",
                      embeddings="in")


@pytest.mark.parametrize(("base", "share"), [("v", (0.9, 0.5)), ("r", (0.1, 0.5))])
def test_t_of_slerp_counts_from_its_base_model(base, share):
    found = read_yaml(f"merge_method: slerp\nbase_model: {base}\nmodels: [{{model: v}}, {{model: r}}]\nparameters: {{t: [0.1, 0.5]}}")

    assert (found.vlm, found.reason, found.base) == ("v", "r", "")
    assert found.mix == Mix("slerp", vlm=share, embeddings="in")


def test_a_slice_is_a_range_of_layers():
    found = read_yaml("""
merge_method: linear
slices:
  - sources:
      - {model: v, layer_range: [0, 3], parameters: {weight: 0.6}}
      - {model: r, layer_range: [0, 3], parameters: {weight: 0.4}}
""")

    assert found.mix == Mix(vlm=0.6, layers=(0, 3), embeddings="in")
    assert any("here the VLM keeps its others" in note for note in found.notes)


@pytest.mark.parametrize(("more", "shared", "told"), [
    ("tokeniser_source: base", "", "'tokeniser_source' is no key of mergekit and does nothing. The nearest is 'tokenizer_source'."),
    ("", "lamda: 2.0", "'parameters.lamda' is no key of mergekit and does nothing. The nearest is 'parameters.lambda'."),
    ("", "gamma: 0.1", "'parameters.gamma' belongs to a method that is not offered here, and does nothing."),
    ("tokenizer: {sources: union}", "",
     "'tokenizer.sources' is no key of mergekit and does nothing. The nearest is 'tokenizer.source'."),
    ("chat_template: auto", "", "'chat_template' does nothing here: the result has the VLM's."),
])
def test_what_does_nothing_is_said_with_the_nearest_known_key(more, shared, told):
    assert told in read_yaml(recipe(more=more, shared=shared)).notes


@pytest.mark.parametrize("method", NOT_OFFERED)
def test_methods_that_are_not_offered_are_said_by_name(method):
    with pytest.raises(InputError, match=f"mergekit's method '{method}' is not offered here. Offered are {', '.join(METHODS)}"):
        read_yaml(recipe(method))


@pytest.mark.parametrize(("text", "told"), [
    pytest.param(recipe("tiess"), "Did you mean 'ties'", id="a misspelt method"),
    pytest.param("models: []", "merge_method is 'None'", id="no method"),
    pytest.param("[1, 2]", r"The recipe is \[1, 2\]", id="a list"),
    pytest.param("merge_method: linear", "has none of models, slices and modules", id="no models"),
    pytest.param(recipe(more="slices: []"), "has models and slices of", id="two of three"),
    pytest.param("merge_method: linear\nmodules: {a: 1}", "'modules' builds", id="modules"),
    pytest.param(recipe("ties", base=""), "ties needs a base_model", id="no base"),
    pytest.param(recipe(vlm=""), "'weight' is missing", id="no weight"),
    pytest.param(recipe(vlm="weight: heavy"), "'weight' is 'heavy'. It must be a number", id="a word"),
    pytest.param(recipe(vlm="weight: .nan"), "'weight' is nan", id="no number"),
    pytest.param(recipe(vlm="weight: []"), r"'weight' is \[\]", id="an empty gradient"),
    pytest.param(recipe(vlm="weight: [{filter: mlp, value: 1}]"), "Every entry of 'weight' has a filter", id="nothing for the rest"),
    pytest.param(recipe(vlm="weight: [{filters: mlp, value: 1}]"), "An entry of 'weight'", id="a misspelt filter"),
    pytest.param(recipe("ties", vlm="weight: 1, density: 2"), "In the recipe a density is 2.0", id="a density above 1"),
    pytest.param(recipe("ties", shared="rescale: true"), "'rescale' of ties is not offered", id="rescaled ties"),
    pytest.param(recipe(shared="normalize: 1"), "'normalize' is 1. It must be true or false", id="a truth that is a number"),
    pytest.param("merge_method: linear\nmodels: [{model: v, parameters: {weight: 1}}]", "merges 1 models: 'v'", id="one model"),
    pytest.param("a: &x [1]\nb: *x", "refers to itself in line 2", id="a reference"),
    pytest.param("a: [", r"is not YAML \(line 1\)", id="no YAML"),
    pytest.param("a: " + "[" * 40 + "]" * 40, "nested too deeply. At most 12", id="deep"),
])
def test_a_recipe_that_cannot_be_followed_is_one_sentence(text, told):
    with pytest.raises(InputError, match=told):
        read_yaml(text)


MIXES = {
    "the default": Mix(), "no parts": Mix(vlm=0.4, parts=()), "a gradient": Mix(vlm=(0.9, 0.5, 0.7)),
    "by part": Mix(vlm=by_part(attention=0.9, mlp=(0.5, 0.7), norm=1.0)), "a range": Mix(vlm=(0.2, 0.8), layers=(1, 3)),
    "only mlp": Mix(vlm=0.4, parts=("mlp",)), "mlp and norm": Mix(vlm=0.4, parts=("mlp", "norm"), layers=(0, 2)),
    "with embeddings": Mix(vlm=0.3, embeddings="in"),
    "with embeddings, a range": Mix(vlm=(0.3, 0.9), embeddings="in", layers=(2, 4)),
    "a range up to the end": Mix(vlm=by_part(attention=(0.3, 0.9), mlp=0.6, norm=(0.2, 0.7)), layers=(1, 4)),
    "slerp": Mix("slerp", vlm=(0.8, 0.3), layers=(2, 4)),
    "sums": Mix("task_arithmetic", vlm=1.0, reason=0.7, scale=(0.5, 1.5), parts=("attention",)),
    "ties": Mix("ties", vlm=1.0, reason=1.0, density=0.2, scale=1.5, layers=(1, 4)),
    "ties of the sum": Mix("ties", vlm=1.0, reason=1.0, density=0.2, normalize=False),
    "dare": Mix("dare_linear", vlm=1.0, reason=0.8, density=0.5, reason_density=(0.2, 0.9), rescale="none", embeddings="in"),
    "dare with signs": Mix("dare_ties", vlm=0.6, density=0.5, rescale="l1", parts=("attention", "mlp")),
}


@pytest.mark.parametrize("name", MIXES)
def test_what_is_written_is_read_as_the_same_merge(name):
    mix = MIXES[name]

    text, _ = write_yaml(mix, vlm="v", reason="r", base="b", num_layers=LAYERS)
    found = read_yaml(text)

    assert (found.vlm, found.reason, found.base) == ("v", "r", "b" if mix.needs_base else "")
    assert (found.mix.method, found.mix.is_normalized, found.mix.rescale) == (mix.method, mix.is_normalized, mix.rescale)
    for tensor, due in meant(mix).items():
        weights, scale, density = (found.mix.weights(tensor, LAYERS), value_at(found.mix.scale, tensor, LAYERS),
                                   found.mix.densities(tensor, LAYERS))
        if due is not None:
            assert takes_part(found.mix, tensor, LAYERS) and (*weights, scale, *density) == pytest.approx(due), tensor
        elif takes_part(found.mix, tensor, LAYERS):  # the VLM's in other words
            assert (*weights, scale, density[0]) == pytest.approx((1, 0, 1, 1)), tensor


def test_a_merge_that_keeps_the_embeddings_says_so_to_mergekit():
    body = yaml.safe_load(write_yaml(Mix(), vlm="v", reason="r", num_layers=LAYERS)[0])

    assert [model["parameters"]["weight"] for model in body["models"]] == [
        [{"filter": "embed_tokens", "value": stays}, {"filter": "lm_head", "value": stays}, {"value": own}]
        for stays, own in ((1.0, 0.9), (0.0, 0.1))]


def test_what_mergekit_does_differently_is_noted_and_what_it_cannot_say_is_refused():
    _, notes = write_yaml(Mix("dare_ties", density=0.5), vlm="v", reason="r", base="b", num_layers=LAYERS)
    assert ["draws what DARE drops by itself" in notes[0], "restores the sum of sizes" in notes[1]] == [True, True]

    assert "the arc for tensors of one axis, too" in write_yaml(Mix("slerp"), vlm="v", reason="r", num_layers=LAYERS)[1][0]

    for mix, told in ((Mix("ties", signs="official"), "elects signs from the weighted sum alone"),
                      (Mix(embeddings="common rows"), "rows that two embeddings have in common")):
        with pytest.raises(InputError, match=told):
            write_yaml(mix, vlm="v", reason="r", base="b", num_layers=LAYERS)
    with pytest.raises(InputError, match="needs the name of the base"):
        write_yaml(Mix("ties"), vlm="v", reason="r", num_layers=LAYERS)
