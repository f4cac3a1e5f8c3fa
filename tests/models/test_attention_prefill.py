"""The second pass from the shared cache, and the one call on top of it, in every family."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from models.attention import Prefill, Reads, Scaling, Tap, ask, ask_all, prepare, unknown_words
from models.attention import prefill as prefill_module
from models.attention.families import as_rgb, sees_ahead
from models.language import as_language_model
from tests.models.tiny_vlms import FAMILIES, MORE_FAMILIES, load_tiny
from worlds.errors import InputError

QUESTION = "where is the red cube in relation to the ball ? answer with left , right , on or under ."
OPTIONS = ("left", "right", "on", "under")
ALPHAS = (0.0, 0.3, 0.5, 1.0, 1.5, 3.0)
CAUSAL = [family for family in FAMILIES if not family.startswith("paligemma")]
_loaded = {}


@pytest.fixture
def vlm(checkpoints):
    def load(family, dtype="float32", quantisation="none"):
        key = (family, dtype, quantisation)
        if key not in _loaded:
            _loaded[key] = load_tiny(checkpoints / "vlms", family, quantisation, dtype).tool
        return _loaded[key]

    return load


def picture(width=160, height=120, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8))


def asked(vlm, *questions, seed=0):
    questions = questions or (QUESTION,)
    return prepare(vlm, [[picture(seed=seed + row)] for row in range(len(questions))], questions)


@torch.inference_mode()
def full_pass(vlm, inputs, scaling, reads=None):
    """Return the last logits (rows, vocabulary) and the tap of a pass over the whole prompt."""
    with Tap(vlm.model, inputs, scaling, reads=reads) as tap:
        return vlm.model(**inputs).logits[:, -1].float(), tap


def close(a, b, to=5e-6):
    return bool((a - b).abs().max() <= to * max(1.0, float(b.abs().max())))


@pytest.mark.parametrize(("family", "variant"), [
    *((family, variant) for family in FAMILIES for variant in ("multiply", "shape", "mass")),
    *((family, "multiply") for family in MORE_FAMILIES)])
def test_all_alphas_on_one_cache_equal_a_full_pass_each(vlm, family, variant):
    tool, inputs = vlm(family), asked(vlm(family))

    look = Prefill(tool.model, inputs).look(Scaling(ALPHAS, variant))

    for place, alpha in enumerate(ALPHAS):
        full, _ = full_pass(tool, inputs, Scaling(alpha, variant))
        assert close(look.logits[0, place], full[0], to=1e-5)
        assert look.logits[0, place].argmax() == full[0].argmax()


def plain_logits(tool, inputs):
    """Return (rows, vocabulary) logits of the first token as `generate` has them, without a tap."""
    options = {"max_new_tokens": 1, "do_sample": False, "output_logits": True, "return_dict_in_generate": True}
    return tool.model.generate(**inputs, **options).logits[0].float()


@pytest.mark.parametrize(("family", "weights"), [
    *((family, "float32") for family in (*FAMILIES, *MORE_FAMILIES)),
    *((family, weights) for family in ("llava", "gemma3", "paligemma2") for weights in ("bfloat16", "float16", "nf4", "int8"))])
def test_alpha_1_is_the_plain_forward_pass_to_the_bit(vlm, family, weights):
    packed = weights in ("nf4", "int8")
    tool = vlm(family, "float32" if packed else weights, weights if packed else "none")
    inputs = asked(tool)

    look = Prefill(tool.model, inputs).look(Scaling(ALPHAS), Reads())

    assert torch.equal(look.logits[:, ALPHAS.index(1.0)], plain_logits(tool, inputs))
    assert torch.equal(Prefill(tool.model, inputs).look().logits[:, 0], plain_logits(tool, inputs))


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "gemma3", "paligemma"])
def test_8_bit_weights_answer_at_every_alpha_as_a_pass_of_its_own_does(vlm, family):
    tool = vlm(family, quantisation="int8")
    inputs = asked(tool)

    prefill = Prefill(tool.model, inputs)
    look, alone = prefill.look(Scaling(ALPHAS)), Prefill(tool.model, inputs).look(Scaling((0.5,)))

    assert prefill.second_pass == "language"
    assert torch.equal(look.logits[:, ALPHAS.index(0.5)], alone.logits[:, 0])  # whatever else is asked
    for place, alpha in enumerate(ALPHAS):
        with torch.inference_mode(), Tap(tool.model, inputs, Scaling(alpha)):
            assert torch.equal(look.logits[:, place], tool.model(**inputs, logits_to_keep=1).logits[:, -1].float())


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "gemma3"])
def test_8_bit_weights_on_a_shared_cache_would_move_the_answers(vlm, family, monkeypatch):
    tool = vlm(family, quantisation="int8")
    inputs = asked(tool)
    own = Prefill(tool.model, inputs).look(Scaling(ALPHAS)).logits

    monkeypatch.setattr(prefill_module, "mixes_rows", lambda model: False)
    shared, others = Prefill(tool.model, inputs).look(Scaling(ALPHAS)).logits, Prefill(tool.model, inputs).look(Scaling((0.5, 3.0)))

    assert (shared - own).abs().max() > 0.05
    assert family == "gemma3" or (shared[:, 2] - others.logits[:, 0]).abs().max() > 0.01  # and with what else is asked


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl"])
def test_questions_to_8_bit_weights_do_not_move_each_other(vlm, family):
    tool, questions = vlm(family, quantisation="int8"), [QUESTION, "where is the ball ?", "is the cube left ?"]
    pictures = [picture(seed=row) for row in range(3)]

    together = ask_all(tool, pictures, questions, OPTIONS, (0.5, 1.0), reads=Reads())

    for one, shown, question in zip(together, pictures, questions):
        alone = ask(tool, shown, question, OPTIONS, (0.5, 1.0), reads=Reads())
        assert np.array_equal(one.option_probabilities, alone.option_probabilities)
        assert np.array_equal(one.maps.image, alone.maps.image)


@pytest.mark.parametrize("family", ["qwen2_5_vl", "gemma3"])
@pytest.mark.parametrize("every_step", [False, True])
def test_replies_of_8_bit_weights_are_those_of_generate_under_a_tap(vlm, family, every_step):
    tool, scaling = vlm(family, quantisation="int8"), Scaling(0.5, every_step=every_step)
    inputs = asked(tool)
    with Tap(tool.model, inputs, scaling):
        whole = tool.model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :].tolist()

    assert Prefill(tool.model, inputs).say(scaling, max_tokens=6)[0] == [token for token in whole if token != 2]


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "gemma3"])
def test_4_bit_weights_on_one_cache_equal_a_full_pass_each(vlm, family):
    tool = vlm(family, quantisation="nf4")
    inputs = asked(tool)

    look = Prefill(tool.model, inputs).look(Scaling(ALPHAS))

    for place, alpha in enumerate(ALPHAS):
        full = full_pass(tool, inputs, Scaling(alpha))[0][0]
        assert close(look.logits[0, place], full, to=2e-3)  # packed layers round what enters them, so that a last bit can grow
        assert look.logits[0, place].argmax() == full.argmax()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_what_overflows_at_one_alpha_reaches_no_other(checkpoints, dtype):
    tool = load_tiny(checkpoints / "vlms", "llava", dtype=dtype).tool  # not the shared one: it is changed here
    hook = _break_the_last_query(tool)
    with torch.inference_mode():
        inputs = asked(tool)
        broken = Prefill(tool.model, inputs).look(Scaling((0.5, 1.0, 2.0, 10.0)), Reads())
    hook.remove()

    look = Prefill(tool.model, inputs).look(Scaling((0.5, 1.0, 2.0, 10.0)), Reads())

    assert broken.logits[:, 3].isnan().all() and look.logits.isfinite().all()
    assert torch.equal(broken.logits[:, :3], look.logits[:, :3])
    for name in ("image", "image_mass", "text_mass", "first_mass", "image_entropy", "image_logit", "positive_share"):
        assert np.array_equal(getattr(broken.maps, name)[:, :3], getattr(look.maps, name)[:, :3])


def _break_the_last_query(tool):
    """Let the first layer's attention overflow for the last of a fan's queries, as half precision may."""
    def overflow(module, _, output):
        if output.shape[1] == 4:
            output[:, -1] = torch.inf
        return output

    return tool.model.get_submodule("model.language_model.layers.0.self_attn.o_proj").register_forward_hook(overflow)


def test_an_alpha_that_overflows_has_no_answer_and_is_said(checkpoints):
    tool = load_tiny(checkpoints / "vlms", "llava", dtype="float16").tool
    hook = _break_the_last_query(tool)

    found = ask(tool, picture(), QUESTION, OPTIONS, (0.5, 1.0, 2.0, 10.0), max_tokens=3)
    hook.remove()
    plain = ask(tool, picture(), QUESTION, OPTIONS, (0.5, 1.0, 2.0), max_tokens=3)

    assert "At alpha 10 this model's numbers overflow in float16" in found.notes[0]
    assert np.isnan(found.option_probabilities[3]).all() and np.isnan(found.confidence[3])
    assert (found.first_tokens[3], found.texts[3]) == (-1, "")
    assert np.allclose(found.option_probabilities[:3], plain.option_probabilities, atol=1e-2)
    assert found.texts[:3] == plain.texts and np.isfinite(found.confidence[:3]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_second_pass_costs_a_token_unless_the_prompt_sees_its_end(vlm, family):
    assert Prefill(vlm(family).model, asked(vlm(family))).second_pass == ("one token" if family in CAUSAL else "language")


@pytest.mark.parametrize("family", ["paligemma", "paligemma2"])
def test_a_prompt_that_sees_its_end_is_noticed_even_where_the_model_does_not_say_so(vlm, family, monkeypatch):
    monkeypatch.setattr(prefill_module, "sees_ahead", lambda model: False)

    assert Prefill(vlm(family).model, asked(vlm(family))).second_pass == "language"


@pytest.mark.parametrize("family", ["paligemma", "paligemma2"])
def test_the_cache_would_be_wrong_where_the_prompt_sees_its_end(vlm, family):
    tool, inputs = vlm(family), asked(vlm(family))
    prefill = Prefill(tool.model, inputs)
    assert sees_ahead(tool.model)

    with torch.inference_mode():
        cut = {name: part[:, :-1] if name != "pixel_values" else part for name, part in inputs.items()}
        cache = tool.model(**cut, use_cache=True).cache
        with Tap(tool.model, inputs, Scaling(0.5), start=inputs["input_ids"].shape[1] - 1):
            cached = tool.model(input_ids=inputs["input_ids"][:, -1:], cache=cache).logits[0, -1]

    assert (cached - prefill.look(Scaling((0.5,))).logits[0, 0]).abs().max() > 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_from_the_cache_are_those_of_the_full_pass(vlm, family):
    tool, inputs = vlm(family), asked(vlm(family))

    maps = Prefill(tool.model, inputs).look(Scaling((0.5, 1.0)), Reads(by_head=True)).maps

    for place, alpha in enumerate((0.5, 1.0)):
        _, tap = full_pass(tool, inputs, Scaling(alpha), Reads(by_head=True))
        full = tap.maps()
        assert np.abs(maps.image[:, place] - full.image[:, 0]).max() < 2e-6
        for name in ("image_mass", "text_mass", "first_mass", "positive_share"):
            assert np.abs(np.nan_to_num(getattr(maps, name)[:, place] - getattr(full, name)[:, 0])).max() < 5e-6
        for name in ("image_entropy", "image_logit"):
            assert np.abs(np.nan_to_num(getattr(maps, name)[:, place] - getattr(full, name)[:, 0])).max() < 1e-4


@pytest.mark.parametrize("family", ["llava", "gemma3"])
def test_the_cache_stays_as_it_was(vlm, family):
    prefill = Prefill(vlm(family).model, asked(vlm(family)))
    fresh = prefill.look(Scaling((1.5,))).logits

    prefill.look(Scaling(ALPHAS))
    prefill.say(Scaling(0.3), max_tokens=5)

    assert torch.equal(prefill.look(Scaling((1.5,))).logits, fresh)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_layer_or_a_head_is_chosen_on_the_cache_as_in_the_full_pass(vlm, family):
    tool, inputs = vlm(family), asked(vlm(family))
    prefill = Prefill(tool.model, inputs)

    last = tool.model.config.get_text_config().num_hidden_layers - 1
    for subset in ({"layers": frozenset([last])}, {"layers": frozenset([1, 3])}, {"heads": frozenset([2])}, {"layers": frozenset()}):
        full, _ = full_pass(tool, inputs, Scaling(0.3, **subset))
        assert close(prefill.look(Scaling((0.3,), **subset)).logits[0, 0], full[0], to=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("every_step", [False, True])
def test_replies_are_those_of_generate_under_a_tap(vlm, family, every_step):
    tool, inputs = vlm(family), asked(vlm(family))
    scaling = Scaling(0.5, every_step=every_step)
    with Tap(tool.model, inputs, scaling):
        whole = tool.model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :].tolist()

    assert Prefill(tool.model, inputs).say(scaling, max_tokens=6)[0] == [token for token in whole if token != 2]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("every_step", [False, True])
def test_a_reply_after_a_look_is_the_one_without_it(vlm, family, every_step):
    tool, questions = vlm(family), (QUESTION, "where is the ball ?")
    looked, fresh = Prefill(tool.model, asked(tool, *questions)), Prefill(tool.model, asked(tool, *questions))
    looked.look(Scaling((1.0, 0.5, 2.0)))

    for alpha in (0.5, (2.0, 1.0), 0.25):  # the last was not looked at
        scaling = Scaling(alpha, every_step=every_step)
        assert looked.say(scaling, max_tokens=4) == fresh.say(scaling, max_tokens=4)
    for other in (Scaling(0.5, "shape"), Scaling(0.5, layers=frozenset([0])), Scaling(0.5, heads=frozenset([0]))):
        assert looked.say(other, max_tokens=4) == fresh.say(other, max_tokens=4)


def test_more_alphas_than_a_window_holds_keys_are_looked_at_and_said(vlm):
    tool, many = vlm("gemma3"), tuple(0.25 * step for step in range(11))
    prefill = Prefill(tool.model, asked(tool))

    look = prefill.look(Scaling(many))

    for place in (0, 10):
        assert close(look.logits[0, place], full_pass(tool, asked(tool), Scaling(many[place]))[0][0], to=1e-5)
        assert prefill.say(Scaling(many[place]), max_tokens=1) == [[int(look.logits[0, place].argmax())]]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_batch_answers_as_each_question_alone_does(vlm, family):
    tool, questions = vlm(family), (QUESTION, "where is the ball ?", "is the cube left ?")
    prefill = Prefill(tool.model, asked(tool, *questions))

    together = prefill.look(Scaling((0.5, 1.0)), Reads())
    replies = prefill.say(Scaling((0.5, 1.0, 2.0)), max_tokens=4)  # an alpha per row

    for row, (question, alpha) in enumerate(zip(questions, (0.5, 1.0, 2.0))):
        alone = Prefill(tool.model, asked(tool, question, seed=row))
        single = alone.look(Scaling((0.5, 1.0)), Reads())
        assert close(together.logits[row], single.logits[0], to=2e-5)
        assert np.abs(together.maps.image[row] - single.maps.image[0]).max() < 1e-5
        assert replies[row] == alone.say(Scaling(alpha), max_tokens=4)[0]


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl"])
def test_another_picture_in_between_changes_nothing(vlm, family):
    tool = vlm(family)
    prefill = Prefill(tool.model, asked(tool))
    look, reply = prefill.look(Scaling((0.5,))).logits, prefill.say(Scaling(0.5), max_tokens=5)

    with torch.inference_mode():  # the model keeps the last prompt's offset of positions on itself
        tool.model(**prepare(tool, [[picture(300, 60)]], ["where ?"]))

    assert torch.equal(prefill.look(Scaling((0.5,))).logits, look)
    assert prefill.say(Scaling(0.5), max_tokens=5) == reply


def test_queries_that_alpha_does_not_move_are_read_with_a_tap(vlm):
    prefill = Prefill(vlm("llava").model, asked(vlm("llava")))

    with pytest.raises(ValueError, match="last one only"):
        prefill.look(Scaling((0.5,)), Reads(queries=(3,)))


def test_a_prompt_that_ends_in_the_picture_is_refused(vlm):
    tool = vlm("llava")

    with pytest.raises(InputError, match="ends in the picture"):
        Prefill(tool.model, prepare(tool, [[picture()]], [QUESTION], layout="{question} {image}"))


@pytest.mark.parametrize("family", FAMILIES)
def test_one_call_gives_answers_confidence_maps_and_places(vlm, family):
    tool = vlm(family)

    answers = ask(tool, picture(), QUESTION, OPTIONS, (1.0, 0.5, 1.5), reads=Reads(), max_tokens=3)

    probabilities = full_pass(tool, asked(tool), Scaling())[0][0].softmax(-1)
    assert answers.confidence[0] == pytest.approx(float(probabilities.max()), abs=1e-5)
    assert answers.first_tokens[0] == int(probabilities.argmax())
    assert answers.option_probabilities.shape == (3, 4)
    assert (answers.option_probabilities.sum(1) <= 1 + 1e-6).all()
    left = [tool.processor.tokenizer.convert_tokens_to_ids(word) for word in ("left", "Left")]
    assert answers.option_probabilities[0, 0] == pytest.approx(float(probabilities[left].sum()), abs=1e-5)
    assert answers.maps.image.shape[:2] == (1, 3)
    assert len(answers.places.boxes) == answers.maps.image.shape[-1]
    between = "tokens that are no picture stand between"
    said = {"pixtral": between, "idefics3": between, "smolvlm": between, "gemma3": "outside the window"}
    assert len(answers.texts) == 3 and len(answers.notes) == (family in said)
    assert all(said[family] in note for note in answers.notes)


def test_a_batch_of_questions_is_a_list_of_single_answers(vlm):
    tool, questions = vlm("qwen2_5_vl"), [QUESTION, "where is the ball ?"]
    pictures = [picture(seed=0), picture(100, 200, seed=1)]  # of different grids, so of different numbers of image tokens

    together = ask_all(tool, pictures, questions, OPTIONS, (1.0, 0.5), reads=Reads())

    for one, shown, question in zip(together, pictures, questions):
        alone = ask(tool, shown, question, OPTIONS, (1.0, 0.5), reads=Reads())
        assert np.allclose(one.option_probabilities, alone.option_probabilities, atol=1e-4)
        assert one.maps.image.shape == alone.maps.image.shape
        assert np.array_equal(one.places.boxes, alone.places.boxes)
        assert one.texts == alone.texts


@pytest.mark.parametrize("family", FAMILIES)
def test_two_pictures_in_one_prompt_are_scaled_both(vlm, family):
    tool = vlm(family)
    inputs = prepare(tool, [[picture(), picture(seed=1)]], [QUESTION])

    look = Prefill(tool.model, inputs).look(Scaling((0.5,)))

    assert close(look.logits[0], full_pass(tool, inputs, Scaling(0.5))[0], to=1e-5)


def test_a_layout_of_ones_own_replaces_the_chat_template(vlm):
    tool = vlm("llava")

    inputs = prepare(tool, [[picture()]], ["where ?"], layout="{image} user : {question} assistant :")

    words = tool.processor.tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    assert words == ["<image>"] * 16 + ["user", ":", "where", "?", "assistant", ":"]


@pytest.mark.parametrize("family", CAUSAL)
def test_without_a_picture_every_alpha_answers_alike_and_a_note_says_so(vlm, family):
    answers = ask(vlm(family), None, QUESTION, OPTIONS, (1.0, 0.3))

    assert np.allclose(answers.option_probabilities[0], answers.option_probabilities[1], atol=1e-7)
    assert "no picture" in answers.notes[0]
    assert answers.places is None


def test_every_kind_of_picture_is_read(vlm):
    rgb = picture(40, 30)
    grey16 = Image.fromarray((np.asarray(rgb.convert("L")).astype(np.uint16)) * 257)
    kinds = [rgb.convert("CMYK"), rgb.convert("RGBA"), rgb.convert("L"), rgb.convert("P"), grey16, Image.new("RGB", (1, 1))]

    for kind in kinds:
        assert ask(vlm("llava"), kind, QUESTION, OPTIONS).confidence[0] > 0
    assert np.array_equal(np.asarray(as_rgb(grey16))[..., 0], np.asarray(rgb.convert("L")))
    assert as_rgb(Image.new("RGBA", (1, 1), (0, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_that_the_processor_refuses_is_refused_in_words(vlm):
    with pytest.raises(InputError, match="aspect ratio"):
        ask(vlm("qwen2_5_vl"), Image.new("RGB", (2010, 10)), QUESTION, OPTIONS)
    with pytest.raises(InputError, match="`images` are expected"):
        ask(vlm("paligemma"), None, QUESTION, OPTIONS)


def test_an_array_that_is_no_picture_is_refused():
    with pytest.raises(ValueError, match=r"\(4, 4\) uint8"):
        as_rgb(np.zeros((4, 4), np.uint8))


def test_an_option_without_a_token_of_its_own_reads_0_and_is_named(vlm):
    answers = ask(vlm("llava"), picture(), QUESTION, ("left", "beneath"))

    assert answers.option_probabilities[0, 1] == 0
    assert "'beneath'" in answers.notes[0]


def test_unknown_words_are_named_once_each(vlm):
    assert unknown_words(vlm("llava"), "where is the zebra, the red giraffe and the zebra ?") == ("zebra", "giraffe")


def test_unknown_words_of_a_small_vocabulary_are_noted(vlm):
    assert "2 of the prompt's words" in ask(vlm("llava"), picture(), "where is the zebra and giraffe ?", OPTIONS).notes[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": ()}, "option is missing"),
        ({"options": ("left", " ")}, "option is missing"),
        ({"alphas": ()}, "no alpha"),
        ({"alphas": (float("nan"),)}, "alpha is nan"),
        ({"alphas": (-1.0,)}, "alpha is -1.0"),
        ({"question": "  "}, "question is empty"),
        ({"question": "where is <image> ?"}, "'<image>'"),
        ({"question": "left " * 3000}, "at most 2048"),
    ],
    ids=["no options", "an empty option", "no alphas", "nan", "negative", "empty question", "a special token", "too long"],
)
def test_what_cannot_be_asked_is_said_in_words(vlm, change, message):
    asked_for = {"question": QUESTION, "options": OPTIONS, "alphas": (1.0,), **change}

    with pytest.raises(InputError, match=message):
        ask(vlm("llava"), picture(), asked_for["question"], asked_for["options"], asked_for["alphas"])


def test_alpha_0_is_allowed_and_one_above_10_is_noted(vlm):
    assert ask(vlm("llava"), picture(), QUESTION, OPTIONS, (0.0, 10.0)).notes == ()
    assert "one image token per head" in ask(vlm("llava"), picture(), QUESTION, OPTIONS, (10.5,)).notes[0]


def test_a_language_model_is_asked_for_a_vision_model_instead(vlm):
    with pytest.raises(InputError, match="reads text only"):
        ask(as_language_model(vlm("llava")), picture(), QUESTION, OPTIONS)


def test_a_photograph_is_turned_as_its_camera_says():
    stored, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    picture(20, 10).save(stored, "JPEG", exif=exif)

    assert as_rgb(Image.open(stored)).size == (10, 20)


@pytest.mark.parametrize("family", ["llava", "gemma3", "paligemma"])
def test_half_precision_answers_near_to_full_precision(vlm, family):
    half = ask(vlm(family, "bfloat16"), picture(), QUESTION, OPTIONS, (1.0, 0.5))
    full = ask(vlm(family), picture(), QUESTION, OPTIONS, (1.0, 0.5))

    assert np.abs(half.option_probabilities - full.option_probabilities).max() < 0.1
