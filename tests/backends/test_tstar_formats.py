"""Every file of the field, small, into one shape; and what must not be read from them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backends.tstar import formats, records
from backends.tstar.scoring import score_files
from worlds.errors import InputError

HAYSTACK = {
    "video_id": "aaaa1111", "vclip_id": "bbbb2222", "question": "Where did I leave the red mug?",
    "options": {"A": "On the shelf", "B": "In the sink", "C": "On the sofa", "D": "In the bag", "E": "On the floor"},
    "answer": "B", "frame_indexes_video": [46135, 46147], "frame_indexes_vclip": [2937, 2949],
    "video_metadata": {"frame_rate": 30.0, "vclip_interval_in_video": [1439.94, 1919.96], "video_duration": 1959.1},
}
EARLY = {key: [value, value] for key, value in HAYSTACK.items() if not key.startswith("frame_indexes")}
EARLY = EARLY | {"frame_indexes": [[2937, 2949], []]}
LONGVIDEOBENCH = {
    "video_id": "film", "question": "What is on the desk?", "candidates": ["A lamp", "A cat", "A pen"], "correct_choice": 1,
    "position": [250, 300], "question_category": "S2E", "duration_group": 3600, "duration": 1000.5, "id": "film_0",
}
RESULT = {
    "video_path": "videos/aaaa1111.mp4", "question": "Where did I leave the red mug?", "options": "A) On the shelf\nB) In the sink",
    "gt_answer": "B", "gt_frame_index": [360, 390], "fps": 30.0,
    "grounding_objects": {"target_objects": ["red mug"], "cue_objects": ["sink", "tap"], "relations": [["mug", "sink", "spatial"]]},
    "keyframe_timestamps": [12.0, 741.0], "keyframe_distribution": [0.5, 0.5],
    "TStar_YOLO_8frames_sec": [13.0], "Uniform_32frames_sec": [0.0, 500.0], "KSF_sec_8": [14.0],
}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_haystack_row_gives_seconds_of_the_video_and_of_the_clip() -> None:
    (item,) = formats.load_items(_json([HAYSTACK]))

    assert item.key_seconds == (46135 / 30, 46147 / 30)
    assert item.key_seconds_in_clip == (2937 / 30, 2949 / 30)
    assert (item.answer, item.options["B"], item.fps, item.duration_s) == ("B", "In the sink", 30.0, 1959.1)
    assert (item.clip_interval, item.origin) == ((1439.94, 1919.96), "haystack")


def test_clip_frame_2937_is_video_frame_46135() -> None:
    row = {key: value for key, value in HAYSTACK.items() if key != "frame_indexes_video"}

    (item,) = formats.load_items(_json([row]))

    assert item.key_indices == (46135, 46147)


def test_clip_frames_are_not_used_with_the_video_when_the_clips_place_is_unknown() -> None:
    row = {key: value for key, value in HAYSTACK.items() if key != "frame_indexes_video"}
    row["video_metadata"] = {"frame_rate": 30.0}

    (item,) = formats.load_items(_json([row]))

    assert item.key_seconds is None and item.key_indices is None
    assert item.key_seconds_in_clip == (97.9, 98.3)
    assert "not used with the full video" in item.notes[0]


def test_parallel_lists_of_the_early_release_are_clip_relative() -> None:
    first, second = formats.load_items(_json(EARLY))

    assert first.origin == "early" and first.key_indices == (46135, 46147)
    assert second.key_seconds == ()  # a row without key frames: skipped by the metrics


def test_parallel_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="'answer' has 1 entries and 'question' has 2"):
        formats.load_items(_json(EARLY | {"answer": ["B"]}))


def test_a_parquet_table_reads_like_the_same_rows_in_json(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([HAYSTACK, HAYSTACK | {"frame_indexes_video": None}]), path)

    items = formats.load_items(path)

    assert items[0] == formats.load_items(_json([HAYSTACK]))[0]
    assert items[1].key_indices == (46135, 46147)


def test_json_lines_and_json_give_the_same_items_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "named.json"
    path.write_text("\n".join(json.dumps(row) for row in (HAYSTACK, LONGVIDEOBENCH)) + "\n\n")

    assert formats.load_items(path) == formats.load_items(_json([HAYSTACK, LONGVIDEOBENCH]))


def test_a_longvideobench_item_has_no_seconds_until_its_frame_rate_is_given() -> None:
    (item,) = formats.load_items(_json([LONGVIDEOBENCH]))
    (timed,) = formats.load_items(_json([LONGVIDEOBENCH]), fps={"film": 25.0})

    assert (item.answer, item.key_indices, item.key_seconds) == ("B", (250, 300), None)
    assert timed.key_seconds == (10.0, 12.0)


def test_the_haystack_part_keeps_hour_long_questions_without_subtitles() -> None:
    rows = [LONGVIDEOBENCH, LONGVIDEOBENCH | {"question_category": "T2E"}, LONGVIDEOBENCH | {"duration_group": 600}]

    assert len(formats.haystack_part(formats.load_items(_json(rows)))) == 1


def test_gt_answer_and_answer_are_both_read_and_missing_keys_are_fine() -> None:
    for key in ("gt_answer", "answer"):
        (item,) = formats.load_items(_json([{"video_path": "a/v.mp4", "question": "q", "options": "A) Red\nB) Blue", key: "B"}]))

        assert (item.video_id, item.answer, dict(item.options)) == ("v", "B", {"A": "Red", "B": "Blue"})
    (bare,) = formats.load_items(_json([{"video_id": "v", "question": "q"}]))
    assert (bare.answer, bare.key_seconds, dict(bare.options)) == (None, None, {})


def test_an_answer_that_is_the_text_of_an_option_becomes_its_letter() -> None:
    (item,) = formats.load_items(_json([HAYSTACK | {"answer": "in the sink"}]))
    (odd,) = formats.load_items(_json([HAYSTACK | {"answer": "elsewhere"}]))

    assert item.answer == "B"
    assert odd.answer is None and "none of the options" in odd.notes[0]


def test_a_result_file_gives_one_prediction_per_method_with_relations() -> None:
    found = {one.method: one for one in formats.load_predictions(_json([RESULT]))}

    assert set(found) == {"T*", "TStar_YOLO_8frames", "Uniform_32frames", "KSF_sec_8"}
    assert found["T*"].seconds == (12.0, 741.0) and found["T*"].distribution == (0.5, 0.5)
    assert found["T*"].relations == (formats.Relation("mug", "sink", "spatial"),)
    assert found["KSF_sec_8"].distribution is None
    assert found["T*"].item.key_seconds == (12.0, 13.0)


def test_a_question_file_is_not_taken_for_a_result_file() -> None:
    with pytest.raises(InputError, match="keyframe_timestamps"):
        formats.load_predictions(_json([HAYSTACK]))


def test_written_results_are_read_back_and_have_the_keys_of_the_released_scripts() -> None:
    first = [one for one in formats.load_predictions(_json([RESULT])) if one.method == "T*"]

    written = formats.results_json(first)

    assert formats.load_predictions(written.encode())[0].seconds == first[0].seconds
    row = json.loads(written)[0]
    assert row["options"] == "A) On the shelf\nB) In the sink" and row["gt_answer"] == "B"
    assert row["gt_frame_index"] == [360, 390] and row["video_path"] == "videos/aaaa1111.mp4"
    assert row["grounding_objects"]["target_objects"] == ["red mug"]


def test_one_result_file_holds_one_method() -> None:
    with pytest.raises(ValueError, match="one method"):
        formats.results_json(formats.load_predictions(_json([RESULT])))


def test_scores_and_answers_survive_writing_and_reading() -> None:
    scores = formats.ScoreFile(temporal_precision=0.017, ssim_f1=0.668)
    (item,) = formats.load_items(_json([HAYSTACK]))
    answers = (formats.AnswerRow(item, "TStar", "B", True), formats.AnswerRow(item, "TStar", "A", False))

    assert json.loads(formats.scores_json(scores)) == {"Average Temporal Precision": 0.017, "Average SSIM F1 Score": 0.668}
    assert formats.load_scores(formats.scores_json(scores).encode()) == scores
    written = formats.answers_jsonl(answers)
    assert written.count("\n") == 2
    assert [(row.sampling, row.predicted, row.is_correct) for row in formats.load_answers(written.encode())] == [
        ("TStar", "B", True), ("TStar", "A", False)]
    assert formats.load_accuracy(formats.accuracy_json(answers).encode()) == 0.5


@pytest.mark.parametrize(("content", "message"), [
    (b"", "empty"),
    (b"\xff\xfe\x00", "not text"),
    (b"[1, 2]", "Row 1 is 1"),
    (b'"text"', "list of objects"),
    (b'{"question": "q", "video_id": "v"}\n{"question": \n', "Line 2"),
    (b'[\n{"question": "q",}\n]', "Line 2"),
    (b'[{"question": "q", "video_id": "v", "fps": NaN}]', "NaN"),
    (b'[{"question": 7, "video_id": "v"}]', "question = 7"),
    (b'[{"question": "q"}]', "names no video"),
    (b'[{"video_id": "v"}]', "no question"),
    (b'[{"question": "q", "video_id": "v", "gt_frame_index": [1.5]}]', "whole numbers"),
    (b'[{"question": "q", "video_id": "v", "gt_frame_index": "12"}]', "must be a list"),
    (b'[{"question": "q", "video_id": "v", "options": [1]}]', "options"),
    (b'[{"question": "q", "video_id": "v", "video_metadata": [1]}]', "video_metadata"),
    (b'[{"question": "q", "video_id": "v", "fps": -1}]', "frame rate is between"),
    (b'[{"question": "q", "video_id": "v", "fps": 1001}]', "frame rate is between"),
    (b'[{"question": "\\ud800", "video_id": "v"}]', "must be text"),
    (b'[{"question": "q", "video_id": "v", "fps": 1e400}]', "finite"),
    (b'[{"question": "q", "video_id": "v", "vclip_interval_in_video": [5, 2]}]', "later end"),
    (b"[" * 100_000, "nested"),
    (b'[{"question": "q", "fps": ' + b"9" * 5000 + b"}]", "too long"),
    (b"PAR1 and nothing else", "parquet"),
], ids=["empty", "binary", "numbers", "text", "bad line", "bad json", "nan", "question type", "no video", "no question",
        "half frame", "list type", "option type", "metadata type",
        "fps", "fps above", "half a character",
        "infinite", "interval", "deep", "digits", "parquet"])
def test_a_bad_file_is_refused_with_what_is_wrong(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        formats.load_items(content)


def test_bad_predictions_are_refused() -> None:
    for key, value in (("keyframe_timestamps", [-1.0]), ("keyframe_timestamps", ["a"]), ("grounding_objects", [1])):
        with pytest.raises(InputError, match="Row 1"):
            formats.load_predictions(_json([RESULT | {key: value}]))


def test_a_bad_relation_is_refused() -> None:
    grounding = {"target_objects": [], "relations": [["mug", "sink", "beside"]]}

    with pytest.raises(InputError, match="kind must be one of"):
        formats.load_predictions(_json([RESULT | {"grounding_objects": grounding}]))


def test_size_and_row_limits_hold_at_the_limit_and_one_above(tmp_path: Path) -> None:
    rows = _json([{"a": 1}, {"a": 2}])

    assert len(records.read_rows(rows, max_rows=2)) == 2
    with pytest.raises(InputError, match="At most 1 can"):
        records.read_rows(rows, max_rows=1)
    path = tmp_path / "large.json"
    path.write_bytes(b" " * 999_998 + b"[]")
    assert records.read_rows(path, limit_mb=1) == []
    path.write_bytes(b" " * 999_999 + b"[]")
    with pytest.raises(InputError, match="At most 1 MB"):
        records.read_rows(path, limit_mb=1)


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'gone\.json'") as caught:
        formats.load_items(tmp_path / "gone.json")

    assert str(tmp_path) not in str(caught.value)


def test_result_files_are_scored_per_method_and_nothing_is_dropped_in_silence() -> None:
    other = RESULT | {"question": "Not in the truth?"}
    truth = [RESULT | {"gt_frame_index": [300, 330]}, HAYSTACK | {"question": "Never answered?"}]  # 10 and 11 s

    scoring = score_files(_json(truth), {"mine": _json([RESULT | {"keyframe_timestamps": [12.0, 100.0]}, other])})

    rows = {row.name: row for row in scoring.rows}
    mine = rows["mine: T*"]
    assert (mine.precision, mine.recall, mine.one_sided_precision) == (0.5, 1.0, 1.0)
    assert mine.f1 == pytest.approx(2 / 3)
    assert (mine.num_scored, mine.num_unknown, mine.num_missing) == (1, 1, 1)
    assert rows["mine: Uniform_32frames"].f1 == 0.0
    assert scoring.rows[0].f1 == 1.0
    assert any("not in the ground truth" in note for note in scoring.notes)


def test_result_files_can_be_scored_against_their_own_key_frames() -> None:
    scoring = score_files(None, {"mine": _json([RESULT])})

    assert {row.name: row.recall for row in scoring.rows}["mine: KSF_sec_8"] == 1.0


def test_scoring_without_any_frame_rate_says_what_is_missing() -> None:
    row = {key: value for key, value in RESULT.items() if key != "fps"}

    with pytest.raises(InputError, match="frame rate"):
        score_files(None, {"mine": _json([row])})
    assert score_files(None, {"mine": _json([row])}, fps=30.0).rows[0].num_scored == 1
