import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from tests.worlds.minihome.homes import part
from worlds.errors import InputError
from worlds.minihome.drawing import draw
from worlds.minihome.env import MiniHome
from worlds.minihome.expert import next_skill, plan
from worlds.minihome.goals import progress
from worlds.minihome.skills import MAX_SKILLS, skills
from worlds.minihome.subsets import is_for_training

DROP = "drop the object in hand"


@pytest.fixture
def env() -> MiniHome:
    return MiniHome(view_px=48)


@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
@pytest.mark.filterwarnings("error")
def test_gymnasiums_own_checker_has_nothing_to_say() -> None:
    check_env(MiniHome(render_mode="rgb_array"))


def test_it_is_an_environment_of_gymnasium(env: MiniHome) -> None:
    assert isinstance(env, gymnasium.Env)
    observation, _ = env.reset(seed=3)
    assert observation in env.observation_space
    assert env.action_space.n == MAX_SKILLS


def test_equal_seeds_and_actions_give_equal_episodes() -> None:
    def played() -> list[tuple[bytes, float, str]]:
        env = MiniHome(view_px=48)
        env.reset(seed=405)
        steps = [env.step(name) for name in (DROP, *plan(env.state))]
        return [(step[0]["image"].tobytes(), step[1], str(step[4]["state"])) for step in steps]

    assert played() == played()


def test_ids_and_names_are_the_same_action(env: MiniHome) -> None:
    env.reset(seed=1)
    name = plan(env.state)[0]
    by_name = env.step(name)
    env.reset(seed=1)

    by_id = env.step(skills(env.state).index(name))

    assert by_id[4] == by_name[4]
    assert np.array_equal(by_id[0]["image"], by_name[0]["image"])


def test_the_observation_is_the_picture_of_the_state_and_the_instruction(env: MiniHome) -> None:
    observation, info = env.reset(seed=2)

    assert np.array_equal(observation["image"], draw(info["state"], 48))
    assert observation["instruction"] == info["instruction"] == env.task.instruction


def test_an_episode_ends_when_the_task_is_done(env: MiniHome) -> None:
    env.reset(seed=4)
    *before, last = [env.step(name) for name in plan(env.state)]

    assert not any(step[2] or step[3] for step in before)
    assert last[2] and not last[3] and last[4]["task_success"] and last[4]["task_progress"] == 1


def test_thirty_steps_end_an_episode(env: MiniHome) -> None:
    env.reset(seed=0)
    steps = [env.step("find a Table") for _ in range(30)]

    assert [step[3] for step in steps] == [False] * 29 + [True]
    assert steps[-1][4]["steps"] == 30 and not steps[-1][2]


def test_success_in_the_last_step_is_success() -> None:
    env = MiniHome(view_px=32)
    env.reset(seed=0)
    for _ in range(30 - len(plan(env.state))):
        env.step(f"find a {env.state['at']}")
    step = [env.step(name) for name in plan(env.state)][-1]

    assert step[4]["steps"] == 30 and step[2] and not step[3]


@pytest.mark.parametrize("action", [DROP, "dance", MAX_SKILLS - 1, -1], ids=str)
def test_ten_invalid_actions_end_an_episode(env: MiniHome, action: int | str) -> None:
    env.reset(seed=0)
    steps = [env.step(action) for _ in range(10)]

    assert [step[3] for step in steps] == [False] * 9 + [True]
    assert steps[-1][4]["invalid"] == 10


def test_training_may_go_without_the_limit_of_invalid_actions() -> None:
    env = MiniHome(view_px=32, max_invalid=None, max_steps=50)
    env.reset(seed=0)

    assert [env.step(DROP)[3] for _ in range(50)] == [False] * 49 + [True]


@pytest.mark.parametrize("action", ["find a Unicorn", MAX_SKILLS - 1, -1], ids=str)
def test_what_names_no_skill_of_the_scene_moves_nothing(env: MiniHome, action: int | str) -> None:
    _, before = env.reset(seed=0)

    _, reward, _, _, info = env.step(action)

    assert info["state"] == before["state"] and info["steps"] == 0 and info["invalid"] == 1
    assert (info["ok"], reward) == (False, -0.5)
    assert info["feedback"] == f"Last action is invalid. There is no skill '{action}' in this scene."


def test_the_terms_add_up_to_the_reward(env: MiniHome) -> None:
    env.reset(seed=0)
    for name in (DROP, *plan(env.state)):
        _, reward, _, _, info = env.step(name)
        assert reward == sum(info["rewards"].values())
        assert set(info["rewards"]) == {"success", "subgoal", "behaviour"}


def test_without_a_seed_a_home_of_training_is_drawn(env: MiniHome) -> None:
    env.reset(seed=1)
    seeds = [env.reset(options={"subset": "spatial"})[1]["task"].seed for _ in range(5)]

    assert len(set(seeds)) == 5 and all(map(is_for_training, seeds))
    assert env.task.subset == "spatial"


def test_a_seed_alone_names_its_subset(env: MiniHome) -> None:
    assert env.reset(seed=212)[1]["task"].subset == "common_sense"
    assert env.reset(seed=212, options={"subset": "base"})[1]["task"].subset == "base"
    assert env.reset(seed=3, options={"kind": "heat"})[1]["task"].kind == "heat"


def test_a_goal_of_ones_own(env: MiniHome) -> None:
    _, info = env.reset(seed=0)
    name = next(iter(info["state"]["things"]))

    observation, _ = env.reset(seed=0, options={"goal": [part([name], ["Table", "Counter"])], "instruction": "Tidy up."})
    while (skill := next_skill(env.state)) is not None:
        env.step(skill)

    assert observation["instruction"] == "Tidy up." and progress(env.state) == 1 and env.task.kind == "own"


@pytest.mark.parametrize(("options", "what"), [
    ({"colour": "red"}, "no option 'colour'"),
    ({"goal": [part(["Unicorn"], ["Table"])], "instruction": "Go."}, "does not fit this home"),
    ({"goal": [part(["Unicorn"], ["Table"])]}, "0 characters"),
    ({"goal": [part(["Unicorn"], ["Table"])], "instruction": "o" * 301}, "301 characters"),
    ({"subset": "easy"}, "no subset 'easy'"),
])
def test_options_that_do_not_fit_are_refused(env: MiniHome, options: dict[str, object], what: str) -> None:
    with pytest.raises(InputError, match=what):
        env.reset(seed=0, options=options)


def test_a_perturbation_is_no_step(env: MiniHome) -> None:
    env.reset(seed=0)

    assert env.perturb("slip") == "The next action will fail."
    _, reward, _, _, info = env.step("find a Table")

    assert (info["ok"], info["steps"], reward) == (False, 1, -0.5)
    assert env.step("find a Table")[4]["ok"]


def test_people_get_a_large_picture() -> None:
    env = MiniHome(render_mode="rgb_array")
    env.reset(seed=0)

    assert np.array_equal(env.render(), draw(env.state, 500))


def test_nothing_is_done_before_an_episode_begins() -> None:
    with pytest.raises(ValueError, match=r"call reset\(\) first"):
        MiniHome().step(0)
