import numpy as np
import pytest

from tests.worlds.minihome.homes import home, part, thing
from worlds.minihome.actions import act
from worlds.minihome.expert import next_skill, plan
from worlds.minihome.goals import is_done
from worlds.minihome.perturbations import perturb
from worlds.minihome.scene import draw_home
from worlds.minihome.skills import skills
from worlds.minihome.state import State
from worlds.minihome.subsets import SUBSETS


def after(state: State, actions: list[str]) -> State:
    for action in actions:
        state = act(state, action).state
    return state


@pytest.mark.parametrize("subset", SUBSETS)
def test_the_expert_recovers_from_whatever_somebody_did_before(subset: str) -> None:
    for seed in range(8):
        state, _ = draw_home(7_000 + seed, subset)
        generator = np.random.default_rng(seed)
        for _ in range(25):
            names = skills(state)
            state = act(state, names[int(generator.integers(len(names)))]).state

        assert is_done(after(state, plan(state)))


def test_the_expert_recovers_from_a_door_that_shuts_and_from_a_slip() -> None:
    state = home(thing("Mug", "Table"), goal=[part(["Mug"], ["Cabinet"])])
    while next_skill(state) != "put down the object in hand":
        state = act(state, next_skill(state)).state
    state, _ = perturb(state, "shut")
    state, _ = perturb(state, "slip")

    for _ in range(5):
        state = act(state, next_skill(state) or "drop the object in hand").state
        if is_done(state):
            break

    assert is_done(state)


def test_nothing_is_left_to_do_at_the_goal() -> None:
    assert next_skill(home(thing("Mug", "Shelf"), goal=[part(["Mug"], ["Shelf"])])) is None


def test_the_expert_makes_room() -> None:
    full = [thing(kind, "Shelf", slot) for slot, kind in enumerate(("Bowl", "Plate", "Book"))]
    state = home(thing("Mug", "hand"), *full, goal=[part(["Mug"], ["Shelf"])])

    assert is_done(after(state, plan(state)))


def test_a_door_is_not_opened_before_the_thing_behind_it_was_looked_for() -> None:
    state = {**home(thing("Mug", "Cabinet"), goal=[part(["Mug"], ["Shelf"])]), "at": "Cabinet"}

    assert plan(state)[:3] == ["find a Mug", "open the Cabinet", "pick up the Mug"]


def test_what_the_expert_warmed_itself_is_not_looked_for_again() -> None:
    state = home(thing("Mug", "hand"), goal=[{**part(["Mug"], ["Shelf"]), "needs": ["hot"]}])
    actions = plan(state)

    assert actions.count("find a Mug") == 0 and is_done(after(state, actions))
