"""MindCube's page without a browser: a room and its chain, a room of one's own, the map by hand, many questions, files."""

import io
import json
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from backends.files.archive import zipped
from backends.files.saved import load_result
from backends.mindcube import scoring
from backends.mindcube.formats.evaluation import to_json
from backends.mindcube.map_reading import read_map
from backends.mindcube.maps import mirrored, rotated, without_facings
from backends.mindcube.picked import PRESETS, RECORDED
from backends.mindcube.replies import drawn
from backends.mindcube.results import ORDERS, Handed, MindCubeResult, Training
from backends.mindcube.rooms import posed_by
from backends.mindcube.settings import MindCubeSettings
from backends.run import name_of
from backends.sessions import Session
from pages.house import beside
from pages.house.text import plain
from pages.mindcube import asked as asked_view
from pages.mindcube import browsing, handing, many, own_files, taking
from pages.mindcube.asked import badge, parted
from tests.backends.mindcube import short_trainings
from tests.backends.mindcube.made_tinybench import answered, lines, tinybench, with_map
from tests.pages import driving
from tests.pages.driving import charts, said
from tests.visualizers.mindcube import made
from worlds.rooms.free import free_scene
from worlds.rooms.scenes import Camera, Thing
from worlds.rooms.texts import read_scene, write_scene

RAW = MindCubeSettings(configurations=("Raw-QA",))
ONE_MAP = MindCubeSettings(configurations=("Plain-CGMap-FFR-Out",))


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> Session:
    own = Session("mindcube")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    return own


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[MindCubeSettings]:
    """What the page would have run."""
    found: list[MindCubeSettings] = []
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: found.append(settings))
    return found


@pytest.fixture(scope="module")
def recorded() -> MindCubeResult:
    return load_result((RECORDED / "default.orrery").read_bytes(), MindCubeResult)


def opened() -> AppTest:
    return AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/mindcube/page.py").run()


def clicked(page: AppTest, key: str) -> AppTest:
    return driving.finish(page.button(key=key).click().run(), "mindcube")


def shown(page: AppTest) -> MindCubeResult:
    result: MindCubeResult = page.session_state["mindcube.result." + page.session_state["mindcube.task"]]
    return result


def turned(page: AppTest, **values: object) -> AppTest:
    for key, value in values.items():
        page.session_state[key.replace("__", ".")] = value
    return page.run()


def scene_said(page: AppTest) -> str:
    return str(page.session_state["knob.mindcube.scene"])


def test_page_opens_on_a_question_with_its_answers_the_room_and_the_map(recorded):
    page = opened()

    assert not page.exception and not page.error and charts(page) >= 6
    intro, question = parted(recorded.asked.question)
    assert question in said(page).replace("\\", "") and intro.startswith("The four images")
    for reply in recorded.asked.replies:
        assert f"{reply.letter} :material/{'check: correct' if reply.is_right else 'close: wrong'}" in said(page)
    assert {"Every map", "In its own words", "Beside the paper", "How it works", "Take it away"} <= {one.value for one in page.header}


def test_the_chain_is_gone_through_step_by_step_without_a_run(recorded):
    page = opened()
    for step in recorded.asked.steps[:2]:
        page = page.button(key="mindcube.step.on").click().run()
        assert step.text in said(page).replace("\\", "")

    assert "run.mindcube" not in page.session_state and not page.exception
    assert page.session_state["mindcube.address.written"]["step"] == "2"


def test_an_address_says_the_step_whose_map_and_how_far_it_is_turned(recorded):
    page = driving.opened(recorded.settings, "mindcube", step="3", reply="Plain-CGMap-Out", turned="90")

    assert recorded.asked.steps[2].text in said(page).replace("\\", "")
    assert page.session_state["mindcube.reply"] == "Plain-CGMap-Out" and page.session_state["mindcube.turned"] == 90
    assert page.metric[1].value == "1.00" != page.metric[0].value, "the official metric does not see that it was only turned"


def test_a_map_that_is_changed_by_one_click_is_put_into_its_mouth_and_the_answer_from_before_stands_beside():
    page = driving.finish(driving.run_link(driving.opened(ONE_MAP, "mindcube"), "mindcube"), "mindcube")
    old = shown(page).asked.replies[0]
    assert ":gray[" not in said(page)
    page = clicked(page, "mindcube.edit.swap left and right")

    reply = shown(page).asked.replies[0]
    assert reply.given is not None and not reply.is_true_given and not page.exception
    assert "The map was changed" in said(page)
    assert page.selectbox(key="knob.mindcube.edit").value == "swap left and right"
    assert page.button(key="mindcube.edit.swap left and right").disabled
    assert ("as before" if reply.letter == old.letter else f"before:] {badge(old)}") in said(page)
    assert asked_view.before_the_change(shown(page)).replies == (old,)


def test_which_answers_moved_with_the_map_is_said(recorded):
    before = recorded.asked
    moved = before.replies[1].model_copy(update={"letter": "B" if before.replies[1].letter != "B" else "C"})
    after = before.model_copy(update={"replies": (before.replies[0], moved, *before.replies[2:])})

    told = asked_view.notice(after, "swap left and right", before)
    assert told.endswith("another answer comes from: map, then answer.")
    assert asked_view.notice(after, "swap left and right").endswith("to compare which answers moved with it.")
    assert "changed" not in asked_view.notice(after, "none")
    assert asked_view.notice(before, "swap left and right", before).endswith("no answer moved.")


def test_a_room_of_ones_own_begins_as_the_one_that_is_shown_and_is_a_link(recorded, asked):
    page = turned(opened(), mindcube__room__kind="own")
    began = read_scene(scene_said(page))
    assert began.names == read_scene(recorded.asked.scene).names and began == read_scene(recorded.asked.scene)

    page = page.selectbox(key="mindcube.room.name.0").set_value(began.names[1]).run()
    assert read_scene(scene_said(page)).names[:2] == (began.names[1], began.names[0]), "a thing that stands elsewhere changes places"
    page = page.selectbox(key="mindcube.room.faces.0").set_value(180).run()
    page = page.selectbox(key="mindcube.room.order").set_value("told").run()
    built = read_scene(scene_said(page))
    assert built.things[0].facing == 180 and built.cue == "described" and not page.exception and not page.warning

    page.button(key="run.ask").click().run()
    assert read_scene(asked[-1].scene) == built
    again = driving.opened(asked[-1], "mindcube")
    assert [again.selectbox(key=f"mindcube.room.name.{place}").value for place in range(5)] == list(built.names)


@pytest.mark.parametrize(("layout", "count"), [("around", 4), ("three_view", 3), ("two_view_opposite", 2), ("among", 5)])
def test_every_layout_can_be_built(layout, count):
    page = turned(opened(), mindcube__room__kind="own")
    page = page.selectbox(key="mindcube.room.layout").set_value(layout).run()

    page = page.selectbox(key="mindcube.room.count").set_value(count).run() if layout == "around" else page

    scene = read_scene(scene_said(page))
    assert (scene.setting, len(scene.things)) == (layout, count) and not page.exception
    assert not page.button(key="run.ask").disabled
    page = page.selectbox(key=f"mindcube.room.name.{count - 1}").set_value(scene.names[0]).run()
    swapped = read_scene(scene_said(page)).names
    assert (swapped[0], swapped[-1]) == (scene.names[-1], scene.names[0]) and not page.warning, "no thing stands twice"


def test_a_room_that_the_widgets_cannot_make_is_kept_as_it_was_written():
    things = [Thing("red box", 0.0, 1.5), Thing("blue ball", 2.0, 0.0)]
    text = write_scene(free_scene(things, [Camera(0.0, -2.0, 1.5, 0.0, 10.0, 62.0)]))
    page = driving.opened(MindCubeSettings(scene=text, configurations=("Raw-QA",)), "mindcube")

    assert scene_said(page) == text and not page.exception
    assert page.selectbox(key="mindcube.room.layout").value == "as written"


def test_the_questions_are_those_of_the_room_and_the_chosen_one_is_asked(asked):
    page = driving.opened(RAW, "mindcube")
    page = page.selectbox(key="knob.mindcube.wanted").set_value("among_5").run()
    box = page.selectbox(key="knob.mindcube.number")
    page = box.set_value(3).run()
    page.button(key="run.ask").click().run()

    posed = posed_by(asked[-1])
    assert len(box.options) == 8 and posed.question.template == "among_5"
    assert parted(posed.question.text)[1] == box.options[3].removeprefix("4. ")


def test_a_map_by_hand_begins_as_the_true_one_and_is_changed_without_a_run(asked):
    page = driving.opened(ONE_MAP, "mindcube")
    page = page.selectbox(key="knob.mindcube.edit").set_value("written").run()
    true = posed_by(ONE_MAP).true.plain
    assert read_map(page.session_state["knob.mindcube.map"]).map == true

    page = page.button(key="mindcube.map.turn").click().run()
    assert read_map(page.session_state["knob.mindcube.map"]).map == rotated(true, 1), "clockwise"
    page = page.button(key="mindcube.map.true").click().run()
    page = page.button(key="mindcube.map.mirror").click().run()
    assert read_map(page.session_state["knob.mindcube.map"]).map == mirrored(true) and "not isomorphic" in said(page)
    page.button(key="run.ask").click().run()
    assert asked[-1].edit == "written" and read_map(asked[-1].map).map == mirrored(true)

    page = turned(page, mindcube__map__as="json")
    page = page.text_area(key="knob.mindcube.map").set_value("no map").run()
    assert any("no object in braces" in warning.value for warning in page.warning) and not page.exception


def test_many_questions_stand_beside_what_needs_no_looking():
    page = opened().button(key="preset.mindcube.Count them").click().run()
    reports = load_result((RECORDED / "evaluate.orrery").read_bytes(), MindCubeResult).reports

    assert not page.exception and "Without looking: a letter at random" in said(page) and charts(page) >= 5
    page = page.selectbox(key="mindcube.verdict").set_value("wrong").run()
    report = reports[page.session_state["mindcube.report"]]
    assert f"{sum(line.is_right is False for line in report.lines):,} of {len(report.lines):,} questions" in said(page)


def brought(page: AppTest, name: str, content: bytes) -> AppTest:
    box = next(element for element in page.get("file_uploader") if element.proto.label == "Your files")
    box.set_value((name, content, "application/octet-stream"))
    return driving.finish(page.run(), "mindcube")


def replies(answer: str = "") -> bytes:
    rows = tinybench()[:40]
    return lines([{**row, "answer": answer or f"<answer>{row['gt_answer']}. x</answer>"} for row in rows])


def test_replies_that_are_brought_are_three_numbers_and_a_row_that_is_shown_whole():
    page = brought(opened(), "tiny_raw_qa_some-model_responses.jsonl", replies())

    assert not page.exception and [metric.value for metric in page.metric][:3] == ["100 %", "100 %", "0 %"]
    assert shown(page).asked.id == tinybench()[0]["id"] == page.subheader[0].value.replace("\\", "")
    page = page.selectbox(key="mindcube.file.task").set_value("plain_cgmap_out").run()
    page = driving.finish(page, "mindcube")
    assert shown(page).settings.asked_as == "plain_cgmap_out" and shown(page).reports[0].maps is not None and not page.exception


def test_an_evaluation_that_is_brought_beside_replies_stands_behind_them():
    rows = tinybench()[:40]
    told = to_json(scoring.score(answered(rows, with_map), task="plain_cgmap_out")).encode()
    content = zipped({"tiny_raw_qa_some-model_responses.jsonl": replies(), "x_eval.json": told})
    page = brought(opened(), "both.zip", content)

    assert not page.exception and page.selectbox(key="mindcube.report").options == ["answer at once (Raw-QA)", "x_eval.json"]
    assert page.session_state["mindcube.report"] == 0 and "levels cannot" not in said(page)
    assert "The maps" in {one.value for one in page.header}, "of the evaluation"


def test_of_a_model_that_never_answered_it_is_said_that_it_did_not():
    page = brought(opened(), "replies.jsonl", replies("I cannot see."))

    assert any("The model did not answer" in warning.value for warning in page.warning)
    assert page.metric[0].value == "no answer" and page.metric[2].value == "100 %" and not page.exception


def test_lines_are_found_by_template_and_verdict():
    report = load_result((RECORDED / "evaluate.orrery").read_bytes(), MindCubeResult).reports[0]
    name = report.lines[0].template
    both = browsing.found(report.lines, name, "wrong")

    assert both and all(report.lines[place].template == name and report.lines[place].is_right is False for place in both)
    line = report.lines[0]
    maps = [line.model_copy(update={"valid": valid, "is_isomorphic": shape}) for valid, shape in (
        (True, False), (True, True), (True, None), (False, None), (None, None))]
    assert browsing.found(maps, browsing.ALL, "map") == [0]
    assert len(browsing.found(report.lines, browsing.ALL, browsing.ALL)) == len(report.lines)


def test_a_row_of_many_opens_its_room_with_that_very_question(asked):
    result = load_result((RECORDED / "evaluate.orrery").read_bytes(), MindCubeResult)
    line = next(one for one in result.reports[0].lines[7:] if one.family == "among")
    wanted = many.with_its_room(result.settings, line)
    assert posed_by(wanted).item.id == line.id and posed_by(wanted).question.letter == line.gold

    page = driving.opened(wanted, "mindcube")
    assert page.session_state["mindcube.room.kind"] == "evaluated" and plain(posed_by(wanted).question.text) in said(page)
    page.button(key="run.ask").click().run()
    assert asked == [wanted] and not page.exception


def test_a_thing_that_is_moved_on_the_map_of_a_small_model_changes_what_the_map_says_and_nothing_is_run(monkeypatch):
    short_trainings.put_in(monkeypatch)
    page = driving.opened(MindCubeSettings(task="train", steps=2), "mindcube")
    page = driving.finish(driving.run_link(page, "mindcube"), "mindcube")
    one = shown(page).training.handed[0]
    at = {place: place_at for place_at, place in enumerate(handing.PLACES)}

    page = page.button(key="mindcube.handed.3012").click().run()
    assert [page.selectbox(key=f"mindcube.handed.{place}").value for place in at] == [3, 0, 1, 2], "what was west is north"
    other = next(place for place in at if place != one.where)
    now = page.selectbox(key=f"mindcube.handed.{other}").value
    page = page.selectbox(key=f"mindcube.handed.{one.where}").set_value(now).run()
    order = page.session_state["mindcube.order"]
    assert order[at[one.where]] == str(now) and sorted(order) == list("0123") and handing.on_map(one, order) == one.things[now]
    assert handing.answered(one, order) in said(page) and "run.mindcube" not in page.session_state and not page.exception


def test_who_follows_every_map_is_told_so_and_who_looks_at_the_views_too():
    things = ("red box", "blue ball", "green cone", "pink box")
    follows = Handed(asked="2 right behind", things=things, where="east", answers=tuple(things[order[1]] for order in ORDERS))
    looks = follows.model_copy(update={"answers": ("blue ball",) * 24})

    assert handing.question(follows) == "As in view 2, turn right: what is behind me?"
    assert "**24 of 24**" in handing.told(Training(way="map_in", chance=0.25, handed=(follows,)))
    assert "**30 of 48**" in handing.told(Training(way="map_in", chance=0.25, handed=(follows, looks)))
    assert "as this map says" in handing.answered(looks, "0123") and "The views say" not in handing.answered(looks, "0123")
    assert "not as this map says" in handing.answered(looks, "1023") and "The views say blue ball." in handing.answered(looks, "1023")


def test_a_training_is_watched_and_gone_on_from(monkeypatch):
    short_trainings.put_in(monkeypatch)
    page = driving.opened(MindCubeSettings(task="train", steps=2), "mindcube")
    page = driving.finish(driving.run_link(page, "mindcube"), "mindcube")
    assert not page.exception and "after 2 steps" in said(page) and "It is kept in this session" in said(page)

    box = page.selectbox(key="knob.mindcube.continues")
    assert len(box.options) == 2
    held = page.session_state["mindcube.result.train"]
    page = box.select_index(1).run()
    page = driving.finish(page.button(key="run.train").click().run(), "mindcube")
    assert shown(page) is not held and shown(page).training.went_on_from == 2 and not page.exception


def test_only_a_run_that_made_something_can_be_gone_on_from(own_session):
    trained = load_result((RECORDED / "train.orrery").read_bytes(), MindCubeResult)
    kept = trained.model_copy(update={"made": ("made:mindcube-0123abcd",)})
    for one in (trained, kept):
        own_session.remember(one)
    page = turned(opened(), mindcube__task="train")

    box = page.selectbox(key="knob.mindcube.continues")
    assert len(own_session.results) == 2 and box.options == ["Begin anew", beside.label(name_of(kept), kept)]


def test_maps_and_views_are_taken_away_as_mindcube_writes_them(recorded):
    with zipfile.ZipFile(io.BytesIO(taking.of_question(recorded.asked))) as archive:
        names, true = archive.namelist(), json.loads(archive.read("map-true.json"))

    assert {one["name"] for one in true["objects"]} == {spot.name for spot in recorded.asked.true.objects}
    assert sum(name.endswith(".jpg") for name in names) == len(recorded.asked.images)


def test_of_a_row_no_quarter_turn_is_offered_and_of_things_without_a_face_no_loss_of_it(recorded):
    assert {"rotate by a quarter", "lose the facings"} <= set(asked_view.able(recorded.asked))
    row = posed_by(MindCubeSettings(layout="around", index=1))
    without = recorded.asked.model_copy(update={"family": "around", "true": drawn(without_facings(row.true))})

    assert {"rotate by a quarter", "lose the facings"} & set(asked_view.able(without)) == set()


def test_ways_whose_intervals_overlap_are_not_ranked():
    told = [many.notice(one) for one in (made.reports(), made.reports()[:2])]

    assert told[0].startswith("map, then reason (Plain-CGMap-FFR-Out) answers 87% correctly")
    assert "overlap: so few questions" in told[1], "44 and 40 of 120 may be chance"


def test_another_file_is_read_from_its_first_row_and_another_task_at_the_row_that_is_shown(monkeypatch):
    chosen: list[MindCubeSettings] = []
    monkeypatch.setattr(own_files.st, "session_state", {"mindcube.file.part": 1, "mindcube.file.task": "raw_qa"})
    result = load_result((RECORDED / "default.orrery").read_bytes(), MindCubeResult)
    result = result.model_copy(update={"settings": MindCubeSettings(task="file", file="upload:a.zip", item=7, asked_as="ff_rsn")})
    for key, knob in (("mindcube.file.part", "part"), ("mindcube.file.task", "asked_as")):
        own_files._read(result, chosen.append, key, knob)

    assert [(one.part, one.item, one.asked_as) for one in chosen] == [(1, 0, ""), (0, 7, "raw_qa")]


def test_every_preset_opens_what_is_recorded_of_it_or_runs(asked):
    page = opened()
    for label, (settings, _) in PRESETS.items():
        page = page.button(key=f"preset.mindcube.{label}").click().run()

        assert not page.exception and settings in (*asked, page.session_state["mindcube.stand"])
