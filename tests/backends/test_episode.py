"""One record of turns: what it adds up to, and that a result that holds it is the same after it was saved."""

import numpy as np
import pytest
from pydantic import ValidationError

from backends.episode import MAX_TURNS, Action, Episode, Planned, Turn

FIND = Action(id="14", name="find a Mug", ok=True, feedback="You are near a Mug.", step=1, progress=0.0, rewards={"subgoal": 0.0})
PICK = Action(id="97", name="pick up the Mug", ok=False, feedback="The fridge is closed.", step=2, rewards={"behaviour": -0.5})
UNREADABLE = Turn(index=1, reply="I would rather ...", parse="failed")
ENDING = Turn(index=2, planned=(Planned(id="3", name="open the Fridge"), Planned(id="97")), cut="success", parse="ok",
              actions=(Action(id="3", name="open the Fridge", ok=True, step=3, progress=1.0, success=True,
                              rewards={"success": 3.0, "subgoal": 1.0}),))
EPISODE = Episode(world="minihome", instruction="Put the mug away.", group="base", source="live", success=True, progress=1.0,
                  turns=(Turn(index=0, planned=(Planned(id="14"), Planned(id="97")), actions=(FIND, PICK), parse="ok"),
                         UNREADABLE, ENDING))


def test_steps_come_in_order_with_the_turn_that_they_came_of():
    assert [(turn.index, action.name) for turn, action in EPISODE.steps()] == [
        (0, "find a Mug"), (0, "pick up the Mug"), (2, "open the Fridge")]
    assert EPISODE.num_steps == 3


def test_failed_actions_and_unreadable_replies_are_invalid():
    assert EPISODE.num_invalid == 2


def test_rewards_of_turns_and_of_their_actions_add_up():
    shaped = Turn(index=0, rewards={"format": 0.5}, actions=(PICK,))

    assert shaped.reward == 0.0
    assert EPISODE.total_reward == 3.5
    assert Episode(turns=(UNREADABLE,)).total_reward is None


def test_what_a_log_does_not_say_is_not_made_up():
    empty = Episode(turns=(Turn(index=0),))

    assert (empty.success, empty.progress, empty.turns[0].value, empty.turns[0].parse) == (None, None, None, "unknown")
    assert (empty.num_steps, empty.num_invalid) == (0, 0)


def test_tokens_of_a_turn_fit_together_and_those_of_two_turns_need_not():
    def turn(index: int, count: int, masked: int) -> Turn:
        return Turn(index=index, token_ids=np.arange(count), mask=np.ones(masked, bool), logprobs=-np.ones(count))

    assert len(Episode(turns=(turn(0, 3, 3), turn(1, 5, 5))).turns) == 2
    with pytest.raises(ValidationError, match="tokens"):
        turn(0, 3, 4)
    with pytest.raises(ValidationError, match="numbers from"):
        Turn(index=0, logprobs=np.array([0.5]))


def test_more_turns_than_a_page_can_scrub_through_are_refused():
    with pytest.raises(ValidationError):
        Episode(turns=tuple(Turn(index=0) for _ in range(MAX_TURNS + 1)))


def test_it_comes_back_from_json_as_it_was():
    assert Episode.model_validate_json(EPISODE.model_dump_json()) == EPISODE
