"""Mappers whose views are words: what is asked, what is shown and said in every configuration, and how it is read again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.mappers.examples import Spot, map_words, mirrored, said, shown
from models.mappers.learning import IGNORED, Lesson, Scores, Task, ask, batch_of, learn, scored
from models.mappers.networks import fresh_reader
from models.mappers.replies import judged, read
from models.mappers.symbols import Symbols, drawn, example_of, fresh_items, training_items
from models.mappers.ways import MISSING, WAYS
from models.mappers.words import COMPASS, EOS, PAD, SPECIAL, ids_of, text_of, tokenizer, vocabulary, word_of, words_of
from models.scene_words import SPECIAL as SCENES_SPECIAL
from models.training.language import Training
from worlds.rooms.catalogue import NAMES

TINY = Training(hidden=32, layers=1, heads=2, mlp=48)
ITEM = Symbols(("redbox", "redtower", "redball", "redcone"), (2, 0, 3, 1), 2, 1, 3)
ROW = (Spot("first", "redbox", "south"), Spot("second", "redtower"), Spot("third", "redball", "east"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def tasks(count: int = 8, seed: int = 0) -> list[Task]:
    return [Task(example_of(item)) for item in training_items(seed, count)]


def test_every_word_has_one_token_and_the_tokenizer_has_the_same():
    assert vocabulary()[:5] == SPECIAL == SCENES_SPECIAL and len(set(vocabulary())) == len(vocabulary()) == len(tokenizer())
    for word in vocabulary():
        assert words_of(ids_of([word])) == [word]
        assert tokenizer()(word, add_special_tokens=False)["input_ids"] == ids_of([word])


def test_a_names_word_is_the_name_again():
    assert [text_of(word_of(name)) for name in NAMES] == list(NAMES)
    assert text_of("north") == "north"


def test_a_question_in_symbols_is_answered_by_turning_round():
    # image 3 looks west; after a turn to the right one looks north, and to the left of that is the west
    example = example_of(ITEM)

    assert example.thought == ("3", "west", "north", "west") and example.answer == "redcone"
    assert example.views == ("1", "south", "redball", "2", "north", "redbox", "3", "west", "redcone", "4", "east", "redtower")
    assert example.asked == ("3", "right", "left")


def test_each_configuration_is_shown_and_says_what_the_paper_gives_it():
    example = example_of(ITEM)
    listed = ["north", "redbox", "east", "redtower", "south", "redball", "west", "redcone"]
    thought, answer = ["<think>", "3", "west", "north", "west"], ["<answer>", "redcone", "</s>"]
    where = ["<answer>", "west", "redcone", "</s>"]  # who thinks says again where it lies

    assert said(example, WAYS["raw"]) == answer
    assert said(example, WAYS["map"]) == ["<map>", *listed, *answer]
    assert said(example, WAYS["reason"]) == said(example, WAYS["map_in_reason"]) == [*thought, *where]
    assert said(example, WAYS["map_reason"]) == ["<map>", *listed, *thought, *where]
    assert shown(example, WAYS["raw"]) == ["<s>", *example.views, "<ask>", *example.asked]
    assert shown(example, WAYS["map_in"]) == ["<s>", *example.views, "<map>", *listed, "<ask>", *example.asked]


def test_six_of_the_papers_ten_configurations_are_here_and_the_others_are_told():
    assert len(WAYS) == 6 and len(MISSING) == 4 and not {way.paper for way in WAYS.values()} & set(MISSING)


@pytest.mark.parametrize("key", WAYS)
def test_a_right_reply_is_read_again_and_found_right_in_any_order_of_its_map(key):
    rng, way = np.random.default_rng(0), WAYS[key]
    for item in training_items(3, 20):
        example = example_of(item)
        reply = read(said(example, way, rng))

        verdict = judged(reply, example, writes_map=way.writes_map, thinks=way.thinks)

        assert verdict.answer and verdict.map in (True, None) and verdict.thought in (True, None)
        assert (verdict.map is not None, verdict.thought is not None) == (way.writes_map, way.thinks)


def test_a_map_with_two_things_changed_is_not_the_true_one():
    example = example_of(ITEM)
    wrong = replace(example, spots=mirrored(example.spots, "east-west"))

    assert judged(read(said(wrong, WAYS["map"])), example, writes_map=True, thinks=False).map is False


@pytest.mark.parametrize("words", [
    "", "redbox", "<map>", "<map> north", "<map> north redbox faces", "<map> north redbox faces redball", "<map> redbox north",
    "<answer>", "<think> <answer> </s> redbox", "<map> <map> <think> <think> </s>"])
def test_any_words_can_be_read(words):
    reply = read(words.split())

    assert reply.answer == "" and not reply.spots and not reply.thought


def test_a_map_says_its_faces_and_is_read_with_them():
    assert read(["<map>", *map_words(ROW)]).spots == ROW
    assert map_words(ROW)[:4] == ["first", "redbox", "faces", "south"]


def test_the_mirror_image_of_a_map_exchanges_the_ends_of_an_axis_and_twice_is_the_map():
    spots = example_of(ITEM).spots

    assert [spot.thing for spot in mirrored(spots, "east-west")] == ["redbox", "redcone", "redball", "redtower"]
    assert [spot.thing for spot in mirrored(spots, "north-south")] == ["redball", "redtower", "redbox", "redcone"]
    assert mirrored(ROW, "east-west") == (
        Spot("first", "redball", "west"), Spot("second", "redtower"), Spot("third", "redbox", "south"))
    for axis in ("east-west", "north-south"):
        assert mirrored(mirrored(spots, axis), axis) == spots and mirrored(mirrored(ROW, axis), axis) == ROW
    with pytest.raises(ValueError, match="'up-down'"):
        mirrored(spots, "up-down")


def test_four_turns_to_the_right_are_none_and_left_undoes_right():
    for item in training_items(1, 20):
        assert replace(item, turn=item.turn + 4).thought == item.thought
        assert replace(item, turn=(item.turn + 1) % 4, direction=(item.direction - 1) % 4).thought[-1] == item.thought[-1]


def test_fresh_items_are_none_of_those_that_were_learned_from():
    known = training_items(0, 300)
    fresh = fresh_items(0, 300, without=known)

    assert not set(known) & set(fresh) and training_items(0, 300) == known != training_items(1, 300)
    assert sorted({item.things.index(example_of(item).answer) for item in fresh}) == [0, 1, 2, 3]
    assert fresh_items(0, 3, without=fresh_items(0, 3)) == fresh_items(0, 6)[3:]


def test_a_batch_wants_the_reply_alone():
    own = tasks(3)
    batch = batch_of(own, WAYS["map_reason"], Lesson(), np.random.default_rng(0))

    for row, task in enumerate(own):
        wanted = [token for token in batch.wanted[row].tolist() if token != IGNORED]
        assert words_of(wanted) == said(task.example, WAYS["map_reason"]) and wanted[-1] == EOS
        assert words_of([token for token in batch.ids[row].tolist() if token != PAD])[:1] == ["<s>"]
    assert batch.seen is None


def test_some_examples_lack_their_thought_where_the_lesson_says_so():
    own, rng = tasks(100), np.random.default_rng(0)
    batch = batch_of(own, WAYS["map_reason"], Lesson(thoughts=0.5), rng)
    (think,) = ids_of(["<think>"])

    assert 30 <= int((batch.wanted == think).any(1).sum()) <= 70


def test_a_few_steps_are_made_told_and_the_same_again():
    own = tasks(50)

    def told() -> list[tuple[int, float]]:
        return [(progress.step, progress.loss) for progress in
                learn(fresh_reader(1, TINY), WAYS["map_reason"], own, own[:4], Lesson(steps=8, batch=16), every=2, until=5)]

    first = told()
    assert [step for step, _ in first] == [2, 4, 5] and first == told() and first[-1][1] < first[0][1]


def test_a_given_map_is_what_the_model_is_shown():
    model, way, own = fresh_reader(0, TINY), WAYS["map_in_reason"], tasks(6)
    true = [task.example.spots for task in own]

    assert ask(model, way, own) == ask(model, way, own, maps=true)
    assert len({tuple(shown(task.example, way, mirrored(spots, "east-west"))) for task, spots in zip(own, true)} |
               {tuple(shown(task.example, way)) for task in own}) == 2 * len(own)


def test_scores_are_shares_of_what_was_to_be_said():
    own = tasks(4)
    replies = [read(said(task.example, WAYS["map_reason"])) for task in own]
    half = [*replies[:2], *(read(["<answer>", "north"]) for _ in own[2:])]

    assert scored(replies, own, WAYS["map_reason"]) == Scores(4, 1.0, 1.0, 1.0)
    assert scored(half, own, WAYS["map_reason"]) == Scores(4, 0.5, 0.5, 0.5)
    assert scored(half, own, WAYS["raw"]).maps is None


def test_all_headings_directions_and_turns_are_drawn():
    rng = np.random.default_rng(0)
    items = [drawn(rng) for _ in range(200)]

    assert {item.turn for item in items} == {item.direction for item in items} == {item.view for item in items} == set(range(4))
    assert {COMPASS[item.thought[0]] for item in items} == set(COMPASS)
