"""Made-up copies of every released file (acceptance 14), and zips that must not be read."""

import io
import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from backends.adaptvis.formats import load_set
from backends.adaptvis.logs import is_log, read_log
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.wiring import layout_of
from backends.files.archive import open_folder, open_zip
from models.attention.families import prompt as prompt_of
from worlds.errors import InputError


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 24, 3), 90, np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes | str) else json.dumps(content))
    return open_zip(path)


def controlled(folder: str, relations) -> tuple[list, dict]:
    names = [f"{a}_{relation}_{b}.jpeg" for a, b in (("jar", "stool"), ("big-mug", "chair")) for relation in relations]
    rows = [{"image_path": f"data/{folder}/{name}", "caption_options": ["right one", "b", "c", "d"]} for name in names]
    return rows, {f"root/{folder}/{name}": picture() for name in names}


A = ("left_of", "right_of", "on", "under")
B = ("left_of", "right_of", "in-front_of", "behind")
VSR = {"image": "000000000007.jpg", "image_link": "http://x.org/train2017/000000000007.jpg", "caption": "The cup is behind the book.",
       "label": 0, "relation": "behind", "annotator_id": 4, "vote_true_validator_id": [], "vote_false_validator_id": [2]}


@pytest.mark.parametrize(("relations", "kind", "options"), [
    (A, "Controlled_Images_A", ("left", "right", "on", "under")), (B, "Controlled_Images_B", ("left", "right", "front", "behind")),
], ids=["A", "B"])
def test_whatsup_sets_load_with_their_options_and_groups(tmp_path, relations, kind, options):
    rows, pictures = controlled("controlled", relations)

    loaded = load_set(zipped(tmp_path / "a.zip", {"root/set.json": rows, **pictures}))

    assert loaded.kind == kind and len(loaded.items) == 8 and "released file" in loaded.notes[0]
    assert {item.options for item in loaded.items} == {options}
    assert [item.right for item in loaded.items[:4]] == list(options)
    assert len({item.group for item in loaded.items}) == 2
    assert loaded.items[4].question.startswith("Where is the big mug in relation to the chair? Answer with left, right")
    assert loaded.items[0].open().shape == (16, 24, 3)


@pytest.mark.parametrize(("name", "picture_name", "caption", "kind", "right", "asked"), [
    ("coco_qa_one_obj.json", "000000012345.jpg", "A photo of a kite on the left", "COCO_QA_one_obj", "left", "the kite in the photo"),
    ("coco_qa_two_obj.json", "000000012345.jpg", "A photo of a dog to the right of a bench", "COCO_QA_two_obj", "right", "the bench"),
    ("coco_qa_two_obj.json", "000000012345.jpg", "A photo of a dog below a bench", "COCO_QA_two_obj", "below", "the bench"),
    ("vg_qa_one_obj.json", "12345.jpg", "A photo of a tree at the top", "VG_QA_one_obj", "top", "the tree in the photo"),
    ("vg_qa_two_obj.json", "12345.jpg", "A photo of a man in front of a bus", "VG_QA_two_obj", "front", "the bus"),
])
def test_photo_sets_load_and_find_their_picture_by_number(tmp_path, name, picture_name, caption, kind, right, asked):
    loaded = load_set(zipped(tmp_path / "a.zip", {name: [[12345, caption, "wrong"]], f"val2017/{picture_name}": picture()}))

    (item,) = loaded.items
    assert (loaded.kind, item.right) == (kind, right) and asked in item.question and right in item.options


def test_vsr_is_asked_with_yes_and_no(tmp_path):
    lines = "\n".join(json.dumps({**VSR, "label": label}) for label in (0, 1))

    loaded = load_set(zipped(tmp_path / "a.zip", {"test.jsonl": lines, "train2017/000000000007.jpg": picture()}))

    assert [item.right for item in loaded.items] == ["no", "yes"] and loaded.items[0].options == ("yes", "no")
    assert loaded.items[0].relation == "behind"


def prompt(thing, other, answer="Under", listed="left, right, on or under.", start=" ", end="\n"):
    return {"question": f"<image>\nUSER:{start}Where is the {thing} in relation to the {other}? Answer with {listed}{end}ASSISTANT:",
            "answer": [answer]}


def lines(*rows):
    return "\n".join(json.dumps({"id": number} | row) for number, row in enumerate(rows))


PROMPTS_A = "prompts/Controlled_Images_A_with_answer_four_options.jsonl"
NAMED = [("jar", "stool")] * 4 + [("big mug", "chair")] * 4


def test_prompt_files_are_joined_line_by_line(tmp_path):
    rows, pictures = controlled("controlled_images", A)

    released = lines(*(prompt(*names) for names in NAMED))

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, PROMPTS_A: released}))

    assert {item.right for item in loaded.items} == {"under"}  # the released answer counts, whatever the picture's name says
    assert loaded.items[0].question == "Where is the jar in relation to the stool? Answer with left, right, on or under."
    assert len(loaded.notes) == 1  # only that the set is smaller than the released one


@pytest.mark.parametrize("changes", [
    {"start": "  "}, {"end": "\n\n"}, {"end": " \n"}, {"listed": "left, right, on, or under."},
    {"listed": "left, right, on or under.."}, {"listed": "\nleft, right, on or under."},
    {"end": "\nOption A photo of a jar on a stool.\n"}, {"end": " Option A photo of a jar on a stool.\n"},
], ids=["two blanks", "a blank line", "a blank at the end", "a comma", "two stops", "a line break", "a stray sentence",
        "a stray sentence on the line"])
def test_a_released_prompt_is_asked_byte_for_byte_and_its_options_are_whole(tmp_path, changes):
    rows, pictures = controlled("controlled_images", A)
    released = [prompt(*names, **changes) for names in NAMED]
    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, PROMPTS_A: lines(*released)}))
    tokenizer = SimpleNamespace(all_special_tokens=["<pic>", "</s>"])
    vlm = SimpleNamespace(processor=SimpleNamespace(image_token="<pic>", tokenizer=tokenizer))

    for item, row in zip(loaded.items, released):
        asked = prompt_of(vlm, 1, item.question, layout_of(AdaptVisSettings(prompt="official"), item.released))
        assert asked == row["question"].replace("<image>", "<pic>")
        assert item.options == ("left", "right", "on", "under")


def test_an_empty_line_between_prompts_shifts_none(tmp_path):
    rows, pictures = controlled("controlled_images", A)
    released = [prompt(*names, start=" " * number) for number, names in enumerate(NAMED, 1)]
    spaced = lines(*released).replace("\n", "\n\n", 1)

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, PROMPTS_A: spaced}))

    assert [item.released for item in loaded.items] == [row["question"] for row in released]
    assert any(note.endswith("1 empty row is passed over: row 2.") for note in loaded.notes)


def test_of_prompts_that_name_the_same_the_one_with_an_item_s_id_is_its_own(tmp_path):
    rows = [[7, "A photo of a bus on the left", "wrong"]] * 4
    asked = "Where is the bus in the photo? Answer with left or right.\nASSISTANT:"
    every = [{"id": number, "question": f"<image>\nUSER:{' ' * number}{asked}", "answer": ["Left"]} for number in range(4)]

    loaded = load_set(zipped(tmp_path / "a.zip", {"coco_qa_one_obj.json": rows, "val2017/000000000007.jpg": picture(),
                                                  "prompts/COCO_QA_one_obj.jsonl": lines(every[3], every[1], every[2])}))

    assert [item.released for item in loaded.items] == [None, *(row["question"] for row in every[1:])]


def test_a_prompt_file_of_another_name_is_read_where_there_is_one_set_and_named_where_there_are_two(tmp_path):
    rows, pictures = controlled("controlled_images", A)
    files = {"a.json": rows, "questions.jsonl": lines(*(prompt(*names) for names in NAMED)), **pictures}

    alone = load_set(zipped(tmp_path / "a.zip", files))
    two = load_set(zipped(tmp_path / "b.zip", files | {"coco_qa_one_obj.json": [[7, "A photo of a bus on the left", "wrong"]]}))

    assert all(item.released for item in alone.items)
    assert not any(item.released for item in two.items) and any("'questions.jsonl' is not read" in note for note in two.notes)


def test_a_prompt_without_its_place_for_the_picture_is_laid_out_as_the_others_are(tmp_path):
    rows, pictures = controlled("controlled_images", A)
    bare = [{"question": "Where is the jar in relation to the stool? Answer with left, right, on or under.", "answer": "On"}] * 8

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, PROMPTS_A: lines(*bare)}))

    assert {(item.released, item.right) for item in loaded.items} == {(None, "on")}
    assert layout_of(AdaptVisSettings(prompt="official"), None) == "{image}\nUSER: {question}\nASSISTANT:"
    assert layout_of(AdaptVisSettings(), "<image>") is None


@pytest.mark.parametrize("kept", [[0, 1, 2, 3, 4, 5, 6], [1, 3, 4], [7, 6, 5, 4, 3, 2, 1, 0, 0]],
                         ids=["one less", "few", "another order"])
def test_prompts_of_another_number_are_given_to_the_items_that_they_name(tmp_path, kept):
    rows, pictures = controlled("controlled_images", A)
    relations = ["Left", "Right", "On", "Under"] * 2
    every = [prompt(*names, answer, start="  ") for names, answer in zip(NAMED, relations)]

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, PROMPTS_A: lines(*(every[place] for place in kept))}))

    assert [item.right for item in loaded.items] == [answer.lower() for answer in relations]
    assert [item.released is not None for item in loaded.items] == [place in kept for place in range(8)]
    assert any(f"has {len(kept)} prompts for 8 rows" in note for note in loaded.notes)
    assert any("Asked in our words" in note for note in loaded.notes) is (len(set(kept)) < 8)


def test_a_prompt_file_of_as_many_lines_in_another_order_is_not_joined_by_line(tmp_path):
    rows, pictures = controlled("controlled_images", A)
    every = [prompt(*names, answer) for names, answer in zip(NAMED, ["Left", "Right", "On", "Under"] * 2)]

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, PROMPTS_A: lines(*reversed(every))}))

    assert [item.right for item in loaded.items] == ["left", "right", "on", "under"] * 2


def test_vsrs_own_prompt_file_is_told_and_not_used(tmp_path):
    """It has 629 rows beside the 1,222 of the test file, and no code reads it."""
    data = "\n".join(json.dumps({**VSR, "label": label}) for label in (0, 1, 1))
    own = lines({"question": "<image>\nUSER: Where is the cup in relation to book? Answer with one word or phrase.\nASSISTANT:",
                 "answer": "behind"})

    loaded = load_set(zipped(tmp_path / "a.zip", {"test.jsonl": data, "VSR_with_answer.jsonl": own, "x/000000000007.jpg": picture()}))

    assert [item.right for item in loaded.items] == ["no", "yes", "yes"]
    assert any("'VSR_with_answer.jsonl' is not used, as in the released code" in note for note in loaded.notes)
    released = layout_of(AdaptVisSettings(prompt="official"), loaded.items[0].released)
    assert released == ("User: {image}\n Determine whether the description about the spatial relationship is correct or not. "
                        "Answer with yes or no: The cup is behind the book. Assistant:")


ODD_ROWS = {
    "a name": ("set.json", lambda rows: [*rows[:3], rows[3] | {"image_path": "c/jar_near_stool.jpeg"}, *rows[4:]], "jar_near_stool"),
    "a text": ("set.json", lambda rows: [*rows[:3], "zor", *rows[4:]], "has the picture 'zor'"),
    "nothing": ("set.json", lambda rows: [*rows[:3], None, *rows[4:]], "Row 4"),
    "a broken line": ("set.jsonl", lambda rows: "\n".join(json.dumps(row) for row in rows).replace("jar_under", '"'),
                      "Row 4 is not JSON"),
}


@pytest.mark.parametrize(("name", "change", "said"), ODD_ROWS.values(), ids=ODD_ROWS)
def test_an_odd_row_is_left_out_and_the_others_keep_their_numbers(tmp_path, name, change, said):
    rows, pictures = controlled("c", A)

    loaded = load_set(zipped(tmp_path / "a.zip", {name: change(rows), **pictures}))

    assert [item.number for item in loaded.items] == [0, 1, 2, 4, 5, 6, 7] and loaded.num_rows == 8
    assert any(note.startswith(f"{name}: 1 row is left out") and said in note for note in loaded.notes)


def test_odd_rows_of_photographs_and_of_vsr_are_left_out(tmp_path):
    photos = [[7, "A photo of nothing", "x"], [7, "A photo of a dog below a bench", "x"], [[], "A photo of a dog below a bench", "x"]]
    sentences = [{**VSR, "label": 3}, {**VSR, "label": "1"}, {**VSR, "caption": ""}, {**VSR, "label": True}]

    for name, rows, numbers in (("coco_qa_two_obj.json", photos, [1]), ("test.json", sentences, [1, 3])):
        loaded = load_set(zipped(tmp_path / "a.zip", {name: rows, "a/000000000007.jpg": picture()}))

        assert [item.number for item in loaded.items] == numbers
        assert sum("left out" in note for note in loaded.notes) == 1


def test_what_a_mac_adds_and_what_cannot_be_read_stops_no_set(tmp_path):
    rows, pictures = controlled("c", A)
    other = {"__MACOSX/._set.json": b"\x00\x05\x16\x07", "__MACOSX/root/c/._jar_on_stool.jpeg": b"\x00", "notes.json": "{not json"}

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, **other}))

    assert len(loaded.items) == 8
    assert [note for note in loaded.notes if "passed over" in note] == [
        "'notes.json' is not JSON: Expecting property name enclosed in double quotes at line 1, character 2. It must be one list of "
        "objects, or one object per line. It is passed over."]


def test_of_two_pictures_of_one_name_the_one_in_the_rows_folder_is_opened(tmp_path):
    rows, pictures = controlled("controlled_clevr", A)
    dark = io.BytesIO()
    Image.fromarray(np.zeros((16, 24, 3), np.uint8)).save(dark, "PNG")
    others = {name.replace("controlled_clevr", "controlled_a"): dark.getvalue() for name in pictures}

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **others, **pictures}))

    assert all(item.open().mean() > 80 for item in loaded.items)


def test_other_json_beside_the_set_is_passed_over_and_a_second_set_can_be_chosen(tmp_path):
    rows, pictures = controlled("c", A)
    other = {"coco_qa_two_obj.json": [[7, "A photo of a dog below a bench", "x"]], "val2017/000000000007.jpg": picture()}
    files = zipped(tmp_path / "a.zip", {"a_config.json": '{\n "a": 1\n}', "set.json": rows, **pictures, **other})

    assert load_set(files).kind == "COCO_QA_two_obj" and "2 sets are there" in load_set(files).notes[0]
    assert load_set(files, "set.json").kind == "Controlled_Images_A"
    with pytest.raises(InputError, match="named 'vg'"):
        load_set(files, "vg")


def test_a_missing_picture_is_named_and_its_item_left_out(tmp_path):
    rows, pictures = controlled("c", A)
    pictures.pop("root/c/jar_on_stool.jpeg")

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures}))

    assert len(loaded.items) == 7 and [item.number for item in loaded.items] == [0, 1, 3, 4, 5, 6, 7]
    assert any("1 of 8 pictures" in note and "jar_on_stool.jpeg" in note for note in loaded.notes)


def test_without_any_picture_the_sentence_names_the_first_and_how_many(tmp_path):
    with pytest.raises(InputError, match=r"8 of 8 pictures .* jar|8 of 8 pictures .*jar_left_of_stool.jpeg"):
        load_set(zipped(tmp_path / "a.zip", {"set.json": controlled("c", A)[0]}))


@pytest.mark.parametrize(("files", "says"), [
    ({"readme.txt": "nothing"}, "No data set"), ({"set.json": "{not json"}, "not JSON"),
    ({"set.json": [{"image_path": "a_near_b.jpeg", "caption_options": []}]}, "A_left_of_B"),
    ({"coco_qa_two_obj.json": [[1, "A photo of nothing", "x"]]}, "Row 1"),
    ({"test.jsonl": json.dumps({**VSR, "label": 3})}, "label 0 or 1"),
], ids=["no set", "no JSON", "odd name", "odd caption", "odd label"])
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path, files, says):
    with pytest.raises(InputError, match=says):
        load_set(zipped(tmp_path / "a.zip", files))


def test_a_folder_below_the_data_directory_loads_and_no_other(tmp_path, monkeypatch):
    rows, pictures = controlled("c", A)
    for name, content in {"set.json": json.dumps(rows).encode(), **pictures}.items():
        path = tmp_path / "data" / "whatsup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(InputError, match="ORRERY_DATA_DIR"):
        open_folder("whatsup")
    monkeypatch.setenv("ORRERY_DATA_DIR", str(tmp_path / "data"))

    assert len(load_set(open_folder("whatsup")).items) == 8
    for name in ("..", ".", "/etc", "none", "a\x00b"):
        with pytest.raises(InputError, match="below ORRERY_DATA_DIR"):
            open_folder(name)
    (tmp_path / "secret").write_text("x")
    (tmp_path / "data" / "whatsup" / "link.json").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="links outside"):
        open_folder("whatsup").read("link.json")


A_PROMPT = "<image>\nUSER: Where is the {} in relation to the stool? Answer with left, right, on or under.\nASSISTANT:"
A_LOG = "results1.5_Controlled_Images_A_adapt_vis_1.0_fouroption_True.json"


def reply(relation, said, thing="jar", **values):
    return {"Prompt": A_PROMPT.format(thing), "Generation": said, "Golden": relation, **values}


def test_a_result_file_of_the_released_code_is_scored_both_ways(tmp_path):
    rows = [reply("Left", "Left"), reply("Right", "Right"), reply("On", "a person"), reply("Under", "On the floor, under the table")]
    files = zipped(tmp_path / "a.zip", {A_LOG: rows})

    assert is_log(files)
    found, notes = read_log(files)
    official, strict = found.scores
    assert official.method == "adaptvis" and official.individual[0] == 1.0 and official.complete == 1.0
    assert strict.individual[0] == 0.5 and strict.pair == 0.5 and strict.complete == 0.0
    assert [number for number, _ in found.unread] == [2, 3] and "no model" in notes[0]


def test_few_shot_replies_are_grouped_by_the_question_that_was_asked(tmp_path):
    """Their prompts begin with other questions and answers, the same in every row."""
    shot = ("USER: Where is the violin in relation to the sofa? Think first, then answer about the relation with left, right, on or "
            "under.\nASSISTANT: The violin is under the sofa.\n")
    rows = [row | {"Prompt": shot + row["Prompt"]} for thing in ("jar", "cup") for row in (
        reply("Left", "Left", thing), reply("Right", "Left", thing), reply("On", "On", thing), reply("Under", "Under", thing))]

    found, _ = read_log(zipped(tmp_path / "a.zip", {A_LOG: rows}))

    assert {item.group for item in found.items} == {"jar_stool", "cup_stool"}
    assert (found.scores[0].pair, found.scores[0].complete) == (0.5, 0.0)


def test_a_log_is_read_row_by_row_with_its_keys_in_any_case(tmp_path):
    rows = [reply("Left", "Left", uncertainty=0.625, note="x"), reply("On", 3), {"Prompt": "p"},
            reply("Right", "Right", uncertainty=None)]

    found, notes = read_log(zipped(tmp_path / "a.zip", {"results1.5_Controlled_Images_A_my_way.json": rows}))

    assert [item.number for item in found.items] == [0, 3] and found.items[0].confidence == 0.625
    assert np.isnan(found.items[1].confidence)
    assert "Columns that are not used: note." in notes and any("tells no method" in note for note in notes)
    assert [note for note in notes if "left out" in note] == [
        "1 row is left out: Row 2 has Generation = 3. It must have Prompt, Generation and Golden.",
        "1 row is left out: Row 3 has Golden = None. It must have Prompt, Generation and Golden."]


def test_logs_of_photographs_and_of_vsr_have_no_pairs_and_no_sets(tmp_path):
    six = ("<image>\nUSER: Where is the man in relation to the bus? Answer with left, right, front, behind, above or below.\n"
           "ASSISTANT:")
    photos = [{"Prompt": six, "Generation": word, "Golden": [word]} for word in ("Left", "Right", "Front", "Behind")]
    vsr = [{"Prompt": "User: <image>\n Determine whether ...: ", "Generation": word, "Golden": word, "Uncertainty": 21.5}
           for word in ("Yes", "No", "Yes", "No")]

    for rows in (photos, vsr):
        found, _ = read_log(zipped(tmp_path / "a.zip", {"results_base_1.0.json": rows}))

        rates = {(score.method, score.pair, score.complete, score.official_pair) for score in found.scores}
        assert rates == {("greedy", None, None, None)}


def test_items_that_come_twice_in_a_log_overwrite_nothing(tmp_path):
    once = [reply("Left", "Left"), reply("Right", "Left"), reply("On", "On"), reply("Under", "Under")]
    other = [reply(word, word, "cup") for word in ("Left", "Right", "On", "Under")]

    found, _ = read_log(zipped(tmp_path / "a.zip", {A_LOG: [*once, *once, *other]}))

    assert (found.scores[0].individual[0], found.scores[0].pair, found.scores[0].complete) == (pytest.approx(10 / 12), 1.0, 1.0)


def test_a_log_without_one_usable_row_is_refused_under_its_name(tmp_path):
    with pytest.raises(InputError, match=r"Row 1 has Golden = ''\. It must have Prompt, Generation and Golden"):
        read_log(zipped(tmp_path / "a.zip", {A_LOG: [reply("", "Left")]}))
    assert not is_log(zipped(tmp_path / "b.zip", {"x.json": "{broken"}))
    assert not is_log(zipped(tmp_path / "c.zip", {"x.json": [[1, "a", "b"]]}))


def test_half_a_character_in_a_log_reaches_no_page(tmp_path):
    """JSON can smuggle one in; nothing can show or save it."""
    rows = [reply("Left", "Left"), reply("On", "half \ud83d"), reply("On", "On", "half \ud83d")]

    found, notes = read_log(zipped(tmp_path / "a.zip", {A_LOG: rows}))

    assert [item.number for item in found.items] == [0, 2] and "Row 2 has Generation" in notes[-1]
    assert str(found).encode() and "".join(notes).encode()
