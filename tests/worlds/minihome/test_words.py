from dataclasses import replace

from tests.worlds.minihome.homes import done, home, part, thing
from worlds.minihome.actions import act
from worlds.minihome.expert import plan
from worlds.minihome.look import look
from worlds.minihome.scene import draw_home
from worlds.minihome.subsets import SUBSETS
from worlds.minihome.words import describe, facts_carried, remaining

ROW = "From left to right: Table, Counter, Shelf, Sink, Fridge, Microwave, Cabinet, Drawer, Cabinet_2."


def test_a_surface_and_what_stands_on_it_from_left_to_right() -> None:
    state = home(thing("Mug", "Table", 2, colour="blue"), thing("Apple", "Table", 0, sliced=True), thing("Bowl", "Shelf"))

    assert describe(state) == (ROW, "I stand at the Table. On it, from left to right: red sliced Apple, blue Mug.", "Nothing is on.",
                               "My hand is empty.")


def test_a_closed_door_hides_its_contents_and_an_open_one_shows_them() -> None:
    state = home(thing("Mug", "Fridge"), at="Fridge")

    assert describe(state)[1] == "I stand at the closed Fridge."
    assert describe(done(state, "open the Fridge"))[1] == "I stand at the open Fridge. In it, from left to right: red Mug."


def test_the_floor_other_open_doors_what_is_on_and_the_hand() -> None:
    state = home(thing("Mug", "hand"), thing("Book", "Counter", on_floor=True), at="Counter", open_places=("Drawer", "Fridge"))
    state = done(state, "turn on the Lamp")

    assert describe(state)[1:] == (
        "I stand at the Counter. On it, from left to right: nothing. The Lamp stands here.", "On the floor: red Book.",
        "Also open: Fridge, Drawer.", "On: Lamp.", "I hold the red Mug.")


def test_what_looks_alike_is_described_alike() -> None:
    state = home(thing("Mug", "Table"), goal=[part(["Mug"], ["Shelf"])])
    clean = {**state, "things": {"Mug": {**state["things"]["Mug"], "clean": True, "hot": True, "cold": True}}}

    assert describe(clean) == describe(state)  # type: ignore[arg-type]
    assert facts_carried(clean) == ("Mug is clean.", "Mug is hot.", "Mug is cold.")  # type: ignore[arg-type]


def test_what_was_put_away_is_carried_once_it_is_out_of_sight() -> None:
    state = home(thing("Mug", "Shelf"), at="Shelf", goal=[part(["Mug"], ["Shelf"], ["sliced"])])

    assert facts_carried(state) == ()
    assert facts_carried(done(state, "find a Table")) == ("Mug is on the Shelf.",)
    assert remaining(state) == ("Mug sliced",)


def test_what_is_left_gets_less_until_nothing_is() -> None:
    for subset in SUBSETS:
        state, _ = draw_home(9, subset)
        left = [len(remaining(state))]
        for skill in plan(state):
            state = act(state, skill).state
            left.append(len(remaining(state)))
        assert left == sorted(left, reverse=True) and left[0] > left[-1] == 0


def test_goals_that_leave_a_choice_are_said_with_it() -> None:
    state = home(thing("Mug", "Table"), goal=[part(["Mug"], ["Cabinet", "Cabinet_2"]), part(["Mug"], ["Cabinet_2"])])

    assert remaining(state) == ("Mug in Cabinet", "Mug in Cabinet_2")


def test_a_look_holds_nothing_of_what_is_behind_a_door() -> None:
    empty, full = (look(home(*things, at="Drawer")) for things in ((), (thing("Mug", "Drawer"),)))

    assert empty == full == replace(full, contents=())
