"""MindCube's files as somebody brings them: listed, scored, and one row of them whole."""

import json
from pathlib import Path

import pytest

from backends.files.archive import zipped
from backends.files.saved import load_result, save_result
from backends.mindcube import scoring
from backends.mindcube.formats.evaluation import to_json
from backends.mindcube.items import Item
from backends.mindcube.results import MindCubeResult
from backends.mindcube.run import run
from backends.mindcube.settings import MindCubeSettings
from backends.run import Inputs, last
from tests.backends.mindcube import made_tinybench
from tests.backends.mindcube.test_evaluating import picture
from worlds.errors import InputError
from worlds.pictures import decode_jpeg

RESPONSES = "MindCube_tinybench_plain_cgmap_out_qwen_responses.jsonl"
ROWS = made_tinybench.tinybench()[:40]


@pytest.fixture
def result_of(tmp_path: Path):
    def read(files: dict[str, bytes], **values) -> MindCubeResult:
        (tmp_path / "own.zip").write_bytes(zipped(files))
        settings = MindCubeSettings(**{"task": "file", "file": "upload:own.zip", **values})
        return last(run(settings, Inputs({"own.zip": tmp_path / "own.zip"})))

    return read


def replies(said) -> bytes:
    return made_tinybench.lines([{**row, "answer": said(item), "model_type": "qwen"}
                                 for row, item in zip(ROWS, made_tinybench.items(ROWS))])


def mapped(item: Item) -> str:
    return made_tinybench.with_map(item)


def test_files_are_listed_replies_scored_and_one_row_is_shown(result_of):
    images = {f"pics/{image}": picture(40, 20) for image in ROWS[2]["images"]}
    result = result_of({"raw/MindCube_tinybench.jsonl": made_tinybench.lines(ROWS), f"out/{RESPONSES}": replies(mapped), **images},
                       part=0, item=2)
    scored, asked = result.reports[0], result.asked

    assert [(one.layout, one.task, one.model, one.rows) for one in result.files] == [
        ("a model's replies", "plain_cgmap_out", "qwen", 40), ("MindCube's questions", "", "", 40)]
    assert scored.configuration == "Plain-CGMap-Out" and scored.parts[0].correct == 40 and scored.maps.isomorphic == 40
    assert all(line.is_right and line.valid and line.direction == 1 and line.question for line in scored.lines)
    assert asked.id == ROWS[2]["id"] and len(asked.pictures) == len(ROWS[2]["images"]) and asked.steps
    assert decode_jpeg(asked.pictures[0].jpeg).shape == (20, 40, 3)
    assert asked.replies[0].is_right and asked.replies[0].exact.is_isomorphic and asked.true is not None
    assert result.is_of_logs and not result.is_miniature and result.brief == "40 questions scored"
    assert load_result(save_result(result), MindCubeResult).asked.question == asked.question


def test_questions_alone_are_a_table_without_verdicts(result_of):
    result = result_of({"MindCube_tinybench.jsonl": made_tinybench.lines(ROWS)})

    assert not result.reports[0].parts and len(result.reports[0].lines) == 40 and result.brief == "40 questions"
    assert all(line.is_right is None and line.gold for line in result.reports[0].lines)
    assert result.asked.replies == () and not result.asked.pictures


def test_a_question_with_more_images_than_a_chain_has_is_shown_without_one_and_says_so(result_of):
    row = next(row for row in made_tinybench.tinybench() if len(row["images"]) == 4)
    own = [f"{place}/{image}" for place in range(4) for image in row["images"]]
    result = result_of({"a.jsonl": made_tinybench.lines([{**row, "images": own}]), **{image: picture() for image in own}})

    assert result.asked.id == row["id"] and result.asked.steps == () and len(result.asked.pictures) == 8
    told = " ".join(result.notes)
    assert "There is no chain of thought for this row. It has 16 images" in told and "the first 8 are shown. One has 16." in told


def test_the_task_of_replies_may_be_said_by_hand(result_of):
    files = {"some_replies.jsonl": replies(lambda item: f"<answer>{item.answer}. x</answer>")}
    unknown, raw = result_of(files), result_of(files, asked_as="raw_qa")

    assert unknown.reports[0].configuration == "" == unknown.asked.replies[0].configuration
    assert any("which task its replies are of" in note for note in unknown.notes)
    assert raw.reports[0].configuration == "Raw-QA" == raw.asked.replies[0].configuration
    assert unknown.reports[0].maps is None and unknown.asked.replies[0].map is None
    with_maps = result_of({"some_replies.jsonl": replies(mapped)})
    assert with_maps.reports[0].maps.valid == 40 and with_maps.asked.replies[0].map is not None, "as it is scored, so it is shown"
    assert result_of(files, asked_as="plain_cgmap_out").reports[0].maps.valid == 0


def test_an_evaluation_says_what_it_says_and_no_more(result_of):
    text = to_json(scoring.score(made_tinybench.answered(ROWS, made_tinybench.right), task="raw_qa"))
    result = result_of({"x_eval.json": text.encode()})
    part = result.reports[0].parts[0]

    assert (part.count, part.correct, part.official[0]) == (40, 40, 1.0)
    assert part.untagged is None and part.chance is None and not result.files and result.asked is None
    with_maps = to_json(scoring.score(made_tinybench.answered(ROWS, mapped), task="plain_cgmap_out"))
    maps = result_of({"y_eval.json": with_maps.encode()}).reports[0].maps
    assert (maps.count, maps.parsable, maps.valid, maps.isomorphic, maps.exactly_isomorphic) == (40, 40, 40, 40, None)
    assert maps.official == ((1.0,), (1.0,), (1.0,)) and maps.exact is None and maps.coverage is None
    little = {"results": {"total": 9, "settings": {}, "cogmap_similarity": {"valid_count": 12, "avg_overall_similarity": 0.5}}}
    maps = result_of({"z_eval.json": json.dumps(little).encode()}).reports[0].maps
    assert (maps.valid, maps.parsable, maps.official) == (9, None, ((0.5,), None, None)), "no more maps than questions"


def test_a_model_that_did_not_answer_is_said_so(result_of):
    result = result_of({RESPONSES: replies(lambda item: "I cannot see that")})

    assert "did not answer" in result.reports[0].silent and result.asked.replies[0].letter == ""
    assert "There is no map" in result.asked.replies[0].map_note


@pytest.mark.parametrize(("values", "said"), [
    ({"part": 7}, "There is no file 7: 1 were found"), ({"item": 40}, "There is no row 40")], ids=["file", "row"])
def test_what_is_not_there_is_one_sentence(result_of, values, said):
    with pytest.raises(InputError, match=said):
        result_of({RESPONSES: replies(mapped)}, **values)


def test_what_is_none_of_mindcubes_is_one_sentence(result_of):
    with pytest.raises(InputError, match="is read here"):
        result_of({"a.json": b'{"a": 1}', "b.png": picture()})
