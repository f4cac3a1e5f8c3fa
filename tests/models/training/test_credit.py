"""From rewards of turns to what each token is to learn, on rows of both kinds."""

import pytest
import torch
from torch.testing import assert_close

from models.training.advantages import gae
from models.training.credit import Credit, lessons_by_score, lessons_by_value, valued_tokens
from models.training.samples import Sample, batch_of, episode_samples, turn_samples
from tests.models.training.tiny_policies import Secrets, all_before, llama, played, starts

RAW = {"is_whitened": False}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def row(episode, *turns, prompt=2, between=1):
    """A row with given (turn, number of drawn tokens), a prompt in front and tokens of the world between."""
    owner = [-1] * prompt
    for place, (turn, length) in enumerate(turns):
        owner += [-1] * (between if place else 0) + [turn] * length
    return Sample(episode, torch.arange(len(owner)), torch.tensor(owner), torch.zeros(len(owner), dtype=torch.float64))


def values_of(samples, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(len(sample.ids), generator=generator, dtype=torch.float64) for sample in samples]


SPLIT = [row(0, (0, 3)), row(1, (0, 2)), row(0, (1, 1)), row(0, (2, 2)), row(1, (1, 4))]  # rows of two episodes, mixed
REWARDS = [[1.0, -0.5, 2.0], [0.5, 3.0]]
ESTIMATORS = [pytest.param("turn", id="turn"), pytest.param("bi", id="bi"), pytest.param("token", id="token")]


def test_all_tokens_of_a_turn_learn_the_turns_own_advantage():
    values = values_of(SPLIT)
    lessons = lessons_by_value(SPLIT, REWARDS, values, Credit("turn", turn_gamma=0.9, lam=0.8, **RAW))

    for episode, own in ((0, [0, 2, 3]), (1, [1, 4])):
        heads = torch.stack([values[place][2] for place in own])[None]  # at the first drawn token
        expected = gae(torch.tensor([REWARDS[episode]], dtype=torch.float64), heads, gamma=0.9, lam=0.8)[0]
        for place, advantage, value in zip(own, expected, heads[0]):
            drawn = SPLIT[place].drawn
            assert_close(lessons[place].raw, torch.where(drawn, advantage, 0))
            assert lessons[place].valued.nonzero().tolist() == [[2]]
            assert_close(lessons[place].returns[2], advantage + value)


def test_by_tokens_a_turn_ends_where_the_next_one_begins():
    values = values_of(SPLIT)
    lessons = lessons_by_value(SPLIT, REWARDS, values, Credit("token", token_gamma=0.9, lam=0.8, **RAW))

    line = torch.cat([values[place][SPLIT[place].drawn] for place in (0, 2, 3)])[None]
    rewards = torch.tensor([[0, 0, 1.0, -0.5, 0, 2.0]], dtype=torch.float64)
    expected = gae(rewards, line, gamma=0.9, lam=0.8)[0]
    assert_close(torch.cat([lessons[place].raw[SPLIT[place].drawn] for place in (0, 2, 3)]), expected)
    assert_close(torch.cat([lessons[place].returns[SPLIT[place].drawn] for place in (0, 2, 3)]), expected + line[0])


@pytest.mark.parametrize("turn_value", ["first", "last"])
def test_in_bi_level_the_last_token_of_a_turn_has_the_turns_advantage(turn_value):
    values = values_of(SPLIT)
    credit = Credit("bi", turn_gamma=0.9, token_gamma=0.7, lam=0.8, turn_value=turn_value, **RAW)
    lessons = lessons_by_value(SPLIT, REWARDS, values, credit)

    which = 0 if turn_value == "first" else -1
    heads = torch.stack([values[place][SPLIT[place].drawn][which] for place in (0, 2, 3)])[None]
    by_turn = gae(torch.tensor([REWARDS[0]], dtype=torch.float64), heads, gamma=0.9, lam=0.8)[0]
    assert_close(torch.stack([lessons[place].raw[-1] for place in (0, 2, 3)]), by_turn)


def test_where_every_reply_is_one_token_the_three_estimators_agree():
    samples = [row(0, (0, 1)), row(0, (1, 1)), row(1, (0, 1)), row(0, (2, 1)), row(1, (1, 1))]
    values = values_of(samples)

    made = [lessons_by_value(samples, REWARDS, values, Credit(estimator, 0.9, 0.9, 0.8)) for estimator in ("turn", "bi", "token")]

    for lessons in zip(*made):
        for other in lessons[1:]:
            assert_close(other.advantages, lessons[0].advantages, atol=1e-6, rtol=0)
            assert_close(other.returns, lessons[0].returns, atol=1e-6, rtol=0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_episode_in_one_row_and_in_a_row_per_turn_teach_the_same(estimator):
    whole = [row(0, (0, 3), (1, 1), (2, 2)), row(1, (0, 2), (1, 4), between=0)]
    values = values_of(whole)
    parts = [values[SPLIT[place].episode][whole[SPLIT[place].episode].turns == SPLIT[place].turns.max()] for place in range(5)]
    split_values = [torch.cat([torch.zeros(2, dtype=torch.float64), part]) for part in parts]
    credit = Credit(estimator, 0.9, 0.8, 0.7)

    one = lessons_by_value(whole, REWARDS, values, credit)
    many = lessons_by_value(SPLIT, REWARDS, split_values, credit)

    for place, lesson in enumerate(many):
        own = whole[lesson.sample.episode].turns == SPLIT[place].turns.max()
        assert_close(lesson.advantages[2:], one[lesson.sample.episode].advantages[own])
        assert_close(lesson.returns[2:], one[lesson.sample.episode].returns[own])
        assert torch.equal(lesson.valued[2:], one[lesson.sample.episode].valued[own])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_advantages_are_whitened_over_all_tokens_and_returns_are_not(estimator):
    values = values_of(SPLIT)
    white = lessons_by_value(SPLIT, REWARDS, values, Credit(estimator))
    raw = lessons_by_value(SPLIT, REWARDS, values, Credit(estimator, **RAW))

    flat = torch.cat([lesson.advantages[lesson.sample.drawn] for lesson in white])
    assert abs(flat.mean()) < 1e-9 and flat.var() == pytest.approx(1, abs=1e-3)
    assert all(torch.equal(one.returns, other.returns) and torch.equal(one.raw, other.raw) for one, other in zip(white, raw))
    assert not any(lesson.advantages[~lesson.sample.drawn].any() for lesson in white)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_what_single_tokens_earn_is_part_of_their_turn(estimator):
    nothing, values = [torch.zeros_like(value) for value in values_of(SPLIT)], values_of(SPLIT)
    charged = [value.clone() for value in nothing]
    charged[2][2] = -0.25  # the only token of the second turn of the first episode
    credit = Credit(estimator, **RAW)

    one = lessons_by_value(SPLIT, [[1.0, -0.75, 2.0], [0.5, 3.0]], values, credit)
    other = lessons_by_value(SPLIT, REWARDS, values, credit, token_rewards=charged)

    assert all(torch.equal(a.raw, b.raw) for a, b in zip(one, other))
    assert charged[2][2] == -0.25  # what was given is left as it was


def test_a_score_goes_to_every_token_of_an_episode_or_of_a_turn():
    by_episode = lessons_by_score(SPLIT, torch.tensor([1.0, -2.0]))
    by_turn = lessons_by_score(SPLIT, torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]))

    assert [lesson.advantages[lesson.sample.drawn].unique().tolist() for lesson in by_episode] == [[1], [-2], [1], [1], [-2]]
    assert [lesson.advantages[lesson.sample.drawn].unique().tolist() for lesson in by_turn] == [[1], [4], [2], [3], [5]]
    assert not any(lesson.advantages[~lesson.sample.drawn].any() or lesson.valued.any() for lesson in by_turn)


def test_rows_hold_what_was_shown_and_said_and_mark_what_was_drawn():
    episodes = played(llama(), starts(4), prompt_of=all_before)
    by_turn, whole = turn_samples(episodes), episode_samples(episodes)

    assert len(by_turn) == sum(len(episode.turns) for episode in episodes)
    for sample, (number, turn) in zip(by_turn, ((n, turn) for n, episode in enumerate(episodes) for turn in episode.turns)):
        assert sample.episode == number
        assert sample.ids.tolist() == [*turn.prompt.ids, *turn.reply.ids]
        assert sample.ids[sample.drawn].tolist() == list(turn.reply.ids)
        assert sample.logprobs[sample.drawn].tolist() == list(turn.reply.logprobs)
    for sample, episode in zip(whole, episodes):
        assert sample.ids[sample.drawn].tolist() == [token for turn in episode.turns for token in turn.reply.ids]
        assert sample.turns[sample.drawn].tolist() == [turn.index for turn in episode.turns for _ in turn.reply.ids]
        assert sample.logprobs[sample.drawn].tolist() == [number for turn in episode.turns for number in turn.reply.logprobs]
        assert sample.firsts.sum() == sample.ends.sum() == len(episode.turns)
        assert valued_tokens(sample, "turn").sum() == len(episode.turns)


def test_prompts_that_do_not_go_on_from_each_other_are_no_single_row():
    with pytest.raises(ValueError, match="turn_samples"):
        episode_samples(played(llama(), starts(4)))


def test_rows_of_one_agent_leave_out_the_others():
    episodes = played(llama(), starts(4), world=lambda: Secrets(("a", "b")), max_turns=4)

    assert [int(sample.turns.max()) % 2 for sample in turn_samples(episodes, "b")] == [1] * 4
    assert len(turn_samples(episodes, "a")) + len(turn_samples(episodes, "b")) == len(turn_samples(episodes))


def test_a_batch_is_padded_where_nothing_is_drawn():
    batch = batch_of(SPLIT, llama())

    assert batch.ids.shape == (5, 6)
    assert batch.drawn.sum(1).tolist() == [3, 2, 1, 2, 4]
    assert batch.episodes.tolist() == [0, 1, 0, 0, 1]
