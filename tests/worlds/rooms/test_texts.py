"""Scenes as texts: there and back, short, and what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest

from worlds.errors import InputError
from worlds.rooms.catalogue import NAMES
from worlds.rooms.free import MOST_CAMERAS, MOST_THINGS, free_scene
from worlds.rooms.generator import SETTINGS, scene_at
from worlds.rooms.layouts import among
from worlds.rooms.scenes import Camera, Cue, Room, Setting, Thing
from worlds.rooms.texts import MOST_CHARACTERS, read_scene, write_scene

LAID: dict[str, Any] = {"setting": "around", "things": ["red box down", "blue ball"], "views": [0, 1, 2], "cue": "described"}
FREE: dict[str, Any] = {"setting": "free", "things": [["red box", 0, 0, 1]], "cameras": [[0, -2, 1.5, 0, 20, 62]]}


@pytest.mark.parametrize("cue", ["described", "shuffled"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_drawn_scene_comes_back_from_its_text(setting: Setting, cue: Cue) -> None:
    for place in range(10):
        scene = scene_at(place, subset="train", seed=3, settings=[setting], cue=cue)
        text = write_scene(scene)

        assert read_scene(text) == scene
        assert text.isascii() and len(text) < 300


def test_the_largest_free_scene_comes_back_and_is_short() -> None:
    things = [Thing(name, 1.57 * (at % 4) - 2.35, 1.57 * (at // 4) - 1.55, 0.55, 270, True)
              for at, name in enumerate(NAMES[-MOST_THINGS:])]
    cameras = [Camera(-4.55 + at, -4.05, 1.55, 355, -12, 62) for at in range(MOST_CAMERAS)]
    scene = free_scene(things, cameras, Room(6.25, ("white", "lilac", "slate", "grey"), "carpet"))

    text = write_scene(scene)

    assert read_scene(text) == scene and len(text) < MOST_CHARACTERS / 2


def test_a_scene_that_was_moved_has_no_text_of_its_setting() -> None:
    scene = among(NAMES[:5])
    moved = replace(scene, things=(replace(scene.things[0], x=0.5), *scene.things[1:]))

    with pytest.raises(ValueError, match="no among scene as it is laid out"):
        write_scene(moved)


def test_a_text_may_be_as_long_as_the_limit_and_no_longer() -> None:
    text = json.dumps(LAID)

    assert read_scene(text.ljust(MOST_CHARACTERS)) == read_scene(text)
    with pytest.raises(InputError, match=r"2,001 characters\. It has at most 2,000"):
        read_scene(text.ljust(MOST_CHARACTERS + 1))


@pytest.mark.parametrize("change", [
    {"setting": "translation"}, {"things": []}, {"things": ["red box"]}, {"things": [1, 2]}, {"views": [0, 1, 4]},
    {"views": [0, 1.0, 2]}, {"views": "012"}, {"cue": "told"}, {"walls": ["sky"]}, {"colour": "red"}, {"things": "red box"},
    {"things": ["x" * 31, "red box"]}, {"things": ["red box marked", "blue ball"]},
], ids=str)
def test_what_is_no_scene_is_told_so(change: dict[str, Any]) -> None:
    read_scene(json.dumps(LAID))

    with pytest.raises(InputError, match="This is not a scene"):
        read_scene(json.dumps(LAID | change))


@pytest.mark.parametrize(("change", "what"), [
    ({"things": ["red box", "red box"]}, "two of the red box"), ({"things": ["red box", "red star"]}, "no 'red star' here"),
    ({"things": ["red box down", "blue ball sideways"]}, "no 'blue ball sideways' here"),
    ({"views": [0, 2, 1]}, "not a scene of the setting"),
    ({"views": [0, 0, 1], "cue": "shuffled"}, "not a scene of the setting around"), ({"walls": ["sky"] * 4}, "four of a room differ"),
    ({"floor": "grass"}, "no floor 'grass'"), ({"setting": "two_view_clockwise", "views": [0, 1]}, "things have no facing there"),
    ({"setting": "among", "views": [0, 1, 2, 3]}, "this setting has 5"),
], ids=str)
def test_a_scene_that_cannot_be_is_told_why(change: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_scene(json.dumps(LAID | change))


@pytest.mark.parametrize(("change", "what"), [
    ({"things": [["red box", 9, 0, 1]]}, "outside the room"), ({"things": [["red box", 1e9, 0, 1]]}, "This is not a scene"),
    ({"cameras": [[0, 0, 0.5, 0, 20, 62]]}, "inside the red box"), ({"cameras": [[0, 0, 0.5]]}, "This is not a scene"),
    ({"things": [["red box", 0, 0]]}, "This is not a scene"), ({"half": True}, "This is not a scene"), ({"half": 1}, "Half a side"),
    ({"views": [0]}, "This is not a scene"),
], ids=str)
def test_a_free_scene_that_cannot_be_is_told_why(change: dict[str, Any], what: str) -> None:
    read_scene(json.dumps(FREE))

    with pytest.raises(InputError, match=what):
        read_scene(json.dumps(FREE | change))


@pytest.mark.parametrize("text", ["", "{", "\ud800", "null", "[]", "7", '"free"', "[" * 500,
                                  '{"setting":"free","things":[["red box",NaN,0,1]]}',
                                  json.dumps(FREE).replace("-2", "1e999"), json.dumps(LAID).replace("red", "\\ud800")])
def test_what_is_no_json_of_a_scene_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_scene(text)
