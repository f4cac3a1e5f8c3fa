"""Labels of failures on ERA's page: given by hand, kept, as a file and from one, and how far two people agree."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from backends.era.labels import Label, labels_text, read_labels
from backends.sessions import Session
from tests.backends.era import made_logs
from tests.pages import driving
from tests.pages.driving import said

ROOT = "running/eb_alfred/vlm-3b_baseline/base"
NOT_DONE = {"task_success": 0.0, "task_progress": 0.0, "num_steps": 3, "planner_steps": 2}


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Session("era")
    monkeypatch.setattr("pages.house.session.current", lambda: own)


@pytest.fixture
def page() -> AppTest:
    """Two episodes that failed, one that did not."""
    opened = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/era/page.py").run()
    failed = [made_logs.row(1, made_logs.PICK, made_logs.FIRST, ok=False), made_logs.unreadable(),
              made_logs.row(2, made_logs.PICK, made_logs.SECOND, ok=False), made_logs.row(3, made_logs.FIND, made_logs.SECOND)]
    logs = made_logs.below(ROOT, {
        "config.txt": made_logs.config(), **made_logs.alfred_episode(1, failed, **NOT_DONE),
        **made_logs.alfred_episode(2, failed, instruction="Slice the bread.", **NOT_DONE), **made_logs.alfred_episode(3)})
    return brought(opened, "Your logs", "logs.zip", made_logs.zipped(logs))


def brought(page: AppTest, label: str, name: str, content: bytes) -> AppTest:
    box = next(element for element in page.get("file_uploader") if element.proto.label == label)
    box.set_value((name, content, "application/octet-stream"))
    return driving.finish(page.run(), "era")


def episodes(page: AppTest) -> list[str]:
    return next(frame.value for frame in page.dataframe if "label" in frame.value)["label"].tolist()


def label(number: int, stage: str, kind: str = "", instruction: str = made_logs.MUG) -> Label:
    return Label("eb_alfred", "vlm-3b", "baseline", "base", number, instruction, stage, kind)


def test_a_label_is_picked_stands_in_the_table_and_in_two_rings_and_outlives_another_episode(page):
    assert not page.exception and episodes(page) == ["", "", ""]
    suggested = next(frame.value for frame in page.dataframe if "label" in frame.value)["the log suggests"].tolist()
    assert "planning: invalid action" in suggested[0] and suggested[2] == ""

    page.segmented_control(key="era.label.stage").set_value("reasoning").run()
    page.selectbox(key="era.label.kind").select("reflection error").run()
    page.text_input(key="era.label.note").set_value("same again").run()
    assert episodes(page) == ["reasoning: reflection error", "", ""]
    rings = [chart for chart in page.get("plotly_chart") if '"sunburst"' in chart.proto.spec]
    assert len(rings) == 1 and "reflection error" in rings[0].proto.spec

    page = driving.finish(page.selectbox(key="era.episode").select(2).run(), "era")
    assert page.segmented_control(key="era.label.stage").value is None
    page = driving.finish(page.selectbox(key="era.episode").select(1).run(), "era")
    assert page.selectbox(key="era.label.kind").value == "reflection error"
    assert page.text_input(key="era.label.note").value == "same again"

    page.segmented_control(key="era.label.stage").set_value("planning").run()
    assert page.selectbox(key="era.label.kind").value is None and episodes(page)[0] == "planning"
    page.segmented_control(key="era.label.stage").set_value(None).run()
    assert episodes(page) == ["", "", ""] and not page.exception


def test_a_suggestion_becomes_the_label_by_a_click_and_a_task_that_was_done_has_none(page):
    button = page.button(key="era.label.take.0")
    page = button.click().run()
    assert episodes(page)[0] == button.label and page.segmented_control(key="era.label.stage").value == button.label.split(":")[0]

    page = driving.finish(page.selectbox(key="era.episode").select(3).run(), "era")
    assert "Why did it fail?" not in [header.value for header in page.header] and not page.exception


def test_labels_come_from_a_file_and_a_hostile_one_is_one_sentence_and_nothing_is_lost(page):
    mine = labels_text([label(1, "planning", "missing step"), label(2, "perception", instruction="Slice the bread.")]).encode()
    page = brought(page, "Labels from a file", "mine.jsonl", mine)
    assert episodes(page) == ["planning: missing step", "perception", ""] and not page.error
    assert page.selectbox(key="era.label.kind").value == "missing step"

    page = brought(page, "Labels from a file", "odd.jsonl", b"\x00\x01PK<script>alert(1)</script>")
    assert len(page.error) == 1 and "<script>" not in page.error[0].value and not page.exception
    assert episodes(page) == ["planning: missing step", "perception", ""]


def test_labels_of_this_session_are_the_file_that_is_taken_away(page):
    page.button(key="era.label.take.0").click().run()

    from pages.era.labelling import held
    (kept,) = read_labels(labels_text(held().values()).encode()).rows

    assert (kept.environment, kept.model, kept.group, kept.number) == ("eb_alfred", "vlm-3b", "base", 1)
    assert kept.instruction == made_logs.MUG


def test_two_peoples_labels_are_compared_and_theirs_change_nothing(page):
    slices = "Slice the bread."
    mine = [label(1, "planning", "missing step"), label(2, "planning", "missing step", slices)]
    page = brought(page, "Labels from a file", "mine.jsonl", labels_text(mine).encode())
    rows = [{"number": 1, "stage": "planning", "kind": "invalid action"}, {"number": 2, "stage": "reasoning", "instruction": slices}]
    told = [{"environment": "eb_alfred", "model": "vlm-3b", "experiment": "baseline", "group": "base",
             "instruction": made_logs.MUG} | row for row in rows]
    page = brought(page, "Somebody else's labels", "theirs.json", json.dumps(told).encode())

    assert "2 episodes labelled by both. Stage: the same in 50 % (Cohen's kappa 0.00)." in said(page).replace("\\", "")
    table = next(frame.value for frame in page.dataframe if "theirs" in frame.value)
    assert table["theirs"].tolist() == ["planning: invalid action", "reasoning"]
    assert episodes(page) == ["planning: missing step", "planning: missing step", ""] and not page.exception

    page = brought(page, "Somebody else's labels", "none.jsonl", labels_text([label(7, "planning")]).encode())
    assert "nothing to agree in" in said(page)


def test_episodes_are_filtered_by_ending_text_suggestion_and_label(page):
    def shown() -> list[int]:
        return next((frame.value["episode"].tolist() for frame in page.dataframe if "label" in frame.value), [])

    page.selectbox(key="era.filter.ended").select("done").run()
    assert shown() == [3]
    page.selectbox(key="era.filter.ended").select("not done").run()
    page.text_input(key="era.filter.text").set_value("bread SLICE").run()
    assert shown() == [2]
    page.text_input(key="era.filter.text").set_value("moon").run()
    assert shown() == [] and "0 of 3 episodes" in said(page) and not page.exception

    page.text_input(key="era.filter.text").set_value("").run()
    page.selectbox(key="era.filter.suggested").select("planning: invalid action").run()
    assert shown() == [1, 2]
    page.button(key="era.label.take.0").click().run()
    page.selectbox(key="era.filter.label").select("none yet").run()
    assert shown() == [2] and not page.exception
