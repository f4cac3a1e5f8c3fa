"""Maps out of replies: mended as the evaluator mends, invalid with reasons, and never an exception."""

import json

import pytest

from backends.mindcube.map_reading import MAX_JSON, MAX_SPOTS, map_of, read_map, value_in
from backends.mindcube.maps import Map, Spot


def places(read):
    return {spot.name: spot.position for spot in read.map.spots}


@pytest.mark.parametrize("written, mended", [
    ('{"a": {"position": [1, 2]}}', ""), ("{a: {position: [1, 2],},}", "cleaned"),
    ('{"a": {"position": [1, // here\n 2]}}', "cleaned"), ('```json\n{"a": {"position": [1, 2]}}\n```', ""),
    ('{"a": {"position": [1, 2]}, "b": {"position": [1, "facing": up}}', "entry by entry"),
    ('{"objects": ["a": {"position": [1, 2]}, "b"]}', "entry by entry")])
def test_a_map_is_found_and_mended(written, mended):
    read = read_map(f"Based on my observation: {written} <answer>A</answer>")

    assert (read.mended, places(read)) == (mended, {"a": (1, 2)})


@pytest.mark.parametrize("value, expected", [
    ({"a": [{"position": [1, 2]}, {"position": [9, 9]}]}, (1, 2)), ({"a": {"position": ["1", " 2.5 "]}}, (1, 2.5)),
    ({"a": {"position": [1, 2, 3]}}, (1, 2)), ({"a": {"position": [1, 2], "facing": None}}, (1, 2)),
    ({"a": {"position": [1, 2], "facing": []}}, (1, 2)), ({"a": {"position": [True, 2]}}, (1, 2))],
    ids=["first of several", "numbers as text", "three numbers", "no facing", "empty facing", "truth"])
def test_what_the_evaluator_takes_for_a_place_is_one(value, expected):
    assert places(map_of(value)) == {"a": expected}


def test_facings_are_put_into_the_six_words():
    read = map_of({"objects": [{"name": "a", "position": [1, 2], "facing": ["North"]}], "views": []})

    assert read.map == Map((Spot("a", (1, 2), "up"),), ())


@pytest.mark.parametrize("value, reason", [
    ({"a": {}}, "'a' has no position"), ({"a": {"position": [1]}}, "must be a list of two numbers"),
    ({"a": {"position": {"x": 1, "y": 2}}}, "must be a list of two numbers"), ({"a": {"position": [1, "two"]}}, "two numbers"),
    ({"a": {"position": [1, float("nan")]}}, "two numbers"), ({"a": {"position": [10**400, 1]}}, "two numbers"),
    ({"a": {"position": [1, 2], "facing": "sideways"}}, "faces 'sideways'"), ({"a": {"position": [1, 2], "facing": ""}}, "faces ''"),
    ({"a": 3}, "must be an object with a position"), ({"a": []}, "must be an object with a position"),
    ({"objects": [{"position": [1, 2]}]}, "object 1 is"), ({"objects": [{"name": 3, "position": [1, 2]}]}, "an object with a name"),
    ({"objects": [], "views": 3}, "Its views are 3"), ({"objects": []}, "It places nothing"), ({"objects": {}}, "'objects'"),
    ({}, "must be an object that holds something"), ([], "must be an object"), (None, "must be an object"),
    ("x", "must be an object")])
def test_an_invalid_map_is_none_and_says_why(value, reason):
    read = map_of(value)

    assert read.map is None and reason in read.reasons[0] and read.is_parsable == bool(isinstance(value, dict) and value)


@pytest.mark.parametrize("text, reason", [
    ("no map", "no object in braces"), ("}{", "no object in braces"), ("{oops}", "It is no JSON"),
    ("{" + "x" * (MAX_JSON + 1) + "}", "At most 100,000")], ids=["none", "reversed", "no json", "long"])
def test_a_text_without_a_map_says_why(text, reason):
    read = read_map(text)

    assert (read.map, read.is_parsable) == (None, False) and reason in read.reasons[0]


def test_a_hundred_places_are_read_and_one_more_is_refused():
    def plain(count):
        return {f"o{number}": {"position": [number, 0]} for number in range(count)}

    assert len(map_of(plain(MAX_SPOTS)).map.objects) == MAX_SPOTS
    assert "101 things. At most 100" in map_of(plain(MAX_SPOTS + 1)).reasons[0]


def test_many_reasons_are_counted():
    read = map_of({f"o{number}": 3 for number in range(20)})

    assert len(read.reasons) == 5 and read.reasons[-1] == "There are 16 more reasons."


@pytest.mark.parametrize("text", [
    "{" * 1_000_000, "{" * 500_000 + "}" * 500_000, '{"a":' * 15_000 + "1" + "}" * 15_000, "{" + "x" * 99_990 + "}",
    "{" + "x : " * 24_000 + "}", '{"a":{' * 16_000 + "}", '{"' * 45_000 + "}", "{" + '"a":{"b":{}' * 9_000 + "}",
    "{" + "," * 99_990 + "}",
    "{" + ", " * 49_000 + "}", "{" + "//" * 49_000 + "}", "{" + "\\" * 99_990 + "}", "{" + "9" * 99_000 + ": 1}",
    '{"a": ' + "9" * 90_000 + "}",
    "{" + "[" * 90_000 + "}", "{" + "\ud800: 1" + "}", '{"\\ud800": {"position": [1, 2]}}', "{\0}"])
def test_hostile_text_is_answered_and_never_raises(text):
    read = read_map(text)

    assert read.map is None and read.reasons
    value_in(text)


def test_a_name_that_is_half_a_character_is_no_name():
    assert "must be an object with a position" in map_of(json.loads('{"\\ud800": {"position": [1, 2]}}')).reasons[0]
