"""Many questions: drawn rooms for the miniature, MindCube's own for a model of a real class."""

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from backends.files.archive import zipped
from backends.files.saved import load_result, save_result
from backends.mindcube import evaluating, ladder, mappers, scoring
from backends.mindcube.reading import read_reply
from backends.mindcube.replies import Said
from backends.mindcube.results import MindCubeResult, Report
from backends.mindcube.rooms import drawn_rooms
from backends.mindcube.run import run
from backends.mindcube.settings import MindCubeSettings
from backends.run import Inputs, Progress, RunStopped, last
from tests.backends.mindcube import made_tinybench
from worlds.errors import InputError


def picture(width: int = 24, height: int = 16, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 90, np.uint8)).save(file, kind)
    return file.getvalue()


def brought(folder: Path, rows: list, images: dict[str, bytes], **more: bytes) -> Inputs:
    (folder / "own.zip").write_bytes(zipped({"raw/MindCube_tinybench.jsonl": made_tinybench.lines(rows), **images, **more}))
    return Inputs({"own.zip": folder / "own.zip"})


def some_rows() -> list:
    """Two of among, of around and of rotation, each of another group of images."""
    rows = made_tinybench.tinybench()
    return [row for name in ("among", "around", "rotation") for row in [row for row in rows if row["id"].startswith(name)][::-60][:2]]


def result_of(inputs: Inputs | None = None, **values) -> MindCubeResult:
    settings = MindCubeSettings(**{"task": "evaluate", "num_questions": 6, "max_new_tokens": 2, **values})
    return last(run(settings, inputs or Inputs()))


def test_every_way_is_scored_on_the_same_rooms_evenly_over_their_families(mappers_here):
    result = result_of(num_questions=12)

    assert [report.configuration for report in result.reports] == list(result.settings.configurations)
    for report in result.reports:
        counts = {part.name: part.count for part in report.parts if part.kind == "setting"}
        assert counts == {"rotation": 4, "among": 4, "around": 4} and report.parts[0].count == 12 == len(report.lines)
        assert [line.id for line in report.lines] == [line.id for line in result.reports[0].lines]
        assert 0.25 <= report.parts[0].chance <= 0.5 and report.parts[0].text_only is not None
        assert all(line.tokens for line in report.lines) and report.source == "drawn rooms"
        assert (report.maps is not None) == ("CGMap" in report.configuration)
    assert load_result(save_result(result), MindCubeResult).reports == result.reports


def test_a_right_reply_counts_and_its_map_is_compared(mappers_here, monkeypatch):
    """The miniature's words replaced by the right ones: all is right, whatever order the images come in."""
    from models.mappers.examples import said
    from models.mappers.replies import read

    monkeypatch.setattr(mappers, "answers", lambda model, way, asked, **_: [read(said(example, way)) for example, _ in asked])
    result = result_of(num_questions=30)

    for report in result.reports:
        assert report.parts[0].correct == 30 and report.parts[0].official[0] == 1 and not report.silent
        if report.maps:
            assert (report.maps.valid, report.maps.exactly_isomorphic, report.maps.coverage) == (30, 30, 1.0)
            assert report.maps.exact[0][0] == 1.0


def test_reports_grow_and_a_stopped_run_keeps_the_last(mappers_here, monkeypatch):
    monkeypatch.setattr(evaluating, "BATCH", 2)
    monkeypatch.setattr(evaluating, "SHOWN_EVERY_S", 0.0)
    read: list[str] = []
    monkeypatch.setattr(scoring, "read_reply", lambda text, options=(): read.append(text) or read_reply(text, options))
    events = run(MindCubeSettings(task="evaluate", num_questions=8, configurations=("Raw-QA",)), Inputs())
    counts, fractions = [], []
    for event in events:
        if isinstance(event, Progress):
            fractions.append(event.fraction)
        elif isinstance(event, tuple):
            assert isinstance(event[0], Report)
            counts.append(event[0].parts[0].count)
            if len(counts) == 2:
                break
    result = events.throw(RunStopped())

    assert counts == [2, 4] and fractions == sorted(fractions)
    assert len(read) == 4, "a reply is scored when it comes, however often the reports are shown"
    assert result.ended == "stopped" and result.reports[0].parts[0].count == 4


def test_the_miniature_is_asked_about_drawn_rooms_only_and_its_options_are_not_rotated(mappers_here, tmp_path):
    with pytest.raises(InputError, match="knows drawn rooms only"):
        result_of(brought(tmp_path, some_rows(), {}), data="upload:own.zip")
    assert any("shown no options" in note for note in result_of(rotates=True, configurations=("Raw-QA",)).notes)


def test_a_real_class_is_asked_mindcubes_own_questions_with_what_images_are_there(real, tmp_path):
    rows = some_rows()
    images = {f"pics/{image}": picture(24 + 8 * place) for row in rows[:5] for place, image in enumerate(row["images"])}
    del images[f"pics/{rows[0]['images'][0]}"]
    images[f"pics/{rows[1]['images'][0]}"] = b"\x89PNG\r\n\x1a\nbroken"

    result = result_of(brought(tmp_path, rows, images), model=real, data="upload:own.zip",
                       configurations=("Raw-QA", "Aug-CGMap-In", "VI-1"))

    assert [report.configuration for report in result.reports] == ["Raw-QA", "Aug-CGMap-In"]
    assert result.reports[0].parts[0].count == 5 and result.reports[0].source == "raw/MindCube_tinybench.jsonl"
    told = " ".join(result.notes)
    assert "VI-1 and VI-2 are left out" in told and "Missing images:" in told and "cannot be read: 1." in told
    assert "Not asked: 2 questions" in told  # the sixth, in two ways


def test_options_are_rotated_for_a_real_class(real, tmp_path):
    rows = some_rows()
    images = {image: picture() for row in rows for image in row["images"]}
    result = result_of(brought(tmp_path, rows, images), model=real, data="upload:own.zip", rotates=True, configurations=("Raw-QA",))

    assert result.reports[0].following.pairs == 6 == result.reports[0].parts[0].count
    assert not any("drawn evenly" in note for note in result.notes), "six of six"


def test_each_question_lists_its_things_in_an_order_of_its_own_and_so_it_does_by_itself(real, monkeypatch):
    seeds: list[int] = []
    monkeypatch.setattr(ladder, "ask", lambda *given: seeds.append(given[-1].seed) or Said("A. x"))
    result_of(model=real, seed=40, configurations=("Plain-CGMap-Out",))
    last(run(MindCubeSettings(scene="evaluated", index=4, seed=40, model=real, configurations=("Plain-CGMap-Out",)), Inputs()))

    assert seeds == [40, 41, 42, 43, 44, 45, 44]


@pytest.mark.parametrize(("most", "is_cut"), [(2, True), (3, False)], ids=["as long as may be", "one word less"])
def test_a_reply_is_cut_where_it_is_as_long_as_may_be(most, is_cut):
    tokenizer = Words()
    vlm = SimpleNamespace(say=lambda *_, **__: "A. x", processor=SimpleNamespace(tokenizer=tokenizer))
    one = drawn_rooms(("among",), 1, seed=0)[0]

    said = ladder.ask(vlm, "Raw-QA", one.item, one.true, one.pictures(16), ladder.Asking(max_tokens=most))
    assert (said.tokens, said.is_cut) == (2, is_cut)


class Words:
    """A tokenizer of words."""

    all_special_tokens: tuple[str, ...] = ()

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[str]]:
        return {"input_ids": text.split()}


def test_each_row_has_its_own_tokens_and_a_reply_whose_length_ran_out_is_cut(real, tmp_path, monkeypatch):
    rows = [{"images": [row["images"][0]], "conversations": [{"from": "human", "value": f"<image>[Question]\n{row['question']}"},
                                                             {"from": "gpt", "value": f"<answer>{row['gt_answer']}. x</answer>"}]}
            for row in some_rows()]  # conversations have no id
    lengths = iter(range(1, 7))
    monkeypatch.setattr(ladder, "ask", lambda *_: Said("A. x", tokens=(count := next(lengths)), is_cut=count > 4))
    report = result_of(brought(tmp_path, rows, {row["images"][0]: picture() for row in rows}), model=real, data="upload:own.zip",
                       configurations=("Raw-QA",)).reports[0]

    assert [line.tokens for line in report.lines] == [1, 2, 3, 4, 5, 6] and {line.id for line in report.lines} == {""}
    assert report.parts[0].cut == pytest.approx(2 / 6)


def test_a_question_that_is_too_long_for_the_model_is_left_out_and_the_others_are_asked(real, tmp_path):
    rows = some_rows()
    long = {**rows[1], "question": rows[1]["question"].replace("? A.", f"{' really' * 9_000}? A.")}
    images = {image: picture() for row in rows for image in row["images"]}
    values = {"model": real, "data": "upload:own.zip", "rotates": True, "configurations": ("Raw-QA",)}
    result = result_of(brought(tmp_path, [rows[0], long, *rows[2:]], images), **values)

    assert [line.id for line in result.reports[0].lines] == [row["id"] for row in rows if row is not rows[1]]
    assert result.reports[0].following.pairs == 5
    assert any(note.startswith("Not asked: 1 question") and "reads at most" in note for note in result.notes)
    with pytest.raises(InputError, match="reads at most"):
        result_of(brought(tmp_path, [long], images), **values)


def test_questions_without_images_or_without_questions_are_one_sentence(real, tmp_path):
    with pytest.raises(InputError, match="without a single image"):
        result_of(brought(tmp_path, some_rows(), {}), model=real, data="upload:own.zip")
    with pytest.raises(InputError, match=r"There is no file 'other.jsonl'"):
        result_of(brought(tmp_path, some_rows(), {"a.png": picture()}), model=real, data="upload:own.zip#other.jsonl")
    with pytest.raises(InputError, match="VI-1 and VI-2"):
        result_of(brought(tmp_path, some_rows(), {"a.png": picture()}), model=real, data="upload:own.zip", configurations=("VI-1",))


def test_fewer_questions_than_there_are_come_evenly_over_their_settings(real, tmp_path):
    rows = [row for row in made_tinybench.tinybench() if row["id"].startswith(("among", "rotation"))][:610]
    images = {image: picture() for image in dict.fromkeys(image for row in rows for image in row["images"])}
    result = result_of(brought(tmp_path, rows, images), model=real, data="upload:own.zip", configurations=("Raw-QA",))

    counts = {part.name: part.count for part in result.reports[0].parts if part.kind == "setting"}
    assert counts == {"among": 3, "rotation": 3} and any("6 of 610 questions" in note for note in result.notes)
