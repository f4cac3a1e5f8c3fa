import pytest

from tests.worlds.minitable.tables import body, part, table
from worlds.errors import InputError
from worlds.minitable.scene import draw_table
from worlds.minitable.subsets import evaluation_seeds
from worlds.minitable.understanding import describe, objects, understood


def test_a_description_goes_from_left_to_right_with_voxels() -> None:
    state = table(body("orange cube", 0.205, 0.005), body("red star", 0.1, -0.205))

    assert describe(state) == ("From left to right, I can see a red star at [40, 29, 17], an orange cube at [50, 50, 18] "
                               "and a blue box at [50, 70, 18].")
    assert objects(state) == {"object 1": [40, 29, 17], "object 2": [50, 50, 18], "object 3": [50, 70, 18]}


def test_the_words_of_the_base_subset_are_understood_as_their_goals() -> None:
    for seed in evaluation_seeds("base"):
        state, task = draw_table(seed, "base")
        assert understood(task.instruction, state) == state["goal"]


def test_a_kind_alone_may_mean_any_of_it() -> None:
    state = table(body("orange cube", 0.2, 0.0), body("red cube", 0.1, -0.2))

    assert understood("put a cube in the box", state) == [{**part("place", "", "blue box"), "things": ["red cube", "orange cube"]}]


@pytest.mark.parametrize(("text", "what"), [
    ("", "0"), ("dance", "not clear"), ("do not move the red cube", "'not'"), ("put the pink cube in the box", "no pink cube"),
    ("wipe the table", "nothing to wipe"), ("put the red cube on the box", "goes into a box"), ("stack the red cube", "here are 1"),
])
def test_what_is_not_understood_is_said_with_what_would_be_right(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        understood(text, table(body("red cube", 0.2, -0.1)))
