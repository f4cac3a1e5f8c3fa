"""Where a value is read, and what it can depend on."""

from dataclasses import replace

import pytest
import torch

from models.training.credit import Credit
from models.training.critic import Critic, ValueHead
from models.training.optimising import Recipe
from models.training.policy import PolicyTraining
from models.training.samples import episode_samples, turn_samples
from tests.models.training.tiny_policies import SEP, all_before, llama, llava, picture, played, starts, with_picture

BY_TURN, BY_TOKEN = Recipe(), Recipe(credit=Credit("token"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def opinionated(actor):
    """A critic that no longer says 0."""
    critic = Critic.beside(actor)
    torch.nn.init.normal_(critic.head.weight, generator=torch.Generator().manual_seed(0))
    return critic


def training_of(actor, recipe=BY_TURN):
    return PolicyTraining(actor, recipe, critic=opinionated(actor))


def seen():
    actor = llava()
    return training_of(actor), turn_samples(played(actor, starts(5), prompt_of=with_picture))


def with_other_reply(sample, longer):
    """The same prompt, and other words behind it."""
    reply = torch.full((int(sample.drawn.sum()) + longer,), 7)
    prompt = sample.ids[~sample.drawn]
    owner = torch.cat([torch.full_like(prompt, -1), torch.zeros_like(reply)])
    return replace(sample, ids=torch.cat([prompt, reply]), turns=owner, logprobs=torch.zeros(len(owner), dtype=torch.float64))


@pytest.mark.parametrize("longer", [0, 9])
def test_a_value_does_not_know_the_reply_to_the_bit(longer):
    training, samples = seen()

    values = [value[sample.firsts] for value, sample in zip(training.values(samples), samples)]
    others = [with_other_reply(sample, longer) for sample in samples]

    assert not any(len(one.ids) == len(other.ids) and torch.equal(one.ids, other.ids) for one, other in zip(samples, others))
    for value, other, sample in zip(values, training.values(others), others):
        assert torch.equal(value, other[sample.firsts])


def test_a_value_knows_the_picture_and_the_prompt():
    training, samples = seen()
    values = torch.cat([value[sample.firsts] for value, sample in zip(training.values(samples), samples)])

    for change in ({"inputs": {"pixel_values": picture(77)}}, {"ids": 6}):
        if "ids" in change:
            others = [replace(sample, ids=torch.where((sample.ids == SEP) & ~sample.drawn, 6, sample.ids)) for sample in samples]
        else:
            others = [replace(sample, **change) for sample in samples]
        changed = torch.cat([value[sample.firsts] for value, sample in zip(training.values(others), others)])
        assert (changed - values).abs().min() > 1e-4


@pytest.mark.parametrize(("recipe", "is_one_per_turn"), [(BY_TURN, True), (BY_TOKEN, False)])
def test_the_critics_gradient_comes_from_one_position_of_a_turn_or_from_every_token(recipe, is_one_per_turn):
    actor = llama()
    training = training_of(actor, recipe)
    samples = turn_samples(played(actor, starts(5)))
    lessons = training.appraise(samples, [[1.0] * 4] * 5)
    states = []

    def keep(_, __, out):
        out.last_hidden_state.retain_grad()
        states.append(out.last_hidden_state)

    training.critic.model.base_model.register_forward_hook(keep)

    list(training.learn(lessons))

    touched = (states[0].grad.abs().sum(-1) > 0).sum(1)  # (rows,)
    drawn = sorted(int(sample.drawn.sum()) for sample in samples)
    assert sorted(touched.tolist()) == ([1] * len(samples) if is_one_per_turn else drawn)


def test_a_turns_value_is_read_at_the_end_of_its_prompt_in_a_row_of_many_turns_too():
    actor = llama()
    training = training_of(actor)
    episodes = played(actor, starts(4), prompt_of=all_before)

    for sample, value, episode in zip(episode_samples(episodes), training.values(episode_samples(episodes)), episodes):
        for turn, told in zip(episode.turns, value[sample.firsts]):
            with torch.no_grad():
                alone = training.critic(torch.tensor([turn.prompt.ids]), {})[0, -1]
            assert told.item() == pytest.approx(alone.item(), abs=1e-5)
        assert value[~sample.firsts].count_nonzero() == 0


@pytest.mark.parametrize("network", [llama, llava])
def test_a_new_critic_says_0_and_leaves_its_actor_alone(network):
    actor = network()
    critic = Critic.beside(actor)

    assert not critic(torch.tensor([[1, 5, 3]]), {}).any()
    assert critic.model is not actor and type(critic.model) is type(actor)
    assert all(one.data_ptr() != other.data_ptr() for one, other in zip(critic.model.parameters(), actor.parameters()))


def test_what_a_critic_learns_leaves_out_the_head_for_words():
    critic = Critic.beside(llama())

    assert not any(weight is critic.model.lm_head.weight for weight in critic.learned)
    assert any(weight is critic.head.weight for weight in critic.learned)
    assert len(critic.learned) == len(list(critic.model.parameters())) - 1 + 2


def test_a_frozen_part_stays_frozen():
    actor = llava()
    actor.model.vision_tower.requires_grad_(False)

    critic = Critic.beside(actor)

    frozen = {id(weight) for weight in critic.model.model.vision_tower.parameters()}
    assert frozen and not frozen & {id(weight) for weight in critic.learned}


def test_a_value_of_half_precision_is_told_in_single():
    head = ValueHead(4).to(torch.bfloat16)

    assert head(torch.ones(2, 3, 4, dtype=torch.bfloat16)).dtype == torch.float32
    assert head.double()(torch.ones(2, 4, dtype=torch.float64)).dtype == torch.float64
