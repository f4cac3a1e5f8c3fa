"""An agent is reinforced by ERA's recipe, and a training that was broken off goes on as if it never had been."""

import copy
from dataclasses import replace

import pytest
import torch

from models.agents.acting import Acting
from models.agents.crafts import CRAFTS
from models.agents.learning import fresh_agent
from models.agents.reinforcing import Practice, Reinforcement, reinforce, rewards
from worlds.minihome.subsets import SEEN, is_for_training, subset_of

SHORT = Practice(episodes=4, iterations=2, max_turns=2, critic_only=1)


@pytest.fixture(scope="module")
def fresh():
    home = CRAFTS["home"]
    return Acting(fresh_agent(home, seed=0).eval(), home)


def anew(agent):
    return replace(agent, model=copy.deepcopy(agent.model))


def weights(agent):
    return [weight.detach().clone() for weight in agent.model.parameters()]


def same(one, other):
    return all(torch.equal(first, second) for first, second in zip(one, other, strict=True))


def test_going_on_gives_the_same_as_never_stopping_and_only_the_critic_learns_first(fresh, tmp_path):
    whole = Reinforcement(anew(fresh), SHORT)
    first = whole.learn()
    assert same(weights(whole.agent), weights(fresh)) and first.entropy is None and first.within_turn < 1e-12
    whole.save(tmp_path / "kept")
    last = whole.learn()
    assert not same(weights(whole.agent), weights(fresh)) and last.entropy is not None

    again = Reinforcement(anew(fresh), SHORT)
    again.resume(tmp_path / "kept")

    assert again.learn() == last and same(weights(again.agent), weights(whole.agent))


def test_homes_are_of_training_and_only_terms_that_are_asked_for_are_paid(fresh):
    played = Reinforcement(fresh, SHORT).played(0)
    seeds = [episode.start.seed for episode in played]

    assert len(set(seeds)) == 4 and all(is_for_training(seed) for seed in seeds) and {subset_of(seed) for seed in seeds} == set(SEEN)
    assert rewards(played, SHORT.terms) == [episode.rewards for episode in played]
    assert rewards(played, replace(SHORT, behaviour=False).terms) == [[0.0, 0.0]] * 4  # it fails at everything
    assert rewards(played, ("behaviour",)) == [[-0.5, -0.5]] * 4


def test_every_turn_has_a_value_and_an_advantage_by_each_estimator(fresh):
    told = Reinforcement(fresh, replace(SHORT, gamma=1.0, lam=1.0))
    credited = told.credited(told.played(0))

    assert [len(turns) for turns in credited] == [2] * 4
    for first, last in credited:  # a critic that learned nothing expects 0, so that what is left of the return is left
        assert first.value == last.value == 0.0
        assert all(first.advantages[name] == -1.0 and last.advantages[name] == -0.5 for name in ("turn", "bi", "token"))


def test_rates_of_zero_leave_the_agent_as_it_is(fresh):
    agent = anew(fresh)
    (only,) = reinforce(agent, replace(SHORT, iterations=1, critic_only=0, actor_rate=0.0))

    assert same(weights(agent), weights(fresh)) and only.approximate_kl == pytest.approx(0, abs=1e-9) and only.clip_fraction == 0
