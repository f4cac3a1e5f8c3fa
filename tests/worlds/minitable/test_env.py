import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from tests.worlds.minitable.tables import part
from worlds.errors import InputError
from worlds.minitable.drawing import draw
from worlds.minitable.env import MiniTable
from worlds.minitable.expert import next_action
from worlds.minitable.subsets import is_for_training
from worlds.minitable.understanding import describe

AWAY, BELOW = [10, 10, 95, 0, 60, 90, 1], [10, 10, 5, 0, 60, 90, 1]


@pytest.fixture
def env() -> MiniTable:
    return MiniTable(view_px=48)


def solved(env: MiniTable) -> list[tuple]:
    steps = []
    while (action := next_action(env.state)) is not None:
        steps.append(env.step(action))
    return steps


@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
@pytest.mark.filterwarnings("error")
def test_gymnasiums_own_checker_has_nothing_to_say() -> None:
    check_env(MiniTable(view_px=32, render_mode="rgb_array"))


def test_it_is_an_environment_of_gymnasium(env: MiniTable) -> None:
    assert isinstance(env, gymnasium.Env)
    observation, _ = env.reset(seed=3)
    assert observation in env.observation_space
    assert np.array([100, 100, 100, 120, 120, 120, 1]) in env.action_space


def test_equal_seeds_and_actions_give_equal_episodes() -> None:
    def played() -> list[tuple[bytes, float, str]]:
        env = MiniTable(view_px=48)
        env.reset(seed=401)
        return [(step[0]["image"].tobytes(), step[1], str(step[4])) for step in solved(env)]

    assert played() == played()


def test_the_observation_is_the_picture_of_the_state_with_axes_and_the_instruction(env: MiniTable) -> None:
    observation, info = env.reset(seed=2)

    assert np.array_equal(observation["image"], draw(info["state"], 48, axes=True))
    assert observation["instruction"] == info["instruction"] == env.task.instruction


def test_objects_are_anonymous_and_go_from_left_to_right(env: MiniTable) -> None:
    _, info = env.reset(seed=1)
    y = [voxel[1] for voxel in info["objects"].values()]

    assert list(info["objects"]) == [f"object {number}" for number in range(1, len(y) + 1)] and y == sorted(y)
    assert [voxel for _, _, voxel in info["true_objects"]] == list(info["objects"].values())
    assert all(16 <= voxel[2] <= 18 for kind, _, voxel in info["true_objects"] if kind not in ("box", "area"))


def test_the_end_pays_three_and_each_target_that_is_found_one(env: MiniTable) -> None:
    env.reset(seed=1, options={"kind": "place"})
    steps = solved(env)

    assert steps[-1][2] and steps[-1][4]["task_success"] and steps[-1][4]["task_progress"] == 1
    assert sum(step[1] for step in steps) == 3 + 2
    assert all(step[1] == sum(step[4]["rewards"].values()) for step in steps)
    assert max(step[4]["rewards"]["subgoal"] for step in steps) == 1


def test_sparse_rewards_pay_success_alone() -> None:
    env = MiniTable(view_px=32, dense=False)
    env.reset(seed=1, options={"kind": "place"})

    assert env.step(BELOW)[1] == 0
    assert [step[1] for step in solved(env)][-1] == 3


def test_fifteen_steps_end_an_episode_and_what_is_out_of_reach_costs_one(env: MiniTable) -> None:
    _, before = env.reset(seed=0)
    first = env.step(BELOW)
    steps = [env.step(AWAY) for _ in range(14)]

    assert first[1] == -1 and first[4]["state"] == before["state"] and first[4]["ok"] is False and first[4]["invalid"] == 1
    assert [step[3] for step in steps] == [False] * 13 + [True]
    assert steps[-1][4]["steps"] == 15 and steps[-1][1] == 0


def test_without_a_seed_a_table_of_training_is_drawn(env: MiniTable) -> None:
    env.reset(seed=1)
    seeds = [env.reset(options={"subset": "spatial"})[1]["task"].seed for _ in range(5)]

    assert len(set(seeds)) == 5 and all(map(is_for_training, seeds))
    assert env.task.subset == "spatial"


def test_a_goal_of_ones_own(env: MiniTable) -> None:
    _, info = env.reset(seed=1)
    thing, box = next(iter(info["state"]["bodies"])), next(iter(info["state"]["boxes"]))

    observation, _ = env.reset(seed=1, options={"goal": [part("place", thing, box)], "instruction": "Tidy up."})

    assert solved(env)[-1][2] and observation["instruction"] == "Tidy up." and env.task.kind == "own"


@pytest.mark.parametrize(("options", "what"), [
    ({"colour": "red"}, "no option 'colour'"),
    ({"goal": [part("place", "red unicorn", "blue box")], "instruction": "Go."}, "does not fit this table"),
    ({"goal": [part("place", "red unicorn", "blue box")]}, "0 characters"),
    ({"subset": "easy"}, "no subset 'easy'"),
])
def test_options_that_do_not_fit_are_refused(env: MiniTable, options: dict[str, object], what: str) -> None:
    with pytest.raises(InputError, match=what):
        env.reset(seed=0, options=options)


def test_people_get_a_large_picture() -> None:
    env = MiniTable(render_mode="rgb_array")
    env.reset(seed=0)

    assert np.array_equal(env.render(), draw(env.state, 500))


def test_nothing_is_done_before_an_episode_begins() -> None:
    with pytest.raises(ValueError, match=r"call reset\(\) first"):
        MiniTable().step(AWAY)


@pytest.mark.parametrize(("said", "paid"), [("right", 0.5), ("wrong", -0.5), ("half", 0.0), ("nothing", 0.0)])
def test_words_about_the_picture_pay_for_being_true_of_the_table_before_the_action(env: MiniTable, said: str, paid: float) -> None:
    _, info = env.reset(seed=2)
    kinds = [kind for kind, _, _ in info["true_objects"]]
    half = len(kinds) // 2
    words = {"right": describe(info["state"]), "wrong": "a toaster, an area", "nothing": "I see things.",
             "half": ", ".join((*kinds[:half], *("area" for _ in kinds[half:])))}

    env.hear(words[said])
    _, reward, _, _, after = env.step(AWAY)
    _, _, _, _, unsaid = env.step(AWAY)

    assert after["rewards"]["behaviour"] == paid and reward == sum(after["rewards"].values())
    assert unsaid["rewards"]["behaviour"] == 0  # words are of one turn


def test_without_dense_terms_words_pay_nothing() -> None:
    env = MiniTable(view_px=32, dense=False)
    _, info = env.reset(seed=2)

    env.hear(describe(info["state"]))

    assert env.step(AWAY)[1] == 0
