"""Two runs of brought logs beside each other on the page, and an episode that only one of them did."""

import pytest
from streamlit.testing.v1 import AppTest

from backends.sessions import Session
from tests.backends.era import made_logs
from tests.backends.era.made_logs import FIND, PICK, PUT, SINK
from tests.pages import driving
from tests.pages.driving import said

ONE, OTHER = "running/eb_alfred/vlm-3b_baseline/base", "running/eb_alfred/vlm-3b_other/base"
TASKS = {1: made_logs.MUG, 2: "Slice the bread.", 3: "Open the fridge.", 4: "Fill the cup.", 5: "Heat the potato."}
DID = {ONE: {1: True, 2: True, 3: False, 4: False, 5: True}, OTHER: {1: True, 2: False, 3: False, 4: True, 5: False}}


@pytest.fixture(autouse=True)
def own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Session("era-comparing")
    monkeypatch.setattr("pages.house.session.current", lambda: own)


def run_of(root: str, **config: object) -> dict[str, bytes]:
    """Five episodes; the one that only the first run did is another from its third step on."""
    logs = {"config.txt": made_logs.config(**config)}
    for number, instruction in TASKS.items():
        done = DID[root][number]
        plan = [FIND, PICK, SINK if root == ONE else FIND, PUT]
        told, ends = made_logs.reply(plan), done and len(plan)
        rows = [made_logs.row(step, action, told, progress=1.0 if step == ends else 0.5, success=step == ends)
                for step, action in enumerate(plan, 1)]
        logs |= made_logs.alfred_episode(number, rows, instruction=instruction, task_success=float(done), num_steps=4)
    return made_logs.below(root, logs)


@pytest.fixture
def page() -> AppTest:
    """Both runs, the second chosen beside the first."""
    app = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/era/page.py").run()
    box = next(element for element in app.get("file_uploader") if element.proto.label == "Your logs")
    logs = run_of(ONE) | run_of(OTHER, exp_name="other", n_shots=0)
    box.set_value(("logs.zip", made_logs.zipped(logs), "application/zip"))
    app = driving.finish(app.run(), "era")
    return app.selectbox(key="era.other").select(1).run()


def test_a_model_of_somebodys_logs_is_called_no_checkpoint(page):
    assert "from logs" in said(page) and "real checkpoint" not in said(page)


def table(page: AppTest, column: str):
    return next((frame.value for frame in page.dataframe if column in frame.value), None)


def test_configs_come_before_outcomes_and_both_before_the_episodes_that_differ(page):
    assert not page.exception and not page.error
    columns = [list(frame.value.columns) for frame in page.dataframe]
    places = [next(place for place, names in enumerate(columns) if name in names)
              for name in ("setting", "the other did it", "first different step")]

    assert places == sorted(places)
    assert table(page, "setting").to_dict("list") == {
        "setting": ["exp_name", "n_shots"], "this run": ["baseline", "10"], "the other": ["other", "0"]}


def test_outcomes_are_mcnemars_two_by_two_and_its_p(page):
    four = table(page, "the other did it")

    assert four[["the other did it", "the other did not"]].to_numpy().tolist() == [[1, 2], [1, 1]]
    assert "both did 1, only this one 2, only the other 1, neither 1" in said(page).replace("\\", "")
    assert "p is 1.000" in said(page).replace("\\", "")  # of three coins, two or more fall alike in any case


def test_episodes_that_differ_say_the_first_step_in_which_they_do(page):
    differing = table(page, "first different step")

    assert differing["episode"].tolist() == [2, 4, 5] and set(differing["first different step"]) == {3}
    assert differing["done by"].tolist() == ["this run", "the other", "this run"]


def test_an_episode_that_differs_is_replayed_from_the_step_where_the_runs_part_and_the_comparison_stays(page):
    page.selectbox(key="era.parted").select(0).run()
    page = driving.finish(page, "era")

    result = page.session_state["era.result.replay"]
    assert (result.settings.log, result.settings.episode, result.episode.number) == (0, 2, 2)
    assert page.slider(key="era.step").value == 3 and "run.era" not in page.session_state
    assert page.selectbox(key="era.other").value == 1 and table(page, "the other did it") is not None
    assert page.selectbox(key="era.parted").value is None and not page.exception and not page.error

    page = driving.finish(page.selectbox(key="era.parted").select(1).run(), "era")
    assert page.session_state["era.result.replay"].episode.number == 4


def test_the_other_run_may_be_shown_itself(page):
    page = driving.finish(page.selectbox(key="era.log").select(1).run(), "era")

    assert page.session_state["era.result.replay"].settings.log == 1 and page.selectbox(key="era.other").value is None
    page.selectbox(key="era.other").select(0).run()
    assert "only this one 1, only the other 2" in said(page).replace("\\", "") and not page.exception
