"""StarPO on small networks: what the filter leaves out has no part in anything, and what moves a network that learns nothing."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

from backends.ragen.filters import Selection
from backends.ragen.starpo import Plan as StarPlan
from backends.ragen.starpo import StarPO, paid
from models.gamers.turns import Rules
from models.training.advantages import group_advantages
from models.training.credit import lessons_by_score
from models.training.critic import Critic
from models.training.optimising import guarded_step
from models.training.policy import PolicyTraining
from models.training.rollout import Played
from models.training.samples import Lesson, episode_samples
from tests.backends.ragen.tiny_players import taught, tiny
from worlds.errors import InputError
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.payouts import Payouts
from worlds.games.frozen_lake.env import FrozenLake

PLAN = StarPlan(groups=4, members=4, slice=8, turns=1, rules=Rules(max_actions=1), max_tokens=14, actor_rate=1e-2, critic_rate=1e-2)
GRPO = replace(PLAN, algorithm="grpo", kl=0.0)
FLAT = replace(GRPO, entropy=0.0, weight_decay=0.0, rules=Rules(max_actions=1, penalty=0.0))
ALGORITHMS = ("ppo", "grpo", "bi")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def starpo(plan: StarPlan, model: LlamaForCausalLM | None = None, payouts: Payouts | None = None) -> StarPO:
    paid = payouts or Payouts(low=0.15, chance=0.5)
    return StarPO(taught() if model is None else model, lambda: Bandit(payouts=paid), plan)


def flat(plan: StarPlan) -> StarPO:
    """Every episode earns 0, whatever is said."""
    return starpo(plan, payouts=Payouts(low=0.0, chance=0.0))


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_ratio_of_one_gives_the_parameters_of_a_training_without_a_filter(algorithm):
    plan = replace(PLAN, algorithm=algorithm)
    filtered = starpo(plan)
    model = taught()
    critic = Critic.beside(model) if plan.has_critic else None
    bare = PolicyTraining(model, plan.recipe, critic=critic, reference=taught(), seed=plan.seed)
    for _ in range(2):
        iteration = filtered.learn()
        episodes = StarPO(model, filtered.new_game, replace(plan, kl=0.0)).play([one.start.seed for one in iteration.episodes[::4]])
        samples, rewards = episode_samples(episodes), [paid(one, algorithm) for one in episodes]
        if plan.has_critic:
            lessons = bare.appraise(samples, rewards)
        else:
            scores = torch.tensor([sum(own) for own in rewards], dtype=torch.float64)
            lessons = lessons_by_score(samples, group_advantages(scores, torch.arange(4).repeat_interleave(4)))
        list(bare.learn(lessons))

    assert iteration.selection.kept == (0, 1, 2, 3) and iteration.lessons.keys() == set(range(16))
    assert same(weights(filtered.model), weights(model)) and not same(weights(model), weights(taught()))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_the_filter_leaves_out_has_no_part_in_loss_whitening_or_critic(algorithm, monkeypatch):
    """The same groups are kept; those that are not are said to have earned anything."""
    plan = replace(PLAN, algorithm=algorithm, ratio=0.5)
    first = starpo(plan)
    was = first.learn()
    told: list[Sequence[float]] = []

    def garbled(self: StarPO, seeds: Sequence[int], **more: object) -> list[Played]:
        episodes = real(self, seeds, **more)
        for place, episode in enumerate(episodes):
            if place // plan.members not in was.selection.kept:
                episode.turns[:] = [replace(turn, reward=1000.0) for turn in episode.turns]
                told.append(episode.rewards)
        return episodes
    real = StarPO.play
    monkeypatch.setattr(StarPO, "play", garbled)
    second = starpo(plan)

    now = second.learn()

    assert told and now.selection.kept == was.selection.kept and len(was.selection.kept) == 2
    assert now.lessons.keys() == was.lessons.keys() == {place for place in range(16) if place // 4 in was.selection.kept}
    assert all(torch.equal(was.lessons[place].advantages, now.lessons[place].advantages) for place in was.lessons)
    assert was.numbers == now.numbers and same(weights(first.model), weights(second.model))
    if plan.has_critic:
        assert same(weights(first._training.critic), weights(second._training.critic))


def test_the_kept_quarter_of_eight_groups_are_the_two_that_differ_most():
    iteration = starpo(replace(PLAN, groups=8, ratio=0.25)).learn()

    stds = iteration.scores.reshape(8, 4).std(1, ddof=1)
    assert len(iteration.selection.kept) == 2
    assert min(stds[list(iteration.selection.kept)]) >= max(np.delete(stds, list(iteration.selection.kept)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_first_step_after_playing_finds_every_ratio_at_one_and_clips_nothing(algorithm):
    iteration = starpo(replace(PLAN, algorithm=algorithm, passes=2, slice=16)).learn()
    first, second = (one.actor for one in iteration.numbers)

    assert first.largest_change < 1e-4 and first.clip_fraction == 0
    assert second.largest_change > 1e-3  # the second pass is of a network that has moved


def test_with_one_step_in_an_iteration_the_upper_clip_changes_nothing_and_with_several_it_does():
    def learned(**changes: object) -> dict[str, torch.Tensor]:
        training = starpo(replace(PLAN, actor_rate=0.05, **changes))
        training.learn()
        return weights(training.model)

    assert same(learned(slice=16, clip_high=0.2), learned(slice=16, clip_high=0.28))
    assert not same(learned(slice=2, clip_high=0.2), learned(slice=2, clip_high=0.28))


def test_grpo_without_entropy_pull_and_decay_stands_still_where_every_group_is_flat():
    training = flat(FLAT)

    iteration = training.learn()

    assert all(one.is_flat for one in iteration.selection.groups) and len(iteration.numbers) == 2
    assert same(weights(training.model), weights(taught()))


@pytest.mark.parametrize("changes", [{"entropy": 0.001}, {"weight_decay": 0.01}], ids=["entropy", "weight decay"])
def test_a_regulariser_alone_moves_a_network_whose_groups_are_flat_unless_they_are_skipped(changes):
    moved, skipped = flat(replace(FLAT, **changes)), flat(replace(FLAT, **changes, skips_flat=True))

    moved.learn()
    iteration = skipped.learn()

    assert not same(weights(moved.model), weights(taught()))
    assert same(weights(skipped.model), weights(taught())) and not iteration.numbers and not iteration.selection.kept
    assert "same reward" in iteration.selection.why_none and skipped.index == 1


def test_skipping_flat_groups_never_changes_a_parameter_of_player_or_critic():
    training = flat(replace(PLAN, skips_flat=True, rules=FLAT.rules))
    critic = weights(training._training.critic)

    for _ in range(3):
        training.learn()

    assert same(weights(training.model), weights(taught())) and same(weights(training._training.critic), critic)


def test_ppo_is_moved_by_a_critics_errors_alone_and_not_by_a_critic_that_says_the_same_everywhere():
    """Whitening makes the errors of a critic as large as any advantage; one that begins at zero has none."""
    plan = replace(FLAT, algorithm="ppo", critic_rate=0.0)
    still, walked = flat(plan), flat(plan)
    with torch.no_grad():
        walked._training.critic.head.weight.normal_(std=1e-3, generator=torch.Generator().manual_seed(0))

    still.learn()
    iteration = walked.learn()

    assert same(weights(still.model), weights(taught()))
    assert all(one.is_flat for one in iteration.selection.groups) and not same(weights(walked.model), weights(taught()))
    spread = torch.cat([lesson.advantages[lesson.sample.drawn] for lesson in iteration.lessons.values()])
    assert spread.std().item() == pytest.approx(1, abs=1e-3)


def told(training: StarPO, iterations: int) -> list[tuple[object, ...]]:
    return [(one.index, one.scores.tolist(), one.selection, one.numbers) for one in (training.learn() for _ in range(iterations))]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_going_on_from_where_a_training_stood_is_as_if_it_had_never_stopped(algorithm, tmp_path: Path):
    plan = replace(PLAN, algorithm=algorithm, kl=0.01)
    whole = starpo(plan)
    expected = told(whole, 4)
    stopped = starpo(plan)
    began = told(stopped, 2)
    stopped.save(tmp_path / "stood")
    again = starpo(plan)

    again.resume(tmp_path / "stood")

    assert again.index == 2 and began + told(again, 2) == expected
    assert same(weights(again.model), weights(whole.model))


def test_one_seed_is_one_training_and_another_seed_meets_other_games_and_says_other_words():
    first, again, other = (starpo(replace(PLAN, seed=seed)) for seed in (3, 3, 4))

    runs = [training.learn() for training in (first, again, other)]

    seeds = [[one.start.seed for one in run.episodes] for run in runs]
    replies = [[one.turns[0].reply.ids for one in run.episodes] for run in runs]
    assert told(first, 2) == told(again, 2) and seeds[0] == seeds[1] and replies[0] == replies[1]
    assert set(seeds[0]).isdisjoint(seeds[2]) and replies[0] != replies[2]


def test_several_updates_of_one_collection_are_on_groups_of_their_own():
    iteration = starpo(replace(PLAN, updates=3, slice=16)).learn()

    assert len({one.start.seed for one in iteration.episodes}) == 12 and len(iteration.numbers) == 3
    assert iteration.lessons.keys() == set(range(48))
    assert iteration.numbers[0].actor.largest_change < 1e-4 < iteration.numbers[1].actor.largest_change  # it has aged


def test_a_group_that_is_shared_out_over_two_updates_is_compared_as_a_whole():
    training = starpo(replace(GRPO, groups=1, updates=2, ratio=0.5))
    played = training.play([10_000, 10_001])
    for episode, earned in zip(played, (0.0, 0.15, 0.15, 1.0, 0.0, 0.0, 0.0, 0.0)):
        episode.turns[:] = [replace(turn, reward=earned) for turn in episode.turns]
    training.play = lambda seeds: played

    iteration = training.learn()

    found = [lesson.advantages[lesson.sample.drawn].unique().item() for lesson in iteration.lessons.values()]
    assert iteration.selection.kept == (0,) and len(iteration.numbers) == 2
    assert found == pytest.approx([-0.713, -0.384, -0.384, 1.482], abs=1e-3)


@pytest.mark.parametrize("algorithm", ["ppo", "bi"])
def test_all_episodes_of_a_collection_are_whitened_together_before_the_first_update(algorithm):
    iteration = starpo(replace(PLAN, algorithm=algorithm, updates=2, slice=16)).learn()

    flat = torch.cat([lesson.advantages[lesson.sample.drawn] for lesson in iteration.lessons.values()])
    assert abs(flat.mean()) < 1e-6 and flat.var().item() == pytest.approx(1, abs=1e-3)


def rewarded(algorithm: str) -> tuple[Played, Lesson]:
    """An episode of three turns that pay 0, 0.5 and 1, of which the second cost a penalty of 0.1, and what it is to teach."""
    training = StarPO(tiny(), lambda: FrozenLake(max_actions=4), replace(PLAN, algorithm=algorithm, turns=3, kl=0.0, slice=8))
    (episode,) = training.play([10_000], members=1)
    for number, (info, earned) in enumerate(zip(episode.outcomes, (0.0, 0.5, 1.0))):
        info["done"], info["penalty"] = ({"reward": earned},), -0.1 * (number == 1)  # type: ignore[index]  # a plain dict
        episode.turns[number] = replace(episode.turns[number], reward=earned + info["penalty"])
    with torch.no_grad():
        training._training.critic.head.weight.normal_(std=0.1, generator=torch.Generator().manual_seed(0))
    samples = episode_samples([episode])
    return episode, training._training.appraise(samples, [paid(episode, algorithm)])[0]


def test_with_ppo_every_token_of_an_episode_of_many_turns_is_told_its_whole_score():
    """A_t = R - V_t, before whitening, whichever turn a token is of."""
    episode, lesson = rewarded("ppo")
    own = lesson.sample.drawn

    assert len(episode.turns) == 3 and lesson.values[own].std() > 0.01
    assert (lesson.raw + lesson.values)[own].numpy() == pytest.approx(np.full(int(own.sum()), 1.4), abs=1e-5)


def test_by_turns_and_tokens_each_turn_is_paid_what_the_game_paid_and_bad_form_costs_nothing():
    _, lesson = rewarded("bi")

    ends, values = lesson.sample.ends, lesson.values[lesson.sample.ends].double()
    wanted, following, ahead = [], 0.0, 0.0
    for earned, value in zip((1.0, 0.5, 0.0), values.flip(0).tolist()):  # delta_k + 0.95 A_(k+1), from the last turn
        following = earned + 0.95 * ahead - value + 0.95 * following
        wanted.append(following)
        ahead = value
    assert lesson.raw[ends].numpy() == pytest.approx(wanted[::-1], abs=1e-5)


@pytest.mark.parametrize(("norm", "is_made"), [(5000.0, True), (math.inf, False), (math.nan, False)])
def test_a_gradient_of_any_length_is_clipped_and_one_that_is_no_number_is_left_out(norm, is_made):
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.tensor([norm])

    step = guarded_step(torch.optim.SGD([weight], lr=1.0), clip=PLAN.recipe.clip_norm, skip_at=PLAN.recipe.skip_norm)

    assert step.is_made == is_made and weight.item() == pytest.approx(-1.0 if is_made else 0.0, abs=1e-4)


def test_only_tokens_that_the_player_drew_are_learned_from():
    training = StarPO(tiny(), lambda: FrozenLake(max_actions=4), replace(PLAN, turns=3, groups=2, slice=8))

    iteration = training.learn()

    for place, lesson in iteration.lessons.items():
        drawn = [token for turn in iteration.episodes[place].turns for token in turn.reply.ids]
        assert lesson.sample.ids[lesson.sample.drawn].tolist() == drawn
        assert (lesson.advantages[~lesson.sample.drawn] == 0).all() and len(drawn) < len(lesson.sample.ids)


def test_with_one_reward_at_the_end_value_and_advantage_are_the_return_at_every_token():
    iteration = starpo(replace(PLAN, kl=0.0)).learn()

    for place, lesson in iteration.lessons.items():
        taken: Lesson = lesson
        own = taken.sample.drawn
        assert (taken.raw + taken.values)[own].numpy() == pytest.approx(np.full(int(own.sum()), iteration.scores[place]), abs=1e-5)


def test_a_folder_that_is_gone_or_of_another_network_is_refused(tmp_path: Path):
    training = starpo(GRPO)
    training.learn()
    training.save(tmp_path / "kept")
    other = starpo(replace(PLAN, kl=0.0))  # with a critic, which was not kept

    for wrong in (training, other):
        with pytest.raises(InputError):
            wrong.resume(tmp_path / "gone" if wrong is training else tmp_path / "kept")


def test_nothing_kept_is_an_iteration_that_is_counted_and_told():
    iteration = flat(replace(FLAT, kind="top_p")).learn()

    assert isinstance(iteration.selection, Selection) and not iteration.lessons and not iteration.numbers
    assert iteration.selection.why_none
