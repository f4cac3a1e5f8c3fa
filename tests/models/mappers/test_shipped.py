"""The shipped mappers: what they say of held-out rooms is what their card says, and what the best reads off a map in its mouth."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import catalogue
from models.loading import Loaded, load
from models.mappers.albums import Album, Page, draw_album
from models.mappers.asking import Maps, answers
from models.mappers.examples import mirrored
from models.mappers.learning import Task, scored
from models.mappers.replies import Reply
from models.mappers.ways import WAYS
from models.mappers.words import CENTRE, COMPASS

CARD = json.loads((catalogue.MINIATURES / "mindcube-mappers" / "card.json").read_text(encoding="utf-8"))
SCENES = 24


@pytest.fixture(scope="module")
def tests() -> Album:
    torch.set_num_threads(1)
    return draw_album("test", SCENES, seed=0, questions=3)  # the first ones of those that the card was measured on


def loaded(key: str) -> Loaded:
    return load(catalogue.at_stage(catalogue.find("mindcube-mappers"), key))


def said(key: str, tests: Album, pages: Sequence[Page], *, written: Maps | None = None) -> list[Reply]:
    asked = [(page.example, [tests.looks[place].picture for place in page.looks]) for page in pages]
    return answers(loaded(key).tool.model, WAYS[key], asked, written=written)


@pytest.mark.parametrize("key", ["raw", "map", "reason", "map_reason"])
def test_a_mapper_scores_what_its_card_says(key, tests):
    scores = scored(said(key, tests, tests.pages), [Task(page.example) for page in tests.pages], WAYS[key])

    (row,) = [row for row in CARD["measured"] if (row["seed"], row["way"], row["of"]) == (0, key, "all")]
    for own, told in ((scores.answers, row["right"][0]), (scores.maps, row["maps"]), (scores.thoughts, row["thoughts"])):
        assert own == told if told is None else abs(own - told) < 3 * (0.25 / len(tests.pages)) ** 0.5


def test_reasoning_over_a_map_beats_the_answer_and_the_map_alone():
    right = {(row["way"], row["of"]): row["right"] for row in CARD["over_seeds"]}

    for family in ("rotation", "among", "all"):
        assert right["map_reason", family][1] > max(right["raw", family][2], right["map", family][2])


def test_the_best_takes_faces_from_the_map_in_its_mouth_and_places_from_the_views():
    tests = draw_album("test", 12, seed=0, questions=8, settings=["among"])
    pages = [page for page in tests.pages if page.question.template == "among_gen_4"]  # as the centre looks: what is there?
    right = [page.example.spots for page in pages]
    turned = [mirrored(mirrored(spots, "north-south"), "east-west") for spots in right]
    assert len(pages) >= 6

    for places, faces in ((right, right), (right, turned), (turned, right)):
        maps = [tuple(replace(spot, faces=other[0].faces) if spot.place == CENTRE else spot for spot in spots)
                for spots, other in zip(places, faces)]
        replies = said("map_reason", tests, pages, written=maps)
        due = [[page.example.thought[0], *(word if faces is right else behind(word) for word in page.example.thought[1:])]
               for page in pages]
        seen = [next(spot.thing for spot in page.example.spots if spot.place == words[-1]) for page, words in zip(pages, due)]
        assert np.mean([list(reply.thought or ()) == words for reply, words in zip(replies, due)]) > 0.8
        assert np.mean([reply.answer == thing for reply, thing in zip(replies, seen)]) > 0.8


def behind(way: str) -> str:
    return COMPASS[(COMPASS.index(way) + 2) % 4]
