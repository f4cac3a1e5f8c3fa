"""The tap in every family: what it may change, what it must leave to the bit, and that it equals the whole matrix."""

import threading

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

from models.attention import Reads, Scaling, Tap, image_columns, prepare
from models.attention.registry import NAMES
from models.attention.rows import LARGEST_ALPHA, rescaled, spanned
from tests.models.attention_reference import Reference, Released, reference
from tests.models.tiny_vlms import FAMILIES, load_tiny
from worlds.errors import InputError

QUESTION = "where is the red cube in relation to the ball ? answer with left , right , on or under ."
CAUSAL = [family for family in FAMILIES if not family.startswith("paligemma")]
ALPHAS = (0.0, 0.3, 0.5, 1.5, 3.0)
BETWEEN = ("pixtral", "idefics3", "smolvlm")  # rows or tiles are told apart by tokens between them
_loaded = {}


@pytest.fixture
def vlm(checkpoints):
    def load(family, quantisation="none", dtype="float32"):
        key = (family, quantisation, dtype)
        if key not in _loaded:
            _loaded[key] = load_tiny(checkpoints / "vlms", family, quantisation, dtype).tool
        return _loaded[key]

    return load


def picture(width=160, height=120, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8))


def asked(vlm, *questions):
    questions = questions or (QUESTION,)
    return prepare(vlm, [[picture(seed=row)] for row in range(len(questions))], questions)


@torch.inference_mode()
def logits(vlm, inputs, *contexts):
    """Return the whole prompt's logits under a context, if one is given."""
    for context in contexts:
        with context:
            return vlm.model(**inputs).logits
    return vlm.model(**inputs).logits


def close(a, b, to=5e-6):
    """Whether two float32 results agree up to the rounding of another order of summing."""
    return bool((a - b).abs().max() <= to * max(1.0, float(b.abs().max())))


@pytest.mark.parametrize("family", FAMILIES)
def test_without_alpha_the_tapped_model_is_the_plain_one_to_the_bit(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))

    plain = logits(vlm(family), inputs)

    assert torch.equal(plain, logits(vlm(family), inputs, Tap(model, inputs)))
    assert torch.equal(plain, logits(vlm(family), inputs, Tap(model, inputs, Scaling(1.0))))
    assert torch.equal(plain, logits(vlm(family), inputs, Tap(model, inputs, reads=Reads())))  # reading changes nothing


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_one_row_recomputed_equals_the_whole_matrix_scaled(vlm, family, alpha):
    model, inputs = vlm(family).model, asked(vlm(family))

    columns = image_columns(model, inputs["input_ids"])

    for scaling, rule in ((Scaling(alpha), Released), (Scaling(alpha, columns="image"), Reference)):
        fast = logits(vlm(family), inputs, Tap(model, inputs, scaling))
        whole = logits(vlm(family), inputs, reference(model, columns, alpha, rule=rule))

        assert close(fast, whole)
        assert fast[:, -1].argmax() == whole[:, -1].argmax()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_released_rule_differs_from_image_tokens_alone_only_where_text_stands_between_them(vlm, family):
    model = vlm(family).model
    inputs = prepare(vlm(family), [[picture()]], [QUESTION])
    columns = image_columns(model, inputs["input_ids"])[0]
    first, last = columns.nonzero()[[0, -1], 0].tolist()
    has_text_between = not columns[first : last + 1].all()

    released = logits(vlm(family), inputs, Tap(model, inputs, Scaling(0.5)))[0, -1]
    alone = logits(vlm(family), inputs, Tap(model, inputs, Scaling(0.5, columns="image")))[0, -1]

    assert has_text_between == (family in BETWEEN)
    assert close(released, alone, to=1e-3) != has_text_between


def test_two_pictures_in_one_prompt_are_scaled_with_the_words_between_them(vlm):
    tool = vlm("llava")
    inputs = prepare(tool, [[picture(), picture(seed=1)]], [QUESTION], layout="{image} user : {question}")
    apart = inputs["input_ids"].clone()
    places = (apart[0] == tool.model.config.image_token_id).nonzero()[:, 0]
    apart[0] = torch.cat([apart[0, : places[16]], apart[0, places[-1] + 1 : places[-1] + 3], apart[0, places[16] : places[-1] + 1],
                          apart[0, places[-1] + 3 :]])  # two words of the question go between the pictures
    inputs["input_ids"] = apart
    columns = image_columns(tool.model, apart)

    fast = logits(tool, inputs, Tap(tool.model, inputs, Scaling(0.3)))

    assert spanned(columns).sum() == 34
    assert close(fast, logits(tool, inputs, reference(tool.model, columns, 0.3, rule=Released)))


def test_a_span_is_each_rows_own_and_empty_without_a_picture():
    columns = torch.tensor([[0, 1, 0, 0, 1, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0]]).bool()

    assert spanned(columns).int().tolist() == [[0, 1, 1, 1, 1, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_last_token_changes_unless_earlier_ones_see_it(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))

    def states(*contexts):
        with torch.inference_mode(), (contexts or (Tap(model, inputs),))[0]:
            return torch.stack(model.model(**inputs, output_hidden_states=True).hidden_states)

    before, after = states(), states(Tap(model, inputs, Scaling(0.3)))

    assert not torch.equal(before[:, :, -1], after[:, :, -1])
    assert torch.equal(before[:, :, :-1], after[:, :, :-1]) == (family in CAUSAL)


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_that_are_read_are_those_of_the_whole_matrix_and_sum_to_one(vlm, family):
    exact = vlm(family, dtype="float64")  # so that what the layers below round is not held against the row
    model, inputs = exact.model, asked(exact)
    columns = image_columns(model, inputs["input_ids"])

    for alpha in (1.0, 0.5):
        tap = Tap(model, inputs, Scaling(alpha), reads=Reads(by_head=True))
        logits(exact, inputs, tap)
        maps = tap.maps()
        with torch.inference_mode(), reference(model, columns, alpha, rule=Released) as whole:
            model(**inputs)

        for place, layer in enumerate(maps.layers):
            expected = whole.rows[layer][0][:, columns[0]].numpy()  # (heads, image tokens)
            assert np.abs(maps.image[0, 0, place] - expected).max() < 1e-6
        total = maps.image_mass + maps.text_mass + maps.first_mass
        assert np.abs(total - 1).max() < 1e-5
        assert np.abs(maps.image.sum(-1) - maps.image_mass).max() < 1e-5


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "gemma3"])
def test_maps_equal_the_librarys_own_attentions(vlm, family):
    exact = vlm(family, dtype="float64")  # so that what the layers below round is not held against the row
    model, inputs = exact.model, asked(exact)
    tap = Tap(model, inputs, reads=Reads(by_head=True))
    logits(exact, inputs, tap)

    model.set_attn_implementation("eager")
    with torch.inference_mode():
        attentions = model(**inputs, output_attentions=True).attentions
    model.set_attn_implementation("sdpa")

    columns = image_columns(model, inputs["input_ids"])[0]
    own = torch.stack([layer[0, :, -1, columns] for layer in attentions]).numpy()
    assert np.abs(tap.maps().image[0, 0] - own).max() < 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_of_a_padded_batch_are_independent_each_with_its_alpha(vlm, family):
    model = vlm(family).model
    questions = (QUESTION, "where is the ball ?")
    batch = asked(vlm(family), *questions)
    assert not batch["attention_mask"].all()

    together = logits(vlm(family), batch, Tap(model, batch, Scaling((0.5, 1.0))))[:, -1]
    plain = logits(vlm(family), batch)[:, -1]

    for row, (question, alpha) in enumerate(zip(questions, (0.5, 1.0))):
        alone = prepare(vlm(family), [[picture(seed=row)]], [question])
        single = logits(vlm(family), alone, Tap(model, alone, Scaling(alpha)))[:, -1]
        assert close(together[row], single[0], to=2e-5)
    assert torch.equal(together[1], plain[1])
    assert not close(together[0], plain[0], to=1e-3)


@pytest.mark.parametrize("family", ["llava", "gemma3", "paligemma2"])
def test_beams_multiply_the_rows(vlm, family):
    model, questions, alphas = vlm(family).model, (QUESTION, "where is the ball ?"), (0.3, 2.0)
    batch = asked(vlm(family), *questions)
    options = {"max_new_tokens": 3, "min_new_tokens": 3, "num_beams": 3, "do_sample": False}

    with Tap(model, batch, Scaling(alphas), reads=Reads()):
        together = model.generate(**batch, **options)[:, batch["input_ids"].shape[1] :]

    for row, (question, alpha) in enumerate(zip(questions, alphas)):
        alone = prepare(vlm(family), [[picture(seed=row)]], [question])
        with Tap(model, alone, Scaling(alpha)):
            single = model.generate(**alone, **options)[:, alone["input_ids"].shape[1] :]
        assert torch.equal(together[row], single[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_generating_scales_the_first_step_or_every_step(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))
    columns = image_columns(model, inputs["input_ids"])
    options = {"max_new_tokens": 4, "min_new_tokens": 4, "do_sample": False, "output_logits": True,
               "return_dict_in_generate": True}

    for every_step in (False, True):
        with Tap(model, inputs, Scaling(0.5, every_step=every_step)):
            fast = model.generate(**inputs, **options)
        with reference(model, columns, 0.5, every_step, rule=Released):
            whole = model.generate(**inputs, **options)

        assert torch.equal(fast.sequences, whole.sequences)
        assert close(torch.stack(fast.logits), torch.stack(whole.logits), to=2e-5)


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "paligemma2"])  # the library's own limit
def test_a_static_cache_gives_the_same(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))
    options = {"max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False, "output_logits": True,
               "return_dict_in_generate": True, "disable_compile": True}
    scaling = Scaling(0.5, every_step=True)

    with Tap(model, inputs, scaling):
        dynamic = model.generate(**inputs, **options)
    with Tap(model, inputs, scaling):
        static = model.generate(**inputs, **options, cache_implementation="static")

    assert close(torch.stack(static.logits), torch.stack(dynamic.logits), to=2e-5)


def test_without_the_cache_the_prompts_row_is_the_one_that_stays_scaled(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    options = {"max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False, "output_logits": True,
               "return_dict_in_generate": True}
    with Tap(model, inputs, Scaling(0.5)):
        cached = model.generate(**inputs, **options)

    ids, steps = inputs["input_ids"], []
    for _ in range(3):  # whole prompt and reply anew, as the released code would with its cache off
        grown = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
        steps.append(logits(vlm("llava"), grown, Tap(model, inputs, Scaling(0.5)))[:, -1])
        ids = torch.cat([ids, steps[-1].argmax(-1, keepdim=True)], dim=1)

    assert close(torch.stack(steps), torch.stack(cached.logits))


@pytest.mark.parametrize("family", ["llava", "gemma3", "internvl"])
def test_a_prompt_in_two_chunks_is_scaled_once_at_its_end(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))
    whole = logits(vlm(family), inputs, Tap(model, inputs, Scaling(0.5)))[:, -1]
    half = inputs["input_ids"].shape[1] - 3
    cut = {name: part if name == "pixel_values" else part[:, :half] for name, part in inputs.items()}

    with torch.inference_mode(), Tap(model, inputs, Scaling(0.5)):
        first = model(**cut, use_cache=True)
        second = model(input_ids=inputs["input_ids"][:, half:], cache=first.cache, use_cache=True)

    assert close(second.logits[:, -1], whole)


def test_no_layer_or_no_head_is_the_base_model_and_all_of_them_the_whole_method(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    plain, full = logits(vlm("llava"), inputs), logits(vlm("llava"), inputs, Tap(model, inputs, Scaling(0.5)))

    def scaled(**subset):
        return logits(vlm("llava"), inputs, Tap(model, inputs, Scaling(0.5, **subset)))

    assert torch.equal(scaled(layers=frozenset()), plain)
    assert torch.equal(scaled(heads=frozenset()), plain)
    assert torch.equal(scaled(layers=frozenset(range(4))), full)
    assert close(scaled(heads=frozenset(range(4))), full)
    assert not close(scaled(layers=frozenset([3])), full, to=1e-3)
    assert not close(scaled(heads=frozenset([3])), full, to=1e-3)


@pytest.mark.parametrize("layer", range(4))
def test_one_layer_changes_maps_from_itself_on_only(vlm, layer):
    model, inputs = vlm("llava").model, asked(vlm("llava"))

    def maps(scaling):
        tap = Tap(model, inputs, scaling, reads=Reads())
        logits(vlm("llava"), inputs, tap)
        return tap.maps().image[0, 0]  # (layers, 1, image tokens)

    before, after = maps(Scaling()), maps(Scaling(0.3, layers=frozenset([layer])))

    assert np.array_equal(before[:layer], after[:layer])
    assert all(not np.array_equal(before[later], after[later]) for later in range(layer, 4))


def test_a_head_that_is_not_chosen_keeps_its_row_in_the_layer_that_is_scaled(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))

    def maps(scaling):
        tap = Tap(model, inputs, scaling, reads=Reads(by_head=True))
        logits(vlm("llava"), inputs, tap)
        return tap.maps().image[0, 0, 0]  # (heads, image tokens) of the first layer

    before, after = maps(Scaling()), maps(Scaling(0.3, layers=frozenset([0]), heads=frozenset([1])))

    assert np.array_equal(before[[0, 2, 3]], after[[0, 2, 3]])
    assert not np.array_equal(before[1], after[1])


@pytest.mark.parametrize("family", ["llava", "gemma3", "internvl", "paligemma2"])
@pytest.mark.parametrize("alpha", [0.3, 2.0])
def test_shape_keeps_the_mass_and_mass_keeps_the_shape_in_the_first_scaled_layer(vlm, family, alpha):
    model, inputs = vlm(family).model, asked(vlm(family))

    def first(variant, alpha):
        tap = Tap(model, inputs, Scaling(alpha, variant), reads=Reads(by_head=True))
        logits(vlm(family), inputs, tap)
        layer = len(tap.maps().layers) - 1 if family == "gemma3" else 0  # where it has no window, and only there
        return tap.maps().image_mass[0, 0, layer], tap.maps().image[0, 0, layer]

    mass, image = first("multiply", 1.0)
    multiplied, _ = first("multiply", alpha)
    kept, reshaped = first("shape", alpha)
    moved, same = first("mass", alpha)

    assert np.abs(kept - mass).max() < 1e-6
    assert not np.allclose(reshaped, image, atol=1e-4)
    assert np.abs(moved - multiplied).max() < 1e-6
    assert np.allclose(same / moved[:, None], image / mass[:, None], atol=1e-6)


def test_shape_with_a_large_alpha_puts_the_whole_mass_on_one_token(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    tap = Tap(model, inputs, Scaling(1e4, "shape"), reads=Reads(by_head=True))

    logits(vlm("llava"), inputs, tap)

    maps = tap.maps()
    assert np.allclose(maps.image[0, 0, 0].max(-1), maps.image_mass[0, 0, 0], atol=1e-5)


def test_a_negative_logit_rises_when_alpha_is_below_one():
    row = torch.tensor([[[[-2.0, 1.0, 3.0, 0.0]]]])  # three image columns and a text one
    image = torch.tensor([[[[True, True, True, False]]]])

    half = rescaled(row, image, torch.tensor(0.5), "multiply").softmax(-1)
    double = rescaled(row, image, torch.tensor(2.0), "multiply").softmax(-1)

    assert torch.allclose(half, torch.tensor([-1.0, 0.5, 1.5, 0.0]).softmax(-1), atol=1e-6)
    assert torch.allclose(double, torch.tensor([-4.0, 2.0, 6.0, 0.0]).softmax(-1), atol=1e-6)


@pytest.mark.parametrize("variant", ["shape", "mass"])
def test_a_query_that_sees_no_image_token_keeps_its_logits(variant):
    row, nothing = torch.tensor([[[[-2.0, 1.0]]]]), torch.zeros(1, 1, 1, 2, dtype=torch.bool)

    assert torch.equal(rescaled(row, nothing, torch.tensor(0.5), variant), row)


def test_facts_of_a_row_are_those_worked_out_by_hand(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    columns = image_columns(model, inputs["input_ids"])[0]
    tap = Tap(model, inputs, reads=Reads(by_head=True))
    logits(vlm("llava"), inputs, tap)
    with torch.inference_mode(), reference(model, columns[None]) as whole:
        model(**inputs)

    row, maps = whole.rows[1][0, 2].numpy(), tap.maps()  # layer 1, head 2
    share = row[columns] / row[columns].sum()
    first = int((~columns).nonzero()[0])

    assert maps.image_mass[0, 0, 1, 2] == pytest.approx(row[columns].sum(), abs=1e-6)
    assert maps.first_mass[0, 0, 1, 2] == pytest.approx(row[first], abs=1e-6)
    assert maps.image_entropy[0, 0, 1, 2] == pytest.approx(-(share * np.log(share)).sum(), abs=1e-4)
    assert ((maps.positive_share >= 0) & (maps.positive_share <= 1)).all()


def test_chosen_queries_are_read_in_the_order_of_the_prompt(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        attentions = torch.stack(model(**inputs, output_attentions=True).attentions)[:, 0]  # (layers, heads, queries, keys)
    model.set_attn_implementation("sdpa")
    columns, last = image_columns(model, inputs["input_ids"])[0], inputs["input_ids"].shape[1] - 1

    tap = Tap(model, inputs, reads=Reads(queries=(-1, last - 5, 9), layers=frozenset([1, 3]), by_head=True))
    logits(vlm("llava"), inputs, tap)

    assert tap.maps().layers == (1, 3)
    expected = attentions[[1, 3]][:, :, [9, last - 5, last]][..., columns].permute(2, 0, 1, 3).numpy()
    assert np.abs(tap.maps().image[0] - expected).max() < 2e-6


def test_maps_hold_rows_and_not_matrices(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    tap = Tap(model, inputs, reads=Reads())

    logits(vlm("llava"), inputs, tap)

    assert tap.maps().image.shape == (1, 1, 4, 1, 16)  # rows, queries, layers, the mean over heads, image tokens
    assert tap.maps().image_mass.shape == (1, 1, 4, 4)


def test_image_columns_are_found_per_row_and_for_every_picture(vlm):
    tool = vlm("llava")
    two = prepare(tool, [[picture(), picture(seed=1)]], [QUESTION])
    batch = asked(tool, QUESTION, "where is the ball ?")

    assert image_columns(tool.model, two["input_ids"]).sum() == 32
    columns = image_columns(tool.model, batch["input_ids"])
    assert columns.sum(-1).tolist() == [16, 16]
    shift = int((batch["attention_mask"][1] == 0).sum())
    assert columns[1].int().argmax() == columns[0].int().argmax() + shift


def test_without_a_picture_alpha_changes_no_bit(vlm):
    tool = vlm("llava")
    inputs = prepare(tool, [[]], ["where is the ball ?"])

    assert torch.equal(logits(tool, inputs), logits(tool, inputs, Tap(tool.model, inputs, Scaling(0.3))))


@pytest.mark.parametrize("family", ["gemma3"])
def test_an_image_out_of_the_window_is_out_of_sight_while_generating(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))
    tap = Tap(model, inputs, reads=Reads())
    logits(vlm(family), inputs, tap)

    mass = tap.maps().image_mass[0, 0]  # (layers, heads)

    assert (mass[:5] == 0).all() and (mass[5] > 0).all()
    assert np.isnan(tap.maps().image_logit[0, 0, :5]).all()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", ["bfloat16"])
def test_half_precision_keeps_the_same_promises(vlm, family, dtype):
    tool = vlm(family, dtype=dtype)
    inputs = asked(tool)
    tap = Tap(tool.model, inputs, Scaling(0.5), reads=Reads())

    plain, scaled = logits(tool, inputs), logits(tool, inputs, tap)

    assert torch.equal(plain, logits(tool, inputs, Tap(tool.model, inputs, reads=Reads())))
    exact = asked(vlm(family))
    wanted = logits(vlm(family), exact, Tap(vlm(family).model, exact, Scaling(0.5)))[:, -1]
    assert (scaled[:, -1].float() - wanted).abs().max() < 0.1 * wanted.abs().max()
    maps = tap.maps()
    assert np.abs(maps.image_mass + maps.text_mass + maps.first_mass - 1).max() < 1e-2


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "gemma3"])
@pytest.mark.parametrize("quantisation", ["nf4", "int8"])
def test_quantised_models_are_tapped_as_they_are(vlm, family, quantisation):
    tool = vlm(family, quantisation)
    inputs = asked(tool)
    columns = image_columns(tool.model, inputs["input_ids"])

    assert torch.equal(logits(tool, inputs), logits(tool, inputs, Tap(tool.model, inputs, reads=Reads())))
    fast = logits(tool, inputs, Tap(tool.model, inputs, Scaling(0.5)))
    # packed layers round what enters them, so that a last bit's difference can grow
    assert close(fast, logits(tool, inputs, reference(tool.model, columns, 0.5)), to=2e-2)


def test_float16_does_not_overflow_at_a_huge_alpha(vlm):
    tool = vlm("llava", dtype="float16")
    inputs = asked(tool)

    assert logits(tool, inputs, Tap(tool.model, inputs, Scaling(1e6))).isfinite().all()


@pytest.mark.parametrize("family", ["llava", "paligemma2"])
def test_threads_on_one_model_do_not_see_each_others_taps(vlm, family):
    tool = vlm(family)
    inputs = asked(tool)
    alone = {alpha: logits(tool, inputs, Tap(tool.model, inputs, Scaling(alpha))) for alpha in (1.0, 0.3, 3.0)}
    found, start = {}, threading.Barrier(4)

    def run(name):
        start.wait()
        taps = [] if name == "plain" else [name]
        found[name] = [logits(tool, inputs, *(Tap(tool.model, inputs, Scaling(alpha)) for alpha in taps)) for _ in range(6)]

    threads = [threading.Thread(target=run, args=(name,)) for name in (*alone, "plain")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for alpha, expected in alone.items():
        assert all(torch.equal(result, expected) for result in found[alpha])
    assert all(torch.equal(result, alone[1.0]) for result in found["plain"])
    assert tool.model.config.get_text_config()._attn_implementation in NAMES


@pytest.mark.parametrize("family", FAMILIES)
def test_the_model_is_as_it_was_whatever_happens_inside(vlm, family):
    model, inputs = vlm(family).model, asked(vlm(family))
    before = [(id(module), module.config._attn_implementation) for module in model.modules() if hasattr(module, "config")]

    with pytest.raises(ZeroDivisionError), Tap(model, inputs, Scaling(0.5)), Tap(model, inputs):
        raise ZeroDivisionError

    assert before == [(id(module), module.config._attn_implementation) for module in model.modules() if hasattr(module, "config")]


def test_a_tap_of_one_model_leaves_another_alone(vlm):
    one, other = vlm("llava"), vlm("llava_next")
    inputs = asked(other)
    plain = logits(other, inputs)

    with Tap(one.model, asked(one), Scaling(0.1)):
        assert torch.equal(logits(other, inputs), plain)


def test_the_mask_function_is_registered_under_the_taps_names():
    assert all(name in ALL_MASK_ATTENTION_FUNCTIONS for name in NAMES.values())  # or masks would be None, silently


def test_a_model_that_reads_text_only_is_refused_in_one_sentence():
    config = LlamaConfig(vocab_size=16, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2)
    model = LlamaForCausalLM(config)

    with pytest.raises(InputError, match="LlamaForCausalLM reads text only"):
        Tap(model, {"input_ids": torch.ones(1, 3, dtype=torch.long)})


def test_padding_on_the_right_is_refused(vlm):
    inputs = asked(vlm("llava"))
    inputs["attention_mask"][0, -1] = 0

    with pytest.raises(ValueError, match="pad on the left"):
        Tap(vlm("llava").model, inputs, Scaling(0.5))


@pytest.mark.parametrize("alpha", [-0.1, float("nan"), float("inf"), 1.1 * LARGEST_ALPHA])
def test_alphas_that_are_no_numbers_from_0_on_are_refused(alpha):
    with pytest.raises(InputError, match="0 or more and at most 1e"):
        Scaling(alpha)


def test_an_alpha_below_every_number_of_single_precision_is_0(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))

    def at(alpha):
        return logits(vlm("llava"), inputs, Tap(model, inputs, Scaling(alpha)))

    assert torch.equal(at(1e-300), at(0.0)) and at(LARGEST_ALPHA).isfinite().all()


def test_as_many_alphas_as_rows_are_taken_and_one_more_is_not(vlm):
    inputs = asked(vlm("llava"))

    Tap(vlm("llava").model, inputs, Scaling((0.5,)))
    with pytest.raises(ValueError, match="2 alphas for 1 rows"):
        Tap(vlm("llava").model, inputs, Scaling((0.5, 1.0)))


@pytest.mark.parametrize(
    ("scaling", "reads", "message"),
    [
        (Scaling(layers=frozenset([4])), None, "no 4 among the layers. They are numbered 0 to 3"),
        (Scaling(heads=frozenset([0, -1])), None, "no -1 among the heads"),
        (None, Reads(layers=frozenset([9])), "no 9 among the layers"),
        (None, Reads(queries=(0, 5000)), "no 5000 among the queries"),
    ],
    ids=["layer", "head", "layer to read", "query"],
)
def test_what_is_chosen_must_exist(vlm, scaling, reads, message):
    with pytest.raises(InputError, match=message):
        Tap(vlm("llava").model, asked(vlm("llava")), scaling, reads=reads)


def test_an_alpha_of_1_is_the_base_model_in_every_variant(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))

    for variant in ("multiply", "shape", "mass"):
        assert torch.equal(logits(vlm("llava"), inputs, Tap(model, inputs, Scaling(1.0, variant))), logits(vlm("llava"), inputs))


def test_a_question_without_a_picture_keeps_its_bits_beside_one_that_has_one(vlm):
    tool = vlm("llava")
    batch = prepare(tool, [[picture()], []], [QUESTION, "where is the ball ?"])

    plain, scaled = logits(tool, batch), logits(tool, batch, Tap(tool.model, batch, Scaling(0.3)))

    assert torch.equal(plain[1], scaled[1])
    assert not close(plain[0, -1], scaled[0, -1], to=1e-3)


def test_maps_of_a_model_that_never_ran_are_an_error(vlm):
    with pytest.raises(RuntimeError, match="no row was read"):
        Tap(vlm("llava").model, asked(vlm("llava")), reads=Reads()).maps()


def test_an_attention_that_cannot_be_tapped_is_named(vlm):
    model, inputs = vlm("llava").model, asked(vlm("llava"))
    model.config.text_config._attn_implementation_internal = "flex_attention"
    try:
        with pytest.raises(InputError, match="flex_attention"), Tap(model, inputs):
            pass
    finally:
        model.config.text_config._attn_implementation_internal = "sdpa"
