import pytest

from tests.worlds.minihome.homes import done, home, part, thing
from worlds.minihome.actions import act
from worlds.minihome.env import MiniHome
from worlds.minihome.expert import plan
from worlds.minihome.goals import conditions, is_done, progress, rewards, said
from worlds.minihome.state import State
from worlds.minihome.subsets import SUBSETS, evaluation_seeds

PUT = "put down the object in hand"


def episode(env: MiniHome, actions: list[str]) -> float:
    return sum(env.step(action)[1] for action in actions)


def returned(state: State, skills: list[str]) -> float:
    total, best = 0.0, progress(state)
    for skill in skills:
        outcome = act(state, skill)
        total += sum(rewards(ok=outcome.ok, progress=progress(outcome.state), best_before=best).values())
        best, state = max(best, progress(outcome.state)), outcome.state
    return total


def test_every_need_and_every_place_is_a_condition() -> None:
    goal = [part(["Mug"], ["Shelf"], ["clean"]), part(["Apple", "Apple_2"], ["Fridge"], count=2)]
    state = home(thing("Mug", "Shelf"), thing("Apple", "Fridge"), thing("Apple_2", "Table"), goal=goal)

    assert [(said(each), each.is_met) for each in conditions(state)] == [
        ("Mug clean", False), ("Mug in Shelf", True), ("Apple in Fridge", True), ("Apple_2 in Fridge", False)]
    assert progress(state) == 0.5


def test_the_thing_that_meets_most_counts() -> None:
    clean = {**thing("Mug_2", "Table", 1), "clean": True}
    state = home(thing("Mug", "Table"), clean, goal=[part(["Mug", "Mug_2"], ["Shelf"], ["clean"])])  # type: ignore[arg-type]

    assert [each.thing for each in conditions(state)] == ["Mug_2", "Mug_2"]
    assert progress(state) == 0.5


def test_conditions_of_two_things_do_not_add_up_to_one() -> None:
    clean = {**thing("Mug", "Table"), "clean": True}
    state = home(clean, thing("Mug_2", "Shelf"), goal=[part(["Mug", "Mug_2"], ["Shelf"], ["clean"])])  # type: ignore[arg-type]

    assert progress(state) == 0.5


def test_on_the_floor_before_a_place_is_not_in_it() -> None:
    assert progress(home(thing("Mug", "Shelf", on_floor=True), goal=[part(["Mug"], ["Shelf"])])) == 0


def test_light_needs_the_thing_in_hand_where_the_lamp_shines() -> None:
    state = home(thing("Book", "Table"), goal=[part(["Book"], needs=["held", "lit"])])
    state = done(state, "find a Lamp", "turn on the Lamp")
    assert progress(state) == 0.5

    state = done(state, "find a Book", "pick up the Book")
    assert progress(state) == 0.5  # it is dark here

    assert is_done(done(state, "find a Lamp"))


@pytest.mark.parametrize(("ok", "now", "before", "expected"), [
    pytest.param(True, 0.5, 0.0, (0, 1, 0), id="a new maximum"),
    pytest.param(True, 1.0, 0.25, (3, 1, 0), id="three conditions at once and success"),
    pytest.param(True, 0.5, 0.5, (0, 0, 0), id="the same again"),
    pytest.param(True, 0.0, 0.5, (0, 0, 0), id="progress lost"),
    pytest.param(False, 0.5, 0.5, (0, 0, -0.5), id="a failure"),
])
def test_terms_of_the_reward(ok: bool, now: float, before: float, expected: tuple[float, float, float]) -> None:
    terms = rewards(ok=ok, progress=now, best_before=before)

    assert (terms["success"], terms["subgoal"], terms["behaviour"]) == expected


@pytest.mark.parametrize("subset", SUBSETS)
def test_an_errorless_episode_returns_one_for_each_condition_and_three(subset: str) -> None:
    env = MiniHome(view_px=32)
    for seed in evaluation_seeds(subset)[:12]:
        env.reset(seed=seed)

        returned = episode(env, plan(env.state))

        assert returned == len(conditions(env.state)) + 3


def test_a_failed_action_lowers_the_return_by_a_half() -> None:
    env = MiniHome(view_px=32)
    env.reset(seed=0)
    skills = plan(env.state)
    clean = episode(env, skills)
    env.reset(seed=0)

    assert episode(env, ["drop the object in hand", *skills]) == clean - 0.5


def test_undoing_and_meeting_a_condition_again_adds_nothing() -> None:
    state = home(thing("Mug", "Table"), thing("Mug_2", "Table", 1), goal=[part(["Mug", "Mug_2"], ["Shelf"], count=2)])
    there, back = ("find a {}", "pick up the Mug", "find a Shelf", PUT), ("find a Mug", "pick up the Mug", "find a Table", PUT)
    first = [skill.format("Mug") for skill in there]

    assert returned(state, first) == 1
    assert returned(state, [*first, *back]) == 1
    assert returned(state, [*first, *back, *first]) == 1
    assert returned(state, [*first, *back, *first, *(skill.format("Mug_2") for skill in there)]) == 2 + 3


def test_without_dense_terms_success_alone_pays() -> None:
    env = MiniHome(view_px=32, dense=False)
    env.reset(seed=0)
    skills = plan(env.state)

    assert episode(env, ["drop the object in hand", *skills[:-1]]) == 0
    assert episode(env, skills[-1:]) == 3
