"""Thoughts scored after the prompts of other starts: what is scored, and that a training is not moved by it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backends.ragen import information, training
from backends.ragen.diagnosing import STARTS, THOUGHTS, diagnosed, scores, thought_of
from backends.ragen.games import PLAYERS
from backends.ragen.players import trained
from backends.ragen.results import RagenResult, Training
from backends.ragen.settings import RagenSettings
from backends.ragen.starpo import Plan, StarPO
from backends.run import Inputs
from models.gamers.acting import play
from models.gamers.turns import Rules
from models.gamers.words import tokenizer, words_of
from pages.ragen.views import fit_said
from tests.backends.ragen.tiny_players import taught
from visualizers.ragen.figures import figures
from worlds.games.bandit.env import Bandit

SMALL = RagenSettings(iterations=6, groups=2, members=3, slice=4, max_tokens=14, actor_rate=0.01)


@pytest.fixture(autouse=True)
def tiny_beginner(tmp_path, monkeypatch):
    """The bandit's beginner is a small network here, whose thoughts may tell as little as they like."""
    torch.set_num_threads(1)
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    taught().save_pretrained(tmp_path / "tiny-bandit")
    tokenizer().save_pretrained(tmp_path / "tiny-bandit")
    monkeypatch.setitem(PLAYERS, "bandit", "tiny-bandit")
    monkeypatch.setattr(information, "LEAST", -1.0)


def told(settings=SMALL) -> Training:
    with trained(settings, Inputs()) as learner:
        *_, last = (event for event in learner.events(settings) if isinstance(event, Training))
    return last


def result(asked=SMALL) -> RagenResult:
    return RagenResult(seed=0, model_id="tiny", is_miniature=True, settings=asked, training=told(asked))


def test_a_thought_after_its_own_prompt_is_as_likely_as_when_it_was_drawn():
    model = taught()
    played = play(model, Bandit, Rules(), range(6), turns=1, max_tokens=14, temperature=0.7, members=2)
    prompts, thoughts = [one.turns[0].prompt.ids for one in played], [thought_of(one) for one in played]

    found = scores(model, prompts, thoughts, 0.7)

    assert found.shape == (12, 12) and len(set(prompts)) == 2, "the names stand in either order"
    for place, (one, thought) in enumerate(zip(played, thoughts)):
        drawn = one.turns[0].reply.logprobs[:len(thought)]
        assert found[place, place] == pytest.approx(np.mean(drawn), abs=1e-4) if thought else found[place, place] == -np.inf
    for column, prompt in enumerate(prompts):
        assert np.array_equal(found[:, column], found[:, prompts.index(prompt)])


def test_a_thought_ends_before_its_mark_and_one_without_it_is_the_whole_reply():
    played = play(taught(), Bandit, Rules(), range(20), turns=1, max_tokens=14, temperature=1.5)
    words = [(words_of(thought_of(one)), words_of(one.turns[0].reply.ids)) for one in played]

    assert {"</think>" in reply for _, reply in words} == {True, False}
    for thought, reply in words:
        assert thought == (reply.partition("</think>")[0] if "</think>" in reply else reply.removesuffix("<end>")).strip()


def test_an_empty_thought_has_no_score_and_is_left_out():
    found = scores(taught(), [(5, 6), (6, 5)], [(), (7, 8)])

    assert np.isneginf(found[0]).all() and np.isfinite(found[1]).all()
    assert information.information(found).left_out == 1


def test_every_fixed_start_is_thought_about_as_often():
    found = diagnosed(StarPO(taught(), Bandit, Plan(groups=2, members=2, slice=4, max_tokens=14)))

    assert found.thoughts + found.left_out == STARTS * THOUGHTS and found.prompts == 2
    assert found.most == pytest.approx(np.log(2)) and found.information <= found.most


def test_a_training_is_diagnosed_every_five_iterations_and_not_moved_by_it(monkeypatch):
    watched = told()
    monkeypatch.setattr(training.Trained, "_diagnosed", lambda self, settings: ())
    alone = told()

    assert [one.iteration for one in watched.diagnoses] == [0, 5] and alone.diagnoses == ()
    assert [replace(one, seconds=None) for one in watched.metrics] == [replace(one, seconds=None) for one in alone.metrics]


def test_where_thoughts_told_nothing_to_begin_with_nothing_more_is_asked(monkeypatch):
    monkeypatch.setattr(information, "LEAST", 1.1)

    found = result()  # of six iterations

    assert [one.iteration for one in found.training.diagnoses] == [0] and "regimes" not in figures(found)
    assert "No regime can be told" in fit_said(found.settings, found.training)


def test_a_diagnosed_training_has_the_map_of_regimes_and_says_where_it_went():
    found = result(SMALL.model_copy(update={"iterations": 1}))

    assert "regimes" in figures(found)
    assert "regimes" not in figures(found.model_copy(update={"training": found.training.model_copy(update={"diagnoses": ()})}))
    newest = found.training.diagnoses[-1].found
    assert f"to {newest.information:.2f} of at most 0.69 nats" in fit_said(found.settings, found.training)


@pytest.mark.parametrize(("changes", "said"), [({"thinks": False}, "nothing is thought"), ({}, "recorded before")])
def test_a_training_without_a_diagnosis_says_why(changes, said):
    settings = SMALL.model_copy(update={"iterations": 1, **changes})
    found = Training() if not changes else told(settings)

    assert found.diagnoses == () and said in fit_said(settings, found)


def test_a_model_of_the_ladder_is_not_diagnosed():
    assert "model of the ladder" in fit_said(SMALL.model_copy(update={"learner": "model"}), Training())


@pytest.mark.parametrize("changes", [{"information": float("nan")}, {"retrieval": 1.5}, {"left_out": -1}])
def test_a_diagnosis_in_a_file_that_cannot_be_is_refused(changes):
    found = {"entropy": 1.0, "information": 0.1, "retrieval": 0.5, "chance": 0.5, "most": 0.7, "thoughts": 4, "prompts": 2,
             "left_out": 0}

    assert Training.model_validate({"diagnoses": [{"iteration": 0, "found": found}]}).diagnoses[0].found.most == 0.7
    with pytest.raises(ValueError, match=next(iter(changes))):
        Training.model_validate({"diagnoses": [{"iteration": 0, "found": found | changes}]})
