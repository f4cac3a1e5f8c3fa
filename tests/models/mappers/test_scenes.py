"""Mappers that see: questions about rooms in words, the maps they go with, and the eye that is read off."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.mappers.albums import draw_album, looking_tasks, tasks_of
from models.mappers.examples import PLACES, Spot, map_words, said, shown
from models.mappers.learning import LONGEST, Lesson, Task, ask, batch_of, loss_of
from models.mappers.networks import fresh_seer
from models.mappers.replies import judged, read
from models.mappers.scenes import IMAGE_TOKENS, MOVES, example_of, grid_of, spots_of
from models.mappers.texts import reply_text, thought_text
from models.mappers.towers import HEADS, Look, Seen, learn_to_see, look, pixels_of, read_off
from models.mappers.ways import WAYS
from models.mappers.words import COMPASS, CONTEXT, UNK, ids_of, text_of, word_of
from models.scene_vlm import Size
from worlds.rooms.generator import SETTINGS, scene_at
from worlds.rooms.layouts import among, around, rotation
from worlds.rooms.questions import Question, questions_of
from worlds.rooms.scenes import Scene

TINY = Size(input_px=64, patch_px=32, vision=16, text=16, vision_layers=1, text_layers=1)
AMONG = among(["red box", "blue ball", "green cone", "pink tower", "cyan box"], facings=[90, 0, None, None, 270], order=[1, 3, 0, 2],
              cue="shuffled")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def all_questions(setting: str, count: int = 6) -> list[tuple[Scene, Question]]:
    scenes = [scene_at(place, subset="train", seed=0, settings=[setting], cue="shuffled") for place in range(count)]  # type: ignore[list-item]
    return [(scene, question) for number, scene in enumerate(scenes) for question in questions_of(scene, seed=number)]


def asked(scene: Scene, end: str) -> Question:
    return next(question for question in questions_of(scene, seed=0, group="g") if question.id.endswith(f"_g_{end}"))


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_question_has_words_and_its_reply_is_read_again(setting):
    for scene, question in all_questions(setting):
        example = example_of(scene, question)
        for way in WAYS.values():
            prompt, reply = ids_of(shown(example, way)), ids_of(said(example, way))
            assert UNK not in prompt + reply and len(prompt) + LONGEST <= CONTEXT and len(reply) <= LONGEST
            verdict = judged(read(said(example, way)), example, writes_map=way.writes_map, thinks=way.thinks)
            assert verdict.answer and verdict.map is not False and verdict.thought is not False
        assert text_of(example.answer) == question.answer
        assert shown(example, WAYS["raw"]).count("<image>") == IMAGE_TOKENS * len(question.cameras)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_thought_leads_to_the_answer_by_the_map_alone(setting):
    for scene, question in all_questions(setting):
        example = example_of(scene, question)
        at, (_, _, after, *found) = {spot.place: spot.thing for spot in spots_of(scene)}, example.thought
        if question.template in MOVES:
            assert (after, len(found)) == ("2", 1)
        elif question.template in ("among_2_2", "among_gen_3"):
            assert at[found[1]] == found[0] and (found[1] == after) == (example.answer == "yes")
        elif question.template == "around_q2_behind":
            assert [at[found[1]], at[found[3]]] == [found[0], found[2]]
            first, second = PLACES.index(found[1]), PLACES.index(found[3])
            assert (first > second if after == "east" else first < second) == (example.answer == "yes")
        else:
            assert at[found[-1]] == example.answer


def test_a_centre_and_its_neighbours_are_told_as_they_stand():
    example = example_of(AMONG, asked(AMONG, "q0_2_2"))

    assert " ".join(map_words(example.spots)) == (
        "centre redbox faces east north pinktower east cyanbox faces west south blueball faces north west greencone")
    assert example.asked[:4] == ("at", "1", "left", "closer")
    assert example.thought[:3] == ("1", "east", "north")  # image 1 is from the left


def test_somebody_in_the_centres_place_looks_as_it_does():
    example = example_of(AMONG, asked(AMONG, "gen_4_1"))  # what is to my left

    assert example.asked == ("as", "redbox", "straight", "left")
    assert example.thought == ("redbox", "east", "east", "north") and example.answer == "pinktower"


def test_a_neighbours_question_names_the_centre():
    example = example_of(AMONG, asked(AMONG, "gen_6_1"))  # from the south, which faces north

    assert example.asked == ("as", "blueball", "straight", "left", "of", "redbox") and example.answer == "greencone"


def test_what_a_move_shows_is_all_that_its_map_has():
    example = example_of(AMONG, asked(AMONG, "q2_1_1"))  # image 3 is from the front and looks north

    assert [spot.place for spot in example.spots][:2] == ["centre", "north"] and len(example.spots) == 3


def test_a_row_is_told_from_west_to_east_and_read_from_either_end():
    row = around(["red box", "blue ball", "green cone"], facings=[None, 180, None])
    left, right = (example_of(row, asked(row, end)) for end in ("q2_5", "q2_6"))

    assert map_words(left.spots) == ["first", "redbox", "second", "blueball", "faces", "south", "third", "greencone"]
    assert left.thought[:3] == ("2", "east", "east") and right.thought[:3] == ("3", "west", "west")


def test_turning_is_said_in_words():
    turning = rotation("four_view", ["red box", "blue ball", "green cone", "pink tower"])  # west, north, east, south
    example = example_of(turning, next(one for one in questions_of(turning, seed=0) if "180 degrees" in one.text))

    assert example.asked[:3] == ("at", "1", "around") and example.thought[:3] == ("1", "west", "east")


@pytest.mark.parametrize("setting", SETTINGS)
def test_on_the_grid_everything_is_where_it_is_in_the_room(setting):
    for place in range(4):
        scene = scene_at(place, subset="train", seed=1, settings=[setting])
        spots = spots_of(scene)
        middle = np.array((5, 5))
        for spot, (x, y) in zip(spots, grid_of(spots)):
            thing = scene.thing(text_of(spot.thing))
            if scene.family == "around":
                assert (x, y) == (grid_of(spots)[0][0] + scene.things.index(thing), 5)
            else:
                away = np.array((x, y)) - middle
                assert np.array_equal(np.sign(away), np.sign(np.round((thing.x, -thing.y))))


@pytest.mark.parametrize("count, columns", [(2, [4, 5]), (3, [4, 5, 6]), (4, [3, 4, 5, 6])], ids=["two", "three", "four"])
def test_rows_stand_where_the_papers_templates_put_them(count, columns):
    spots = spots_of(around(["red box", "blue ball", "green cone", "pink tower"][:count]))

    assert grid_of(spots) == [(column, 5) for column in columns]


def test_places_of_the_other_settings_are_the_papers():
    assert grid_of([Spot("centre", "redbox"), Spot("south", "blueball")]) == [(5, 5), (5, 8)]
    assert grid_of([Spot("west", "redbox"), Spot("north", "blueball"), Spot("east", "pinkcone")]) == [(3, 5), (5, 3), (7, 5)]


def test_a_scene_without_a_setting_has_no_map():
    with pytest.raises(ValueError, match="free"):
        spots_of(replace(AMONG, setting="free"))


def test_what_is_to_be_read_of_a_picture_is_what_it_shows():
    labels = dict(zip(HEADS, look(AMONG, AMONG.cameras[1]).labels.tolist()))  # from the right: towards the west

    assert (labels["wall"], labels["mark"], labels["face 0"]) == (3, 2, 1)  # the centre looks east, into the camera
    assert (labels["colour 0"], labels["shape 0"]) == (1, 1) and (labels["colour 1"], labels["shape 1"]) == (4, 4)  # green cone
    assert labels["colour 2"] == 0 and labels["beside"] == 0


def test_who_steps_aside_sees_the_centre_beside_the_middle():
    for number, beside in ((3, 2), (4, 1)):  # to the left, to the right
        step = asked(AMONG, f"q2_1_{number}").cameras[1]
        assert dict(zip(HEADS, look(AMONG, step).labels.tolist()))["beside"] == beside


def test_an_eye_learns_and_tells_how_much_of_each_label_it_reads():
    looks = [look(AMONG, camera) for camera in AMONG.cameras]
    tower = fresh_seer(0, TINY).model.vision_tower

    first, last = learn_to_see(tower, looks, looks, updates=4, batch=8, every=2)

    assert (first.update, last.update) == (2, 4) and last.loss < first.loss
    assert set(last.right) == {*HEADS, "all"} and last.right["colour 3"] <= 1


def test_what_an_eye_said_before_stands_for_the_picture():
    model, looks = fresh_seer(0, TINY).eval(), [look(AMONG, camera) for camera in AMONG.cameras]
    example = example_of(AMONG, asked(AMONG, "q0_2_1"))
    seen = read_off(model.model.vision_tower, [one.picture for one in looks])
    ids = torch.tensor([ids_of(shown(example, WAYS["raw"]))])

    with torch.no_grad():
        by_picture = model(input_ids=ids, pixel_values=pixels_of([one.picture for one in looks])).logits
        model.model.vision_tower = Seen()
        by_memory = model(input_ids=ids, pixel_values=seen.float()).logits

    assert torch.allclose(by_picture, by_memory, atol=2e-2)  # kept in half precision


def test_scenes_are_learned_from_and_asked_about_by_what_was_seen():
    model = fresh_seer(0, TINY)
    looks: list[Look] = [look(AMONG, camera) for camera in AMONG.cameras]
    seen = read_off(model.model.vision_tower, [one.picture for one in looks])
    model.model.vision_tower = Seen()
    tasks = [Task(example_of(AMONG, asked(AMONG, end)), seen) for end in ("q0_2_1", "gen_4_1", "q3_5_2")]

    loss, count = loss_of(model, batch_of(tasks, WAYS["map_reason"], Lesson(), np.random.default_rng(0)))
    loss.backward()

    assert count == sum(len(said(task.example, WAYS["map_reason"])) for task in tasks)
    assert float(model.model.multi_modal_projector.linear_1.weight.grad.abs().sum()) > 0, "what was seen must matter"
    assert len(ask(model, WAYS["map_reason"], tasks)) == 3


def test_a_reply_is_written_as_the_paper_writes_it():
    question = asked(AMONG, "q0_2_1")  # what is behind me, from the left: what is in the west
    reply = read(said(example_of(AMONG, question), WAYS["map_reason"]))
    text = reply_text(reply, question.options)

    assert json.loads(text.partition("```json\n")[2].partition("\n```")[0]) == {
        "red box": {"position": [5, 5], "facing": "right"}, "pink tower": {"position": [5, 2]},
        "cyan box": {"position": [8, 5], "facing": "left"}, "blue ball": {"position": [5, 8], "facing": "up"},
        "green cone": {"position": [2, 5]}}
    assert text.endswith(f"<think>Image 1: east. Then east. Then west.</think><answer>{question.letter}. green cone</answer>")


def test_what_is_no_option_has_no_letter_and_any_thought_is_written():
    assert reply_text(read(["<think>", "first", "redbox", "<answer>", "redbox"]), ["Yes", "No"]) == (
        "<think>Then first. The red box: .</think><answer>red box</answer>")
    assert thought_text(["2", "north", "east", "redball", "west"]) == "Image 2: north. Then east. The red ball: west."
    assert thought_text([]) == ""


def test_an_album_draws_each_picture_once_and_its_questions_are_asked_of_them():
    made = draw_album("test", 3, seed=0, questions=5)
    tower = fresh_seer(0, TINY).model.vision_tower
    tasks = tasks_of(made, tower)

    assert len(made.pages) == len(tasks) == 15 and len({one.picture.tobytes() for one in made.looks}) == len(made.looks)
    for page, task in zip(made.pages, tasks):
        assert task.seen is not None and len(task.seen) == len(page.question.cameras) and task.example == page.example
        for place, camera in zip(page.looks, page.question.cameras):
            assert np.array_equal(made.looks[place].picture, look(page.scene, camera).picture)
    assert [page.question for page in draw_album("test", 3, seed=0, questions=5).pages] == [page.question for page in made.pages]


def test_a_looking_question_asks_what_each_image_shows():
    made = draw_album("test", 4, seed=0, questions=2, settings=["among"])
    tasks = looking_tasks(made, fresh_seer(0, TINY).model.vision_tower)

    orders = set()
    for page, task in zip(made.pages, tasks):
        looks, *numbers = task.example.asked
        cameras, words = page.question.cameras, list(task.example.thought)
        orders.add(tuple(numbers))
        assert looks == "looks" and sorted(numbers) == [str(place + 1) for place in range(len(cameras))]
        for number, following in zip(numbers, [*numbers[1:], ""]):
            camera, centre = cameras[int(number) - 1], page.scene.things[0]
            told = words[words.index(number) + 1:words.index(following) if following else None]
            assert told[:2] == [COMPASS[camera.heading // 90], word_of(centre.name)]
            assert (told[2:4] == ["faces", COMPASS[camera.heading // 90 - 2]]) == (centre.facing == (camera.heading + 180) % 360)
            if camera.side:
                (behind,) = (thing for thing in page.scene.things[1:] if camera.pose.direction_of(thing.x, thing.y) == "front")
                assert word_of(behind.name) in told
        assert task.example.answer == COMPASS[cameras[int(numbers[-1]) - 1].heading // 90]
        assert len(said(task.example, WAYS["reason"])) <= LONGEST
    assert len(orders) > 1
