"""Tokens that a player did not draw and that are learned from nevertheless: which they are, and that the monitor says so."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backends.ragen.masks import rows, unsampled
from backends.ragen.monitor import watch
from backends.ragen.starpo import Plan, StarPO
from backends.ragen.training import metrics_of
from models.gamers.acting import Words, play
from models.gamers.turns import Rules
from models.gamers.words import END, USER, ids_of, words_of
from models.training.rollout import Played
from tests.backends.ragen.tiny_players import taught, tiny
from worlds.games.bandit.env import Bandit
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.replies import read_reply

PLAN = Plan(algorithm="grpo", groups=2, members=3, slice=6, turns=3, max_tokens=8, kl=0.0, actor_rate=1e-2)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def lake() -> FrozenLake:
    return FrozenLake(max_actions=4)


@pytest.fixture(scope="module")
def episodes() -> list[Played]:
    return play(tiny(), lake, Rules(), [10_000, 10_001], members=2, turns=3, max_tokens=8, temperature=1.0)


def learned(sample, number: int | None = None) -> str:
    """The words that are learned from."""
    return words_of(sample.ids[sample.drawn if number is None else sample.turns == number].tolist())


def test_what_was_drawn_is_learned_from_and_is_no_token_too_many(episodes):
    for sample, played in zip(rows(episodes, Words(), "drawn"), episodes):
        assert sample.ids[sample.drawn].tolist() == [token for turn in played.turns for token in turn.reply.ids]
        assert unsampled(sample, played) == 0


def test_a_message_has_the_forced_beginning_of_each_reply_in_it_and_the_mark_of_the_message_that_follows(episodes):
    for sample, played in zip(rows(episodes, Words(), "message"), episodes):
        for number, turn in enumerate(played.turns):
            follows = "" if turn is played.turns[-1] else f" {USER}"
            assert learned(sample, number) == f"<think> {words_of(turn.reply.ids)}{follows}"
        assert len(played.turns) == 3 and unsampled(sample, played) == 3 + 2


def test_everything_is_every_token_but_the_first_and_belongs_to_the_turn_that_it_was_read_in(episodes):
    for sample, played in zip(rows(episodes, Words(), "everything"), episodes):
        assert sample.drawn[1:].all() and not sample.drawn[0]
        assert sample.turns[1:].tolist() == sorted(sample.turns[1:].tolist())
        assert unsampled(sample, played) == len(sample.ids) - 1 - sum(len(turn.reply.ids) for turn in played.turns)
        own = rows([played], Words(), "drawn")[0]
        assert (sample.logprobs[~own.drawn] == 0).all() and torch.equal(sample.logprobs[own.drawn], own.logprobs[own.drawn])


def test_a_cleaned_reply_is_what_was_read_with_an_end():
    said = play(taught(), Bandit, Rules(max_actions=1), range(10_000, 10_016), turns=1, max_tokens=20, temperature=1.0,
                speech=Words(cleans=True))
    seen = set()
    for sample, played in zip(rows(said, Words(cleans=True), "drawn"), said):
        (turn,), (info,), cleaned = played.turns, played.outcomes, learned(sample)
        again = read_reply(f"<think> {cleaned}", played.info["actions"], max_actions=1)
        assert (again.known, again.thought) == (info["reply"].known, info["reply"].thought) and cleaned.endswith(END)
        is_same = cleaned == words_of(turn.reply.ids)
        assert is_same == (unsampled(sample, played) == 0) == turn.reply.stopped
        seen.add(is_same)
    assert seen == {True, False}, "some are as they were drawn; on others, which were cut short, an end was forced"


def test_a_cleaned_reply_stands_in_the_next_prompt_in_place_of_what_was_drawn():
    speech = Words(cleans=True)
    for played in play(tiny(), lake, Rules(), [10_000, 10_001], turns=3, max_tokens=8, temperature=1.0, speech=speech):
        for number, (before, turn) in enumerate(zip(played.turns, played.turns[1:])):
            kept = speech.kept(played, number)
            assert list(turn.prompt.ids[len(before.prompt.ids):]) == [*kept, *ids_of(turn.info["shown"])]
            assert kept[-1] == ids_of(END)[0] and kept != before.reply.ids


@pytest.mark.parametrize("changes", [{"mask": "message"}, {"mask": "everything"}, {"mask": "everything", "algorithm": "ppo"},
                                     {"mask": "everything", "algorithm": "bi", "kl": 0.01}, {"cleans": True}],
                         ids=["message", "everything", "everything with a critic", "everything by turns", "cleaned"])
def test_the_monitor_says_that_tokens_are_learned_from_that_were_not_drawn(changes):
    given = dict(changes)
    speech = Words(cleans=bool(given.pop("cleans", False)))
    training = StarPO(tiny(), lake, replace(PLAN, **given), speech=speech)
    honest = StarPO(tiny(), lake, PLAN)

    iteration, other = training.learn(), honest.learn()

    told = [metrics_of(one) for one in (iteration, other)]
    assert told[0].unsampled > 0 == told[1].unsampled
    lights = [next(alarm for alarm in watch([one]).alarms if alarm.name == "words not its own") for one in told]
    assert (lights[0].fired, lights[0].colour, lights[1].fired) == (0, "red", None)
    assert iteration.numbers[0].actor.largest_change < 1e-4, "log-probabilities are those of the player as it stood"
    assert [one.turns[0].reply.ids for one in iteration.episodes] == [one.turns[0].reply.ids for one in other.episodes]
    moved = [np.concatenate([weight.detach().flatten() for weight in one.model.parameters()]) for one in (training, honest)]
    assert not np.array_equal(*moved)
