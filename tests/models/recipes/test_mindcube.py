"""What the recipes of the mappers make: every configuration behind one eye, a card that says what it scores, mirror images."""

import json
from itertools import pairwise

import pytest
import torch
from transformers import AutoModelForImageTextToText

from models.mappers.learning import Lesson, Task
from models.mappers.networks import fresh_reader
from models.mappers.symbols import example_of, training_items
from models.mappers.ways import WAYS
from models.training.language import Training
from tests.models.recipes.recipe import recipe


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_mappers_share_an_eye_and_their_cards_say_what_they_score(tmp_path, capsys):
    making, card = recipe("mindcube_mappers.making"), recipe("mindcube_mappers.card")
    short = Lesson(steps=2, batch=4)
    plan = making.Plan(scenes=6, questions=2, tested=4, updates=1, looking=short, lesson=short)
    ways = [WAYS["raw"], WAYS["map_reason"]]

    mappers = list(making.made(plan, ways))
    for mapper, tests, reading in mappers:
        card.write(tmp_path / mapper.way.key, mapper.model, mapper.way, plan=plan, tests=tests, verdicts=mapper.verdicts,
                   reading=reading, minutes=(2.0, 1.0))

    printed = capsys.readouterr().out
    assert "eye, update 1" in printed
    assert printed.index("base, step 2") < printed.index("raw, step 2") < printed.index("map_reason, step 2")
    told = json.loads((tmp_path / "map_reason" / "card.json").read_text())
    assert told["name"] == "mindcube-map-reason" and told["script"].endswith("--way map_reason") and told["training"]["scenes"] == 6
    everything = told["measured"][-1]
    assert everything["setting"] == "all" and everything["questions"] == 12 and 0 <= everything["maps"] <= 1
    assert json.loads((tmp_path / "raw" / "card.json").read_text())["measured"][-1]["maps"] is None
    loaded = [AutoModelForImageTextToText.from_pretrained(tmp_path / way.key) for way in ways]
    for own, other in pairwise(model.model.vision_tower.state_dict() for model in loaded):
        assert all(torch.equal(own[name], other[name]) for name in own)
    assert not torch.equal(loaded[0].lm_head.weight, loaded[1].lm_head.weight)


def test_answers_on_the_mirrored_axis_and_others_are_told_apart():
    tasks = [Task(example_of(item)) for item in training_items(0, 40)]
    model = fresh_reader(0, Training(hidden=16, layers=1, heads=2, mlp=16))

    on, off = recipe("mindcube_symbols.__main__").mirror_test(model, WAYS["map_in_reason"], tasks, "east-west")

    assert 0 <= on <= 1 and 0 <= off <= 1
