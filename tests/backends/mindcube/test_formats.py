"""MindCube's files unchanged: every layout is told by its contents, odd rows are counted, images are found or counted as missing."""

import json
import random

import pytest

from backends.files.archive import single
from backends.mindcube.chains import chain
from backends.mindcube.formats import found
from backends.mindcube.formats.images import ImageIndex
from backends.mindcube.formats.tasks import model_of, task_of
from backends.mindcube.grounding import grounded
from backends.mindcube.maps import to_json
from backends.mindcube.prompts import BY_KEY, prompt, target
from backends.mindcube.scoring import score, true_map
from tests.backends.files.damage import damaged
from tests.backends.mindcube import made_tinybench as made
from tests.backends.mindcube.made_tinybench import lines, opened, right
from worlds.errors import InputError

ROWS = made.tinybench()[::40]
ITEMS = made.items(ROWS)
PLAIN_FFR = BY_KEY["plain_cgmap_ffr_out"]


def scaffold(row, item):
    return {**row, "grounded_cogmap": to_json(grounded(item)), "grounded_cogmap_description": "A map.",
            "aug_cogmap_gen_instruction": "Do.",
            "plain_cogmap_gen_instruction": "Do.", "reasoning_chain": chain(item).text}


def prompted(row, item):
    true = grounded(item)
    return {**scaffold(row, item), "input_prompt": prompt(item, PLAIN_FFR, true).text,
            "grounded_output": target(item, PLAIN_FFR, true, chain(item).text)}


def replied(row, item):
    return {**prompted(row, item), "answer": target(item, PLAIN_FFR, grounded(item), "So.").replace("\n", " "),
            "model_type": "qwen2.5vl"}


def of_rl(row, item):
    return {"id": row["id"], "setting_tag": item.setting, "images": row["images"], "gt_answer": row["gt_answer"],
            "question_str": prompt(item, BY_KEY["ff_rsn"]).with_placeholders}


def conversation(row, item):
    true = grounded(item)
    return {"images": row["images"], "conversations": [
        {"from": "human", "value": prompt(item, PLAIN_FFR, true).with_placeholders},
        {"from": "gpt", "value": target(item, PLAIN_FFR, true, chain(item).text)}]}


MAKERS = {"raw": lambda row, item: row, "scaffold": scaffold, "prompts": prompted, "responses": replied, "rl": of_rl}
FILES = {layout: lines([make(row, item) for row, item in zip(ROWS, ITEMS)]) for layout, make in MAKERS.items()}
FILES["training"] = json.dumps([conversation(row, item) for row, item in zip(ROWS, ITEMS)], indent=2).encode()


@pytest.mark.parametrize("layout", FILES)
def test_every_layout_is_told_by_its_contents_and_read_whole(layout):
    file = found(single("x.json", FILES[layout])).files[0]

    assert (file.layout, file.count, file.left_out, file.notes) == (layout, len(ROWS), 0, ())
    for item, own in zip(file.items, ITEMS):
        assert (item.question, item.options, item.images, item.answer) == (own.question, own.options, own.images, own.answer)
        assert item.setting == own.setting and (layout == "training" or item.id == own.id)


@pytest.mark.parametrize("layout", ["raw", "scaffold", "prompts", "responses"])
def test_what_the_pipeline_adds_is_kept(layout):
    file = found(single("x.jsonl", FILES[layout])).files[0]

    for item, own in zip(file.items, ITEMS):
        assert true_map(item) == grounded(own) and item.facts == own.facts
        assert bool(item.chain) == bool(item.grounded) == (layout != "raw")
        assert bool(item.target) == (layout in ("prompts", "responses"))


def test_replies_are_read_with_their_model_and_are_scored():
    file = found(single("MindCube_tinybench_plain_cgmap_ffr_out_qwen2.5vl-3b_responses.jsonl", FILES["responses"])).files[0]
    report = score(file.replies)

    assert (file.model, file.task, file.task_from) == ("qwen2.5vl", "plain_cgmap_ffr_out", "name")
    assert report.overall.official[0] == 1 and report.maps.isomorphic == len(ROWS)


def test_a_file_whose_name_tells_no_task_is_told_by_its_prompts():
    file = found(single("results.jsonl", FILES["responses"])).files[0]

    assert (file.task, file.task_from) == ("plain_cgmap_ffr_out", "prompt") and {item.task for item in file.items} == {file.task}
    assert found(single("results.jsonl", FILES["raw"])).files[0].task == ""


@pytest.mark.parametrize("name, task, model", [
    ("data/MindCube_tinybench_raw_qa_Qwen2.5-VL-3B_responses.jsonl", "raw_qa", "Qwen2.5-VL-3B"),
    ("MindCube_train_aug_cgmap_ffr_out_qwen_sft.json", "aug_cgmap_ffr_out", ""), ("crossviewQA_tinybench_baseRL.jsonl", "ff_rsn", ""),
    ("crossviewQA_train_cogmap_and_reasoning_plain.jsonl", "plain_cgmap_ffr_out", ""),
    ("crossviewQA_train_cogmap_and_reasoning.jsonl", "aug_cgmap_ffr_out", ""), ("aug_cgmap_in_x.jsonl", "aug_cgmap_in", "x"),
    ("my_raw_qaz.jsonl", "", "")])
def test_names_tell_tasks_and_models(name, task, model):
    assert task_of(name, [])[0] == task and model_of(name) == model


@pytest.mark.parametrize("fields, expected", [
    ({"answer": "A. x", "cogmap_answer": "B. x", "cogmap_gen_answer": "C. x"}, "C. x"),
    ({"answer": "A. x", "cogmap_answer": "B. x"}, "B. x"),
    ({"answer": ""}, "")])
def test_the_reply_is_in_the_field_that_the_evaluator_takes(fields, expected):
    assert found(single("x.jsonl", lines([{**ROWS[0], **fields}]))).files[0].replies[0].reply == expected


@pytest.mark.parametrize("change, said", [
    ({"id": ""}, "has no id"), ({"gt_answer": "F"}, "a letter from A to E"), ({"gt_answer": None}, "a letter from A to E"),
    ({"images": 3}, "must be a list"), ({"images": ["x"] * 65}, "At most 64"), ({"images": [[]]}, "must be a list of texts")])
def test_an_odd_row_is_left_out_and_counted_with_its_reason(change, said):
    file = found(single("x.jsonl", lines([ROWS[0], {**ROWS[1], **change}, ROWS[2]]))).files[0]

    assert (len(file.replies), file.count, file.left_out) == (2, 3, 1)
    assert len(file.notes) == 1 and said in file.notes[0] and "1 row is left out" in file.notes[0]


def test_facts_of_another_form_cost_the_true_map_alone():
    file = found(single("x.jsonl", lines([{**ROWS[0], "meta_info": 3}, {**ROWS[0], "meta_info": [["a"], []]}, ROWS[1]]))).files[0]

    assert len(file.replies) == 3 and [item.facts is None for item in file.items] == [True, True, False]
    assert "2 rows (1, 2): Its meta_info is 3. That of among must be [[centre, S, W, N, E]" in file.notes[0]


def test_a_cut_off_line_and_strangers_rows_leave_the_others():
    content = lines([ROWS[0], {"cat": 1}, ROWS[1]]) + b"oops\n" + lines([ROWS[2]])[:-40]
    file = found(single("x.jsonl", content)).files[0]

    assert len(file.replies) == 2 and file.left_out == 1
    assert any("1 object that is no question of MindCube's" in note for note in file.notes)
    assert any("cut off" in note for note in file.notes) and any("line 4 is no JSON object" in note for note in file.notes)


def test_a_reply_that_is_too_long_is_read_as_far_as_it_is_and_that_is_said():
    rows = [{**ROWS[0], "answer": "x" * length} for length in (100_000, 100_001)]
    file = found(single("x.jsonl", lines(rows))).files[0]

    assert [len(one.reply) for one in file.replies] == [100_000, 100_000]
    assert file.notes == ("x.jsonl: Row 2: Its reply has 100,001 characters, of which the first 100,000 are read.",)


def test_translation_has_no_facts_and_is_read():
    row = {**ROWS[0], "id": "translation_group1_q1", "meta_info": ["left,left", "a", "b", "c"]}
    item = found(single("x.jsonl", lines([row]))).files[0].items[0]

    assert (item.setting, item.facts, true_map(item)) == ("translation", None, None)


@pytest.mark.parametrize("prefix", ["", "data/", "MindCube/data/", "zip\\"])
def test_images_are_found_below_any_prefix(prefix):
    images = {f"{prefix}{image}": b"\x89PNG" for row in ROWS for image in row["images"]}
    file = found(opened({"x.jsonl": FILES["raw"], **images})).files[0]

    assert (file.num_missing, file.num_images) == (0, sum(len(row["images"]) for row in ROWS)) and file.notes == ()


def test_images_are_found_by_their_base_name_where_it_is_the_only_one():
    index = ImageIndex(["pictures/front_007.jpg", "a/left_1.png", "b/left_1.png", "notes.txt"])

    assert len(index) == 3 and index.find("other_all_image/among/shoe/front_007.jpg") == "pictures/front_007.jpg"
    assert index.find("x/left_1.png") is None and index.find("x/b/left_1.png") == "b/left_1.png" and index.find("notes.txt") is None


def test_the_only_image_of_a_name_is_not_taken_from_another_group():
    index = ImageIndex(["own/rotation/g1/1.png", "own/rotation/g2/2.png"])

    assert index.find("other_all_image/rotation/g1/1.png") == "own/rotation/g1/1.png"
    assert index.find("other_all_image/rotation/g2/1.png") is None and index.find("1.png") is None


def test_missing_images_are_counted_and_without_any_image_nothing_is_said():
    images = {ROWS[0]["images"][0]: b"\x89PNG"}
    file = found(opened({"x.jsonl": lines([ROWS[0]]), **images})).files[0]

    assert file.num_missing == len(ROWS[0]["images"]) - 1 and "are not there" in file.notes[0]
    assert found(single("x.jsonl", FILES["raw"])).files[0].num_missing is None


def test_an_evaluation_may_hold_other_settings_and_lack_maps():
    row = {"results": {"total": 3, "unfiltered_total": 4, "gen_cogmap_correct": 1, "gen_cogmap_accuracy": 1 / 3, "settings": {
        "other": {"total": 1, "gen_cogmap_correct": 0, "gen_cogmap_accuracy": 0.0, "include_in_overall": True},
        "translation": {"total": 1, "gen_cogmap_correct": 1, "gen_cogmap_accuracy": 1.0, "include_in_overall": False}}},
        "error_cases": {"gen_cogmap_error": [{"id": "x"}]}}
    read = found(single("e.json", json.dumps(row, indent=2).encode())).evaluations[0]

    assert (read.total, read.unfiltered, read.correct, read.maps, read.error_cases) == (3, 4, 1, None, {"gen_cogmap_error": 1})
    assert [(one.setting, one.counts) for one in read.settings] == [("translation", False), ("other", True)]


@pytest.mark.parametrize("names", [
    {"valid_count": 5, "isomorphic_count": 2}, {"total_valid": 5, "isomorphic_count": 2, "valid_percent": 50.0}])
def test_both_forms_of_the_block_of_maps_are_read(names):
    block = {"parsable_json_count": 7, "avg_overall_similarity": 0.5, "avg_facing_similarity": 0.25,
             "avg_directional_similarity": 0.75,
             "rotation_distribution": {"identity": 4}, **names}
    row = {"results": {"total": 10, "settings": {}, "cogmap_similarity": block}}
    maps = found(single("e.json", json.dumps(row).encode())).evaluations[0].maps

    assert (maps.parsable, maps.valid, maps.isomorphic, maps.overall, maps.direction, maps.facing) == (7, 5, 2, 0.5, 0.75, 0.25)
    assert maps.turns == {"identity": 4}


@pytest.mark.parametrize("files, start", [
    ({}, "What was brought is empty"), ({"a.jsonl": b"hello"}, "'a.jsonl' is not"),
    ({"a.json": b'{"x": 1}', "b.png": b"x"}, "None of the 2"),
    ({"a.json": b"[" * 100_000}, "'a.json' is not"), ({"a.json": b'{"results": {"settings": {}}}'}, "'a.json' is not"),
    ({"a.jsonl": b'{"question": "q", "gt_answer": "A"}\n'}, "'a.jsonl' is not")])
def test_what_is_none_of_mindcubes_is_one_sentence_with_what_would_work(files, start):
    with pytest.raises(InputError) as error:
        found(opened(files))

    assert str(error.value).startswith(start) and "Bring a .zip, .json or .jsonl" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("layout", FILES)
def test_every_layout_survives_damage(layout):
    rng = random.Random(0)
    for content in damaged(FILES[layout], rng):
        try:
            brought = found(single("x.jsonl", content))
        except InputError as error:
            assert "is read here" in str(error) or "no text" in str(error) or "zip" in str(error)
            continue
        for file in brought.files:
            score(file.replies)


def test_a_reply_of_any_kind_is_scored():
    odd = ["", "{" * 50_000, "\0", "\ud800", "<think>" * 20_000, "A" * 200_000, '{"a":' * 5_000, "<answer>" * 20_000, right(ITEMS[0])]
    rows = [{**ROWS[0], "answer": reply} for reply in odd]

    report = score(found(single("x_aug_cgmap_out.jsonl", lines(rows))).files[0].replies)

    assert report.overall.count == len(odd) and report.maps.valid == 0
