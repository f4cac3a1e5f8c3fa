"""A training as a run: what it tells, what it keeps, how it goes on, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from backends.files.saved import load_result, save_result
from backends.made import Made
from backends.ragen.games import PLAYERS, check_room, tokens_of
from backends.ragen.results import MAX_SNAPSHOTS, RagenResult, Snapshot, Training
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.ragen.starpo import Plan, StarPO
from backends.ragen.training import FEW, FIRST_ALL, bounds_of, metrics_of, thinned
from backends.run import Inputs, Progress, RunStopped, last
from models.gamers.acting import Words
from models.gamers.turns import Rules
from models.gamers.words import tokenizer
from tests.backends.ragen.tiny_players import taught
from worlds.errors import InputError
from worlds.games.bandit.env import Bandit
from worlds.games.bandit.payouts import Payouts
from worlds.games.seeds import TRAINING

SMALL: dict[str, object] = {"groups": 2, "members": 3, "slice": 4, "max_tokens": 14, "actor_rate": 0.01}


@pytest.fixture(autouse=True)
def tiny_beginner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bandit's beginner is a small network here."""
    torch.set_num_threads(1)
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    taught().save_pretrained(tmp_path / "tiny-bandit")
    tokenizer().save_pretrained(tmp_path / "tiny-bandit")
    monkeypatch.setitem(PLAYERS, "bandit", "tiny-bandit")
    monkeypatch.setitem(PLAYERS, "sokoban", "tiny-sokoban")  # which is not there


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs(makes=Made(lambda: tmp_path / "makes"))


def settings(iterations: int = 2, **changes: object) -> RagenSettings:
    return RagenSettings(iterations=iterations, **SMALL | changes)


def trained(asked: RagenSettings, inputs: Inputs | None = None) -> RagenResult:
    result = last(run(asked, inputs or Inputs()))
    assert isinstance(result, RagenResult)
    return result


def untimed(result: RagenResult) -> list[object]:
    return [replace(one, seconds=None) for one in result.training.metrics]


def plain(result: RagenResult) -> dict[str, list[object]]:
    """The training without arrays: lists can be compared."""

    def listed(value: object) -> object:
        if isinstance(value, np.ndarray):
            return value.tolist()
        if isinstance(value, dict):
            return {name: listed(one) for name, one in value.items()}
        return [listed(one) for one in value] if isinstance(value, list | tuple) else value
    return listed(result.training.model_dump())


def test_every_iteration_is_told_while_it_is_trained():
    events = list(run(settings(3), Inputs()))
    parts = [event for event in events if isinstance(event, Training)]

    assert [len(part.metrics) for part in parts] == [1, 2, 3]
    assert parts[-1] == events[-1].training
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(fractions) and len(fractions) == 4


def test_an_iteration_in_numbers_is_what_its_episodes_say():
    result = trained(settings(1, groups=4, members=8))  # so many that all of them are shown
    (metrics,), (snapshot,) = result.training.metrics, result.training.snapshots
    episodes = [one.episode for one in snapshot.rollouts]

    assert len(snapshot.rollouts) == 32 and metrics.steps == result.training.steps == 8
    assert metrics.reward == pytest.approx(sum(one.score for one in snapshot.rollouts) / 32)
    assert metrics.reward == pytest.approx(sum(episode.total_reward for episode in episodes) / 32)
    assert metrics.success == sum(bool(episode.success) for episode in episodes) / 32
    assert metrics.valid == sum(episode.turns[0].parse == "ok" for episode in episodes) / 32
    assert metrics.tokens == sum(len(episode.turns[0].token_ids) for episode in episodes) / 32
    assert metrics.top == snapshot.repeated[0].share and metrics.unsampled == 0 and metrics.kept == 4
    assert metrics.std == pytest.approx(sum(group.std for group in snapshot.groups) / 4)
    assert 0 < metrics.valid < 1, "a network that can be read always or never tells nothing here"


def test_a_token_that_was_learned_from_and_not_drawn_is_counted():
    training = StarPO(taught(), Bandit, Plan(groups=2, members=2, slice=4, max_tokens=14))
    iteration = training.learn()
    place, lesson = next(iter(iteration.lessons.items()))
    wider = lesson.sample.turns.clone()
    wider[int(lesson.sample.drawn.nonzero()[0]) - 1] = 0  # the forced beginning of the reply is taken for the player's

    iteration.lessons[place] = replace(lesson, sample=replace(lesson.sample, turns=wider))

    assert metrics_of(replace(iteration, lessons={})).unsampled == 0 < metrics_of(iteration).unsampled


def test_an_iteration_that_learned_nothing_has_the_entropy_of_what_was_drawn():
    skipped = StarPO(taught(), lambda: Bandit(payouts=Payouts(low=0.0, chance=0.0)),
                     Plan(groups=2, members=2, slice=4, max_tokens=14, skips_flat=True, rules=Rules(penalty=0.0)))

    iteration = skipped.learn()

    drawn = [value for played in iteration.episodes for turn in played.turns for value in turn.reply.entropies]
    assert not iteration.numbers and metrics_of(iteration).entropy == pytest.approx(np.mean(drawn)) and np.mean(drawn) > 0.1


def test_the_change_of_a_step_is_the_mean_of_old_less_new_log_probabilities():
    """verl's ppo_kl: of the second pass over the same episodes, by the player after the first."""
    plan = Plan(algorithm="grpo", groups=2, members=4, slice=8, passes=2, max_tokens=14, kl=0.0, actor_rate=1e-2)
    once, twice = (StarPO(taught(), Bandit, replace(plan, passes=passes)) for passes in (1, 2))

    samples = [lesson.sample for lesson in once.learn().lessons.values()]
    iteration = twice.learn()

    new = once._training.recomputed(samples)
    falls = torch.cat([(old.logprobs - after.logprobs)[old.drawn] for old, after in zip(samples, new)])
    assert iteration.numbers[0].actor.mean_fall == pytest.approx(0, abs=1e-5)
    assert iteration.numbers[1].actor.mean_fall == pytest.approx(falls.mean().item(), abs=1e-6) and abs(falls.mean()) > 1e-4
    assert metrics_of(iteration).kl == pytest.approx(falls.mean().item() / 2, abs=1e-5)


def test_a_rollout_tells_reply_penalty_tokens_and_its_start():
    result = trained(settings(1, groups=4, members=8))

    for one in result.training.snapshots[0].rollouts:
        (turn,) = one.episode.turns
        assert one.penalty == (0.0 if turn.parse == "ok" else -0.1) and one.score == pytest.approx(sum(turn.rewards.values()))
        assert len(turn.token_ids) == len(turn.logprobs) and (turn.logprobs <= 0).all()
        assert one.episode.seed == TRAINING + one.group and turn.by == "model" and one.kept is True
        assert (one.advantage is not None) and turn.reply.startswith("<think>")


def test_of_a_long_training_the_first_iterations_the_newest_and_some_between_are_kept_evenly():
    kept: tuple[Snapshot, ...] = ()
    for iteration in range(400):
        kept = thinned((*kept, Snapshot(iteration=iteration)))
        assert kept[-1].iteration == iteration and len(kept) <= min(MAX_SNAPSHOTS, FIRST_ALL + FEW + 1)

    numbers = [one.iteration for one in kept]
    gaps = [after - before for before, after in zip(numbers[FIRST_ALL:], numbers[FIRST_ALL + 1:])]
    assert numbers[:FIRST_ALL] == [0, 1, 2, 3] and numbers == sorted(set(numbers)) and len(numbers) == FIRST_ALL + FEW + 1
    assert max(gaps) <= 4 * min(gaps[:-1])


def test_the_lines_of_the_best_and_the_random_policy_are_those_of_the_arms():
    bounds = bounds_of(settings(chance=0.25, safe=0.15))

    assert (bounds.random, bounds.best) == (0.5, 1.0)
    assert (bounds.random_reward, bounds.best_reward) == pytest.approx((0.2, 0.25))
    assert bounds_of(settings(chance=0.1)).best_reward == pytest.approx(0.15)  # of the safe arm


def test_one_action_of_an_episode_bounds_the_lake_more_than_ten():
    short, long = (bounds_of(RagenSettings(game="lake", turns=turns, actions_per_turn=1)) for turns in (1, 10))

    assert short.random < long.random < long.best and short.best < long.best and long.random_reward is None


def test_a_saved_training_is_loaded_as_it_was():
    result = trained(settings())

    saved = save_result(result)
    again = load_result(saved, RagenResult)

    assert again.training.metrics == result.training.metrics and save_result(again) == saved
    first, second = (one.training.snapshots[1].rollouts[0].episode.turns[0] for one in (result, again))
    assert first.reply == second.reply and first.logprobs.tolist() == second.logprobs.tolist()


def test_equal_settings_are_one_training():
    first, second = trained(settings()), trained(settings())

    assert untimed(first) == untimed(second)
    assert plain(first)["snapshots"] == plain(second)["snapshots"]


@pytest.mark.parametrize("algorithm", ["ppo", "grpo"])
def test_a_training_that_was_broken_off_goes_on_as_if_it_had_not_been(algorithm, inputs):
    whole = trained(settings(4, algorithm=algorithm))
    first = trained(settings(2, algorithm=algorithm), inputs)
    both = replace(inputs, results={"first": first})

    second = trained(settings(2, algorithm=algorithm, continues="first"), both)

    assert untimed(second) == untimed(whole) and second.training.steps == whole.training.steps
    assert second.training.went_on_from == 2 and plain(second)["snapshots"] == plain(whole)["snapshots"]
    assert len(first.made) == len(second.made) == 1 and first.made != second.made


@pytest.mark.parametrize("at", [Training, Progress])
def test_a_stopped_training_keeps_what_it_had_and_goes_on_from_there(at, inputs):
    whole, events = trained(settings(4)), run(settings(50), inputs)
    part = next(event for event in events if isinstance(event, Training) and len(event.metrics) == 2)
    if at is Progress:
        assert isinstance(next(events), Progress)

    stopped = events.throw(RunStopped())
    again = trained(settings(2, continues="stopped"), replace(inputs, results={"stopped": stopped}))

    assert stopped.ended == "stopped" and stopped.training.metrics == part.metrics
    assert untimed(again) == untimed(whole)


def test_another_games_run_is_refused_and_names_what_it_had(inputs):
    first = trained(settings(1), inputs)
    both = replace(inputs, results={"first": first})

    with pytest.raises(InputError, match=r"The run 'first' had another algorithm: ppo\. Set that again"):
        trained(settings(1, algorithm="grpo", continues="first"), both)
    with pytest.raises(InputError, match="had another seed: 0"):
        trained(settings(1, seed=1, continues="first"), both)


def test_a_run_that_trained_nothing_or_was_not_kept_is_not_gone_on_with(inputs):
    played = last(run(RagenSettings(task="play", player="expert"), inputs))
    unkept = trained(settings(1), Inputs())
    both = replace(inputs, results={"played": played, "unkept": unkept})

    with pytest.raises(InputError, match=r"'played' trained nothing\. Choose one that did\."):
        trained(settings(1, continues="played"), both)
    with pytest.raises(InputError, match=r"'unkept' was not kept\. Train it anew\."):
        trained(settings(1, continues="unkept"), both)


def test_a_beginner_that_is_not_here_is_said_with_what_plays_without_one():
    with pytest.raises(InputError, match=r"'tiny-sokoban' is not part of this copy\. Let the script or chance play\."):
        trained(settings(1, game="sokoban"))


@pytest.mark.parametrize(("game", "fits", "too_many"), [("lake", 7, 8), ("sokoban", 5, 6)])
def test_an_episode_that_a_beginner_cannot_read_whole_is_refused_before_anything_is_played(game, fits, too_many):
    settings = RagenSettings(game=game, turns=too_many)

    with pytest.raises(InputError, match="reads 512 tokens, and an episode here may have "):
        check_room(Words(), settings, tokens_of(settings))
    with pytest.raises(InputError, match="Take fewer turns or shorter replies"):
        list(run(settings, Inputs()))
    check_room(Words(), settings.model_copy(update={"turns": fits}), tokens_of(settings))


@pytest.mark.parametrize(("changes", "said"), [
    ({"groups": 32, "members": 32}, "1024 episodes in one iteration are too many. At most 512"),
    ({"groups": 32, "members": 16, "updates": 2}, "1024 episodes"), ({"groups": 33}, "less than or equal to 32"),
    ({"ratio": 0.0}, "greater than or equal to 0.01"),
    ({"iterations": 401}, "less than or equal to 400"), ({"game": "chess"}, "game"),
    ({"task": "logs"}, "there are no logs"),
    ({"task": "why", "groups": 32, "members": 16, "updates": 1, "repeats": 10_001}, "10000")], ids=str)
def test_settings_beyond_their_limits_are_refused_with_the_limit(changes, said):
    with pytest.raises(ValueError) as refused:
        RagenSettings(**changes)

    assert said in str(refused.value)


def test_as_many_episodes_as_may_be_are_taken():
    assert RagenSettings(groups=32, members=16).groups == 32
    assert RagenSettings(task="why", groups=8, members=32, repeats=10_000).repeats == 10_000
    assert RagenSettings(task="why", groups=32, members=32).members == 32  # no training's limit


def test_the_network_that_is_lent_is_not_the_one_that_learns():
    before, after = trained(settings(1)), trained(settings(1))

    assert untimed(before) == untimed(after)
