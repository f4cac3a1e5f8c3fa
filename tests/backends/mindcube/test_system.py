"""MindCube as the registry has it: where a run waits, and what is refused before it runs."""

import pytest

from backends.mindcube.settings import MindCubeSettings
from backends.mindcube.system import SYSTEM


@pytest.mark.parametrize(("values", "lane"), [
    ({}, "short"), ({"task": "evaluate", "num_questions": 600}, "short"), ({"task": "evaluate", "num_questions": 601}, "long"),
    ({"task": "train"}, "long"), ({"model": "qwen2.5-vl-3b"}, "long"),
    ({"task": "file", "file": "upload:a.zip", "model": "qwen2.5-vl-3b"}, "short")],
    ids=["a room", "as many as a preset", "more", "training", "real model", "files"])
def test_a_room_waits_for_nothing_that_takes_long(values, lane):
    assert SYSTEM.lane(MindCubeSettings(**values)) == lane


@pytest.mark.parametrize(("values", "said"), [
    ({}, ""), ({"model": "scenes-vlm"}, "was made for another page"),
    ({"task": "evaluate", "data": "upload:a.zip"}, "knows drawn rooms only"),
    ({"task": "evaluate", "data": "upload:a.zip", "model": "qwen2.5-vl-3b"}, ""),
    ({"task": "train", "way": "raw", "iterations": 1}, "writes neither"), ({"task": "train", "way": "raw"}, "")],
    ids=["a room", "another page's", "photographs", "photographs for a real model", "no form", "no rounds"])
def test_what_cannot_be_is_known_without_running(values, said):
    found = SYSTEM.objection(MindCubeSettings(**values))

    assert said in found and bool(found) == bool(said)
