"""From questions and replies to objects, from replies to letters, from frames to answers."""

import numpy as np
import pytest

from backends.tstar import grounding, reading
from worlds.haystack.film import Haystack
from worlds.haystack.spec import HaystackSpec
from worlds.kit import WALLS, draw_object, draw_room

OPTIONS = {"A": "red", "B": "blue", "C": "dark blue", "D": "green"}


@pytest.mark.parametrize(("question", "targets"), [
    ("Which room colour was around when the red star appeared?", ("red star",)),
    ("What shape stood next to the red star?", ("red star",)),
    ("Did the red star appear before the blue ring?", ("red star", "blue ring")),
    ("How many red stars appeared?", ("red star",)),
    ("What did I put in the black dustbin?", ("black dustbin",)),
    ("Where did I leave the coffee mug?", ("coffee mug",)),
    ("Who used the screwdriver, the hammer or the chisel?", ("screwdriver", "hammer", "chisel")),
])
def test_the_objects_of_a_question_are_found_by_rule(question: str, targets: tuple[str, ...]) -> None:
    assert grounding.ground_template(question).targets == targets


def test_options_that_are_repeated_in_the_question_are_not_searched() -> None:
    question = "What lay beside the kettle? A) a spoon B) a red fork"

    assert grounding.ground_template(question, {"A": "a spoon", "B": "a red fork"}).targets == ("kettle",)


def test_a_question_without_objects_says_what_to_do() -> None:
    found = grounding.ground_template("What happened then?")

    assert found.targets == ()
    assert "Type the objects" in found.notes[0]


@pytest.mark.parametrize("reply", [
    "red mug, kettle\nsink, tap",
    "Key objects: Red mug, kettle.\nCue objects: sink, tap.",
    "1. red mug, kettle\n2. sink, tap",
    "\n\nSure! Here are the objects that you asked me to find in the video:\n\nred mug, kettle\n\nsink, tap\n",
    "**Key Objects:**\n- red mug\n- kettle\n\n**Cue Objects:**\n- sink\n- tap",
    '```json\n{"key_objects": ["red mug", "kettle"], "cue_objects": ["sink", "tap"]}\n```',
    'The lists: [["red mug", "kettle"], ["sink", "tap"]]',
    "Target objects: the red mug, a kettle\nCue objects: sink; tap\nRelations: (mug; spatial; sink)",
], ids=["two lines", "labels", "numbers", "prose", "bullets", "json", "nested list", "relations"])
def test_every_way_to_write_two_lists_is_read_alike(reply: str) -> None:
    found = grounding.parse_grounding(reply)

    assert (found.targets, found.cues) == (("red mug", "kettle"), ("sink", "tap"))


def test_more_objects_than_fit_are_cut_with_a_note() -> None:
    found = grounding.parse_grounding("a1, a2, a3, a4, a5\nb1, b2, b3, b4, b5, b6, b7")

    assert len(found.targets) == 4 and len(found.cues) == 6
    assert len(found.notes) == 2


@pytest.mark.parametrize("reply", [
    "", "Error: rate limit", "I cannot see any objects that would help to answer this question, sorry."],
    ids=["empty", "error", "prose"])
def test_an_unusable_reply_falls_back_to_the_question_and_says_so(reply: str) -> None:
    found = grounding.parse_grounding(reply, question="Where is the red mug?")

    assert (found.targets, found.cues) == (("red mug",), ())
    assert "names no objects" in found.notes[0]
    assert grounding.parse_grounding(reply).targets == ()


def test_the_prompt_asks_for_exactly_two_lines_and_lists_the_options() -> None:
    asked = grounding.prompt("Where?", OPTIONS)

    assert "exactly two lines" in asked and "B) blue" in asked and "8 pictures" in asked


@pytest.mark.parametrize(("reply", "fixed", "official"), [
    ("B", "B", "B"), ("b.", "B", "B"), ("(B)", "B", None), ("B) blue", "B", "B"),
    ("Answer: B", "B", "A"), ("Based on the frames, the answer is D.", "D", "B"), ("The answer is (C).", "C", None),
    ("A person holds it. Answer: D", "D", "A"), ("It was dark blue", "C", None), ("It is red or green", None, None),
    ("I do not know", None, None), ("", None, None),
])
def test_the_letter_of_a_reply_by_both_rules(reply: str, fixed: str | None, official: str | None) -> None:
    assert grounding.match_answer(reply, OPTIONS) == fixed
    assert grounding.match_answer(reply, OPTIONS, rule="official") == official


BOX = (0.45, 0.45, 0.55, 0.55)
BESIDE = (0.62, 0.47, 0.72, 0.57)
FAR = (0.0, 0.0, 0.1, 0.1)


def _room(wall: str) -> np.ndarray:
    return draw_room(128, wall=wall, horizon=0.7)


@pytest.mark.parametrize("wall", WALLS)
def test_every_wall_is_named_by_its_colour_also_with_furniture_before_it(wall: str) -> None:
    frame = _room(wall)
    draw_object(frame, "red sofa", centre_xy=(40, 60), radius_px=19)
    draw_object(frame, "blue clock", centre_xy=(90, 25), radius_px=14)

    assert reading.wall_colour(frame) == wall


def test_no_wall_is_named_where_there_is_none() -> None:
    assert reading.wall_colour(np.full((64, 64, 3), (250, 0, 250), np.uint8)) is None


def test_the_room_colour_is_read_where_the_target_is_seen_best() -> None:
    frames = np.stack([_room("mint"), _room("rose")])
    detections = [[("red star", 0.4, BOX)], [("red star", 0.9, BOX)]]

    answer = reading.read(frames, [10, 65], detections, "Which room colour was around when the red star appeared?",
                          {"A": "mint", "B": "rose"})

    assert answer.letter == "B"
    assert "rose at 1:05" in answer.why


def test_the_neighbour_is_the_near_object_and_not_the_far_one_or_a_second_name_of_the_target() -> None:
    seen = [("red star", 0.9, BOX), ("pink star", 0.8, BOX), ("blue ring", 0.6, BESIDE), ("green bar", 0.9, FAR)]

    answer = reading.read(_room("sand")[None], [5], [seen], "What shape stood next to the red star?",
                          {"A": "bar", "B": "ring", "C": "star"})

    assert answer.letter == "B" and "blue ring" in answer.why


@pytest.mark.parametrize(("question", "letter"), [
    ("Did the red star appear before the blue ring?", "B"), ("Did the red star appear after the blue ring?", "A")])
def test_the_order_is_that_of_the_first_sightings(question: str, letter: str) -> None:
    frames = np.stack([_room("sand")] * 3)
    detections = [[("red star", 0.9, BOX)], [("blue ring", 0.9, BOX)], [("red star", 0.9, BOX)]]

    answer = reading.read(frames, [50, 20, 70], detections, question, {"A": "Yes", "B": "No", "C": "Both at the same time"})

    assert answer.letter == letter


def test_furniture_is_counted_over_all_frames_of_the_targets_room_and_no_other() -> None:
    frames = np.stack([_room("sand"), _room("sand"), _room("slate")])
    detections = [[("red star", 0.9, BOX), ("blue sofa", 0.8, FAR)], [("pink lamp", 0.8, FAR)], [("red bed", 0.9, FAR)]]

    answer = reading.read(frames, [1, 2, 3], detections, "How many pieces of furniture are in the room where the red star appeared?",
                          {"A": "0", "B": "2", "C": "3"})

    assert answer.letter == "B"


@pytest.mark.parametrize("question", [
    "Which room colour was around when the red star appeared?", "Did the red star appear before the blue ring?",
    "Why is the sky blue?"], ids=["not seen", "one not seen", "another kind"])
def test_what_is_not_on_the_frames_cannot_be_told(question: str) -> None:
    answer = reading.read(_room("mint")[None], [3], [[("red star", 0.1, BOX)]], question, OPTIONS)

    assert answer.letter is None and answer.text == "cannot tell" and answer.why


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("needles", [1, 2])
def test_with_perfect_detections_on_the_key_frames_generated_questions_are_answered(seed: int, needles: int) -> None:
    video = Haystack(HaystackSpec(minutes=5, seed=seed, needles=needles))

    for question in video.questions:
        seconds = question.key_seconds[::2]
        frames = np.stack([video.frame(float(second), 128) for second in seconds])
        detections = [[(name, 1.0, tuple(box)) for name, *box in video.boxes(float(second))] for second in seconds]
        options = dict(zip("ABCDE", question.options))
        answer = reading.read(frames, seconds, detections, question.question, options)

        assert grounding.ground_template(question.question).targets == question.targets
        if "How many" not in question.question:  # the camera may not have shown all furniture by then
            assert answer.letter == question.answer, answer.why
