"""Other maps in the hand of a mapper in words: what reaches it, and what is kept of its answers."""

import pytest

from backends.mindcube import handing
from backends.mindcube.handing import handed
from backends.mindcube.results import ORDERS
from models.mappers.examples import said
from models.mappers.replies import read
from models.mappers.symbols import example_of, training_items
from models.mappers.ways import WAYS
from models.mappers.words import COMPASS, text_of

EXAMPLES = [example_of(item) for item in training_items(3, 2)]


@pytest.mark.parametrize(("way", "is_given"), [("map_reason", False), ("map", False), ("map_in", True), ("map_in_reason", True)])
def test_whoever_looks_up_on_the_map_in_its_hand_follows_every_one(monkeypatch, way, is_given):
    def ask(model, way, tasks, *, maps, begun):
        assert (begun if is_given else maps) is None
        places = [{spot.place: spot.thing for spot in own} for own in (maps or begun)]
        return [read(["<answer>", place[task.example.where]]) for place, task in zip(places, tasks, strict=True)]

    monkeypatch.setattr(handing, "ask", ask)
    found = handed(None, WAYS[way], EXAMPLES)

    assert [one.where for one in found] == [example.where for example in EXAMPLES]
    for one, example in zip(found, EXAMPLES):
        assert one.things == tuple(text_of(spot.thing) for spot in example.spots) and one.asked == " ".join(example.asked)
        assert one.answers == tuple(one.things[order[COMPASS.index(one.where)]] for order in ORDERS)
        assert one.answers[0] == text_of(example.answer), "the first map is the true one"


def test_whoever_looks_at_the_views_says_the_same_with_every_map(monkeypatch):
    monkeypatch.setattr(handing, "ask", lambda model, way, tasks, **_: [read(said(task.example, way)) for task in tasks])

    assert [set(one.answers) for one in handed(None, WAYS["map_reason"], EXAMPLES)] == [{text_of(one.answer)} for one in EXAMPLES]


@pytest.mark.parametrize("way", ["raw", "reason"])
def test_of_a_way_without_maps_there_is_nothing(way):
    assert handed(None, WAYS[way], EXAMPLES) == ()
