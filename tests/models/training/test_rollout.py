"""Episodes of many worlds at once."""

import gymnasium
import pytest
import torch

from models.training.generation import generate
from models.training.rollout import Policy, Start, play, rounds
from tests.models.training.tiny_policies import (
    BOS,
    SAMPLING,
    Secrets,
    all_before,
    last_secret,
    llama,
    llava,
    played,
    spoken,
    starts,
    with_picture,
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def told(episode):
    return [(turn.prompt.ids, turn.reply.ids, turn.action, turn.reward) for turn in episode.turns]


@pytest.mark.parametrize(("network", "prompt_of"), [
    pytest.param(llama, last_secret, id="last turn"), pytest.param(llama, all_before, id="all turns"),
    pytest.param(llava, with_picture, id="pictures")])
def test_an_episode_is_the_same_alone_and_among_others(network, prompt_of):
    model, begins = network(), starts(6)

    together = played(model, begins, prompt_of=prompt_of)

    for begin, episode in zip(begins, together):
        assert told(played(model, [begin], prompt_of=prompt_of)[0]) == told(episode)
    assert told(played(model, begins[::-1], prompt_of=prompt_of)[0]) == told(together[-1])


def test_an_episode_that_has_ended_is_not_asked_again():
    asked = []

    def prompt_of(episode):
        assert not episode.ended
        asked.append(episode.start.seed)
        return last_secret(episode)

    episodes = played(llama(), starts(8), prompt_of=prompt_of, max_turns=9)

    lengths = [1 + seed % 4 for seed in range(8)]  # of this world
    assert [len(episode.turns) for episode in episodes] == lengths
    assert [asked.count(seed) for seed in range(8)] == lengths
    assert {episode.ended for episode in episodes} == {"terminated"}


def test_an_episode_is_cut_after_as_many_turns_as_are_allowed():
    episodes = played(llama(), starts(4), max_turns=2)

    assert [len(episode.turns) for episode in episodes] == [1, 2, 2, 2]
    assert [episode.ended for episode in episodes] == ["terminated", "terminated", "turns", "turns"]  # the second ended by itself


def test_a_turn_keeps_what_was_seen_before_it_and_what_came_of_it():
    world = Secrets()
    episode = played(llama(), [Start(seed=3, draw=5)], max_turns=4)[0]

    observation, info = world.reset(seed=3)
    for index, turn in enumerate(episode.turns):
        assert (turn.index, turn.observation, turn.info) == (index, observation, info)
        assert turn.prompt.ids[:2] == (BOS, observation)
        assert turn.action == " ".join(map(str, turn.reply.ids))
        observation, reward, _, _, info = world.step(turn.action)
        assert turn.reward == reward
    assert episode.rewards == [turn.reward for turn in episode.turns]
    assert episode.observation == observation


def test_a_turn_can_be_said_again_from_its_prompt_its_draw_and_its_number():
    model = llama()

    for turn in played(model, [Start(seed=3, draw=5)], max_turns=4)[0].turns:
        assert generate(model, [turn.prompt], [(5, turn.index)], SAMPLING)[0].ids == turn.reply.ids
        assert generate(model, [turn.prompt], [(5, turn.index + 1)], SAMPLING)[0].ids != turn.reply.ids


def test_episodes_from_one_start_see_one_world_and_say_different_things():
    same = played(llama(), [Start(seed=2, draw=draw, group=2) for draw in range(8)])

    assert len({episode.turns[0].prompt.ids for episode in same}) == 1
    assert len({episode.turns[0].reply.ids for episode in same}) > 3


def test_rounds_can_be_watched_and_left():
    seen = []
    policy = Policy(llama(), SAMPLING)
    for episodes in rounds(Secrets, starts(4), policies=policy, prompt_of=last_secret, action_of=spoken, max_turns=9):
        seen.append([len(episode.turns) for episode in episodes])
        if len(seen) == 3:
            break

    assert seen == [[0, 0, 0, 0], [1, 1, 1, 1], [1, 2, 2, 2]]


def test_each_agent_speaks_by_its_own_policy_and_those_that_share_one_are_computed_together():
    shared, own = Policy(llama(seed=1), SAMPLING), Policy(llama(seed=2), SAMPLING)
    calls = []
    shared.model.register_forward_pre_hook(lambda _, args, named: calls.append(len(named["input_ids"])), with_kwargs=True)
    orders = [("left", "right"), ("middle", "left"), ("right", "left")]
    worlds = iter([Secrets(order) for order in orders])

    episodes = play(lambda: next(worlds), [Start(seed=3, draw=draw) for draw in range(3)],
                    policies={"left": shared, "middle": shared, "right": own}, prompt_of=last_secret, action_of=spoken, max_turns=2)

    assert [[turn.agent for turn in episode.turns] for episode in episodes] == [list(order) for order in orders]
    assert calls[0] == 2  # left and middle, at once
    by = [played(policy.model, [Start(seed=3, draw=0)], max_turns=1)[0].turns[0].reply.ids for policy in (shared, own)]
    assert episodes[0].turns[0].reply.ids == by[0] != by[1]


def test_an_agent_without_a_policy_is_named():
    with pytest.raises(KeyError, match="stranger"):
        played({"left": llama()}, starts(1), world=lambda: Secrets(("stranger",)))


class Registered(gymnasium.Env):
    """A world of gymnasium's own class, that truncates."""

    observation_space = action_space = gymnasium.spaces.Text(99)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 5 + int(self.np_random.integers(10)), {}

    def step(self, action):
        return 6, 0.0, False, True, {}


def test_a_world_of_gymnasium_is_played_as_it_is():
    episode = played(llama(), starts(1), world=Registered)[0]

    assert (len(episode.turns), episode.ended, episode.observation) == (1, "truncated", 6)


def test_without_episodes_there_is_nothing():
    assert played(llama(), []) == []
