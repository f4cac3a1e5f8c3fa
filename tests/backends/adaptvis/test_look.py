"""One picture at many alphas: identities of the answer, the branch and the maps, and bad input (acceptance 5, 6, 11, 23)."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from backends.adaptvis.items import options_in, scenery_of, scenes_of, validation_seed
from backends.adaptvis.matching import is_none_of
from backends.adaptvis.results import AdaptVisResult, Looked
from backends.adaptvis.run import run
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.wiring import ALPHAS
from backends.run import Inputs, last
from models.attention.rows import rescaled
from worlds.errors import InputError

ASK = "Where is the red cube in relation to the blue ball? Answer with left, right, on or under."


@pytest.fixture
def result_of(random_model):
    def look(inputs: Inputs | None = None, **settings) -> AdaptVisResult:
        return last(run(AdaptVisSettings(**{"model": random_model, "index": 1, **settings}), inputs or Inputs()))

    return look


@pytest.fixture
def brought(tmp_path):
    def bring(picture: Image.Image | bytes, kind: str = "PNG") -> Inputs:
        if isinstance(picture, Image.Image):
            buffer = io.BytesIO()
            picture.save(buffer, kind)
            picture = buffer.getvalue()
        path = tmp_path / "own"
        path.write_bytes(picture)
        return Inputs({"own": path})

    return bring


def at(looked: Looked, alpha: float):
    return next(each for each in looked.at if each.alpha == alpha)


def test_all_alphas_are_there_in_order_with_maps_that_share_the_attention(result_of):
    looked = result_of(alpha=0.55, alpha1=0.35, alpha2=1.3).looked

    assert [each.alpha for each in looked.at] == sorted({*ALPHAS, 0.55, 0.35, 1.3})
    for each in looked.at:
        reads = each.reads
        assert each.maps.shape == (looked.num_layers, 64)
        assert np.allclose(reads.image_mass + reads.text_mass + reads.first_mass, 1, atol=1e-5)
        assert np.allclose(each.maps.sum(-1), reads.image_mass, atol=1e-5)
        assert reads.box_auroc.shape == (looked.num_layers,)
    assert np.allclose(looked.head_maps.mean(1), at(looked, 1.0).maps, atol=1e-5)


def test_in_the_first_layer_alpha_0_spreads_evenly_and_a_larger_alpha_sharpens(result_of):
    entropy = [each.reads.entropy[0] for each in result_of().looked.at]

    assert entropy[0] == pytest.approx(np.log(64), abs=1e-4)
    assert entropy == sorted(entropy, reverse=True)


def test_things_that_a_person_places_are_asked_about_and_known_to_be_right(result_of):
    looked = result_of(picture="two:red star 0.2 0.5; blue ring 0.7 0.5; green bar 0.5 0.9", scenery="board").looked

    assert looked.question == "Where is the red star in relation to the blue ring? Answer with left, right, on or under."
    assert looked.right == "left"
    (first, x1, _, x2, _), (second, *_) = looked.true_boxes
    assert (first, second) == ("red star", "blue ring") and x1 < 0.2 < x2


@pytest.mark.parametrize(("placed", "said"), [
    ("red star 0.2", "is no thing with its place"), ("red cube 0.2 0.3; blue ring 0.5 0.5", "is no thing with its place"),
    ("red star 0.2 0.5; red star 0.7 0.5", "different names"), ("red star 0.2 0.5", "at least two"),
    ("red star 1.2 0.5; blue ring 0.5 0.5", "outside the picture"), ("red star nan 0.5; blue ring 0.5 0.5", "outside the picture")])
def test_things_that_cannot_be_placed_are_refused_in_a_sentence(result_of, placed, said):
    with pytest.raises(InputError, match=said):
        result_of(picture=f"two:{placed}")


def test_the_scenery_is_what_the_miniature_was_trained_on_unless_another_is_asked_for():
    shapes, scenes = AdaptVisSettings(model="shapes-vlm"), AdaptVisSettings(model="scenes-vlm")

    assert (scenery_of(shapes), scenery_of(scenes)) == ("board", "rooms")
    assert scenery_of(shapes.model_copy(update={"scenery": "rooms"})) == "rooms"


@pytest.mark.parametrize(("beta", "taken"), [(0.0, 1.5), (1.01, 0.5)])
def test_a_beta_of_0_or_above_1_is_one_alpha(result_of, beta, taken):
    looked = result_of(beta=beta, alpha1=0.5, alpha2=1.5).looked

    assert looked.branch.alpha == taken and looked.branch.is_unsure == (beta > 1)
    assert looked.branch.answer == at(looked, taken).text and looked.branch.is_right == at(looked, taken).is_right


def test_confidence_is_compared_strictly_and_rounded_only_where_asked(result_of):
    confidence = result_of().looked.branch.confidence
    two = round(confidence, 2)

    assert not result_of(beta=confidence).looked.branch.is_unsure
    assert result_of(beta=float(np.nextafter(confidence, 2))).looked.branch.is_unsure
    assert result_of(beta=two, rounds_confidence=True).looked.branch.is_unsure is False
    assert result_of(beta=two).looked.branch.is_unsure == (confidence < two)


def test_confidence_is_the_largest_probability_of_the_whole_vocabulary(result_of):
    looked = result_of().looked

    for each in looked.at:
        assert each.confidence >= max(each.probabilities) - 1e-6 and sum(each.probabilities) <= 1 + 1e-5


def test_a_reply_that_is_no_option_and_words_that_the_miniature_does_not_know_are_told(result_of, brought):
    own = brought(Image.new("RGB", (60, 40), "olive"))
    strange = result_of(own, model="shapes-vlm", picture="upload:own", options=("in front", "behind"), max_new_tokens=1,
                        question="Is the cheetah in front of the tree or behind it?")
    known = result_of(model="shapes-vlm", scenery="board")

    assert any(note.startswith("This miniature does not know 'cheetah', 'tree'.") and "circle, square" in note and "sofa" not in note
               for note in strange.notes)
    text = at(strange.looked, 1.0).text
    assert text not in ("in front", "behind")
    assert any(note.startswith(f"The reply {text!r} is none of the options ('in front', 'behind'), which have 0.0 % together.")
               for note in strange.notes)
    assert not any("does not know" in note or "none of the options" in note for note in known.notes)


@pytest.mark.parametrize(("probabilities", "text", "is_none"), [
    ((0.0, 0.0), "where", True), ((0.9, 0.0), "in", False), ((0.0, 0.1), "it is behind it", False),
    ((0.1, 0.2), "behind in front", True)])
def test_a_reply_is_no_option_where_neither_its_words_nor_its_first_token_are(probabilities, text, is_none):
    assert is_none_of(("in front", "behind"), probabilities, text) is is_none
    assert not is_none_of((), (), text)


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_a_negative_logit_rises_where_alpha_is_below_1_and_falls_above(alpha):
    logits = torch.tensor([-2.0, 1.0, 3.0, 0.0])
    seen = torch.tensor([True, True, True, False])

    found = rescaled(logits[None, None, None], seen[None, None, None], torch.full((1, 1, 1, 1), alpha), "multiply").softmax(-1)

    by_hand = torch.tensor({0.5: [-1.0, 0.5, 1.5, 0.0], 2.0: [-4.0, 2.0, 6.0, 0.0]}[alpha]).exp()
    assert torch.allclose(found[0, 0, 0], by_hand / by_hand.sum(), atol=1e-6)


def test_the_picture_is_large_for_people_and_its_boxes_are_exact(result_of):
    looked = result_of(index=2).looked
    scene = scenes_of("clutter15", "rooms", 1, start=validation_seed("clutter15"))[2]

    assert looked.size == (384, 384) and Image.open(io.BytesIO(looked.picture_jpeg.tobytes())).size == (384, 384)
    assert looked.right == scene.relation == "on"
    assert looked.true_boxes[0] == (scene.asked.name, *scene.asked.box)
    assert looked.token_boxes.shape == (64, 4) and looked.token_boxes.min() == 0 and looked.token_boxes.max() == 1


def test_depths_ask_for_front_and_behind(result_of):
    assert result_of(condition="plain-depths", index=2).looked.options == ("left", "right", "front", "behind")


def test_an_index_is_the_same_scene_whatever_else_is_drawn(result_of):
    assert result_of(index=9).looked.question == result_of(index=9, condition="clutter15").looked.question
    assert result_of(index=9).looked.question != result_of(index=9, seed=1).looked.question


def test_other_maps_are_there_and_say_what_they_are(result_of):
    others = result_of(looking=("rollout", "gradient", "gradcam")).looked.others

    assert [other.name for other in others] == ["rollout", "gradient", "gradcam"]
    for other in others:
        assert other.map.shape == (64,) and other.map.min() == 0 and other.map.max() == 1 and other.what.endswith(".")


def test_another_way_of_looking_leaves_the_model_as_it_was(result_of):
    before, after = result_of(), result_of(looking=("gradient", "gradcam"))

    assert all(np.array_equal(a.maps, b.maps) for a, b in zip(before.looked.at, after.looked.at))
    assert np.array_equal(result_of().looked.head_maps, before.looked.head_maps)


@pytest.mark.parametrize(("picture", "kind"), [
    (Image.new("RGBA", (90, 40), (200, 20, 20, 90)), "PNG"), (Image.new("CMYK", (40, 90)), "JPEG"),
    (Image.fromarray((np.arange(2500).reshape(50, 50) * 20).astype(np.uint16)), "PNG"), (Image.new("L", (8, 8)), "PNG"),
], ids=["transparent", "CMYK", "16 bit", "8 x 8"])
def test_odd_pictures_are_read(result_of, brought, picture, kind):
    looked = result_of(brought(picture, kind), picture="upload:own", question=ASK).looked

    assert looked.options == ("left", "right", "on", "under") and looked.right is None and looked.branch.is_right is None
    assert looked.size == picture.size and not looked.true_boxes and looked.at[0].reads.box_auroc is None


def test_words_that_the_model_does_not_know_are_noted(result_of, brought):
    result = result_of(brought(Image.new("RGB", (50, 50))), picture="upload:own", question=ASK.replace("cube", "dromedary"))

    assert any("unknown to this model" in note for note in result.notes)


@pytest.mark.parametrize(("settings", "says"), [
    ({"picture": "upload:own"}, "no question"), ({"picture": "upload:own", "question": "Where is it?"}, "no option"),
    ({"picture": "upload:other", "question": ASK}, "not in this session"), ({"picture": "cat.jpg"}, "upload:NAME"),
    ({"options": ("left", " ")}, "option is empty"), ({"options": ("left", "Left")}, "twice"), ({"condition": "fog"}, "no condition"),
    ({"condition": "noise500"}, "At most"), ({"first_layer": 9}, "0 to 3"), ({"last_layer": 4}, "0 to 3"),
    ({"heads": (0, 9)}, "heads"),
    ({"model": "no-such-model"}, "no-such-model"), ({"question": "<image> left?"}, "meaning of its own"),
], ids=lambda value: str(value)[:50])
def test_bad_input_is_one_clear_sentence(result_of, brought, settings, says):
    with pytest.raises(InputError, match=says):
        result_of(brought(Image.new("RGB", (50, 50))), **settings)


@pytest.mark.parametrize("content", [b"", b"not a picture", None], ids=["empty", "text", "1 x 1"])
def test_what_is_no_picture_is_refused(result_of, brought, content):
    with pytest.raises(InputError, match=r"picture"):
        result_of(brought(Image.new("RGB", (1, 1)) if content is None else content), picture="upload:own", question=ASK)


@pytest.mark.parametrize("wrong", [
    {"alpha": float("nan")}, {"alpha": -0.1}, {"alpha": 1e6}, {"beta": -0.1}, {"beta": 1.02}, {"first_layer": 2, "last_layer": 1},
], ids=str)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        AdaptVisSettings(**wrong)


@pytest.mark.parametrize(("question", "options"), [
    (ASK, ("left", "right", "on", "under")), ("Answer with left, right, above, or below.", ("left", "right", "above", "below")),
    ("Is it? Answer with yes or no.", ("yes", "no")), ("Where is it?", ()),
    ("Where is it? Answer with left or right. Think first.", ("left", "right")), ("Answer with up, down. Be short.", ("up", "down")),
    ("Answer with yes or no: The cup is left, or behind the book.", ("yes", "no")),
    ("Answer with left, right,\nabove or below. Option A photo of a man.\n", ("left", "right", "above", "below")),
    ("Answer with Rome or St. Paul. Be short.", ("Rome", "St. Paul")), ("Answer with one word.\n\nLeft or right?", ()),
    ("Answer with one word. Is it left or right?", ()),
])
def test_options_are_read_to_the_end_of_their_sentence(question, options):
    assert options_in(question) == options


def test_where_the_image_gets_more_attention_is_counted_not_concluded_from_a_sign(result_of):
    result = result_of(AdaptVisSettings(condition="noise60"))
    looked = result.looked
    base = next(at for at in looked.at if at.alpha == 1)
    assert looked.share_rises(base) == (0, looked.num_layers)
    for at in looked.at:
        more = sum(now > before for now, before in zip(at.reads.image_mass, base.reads.image_mass))
        assert looked.share_rises(at) == (more, looked.num_layers)
    below = max((at for at in looked.at if at.alpha < 1), key=lambda at: at.alpha)
    said = f"in {looked.share_rises(below)[0]} of {looked.num_layers} layers that see it at alpha {below.alpha:g}"
    assert any(said in note for note in result.notes)
