"""What a mirror image of a given map changes is told apart by where answers lie."""

import pytest
import torch

from models.mappers import mirrors
from models.mappers.learning import Task
from models.mappers.mirrors import AXES, mirror_test
from models.mappers.networks import fresh_reader
from models.mappers.replies import read
from models.mappers.symbols import example_of, training_items
from models.mappers.ways import WAYS
from models.training.language import Training


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("axis", AXES)
def test_who_reads_the_map_changes_the_answers_on_the_axis_and_who_does_not_changes_none(axis, monkeypatch):
    tasks = [Task(example_of(item)) for item in training_items(0, 40)]

    def reads(model, way, tasks, *, maps=None):
        given = maps or [task.example.spots for task in tasks]
        return [read(["<answer>", next(spot.thing for spot in spots if spot.place == task.example.where)])
                for spots, task in zip(given, tasks)]

    monkeypatch.setattr(mirrors, "ask", reads)
    assert mirror_test(None, WAYS["map_in_reason"], tasks, axis) == (1.0, 0.0)

    monkeypatch.setattr(mirrors, "ask", lambda model, way, tasks, maps=None: [
        read(["<answer>", task.example.answer]) for task in tasks])
    assert mirror_test(None, WAYS["map_in_reason"], tasks, axis) == (0.0, 0.0)


def test_a_network_without_knowledge_is_asked_too():
    tasks = [Task(example_of(item)) for item in training_items(0, 12)]

    on, off = mirror_test(fresh_reader(0, Training(hidden=16, layers=1, heads=2, mlp=16)), WAYS["map_in_reason"], tasks, "east-west")

    assert 0 <= on <= 1 and 0 <= off <= 1
