import pytest

from tests.worlds.minihome.homes import home, part, thing
from worlds.errors import InputError
from worlds.minihome.scene import draw_home
from worlds.minihome.state import State
from worlds.minihome.subsets import SUBSETS, evaluation_seeds
from worlds.minihome.understanding import understood


@pytest.fixture
def kitchen() -> State:
    return home(thing("Mug", "Table"), thing("Mug_2", "Fridge", colour="blue"), thing("Apple", "Counter"), thing("Knife", "Drawer"),
                thing("Book", "Shelf", colour="green"))


@pytest.mark.parametrize("subset", [subset for subset in SUBSETS if subset != "complex_instruction"])
def test_every_instruction_of_this_home_is_understood_as_what_it_asks(subset: str) -> None:
    for seed in evaluation_seeds(subset):
        state, task = draw_home(seed, subset)
        goal = understood(task.instruction, state)
        assert [{**each, "things": sorted(each["things"])} for each in goal] == [
            {**each, "things": sorted(each["things"])} for each in state["goal"]]


@pytest.mark.parametrize(("words", "goal"), [
    ("Wash the blue mug", [part(["Mug_2"], needs=["clean"])]),
    ("please put the MUG into the second cabinet!", [part(["Mug", "Mug_2"], ["Cabinet_2"])]),
    ("put mug in cabinet", [part(["Mug", "Mug_2"], ["Cabinet", "Cabinet_2"])]),
    ("bring both mugs to the sink", [part(["Mug", "Mug_2"], ["Sink"], count=2)]),
    ("take the apple from the counter and put it in the fridge", [part(["Apple"], ["Fridge"])]),
    ("slice the apple with the knife", [part(["Apple"], needs=["sliced"])]),
    ("put the apple in the place right of the sink", [part(["Apple"], ["Fridge"])]),
    ("chill the apple, then look at the book under the lamp",
     [part(["Apple"], needs=["cold"]), part(["Book"], needs=["held", "lit"])]),
    ("cool the red food and leave it on the shelf", [part(["Apple"], ["Shelf"], ["cold"])]),
])
def test_words_of_ones_own(kitchen: State, words: str, goal: list[object]) -> None:
    assert understood(words, kitchen) == goal


@pytest.mark.parametrize(("words", "why"), [
    ("", "1 to 300 characters; this one has 0"),
    ("mug " * 76, "this one has 303"),
    ("Put the whale on the shelf", "No thing of a home is named"),
    ("Put the mug beside the apple", "More than one thing is named"),
    ("Take the mug", "not clear what to do with 'mug'"),
    ("Put the mug from the table into the sink or the fridge", "More than one place is named: sink, fridge"),
    ("Do not touch the mug", "'not'"),
    ("Slice the book", "Only potato, tomato, apple, bread can be sliced"),
    ("Put the vase on the shelf", "There is no 'vase' in this home. There are: red Mug, blue Mug_2"),
    ("Put the yellow mug on the shelf", "There is no 'mug'"),
    ("Put both apples on the shelf", "There are no two of 'apples'"),
    ("Hold the book under the lamp on the table", "not both"),
    ("Put the book on the shelf", "That is so already"),
])
def test_what_is_not_understood_is_said(kitchen: State, words: str, why: str) -> None:
    with pytest.raises(InputError) as refused:
        understood(words, kitchen)

    assert why in str(refused.value)


def test_there_is_no_second_cabinet_in_some_homes() -> None:
    with pytest.raises(InputError, match="one cabinet only"):
        understood("put the mug in the second cabinet", home(thing("Mug", "Table"), places=("Table", "Cabinet")))


def test_the_sentence_that_is_offered_works(kitchen: State) -> None:
    with pytest.raises(InputError) as refused:
        understood("hello", kitchen)

    assert understood(str(refused.value).split("would work: ")[1], kitchen)
