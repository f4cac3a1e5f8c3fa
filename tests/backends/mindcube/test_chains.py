"""Rules and chains of thought: what a turn does, that rules follow from the maps, and that a chain ends in the right option."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from backends.files.rows import OddRow, OddRows
from backends.mindcube.chains import chain
from backends.mindcube.formats.records import read_row
from backends.mindcube.grounding import grounded
from backends.mindcube.items import Option
from backends.mindcube.maps import COMPASS, KINDS, SIDES, among, around, num_views, rotation
from backends.mindcube.prompts import CONFIGURATIONS, prompt, target
from backends.mindcube.rules import (
    among_ring,
    behind_in_row,
    centre_ring,
    movement,
    neighbour_sides,
    rotation_ring,
    row_ring,
    turned,
)
from tests.backends.mindcube import made_tinybench as made
from tests.backends.mindcube.made_tinybench import beside

RING = ("front", "right", "behind", "left")
NAMES = ("centre", "south", "west", "north", "east")
ROWS = made.tinybench()
ITEMS = made.items(ROWS)


def only(found):
    """A ring of what geometry finds nearest."""
    return tuple((found[direction] or [""])[0] for direction in RING)


def test_turns_are_a_group():
    for turn in ("left", "right"):
        assert turned(turned(turned(turned(RING, turn), turn), turn), turn) == RING
    assert turned(turned(RING, "right"), "left") == RING == turned(turned(RING, "left"), "right") == turned(RING, "none")
    assert turned(RING, "around") == turned(turned(RING, "left"), "left") == turned(turned(RING, "right"), "right")


def test_turns_are_those_of_the_rule():
    assert turned(RING, "left") == ("left", "front", "right", "behind")
    assert turned(RING, "right") == ("right", "behind", "left", "front")
    assert turned(RING, "around") == ("behind", "left", "front", "right")


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_around_a_turning_camera_is_what_the_map_shows(kind):
    names = NAMES[:num_views(kind)]
    true = rotation(kind, names)

    for image, view in enumerate(true.views, 1):
        assert rotation_ring(kind, names, image) == only(beside(true.objects, view.position, view.facing))


@pytest.mark.parametrize("side", SIDES)
def test_what_stands_around_a_camera_of_among_is_what_the_map_shows(side):
    true = among(NAMES, [None] * 5, [side])
    view = true.views[0]

    assert among_ring(NAMES[1:], side) == only(beside(true.objects[1:], view.position, view.facing))


def test_perspectives_of_objects_are_what_the_map_shows():
    true = among(NAMES, [None] * 5, SIDES)
    for facing in COMPASS:
        own = beside(true.objects[1:], (5, 5), facing)
        assert centre_ring(NAMES[1:], facing) == only(own)
        place = NAMES.index(own["behind"][0]) - 1  # whoever stands there looks that way at the centre
        assert neighbour_sides(NAMES[1:], place) == (own["left"][0], own["right"][0])


def test_a_row_is_in_depth_what_the_map_shows():
    names = NAMES[:4]
    true = around(names, [None] * 4, ["left", "right"])
    for side, view in zip(("left", "right"), true.views):
        depth = [name for name in beside(true.objects, view.position, view.facing)["front"]]
        for place, name in enumerate(names):
            assert list(behind_in_row(names, side, place)) == depth[depth.index(name) + 1:]
    for facing in COMPASS:
        own = beside([spot for spot in true.objects if spot.name != "south"], (4, 5), facing)
        assert {direction: list(found) for direction, found in row_ring(names, 1, facing).items()} == own


def test_movement_is_diagonal_between_neighbouring_sides_and_nothing_between_opposite_ones():
    assert [movement("front", side) for side in ("left", "right", "back", "front")] == ["forward left", "forward right", None, None]
    assert movement("back", "left") == "forward right" and movement("back", "right") == "forward left"


def test_every_chain_ends_in_the_answer_that_the_map_shows():
    for item in ITEMS:
        found = chain(item)

        assert found.agrees and found.option == item.right, item.id
        assert found.steps[-1].text.startswith(f"So the answer is {item.answer}. ")


def test_the_object_that_a_chain_concludes_is_the_one_of_its_option():
    asking = [item for item in ITEMS
              if item.right.plain not in ("yes", "no") and not item.right.plain.startswith("diagonally")]

    assert len(asking) == 532
    assert all(chain(item).steps[-2].objects[0].casefold() == item.right.plain for item in asking)


def test_steps_name_only_what_is_in_the_scene_and_images_that_are_there():
    for item in ITEMS:
        for step in chain(item).steps:
            assert set(step.objects) <= set(item.facts.objects) and all(1 <= image <= len(item.images) for image in step.images)


@pytest.mark.parametrize("template", ["among 1_1", "among 1_2"])
def test_the_images_of_a_movement_show_the_neighbours_and_never_the_centre_behind_itself(template):
    for item in (one for one in ITEMS if one.template == template):
        first, second = chain(item).steps[:2]
        true = grounded(item)

        for step, view in zip((first, second), true.views):
            centre, behind = step.objects
            assert behind == beside(true.objects[1:], view.position, view.facing)["front"][0] != centre


def test_an_object_in_a_row_concludes_in_the_direction_that_was_asked():
    texts = {item.id[-4:]: chain(item).text for item in ITEMS if item.template.startswith("around q4")}

    assert "to my left is" in texts["q4_1"] and "to my right is" in texts["q4_2"] and "to my left is" not in texts["q4_2"]


def test_all_objects_of_a_row_are_named_when_its_front_is_described():
    item = next(one for one in ITEMS if one.setting == "around" and len(one.facts.objects) == 4 and one.template == "around q2_1")

    assert chain(item).steps[0].objects == item.facts.objects


def test_neither_a_map_nor_a_shuffled_prompt_nor_a_chain_changes_what_it_is_made_from():
    rng = np.random.default_rng(0)
    for row in ROWS[::50]:
        before = deepcopy(row)
        item = read_row(row, 1, "raw", OddRows()).item
        told, true = chain(item), grounded(item)
        for configuration in CONFIGURATIONS:
            prompt(item, configuration, true, rng=rng)
            target(item, configuration, true, told.text)

        assert row == before and chain(item) == told and grounded(item) == true


def test_a_wrong_answer_in_a_file_is_told_and_not_followed():
    item = ITEMS[200]
    other = next(option.letter for option in item.options if option.letter != item.answer)

    assert chain(replace(item, answer=other)).agrees is False and chain(replace(item, answer="")).agrees is None


@pytest.mark.parametrize("change, said", [
    ({"facts": None}, "no meta_info"), ({"options": (Option("A", "cat"), Option("B", "dog"))}, "None of the options"),
    ({"stem": "These images: Where am I?"}, "must say left, right"), ({"kind": None}, "must have a type"),
    ({"stem": "If I stand as shown in image 9, what is to my left?"}, "image 9")])
def test_what_no_template_knows_is_refused_in_words(change, said):
    item = ITEMS[-1]

    with pytest.raises(OddRow, match=said):
        chain(replace(item, **change))


def test_a_side_that_no_image_shows_has_no_answer():
    item = next(one for one in ITEMS if one.setting == "rotation" and one.place.image == 1)

    with pytest.raises(OddRow, match="where no image shows anything"):
        chain(replace(item, stem="Images: If I am standing as shown in image 1, what is to my left?"))
