"""The ten configurations: their sections, what they give away, their targets to the letter, and that a prompt tells its own."""

import numpy as np
import pytest

from backends.mindcube.grounding import grounded
from backends.mindcube.map_reading import read_map
from backends.mindcube.prompts import BY_KEY, BY_NAME, CONFIGURATIONS, configuration_of, counted_anew, prompt, target
from backends.mindcube.reading import read_reply
from tests.backends.mindcube import made_tinybench as made

ITEM = made.items([made.Maker().among("gen_4_1")])[0]
TRUE = grounded(ITEM)
IN_CODE = [one for one in CONFIGURATIONS if one.is_in_code]


def test_there_are_ten_and_two_are_not_in_the_code():
    assert [one.name for one in CONFIGURATIONS] == [
        "Raw-QA", "VI-1", "VI-2", "FFR", "Aug-CGMap-In", "Aug-CGMap-Out", "Plain-CGMap-Out", "Aug-CGMap-FFR-Out",
        "Plain-CGMap-FFR-Out",
        "CGMap-In-FFR-Out"]
    assert [(one.name, one.frames) for one in CONFIGURATIONS if not one.is_in_code] == [("VI-1", 1), ("VI-2", 2)]


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda one: one.name)
def test_the_sections_are_those_of_the_configuration_and_the_question_comes_last(configuration):
    made_prompt = prompt(ITEM, configuration, TRUE)

    titles = [part.title for part in made_prompt.parts]
    assert titles == ["Task", *["Rules"] * bool(configuration.form), "Answer Instruction",
                      *["Cognitive Map Format"] * configuration.given, "Question"]
    assert made_prompt.text.endswith(counted_anew(ITEM.question, configuration.frames))
    assert made_prompt.with_placeholders.startswith("<image>\n" * made_prompt.images + "[Task]")


@pytest.mark.parametrize("configuration", IN_CODE, ids=lambda one: one.name)
def test_a_prompt_tells_its_own_configuration(configuration):
    assert configuration_of(prompt(ITEM, configuration, TRUE).with_placeholders) == configuration


@pytest.mark.parametrize("text, key", [
    ("[Task]\nLook. your response should **only** be '<answer>A. Above</answer>'.\n\n[Question]\nWhere? A. x B. y", "raw_qa"),
    ("[Task]\nLook. '<think>(replace)</think><answer>A. Above</answer>'.\n\n[Question]\nWhere?", "ff_rsn"),
    ("[Task]\n[Cognitive Map Format]\n{} '<think></think><answer>A</answer>'\n[Question]\nWhere?", "cgmap_in_ffr_out"),
    ('[Rules] {"views": []} <cogmap></cogmap><think></think><answer></answer>\n[Question]\nWhere?', "aug_cgmap_ffr_out"),
    ("[Rules] object_category_1 <cogmap></cogmap><answer></answer>\n[Question]\nWhere?", "plain_cgmap_out"),
    ("[Cognitive Map Format] <cogmap></cogmap><answer></answer>\n[Question]\nWhere?", None), ("What is it?", None)])
def test_other_prompts_of_the_same_tags_tell_theirs(text, key):
    assert configuration_of(text) == (BY_KEY[key] if key else None)


@pytest.mark.parametrize("frames, expected", [
    (0, "(image 1, 2, 3, and 4) from image 3, 90 degrees"), (1, "(image 1, 3, 5, and 7) from image 5, 90 degrees"),
    (2, "(image 1, 4, 7, and 10) from image 7, 90 degrees")])
def test_images_are_counted_anew_where_frames_stand_between_them(frames, expected):
    assert counted_anew("(image 1, 2, 3, and 4) from image 3, 90 degrees", frames) == expected


@pytest.mark.parametrize("name, images", [("Raw-QA", 4), ("VI-1", 7), ("VI-2", 10)])
def test_interpolated_frames_are_images_too(name, images):
    made_prompt = prompt(ITEM, BY_NAME[name])

    assert made_prompt.images == images and f"and {images})" in made_prompt.text


def test_a_map_that_is_to_be_written_is_not_given_away():
    text = prompt(ITEM, BY_NAME["Aug-CGMap-Out"], TRUE).text

    assert f"{{{', '.join(ITEM.facts.objects)}}}" in text and "[5, 8]" not in text
    assert f"[{ITEM.facts.objects[0]}]" in text  # who has a facing


def test_a_map_that_is_given_stands_whole_in_the_prompt():
    text = prompt(ITEM, BY_NAME["CGMap-In-FFR-Out"], TRUE).text

    assert read_map(text.partition("[Cognitive Map Format]")[2].partition("[Question]")[0]).map == TRUE


def test_the_list_of_objects_can_come_in_another_order():
    orders = {prompt(ITEM, BY_NAME["Plain-CGMap-Out"], TRUE, rng=np.random.default_rng(seed)).text for seed in range(8)}

    assert len(orders) > 1


def test_targets_are_upstreams_to_the_letter():
    answer = f"<answer>{ITEM.answer}. {ITEM.right.text}</answer>"
    intro = "Based on my observation, the answer is:\n<cogmap>```json\n{\n"

    assert target(ITEM, BY_NAME["Raw-QA"]) == target(ITEM, BY_NAME["Aug-CGMap-In"], TRUE) == answer
    for name in ("FFR", "CGMap-In-FFR-Out"):
        assert target(ITEM, BY_NAME[name], TRUE, "So.") == f"<think>So.</think>{answer}"
    augmented, plain = (target(ITEM, BY_NAME[name], TRUE, "So.") for name in ("Aug-CGMap-FFR-Out", "Plain-CGMap-FFR-Out"))
    assert augmented.startswith(intro + '  "objects": [\n    {"name": ')
    assert augmented.endswith(f"}}\n```</cogmap><think>So.</think>{answer}")
    assert plain.startswith(f'{intro}    "{ITEM.facts.objects[0]}": {{"position": [5, 5], "facing": ') and '"views"' not in plain


@pytest.mark.parametrize("configuration", IN_CODE, ids=lambda one: one.name)
def test_a_target_is_a_right_answer_with_a_right_map(configuration):
    text = target(ITEM, configuration, TRUE, "It is there.")
    read = read_reply(text, ITEM.options)

    assert read.official == read.tagged == ITEM.answer and not read.is_cut and read.thought == "It is there." * configuration.thinks
    if configuration.form:
        assert read_map(text).map == (TRUE if configuration.form == "augmented" else TRUE.plain)


@pytest.mark.parametrize("make", [prompt, target])
def test_a_configuration_with_a_map_needs_one(make):
    with pytest.raises(ValueError, match="Aug-CGMap-Out"):
        make(ITEM, BY_NAME["Aug-CGMap-Out"])
