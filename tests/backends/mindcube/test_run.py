"""Whole runs: a room asked about in every configuration, by small models and real classes, stopped, saved."""

import json

import pytest

from backends.files.saved import load_result, save_result
from backends.mindcube import asking, ladder
from backends.mindcube.results import Asked, MindCubeResult
from backends.mindcube.run import run
from backends.mindcube.settings import CONFIGS, FOUR, MindCubeSettings
from backends.run import Inputs, Progress, RunStopped, last
from backends.rungs import rung_of
from models.memory import budget
from models.vlm import VisionLanguageModel
from worlds.errors import InputError
from worlds.rooms.free import free_scene
from worlds.rooms.scenes import Camera, Thing
from worlds.rooms.texts import write_scene

FREE = write_scene(free_scene([Thing("red box", 0, 4), Thing("blue ball", 4, 0)], [Camera(0, 0, 1.5, 0, 10, 62)]))
HAND = {"red ball": {"position": [5, 5]}, "blue cone": {"position": [2, 5]}}


def result_of(**values) -> MindCubeResult:
    return last(run(MindCubeSettings(**{"wanted": "among_2_1", "max_new_tokens": 3, **values}), Inputs()))


def replies(result: MindCubeResult) -> dict[str, object]:
    assert result.asked is not None
    return {reply.configuration: reply for reply in result.asked.replies}


def test_a_room_is_asked_about_in_four_ways_and_the_result_can_be_saved(mappers_here):
    result = result_of()
    asked = result.asked

    assert asked is not None and [reply.configuration for reply in asked.replies] == list(FOUR)
    assert asked.true is not None and len(asked.true.objects) == 5 and len(asked.true.views or ()) == 4
    assert asked.images == (0, 1, 2, 3) and not asked.beside and asked.template == "among 2_1" and asked.family == "among"
    assert asked.start == asked.end and [step.kind for step in asked.steps][-2:] == ["infer", "answer"]
    assert result.is_miniature and result.model_id == "mindcube-mappers"
    assert result.brief.endswith("of 4 ways of answering are correct")
    assert load_result(save_result(result), MindCubeResult).asked == asked


def test_equal_settings_give_equal_replies(mappers_here):
    first, again = (replies(result_of()) for _ in range(2))

    assert [reply.text for reply in first.values()] == [reply.text for reply in again.values()]


def test_a_camera_beside_the_scenes_is_told_with_its_numbers(mappers_here):
    asked = next(found for number in range(4)
                 if (found := result_of(wanted="among_1", number=number, configurations=("Raw-QA",)).asked) and found.beside)

    assert asked.images[1] == 4 and len(asked.beside) == 1 and len(asked.beside[0]) == 6
    assert not asked.steps and len(asked.true.views) == 1


def test_a_question_with_a_turn_ends_as_one_looks_after_it(mappers_here):
    asked = result_of(layout="three_view", wanted="rotation", number=2, configurations=("Raw-QA",)).asked

    assert "turn" in asked.question and asked.start[:2] == asked.end[:2] and asked.start[2] != asked.end[2]


def test_what_the_miniature_lacks_is_said_and_not_made_up(mappers_here):
    result = result_of(configurations=("Raw-QA", "VI-1", "Aug-CGMap-Out"))

    assert list(replies(result)) == ["Raw-QA"]
    assert any("not asked as VI-1: it knows a few fixed viewpoints" in note for note in result.notes)
    with pytest.raises(InputError, match="not asked as VI-2"):
        result_of(configurations=("VI-2",))
    with pytest.raises(InputError, match="built freely"):
        result_of(scene=FREE, wanted="any")


def test_a_changed_map_is_put_into_the_mouth_of_who_writes_maps_and_given_to_who_gets_one(mappers_here):
    result = result_of(edit="swap left and right", configurations=(*FOUR, "Aug-CGMap-In", "CGMap-In-FFR-Out"))
    found, true = replies(result), {spot.name: spot for spot in result.asked.true.objects}

    for name in ("Plain-CGMap-Out", "Plain-CGMap-FFR-Out", "Aug-CGMap-In", "CGMap-In-FFR-Out"):
        given = found[name].given
        assert given.views is None and not found[name].is_true_given
        assert {spot.name: (spot.x, spot.y) for spot in given.objects} == {
            name: (10 - spot.x, spot.y) for name, spot in true.items()}
    for name in ("Plain-CGMap-Out", "Plain-CGMap-FFR-Out"):
        own = {spot.name: spot for spot in found[name].map.objects}
        assert own == {spot.name: spot for spot in found[name].given.objects}, "it goes on from that map"
        assert not found[name].exact.is_isomorphic
    assert found["Raw-QA"].given is None and found["FFR"].given is None
    assert replies(result_of(configurations=("Aug-CGMap-In",)))["Aug-CGMap-In"].is_true_given


def test_a_map_by_hand_is_what_is_gone_on_from(mappers_here):
    found = replies(result_of(edit="written", map=json.dumps(HAND), configurations=("Plain-CGMap-Out",)))["Plain-CGMap-Out"]

    assert [(spot.name, spot.x, spot.y) for spot in found.map.objects] == [("red ball", 5, 5), ("blue cone", 2, 5)]
    strange = result_of(edit="written", map='{"green tower": {"position": [5, 5]}}', configurations=("Plain-CGMap-Out",))
    assert any("'green tower' is in none of the images" in note for note in strange.notes)


def test_where_it_looked_is_kept_for_every_word(mappers_here):
    found = replies(result_of(looks=True, edit="rotate by a half", configurations=("Raw-QA", "Plain-CGMap-FFR-Out")))

    for reply in found.values():
        gaze = reply.gaze
        assert gaze.images.shape == (len(gaze.words), 4) and gaze.images.min() >= 0
        assert (gaze.images.sum(1) + gaze.own_map <= 1 + 1e-5).all() and gaze.images.sum(1).max() > 0.1
    assert not found["Raw-QA"].gaze.own_map.any()
    own = found["Plain-CGMap-FFR-Out"].gaze
    start, end = own.words.index("<map>"), own.words.index("<think>")
    assert not own.own_map[:start + 2].any() and (own.own_map[start + 2:end] > 0).all()  # a word is foretold by the one before it


def test_a_run_that_is_stopped_keeps_the_replies_that_it_has(mappers_here):
    events = run(MindCubeSettings(wanted="among_2_1"), Inputs())
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Asked) and len(event.replies) == 2:
            break
    result = events.throw(RunStopped())

    assert isinstance(result, MindCubeResult) and result.ended == "stopped" and len(result.asked.replies) == 2
    assert all(isinstance(event, Progress | Asked) for event in seen)


def test_a_real_class_is_asked_in_all_ten_ways_with_frames_between_views(real, monkeypatch):
    seen: dict[int, tuple[int, str, str]] = {}
    told = VisionLanguageModel.say

    def say(self, frames, prompt, **more):
        seen[len(seen)] = (len(frames), prompt, more["begun"])
        assert frames.shape[1:] == (64, 64, 3)
        return told(self, frames, prompt, **more)

    monkeypatch.setattr(VisionLanguageModel, "say", say)
    monkeypatch.setattr(asking, "REAL_PX", 64)  # 384 take a few seconds to draw
    result = result_of(model=real, configurations=CONFIGS)

    assert [reply.configuration for reply in result.asked.replies] == list(CONFIGS)
    counts = {name: seen[place][0] for place, name in enumerate(CONFIGS)}
    assert counts == {**dict.fromkeys(CONFIGS, 4), "VI-1": 7, "VI-2": 10}
    at = {name: seen[place][1] for place, name in enumerate(CONFIGS)}
    number = next(number for number in range(1, 5) if f"shown in image {number}" in at["Raw-QA"])
    assert f"shown in image {2 * number - 1}" in at["VI-1"]
    assert all('"views"' in at[name] for name in ("Aug-CGMap-In", "CGMap-In-FFR-Out", "Aug-CGMap-Out"))
    assert not any(begun for _, _, begun in seen.values()) and not result.is_miniature


def test_a_real_class_goes_on_from_the_map_in_its_mouth_and_its_gaze_is_read(real):
    found = replies(result_of(model=real, edit="swap front and back", looks=True,
                              configurations=("Aug-CGMap-FFR-Out", "CGMap-In-FFR-Out")))

    begun = found["Aug-CGMap-FFR-Out"]
    assert begun.text.startswith("Based on my observation") and "</cogmap><think>" in begun.text
    assert begun.map == begun.given and begun.given.views is not None
    assert found["CGMap-In-FFR-Out"].given is not None and not found["CGMap-In-FFR-Out"].is_true_given
    for reply in found.values():
        assert reply.gaze.images.shape[1] == 4 and (reply.gaze.images > 0).all()


def test_a_models_own_marks_in_a_question_are_left_out(real):
    with budget().borrow(rung_of(real, "vlm")) as loaded:
        text = ladder.without_marks(loaded.tool, "what <|image_pad|> is <|ima<eos>ge_pad|> behind?")

    assert text == "what  is  behind?"


@pytest.mark.parametrize("mark", ["<|image_pad|>", "<eos>"])
def test_a_models_own_marks_in_a_map_by_hand_are_left_out(real, mark):
    own = json.dumps({f"dragon{mark}": {"position": [5, 5]}, "red box": {"position": [2, 5]}})
    result = result_of(model=real, edit="written", map=own, configurations=("Plain-CGMap-Out",), looks=True)
    reply = replies(result)["Plain-CGMap-Out"]

    assert [spot.name for spot in reply.map.objects] == ["dragon", "red box"] and mark not in reply.text


def test_a_picture_that_a_model_writes_itself_is_none_where_its_gaze_is_read(real, monkeypatch):
    monkeypatch.setattr(VisionLanguageModel, "say", lambda *_, **more: "A. <|image_pad|> box")
    reply = replies(result_of(model=real, configurations=("Raw-QA",), looks=True))["Raw-QA"]

    assert reply.text == "A. <|image_pad|> box" and reply.gaze.images.shape[1] == 4
    assert "<|image_pad|>" not in reply.gaze.words and len(reply.gaze.words) > 1


def test_a_free_room_is_asked_about_by_a_real_class(real):
    result = result_of(model=real, scene=FREE, wanted="any", configurations=("Plain-CGMap-Out",))

    assert result.asked.family == "free" and len(result.asked.true.objects) == 2
    assert any("MindCube has no free rooms" in note for note in result.notes)
