import copy

import pytest

from tests.worlds.minihome.homes import done, home, refusal, thing
from worlds.minihome.actions import act
from worlds.minihome.state import State, held

PUT = "put down the object in hand"
FAILED_PUT = ("Last action is invalid. Putting the object on {} failed. First check the receptacle is open or not. "
              "Also try other instances of the receptacle")


def in_hand(kind: str = "Mug", **kwargs: str) -> State:
    return home(thing(kind, "hand"), **kwargs)  # type: ignore[arg-type]


def where(state: State, name: str) -> tuple[str, bool]:
    return state["things"][name]["at"], state["things"][name]["on_floor"]


def test_find_goes_to_a_thing_also_behind_a_closed_door() -> None:
    state = done(home(thing("Mug", "Fridge")), "find a Mug")

    assert (state["at"], state["found"]) == ("Fridge", "Mug")


@pytest.mark.parametrize(("name", "place"), [("Shelf", "Shelf"), ("Lamp", "Counter"), ("Faucet", "Sink"), ("Cabinet_2", "Cabinet_2")])
def test_find_goes_to_places_and_switches(name: str, place: str) -> None:
    assert done(home(), f"find a {name}")["at"] == place


def test_find_fails_for_what_is_not_in_the_home() -> None:
    assert refusal(home(), "find a Spoon") == (
        "Last action is invalid. Cannot find Spoon. This object may not exist in this scene. Try to explore other instances instead.")


def test_find_tells_two_of_a_kind_apart() -> None:
    state = home(thing("Mug", "Table"), thing("Mug_2", "Shelf"))

    assert done(state, "find a Mug_2")["at"] == "Shelf"
    assert done(state, "find a Mug_2", "find a Mug")["at"] == "Table"


def test_what_is_held_is_found_where_one_stands() -> None:
    assert done(in_hand(at="Sink"), "find a Mug")["at"] == "Sink"


def test_pick_up_takes_the_thing_that_was_searched_even_beside_its_twin() -> None:
    state = home(thing("Mug", "Shelf", 0), thing("Mug_2", "Shelf", 1))

    assert held(done(state, "find a Mug_2", "pick up the Mug"))["name"] == "Mug_2"
    assert held(done(state, "find a Shelf", "pick up the Mug"))["name"] == "Mug"


def test_pick_up_prefers_what_is_sliced() -> None:
    state = home(thing("Apple", "Table", 0), thing("Apple_2", "Table", 1, sliced=True))

    assert held(done(state, "pick up the Apple"))["name"] == "Apple_2"


def test_pick_up_fails_before_a_closed_door_and_names_the_place() -> None:
    state = done(home(thing("Mug", "Cabinet_2")), "find a Mug")

    assert refusal(state, "pick up the Mug") == (
        "Last action is invalid. Mug is not visible because it is in Cabinet_2. Note: multiple instances of Cabinet may exist.")
    assert held(done(state, "open the Cabinet_2", "pick up the Mug")) is not None


def test_pick_up_fails_with_a_full_hand() -> None:
    state = home(thing("Mug", "hand"), thing("Bowl", "Table"))

    assert refusal(state, "pick up the Bowl") == "Last action is invalid. Robot is currently holding Mug."


def test_pick_up_fails_away_from_the_thing() -> None:
    assert refusal(home(thing("Mug", "Shelf")), "pick up the Mug") == (
        "Last action is invalid. Cannot find Mug to pick up. Find the object before picking up it.")


def test_put_down_goes_to_the_place_that_was_found() -> None:
    assert where(done(in_hand(), "find a Shelf", PUT), "Mug") == ("Shelf", False)
    assert where(done(in_hand(), "find a Fridge", "open the Fridge", PUT), "Mug") == ("Fridge", False)


def test_put_down_goes_where_a_found_thing_is() -> None:
    state = home(thing("Mug", "hand"), thing("Bowl", "Shelf"))

    assert where(done(state, "find a Bowl", PUT), "Mug") == ("Shelf", False)


def test_things_stand_in_the_leftmost_free_slot() -> None:
    state = done(home(thing("Mug", "hand"), thing("Bowl", "Shelf", 0), thing("Plate", "Shelf", 2)), "find a Shelf", PUT)

    assert state["things"]["Mug"]["slot"] == 1


@pytest.mark.parametrize("between", ["turn on the Lamp", "pick up the Bowl"])
def test_put_down_after_another_action_drops(between: str) -> None:
    state = home(thing("Mug", "hand"), thing("Bowl", "Counter"))

    state = act(done(state, "find a Counter"), between).state

    assert where(done(state, PUT), "Mug") == ("Counter", True)


def test_put_down_at_the_start_drops() -> None:
    assert where(done(in_hand(), PUT), "Mug") == ("Table", True)


def test_put_down_fails_before_a_closed_door_and_drops_at_the_third_try() -> None:
    state = done(in_hand(), "find a Fridge")
    for _ in range(2):
        outcome = act(state, PUT)
        assert (outcome.ok, outcome.feedback, where(outcome.state, "Mug")[0]) == (False, FAILED_PUT.format("Fridge") + ".", "hand")
        state = outcome.state

    third = act(state, PUT)

    assert not third.ok
    assert third.feedback == FAILED_PUT.format("Fridge") + ". The robot dropped the object instead."
    assert where(third.state, "Mug") == ("Fridge", True)


def test_failed_tries_count_for_each_place_and_end_with_a_success() -> None:
    state = done(in_hand(), "find a Fridge")
    state = act(act(state, PUT).state, PUT).state
    state = done(act(done(state, "find a Drawer"), PUT).state, "find a Fridge", "open the Fridge", PUT)

    assert state["failed_puts"] == {"Fridge": 0, "Drawer": 1}


def test_put_down_fails_where_three_things_stand() -> None:
    full = [thing(kind, "Shelf", slot) for slot, kind in enumerate(("Bowl", "Plate", "Book"))]

    assert refusal(done(home(thing("Mug", "hand"), *full), "find a Shelf"), PUT) == FAILED_PUT.format("Shelf") + "."


@pytest.mark.parametrize("skill", [PUT, "drop the object in hand"])
def test_an_empty_hand_lets_nothing_go(skill: str) -> None:
    assert refusal(home(), skill) == "Last action is invalid. Robot is not holding any object."


def test_what_was_dropped_is_picked_up_again() -> None:
    state = done(in_hand(at="Fridge"), "drop the object in hand", "find a Sink", "find a Mug", "pick up the Mug")

    assert held(state)["on_floor"] is False


def test_doors_open_and_close_once() -> None:
    state = done(home(), "find a Drawer", "open the Drawer")

    assert refusal(state, "open the Drawer") == "Last action is invalid. Open action failed. The Drawer is already open."
    state = done(state, "close the Drawer")
    assert refusal(state, "close the Drawer") == "Last action is invalid. Close action failed. The Drawer is already closed."


def test_doors_elsewhere_stay_as_they_are() -> None:
    assert refusal(home(), "open the Fridge") == (
        "Last action is invalid. Cannot find Fridge to open. Find the object before opening it.")
    assert refusal(home(open_places=("Fridge",)), "close the Fridge") == "Last action is invalid. Cannot find Fridge to close."


def test_water_cleans_what_lies_in_the_sink_and_what_is_put_there() -> None:
    state = done(home(thing("Mug", "Sink"), thing("Bowl", "hand"), thing("Plate", "Table")), "find a Faucet", "turn on the Faucet")

    assert state["things"]["Mug"]["clean"] and not state["things"]["Bowl"]["clean"] and not state["things"]["Plate"]["clean"]
    assert done(state, "find a Sink", PUT)["things"]["Bowl"]["clean"]


def test_a_closed_microwave_heats_when_it_is_turned_on() -> None:
    state = done(home(thing("Mug", "hand"), at="Microwave"), "find a Microwave", "open the Microwave", PUT)

    assert refusal(state, "turn on the Microwave") == "Last action is invalid. Turn on action failed. The Microwave is open."
    state = done(state, "close the Microwave", "turn on the Microwave")
    assert state["things"]["Mug"]["hot"]
    assert refusal(state, "open the Microwave") == "Last action is invalid. Open action failed. The Microwave is on."


def test_a_fridge_cools_when_it_is_closed_and_what_is_hot_is_so_no_longer() -> None:
    warm = {**thing("Mug", "Fridge"), "hot": True}
    state = done(home(warm, at="Fridge"), "open the Fridge")  # type: ignore[arg-type]
    assert not state["things"]["Mug"]["cold"]

    state = done(state, "close the Fridge")

    assert state["things"]["Mug"]["cold"] and not state["things"]["Mug"]["hot"]


@pytest.mark.parametrize(("switch", "place"), [("Lamp", "Counter"), ("Faucet", "Sink"), ("Microwave", "Microwave")])
def test_switches_work_where_they_are_and_only_once(switch: str, place: str) -> None:
    assert refusal(home(), f"turn on the {switch}") == f"Last action is invalid. Cannot find {switch} to turn on."
    state = home(at=place)
    assert refusal(state, f"turn off the {switch}") == (
        f"Last action is invalid. Turn off action failed. The {switch} is already off.")

    state = done(state, f"turn on the {switch}")

    assert refusal(state, f"turn on the {switch}") == f"Last action is invalid. Turn on action failed. The {switch} is already on."
    assert done(state, f"turn off the {switch}") == home(at=place)


def test_slicing_takes_a_knife() -> None:
    board = (thing("Apple", "Table"), thing("Bowl", "Table", 1))

    assert refusal(home(*board), "slice the Apple") == "Last action is invalid. Slice action failed. Robot is not holding a Knife."
    assert refusal(home(thing("Knife", "hand"), *board), "slice the Bread") == "Last action is invalid. Cannot find Bread to slice."
    state = done(home(thing("Knife", "hand"), *board), "slice the Apple")
    assert state["things"]["Apple"]["sliced"]
    assert refusal(state, "slice the Apple") == "Last action is invalid. Slice action failed. The Apple is already sliced."


def test_no_action_changes_the_state_it_begins_with() -> None:
    state = home(thing("Mug", "Table"), open_places=("Fridge",))
    before = copy.deepcopy(state)

    done(state, "pick up the Mug", "find a Fridge", PUT, "close the Fridge", "find a Sink", "turn on the Faucet")

    assert state == before


@pytest.mark.parametrize("skill", ["open the Table", "find a Mug_2", "dance", "pick up the Fridge"])
def test_what_is_no_skill_here_is_the_callers_mistake(skill: str) -> None:
    with pytest.raises(ValueError, match="is no skill of this scene"):
        act(home(thing("Mug", "Table")), skill)
