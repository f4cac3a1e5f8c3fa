"""What the recipes of the mappers make: every configuration behind one eye, a card that says what it scores, mirror images."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText

from models import catalogue
from models.loading import load
from models.mappers.albums import draw_album
from models.mappers.asking import answers
from models.mappers.examples import map_words, said
from models.mappers.learning import Lesson, Task
from models.mappers.networks import fresh_reader, fresh_seer
from models.mappers.replies import Verdict, read
from models.mappers.symbols import example_of, training_items
from models.mappers.ways import WAYS
from models.mappers.words import COMPASS
from models.training.language import Training
from tests.models.recipes.recipe import recipe
from worlds.rooms.scenes import DIRECTIONS


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def plan() -> object:
    making, short = recipe("mindcube_mappers.making"), Lesson(steps=2, batch=4)
    return making.Plan(scenes=6, questions=2, validated=2, tested=8, updates=1, looking=short, lesson=short, every=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, plan) -> Path:
    """What a training of two seeds that learned next to nothing writes."""
    out = tmp_path_factory.mktemp("mindcube-mappers")
    recipe("mindcube_mappers.__main__").miniature(plan, [3, 4], out)
    return out


def test_mappers_share_the_file_of_their_eye_and_are_loaded_whole(folder):
    keys = recipe("mindcube_mappers.making").SHIPPED
    loaded = {key: AutoModelForImageTextToText.from_pretrained(folder / key) for key in keys}

    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors"))
    assert files == sorted(["eye.safetensors", *(f"{key}/decoder.safetensors" for key in keys)])
    eye = {name.split("vision_tower.")[1]: weight for name, weight in load_file(folder / "eye.safetensors").items()}
    for model in loaded.values():
        own = model.model.vision_tower.state_dict()
        assert own.keys() == eye.keys() and all(torch.equal(weight, eye[name]) for name, weight in own.items())
    for one, other in combinations(loaded.values(), 2):
        assert not torch.equal(one.lm_head.weight, other.lm_head.weight)


def test_a_mapper_that_is_read_back_says_what_the_one_that_was_written_said(tmp_path, plan):
    making, files, scores = (recipe(f"mindcube_mappers.{name}") for name in ("making", "folder", "scores"))
    begun = making.begin(plan)
    mapper = making.train(begun, WAYS["map_reason"])
    said = scores.measured(mapper, begun.tests)

    files.write_shared(tmp_path / "shared" / "map_reason", mapper.model)
    files.write_whole(tmp_path / "whole", mapper.model)

    for folder in (tmp_path / "shared" / "map_reason", tmp_path / "whole"):
        model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        for name, weight in mapper.model.state_dict().items():
            assert torch.equal(model.state_dict()[name], weight), name
        assert scores.measured(replace(mapper, model=model), begun.tests) == said


def test_a_folder_keeps_one_eye(tmp_path):
    files, making = recipe("mindcube_mappers.folder"), recipe("mindcube_mappers.making")
    one, other = fresh_seer(0), fresh_seer(1)
    files.write_shared(tmp_path / "raw", making.whole(one, one.model.vision_tower))

    with pytest.raises(ValueError, match="another eye"):
        files.write_shared(tmp_path / "map", making.whole(other, other.model.vision_tower))


def test_the_card_says_of_each_seed_what_it_scores_and_how_it_learned(folder):
    card, text = json.loads((folder / "card.json").read_text()), (folder / "README.md").read_text()

    assert [seed["training"]["seed"] for seed in card["seeds"]] == [3, 4]
    asked = {(row["seed"], row["way"]): row for row in card["measured"] if row["of"] == "all"}
    shipped = ["raw", "map", "reason", "map_reason"]
    assert list(asked) == [*((3, way) for way in (*shipped, "map_in", "map_in_reason")), *((4, way) for way in shipped)]
    for (_, way), row in asked.items():
        assert row["questions"] == 24 and row["right"][1] <= row["right"][0] <= row["right"][2] and 0 < row["guessed"] < 1
        assert (row["maps"] is None) == (row["places"] is None) == (not WAYS[way].writes_map)
        assert (row["thoughts"] is None) == (not WAYS[way].thinks)
    assert [row["step"] for row in card["curves"]] == [1, 2] * 10
    assert {row["way"] for row in card["over_seeds"]} == set(shipped), "of the others there is one seed only"
    assert {row["questions"] for row in card["over_seeds"] if row["of"] == "all"} == {48}
    assert {row["way"] for row in card["beliefs"]} == {"map", "map_reason", "map_in", "map_in_reason"}
    assert card["bytes"] == sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    assert card["script"] in text and all(sentence in text for sentence in card["cannot"])


def test_the_card_is_a_rung_whose_other_states_are_made_when_they_are_asked_for(folder):
    (rung,) = [rung for rung in catalogue.miniatures.declared_in(folder.parent) if rung.name == folder.name]

    assert (rung.source, rung.role, rung.made_for) == (f"{folder.name}/raw", "vlm", ("mindcube",))
    assert rung.parameters == AutoModelForImageTextToText.from_pretrained(folder / "map").num_parameters()
    assert {name for name, stage in rung.stages.items() if stage.recipe} == {"map_in", "map_in_reason"}
    assert rung.stages["map_in"].recipe == "mindcube_mappers --way map_in"


def test_a_state_is_loaded_by_its_rung_and_takes_the_memory_that_it_says(folder, plan, monkeypatch):
    monkeypatch.setattr(catalogue.ladder, "MINIATURES", folder.parent)
    (rung,) = [rung for rung in catalogue.miniatures.declared_in(folder.parent) if rung.name == folder.name]
    state, (_, _, tests) = catalogue.at_stage(rung, "map"), plan.albums()
    page = tests.pages[0]

    loaded = load(state)

    assert catalogue.availability(state, "cpu").ok and 0.75 * state.memory_mb["none"] < loaded.footprint_mb <= state.memory_mb["none"]
    asked = [(page.example, [tests.looks[place].picture for place in page.looks])]
    (reply,) = answers(loaded.tool.model, WAYS["map"], asked, written=[page.example.spots])
    assert reply.words[0] == "<map>" and reply.words.index("<answer>") == 1 + len(map_words(page.example.spots))


def test_one_configuration_alone_is_written_whole(tmp_path, plan, monkeypatch):
    main = recipe("mindcube_mappers.__main__")
    monkeypatch.setattr(main, "Plan", lambda: plan)
    monkeypatch.setattr("sys.argv", ["mindcube_mappers", "--way", "map_in", "--out", str(tmp_path / "made")])

    main.main()

    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "made")
    assert model.model.vision_tower.embeddings.patch_embedding.weight.shape[0] == model.config.vision_config.hidden_size
    told = json.loads((tmp_path / "made" / "training.json").read_text())
    assert told["training"]["seed"] == 0 and set(told["cpu_minutes"]) == {"drawing", "eye", "base", "map_in"}


@pytest.mark.parametrize("hits, low, high", [(0, 0.0, 0.2775), (10, 0.7225, 1.0), (5, 0.2366, 0.7634)], ids=["none", "all", "half"])
def test_a_share_of_ten_has_wilsons_interval(hits, low, high):
    assert recipe("mindcube_mappers.scores").wilson(hits, 10) == pytest.approx((hits / 10, low, high), abs=1e-4)


def test_rows_are_of_what_was_said(plan):
    scores, (_, _, tests) = recipe("mindcube_mappers.scores"), plan.albums()
    right = [scores.Asked(page, read(said(page.example, WAYS["map_reason"])), Verdict(True, True, True)) for page in tests.pages]
    wrong = [scores.Asked(page, read(["<answer>", "north"]), Verdict(False, False, False)) for page in tests.pages]

    row = scores.row("all", [*right[:6], *wrong[6:]])

    assert (row.questions, row.right[0], row.maps, row.thoughts) == (24, 0.25, 0.25, 0.25) and row.places == 0.25
    assert row.guessed == pytest.approx(sum(1 / len(page.question.options) for page in tests.pages) / 24)
    assert scores.interval([right, right]) == (1.0, 1.0, 1.0) and scores.interval([right, wrong]) == (0.5, 0.0, 1.0)
    low, high = scores.interval([[*right[:12], *wrong[12:]]])[1:]
    assert 0 < low < 0.5 < high < 1


def test_a_changed_map_has_an_answer_that_is_not_what_the_views_say():
    beliefs, tests = recipe("mindcube_mappers.beliefs"), draw_album("test", 30, seed=0, questions=3)
    for change, templates in (("places", beliefs.PLACED), ("faces", beliefs.FACED)):
        changed = list(beliefs._changed(tests, change))
        assert {page.question.template for page, _, _ in changed} == set(templates)
        for page, spots, due in changed:
            assert due != page.example.answer and due in {spot.thing for spot in spots} and spots != page.example.spots
            if change == "faces":
                assert [spot.thing for spot in spots] == [spot.thing for spot in page.example.spots]
                heading = COMPASS.index(spots[0].faces) + DIRECTIONS.index(page.question.direction)
                assert due == next(spot.thing for spot in spots if spot.place == COMPASS[heading % 4])


def test_answers_on_the_mirrored_axis_and_others_are_told_apart():
    tasks = [Task(example_of(item)) for item in training_items(0, 40)]
    model = fresh_reader(0, Training(hidden=16, layers=1, heads=2, mlp=16))

    on, off = recipe("mindcube_symbols.__main__").mirror_test(model, WAYS["map_in_reason"], tasks, "east-west")

    assert 0 <= on <= 1 and 0 <= off <= 1
