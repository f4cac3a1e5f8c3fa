"""What each knob of MindCube changes, in each of its tasks: cases of `tests/backends/test_every_knob.py`."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from backends.files.archive import zipped
from backends.made import Made
from backends.mindcube import asking, evaluating
from backends.mindcube.results import Drawn, MindCubeResult, Replied
from backends.mindcube.run import run
from backends.mindcube.settings import FOUR, MindCubeSettings
from backends.run import Inputs, last
from tests.backends.knobs import Case
from tests.backends.mindcube import made_tinybench, short_trainings, tiny_mappers
from tests.backends.mindcube.test_evaluating import picture
from tests.models.tiny_vlms import load_tiny
from worlds.rooms.generator import scene_at
from worlds.rooms.texts import write_scene

ROWS = made_tinybench.tinybench()[:6]
OTHER = write_scene(scene_at(9, subset="test", seed=5, settings=["around"], cue="described"))
HAND = json.dumps({"red ball": {"position": [5, 5]}, "blue cone": {"position": [5, 2]}})


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """Mappers that learned nothing, a tiny model of a real class, questions with images, replies, and two short trainings."""
    tiny_mappers.put_in(patch)
    load_tiny(folder, "qwen2_5_vl")
    for module in (asking, evaluating):
        patch.setattr(module, "REAL_PX", 64)
    short_trainings.put_in(patch)
    images = {f"own/{image}": picture() for row in ROWS for image in row["images"]}
    replies = made_tinybench.lines([{**row, "answer": f"<answer>{row['gt_answer']}. x</answer>"} for row in ROWS[:4]])
    (folder / "own.zip").write_bytes(zipped({"a_questions.jsonl": made_tinybench.lines(ROWS), "replies.jsonl": replies, **images}))
    (folder / "one.jsonl").write_bytes(made_tinybench.lines(ROWS[:1]))
    inputs = Inputs({name: folder / name for name in ("own.zip", "one.jsonl")}, {}, Made(lambda: folder / "makes"))
    return replace(inputs, results={"learned": last(run(MindCubeSettings(task="train", steps=2), inputs))})


# one room

RAW: dict[str, object] = {"configurations": ("Raw-QA",), "wanted": "among_2_1"}
MAPPED: dict[str, object] = RAW | {"configurations": ("Plain-CGMap-Out",)}
REAL = RAW | {"model": "qwen2_5_vl", "max_new_tokens": 4}


def reply(result: MindCubeResult) -> Replied:
    return result.asked.replies[0]


def same_question(before: MindCubeResult, after: MindCubeResult) -> None:
    was, now = ((result.asked.question, result.asked.scene, result.asked.true) for result in (before, after))
    assert was == now


def another_model(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert (before.model_id, after.model_id) == ("mindcube-mappers", "local:qwen2_5_vl") or after.model_id.endswith("qwen2_5_vl")
    assert before.is_miniature and not after.is_miniature and reply(before).text != reply(after).text


def packed(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert after.model_id == f"{before.model_id} (int8)"


def another_room(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.asked.scene != after.asked.scene and before.asked.true != after.asked.true
    assert before.asked.template == after.asked.template


def all_ways(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert [one.configuration for one in after.asked.replies] == list(FOUR)
    assert after.asked.replies[0].text == reply(before).text


def own_room(before: MindCubeResult, after: MindCubeResult) -> None:
    assert after.asked.scene == OTHER and after.asked.family == "around" and before.asked.family == "among"


def in_a_row(before: MindCubeResult, after: MindCubeResult) -> None:
    assert (before.asked.family, after.asked.family) == ("among", "around")


def another_kind(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.asked.scene == after.asked.scene
    assert (before.asked.template, after.asked.template[:7]) == ("among 2_1", "among 5")


def next_question(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.asked.scene == after.asked.scene and before.asked.template == after.asked.template
    assert before.asked.question != after.asked.question


def places(drawn: Drawn | None) -> dict[str, tuple[float, float]]:
    return {spot.name: (spot.x, spot.y) for spot in drawn.objects} if drawn else {}


def turned_over(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert reply(before).given is None
    assert places(reply(after).given) == {name: (10 - x, y) for name, (x, y) in places(after.asked.true).items()}
    assert places(reply(after).map) == places(reply(after).given)


def by_hand(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert places(reply(after).map) == {"red ball": (5, 5), "blue cone": (5, 2)} != places(reply(before).map)


def with_gaze(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert reply(before).text == reply(after).text and reply(before).gaze is None and reply(after).gaze.images.shape[1] == 4


def longer(before: MindCubeResult, after: MindCubeResult) -> None:
    same_question(before, after)
    assert reply(after).text.startswith(reply(before).text) and len(reply(after).text.split()) <= 4
    assert reply(before).tokens <= 1


ASK = (
    Case("model", "qwen2_5_vl", another_model, RAW | {"max_new_tokens": 4}, task="ask", on_page="elsewhere"),
    Case("quantisation", "int8", packed, REAL, task="ask", on_page="shown"),
    Case("seed", 3, another_room, RAW, task="ask"),
    Case("configurations", FOUR, all_ways, RAW, task="ask"),
    Case("scene", OTHER, own_room, {"configurations": ("Raw-QA",)}, task="ask", on_page="elsewhere"),
    Case("layout", "around", in_a_row, {"configurations": ("Raw-QA",)}, task="ask"),
    Case("index", 4, another_room, RAW, task="ask"),
    Case("wanted", "among_5", another_kind, RAW, task="ask", on_page="elsewhere"),  # its box holds what the room can be asked
    Case("number", 1, next_question, RAW, task="ask", on_page="elsewhere"),
    Case("edit", "swap left and right", turned_over, MAPPED, task="ask"),
    Case("map", HAND, by_hand, MAPPED | {"edit": "written", "map": HAND.replace("[5, 2]", "[2, 5]")}, task="ask",
         on_page="elsewhere"),
    Case("looks", True, with_gaze, RAW, task="ask"),
    Case("max_new_tokens", 4, longer, REAL | {"max_new_tokens": 1}, task="ask", on_page="shown"),
)


# many

MANY: dict[str, object] = {"configurations": ("Raw-QA",), "num_questions": 6}
OWN = MANY | {"model": "qwen2_5_vl", "max_new_tokens": 2}


def ids(result: MindCubeResult) -> list[str]:
    return [line.id for line in result.reports[0].lines]


def other_questions(before: MindCubeResult, after: MindCubeResult) -> None:
    told = [[line.question for line in result.reports[0].lines] for result in (before, after)]
    assert len(told[0]) == len(told[1]) == 6 and not set(told[0]) & set(told[1])


def each_way(before: MindCubeResult, after: MindCubeResult) -> None:
    assert [report.configuration for report in after.reports] == ["Raw-QA", "FFR"] and ids(before) == ids(after)
    assert before.reports[0] == after.reports[0]


def more(before: MindCubeResult, after: MindCubeResult) -> None:
    assert len(ids(before)) == 6 and len(ids(after)) == 9 and ids(after)[:6] == ids(before)


def of_one_family(before: MindCubeResult, after: MindCubeResult) -> None:
    found = [{line.family for line in result.reports[0].lines} for result in (before, after)]
    assert found == [{"rotation", "among", "around"}, {"among"}]


def own_questions(before: MindCubeResult, after: MindCubeResult) -> None:
    assert (before.reports[0].source, after.reports[0].source) == ("drawn rooms", "a_questions.jsonl")
    assert ids(after) == [row["id"] for row in ROWS]


def asked_twice(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.reports[0].following is None and after.reports[0].following.pairs == 6
    assert before.reports[0].lines == after.reports[0].lines


def tokens(before: MindCubeResult, after: MindCubeResult) -> None:
    assert ids(before) == ids(after)
    was, now = ([line.tokens for line in result.reports[0].lines] for result in (before, after))
    assert max(was) <= 2 and max(now) > 2


def other_replies(before: MindCubeResult, after: MindCubeResult) -> None:
    assert ids(before) == ids(after) and before.is_miniature and not after.is_miniature
    assert [line.reply for line in before.reports[0].lines] != [line.reply for line in after.reports[0].lines]


def packed_replies(before: MindCubeResult, after: MindCubeResult) -> None:
    assert ids(before) == ids(after) and after.model_id == f"{before.model_id} (int8)" == after.reports[0].model


EVALUATE = (
    Case("model", "qwen2_5_vl", other_replies, MANY | {"max_new_tokens": 2}, task="evaluate"),
    Case("quantisation", "int8", packed_replies, OWN, task="evaluate", on_page="shown"),
    Case("seed", 1, other_questions, MANY, task="evaluate"),
    Case("configurations", ("Raw-QA", "FFR"), each_way, MANY, task="evaluate"),
    Case("num_questions", 9, more, MANY, task="evaluate"),
    Case("families", ("among",), of_one_family, MANY, task="evaluate"),
    Case("data", "upload:own.zip", own_questions, OWN, task="evaluate", on_page="elsewhere"),
    Case("rotates", True, asked_twice, OWN, task="evaluate"),
    Case("max_new_tokens", 6, tokens, OWN, task="evaluate", on_page="shown"),
)


# files

FILES = {"file": "upload:own.zip"}


def other_file(before: MindCubeResult, after: MindCubeResult) -> None:
    assert [len(result.files) for result in (before, after)] == [2, 1] and len(after.reports[0].lines) == 1


def replies_of(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.files == after.files and not before.reports[0].parts and after.reports[0].parts[0].count == 4


def other_row(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.reports == after.reports and [result.asked.id for result in (before, after)] == [ROWS[0]["id"], ROWS[3]["id"]]


def said_by_hand(before: MindCubeResult, after: MindCubeResult) -> None:
    assert [result.reports[0].configuration for result in (before, after)] == ["", "Plain-CGMap-Out"]
    assert before.reports[0].maps is None and after.reports[0].maps.count == 4


READ = (
    Case("file", "upload:one.jsonl", other_file, FILES, task="file", on_page="elsewhere"),
    Case("part", 1, replies_of, FILES, task="file", on_page="elsewhere"),
    Case("item", 3, other_row, FILES, task="file", on_page="elsewhere"),
    Case("asked_as", "plain_cgmap_out", said_by_hand, FILES | {"part": 1}, task="file", on_page="elsewhere"),
)


# a training

SHORT: dict[str, object] = {"steps": 2}


def losses(result: MindCubeResult) -> list[float]:
    return [point.loss for point in result.training.points]


def other_way(before: MindCubeResult, after: MindCubeResult) -> None:
    assert (before.training.way, after.training.way) == ("map_reason", "reason")
    assert after.training.points[-1].maps is None and after.training.samples[0].right.startswith("<think>")


def other_draws(before: MindCubeResult, after: MindCubeResult) -> None:
    assert before.training.samples[0].shown != after.training.samples[0].shown and losses(before) != losses(after)


def longer_training(before: MindCubeResult, after: MindCubeResult) -> None:
    assert [result.training.points[-1].step for result in (before, after)] == [2, 4]


def then_rounds(count: int, before: MindCubeResult, after: MindCubeResult) -> None:
    assert losses(before) == losses(after) and (len(before.training.rounds), len(after.training.rounds)) == (0, count)


def paid_by_form_alone(before: MindCubeResult, after: MindCubeResult) -> None:
    assert losses(before) == losses(after)
    was, now = before.training.rounds[0], after.training.rounds[0]
    assert was.valid == now.valid == now.reward and was.reward >= now.reward


def bolder(before: MindCubeResult, after: MindCubeResult) -> None:
    assert losses(before) == losses(after)
    was, now = ([one.said for one in result.training.samples if one.step > 2] for result in (before, after))
    assert was and len(was) == len(now) and was != now


def gone_on(before: MindCubeResult, after: MindCubeResult) -> None:
    assert (before.training.went_on_from, after.training.went_on_from) == (0, 2)
    assert [point.step for point in after.training.points] == [2, 4] and losses(after)[0] == losses(before)[0]


TRAIN = (
    Case("way", "reason", other_way, SHORT, task="train"),
    Case("seed", 1, other_draws, SHORT, task="train"),
    Case("steps", 4, longer_training, SHORT, task="train", on_page="shown"),  # of so few there is no stop
    Case("iterations", 2, partial(then_rounds, 2), SHORT, task="train"),
    Case("temperature", 2.0, bolder, SHORT | {"iterations": 2}, task="train"),
    Case("reward", "format-only", paid_by_form_alone, SHORT | {"iterations": 1}, task="train"),
    Case("continues", "learned", gone_on, SHORT, task="train"),
)
CASES = (*ASK, *EVALUATE, *READ, *TRAIN)
