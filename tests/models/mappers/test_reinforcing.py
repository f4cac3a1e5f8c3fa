"""Reinforcement of a mapper in words: what is paid is learned, equal pay teaches nothing, and a break leaves no trace."""

from dataclasses import replace

import pytest
import torch

from models.mappers.examples import Example
from models.mappers.learning import Task
from models.mappers.networks import fresh_reader
from models.mappers.reinforcing import LONGEST, Practice, Reinforcement
from models.mappers.replies import Reply
from models.mappers.schools import kept_reader
from models.mappers.symbols import example_of, training_items
from models.mappers.ways import WAYS
from models.mappers.words import ids_of
from models.training.language import Training

TINY = Training(hidden=32, layers=1, heads=2, mlp=48)
PRACTICE = Practice(iterations=3, questions=4, replies=4, temperature=1.0, top_p=1.0, rate=1e-2)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def even(_: Example, reply: Reply) -> float:
    """The share of words that have an even token: half of them at first."""
    return sum(token % 2 == 0 for token in ids_of(reply.words)) / len(reply.words)


def practising(pays=even, practice: Practice = PRACTICE, seed: int = 0) -> Reinforcement:
    tests = [Task(example_of(item)) for item in training_items(5, 3)]
    return Reinforcement(fresh_reader(seed, TINY), WAYS["map_reason"], practice, pays, tests=tests)


@pytest.mark.parametrize("seed", [0, 1])
def test_words_that_are_paid_for_become_more_frequent(seed):
    rewards = [one.reward for one in practising(practice=replace(PRACTICE, iterations=12, seed=seed), seed=seed).events(every=99)]

    assert rewards[0] < 0.6 < 0.7 < rewards[-1]


def test_equal_pay_teaches_nothing():
    practice = practising(lambda example, reply: 6.0)
    before = {name: weight.clone() for name, weight in practice.model.state_dict().items()}

    events = list(practice.events())

    assert [one.reward for one in events] == [6.0] * 3 and {one.divided for one in events} == {0.0} and practice.index == 3
    assert all(torch.equal(weight, before[name]) for name, weight in practice.model.state_dict().items())


def test_each_question_is_asked_as_often_as_the_practice_says_and_paid_by_what_was_said():
    played = practising().played()

    assert [one.start.group for one in played] == [number for number in range(4) for _ in range(4)]
    assert len({one.start.seed for one in played}) == 4 and len({one.start.draw for one in played}) == 16
    for one in played:
        assert one.rewards == [even(one.observation, one.info["reply"])] and len(one.turns[0].reply.ids) <= LONGEST
        assert list(one.info["reply"].words) == one.turns[0].action.split()


def test_fresh_questions_are_asked_every_so_many_iterations_and_at_the_end():
    events = list(practising().events(every=2))

    assert [one.scores is not None for one in events] == [False, True, True]
    assert all(len({example for example, _ in one.shown}) == len(one.shown) == 4 for one in events)


def test_a_practice_that_is_broken_off_goes_on_as_if_it_had_not_been_and_is_a_mapper(tmp_path):
    whole, broken, again = practising(), practising(), practising()
    last = list(whole.events())[-1]
    next(broken.events())
    broken.save(tmp_path / "kept")

    again.resume(tmp_path / "kept")
    model, way = kept_reader(tmp_path / "kept")

    assert all(torch.equal(one, other) for one, other in zip(model.state_dict().values(), broken.model.state_dict().values()))
    resumed = list(again.events())[-1]
    assert way.key == "map_reason" and (resumed.index, resumed.reward, resumed.scores) == (2, last.reward, last.scores)
    assert all(torch.equal(one, other) for one, other in zip(whole.model.state_dict().values(), again.model.state_dict().values()))
