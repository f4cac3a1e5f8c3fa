"""Updates of a policy: what the first one is, what leaves it alone, and that a break leaves no trace."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from models.training.advantages import group_advantages
from models.training.credit import Credit, lessons_by_score
from models.training.critic import Critic
from models.training.generation import Sampling
from models.training.losses import divergence
from models.training.optimising import Recipe, guarded_step
from models.training.policy import PolicyTraining, said
from models.training.samples import batch_of, episode_samples, turn_samples
from tests.models.training.tiny_policies import (
    FIRST_WORD,
    STOP,
    Secrets,
    all_before,
    llama,
    llava,
    played,
    starts,
    with_picture,
)
from worlds.errors import InputError

RECIPE = Recipe(minibatch=8, critic_only=0, actor_rate=1e-3, critic_rate=1e-2)
ESTIMATORS = ["turn", "bi", "token"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def training_of(actor, recipe=RECIPE, *, seed=0, **more):
    return PolicyTraining(actor, recipe, critic=Critic.beside(actor), seed=seed, **more)


def played_rows(actor, count=6, *, prompt_of=None, sampling=None, rows_of=turn_samples, first=0):
    more = {name: value for name, value in (("prompt_of", prompt_of), ("sampling", sampling)) if value}
    episodes = played(actor, starts(count, first=first), **more)
    return rows_of(episodes), [episode.rewards for episode in episodes]


def iteration(training, number):
    """Play and learn once; what is played depends on the number of the iteration only."""
    samples, rewards = played_rows(training.actor, first=10 * number)
    return list(training.learn(training.appraise(samples, rewards)))


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def is_same(model, before):
    return all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(("network", "prompt_of", "rows_of"), [
    pytest.param(llama, None, turn_samples, id="turns"), pytest.param(llama, all_before, episode_samples, id="whole episodes"),
    pytest.param(llava, with_picture, turn_samples, id="pictures")])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_before_the_first_update_no_probability_has_changed(network, prompt_of, rows_of, temperature):
    actor = network()
    sampling = Sampling(stops=(STOP,), max_tokens=6, temperature=temperature)
    samples, rewards = played_rows(actor, prompt_of=prompt_of, sampling=sampling, rows_of=rows_of)
    training = training_of(actor, replace(RECIPE, minibatch=999, temperature=temperature))

    numbers = list(training.learn(training.appraise(samples, rewards)))

    assert len(numbers) == 1
    assert numbers[0].actor.largest_change < 1e-5
    assert numbers[0].actor.clip_fraction == 0
    assert abs(numbers[0].actor.approximate_kl) < 1e-8
    assert numbers[0].actor.step.is_made and numbers[0].actor.step.norm > 1e-3


def test_probabilities_at_another_temperature_than_the_playing_one_have_changed():
    actor = llama()
    samples, rewards = played_rows(actor, sampling=Sampling(stops=(STOP,), max_tokens=6, temperature=0.5))
    training = training_of(actor)

    assert next(training.learn(training.appraise(samples, rewards))).actor.largest_change > 0.01


def test_in_the_critics_own_iterations_the_actor_stays_to_the_bit():
    training = training_of(llama(), replace(RECIPE, critic_only=2))
    actor, critic = weights(training.actor), weights(training.critic)

    for number in (0, 1):
        assert all(numbers.actor is None and numbers.critic.step.is_made for numbers in iteration(training, number))
        assert is_same(training.actor, actor)
    assert not is_same(training.critic, critic)
    assert all(numbers.actor is not None for numbers in iteration(training, 2))
    assert not is_same(training.actor, actor)


def test_an_actor_whose_rate_is_0_stays_to_the_bit_throughout():
    training = training_of(llama(), replace(RECIPE, actor_rate=0.0))
    actor = weights(training.actor)

    made = [numbers for number in range(3) for numbers in iteration(training, number)]

    assert all(numbers.actor.step.is_made for numbers in made)
    assert all(numbers.actor.largest_change < 1e-5 for numbers in made)
    assert is_same(training.actor, actor)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_advantages_that_are_learned_have_mean_0_and_variance_1_over_all_tokens(estimator):
    actor = llama()
    samples, rewards = played_rows(actor)

    lessons = training_of(actor, replace(RECIPE, credit=Credit(estimator))).appraise(samples, rewards)

    flat = torch.cat([lesson.advantages[lesson.sample.drawn] for lesson in lessons])
    assert flat.mean().item() == pytest.approx(0, abs=1e-3)
    assert flat.var().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("averaging", ["turns", "tokens", "episodes"])
def test_the_first_gradient_is_that_of_reinforce_written_out(averaging):
    actor, reference = llama(dtype=torch.float64), llama(dtype=torch.float64)
    samples, _ = played_rows(actor, 3)
    scores = torch.tensor([0.5, -1.0, 2.0])
    recipe = replace(RECIPE, averaging=averaging, entropy=0.01, clip_norm=1e9, minibatch=99)
    training = PolicyTraining(actor, recipe)
    list(training.learn(lessons_by_score(samples, scores)))

    per_turn = []
    for sample in samples:
        prompt = int((~sample.drawn).sum())
        logprobs = torch.log_softmax(reference(sample.ids[None]).logits[0, prompt - 1:-1], -1)
        own = logprobs[torch.arange(len(logprobs)), sample.ids[prompt:]]
        entropy = -(logprobs.exp() * logprobs).sum(-1)
        per_turn.append((sample.episode, -scores[sample.episode] * own - 0.01 * entropy))
    if averaging == "turns":
        loss = torch.stack([own.mean() for _, own in per_turn]).mean()
    elif averaging == "tokens":
        loss = torch.cat([own for _, own in per_turn]).mean()
    else:
        loss = torch.stack([torch.cat([own for e, own in per_turn if e == episode]).mean() for episode in range(3)]).mean()
    loss.backward()
    for (name, made), (_, expected) in zip(actor.named_parameters(), reference.named_parameters()):
        assert_close(made.grad, expected.grad, rtol=1e-4, atol=1e-7, msg=name)


def test_the_critics_first_gradient_is_that_of_the_squared_error_at_the_prompts_end():
    actor = llama(dtype=torch.float64)
    training, critic = training_of(actor, replace(RECIPE, clip_norm=1e9, minibatch=99)), Critic.beside(actor)
    samples, rewards = played_rows(actor, 3)
    lessons = training.appraise(samples, rewards)

    numbers = next(training.learn(lessons))

    errors = [critic(sample.ids[~sample.drawn][None], {})[0, -1] - lesson.returns[lesson.valued][0]
              for sample, lesson in zip(samples, lessons)]
    (0.5 * torch.stack(errors).square().mean()).backward()
    assert_close(training.critic.head.weight.grad, critic.head.weight.grad)
    assert_close(training.critic.head.bias.grad, critic.head.bias.grad)
    assert numbers.critic.loss == pytest.approx((0.5 * torch.stack(errors).square().mean()).item())
    assert numbers.critic.explained_variance == pytest.approx(0, abs=1e-9)  # it says 0 everywhere


def test_tokens_that_were_not_drawn_have_no_part_in_the_gradient():
    actor = llama()
    sample = played_rows(actor, 1)[0][0]
    logits = []

    def keep(_, __, out):
        out.logits.retain_grad()
        logits.append(out.logits)

    actor.register_forward_hook(keep)

    list(PolicyTraining(actor, RECIPE).learn(lessons_by_score([sample], torch.tensor([1.0]))))

    assert torch.equal((logits[0].grad[0].abs().sum(-1) > 0)[:-1], sample.drawn[1:])


def test_with_one_step_only_how_high_the_clip_is_changes_nothing():
    def after(high):
        training = training_of(llama(), replace(RECIPE, clip_high=high, minibatch=99))
        iteration(training, 0)
        return training.actor

    assert is_same(after(0.2), weights(after(0.28)))


def test_many_passes_are_held_by_the_clip():
    training = training_of(llama(), replace(RECIPE, actor_rate=3e-2, passes=6))

    numbers = iteration(training, 0)

    assert [one.minibatch for one in numbers] == list(range(numbers[0].of))
    assert numbers[-1].actor.clip_fraction > 0
    assert numbers[-1].actor.approximate_kl > numbers[0].actor.approximate_kl >= -1e-9


STILL = replace(RECIPE, entropy=0.0, weight_decay=0.0)


def of_equal_groups(recipe):
    actor = llama()
    samples, _ = played_rows(actor, 4)
    before = weights(actor)
    advantages = group_advantages(torch.full((4,), 0.3), torch.zeros(4).long())
    list(PolicyTraining(actor, recipe).learn(lessons_by_score(samples, advantages)))
    return is_same(actor, before)


def test_groups_of_equal_scores_leave_the_policy_alone_unless_entropy_pulls():
    assert of_equal_groups(STILL)
    assert not of_equal_groups(replace(STILL, entropy=0.01))


@pytest.mark.parametrize(("is_new", "stays"), [(True, True), (False, False)])
def test_equal_rewards_move_the_policy_only_by_the_mistakes_of_a_critic(is_new, stays):
    actor = llama()
    training = training_of(actor, STILL)
    if not is_new:
        torch.nn.init.normal_(training.critic.head.weight, generator=torch.Generator().manual_seed(1))
    before = weights(actor)
    samples, _ = played_rows(actor, 4)
    only_firsts = [sample for sample in samples if int(sample.turns.max()) == 0]

    list(training.learn(training.appraise(only_firsts, [[-0.1]] * 4)))

    assert is_same(actor, before) == stays


def test_a_gradient_out_of_all_bounds_makes_no_step():
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([weight], lr=1.0)

    for gradient, norm, moved in (([600.0, 800.0], 1000.0, 0.0), ([torch.nan, 1.0], None, 0.0), ([torch.inf, 1.0], torch.inf, 0.0),
                                  ([599.0, 799.0], 998.6, 1.0)):
        weight.grad = torch.tensor(gradient)
        step = guarded_step(optimizer, clip=1.0, skip_at=1000.0)
        assert step.is_made == bool(moved)
        assert norm is None or step.norm == pytest.approx(norm, rel=1e-3)
        assert weight.detach().norm().item() == pytest.approx(moved, abs=1e-3)


def test_a_step_that_is_left_out_is_told_and_the_next_one_is_made():
    actor = llama()
    training = PolicyTraining(actor, replace(RECIPE, skip_norm=1e-9, minibatch=99))
    samples, _ = played_rows(actor, 3)
    before = weights(actor)
    lessons = lessons_by_score(samples, torch.tensor([1.0, -1.0, 0.5]))

    assert not next(training.learn(lessons)).actor.step.is_made
    assert is_same(actor, before)


@pytest.mark.parametrize("in_reward", [False, True])
def test_a_reference_is_asked_only_where_a_divergence_is_wanted(in_reward):
    def asked(kl):
        actor, reference = llama(), llama(seed=3)
        calls = []
        reference.register_forward_pre_hook(lambda *_: calls.append(1))
        training = training_of(actor, replace(RECIPE, kl=kl, kl_in_reward=in_reward), reference=reference)
        return iteration(training, 0), len(calls)

    without, never = asked(0.0)
    numbers, often = asked(0.1)

    assert never == 0 < often
    assert without[0].actor.reference_kl is None
    assert (numbers[0].actor.reference_kl is None) == in_reward


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
def test_a_divergence_in_the_loss_pulls_by_its_own_gradient(estimator):
    actor, reference, twin = llama(dtype=torch.float64), llama(seed=3, dtype=torch.float64), llama(dtype=torch.float64)
    samples, _ = played_rows(actor, 3)
    recipe = replace(RECIPE, entropy=0.0, kl=0.5, kl_estimator=estimator, averaging="tokens", clip_norm=1e9, minibatch=99)

    numbers = next(PolicyTraining(actor, recipe, reference=reference).learn(lessons_by_score(samples, torch.zeros(3))))

    batch = batch_of(samples, twin)
    wanted = divergence(said(twin, batch, 1.0)[0], said(reference, batch, 1.0)[0].detach(), estimator).mean()
    (0.5 * wanted).backward()
    assert numbers.actor.reference_kl == pytest.approx(wanted.item())
    for (name, made), (_, expected) in zip(actor.named_parameters(), twin.named_parameters()):
        assert_close(made.grad, expected.grad, rtol=1e-6, atol=1e-9, msg=name)


def test_a_divergence_in_the_reward_charges_each_token():
    actor, reference = llama(), llama(seed=3)
    samples, rewards = played_rows(actor)
    credit = Credit("token", token_gamma=1.0, lam=1.0, is_whitened=False)
    one, other = (training_of(actor, replace(RECIPE, credit=credit, kl=kl, kl_in_reward=True), reference=reference)
                  .appraise(samples, rewards) for kl in (0.0, 0.5))

    batch = batch_of(samples[-1:], reference)
    with torch.no_grad():
        away = batch.logprobs[batch.drawn] - said(reference, batch, 1.0)[0]
    charged = -0.5 * away.flip(0).cumsum(0).flip(0)  # of what is still to come; the last row is the end of its episode
    drawn = samples[-1].drawn
    assert_close((other[-1].raw - one[-1].raw)[drawn].double(), charged, atol=1e-5, rtol=1e-4)


def test_rows_that_somebody_else_said_are_learned_from_at_the_probabilities_that_the_actor_gives_them():
    samples, _ = played_rows(llama(seed=9), 3)
    training = PolicyTraining(llama(), RECIPE)
    scores = torch.tensor([1.0, -1.0, 0.5])

    assert next(training.learn(lessons_by_score(samples, scores))).actor.largest_change > 0.01
    again = training.recomputed(samples)
    assert next(training.learn(lessons_by_score(again, scores))).actor.largest_change < 1e-5
    assert all(torch.equal(one.ids, other.ids) and not other.logprobs[~other.drawn].any() for one, other in zip(samples, again))


def test_a_divergence_in_the_loss_is_not_taken_from_the_rewards_too():
    actor, reference = llama(), llama(seed=3)
    samples, rewards = played_rows(actor)

    one, other = (training_of(actor, replace(RECIPE, kl=kl), reference=reference).appraise(samples, rewards) for kl in (0.0, 0.5))

    assert all(torch.equal(a.raw, b.raw) and torch.equal(a.returns, b.returns) for a, b in zip(one, other))


def test_a_divergence_needs_a_reference():
    with pytest.raises(ValueError, match="without a reference it must be 0"):
        PolicyTraining(llama(), replace(RECIPE, kl=0.1))


def test_without_a_critic_nothing_can_be_appraised():
    actor = llama()
    samples, rewards = played_rows(actor, 2)

    with pytest.raises(ValueError, match="lessons_by_score"):
        PolicyTraining(actor, RECIPE).appraise(samples, rewards)


def test_every_row_is_learned_from_once_in_a_drawn_or_in_its_own_order():
    def orders(is_shuffled, seed):
        training = PolicyTraining(llama(), replace(RECIPE, minibatch=2, passes=2, is_shuffled=is_shuffled), seed=seed)
        seen = []
        training._learn_policy = lambda lessons: seen.append([lesson.sample.episode for lesson in lessons])
        samples, _ = played_rows(llama(), 5)
        firsts = [sample for sample in samples if int(sample.turns.max()) == 0]
        list(training.learn(lessons_by_score(firsts, torch.ones(5))))
        return seen

    assert orders(False, 0) == [[0, 1], [2, 3], [4]] * 2
    drawn = orders(True, 0)
    assert [sorted(row for part in half for row in part) for half in (drawn[:3], drawn[3:])] == [[0, 1, 2, 3, 4]] * 2
    assert drawn == orders(True, 0) != orders(True, 1)


@pytest.mark.parametrize(("network", "after"), [
    pytest.param(llama, 0, id="before anything"), pytest.param(llama, 1, id="before the actor learned"),
    pytest.param(llama, 2, id="llama"), pytest.param(llava, 2, id="llava"), pytest.param(partial(llama, tied=True), 2, id="tied")])
def test_going_on_gives_the_same_bytes_as_never_stopping(tmp_path, network, after):
    def fresh():
        return training_of(network(), replace(RECIPE, critic_only=1), seed=5)

    whole = fresh()
    unbroken = [iteration(whole, number) for number in range(3)]
    whole.save(tmp_path / "whole")
    broken = fresh()
    for number in range(after):
        iteration(broken, number)
    broken.save(tmp_path / "made", told={"seconds": 1.5})

    rest = fresh()
    told = rest.resume(tmp_path / "made")
    others = [iteration(rest, number) for number in range(after, 3)]
    rest.save(tmp_path / "end")

    assert told == {"seconds": 1.5}
    assert others == unbroken[after:]
    files = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*") if path.is_file())
    assert len(files) >= 8
    for file in files:
        assert (tmp_path / "end" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes(), file


def test_a_checkpoint_is_a_model_that_transformers_reads_and_a_critic_inside(tmp_path):
    training = training_of(llama())
    iteration(training, 0)
    training.save(tmp_path / "made")

    assert is_same(type(training.actor).from_pretrained(tmp_path / "made"), weights(training.actor))
    assert is_same(type(training.actor).from_pretrained(tmp_path / "made" / "critic"), weights(training.critic.model))
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def lost_head(folder):
    (folder / "critic" / "value_head.safetensors").unlink()


def lost_critic(folder):
    (folder / "critic" / "model.safetensors").write_bytes(b"x")


def lost_state(folder):
    (folder / "training" / "state.json").write_text("{}")


@pytest.mark.parametrize("spoil", [lost_head, lost_critic, lost_state])
def test_a_damaged_checkpoint_is_one_sentence(tmp_path, spoil):
    training = training_of(llama())
    iteration(training, 0)
    training.save(tmp_path / "made")
    spoil(tmp_path / "made")

    with pytest.raises(InputError, match="Train anew"):
        training_of(llama()).resume(tmp_path / "made")


def test_a_policy_learns_what_is_rewarded():
    actor = llama()
    training = training_of(actor, replace(RECIPE, critic_only=1, minibatch=32, actor_rate=5e-3, entropy=0.0))

    class Always(Secrets):
        """One word is right, always; episodes of two turns."""

        def _secret(self):
            return FIRST_WORD + 3

        def step(self, action):
            observation, reward, _, _, info = super().step(action)
            return observation, reward, self.turn == 2, False, info

    def mean_reward(number):
        episodes = played(actor, starts(32, first=100 * number), world=Always)
        list(training.learn(training.appraise(turn_samples(episodes), [episode.rewards for episode in episodes])))
        return sum(sum(episode.rewards) for episode in episodes) / 64

    rewards = [mean_reward(number) for number in range(13)]

    assert rewards[-1] > rewards[0] + 0.6


@pytest.mark.parametrize("network", [llama, llava])
def test_rows_that_are_learned_from_one_at_a_time_make_the_same_step_but_for_rounding(network):
    actors = [network().double() for _ in range(2)]
    told = []
    for actor, together in zip(actors, (0, 1)):
        recipe = replace(RECIPE, together=together, kl=0.1, minibatch=6)
        training = training_of(actor, recipe, reference=network().double())
        samples, rewards = played_rows(actor, prompt_of=with_picture if network is llava else None)
        told.append(next(iter(training.learn(training.appraise(samples, rewards)))).actor)

    for name in ("loss", "entropy", "clip_fraction", "approximate_kl", "largest_change", "reference_kl"):
        assert getattr(told[1], name) == pytest.approx(getattr(told[0], name), rel=1e-6, abs=1e-9), name
    assert told[1].step.norm == pytest.approx(told[0].step.norm, rel=1e-9)
    for one, other in zip(*(actor.parameters() for actor in actors)):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
