"""Mappers with their eye are asked about pictures, and handed maps."""

import numpy as np
import pytest
import torch
from transformers import LlavaForConditionalGeneration

from models.mappers.asking import answers
from models.mappers.examples import Example, Spot, in_order, map_words, mirrored, shown
from models.mappers.networks import fresh_seer
from models.mappers.replies import Reply
from models.mappers.scenes import example_of
from models.mappers.towers import look, pixels_of
from models.mappers.ways import WAYS, Way
from models.mappers.words import EOS, ids_of, words_of
from models.scene_vlm import Size
from worlds.rooms.generator import scene_at
from worlds.rooms.questions import questions_of

Asked = list[tuple[Example, list[np.ndarray]]]
TINY = Size(input_px=64, patch_px=32, vision=16, text=16, vision_layers=1, text_layers=1)


@pytest.fixture(scope="module")
def model() -> LlavaForConditionalGeneration:
    torch.set_num_threads(1)
    return fresh_seer(1, TINY).eval()


@pytest.fixture(scope="module")
def asked() -> Asked:
    scene = scene_at(0, subset="test", seed=0, settings=["among"], cue="shuffled")
    questions = [one for one in questions_of(scene, seed=0) if one.id.endswith(("_q0_2_1", "_q1_5_1", "_q2_1_1"))]
    assert sorted(len(one.cameras) for one in questions) == [2, 4, 4]
    return [(example_of(scene, one), [look(scene, camera).picture for camera in one.cameras]) for one in questions]


def continued(model: LlavaForConditionalGeneration, asked: Asked, way: Way, mouth: list[str], given: list[Spot] | None = None
              ) -> list[list[str]]:
    """What transformers' own generation says behind each question and what was said before."""
    found = []
    for example, pictures in asked:
        ids = torch.tensor([[*ids_of(shown(example, way, given)), *ids_of(mouth)]])
        model.generation_config.suppress_tokens = [model.config.image_token_id]
        made = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=pixels_of(pictures), do_sample=False,
                              max_new_tokens=6, eos_token_id=EOS)
        found.append([*mouth, *words_of(made[0, ids.shape[1]:].tolist())])
    return found


def first(replies: list[Reply], count: int) -> list[list[str]]:
    return [list(reply.words[:count]) for reply in replies]


def test_a_mapper_says_what_transformers_own_generation_says(model, asked):
    said = continued(model, asked, WAYS["map_reason"], [])

    assert first(answers(model, WAYS["map_reason"], asked), 6) == said


def test_the_map_in_its_mouth_is_gone_on_from(model, asked):
    spots = [Spot("north", "redbox"), Spot("centre", "blueball", "west")]  # as a person lists them
    begun = ["<map>", "centre", "blueball", "faces", "west", "north", "redbox"]

    for key, mark in (("map_reason", "<think>"), ("map", "<answer>")):
        said = continued(model, asked, WAYS[key], [*begun, mark])
        assert first(answers(model, WAYS[key], asked, written=[spots] * 3), 14) == said
    both = answers(model, WAYS["map"], asked, written=[None, spots, None])
    assert [reply.words[:8] == (*begun, "<answer>") for reply in both] == [False, True, False]
    assert both[0] == answers(model, WAYS["map"], asked)[0]


def test_the_map_in_the_prompt_is_the_one_that_is_given(model, asked):
    way, other = WAYS["map_in_reason"], mirrored(asked[0][0].spots, "north-south")

    assert first(answers(model, way, asked, given=[other[::-1]] * 3), 6) == continued(model, asked, way, [], list(other))
    assert answers(model, way, asked, given=[None] * 3) == answers(model, way, asked)


def test_a_map_is_listed_as_mappers_list_theirs():
    spots = [Spot("west", "redbox"), Spot("north", "redball"), Spot("centre", "redcone")]

    assert map_words(in_order(spots)) == ["centre", "redcone", "north", "redball", "west", "redbox"]
    with pytest.raises(ValueError):
        in_order([Spot("above", "redbox")])


@pytest.mark.parametrize("change, reason", [
    (lambda example, pictures: pictures[:-1], "shows 4 pictures"),
    (lambda example, pictures: [one[:32] for one in pictures], r"\(64, 64, 3\)"),
    (lambda example, pictures: [one / 255 for one in pictures], "float64"),
], ids=["too few", "cut", "not bytes"])
def test_other_pictures_than_a_question_shows_are_refused(model, asked, change, reason):
    example, pictures = next(one for one in asked if len(one[1]) == 4)

    with pytest.raises(ValueError, match=reason):
        answers(model, WAYS["raw"], [(example, change(example, pictures))])


def test_a_map_for_who_has_none_or_for_too_few_is_refused(model, asked):
    spots = [asked[0][0].spots]

    with pytest.raises(ValueError, match="'raw' no map is written"):
        answers(model, WAYS["raw"], asked, written=spots * 3)
    with pytest.raises(ValueError, match="'map_reason' no map is given"):
        answers(model, WAYS["map_reason"], asked, given=spots * 3)
    with pytest.raises(ValueError, match="2 maps are written to 3"):
        answers(model, WAYS["map"], asked, written=spots * 2)
