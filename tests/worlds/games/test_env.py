"""The three games as environments of gymnasium."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from worlds.errors import InputError
from worlds.games.bandit.env import Bandit
from worlds.games.env import TextGame
from worlds.games.frozen_lake.env import FrozenLake
from worlds.games.lines import success_lines
from worlds.games.seeds import MOST, TRAINING, is_for_training, training_seeds, validation_seeds
from worlds.games.sokoban.env import Sokoban

GAMES = [Bandit, FrozenLake, Sokoban]


@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", GAMES)
def test_gymnasiums_own_checker_has_nothing_to_say(kind: type[TextGame[Any]]) -> None:
    check_env(kind(render_mode="rgb_array"))


@pytest.mark.parametrize("kind", GAMES)
def test_it_is_an_environment_whose_observation_is_text(kind: type[TextGame[Any]]) -> None:
    game = kind()
    written, info = game.reset(seed=123)

    assert isinstance(game, gymnasium.Env) and written in game.observation_space
    assert written == game.written(info["state"]) and info["agent"] == "player"
    assert game.action_space.start == 1 and game.action_space.n == len(info["actions"])  # type: ignore[attr-defined]


def played(game: TextGame[Any], seed: int, member: int = 0) -> list[tuple[str, float, bool, bool]]:
    game.reset(seed=seed, options={"member": member})
    return [game.step(1 + turn % len(game.actions))[:4] for turn in range(game.max_actions)]


@pytest.mark.parametrize("kind", GAMES)
def test_equal_seeds_and_actions_give_equal_episodes(kind: type[TextGame[Any]]) -> None:
    episodes = {seed: played(kind(), seed) for seed in range(123, 131)}

    assert all(played(kind(), seed) == episode for seed, episode in episodes.items())
    assert len({str(episode) for episode in episodes.values()}) > 1


@pytest.mark.parametrize("kind", GAMES)
def test_numbers_and_names_in_any_case_are_the_same_action(kind: type[TextGame[Any]]) -> None:
    game = kind()
    for number in range(1, len(game.reset(seed=123)[1]["actions"]) + 1):
        game.reset(seed=123)
        by_number = game.step(np.int64(number))
        game.reset(seed=123)
        assert game.step(f" {game.actions[number - 1].upper()} ") == by_number


@pytest.mark.parametrize("action", ["Jump", "", 0, 5, -1], ids=repr)
@pytest.mark.parametrize("kind", GAMES)
def test_what_names_no_action_moves_nothing_and_costs_none(kind: type[TextGame[Any]], action: str | int) -> None:
    game = kind()
    _, before = game.reset(seed=123)

    _, reward, terminated, truncated, info = game.step(action)

    assert (reward, terminated, truncated, info["used"], info["left"]) == (0, False, False, 0, game.max_actions)
    assert info["state"] == before["state"] and not info["action_is_valid"] and not info["action_is_effective"]
    assert info["feedback"] == f"There is no action {str(action)!r}. There are {', '.join(game.actions)}."


@pytest.mark.parametrize("game", [FrozenLake(success_rate=1.0, max_actions=3), Sokoban(max_actions=3)], ids=["lake", "sokoban"])
def test_used_up_actions_cut_an_episode_that_is_not_over(game: TextGame[Any]) -> None:
    game.reset(seed=127)
    steps = [game.step(action) for action in ("Up", "Down", "Up")]

    assert [step[2:4] for step in steps] == [(False, False), (False, False), (False, True)]
    assert [step[4]["left"] for step in steps] == [2, 1, 0] and not steps[-1][4]["success"]


def test_success_with_the_last_action_is_no_cut() -> None:
    game = FrozenLake(success_rate=1.0, max_actions=1)
    game.reset(seed=123, options={"state": {"rows": ["SG", "FF"], "at": [0, 0]}})

    assert game.step("Right")[2:4] == (True, False)


@pytest.mark.parametrize("kind", GAMES)
def test_the_parts_add_up_to_the_reward(kind: type[TextGame[Any]]) -> None:
    game = kind()
    for seed in range(123, 128):
        game.reset(seed=seed)
        for turn in range(game.max_actions):
            _, reward, _, _, info = game.step(1 + turn % len(game.actions))
            assert reward == sum(info["rewards"].values())


@pytest.mark.parametrize("kind", GAMES)
def test_a_game_that_is_over_stays_as_it_is(kind: type[TextGame[Any]]) -> None:
    game = kind()
    game.reset(seed=123)
    while not game.is_over(game.state):
        last = game.step(game.expert(game.state, 20))

    again = game.step(1)

    assert last[2] and again[2] and again[0] == last[0]
    assert again[1] == 0 and again[4]["feedback"] == "The game is over." and again[4]["success"] == last[4]["success"]
    with pytest.raises(ValueError, match="the game is over"):
        game.expert(game.state, 20)


@pytest.mark.parametrize("kind", GAMES)
def test_an_episode_may_begin_from_a_state_of_ones_own(kind: type[TextGame[Any]]) -> None:
    game = kind()
    plain = game.codec.plain(game.reset(seed=200)[1]["state"])

    written, info = game.reset(seed=123, options={"state": plain})

    assert game.codec.plain(info["state"]) == plain and written == game.reset(seed=200)[0]


@pytest.mark.parametrize(("options", "what"), [
    ({"colour": "red"}, "no option 'colour'. There are member and state"),
    ({"member": -1}, "no member '-1'"),
    ({"member": "all"}, "no member 'all'"),
    ({"state": "P__G"}, "not a state"),
], ids=str)
def test_options_that_do_not_fit_are_refused(options: dict[str, object], what: str) -> None:
    with pytest.raises(InputError, match=what):
        FrozenLake().reset(seed=123, options=options)


@pytest.mark.parametrize("kind", GAMES)
def test_without_a_seed_a_game_of_training_is_drawn(kind: type[TextGame[Any]]) -> None:
    game = kind()
    game.reset(seed=1)
    seeds = [game.reset()[1]["seed"] for _ in range(5)]

    assert len(set(seeds)) == 5 and all(map(is_for_training, seeds))


@pytest.mark.parametrize("kind", GAMES)
def test_people_get_a_large_picture_or_the_text(kind: type[TextGame[Any]]) -> None:
    game, text = kind(render_mode="rgb_array"), kind(render_mode="ansi")
    game.reset(seed=123)

    picture = game.render()

    assert isinstance(picture, np.ndarray) and np.array_equal(picture, game.drawn(game.state, 500))
    assert text.reset(seed=123)[0] == text.render()


@pytest.mark.parametrize("kind", GAMES)
def test_nothing_is_done_before_an_episode_begins(kind: type[TextGame[Any]]) -> None:
    with pytest.raises(ValueError, match=r"call reset\(\) first"):
        kind().step(1)


def test_an_episode_has_actions() -> None:
    with pytest.raises(ValueError, match="max_actions is 0"):
        FrozenLake(max_actions=0)


def test_validation_and_training_never_meet() -> None:
    blocks = [set(training_seeds(iteration, 8)) for iteration in range(200)]

    assert list(validation_seeds())[:: 255] == [123, 378]  # RAGEN's 256
    assert len(set().union(*blocks)) == 1600 and min(blocks[0]) == TRAINING
    assert not any(map(is_for_training, validation_seeds(MOST))) and is_for_training(validation_seeds(MOST)[-1] + 1)


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_games_of_validation_are_not_training_s(count: int) -> None:
    with pytest.raises(InputError, match=f"1 to {MOST}"):
        validation_seeds(count)


@pytest.mark.parametrize(("iteration", "groups"), [(-1, 8), (0, 0)])
def test_an_iteration_has_groups(iteration: int, groups: int) -> None:
    with pytest.raises(ValueError, match="has no seeds"):
        training_seeds(iteration, groups)


@pytest.mark.parametrize("kind", GAMES)
def test_lines_are_the_means_over_games_and_the_best_policy_is_above_chance(kind: type[TextGame[Any]]) -> None:
    game, seeds = kind(), [123, 124]
    alone = [success_lines(game, [seed]) for seed in seeds]

    both = success_lines(game, seeds)

    assert both.random == pytest.approx(sum(one.random for one in alone) / 2)
    assert both.optimal == pytest.approx(sum(one.optimal for one in alone) / 2)
    assert 0 < both.random < both.optimal <= 1
    assert success_lines(game, seeds, max_actions=game.max_actions + 5).random >= both.random
    with pytest.raises(ValueError, match="no game"):
        success_lines(game, [])
