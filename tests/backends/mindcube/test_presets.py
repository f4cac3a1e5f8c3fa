"""Which questions the page opens with: what a changed map implies, what counts as an example, and that the recorded ones are such."""

import json
from dataclasses import replace

import pytest

from backends.files.saved import load_result
from backends.mindcube import picked
from backends.mindcube.picked import PICKED, PRESETS, RECORDED
from backends.mindcube.presets import BOTH, LAYOUT, TEMPLATES, asked_about, implied_by, is_exact, tried
from backends.mindcube.presets import picked as picked_of
from backends.mindcube.replies import Said, replied
from backends.mindcube.results import MindCubeResult
from backends.mindcube.rooms import posed
from backends.mindcube.run import run
from backends.mindcube.settings import FOUR, MindCubeSettings
from backends.mindcube.system import wins
from backends.run import Inputs, last
from models.catalogue import RUNGS, availability
from tests.backends.mindcube import tiny_mappers
from worlds.rooms.generator import scene_at
from worlds.rooms.layouts import among
from worlds.rooms.questions import questions_of

IS_HERE = any(rung.name == "mindcube-mappers" and availability(rung).ok for rung in RUNGS)
needs_miniature = pytest.mark.skipif(not (IS_HERE and PICKED.is_file()), reason="the mappers are not trained here")
MIRRORED = {90: 270, 270: 90}


def test_what_an_exchanged_map_implies_is_what_is_so_in_the_mirrored_room():
    """The images stay: whoever stands in the front still does, and finds the west in the east."""
    count = 0
    for place in range(12):
        scene = scene_at(place, subset="test", seed=0, settings=[LAYOUT], cue="shuffled")
        centre, south, west, north, east = scene.things
        exchanged = (centre, south, east, north, west)
        facings = [MIRRORED.get(thing.facing, thing.facing) for thing in exchanged]
        other = among([thing.name for thing in exchanged], facings=facings, order=scene.order, cue="shuffled")
        there = {(one.template, one.id, one.names): one for one in questions_of(other, seed=0)}
        for question in questions_of(scene, seed=0):
            same = there.get((question.template, question.id, question.names))
            if question.template in ("among_2_1", "among_5", "among_gen_4") and same is not None:
                assert dict(zip("ABCD", question.options))[implied_by(posed(scene, question))] == same.answer
                count += 1
    assert count > 100


def test_an_example_is_of_the_kind_that_its_replies_make_it(mappers_here):
    questions = list(asked_about(2, 0))
    models = {configuration: tiny_mappers.seer(number) for number, configuration in enumerate(FOUR)}
    found = tried(models, questions)[0]
    one = questions[0][1]
    map_text = one.item.grounded
    right, wrong = (f"<answer>{letter}. x</answer>" for letter in (one.question.letter, "ABCD".replace(one.question.letter, "")[0]))

    def said(configuration, answer):
        written = f"<cogmap>{map_text}</cogmap>" if "CGMap" in configuration else ""
        return replied(one.item, one.true, configuration, Said(written + answer))

    def kinds(raw, alone, thought, both, turned=wrong, implied=""):
        replies = dict(zip(FOUR, (said(name, answer) for name, answer in zip(FOUR, (raw, alone, thought, both)))))
        made = replace(found, replies=replies, turned=said(BOTH, turned), implied=implied or found.implied)
        return {kind for kind, is_one in made.kinds.items() if is_one}

    assert {name: found.replies[name].configuration for name in FOUR} == {name: name for name in FOUR}
    assert kinds(wrong, wrong, wrong, right) == {"mended"} and kinds(wrong, wrong, right, wrong) == {"alone", "marred"}
    assert kinds(right, right, right, right) == set() and kinds(wrong, right, right, right) == set()
    letter = wrong[len("<answer>")]
    assert kinds(right, right, right, right, wrong, letter) == {"turned"}
    assert kinds(right, right, right, wrong, wrong, letter) == {"marred"}


def test_what_is_picked_is_the_first_of_its_kind_and_all_are_counted(mappers_here):
    models = {configuration: tiny_mappers.seer(number) for number, configuration in enumerate(FOUR)}
    found = tried(models, list(asked_about(2, 0)))
    record = picked_of(found)

    assert record["questions"] == len(found) == len({json.dumps(one.place) for one in found})
    assert set(record["counts"]) == {"mended", "alone", "turned", "marred"}
    assert {one.place["wanted"] for one in found} <= set(TEMPLATES)
    for kind, place in record["picked"].items():
        assert place == next(one.place for one in found if one.kinds[kind])


def test_presets_stand_without_any_record(monkeypatch, tmp_path):
    monkeypatch.setattr(picked, "PICKED", tmp_path / "none.json")

    assert list(picked._presets()) == list(PRESETS)


@needs_miniature
def test_the_opening_example_is_mended_by_a_map_and_a_thought():
    result = last(run(PRESETS["See it fail"][0], Inputs()))
    replies = {reply.configuration: reply for reply in result.asked.replies}

    assert [reply.is_right for reply in replies.values()] == [False, False, False, True] and is_exact(replies[BOTH])
    opened = load_result((RECORDED / "default.orrery").read_bytes(), MindCubeResult)
    assert opened.settings == result.settings
    assert [one.text for one in opened.asked.replies] == [one.text for one in result.asked.replies]


@needs_miniature
def test_the_other_examples_show_what_is_said_of_them():
    alone = {one.configuration: one for one in last(run(PRESETS["A map alone does not help"][0], Inputs())).asked.replies}
    assert [reply.is_right for reply in alone.values()] == [False, False, True] and is_exact(alone["Plain-CGMap-Out"])

    turned = PRESETS["Turn its map over"][0]
    untouched = turned.model_copy(update={"edit": "none"})
    before, after = (last(run(settings, Inputs())).asked.replies[0] for settings in (untouched, turned))
    assert before.is_right and not after.is_right and after.letter and after.given is not None


@needs_miniature
def test_the_recorded_evaluation_says_what_wins():
    opened = load_result((RECORDED / "evaluate.orrery").read_bytes(), MindCubeResult)
    right = {report.configuration: report.parts[0].official[0] for report in opened.reports}

    assert right["Plain-CGMap-FFR-Out"] > right["Raw-QA"] + 0.2 and right["Plain-CGMap-Out"] < right["Raw-QA"] + 0.1
    assert f"{100 * right['Plain-CGMap-FFR-Out']:.0f} %" in wins() and f"{opened.reports[0].parts[0].count:,} questions" in wins()
    assert isinstance(opened.settings, MindCubeSettings)
