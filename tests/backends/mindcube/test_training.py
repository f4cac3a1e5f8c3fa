"""Trainings in symbols: they grow, are kept and gone on with, and pay replies in their official form."""

from dataclasses import replace
from pathlib import Path

import pytest

from backends.files.saved import load_result, save_result
from backends.made import Made
from backends.mindcube import training
from backends.mindcube.results import MindCubeResult, Training
from backends.mindcube.run import run
from backends.mindcube.settings import MindCubeSettings
from backends.mindcube.training import Learner
from backends.run import Inputs, Progress, RunStopped, last
from models.mappers import symbols
from models.mappers.examples import said
from models.mappers.replies import read
from models.mappers.ways import WAYS
from tests.backends.mindcube import short_trainings
from worlds.errors import InputError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fraction of the questions and of the rounds' replies, and looks that come soon."""
    short_trainings.put_in(monkeypatch)
    monkeypatch.setattr(training, "LOOKS", 1)
    monkeypatch.setattr(training, "ASKED", 2)


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs({}, {}, Made(lambda: tmp_path))


def trained(inputs: Inputs, **values) -> MindCubeResult:
    return last(run(MindCubeSettings(**{"task": "train", "steps": 3, **values}), inputs))


def test_points_come_with_every_look_and_samples_with_some(inputs):
    result = trained(inputs, iterations=4)
    told = result.training

    assert [point.step for point in told.points] == [1, 2, 3] and [one.iteration for one in told.rounds] == [0, 1, 2, 3]
    assert [one.answers is None for one in told.rounds] == [True, False, True, False]
    assert sorted({one.step for one in told.samples}) == [1, 4, 7], "at first, in the middle and at last"
    assert 0 < len(told.samples) <= 12 and told.samples[0].step == 1 and told.samples[-1].step == 7
    assert told.samples[0].right.startswith("<map>") and "<ask>" in told.samples[0].shown and "<s>" not in told.samples[0].shown
    assert len(result.made) == 1 and "after 3 steps and 4 rounds" in result.brief and told.chance == 0.25
    assert load_result(save_result(result), MindCubeResult).training == told


def test_a_training_that_is_gone_on_with_is_the_one_that_never_stopped(inputs):
    first = trained(inputs, steps=2)
    after = trained(replace(inputs, results={"first": first}), steps=1, continues="first")

    assert after.training.points == trained(inputs, steps=3).training.points and after.training.went_on_from == 2
    rounds = trained(inputs, steps=0, iterations=3).training.rounds
    begun = trained(inputs, steps=0, iterations=1)
    both = trained(replace(inputs, results={"begun": begun}), steps=0, iterations=2, continues="begun").training
    assert [one.reward for one in both.rounds] == [one.reward for one in rounds] and both.went_on_from == 1


def test_a_stopped_training_keeps_what_was_learned(inputs):
    events = run(MindCubeSettings(task="train", steps=9), inputs)
    for event in events:
        if isinstance(event, Training) and len(event.points) == 2:
            break
    result = events.throw(RunStopped())

    assert result.ended == "stopped" and [point.step for point in result.training.points] == [1, 2] and result.made
    again = trained(replace(inputs, results={"was": result}), steps=1, continues="was")
    assert again.training.points == trained(inputs, steps=3).training.points


def test_a_training_that_is_stopped_between_two_looks_is_looked_at_where_it_ends(inputs, monkeypatch):
    monkeypatch.setattr(training, "LOOKS", 3)
    events = run(MindCubeSettings(task="train", steps=9), inputs)
    stages = (event.stage for event in events if isinstance(event, Progress))
    assert "Step 4" in stages
    result = events.throw(RunStopped())

    assert [point.step for point in result.training.points] == [3, 5] and "after 5 steps" in result.brief
    again = trained(replace(inputs, results={"was": result}), steps=4, continues="was").training
    assert [point.step for point in again.points] == [3, 5, 6, 9] and again.went_on_from == 5
    assert again.points[-1].answers == trained(inputs, steps=9).training.points[-1].answers


def test_at_the_end_it_is_asked_with_every_map_if_its_way_has_one(inputs):
    handed = trained(inputs, steps=1).training.handed

    assert len(handed) == 4 and all(len(one.answers) == 24 and set(one.things) != {""} for one in handed)
    assert trained(inputs, steps=0, iterations=1).training.handed and trained(inputs, steps=1, way="reason").training.handed == ()


@pytest.mark.parametrize(("values", "said_of_it"), [
    ({"way": "raw", "iterations": 1}, "writes neither"), ({"continues": "x", "way": "map"}, "had another way: map_reason"),
    ({"continues": "x", "steps": 1_500}, "would have 1,501 steps. It has at most 1,500"),
    ({"continues": "rounds"}, "behind which no steps follow"), ({"continues": "gone"}, "is not in this session")],
    ids=["no form", "another way", "too long", "steps after rounds", "not here"])
def test_what_cannot_be_trained_is_one_sentence(inputs, values, said_of_it):
    made = {"x": {"steps": 1}, "rounds": {"steps": 0, "iterations": 1}}
    name = values.get("continues")
    results = {name: trained(inputs, **made[name])} if name in made else {}

    with pytest.raises(InputError, match=said_of_it):
        trained(replace(inputs, results=results), **values)


def test_a_training_may_be_as_long_as_the_rate_falls():
    assert Learner(MindCubeSettings(task="train", steps=1_500, iterations=200), Inputs()).steps == 0


@pytest.mark.parametrize("way", ["map", "reason", "map_reason", "map_in_reason"])
def test_a_right_reply_earns_six_and_one_without_its_form_nothing(way):
    learner = Learner(MindCubeSettings(task="train", way=way, iterations=1), Inputs())
    example = symbols.example_of(symbols.training_items(0, 1)[0])
    right = read(said(example, WAYS[way]))
    wrong = replace(right, answer=next(spot.thing for spot in example.spots if spot.thing != example.answer))

    pays = learner._pays
    assert (pays(example, right), pays(example, wrong), pays(example, replace(right, answer=""))) == (6.0, 1.0, 0.0)
    assert pays(example, replace(right, spots=None, thought=None)) == 0.0


def test_fractions_rise_and_no_training_is_made_where_nothing_is_kept(inputs):
    fractions = [event.fraction for event in run(MindCubeSettings(task="train", steps=3, iterations=2), inputs)
                 if isinstance(event, Progress)]

    assert fractions == sorted(fractions) and fractions[-1] < 1
    assert trained(Inputs(), steps=1).made == ()
