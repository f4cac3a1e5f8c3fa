"""The merge of one tensor: identities of every method, worked numbers of TIES and DARE, and what stays the VLM's."""

import math

import pytest
import torch

from backends.merging.methods import PIECE, added, drawn, largest, linear, merged, merged_model, rescaling, slerp
from backends.merging.mix import (
    EMBEDDING,
    HEAD,
    LAST_NORM,
    METHOD_NAMES,
    WITH_BASE,
    Filtered,
    Mix,
    by_part,
    idle,
    takes_part,
    value_at,
)
from worlds.errors import InputError

NAME = "model.layers.0.mlp.up_proj.weight"
ALL = tuple(METHOD_NAMES)
BITS = {torch.float32: torch.int32, torch.float16: torch.int16, torch.bfloat16: torch.int16}


def tensors(shape=(40, 30), dtype=torch.float32, seed=0):
    """VLM, reasoning model and base."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(shape, generator=generator)
    return tuple((base + step * torch.randn(shape, generator=generator)).to(dtype) for step in (0.1, 0.2, 0.0))


def mixed(mix, *, name=NAME, num_layers=4, shape=(40, 30), dtype=torch.float32):
    return merged(name, *tensors(shape, dtype), mix=mix, num_layers=num_layers)


@pytest.mark.parametrize("dtype", BITS, ids=str)
def test_linear_with_all_weight_on_the_vlm_is_the_vlm_bit_for_bit_negative_zeros_too(dtype):
    vlm, reason, _ = tensors(dtype=dtype)
    vlm[0, :5], reason[0, :5] = -0.0, 1.0

    whole = merged(NAME, vlm, reason, mix=Mix(vlm=1.0), num_layers=4)
    none = merged(NAME, vlm, reason, mix=Mix(vlm=0.0), num_layers=4)

    assert torch.equal(whole.view(BITS[dtype]), vlm.view(BITS[dtype]))
    assert torch.equal(none, reason)


def test_linear_is_the_base_with_both_task_vectors_whatever_the_base_is():
    vlm, reason, base = tensors()
    other = base + 1

    result = merged(NAME, vlm, reason, mix=Mix(vlm=0.7), num_layers=4)

    for root in (base, other):
        due = root.double() + 0.7 * (vlm.double() - root.double()) + 0.3 * (reason.double() - root.double())
        assert torch.allclose(result.double(), due, rtol=1e-6, atol=1e-7)
    assert torch.allclose(result, mixed(Mix("task_arithmetic", vlm=0.7)), rtol=1e-5, atol=1e-6)


def test_numbers_of_half_precision_are_added_in_single_precision_and_rounded_once():
    vlm, reason, _ = tensors(dtype=torch.bfloat16)

    result = merged(NAME, vlm, reason, mix=Mix(vlm=0.7), num_layers=4)

    assert torch.equal(result, (vlm.float() * 0.7 + reason.float() * (1 - 0.7)).bfloat16())


def test_weights_of_linear_are_divided_by_their_sum_unless_they_are_not():
    vlm, reason, _ = tensors()

    assert torch.allclose(mixed(Mix(vlm=3.0, reason=1.0)), 0.75 * vlm + 0.25 * reason, atol=1e-6)
    assert torch.allclose(mixed(Mix(vlm=3.0, reason=1.0, normalize=False)), 3 * vlm + reason, atol=1e-6)
    with pytest.raises(InputError, match="add up to 0"):
        mixed(Mix(vlm=1.0, reason=-1.0))


def test_ties_that_keeps_all_of_one_model_with_weight_1_is_that_model():
    vlm, _, base = tensors()

    result = added(base, [vlm], weights=[1.0], signs="weighted", normalize=True)

    assert torch.allclose(result, vlm, atol=1e-6)


@pytest.mark.parametrize(("dense", "plain"), [("dare_linear", "task_arithmetic"), ("dare_ties", "ties")])
@pytest.mark.parametrize("rescale", ["density", "l1", "none"])
def test_dare_that_drops_nothing_is_the_method_without_it(dense, plain, rescale):
    assert torch.equal(mixed(Mix(dense, vlm=0.7, rescale=rescale)), mixed(Mix(plain, vlm=0.7)))


def test_slerp_has_both_models_at_its_ends_and_keeps_the_length_between():
    vlm, reason, _ = tensors()
    turned = torch.roll(vlm, 7, dims=0)  # as long as the VLM's

    assert torch.equal(mixed(Mix("slerp", vlm=1.0)), vlm)
    assert torch.equal(mixed(Mix("slerp", vlm=0.0)), reason)
    assert float(slerp(vlm, turned, share=0.4).norm()) == pytest.approx(float(vlm.norm()), rel=1e-5)
    assert float(linear(vlm, turned, weights=(0.4, 0.6)).norm()) < 0.9 * float(vlm.norm())


def test_slerp_of_two_unit_vectors_at_right_angles_is_a_point_of_the_circle():
    result = slerp(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), share=2 / 3)

    assert result.tolist()[0] == pytest.approx([math.cos(math.pi / 6), math.sin(math.pi / 6)])


@pytest.mark.parametrize(("one", "other"), [
    pytest.param([1.0, 0.0], [0.0, 1.0], id="one axis"),
    pytest.param([[1.0, 0.0]], [[1.0, 0.01]], id="nearly parallel"),
    pytest.param([[1.0, 0.0]], [[0.0, 0.0]], id="nothing"),
])
def test_slerp_is_linear_where_an_arc_means_nothing(one, other):
    result = slerp(torch.tensor(one), torch.tensor(other), share=0.25)

    assert torch.allclose(result, 0.25 * torch.tensor(one) + 0.75 * torch.tensor(other))


VECTORS = (torch.tensor([4.0, -1.0, 2.0, 0.0]), torch.tensor([-1.0, -3.0, 1.0, 5.0]))


@pytest.mark.parametrize(("weights", "signs", "normalize", "due"), [
    # elected from 8 - 1 = 7, -2 - 3 = -5, 4 + 1 = 5, 0 + 5: entries that agree over the weights that agree
    pytest.param((2.0, 1.0), "weighted", True, [8 / 2, -5 / 3, 5 / 3, 5 / 1], id="weighted"),
    pytest.param((2.0, 1.0), "weighted", False, [8.0, -5.0, 5.0, 5.0], id="not divided"),
    # 4 - 6 = -2: the second is elected, which the plain sum 4 - 1 = 3 does not do
    pytest.param((1.0, 6.0), "weighted", False, [-6.0, -19.0, 8.0, 30.0], id="the heavier one is elected"),
    pytest.param((1.0, 6.0), "official", True, [4 / 1, -19 / 2, 8 / 2, 30 / 1], id="official: plain sum, count"),
    pytest.param((1.6, 0.2), "official", False, [1.6 * 4, (-1.6 - 0.6) / 2, (3.2 + 0.2) / 2, 1.0], id="1.6 alone, 0.8 together"),
])
def test_signs_are_elected_and_what_agrees_is_divided(weights, signs, normalize, due):
    base = torch.ones(4)

    result = added(base, [base + vector for vector in VECTORS], weights=weights, signs=signs, normalize=normalize)

    assert (result - 1).tolist() == pytest.approx(due, rel=1e-5)


def test_a_sum_of_nothing_elects_plus():
    for signs in ("weighted", "official"):
        result = added(torch.zeros(1), [torch.tensor([2.0]), torch.tensor([-2.0])], weights=(1.0, 1.0), signs=signs, normalize=True)

        assert result.tolist() == [2.0]


def test_the_scale_multiplies_the_mixed_vector_alone():
    vlm, reason, base = tensors()

    result = mixed(Mix("task_arithmetic", vlm=0.5, reason=1.0, scale=2.0))

    assert torch.allclose(result, base + 2 * (0.5 * (vlm - base) + (reason - base)), atol=1e-5)


def test_ties_keeps_the_largest_entries_and_at_least_one():
    vector = torch.tensor([0.1, -4.0, 3.0, 0.2, -0.3])

    assert largest(vector, torch.zeros(5), 0.4).tolist() == [False, True, True, False, False]
    assert largest(vector, torch.zeros(5), 0.01).tolist() == [False, True, False, False, False]
    assert not largest(vector, torch.zeros(5), 0.0).any()
    assert largest(vector, torch.zeros(5), 1.0) is None


def test_of_equal_sizes_ties_keeps_the_first_and_as_many_as_asked():
    vector = torch.tensor([1.0, -2.0, 2.0, -2.0, 2.0, 1.0])

    assert largest(vector, torch.zeros(6), 0.5).nonzero()[:, 0].tolist() == [1, 2, 3]


def test_dare_keeps_the_expected_vector_with_1_over_density_and_density_times_it_without():
    vlm, _, base = tensors((12, 10))
    vector, density, seeds = (vlm - base).double(), 0.3, 200

    for rescale, share in (("density", 1.0), ("none", density)):
        runs = []
        for seed in range(seeds):
            mask = drawn(vlm.shape, density, seed=seed, name=NAME)
            factor = rescaling(vlm, base, mask, density, rescale)
            runs.append((added(base, [vlm], weights=[1.0], masks=[mask], factors=[factor]) - base).double())
        mean, error = torch.stack(runs).mean(0), torch.stack(runs).std(0) / math.sqrt(seeds)

        off = ((mean - share * vector).abs() / error.clamp(min=1e-12)).flatten()
        assert float((off < 3).double().mean()) > 0.97  # of 120 entries: 3 standard errors hold 99.7 %
        assert abs(float(((mean - share * vector) * vector).sum() / (vector * vector).sum())) < 0.1


def test_the_other_rescale_restores_the_sum_of_sizes():
    vlm, _, base = tensors()
    mask = drawn(vlm.shape, 0.3, seed=0, name=NAME)
    factor = rescaling(vlm, base, mask, 0.3, "l1")

    kept = added(base, [vlm], weights=[1.0], masks=[mask], factors=[factor]) - base

    assert float(kept.abs().sum()) == pytest.approx(float((vlm - base).abs().sum()), rel=1e-4)
    assert rescaling(vlm, base, torch.zeros_like(mask), 0.3, "l1") == 1.0  # nothing was kept: nothing to restore


def test_what_is_dropped_follows_from_seed_and_name_alone():
    first = drawn((50, 40), 0.3, seed=1, name="a")

    assert torch.equal(first, drawn((50, 40), 0.3, seed=1, name="a"))
    assert not torch.equal(first, drawn((50, 40), 0.3, seed=2, name="a"))
    assert not torch.equal(first, drawn((50, 40), 0.3, seed=1, name="b"))
    torch.manual_seed(5)
    before = torch.get_rng_state()
    drawn((5,), 0.5, seed=1, name="a")
    assert torch.equal(before, torch.get_rng_state())


def test_both_task_vectors_lose_entries_of_their_own():
    mix = Mix("dare_linear", vlm=1.0, reason=0.0, density=0.5, rescale="none")
    vlm_only, reason_only = (mixed(Mix("dare_linear", vlm=v, reason=1 - v, density=0.5, rescale="none")) for v in (1.0, 0.0))
    _, _, base = tensors()

    assert torch.equal(vlm_only, mixed(mix))
    assert ((vlm_only == base) != (reason_only == base)).any()


@pytest.mark.parametrize("method", ALL)
def test_a_tensor_longer_than_a_piece_is_merged_as_in_one(method, monkeypatch):
    mix = Mix(method, vlm=0.7, density=0.4, rescale="l1", scale=1.5 if method in WITH_BASE else 1.0)
    whole = mixed(mix)
    assert PIECE > 1200

    monkeypatch.setattr("backends.merging.methods.PIECE", 128)

    pieced = mixed(mix)
    if method.startswith("dare"):  # draws in pieces: another stretch of the same numbers
        assert pieced.shape == whole.shape
    else:
        assert torch.allclose(pieced, whole, atol=1e-6)


@pytest.mark.parametrize("method", ALL)
def test_the_number_of_threads_changes_no_bit(method):
    mix, before, found = Mix(method, vlm=0.7, density=0.4, rescale="l1"), torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(mixed(mix, shape=(1100, 1000)))
    finally:
        torch.set_num_threads(before)

    assert torch.equal(*found)


@pytest.mark.parametrize("method", ALL)
def test_embedding_and_head_stay_the_vlms_unless_they_are_asked_in(method):
    vlm, _, _ = tensors()

    for name in (EMBEDDING, HEAD):
        assert torch.equal(mixed(Mix(method, vlm=0.5), name=name), vlm)
        assert not torch.equal(mixed(Mix(method, vlm=0.5, embeddings="in"), name=name), vlm)


def test_common_rows_are_merged_and_the_vlms_others_stay():
    vlm, reason = torch.randn(6, 3), torch.randn(4, 3)

    result = merged(EMBEDDING, vlm, reason, mix=Mix(vlm=0.5, embeddings="common rows"), num_layers=2)

    assert torch.allclose(result[:4], (vlm[:4] + reason) / 2)
    assert torch.equal(result[4:], vlm[4:])


def test_other_shapes_are_refused_with_both():
    with pytest.raises(InputError, match=r"model\.layers\.0\.mlp\.up_proj\.weight has the shape \(4, 3\) in the VLM and \(5, 3\)"):
        merged(NAME, torch.zeros(4, 3), torch.zeros(5, 3), mix=Mix(), num_layers=2)


def test_a_number_that_overflows_half_precision_is_refused():
    vlm, reason, base = (torch.full((2, 2), value, dtype=torch.float16) for value in (60000.0, 60000.0, 0.0))

    with pytest.raises(InputError, match="overflows float16"):
        merged(NAME, vlm, reason, base, mix=Mix("task_arithmetic", vlm=1.0, reason=1.0), num_layers=2)


def test_task_vectors_without_a_base_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="there is none"):
        merged(NAME, torch.zeros(2), torch.zeros(2), mix=Mix("ties"), num_layers=2)


def test_a_gradient_is_drawn_straight_from_the_first_layer_to_the_last():
    layers = [value_at((0.0, 1.0, 0.5), f"model.layers.{layer}.mlp.up_proj.weight", 5) for layer in range(5)]

    assert layers == pytest.approx([0.0, 0.5, 1.0, 0.75, 0.5])
    for name in (EMBEDDING, LAST_NORM, HEAD):  # in no layer: the first value, as mergekit has it
        assert value_at((0.25, 1.0, 0.5), name, 5) == 0.25
    assert value_at((0.2, 0.8), "model.layers.0.mlp.up_proj.weight", 1) == 0.8


def test_the_first_filter_that_fits_counts():
    value = (Filtered("mlp", (0.0, 1.0)), Filtered("up_proj", 5.0), Filtered("", 0.3))

    assert value_at(value, "model.layers.3.mlp.up_proj.weight", 4) == 1.0
    assert value_at(value, "model.layers.3.self_attn.q_proj.weight", 4) == 0.3
    assert value_at((Filtered("mlp", 1.0),), LAST_NORM, 4) == 0.0


def test_every_kind_of_module_can_have_its_own_weight():
    value = by_part(attention=0.1, mlp=0.2, norm=0.3)
    names = {"self_attn.q_proj": 0.1, "mlp.down_proj": 0.2, "input_layernorm": 0.3, "post_attention_layernorm": 0.3,
             "self_attn.q_norm": 0.3}

    assert {name: value_at(value, f"model.layers.1.{name}.weight", 4) for name in names} == names


@pytest.mark.parametrize(("mix", "merging"), [
    (Mix(layers=(1, 3)), {1, 2}), (Mix(layers=(2, 4)), {2, 3, "norm"}), (Mix(layers=(0, 4)), {0, 1, 2, 3, "norm"}),
    (Mix(layers=(2, 9)), {2, 3, "norm"}), (Mix(parts=("norm",)), {"norm"}),
])
def test_outside_of_the_layers_and_parts_everything_stays(mix, merging):
    names = {layer: f"model.layers.{layer}.self_attn.q_proj.weight" for layer in range(4)} | {"norm": LAST_NORM}

    assert {key for key, name in names.items() if takes_part(mix, name, 4)} == merging


def test_a_density_or_range_that_is_none_is_refused():
    for options in ({"density": 1.2}, {"density": (0.5, -0.1)}, {"reason_density": 2.0}, {"layers": (3, 3)}, {"layers": (-1, 2)}):
        with pytest.raises(ValueError, match=r"0 to 1|the first must be 0 or more"):
            Mix(**options)


def test_settings_that_a_method_does_not_know_are_named():
    assert idle(Mix(scale=2.0, density=0.5, seed=3)) == ("scale", "density", "seed")
    assert idle(Mix("ties", density=0.5, scale=2.0, rescale="l1")) == ("rescale",)
    assert idle(Mix("dare_ties", density=0.5, signs="official", rescale="l1", seed=1, normalize=False)) == ()


def test_a_tied_head_stays_tied_to_its_embedding():
    names = ("model.layers.0.mlp.up_proj.weight", "model.norm.weight", EMBEDDING)
    vlm, reason = ({name: torch.randn(4, 4) for name in names} for _ in range(2))
    vlm[HEAD] = vlm[EMBEDDING]

    result = merged_model(vlm, reason, mix=Mix(vlm=0.5, embeddings="in"))

    assert result[HEAD] is result[EMBEDDING]
    assert torch.allclose(result[HEAD], (vlm[EMBEDDING] + reason[EMBEDDING]) / 2)
