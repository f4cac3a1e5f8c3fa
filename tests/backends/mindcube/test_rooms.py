"""Drawn rooms in MindCube's form: true maps and chains hold whatever order the images come in."""

import re
from itertools import pairwise

import pytest

from backends.mindcube.maps import Map, among
from backends.mindcube.questions import asked
from backends.mindcube.rooms import Posed, drawn_rooms, posed, posed_by
from backends.mindcube.scoring import true_map
from backends.mindcube.settings import MindCubeSettings
from worlds.errors import InputError
from worlds.rooms.free import free_scene
from worlds.rooms.generator import scene_at
from worlds.rooms.layouts import HEADINGS_OF
from worlds.rooms.questions import questions_of
from worlds.rooms.scenes import ON_MAP, Camera, Thing
from worlds.rooms.texts import write_scene

AHEAD = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0)}


def all_posed(places: range, cue: str) -> list[Posed]:
    scenes = [scene_at(place, subset="test", seed=3, cue=cue) for place in places]
    return [posed(scene, question) for scene in scenes for question in questions_of(scene, seed=3)]


@pytest.mark.parametrize("cue", ["shuffled", "described"])
def test_every_chain_ends_in_what_the_room_itself_answers(cue):
    found = all_posed(range(24), cue)

    chained = [one for one in found if one.steps]
    assert {one.steps[-1].text for one in chained if one.question.template == "rotation"}
    for one in chained:
        assert one.steps[-1].text == f"So the answer is {one.question.letter}. {one.question.answer}."
    assert {one.question.template for one in found if not one.steps} == {"among_1", "around_q1"}  # a step to the side
    assert all(any(not camera.side for camera in one.question.cameras) for one in found if not one.steps)


@pytest.mark.parametrize("cue", ["shuffled", "described"])
def test_images_are_called_on_the_map_as_they_are_shown(cue):
    """Whoever stands where a camera stands on the map looks as that camera does in the room."""
    for one in all_posed(range(12), cue):
        assert true_map(one.item) == one.true
        assert one.true.views is not None
        by_name = {view.name: view.facing for view in one.true.views}
        for number, camera in enumerate(one.question.cameras, 1):
            if camera.side or one.scene.family == "rotation":
                assert by_name[f"Image {number}"] == ON_MAP[int(camera.heading)]


def test_a_rotations_steps_speak_of_the_images_as_they_are_shown():
    scene = scene_at(1, subset="test", seed=0, settings=["four_view"], cue="shuffled")
    assert list(scene.order) != [0, 1, 2, 3]
    one = posed(scene, questions_of(scene, seed=0)[0])

    observed = [step for step in one.steps if step.kind == "observe"]
    assert [step.images for step in observed] == [(1,), (2,), (3,), (4,)]
    for step in observed:
        heading = scene.cameras[step.images[0] - 1].heading
        thing = scene.things[HEADINGS_OF["four_view"].index(int(heading))]
        assert step.text == f"In image {step.images[0]} I see the {thing.name}."
    assert one.item.facts is None, "the rules of a rotation take its images to be in order"


def test_images_of_among_in_any_order_are_told_in_the_order_round_the_centre():
    scene = next(scene for place in range(9) if (scene := scene_at(place, subset="test", seed=0, settings=["among"], cue="shuffled"))
                 .order[0] != 0)
    one = next(posed(scene, question) for question in questions_of(scene, seed=0) if question.template == "among_2_1")

    told = next(step.text for step in one.steps if step.kind == "relate")
    order = [int(number) for number in re.findall(r"\d", told.partition(" each image")[0])] or [1, 2, 3, 4]
    headings = [int(scene.cameras[number - 1].heading) for number in order]
    assert [(second - first) % 360 for first, second in pairwise(headings)] == [90, 90, 90]


def test_two_images_of_among_have_a_map_of_what_they_show():
    scene = scene_at(0, subset="test", seed=0, settings=["among"], cue="shuffled")
    two = [posed(scene, question) for question in questions_of(scene, seed=0) if question.template == "among_1"]

    assert {len(one.true.objects) for one in two if all(camera.side for camera in one.question.cameras)} == {3}
    assert {len(one.true.objects) for one in two if not all(camera.side for camera in one.question.cameras)} == {2}
    for one in two:
        facts = asked(one.item) and one.item.facts
        assert facts is not None
        whole: Map = among(facts.objects, facts.facings, [])
        assert set(one.true.objects) <= set(whole.objects)


def test_a_free_room_is_mapped_to_scale_and_has_no_chain():
    scene = free_scene([Thing("red box", 0, 4), Thing("blue ball", 4, 0, facing=180), Thing("green cone", -4, 0)],
                       [Camera(0, 0, 1.5, 0, 10, 62), Camera(0, -1, 1.5, 90, 10, 62)])
    one = posed_by(MindCubeSettings(scene=write_scene(scene)))

    places = {spot.name: spot.position for spot in one.true.objects}
    assert places == {"red box": (4.5, 0.9), "blue ball": (8.1, 4.5), "green cone": (0.9, 4.5)}  # walls at 0 and 9, 5 m away
    assert [(view.position, view.facing) for view in one.true.views or ()] == [((4.5, 4.5), "up"), ((4.5, 5.4), "right")]
    assert not one.steps and any("no chain of thought" in note for note in one.notes)


def test_questions_wrap_around_and_are_of_the_kind_that_is_wanted():
    first, after = (posed_by(MindCubeSettings(wanted="among_2_1", number=number)) for number in (0, 4))

    assert first.item == after.item and first.item.template == "among 2_1"
    assert posed_by(MindCubeSettings(wanted="among_2_1", number=1)).item != first.item


def test_a_question_that_a_room_does_not_have_is_one_sentence_with_those_that_it_has():
    with pytest.raises(InputError, match=r"'is it behind' cannot be asked.*what is where after a turn"):
        posed_by(MindCubeSettings(layout="three_view", wanted="around_q2_behind"))
    with pytest.raises(InputError, match="This is not a scene"):
        posed_by(MindCubeSettings(scene='{"setting":"free"}'))


def test_drawn_rooms_come_evenly_over_their_families():
    found = drawn_rooms(("rotation", "among", "around"), 12, seed=0)

    assert [one.item.setting for one in found] == ["rotation", "among", "around"] * 4
    assert len({one.item.id for one in found}) == 12
    assert [one.item for one in drawn_rooms(("rotation", "among", "around"), 6, seed=0)] == [one.item for one in found[:6]]


def test_frames_between_two_views_go_around_and_keep_the_ends():
    one = posed_by(MindCubeSettings(wanted="among_2_1"))

    cameras = one.cameras(2)
    assert len(cameras) == 10 and cameras[::3] == list(one.question.cameras)
    assert len(one.pictures(16, 1)) == 7 and one.pictures(16)[0].shape == (16, 16, 3)
