"""Grounded maps: the templates to the number, both written forms, edits that leave what they are given alone."""

import json

import numpy as np
import pytest

from backends.files.rows import OddRow
from backends.mindcube.grounding import numbers_around, sides_among, sides_around
from backends.mindcube.map_reading import read_map
from backends.mindcube.maps import (
    COMPASS,
    KINDS,
    SIDES,
    Map,
    Spot,
    among,
    around,
    facing_of,
    listed_anew,
    mirrored,
    rotated,
    rotation,
    swapped,
    to_json,
    view_name,
)

NAMES = ["chest", "sofa", "wall", "north door", "east lamp"]
FACED = ["down", None, "left", None, "up"]
TRUE = among(NAMES, FACED, SIDES)
ROW = {2: [(4, 5), (5, 5)], 3: [(4, 5), (5, 5), (6, 5)], 4: [(3, 5), (4, 5), (5, 5), (6, 5)]}
ENDS = {2: {"left": (3, 5), "right": (6, 5)}, 3: {"left": (3, 5), "right": (7, 5)}, 4: {"left": (2, 5), "right": (7, 5)}}
TURNS = {"two_view_clockwise": [((5, 3), "up"), ((7, 5), "right")], "two_view_counterclockwise": [((5, 3), "up"), ((3, 5), "left")],
         "two_view_opposite": [((5, 3), "up"), ((5, 7), "down")],
         "three_view": [((3, 5), "left"), ((5, 3), "up"), ((7, 5), "right")],
         "four_view": [((3, 5), "left"), ((5, 3), "up"), ((7, 5), "right"), ((5, 7), "down")]}


def test_among_has_its_centre_and_a_neighbour_on_each_side():
    assert [spot.position for spot in TRUE.objects] == [(5, 5), (5, 8), (2, 5), (5, 2), (8, 5)]
    assert [spot.name for spot in TRUE.objects] == NAMES and [spot.facing for spot in TRUE.objects] == FACED
    assert [(spot.name, spot.position, spot.facing) for spot in TRUE.views] == [
        ("Image 1", (5, 6), "up"), ("Image 2", (4, 5), "right"), ("Image 3", (5, 4), "down"), ("Image 4", (6, 5), "left")]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_around_is_a_row_with_cameras_on_its_sides(count):
    names = NAMES[:count]

    made = around(names, [None] * count, ["front", "left", "right", "back"])

    assert [spot.position for spot in made.objects] == ROW[count]
    assert [(spot.position, spot.facing) for spot in made.views] == [
        ((5, 6), "up"), (ENDS[count]["left"], "right"), (ENDS[count]["right"], "left"), ((5, 4), "down")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rotation_turns_on_the_spot_and_sees_one_object_per_view(kind):
    made = rotation(kind, NAMES[:len(TURNS[kind])])

    assert [(spot.position, view.facing) for spot, view in zip(made.objects, made.views)] == TURNS[kind]
    assert {view.position for view in made.views} == {(5, 5)} and not any(spot.facing for spot in made.objects)


@pytest.mark.parametrize("make, said", [
    (lambda: among(NAMES[:4], FACED[:4], SIDES), "4 objects; it must have 5"), (lambda: around(NAMES, FACED, SIDES), "5 objects"),
    (lambda: rotation("four_view", NAMES[:3]), "four_view has 3 objects; it must have 4"),
    (lambda: among(NAMES, FACED[:4], SIDES), "4 facings for 5 objects")], ids=["among", "around", "rotation", "facings"])
def test_another_number_of_objects_is_refused_with_both_numbers(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_cameras_are_views_where_the_question_does_not_speak_of_images():
    assert view_name("Based on these two views", 2) == "View 2" and view_name("In IMAGE 1", 1) == "Image 1"


def test_the_augmented_form_is_written_one_object_per_line():
    small = Map((Spot("red box", (5.0, 5.0), "down"), Spot("fern", (2.0, 5.5))), (Spot("Image 1", (5.0, 6.0), "up"),))

    assert to_json(small) == (
        '{\n  "objects": [\n    {"name": "red box", "position": [5, 5], "facing": "down"},\n'
        '    {"name": "fern", "position": [2, 5.5]}\n'
        '  ],\n  "views": [\n    {"name": "Image 1", "position": [5, 6], "facing": "up"}\n  ]\n}')
    assert to_json(small.plain) == '{\n    "red box": {"position": [5, 5], "facing": "down"},\n    "fern": {"position": [2, 5.5]}\n}'


@pytest.mark.parametrize("made", [
    TRUE, around(NAMES[:3], FACED[:3], ["front", "left"]), rotation("four_view", NAMES[:4]), Map((), ())],
    ids=["among", "around", "rotation", "nothing"])
def test_what_is_written_is_json_and_is_read_back_the_same_in_both_forms(made):
    assert json.loads(to_json(made)).keys() == {"objects", "views"}
    if made.objects:
        assert read_map(to_json(made)).map == made and read_map(to_json(made.plain)).map == made.plain


def test_the_plain_form_keeps_order_and_facings():
    assert list(json.loads(to_json(TRUE.plain))) == NAMES
    assert [spot.facing for spot in TRUE.plain.objects] == FACED and TRUE.plain.views is None


def test_names_with_quotes_and_signs_survive():
    odd = Map((Spot('a "big" box \\ 大', (1.0, 2.0)),), ())

    assert read_map(to_json(odd)).map == odd and read_map(to_json(odd.plain)).map == odd.plain


@pytest.mark.parametrize("word, meant", [
    ("north", "up"), (" Bottom ", "down"), ("EAST", "right"), ("west", "left"), ("front", "inner"), ("forward", "inner"),
    ("back", "outer"), ("outside", "outer"), ("sideways", None), ("", None)])
def test_words_for_facings_are_those_of_the_evaluator(word, meant):
    assert facing_of(word) == meant


def test_four_quarter_turns_are_the_identity_and_one_turns_everything_clockwise():
    assert rotated(TRUE, 4) == TRUE and rotated(rotated(TRUE, 1), 3) == TRUE
    turned = rotated(TRUE, 1).named()
    assert turned["north door"].position == (8, 5) and turned["chest"].facing == "left"


@pytest.mark.parametrize("axis, moved", [("left-right", "east lamp"), ("up-down", "north door")])
def test_a_mirror_image_mirrored_is_the_original(axis, moved):
    assert mirrored(mirrored(TRUE, axis), axis) == TRUE
    assert mirrored(TRUE, axis).named()[moved].position == {"east lamp": (2, 5), "north door": (5, 8)}[moved]


def test_swapped_objects_keep_their_facings_and_a_stranger_is_refused():
    made = swapped(TRUE, "chest", "east lamp").named()

    assert (made["chest"].position, made["chest"].facing) == ((8, 5), "down") and made["east lamp"].position == (5, 5)
    with pytest.raises(ValueError, match="'cat' is not on the map"):
        swapped(TRUE, "chest", "cat")


def test_another_order_of_the_list_is_the_same_map_and_leaves_the_first_alone():
    before = to_json(TRUE)

    anew = listed_anew(TRUE, np.random.default_rng(1))

    assert anew.objects != TRUE.objects and set(anew.objects) == set(TRUE.objects) and to_json(TRUE) == before


def test_image_names_tell_the_sides_of_among():
    assert sides_among(["a/left_084.jpg", "a/front_007.jpg"]) == ("left", "front")
    assert sides_among([f"a/{number}.jpg" for number in range(4)]) == SIDES
    with pytest.raises(OddRow, match="begin with front"):
        sides_among(["a/1.jpg", "a/2.jpg"])


@pytest.mark.parametrize("views, is_own, expected", [
    (3, True, "front left right"), (3, False, "front left right back"), (4, True, "front left right back"),
    (5, False, "front left right left right"), (6, True, "front left right left right back"),
    (6, False, "front left right front left right")])
def test_image_numbers_of_around_mean_sides_by_the_size_of_their_group(views, is_own, expected):
    assert [side for _, side in sorted(numbers_around(views, is_own=is_own).items())] == expected.split()


def test_two_groups_of_around_are_always_in_the_order_of_six_and_the_misspelt_frame_is_three():
    group = "e3f7e530666356f04f6ea50d7eb3173c130d7d5b0da8bcb332de4cf20961c60c"

    assert sides_around(["4_frame_00001.png"], 4, is_own=False, group=group) == ("front",)
    assert sides_around(["4_frame_00001.png"], 4, is_own=False) == ("back",)
    assert sides_around(["x/33_frame.png"], 3, is_own=True) == ("right",)


@pytest.mark.parametrize("images, views, said", [(["5_frame_1.png"], 4, "5_frame_1"), (["frame.png"], 4, "frame.png"),
                                                 (["1_frame.png"], 7, "7 views")])
def test_an_image_that_its_group_does_not_know_is_refused(images, views, said):
    with pytest.raises(OddRow, match=said):
        sides_around(images, views, is_own=False)


def test_the_compass_is_clockwise():
    assert COMPASS == ("up", "right", "down", "left")
