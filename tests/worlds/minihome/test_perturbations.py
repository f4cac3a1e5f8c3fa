import pytest

from tests.worlds.minihome.homes import done, home, part, thing
from worlds.errors import InputError
from worlds.minihome.actions import act
from worlds.minihome.catalogue import COLOURS
from worlds.minihome.perturbations import PERTURBATIONS, perturb
from worlds.minihome.state import is_open


def test_an_open_door_shuts_by_itself_and_a_fridge_cools() -> None:
    state = home(thing("Mug", "Fridge"), at="Fridge", open_places=("Fridge",))

    after, happened = perturb(state, "shut")

    assert is_open(after, "Fridge") is False and after["things"]["Mug"]["cold"]
    assert happened == "The Fridge shut by itself."


def test_the_door_before_the_agent_shuts_first_then_the_leftmost() -> None:
    state = home(at="Drawer", open_places=("Fridge", "Cabinet", "Drawer"))
    shut = []
    for _ in range(3):
        state, happened = perturb(state, "shut")
        shut.append(happened.split()[1])

    assert shut == ["Drawer", "Fridge", "Cabinet"]
    with pytest.raises(InputError, match="no door stands open"):
        perturb(state, "shut")


def test_the_thing_that_is_meant_changes_its_colour_and_the_goal_stays() -> None:
    state = home(thing("Mug", "Shelf", colour="purple"), thing("Bowl", "Table"), goal=[part(["Mug"], ["Table"])])

    after, happened = perturb(state, "recolour")

    assert after["things"]["Mug"]["colour"] == next(iter(COLOURS))  # after the last comes the first
    assert after["things"]["Bowl"] == state["things"]["Bowl"] and after["goal"] == state["goal"]
    assert happened == "Mug turned from purple to red."


def test_without_a_goal_what_is_seen_changes_its_colour() -> None:
    assert perturb(home(thing("Bowl", "Table")), "recolour")[0]["things"]["Bowl"]["colour"] == "orange"
    with pytest.raises(InputError, match="nothing here"):
        perturb(home(thing("Bowl", "Shelf")), "recolour")


def test_a_slip_makes_one_action_fail_and_moves_nothing() -> None:
    state, _ = perturb(home(thing("Mug", "Table")), "slip")

    outcome = act(state, "pick up the Mug")

    assert (outcome.ok, outcome.feedback) == (False, "Last action is invalid. The robot slipped and nothing happened. Try again.")
    assert outcome.state == home(thing("Mug", "Table"))
    done(outcome.state, "pick up the Mug")


def test_an_unknown_perturbation_is_told_the_known_ones() -> None:
    with pytest.raises(InputError, match=", ".join(PERTURBATIONS)):
        perturb(home(), "earthquake")
