"""Question files of strangers: each layout read into the same rows, each picture found, and what is odd counted and said."""

import json

import numpy as np
import pytest

from backends.files.archive import single, zipped
from backends.merging import questions
from backends.merging.inline_options import options_in
from backends.merging.pictures import Pictures, Place, without_pictures
from backends.merging.question_rows import Question, read_row
from backends.merging.questions import files_of, found, model_of
from backends.run import Inputs
from tests.backends.merging.question_files import (
    DYNAMATH,
    HINT,
    KIT,
    MATHVERSE,
    MATHVISION,
    MATHVISTA,
    MMMU,
    MMSTAR,
    OWN,
    in_base64,
    jpeg,
    lines,
    one,
    packed,
    parquet,
    tsv,
    xlsx,
)
from worlds.errors import InputError


def read(files) -> tuple[Question, ...]:
    return found(files).files[0].questions


def shade(files, place):
    """The grey of a picture."""
    return round(float(Pictures(files).open(place).mean()))


def test_mathvistas_own_annotation_is_read_by_its_numbers():
    far, time, cubes, years = read(one(MATHVISTA))

    assert [far.id, time.id, cubes.id, years.id] == ["1", "2", "3", "4"]
    assert (far.form, far.precision, far.unit, far.answer, far.group, far.subset) == (
        "float", 1, "m", "1.2", "reasoning", "math word problem")
    assert (time.form, time.options, time.answer, time.group) == ("letter", ("quarter", "quarter past"), "B", "perception")
    assert (cubes.form, years.form, years.answer) == ("integer", "list", "[2007, 2008]")
    assert not any(question.is_group_guessed for question in (far, time, cubes, years))


def test_mathverses_versions_are_one_problem_and_vision_only_needs_no_words():
    versions = read(one(MATHVERSE))[:5]

    assert [one.subset for one in versions] == ["T-D", "T-L", "V-I", "V-D", "V-O"]
    assert {one.family for one in versions} == {"0"} and {one.group for one in versions} == {"reasoning"}
    assert versions[0].text == "How wide is it?" and versions[0].options == ("3 cm", "4 cm", "5 cm")
    assert versions[4].text == "" and versions[4].answer == "B" and versions[4].prompt.startswith("Please give the letter.")


def test_the_answers_of_mathvision_dynamath_mmstar_and_mmmu_are_letters_numbers_and_words():
    digits, colour, side = read(one(lines(MATHVISION), "testmini.jsonl"))
    period, greater, month = read(one(DYNAMATH))
    cup, x = read(one(MMSTAR))
    ring, count = read(one(MMMU))

    assert (digits.text, digits.form, colour.answer, colour.options[0], side.form) == ("How many digits?", "number", "A", "red",
                                                                                       "letter")
    assert (period.form, period.precision, greater.options, greater.answer, month.form) == ("float", None, ("yes", "no"), "B", "text")
    assert (cup.options, cup.answer, cup.group, x.group) == (("a cup", "a book", "a tap", "a hat"), "C", "perception", "reasoning")
    assert (ring.text, ring.options, ring.answer, count.form) == ("What is shown in picture 1?", ("a ring", "a disc"), "A", "number")
    assert ring.is_group_guessed and ring.group == "joint" and ring.subset == "Topology"


def test_our_own_lines_are_read_and_an_answer_in_words_becomes_a_letter():
    x, colour, sides = read(one(lines(OWN), "mine.jsonl"))

    assert (x.answer, x.group, colour.answer, colour.form, colour.subset) == ("B", "reasoning", "red", "text", "colours")
    assert (sides.answer, sides.form, sides.group) == ("3", "number", "joint")


@pytest.mark.parametrize("content, name", [
    (tsv(KIT), "MathVista_MINI.tsv"), (xlsx(KIT), "MathVista_MINI.xlsx"), (json.dumps(KIT).encode(), "a.json"), (lines(KIT),
                                                                                                                 "a.jsonl"),
    (json.dumps({"data": KIT}).encode(), "a.json"), (parquet([{**row, "precision": 1} for row in KIT]), "a.parquet"),
    (tsv(KIT).decode().encode("utf-16"), "a.tsv"),
], ids=["TSV", "Excel", "JSON", "JSON lines", "JSON below a name", "parquet", "UTF-16"])
def test_one_table_gives_equal_questions_whatever_it_is_kept_in(content, name):
    time, far = read(one(content, name))

    assert (time.id, time.text, time.options, time.answer, time.prompt) == (
        "1", "What time is it?", ("quarter", "quarter past"), "B", HINT)
    assert (far.text, far.form, far.precision, far.answer, far.options) == ("How far is it?", "float", 1, "1.2", ())
    assert (time.group, far.group, time.prediction) == ("perception", "reasoning", None)


@pytest.mark.parametrize("write, ending", [(tsv, "tsv"), (xlsx, "xlsx"), (lines, "jsonl")], ids=["TSV", "Excel", "JSON lines"])
def test_a_result_table_brings_the_replies_and_the_models_name(write, ending):
    name = f"some/T20250101_Gab/LLaVA_Next_MathVista_MINI.{ending}"

    table = found(one(write([{**KIT[0], "prediction": "The answer is (B)."}, {**KIT[1], "prediction": ""}]), name)).files[0]

    assert table.model == "LLaVA_Next" and table.has_replies and table.benchmark == "mathvista"
    assert [question.prediction for question in table.questions] == ["The answer is (B).", ""]


def test_of_mathvistas_output_the_raw_reply_is_taken():
    row = {**MATHVISTA["1"], "response": "It is 1.23 m.", "extraction": "1.23", "prediction": "1.2", "true_false": True}

    assert read(one({"1": row}))[0].prediction == "It is 1.23 m."
    assert model_of("outputs/answers.json") == "answers"


@pytest.mark.parametrize("answer, form", [("14", "number"), ("x = 5", "number"), ("6cm", "number"), ("145°", "number"), ("2√3 m",
                                                                                                                         "number"),
                                          ("40\\pi cm^2", "number"), ("$3.50", "number"), ("-1,200", "number"), ("5:0", "text"),
                                          ("May 5", "text"), ("y = 2x + 3", "text"), ("(-2, 1]", "text"), ("May", "text"), ("",
                                                                                                                            "text")],
                         ids=str)
def test_an_answer_of_which_nothing_is_said_is_a_number_or_words(answer, form):
    assert read_row({"question": "What?", "answer": answer}, 1).form == form


@pytest.mark.parametrize("text, words", [
    ("How many?\n<image1>", "How many?"), ("<image1>\nIn the box", "In the box"), ("How long is it? <image1>", "How long is it?"),
    ("Like\n<image1>\nor <image 2> here?", "Like\nor picture 2 here?"), ("What is <image 1>?", "What is picture 1?")],
    ids=["last line", "first line", "at the end", "between", "in the sentence"])
def test_marks_of_pictures_become_words_where_a_sentence_needs_them(text, words):
    assert read_row({"question": text, "answer": "1"}, 1).text == words


@pytest.mark.parametrize("text", ["hint:" + "\n" * 19_000 + "x", "<image1>" * 2_000 + "x", "choices: " * 2_000 + "(A) x (B) y",
                                  "A" + " " * 19_000 + "x", "\n" * 9_000 + "<image1" + "\n" * 9_000 + "x",
                                  "options: " + "(A) " * 4_000],
                         ids=["lines", "marks", "heads", "blanks", "half a mark", "labels"])
def test_a_question_that_means_harm_costs_no_time(text):
    question = read_row({"question": f"What? {text}", "answer": "B"}, 1)

    assert question.text.startswith("What?") and question.answer == "B" and len(question.options) in (0, 2)


def test_what_vlmevalkit_calls_a_hint_stands_before_its_question():
    assert read_row({"question": "Which?", "hint": "The cup is hot.", "A": "x", "B": "y", "answer": "A"},
                    1).text == "The cup is hot.\nWhich?"


def test_options_in_columns_are_read_up_to_the_last_that_is_there():
    question = read_row({"index": 3, "question": "Which?", "A": "one", "B": "two", "C": "three", "D": float("nan"), "answer": "C"}, 1)

    assert question.options == ("one", "two", "three") and question.answer == "C"


@pytest.mark.parametrize("text, stem, options", [
    ("Is it? Choices: (A) yes (B) no", "Is it?", ("yes", "no")),
    ("Is it? choice: (A) 2 (B) 1 (C) 0", "Is it?", ("2", "1", "0")),
    ("Which?\nOptions: A: a cup, B: a hat, C: B. Smith", "Which?", ("a cup", "a hat", "B. Smith")),
    ("Which?\nChoices:\nA:3 cm\nB:4 cm\nHint: in words", "Which? Hint: in words", ("3 cm", "4 cm")),
    ("Which options: none", "Which options: none", ()), ("Choices: (B) no (A) yes", "Choices: (B) no (A) yes", ()), ("", "", ()),
], ids=["in brackets", "one choice", "colons", "lines", "a word alone", "another order", "nothing"])
def test_options_that_stand_in_the_words_are_taken_out(text, stem, options):
    assert options_in(text) == (stem, options)


@pytest.mark.parametrize("row, answer", [
    ({"group": "joint", "options": ["B", "A"], "answer": "A"}, "B"), ({"level": 1, "options": ["B", "A"], "answer": "A"}, "A"),
    ({"options": ["x", "y"], "answer": "(b)"}, "B"), ({"options": ["x", "y"], "answer": "z"}, ""),
    ({"options": ["x", "y"], "answer": "E"}, ""), ({"options": ["x", "y"], "answer": "x", "answer_option": "B"}, "B"),
    ({"options": ["x", "y"]}, "")],
    ids=["words of ours", "a letter of MathVision", "small, in brackets", "no option", "beyond the options",
         "the letter's own column", "none"])
def test_a_right_answer_is_a_letter_that_exists(row, answer):
    assert read_row({"question": "Which?", **row}, 1).answer == answer


@pytest.mark.parametrize("write, ending", [(tsv, "tsv"), (lines, "jsonl")], ids=["TSV", "JSON lines"])
def test_pictures_in_a_table_are_cut_out_and_loaded_one_at_a_time(write, ending):
    rows = [{**KIT[0], "index": number, "image": in_base64(40 * number)} for number in (1, 2, 3)]
    files = one(write(rows), f"a.{ending}")

    asked = read(files)

    assert [len(question.pictures) for question in asked] == [1, 1, 1] and [shade(files, q.pictures[0]) for q in asked] == [40, 80,
                                                                                                                            120]


def test_a_picture_may_be_another_rows_and_a_question_may_have_several():
    rows = [{"index": 0, "question": "a?", "answer": "1", "image": in_base64(10)}, {"index": 1, "question": "b?", "answer": "2",
                                                                                    "image": "0"},
            {"index": 2, "question": "c?", "answer": "3", "image": str([in_base64(20), in_base64(30)])},
            {"index": 3, "question": "d?", "answer": "3", "image": "77"}]
    files = one(tsv(rows), "a.tsv")

    first, second, third, fourth = read(files)

    assert first.pictures == second.pictures and shade(files, second.pictures[0]) == 10 and fourth.pictures == ()
    assert [shade(files, place) for place in third.pictures] == [20, 30]
    assert Pictures(files).frames(third.pictures).shape == (2, 16, 24, 3)
    assert "1 picture that is named is not there" in " ".join(found(files).notes)


@pytest.mark.parametrize("image", [lambda number: {"bytes": jpeg(9 * number), "path": None}, lambda number: jpeg(9 * number)],
                         ids=["in an object", "as bytes"])
def test_pictures_in_parquet_stay_there_until_they_are_asked_for(image):
    rows = [{"pid": str(number), "question": "How many?", "answer": "2", "image": f"images/{number}.jpg",
             "decoded_image": image(number)}
            for number in range(1, 25)]
    files = one(parquet(rows, row_group_size=10), "testmini-00000-of-00001.parquet")

    asked = read(files)

    assert asked[19].pictures == (Place("testmini-00000-of-00001.parquet", row=20, column="decoded_image"),)
    assert [shade(files, asked[number].pictures[0]) for number in (0, 19, 23)] == [9, 180, 216]


def test_only_the_pictures_that_a_row_of_parquet_has_count():
    rows = [{"id": "a", "question": "<image 1> or <image 2>?", "answer": "A", "options": "['x', 'y']", "subfield": "s",
             "image_1": {"bytes": jpeg(50), "path": "1.png"}, "image_2": {"bytes": jpeg(60), "path": "2.png"}},
            {"id": "b", "question": "And <image 1>?", "answer": "A", "options": "['x', 'y']", "subfield": "s",
             "image_1": {"bytes": jpeg(70), "path": "1.png"}, "image_2": None}]
    files = one(parquet(rows), "a.parquet")

    both, single = read(files)

    assert [shade(files, place) for place in both.pictures] == [50, 60] and [shade(files, place) for place in single.pictures] == [70]


def test_pictures_are_found_beside_their_table_in_a_zip_of_two_sets():
    files = packed({"vista/data/testmini.json": MATHVISTA, "vista/images/1.jpg": jpeg(11), "vision/test.jsonl": lines(MATHVISION),
                    "vision/images/1.jpg": jpeg(99), "vision/images/4.jpg": jpeg(44), "vision/notes.txt": b"x",
                    "__MACOSX/vista/._testmini.json": b"\0", "vision/x_score.csv": b"Task,acc\nall,3\n"})

    brought = found(files)

    assert [one.file for one in brought.files] == ["vision/test.jsonl", "vista/data/testmini.json"]
    vision, vista = brought.files
    assert (vision.missing, vista.missing) == (2, 2)  # of MathVista's 2.jpg and 3.jpg: there is only one 4.jpg
    assert shade(files, vista.questions[0].pictures[0]) == 11 and shade(files, vision.questions[0].pictures[0]) == 44
    assert brought.file("testmini.json") == vista and brought.file() == vision
    with pytest.raises(InputError, match=r"There are vision/test\.jsonl, vista/data/testmini\.json"):
        brought.file("other.json")


def test_a_result_without_pictures_takes_those_of_its_data_set():
    files = packed({"MathVista_MINI.tsv": tsv([{**row, "image": in_base64(40 * place)} for place, row in enumerate(KIT, 1)]),
                    "llava_MathVista_MINI.xlsx": xlsx([{**row, "prediction": "B"} for row in KIT])})

    result = found(files).file("llava_MathVista_MINI.xlsx")

    assert [shade(files, question.pictures[0]) for question in result.questions] == [40, 80]


def test_the_versions_of_mathverse_that_one_model_answered_are_joined():
    def result(version, reply):
        rows = [{**row, "metadata": str(row["metadata"]),
                 "prediction": reply} for row in MATHVERSE if row["problem_version"] == version]
        return tsv([{name: value for name, value in row.items() if name != "problem_version"} for row in rows])

    brought = found(packed({"x_MathVerse_MINI_Vision_Only.tsv": result("Vision Only", "B"),
                            "x_MathVerse_MINI_Text_Lite.tsv": result("Text Lite", "C"),
                            "y_MathVerse_MINI_Text_Lite.tsv": result("Text Lite", "C")}))

    joined, *alone = brought.files
    assert [question.subset for question in joined.questions] == ["T-L"] * 4 + ["V-O"] * 4 and joined.model == "x"
    assert joined.file == "x, 2 versions of MathVerse" and [one.model for one in alone] == ["x", "x", "y"]
    assert joined.notes == ("Joined: x_MathVerse_MINI_Text_Lite.tsv, x_MathVerse_MINI_Vision_Only.tsv.",)


def test_odd_rows_are_left_out_and_said_and_the_others_are_read():
    rows = [*OWN, {"id": "q4", "question": "", "answer": "x", "group": "joint"}, "no row",
            {"id": "q5", "question": "Many?", "options": list("abcdefghijklmnopqrstuvwxyz1"), "answer": "a", "group": "joint"},
            {"id": "q6", "picture": "x.png"}, {"id": "q7", "question": "And?", "group": "joint"}]

    table = found(one(lines(rows), "mine.jsonl")).files[0]
    said = " ".join(table.notes)

    assert len(table.questions) == 4 and table.count == 8
    assert "1 row is left out: Row 4 has no question" in said and "Row 6 has 27 options. At most 26" in said
    assert "1 row without a question is left out" in said and "1 question has no right answer" in said
    assert "Row 5 is 'no row'" in said and "the first" not in said


def test_what_is_brought_is_bounded_as_a_whole(monkeypatch):
    files = packed({f"{letter}.jsonl": lines(OWN) for letter in "abc"})
    monkeypatch.setattr(questions, "MAX_KEPT", 40)

    brought = found(files)

    assert [one.file for one in brought.files] == ["a.jsonl"] and "There is more than is read" in " ".join(brought.notes)


def test_a_picture_that_is_none_costs_its_sentence_when_it_is_opened():
    files = packed({"mine.jsonl": lines(OWN[:1]), "tri.png": b"<svg/>"})
    cut = jpeg()[:60]

    place = read(files)[0].pictures[0]

    with pytest.raises(InputError, match=r"tri\.png"):
        Pictures(files).open(place)
    with pytest.raises(InputError, match="damaged or cut off"):
        Pictures(single("a.tsv", cut)).open(Place("a.tsv"))
    with pytest.raises(InputError, match="no whole base64"):
        Pictures(single("a.tsv", b"/9j/A")).open(Place("a.tsv", (0, 5)))
    with pytest.raises(InputError, match=r"Row 9 of 'a\.parquet' has no picture in 'image'"):
        Pictures(one(parquet([{"question": "a?", "image": None}]), "a.parquet")).open(Place("a.parquet", row=9, column="image"))


def test_a_long_word_is_no_picture_and_a_mark_that_somebody_wrote_shows_no_more_than_their_own():
    words = ("9" * 500 + " /9j/" + "A" * 10 + " iVBORw0KGgo").encode()
    rows = [{"index": 0, "question": "a?", "answer": "1", "image": "cut-out-picture-0"}, {"index": 1, "question": "b?", "answer": "1",
            "image": in_base64(70)}, {"index": 2, "question": "c?", "answer": "1", "image": "cut-out-picture-9"}]
    files = one(tsv(rows), "a.tsv")

    first, second, third = read(files)

    assert without_pictures(words) == (words, ())
    assert first.pictures == second.pictures and third.pictures == ()


@pytest.mark.parametrize("files, said", [
    (one(b""), "is empty"), (one(b"\x00\x01\x02" * 50), "is not text"), (one([{"a": 1}]), "'questions.json' does not hold questions"),
    (one(b"PAR1 and no more", "a.parquet"), "whole parquet table"), (one(b"PK\x03\x04", "a.xlsx"), "must be a whole .xlsx"),
    (packed({"a.txt": b"a", "b.png": b"b"}), "None of the 2 files holds questions"), (packed({}), "What was brought is empty"),
    (packed({"a.json": b"[1", "b.png": b"b"}), "None of the 2 files holds questions that are read here .*not JSON"),
    (one([{"question": None, "answer": 1}]), "has no question"), (one(b'{"question": ' + b"[" * 500 + b"]" * 500 + b"}"), "nested"),
], ids=["nothing", "no text", "other JSON", "cut parquet", "cut workbook", "other files", "an empty zip", "broken JSON", "no words",
        "deep"])
def test_what_holds_no_questions_is_refused_with_the_reason_and_what_would_work(files, said):
    with pytest.raises(InputError, match=f"{said}.*|.*{said}") as refused:
        found(files)

    assert "Bring questions of MathVista" in str(refused.value) and len(str(refused.value)) < 900


def test_a_broken_table_does_not_refuse_the_others_and_rows_are_bounded(monkeypatch):
    monkeypatch.setattr(questions, "MAX_ROWS", 2)

    brought = found(packed({"a.json": b"[1", "b.jsonl": lines(OWN)}))

    assert len(brought.files[0].questions) == 2 and brought.files[0].count == 3
    said = " ".join(brought.notes)
    assert "of 3 rows the first 2 are read" in said and "'a.json' is not JSON" in said


def test_a_workbook_a_zip_and_a_table_are_opened_as_what_they_are(tmp_path):
    for name, content in {"a.xlsx": xlsx(OWN[1:2]), "b.zip": zipped({"x/mine.jsonl": lines(OWN)}), "c.jsonl": lines(OWN)}.items():
        (tmp_path / name).write_bytes(content)
    inputs = Inputs(files={path.name: path for path in tmp_path.iterdir()})

    assert files_of("upload:a.xlsx", inputs).names == ("a.xlsx",) and len(read(files_of("upload:a.xlsx", inputs))) == 1
    assert files_of("upload:b.zip", inputs).names == ("x/mine.jsonl",) and len(read(files_of("upload:c.jsonl", inputs))) == 3


def test_pictures_of_other_sizes_stand_on_black():
    files = packed({"a.jpg": jpeg(200), "b.jpg": jpeg(100)})

    frames = Pictures(files).frames([Place("a.jpg"), Place("b.jpg")], max_side_px=12)

    assert frames.shape == (2, 8, 12, 3) and frames.dtype == np.uint8
