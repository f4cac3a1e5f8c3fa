"""Answers to many questions at once are those of one at a time, and what counts as right."""

from dataclasses import replace

import pytest
import torch

from models.adders.answering import LONGEST, Said, answers, sheet
from models.adders.networks import SIZE, behind_eye, fresh_base
from models.adders.scores import KINDS, questions, scores
from models.adders.words import EOS, words_of
from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, Digit, Item, Scene, draw_items

TINY = replace(SIZE, vision=16, text=16, vision_layers=1, text_layers=2, feed_forward=24)


@pytest.fixture(scope="module")
def model():
    return behind_eye(fresh_base(3, TINY), 3, TINY).eval()


@pytest.mark.parametrize("shows", [True, False], ids=["pictures", "words"])
def test_a_batch_says_what_generate_says_of_each_question_alone(model, shows):
    asked = sheet(draw_items((*LOOKUPS, *STEPS[1]), 7, subset="test", seed=0), shows=shows)

    for place, said in enumerate(answers(model, asked, batch=4)):
        pixels = {} if asked.pixels is None else {"pixel_values": asked.pixels[place:place + 1]}
        ids = model.generate(input_ids=asked.ids[place:place + 1], do_sample=False, max_new_tokens=LONGEST, **pixels)[0].tolist()
        reply = ids[asked.ids.shape[1]:]
        assert said.ended == (EOS in reply) and said.words == words_of(reply[:reply.index(EOS)] if EOS in reply else reply)


def test_a_reply_is_right_word_for_word_and_when_it_ends():
    item = Item(Scene(Digit(3, "red"), Digit(8, "blue")), "+")

    assert Said(("3", "8", "1"), True).is_right(item) and not Said(("3", "8", "1"), False).is_right(item)
    assert not Said(("1",), True).is_right(item) and not Said(("3", "8", "1", "1"), True).is_right(item)
    said = Said(("3", "8", "1"), True)
    assert (said.transcript, said.result, said.length) == (("3", "8"), "1", 4)
    assert (Said((), True).result, Said((), True).length) == ("", 1)


def test_pictures_are_not_shown_to_a_model_without_an_eye():
    asked = sheet(draw_items(LOOKUPS, 2, subset="test", seed=0), shows=True)

    with pytest.raises(ValueError, match="LlamaForCausalLM has no eye"):
        answers(fresh_base(0, TINY), asked)
    with pytest.raises(ValueError, match="0 items"):
        sheet([], shows=False)


def test_every_kind_is_asked_about_its_own_questions(model):
    found = scores(model, KINDS, count=12, seed=4)

    for kind, score in found.items():
        asked = questions(kind, count=12, seed=4)
        assert (asked.pixels is not None) == (not kind.startswith("text")) and score.items == asked.items
        assert all(item.is_lookup for item in asked.items) == (kind in ("perception", "text_lookups"))
        assert {item.is_seen for item in asked.items} == {not kind.endswith("unseen")}
        assert {item.scene.subset for item in asked.items} == {"test"} and 0 <= score.right <= 1 <= score.length <= LONGEST
    assert questions("joint_seen", count=12, seed=4).ids.shape == (12, 7)
    assert torch.equal(questions("joint_seen", count=12, seed=4).ids, questions("joint_seen", count=12, seed=4).ids)
