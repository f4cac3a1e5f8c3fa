"""Maps that are changed, and maps by hand, in the words of the small models."""

import json

import pytest

from backends.mindcube.edits import changed_map, spots_of
from backends.mindcube.maps import Map, Spot
from backends.mindcube.rooms import posed_by
from backends.mindcube.settings import MindCubeSettings
from models.mappers.examples import mirrored
from models.mappers.scenes import spots_of as spots_in
from worlds.errors import InputError


def settings(**values) -> MindCubeSettings:
    return MindCubeSettings(**{"wanted": "among_2_1", **values})


@pytest.mark.parametrize(("layout", "wanted"), [("among", "among_2_1"), ("around", "around_q2_behind"), ("four_view", "rotation")])
def test_the_true_map_in_the_small_models_words_is_theirs(layout, wanted):
    one = posed_by(settings(layout=layout, wanted=wanted))

    assert sorted(spots_of(one.true, one.scene.family), key=str) == sorted(spots_in(one.scene), key=str)


def test_exchanging_left_and_right_is_their_mirror_image():
    for layout, wanted in (("among", "among_2_1"), ("around", "around_q2_behind")):
        asked = settings(layout=layout, wanted=wanted, edit="swap left and right")
        one = posed_by(asked)
        changed = changed_map(one, asked)
        assert changed is not None
        assert sorted(spots_of(changed, one.scene.family), key=str) == sorted(mirrored(spots_in(one.scene), "east-west"), key=str)


def test_a_thing_that_is_lost_is_the_one_that_the_answer_needs():
    asked = settings(edit="lose a thing")
    one = posed_by(asked)

    changed = changed_map(one, asked)
    assert changed is not None and one.question.answer not in changed.named()
    assert len(changed.objects) == len(one.true.objects) - 1


def test_half_a_turn_puts_everything_on_the_other_side():
    asked = settings(edit="rotate by a half")
    one = posed_by(asked)
    before, after = one.true.named(), (changed_map(one, asked) or Map(())).named()

    assert all(after[name].position == (10 - spot.position[0], 10 - spot.position[1]) for name, spot in before.items())


def test_nothing_is_changed_where_nothing_is_asked_for():
    asked = settings()
    assert changed_map(posed_by(asked), asked) is None


@pytest.mark.parametrize(("map_", "said"), [
    ("lamp at 5, 5", "cannot be read. There is no object in braces."),
    ('{"red box": {"position": [5, 12]}}', r"'red box' is at \[5, 12\]. Both are 0 to 9."),
    ('{"red box": {"position": [5, 5], "facing": "sideways"}}', "'red box' faces 'sideways'"),
    ('{"red box": {"position": [5]}}', "list of two numbers"),
], ids=["no json", "off the grid", "unknown facing", "half a position"])
def test_a_map_by_hand_that_cannot_be_is_one_sentence(map_, said):
    asked = settings(edit="written", map=map_)
    with pytest.raises(InputError, match=said):
        changed_map(posed_by(asked), asked)


def test_the_edge_of_the_grid_is_on_it_and_what_is_a_cell_from_the_middle_is_beside_it():
    asked = settings(edit="written", map='{"red box": {"position": [9, 0]}}')
    changed = changed_map(posed_by(asked), asked)

    assert changed is not None and changed.objects[0].position == (9, 0)
    places = [spots_of(Map((Spot("red box", place),)), "among")[0].place for place in ((5, 4), (5.9, 5), (6, 5))]
    assert places == ["north", "centre", "east"]


@pytest.mark.parametrize(("spots", "family", "said"), [
    ([Spot("teapot", (5, 5))], "among", "knows no 'teapot'"),
    ([Spot("red box", (8, 8))], "among", "on a diagonal"),
    ([Spot("red box", (8, 5)), Spot("blue box", (9, 5))], "among", "'red box' and 'blue box' stand in one place"),
    ([Spot("red box", (8, 5), "inner")], "among", "faces inner"),
    ([Spot("red box", (5, 4)), Spot("blue box", (5, 5))], "around", "equally far to the left"),
    ([], "among", "places nothing"),
], ids=["unknown name", "diagonal", "one place", "into the sheet", "a column", "nothing"])
def test_what_the_small_models_have_no_words_for_is_one_sentence(spots, family, said):
    with pytest.raises(InputError, match=said):
        spots_of(Map(tuple(spots)), family)


def test_places_by_hand_are_rounded_to_the_side_on_which_they_lie():
    text = {"red box": {"position": [5.2, 4.9]}, "blue ball": {"position": [1, 4], "facing": "east"},
            "green cone": {"position": [6, 0]}}
    asked = settings(edit="written", map=json.dumps(text))
    changed = changed_map(posed_by(asked), asked)

    assert changed is not None
    assert [(spot.place, spot.thing, spot.faces) for spot in spots_of(changed, "among")] == [
        ("centre", "redbox", ""), ("west", "blueball", "east"), ("north", "greencone", "")]
