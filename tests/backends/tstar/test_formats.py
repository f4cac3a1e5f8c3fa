"""Every file of the field, small, into one shape; and what must not be read from them."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backends.files.tables import Limits
from backends.tstar import formats, outputs
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


def items_of(source: object, **options: object) -> tuple[formats.Item, ...]:
    return formats.load_items(source, **options).rows  # type: ignore[arg-type]


def predictions_of(source: object, **options: object) -> tuple[outputs.Prediction, ...]:
    return outputs.load_predictions(source, **options).rows  # type: ignore[arg-type]


def test_a_haystack_row_gives_seconds_of_the_video_and_of_the_clip() -> None:
    (item,) = items_of(_json([HAYSTACK]))

    assert item.key_seconds == (46135 / 30, 46147 / 30)
    assert item.key_seconds_in_clip == (2937 / 30, 2949 / 30)
    assert (item.answer, item.options["B"], item.fps, item.duration_s) == ("B", "In the sink", 30.0, 1959.1)
    assert (item.clip_interval, item.origin) == ((1439.94, 1919.96), "haystack")


def test_clip_frame_2937_is_video_frame_46135() -> None:
    row = {key: value for key, value in HAYSTACK.items() if key != "frame_indexes_video"}

    (item,) = items_of(_json([row]))

    assert item.key_indices == (46135, 46147)


def test_clip_frames_are_not_used_with_the_video_when_the_clips_place_is_unknown() -> None:
    row = {key: value for key, value in HAYSTACK.items() if key != "frame_indexes_video"}
    row["video_metadata"] = {"frame_rate": 30.0}

    (item,) = items_of(_json([row]))

    assert item.key_seconds is None and item.key_indices is None
    assert item.key_seconds_in_clip == (97.9, 98.3)
    assert "not used with the full video" in item.notes[0]


def test_parallel_lists_of_the_early_release_are_clip_relative() -> None:
    first, second = items_of(_json(EARLY))

    assert first.origin == "early" and first.key_indices == (46135, 46147)
    assert second.key_seconds == ()  # a row without key frames: skipped by the metrics


def test_parallel_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="'answer' of the file has 1 entries and 'question' has 2"):
        items_of(_json(EARLY | {"answer": ["B"]}))


def test_a_parquet_table_reads_like_the_same_rows_in_json(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([HAYSTACK, HAYSTACK | {"frame_indexes_video": None}]), path)

    items = items_of(path)

    assert items[0] == items_of(_json([HAYSTACK]))[0]
    assert items[1].key_indices == (46135, 46147)


def test_json_lines_and_json_give_the_same_items_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "named.json"
    path.write_text("\n".join(json.dumps(row) for row in (HAYSTACK, LONGVIDEOBENCH)) + "\n\n")

    assert items_of(path) == items_of(_json([HAYSTACK, LONGVIDEOBENCH]))


def test_a_longvideobench_item_has_no_seconds_until_its_frame_rate_is_given() -> None:
    (item,) = items_of(_json([LONGVIDEOBENCH]))
    (timed,) = items_of(_json([LONGVIDEOBENCH]), fps={"film": 25.0})

    assert (item.answer, item.key_indices, item.key_seconds) == ("B", (250, 300), None)
    assert timed.key_seconds == (10.0, 12.0)


def test_gt_answer_and_answer_are_both_read_and_missing_keys_are_fine() -> None:
    for key in ("gt_answer", "answer"):
        (item,) = items_of(_json([{"video_path": "a/v.mp4", "question": "q", "options": "A) Red\nB) Blue", key: "B"}]))

        assert (item.video_id, item.answer, dict(item.options)) == ("v", "B", {"A": "Red", "B": "Blue"})
    (bare,) = items_of(_json([{"video_id": "v", "question": "q"}]))
    assert (bare.answer, bare.key_seconds, dict(bare.options)) == (None, None, {})


def test_an_answer_that_is_the_text_of_an_option_becomes_its_letter() -> None:
    (item,) = items_of(_json([HAYSTACK | {"answer": "in the sink"}]))
    (odd,) = items_of(_json([HAYSTACK | {"answer": "elsewhere"}]))

    assert item.answer == "B"
    assert odd.answer is None and "none of the options" in odd.notes[0]


def test_a_result_file_gives_one_prediction_per_method_with_relations() -> None:
    found = {one.method: one for one in predictions_of(_json([RESULT]))}

    assert set(found) == {"T*", "TStar_YOLO_8frames", "Uniform_32frames", "KSF_sec_8"}
    assert found["T*"].seconds == (12.0, 741.0) and found["T*"].distribution == (0.5, 0.5)
    assert found["T*"].relations == (outputs.Relation("mug", "sink", "spatial"),)
    assert found["KSF_sec_8"].distribution is None
    assert found["T*"].item.key_seconds == (12.0, 13.0)


def test_a_question_file_is_not_taken_for_a_result_file() -> None:
    with pytest.raises(InputError, match="keyframe_timestamps"):
        predictions_of(_json([HAYSTACK]))


@pytest.mark.parametrize(("content", "message"), [
    (b"", "empty"),
    (b"\x89PNG\r\n\x1a\n" + bytes(64), "not text"),
    (b"[]", "no rows"),
    (b"[1, 2]", "Row 1 is 1"),
    (b'"text"', "no rows"),
    (b'[\n{"question": "q",}\n]', "line 2"),
    (b'[{"question": ["q"], "video_id": "v"}]', "question = "),
    (b'[{"question": "q"}]', "names no video"),
    (b'[{"video_id": "v"}]', "no question"),
    (b'[{"question": "q", "video_id": "v", "gt_frame_index": [1.5]}]', "whole numbers"),
    (b'[{"question": "q", "video_id": "v", "gt_frame_index": "12"}]', "must be a list"),
    (b'[{"question": "q", "video_id": "v", "options": [[1]]}]', "options"),
    (b'[{"question": "q", "video_id": "v", "video_metadata": [1]}]', "video_metadata"),
    (b'[{"question": "q", "video_id": "v", "fps": -1}]', "frame rate is between"),
    (b'[{"question": "q", "video_id": "v", "fps": 1001}]', "frame rate is between"),
    (b'[{"question": "\\ud800", "video_id": "v"}]', "must be text"),
    (b'[{"question": "q", "video_id": "v", "fps": 1e400}]', "finite"),
    (b'[{"question": "q", "video_id": "v", "vclip_interval_in_video": [5, 2]}]', "later end"),
    (b'[{"question": "q", "video_id": "v", "vclip_interval_in_video": [-0.06, 2]}]', "later end"),
    (b"[" * 100_000, "nested"),
    (b'[{"question": "q", "fps": ' + b"9" * 5000 + b"}]", "too long"),
    (b"PAR1 and nothing else", "parquet"),
], ids=["empty", "binary", "no rows", "numbers", "text", "bad json", "question type", "no video", "no question",
        "half frame", "list type", "option type", "metadata type", "fps", "fps above", "half a character",
        "infinite", "interval", "early start", "deep", "digits", "parquet"])
def test_a_file_without_one_usable_row_is_refused_with_what_is_wrong(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        formats.load_items(content)


def test_one_odd_row_is_left_out_and_told_under_the_files_name() -> None:
    rows = [HAYSTACK, HAYSTACK | {"question": None}, HAYSTACK | {"answer": "elsewhere"}, {"x": 1}, HAYSTACK | {"colour": "red"}]

    found = formats.load_items(_json(rows), name="test.json")

    assert [item.answer for item in found.rows] == ["B", None, "B"]
    assert found.notes == (
        "test.json: Columns that are not used: x, colour.",
        "test.json: Row 3: the answer 'elsewhere' is none of the options: it is treated as unknown.",
        "test.json: 2 rows are left out (2, 4): Row 2 has no question. Each row needs a question and a video_id.")


def test_starts_a_rounding_error_before_the_video_are_read_as_its_start() -> None:
    """As 20 to 42 rows of each released annotation file have them."""
    def starting(second: float) -> dict[str, object]:
        return HAYSTACK | {"video_metadata": HAYSTACK["video_metadata"] | {"vclip_interval_in_video": [second, 480.0]}}

    found = formats.load_items(_json([starting(-4e-7), starting(-0.0123), starting(-0.05), starting(0.0), starting(-0.0501)]))

    assert [item.clip_interval for item in found.rows] == [(0.0, 480.0)] * 4
    assert found.notes == (
        "3 rows (1, 2, 3): the clip starts a rounding error before its video: its start is read as 0.",
        "1 row is left out: Row 5 has the clip interval [-0.0501, 480.0]. It must be a start and a later end in seconds.")


def test_the_numbers_of_a_row_may_be_texts_in_csv() -> None:
    frame = pd.DataFrame([HAYSTACK])

    (item,) = items_of(frame.to_csv(index=False).encode())

    assert item == items_of(_json([HAYSTACK]))[0]
    (flat,) = items_of(pd.json_normalize([HAYSTACK]).to_csv(index=False).encode())
    assert (flat.key_seconds, flat.clip_interval, flat.options["B"]) == (item.key_seconds, item.clip_interval, "In the sink")


def test_odd_predictions_leave_out_their_row_only() -> None:
    for key, value in (("keyframe_timestamps", [-1.0]), ("keyframe_timestamps", ["a"]), ("keyframe_timestamps", 3)):
        found = outputs.load_predictions(_json([RESULT | {key: value}, RESULT | {"question": "Another?"}]))

        assert {one.item.question for one in found.rows} == {"Another?"}
        assert found.notes[0].startswith("1 row is left out: Row 1 has")
        with pytest.raises(InputError, match="Row 1"):
            outputs.load_predictions(_json([RESULT | {key: value}]))


def test_what_was_looked_for_is_passed_over_where_it_is_odd() -> None:
    """A score does not need it."""
    for grounding in ([1], {"target_objects": [["mug"]]}, {"target_objects": [], "relations": [["mug", "sink", "beside"]]}):
        found = outputs.load_predictions(_json([RESULT | {"grounding_objects": grounding}]))

        assert len(found.rows) == 4 and found.rows[0].targets == ()
        assert "what was looked for cannot be read and is passed over. Row 1 has" in found.notes[0]


def test_a_returned_second_a_rounding_error_before_the_video_is_its_start() -> None:
    assert predictions_of(_json([RESULT | {"keyframe_timestamps": [-1e-7, 3]}]))[0].seconds == (0.0, 3.0)


def test_odd_indices_in_the_clip_cost_no_row_that_has_those_of_the_video() -> None:
    rows = [HAYSTACK, HAYSTACK | {"frame_indexes_vclip": [-1, 12]}]

    found = formats.load_items(_json(rows))

    assert found.rows[1].key_seconds == found.rows[0].key_seconds and found.rows[1].key_seconds_in_clip is None
    assert found.notes == ("Row 2: frame_indexes_vclip cannot be read and is passed over: the key frames are those of the full "
                           "video.",)
    only_clip = {key: value for key, value in rows[1].items() if key != "frame_indexes_video"}
    assert "Row 2 has -1.0 in frame_indexes_vclip" in formats.load_items(_json([HAYSTACK, only_clip])).notes[0]


def test_the_early_keys_of_a_score_file_are_read_and_unknown_ones_named() -> None:
    early = {"Average Precision": 0.25, "Average Recall": 0.5, "Average F1 Score": 0.3, "Average SSIM Precision": 0.6,
             "Average XYZ": 1}

    scores = outputs.load_scores(_json(early))

    assert (scores.temporal_precision, scores.temporal_recall, scores.temporal_f1, scores.ssim_precision) == (0.25, 0.5, 0.3, 0.6)
    assert scores.notes == ("Columns that are not used: Average XYZ.",)
    with pytest.raises(InputError, match=r"'m\.json' has none of the keys Average Temporal Precision"):
        outputs.load_scores(_json({"qa_accuracy": 0.5}), name="m.json")


@pytest.mark.parametrize(("changes", "said"), [
    ({"Average Temporal Recall": 5.96}, r"'m\.json' has Average Temporal Recall = 5\.96\. It must be a share between 0 and 1"),
    ({"Average SSIM F1 Score": 64.3}, "Average SSIM F1 Score = 64.3"), ({"Average Temporal Precision": -0.1}, "Precision = -0.1"),
    ({"Average Temporal F1 Score": float("nan")}, "NaN"), ({"Average Temporal Recall": "much"}, "Average Temporal Recall"),
])
def test_a_score_file_in_per_cent_or_without_numbers_is_refused_with_its_own_reason(changes, said) -> None:
    scores = _json({"Average Temporal Precision": 1.5, "Average Temporal Recall": 0.5} | changes)

    with pytest.raises(InputError, match=said):
        score_files(_json([asked()]), {"m.json": scores})


def test_more_rows_than_are_read_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "LIMITS", Limits(mb=256, rows=2))

    assert len(items_of(_json([HAYSTACK] * 2))) == 2
    with pytest.raises(InputError, match=r"has 3 rows\. At most 2 can be read"):
        formats.load_items(_json([HAYSTACK] * 3))


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'gone\.json'") as caught:
        items_of(tmp_path / "gone.json")

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


def test_every_file_that_cannot_be_scored_is_told_at_once() -> None:
    with pytest.raises(InputError) as refusal:
        score_files(b"prompt,answer\n2+2,4\n", {"a.json": _json({"question": "Where?"}), "good.json": _json([RESULT])},
                    truth_name="prompts.csv")

    said = str(refusal.value)
    assert "prompts.csv: Row 1 has no question. Each row needs a question and a video_id." in said
    assert "a.json: Row 1 names no video. It needs video_id or video_path." in said
    assert "good.json" not in said


def test_scoring_without_any_frame_rate_says_what_is_missing() -> None:
    row = {key: value for key, value in RESULT.items() if key != "fps"}

    with pytest.raises(InputError, match="frame rate"):
        score_files(None, {"mine": _json([row])})
    assert score_files(None, {"mine": _json([row])}, fps=30.0).rows[0].num_scored == 1


def asked(question: str = "Where is it?", *, frames: tuple[int, ...] = (300,), **values: object) -> dict[str, object]:
    return {"video_id": "v", "question": question, "fps": 30.0, "gt_frame_index": list(frames), **values}


def answering(row: dict[str, object], second: float) -> dict[str, object]:
    return row | {"keyframe_timestamps": [second]}


def scored(truth: list[dict[str, object]],
           results: list[dict[str, object]]) -> tuple[tuple[float | None, int | None], tuple[str, ...]]:
    """The recall and the number of scored questions, and the notes."""
    scoring = score_files(_json(truth), {"r.json": _json(results)})
    return (scoring.rows[0].recall, scoring.rows[0].num_scored), scoring.notes


def test_one_question_about_two_clips_is_two_questions() -> None:
    """The pair of video and question alone merges 41 of the 941 rows of the test split."""
    first = asked(frames=(300,), vclip_id="a", vclip_interval_in_video=[0.0, 480.0])
    second = asked(frames=(30_000,), vclip_id="b", vclip_interval_in_video=[960.0, 1440.0])
    without_id = [{key: value for key, value in row.items() if key not in ("vclip_id", "gt_frame_index")} for row in (second, first)]

    assert scored([first, second], [answering(second, 1000.0), answering(first, 10.0)])[0] == (1.0, 2)
    assert scored([first, second], [answering(without_id[0], 1000.0), answering(without_id[1], 10.0)])[0] == (1.0, 2)


def test_a_question_that_is_asked_twice_about_one_clip_is_told_by_its_answer_then_by_its_order() -> None:
    first, second = asked(frames=(300,), answer="A", options=["x", "y"]), asked(frames=(30_000,), answer="B", options=["x", "y"])
    no_frames = [{key: value for key, value in row.items() if key != "gt_frame_index"} for row in (first, second)]
    no_answers = [{key: value for key, value in row.items() if key != "answer"} for row in no_frames]

    assert scored([first, second], [answering(no_frames[1], 1000.0), answering(no_frames[0], 10.0)])[0] == (1.0, 2)
    assert scored([first, second], [answering(no_answers[0], 10.0), answering(no_answers[1], 1000.0)])[0] == (1.0, 2)
    assert scored([first, second], [answering(no_frames[0] | {"answer": "B"}, 1000.0)])[0] == (1.0, 1)
    assert scored([first], [answering(no_frames[0] | {"answer": "B"}, 10.0)])[0] == (1.0, 1)  # the answer was mended since


def test_rows_are_told_by_their_ids_where_both_files_have_them() -> None:
    first, second = asked(frames=(300,), id="1"), asked(frames=(30_000,), id="2")
    strange = [row | {"id": f"run-{row['id']}"} for row in (first, second)]

    assert scored([first, second], [answering(second | {"gt_frame_index": [1]}, 1000.0)])[0] == (1.0, 1)
    (found, notes) = scored([first, second], [answering(row, second) for row, second in zip(strange, (10.0, 1000.0))])
    assert found == (1.0, 2) and any("no id of the file is one of the ground truth" in note for note in notes)
    (found, notes) = scored([first], [answering(first, 10.0), answering(second, 1000.0)])
    assert found == (1.0, 1) and "r.json: T*: 1 questions are not in the ground truth and are skipped." in notes


def test_a_result_beyond_its_questions_is_told() -> None:
    (found, notes) = scored([asked()], [answering(asked(), 10.0), answering(asked(), 500.0)])

    assert found == (1.0, 1)
    assert notes == ("r.json: T*: 1 results answer a question once more and are skipped.",)


def test_repeated_questions_of_result_files_without_a_truth_are_scored_each() -> None:
    rows = [answering(asked(frames=(300,)), 10.0), answering(asked(frames=(30_000,)), 1000.0)]
    bare = [{key: value for key, value in row.items() if key != "gt_frame_index"} for row in rows]

    scoring = score_files(None, {"bare.json": _json(bare), "own.json": _json(rows)})

    assert scoring.num_questions == 2
    assert [(row.recall, row.num_scored, row.num_missing) for row in scoring.rows] == [(1.0, 2, 0), (1.0, 2, 0)]


def test_a_score_file_is_shown_beside_what_is_scored_here() -> None:
    early = {"Average Precision": 0.25, "Average Recall": 0.5, "Average F1 Score": 0.3}

    scoring = score_files(_json([asked()]), {"metrics_results.json": _json(early), "mine.json": _json([answering(asked(), 10.0)])})

    mine, theirs = scoring.rows
    assert (mine.name, mine.f1, theirs.name, theirs.f1, theirs.num_scored) == (
        "mine.json: T*", 1.0, "metrics_results.json: as its file says", 0.3, None)
    assert "metrics_results.json is a score file: its numbers are shown as they are." in scoring.notes
    assert score_files(None, {"metrics_results.json": _json(early)}).rows == (theirs,)


def test_a_thousand_equal_questions_are_told_apart_by_their_order() -> None:
    truth = [asked(frames=(30 * number,)) for number in range(0, 10_000, 10)]
    results = [answering({key: value for key, value in row.items() if key != "gt_frame_index"}, number)
               for number, row in zip(range(0, 10_000, 10), truth)]

    assert scored(truth, results)[0] == (1.0, 1000)


def test_half_a_character_in_a_key_or_a_relation_reaches_no_page():
    """JSON can smuggle one in; nothing can show or save it."""
    row = {"video_id": "v", "question": "q", "half \ud83d_8frames_sec": [1.0], "keyframe_timestamps": [2.0],
           "grounding_objects": {"relations": [["half \ud83d", "b", "spatial"]]}}

    found = outputs.load_predictions(json.dumps([row, row]).encode())

    assert {one.method for one in found.rows} == {"T*", "half ?_8frames"} and not found.rows[0].relations
    assert str(found).encode()
