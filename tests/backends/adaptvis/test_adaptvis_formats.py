"""Made-up copies of every released file (acceptance 14), and zips that must not be read."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from backends.adaptvis.formats import load_set
from backends.adaptvis.logs import is_log, read_log
from backends.files.archive import open_folder, open_zip
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


def prompts(count):
    question = "<image>\nUSER: Where is the jar in relation to the stool? Answer with left, right, on or under.\nASSISTANT:"
    return "\n".join(json.dumps({"id": i, "question": question, "answer": ["Under"]}) for i in range(count))


def test_prompt_files_are_joined_line_by_line(tmp_path):
    rows, pictures = controlled("controlled_images", A)
    prompt_file = {"prompts/Controlled_Images_A_with_answer_four_options.jsonl": prompts(8)}

    loaded = load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, **prompt_file}))

    assert {item.right for item in loaded.items} == {"under"}
    assert loaded.items[0].question == "Where is the jar in relation to the stool? Answer with left, right, on or under."


def test_other_json_beside_the_set_is_passed_over_and_a_second_set_can_be_chosen(tmp_path):
    rows, pictures = controlled("c", A)
    other = {"coco_qa_two_obj.json": [[7, "A photo of a dog below a bench", "x"]], "val2017/000000000007.jpg": picture()}
    files = zipped(tmp_path / "a.zip", {"a_config.json": '{\n "a": 1\n}', "set.json": rows, **pictures, **other})

    assert load_set(files).kind == "COCO_QA_two_obj" and "2 sets are there" in load_set(files).notes[0]
    assert load_set(files, "set.json").kind == "Controlled_Images_A"
    with pytest.raises(InputError, match="named 'vg'"):
        load_set(files, "vg")


def test_prompts_of_another_number_are_refused(tmp_path):
    rows, pictures = controlled("controlled_images", A)
    prompt_file = {"prompts/Controlled_Images_A_with_answer_four_options.jsonl": prompts(7)}

    with pytest.raises(InputError, match="7 prompts for 8 rows"):
        load_set(zipped(tmp_path / "a.zip", {"set.json": rows, **pictures, **prompt_file}))


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


def test_a_result_file_of_the_released_code_is_scored_both_ways(tmp_path):
    def row(relation, said):
        prompt = "<image>\nUSER: Where is the jar in relation to the stool? Answer with left, right, on or under.\nASSISTANT:"
        return {"Prompt": prompt, "Generation": said, "Golden": relation}

    rows = [row("Left", "Left"), row("Right", "Right"), row("On", "a person"), row("Under", "On the floor, under the table")]
    files = zipped(tmp_path / "a.zip", {"results1.5_Controlled_Images_A_adapt_vis_1.0_fouroption_True.json": rows})

    assert is_log(files)
    found, notes = read_log(files)
    official, strict = found.scores
    assert official.method == "adaptvis" and official.individual[0] == 1.0 and official.complete == 1.0
    assert strict.individual[0] == 0.5 and strict.pair == 0.5 and strict.complete == 0.0
    assert [number for number, _ in found.unread] == [2, 3] and "no model" in notes[0]
