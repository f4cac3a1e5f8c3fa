"""A training of a mapper in words: its events, that it can be broken off, and what is kept of it."""

import json

import pytest
import torch

from models.catalogue.miniatures import made_rung
from models.loading import load
from models.mappers.examples import shown
from models.mappers.learning import Lesson, ask
from models.mappers.schools import SHOWN, School, kept_reader
from models.mappers.symbols import THINGS
from models.mappers.ways import WAYS
from models.mappers.words import ids_of
from worlds.errors import InputError

SHORT = Lesson(steps=6, batch=4)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_events_tell_the_step_and_what_is_said_to_the_same_fresh_questions():
    school = School("map_reason", SHORT, asked=6)

    events = list(school.events(until=5, every=2))

    assert [event.progress.step for event in events] == [2, 4, 5] and school.step == 5
    assert all([example for example, _ in event.shown] == [task.example for task in school.tests[:SHOWN]] for event in events)
    assert [reply for _, reply in events[-1].shown] == ask(school.model, school.way, school.tests)[:SHOWN]
    assert events[0].progress.scores.count == 6


def test_a_few_dozen_steps_teach_the_form_of_an_answer():
    school = School("raw", Lesson(batch=8), asked=20)

    first, last = school.events(until=40, every=39)

    assert {reply.words[::2] for reply in last.progress.replies} == {("<answer>", "</s>")}
    assert {reply.answer for reply in last.progress.replies} <= set(THINGS) and last.progress.loss < first.progress.loss


def test_a_training_that_is_stopped_at_an_event_goes_on_as_if_it_had_not_been(tmp_path):
    whole = School("map_reason", SHORT, asked=2)
    *_, last = whole.events(until=4, every=2)
    broken = School("map_reason", SHORT, asked=2)
    next(broken.events(until=4, every=2))
    broken.save(tmp_path / "kept")

    again = School("map_reason", SHORT, asked=2)
    again.resume(tmp_path / "kept")
    *_, resumed = again.events(until=4, every=2)

    assert again.step == 4 and resumed.progress.loss == last.progress.loss and resumed.shown == last.shown
    assert all(torch.equal(one, other) for one, other in zip(whole.model.state_dict().values(), again.model.state_dict().values()))


def test_what_is_kept_is_a_rung_that_says_the_same(tmp_path):
    school = School("map_in_reason", SHORT, asked=3)
    list(school.events(until=2))
    school.save(tmp_path / "kept")

    model, way = kept_reader(tmp_path / "kept")
    rung = made_rung(tmp_path / "kept", "made:mindcube-00000000")
    tool = load(rung).tool

    assert way is WAYS["map_in_reason"] and ask(model, way, school.tests) == ask(school.model, way, school.tests)
    assert (rung.role, rung.made_for, rung.architecture) == ("language", ("mindcube",), "GPT2LMHeadModel")
    words = shown(school.tests[0].example, way)
    assert tool.tokenizer(" ".join(words[1:]))["input_ids"] == ids_of(words)  # <s> comes by itself
    assert json.loads((tmp_path / "kept" / "card.json").read_text())["training"]["step"] == 2


def test_a_folder_without_a_mapper_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be gone on with"):
        kept_reader(tmp_path / "gone")
    with pytest.raises(InputError, match="cannot be gone on with"):
        School("raw", SHORT, asked=1).resume(tmp_path / "gone")
