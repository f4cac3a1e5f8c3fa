"""What is set is what is shown, on every page: at opening, after a preset, a link, a task change. Opening a link starts nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backends import registry
from backends.files.saved import load_result
from backends.knobs import knob_of, knobs_of
from backends.registry import system as find_system
from backends.run import Result, Settings
from backends.sessions import Session
from pages.house import knobs, tasks
from tests.pages import driving

NAMES = registry.names()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A browser that nothing was run in; else all of these share one."""
    own = Session("one-browser")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    yield own
    own.release()


def page_of(name: str) -> AppTest:
    return AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()


def knobs_say(page: AppTest, name: str) -> dict[str, object]:
    return {knob.name: page.session_state[f"knob.{name}.{knob.name}"] for knob in knobs_of(find_system(name).settings)
            if knob.name != knobs.THE_TASK and knob.kind != "result"}


def as_held(settings: Settings) -> dict[str, object]:
    return {name: knobs._held(knob, value) for name, value in settings
            if (knob := knob_of(type(settings), name)).kind != "result" and name != knobs.THE_TASK}


def run_untouched(page: AppTest) -> Settings:
    """What the run button asks for as the page stands."""
    button = next(button for button in page.button if str(button.key).startswith("run.") and button.key != "run.seeds")
    name = next(name for name in NAMES if f"docs.{name}" in {button.key for button in page.button})
    page = button.click().run()
    return page.session_state[f"{name}.asked"]


def recorded(name: str) -> Result:
    what = find_system(name)
    assert what.recorded is not None
    return load_result(what.recorded.read_bytes(), what.result)


@pytest.mark.parametrize("name", NAMES)
def test_at_opening_the_knobs_are_the_pictures_and_run_gives_it_again(name: str) -> None:
    page = page_of(name)

    assert knobs_say(page, name) == as_held(recorded(name).settings)
    assert run_untouched(page) == recorded(name).settings


@pytest.mark.parametrize("name", NAMES)
def test_the_first_preset_is_the_one_that_is_shown_at_opening_and_it_is_marked(name: str) -> None:
    page, (label, (settings, said)) = page_of(name), next(iter(find_system(name).presets.items()))

    assert settings == recorded(name).settings
    assert page.button(key=f"preset.{name}.{label}").icon == ":material/check:"
    assert said.split(".")[0] in driving.said(page).replace("\\", "")


@pytest.mark.parametrize("name", NAMES)
def test_after_a_task_change_and_back_the_knobs_are_again_the_pictures(name: str) -> None:
    page, what = page_of(name), find_system(name)
    others = [knob.choices for knob in knobs_of(what.settings) if knob.name == knobs.THE_TASK]
    for task in others[0] if others else ():
        page.session_state[f"{name}.task"] = task
        page = page.run()
        page.session_state[f"{name}.task"] = tasks.first(what)
        page = page.run()

    assert knobs_say(page, name) == as_held(recorded(name).settings)
    assert run_untouched(page) == recorded(name).settings


@pytest.mark.parametrize("back", ["by its preset", "by the choice of tasks"])
def test_a_preset_of_another_task_leaves_no_knob_of_its_own_behind(back: str) -> None:
    page = page_of("ragen").button(key="preset.ragen.Ask why").click().run()
    assert knobs_say(page, "ragen") == as_held(find_system("ragen").presets["Ask why"][0])

    if back == "by its preset":
        page = page.button(key=f"preset.ragen.{next(iter(find_system('ragen').presets))}").click().run()
    else:
        page.session_state["ragen.task"] = "train"
        page = page.run()
    assert page.session_state["ragen.task"] == "train" and knobs_say(page, "ragen") == as_held(recorded("ragen").settings)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_starts_nothing_and_one_click_runs_it(name: str) -> None:
    settings = recorded(name).settings.model_copy(update={"seed": 4242})
    page = driving.opened(settings, name)

    assert not page.exception and not page.error
    charts = [chart for chart in page.get("plotly_chart") if not chart.key.endswith(".planned")]  # what knobs foresee is no result
    assert f"run.{name}" not in page.session_state and not charts
    assert knobs_say(page, name) == as_held(settings)
    page = page.button(key=f"link.run.{name}").click().run()
    assert page.session_state[f"{name}.asked"] == settings


@pytest.mark.parametrize("name", NAMES)
def test_a_link_to_what_is_recorded_shows_it_at_once(name: str) -> None:
    page = driving.opened(recorded(name).settings, name)

    assert "recorded" in driving.said(page) and page.get("plotly_chart")
    assert f"run.{name}" not in page.session_state and f"{name}.waiting" not in page.session_state


def test_an_address_that_the_page_wrote_itself_is_not_opened() -> None:
    link = find_system("coda").settings(seed=977).permalink()
    page = page_of("coda")
    page.session_state["coda.address.written"] = {"settings": link}
    page.query_params["settings"] = link

    assert "coda.waiting" not in page.run().session_state
    page.query_params["settings"] = find_system("coda").settings(seed=978).permalink()  # a person's
    assert page.run().session_state["coda.waiting"].seed == 978


def test_a_link_to_what_is_recorded_takes_the_place_of_an_own_run() -> None:
    what = recorded("coda")
    page = page_of("coda")
    page.session_state[f"coda.result.{what.settings.task}"] = what.model_copy(update={
        "settings": what.settings.model_copy(update={"seed": 4712})})
    assert "recorded" not in driving.said(page.run())

    page.query_params["settings"] = what.settings.permalink()
    assert "recorded" in driving.said(page.run())


def test_a_link_to_what_the_engine_holds_shows_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = recorded("coda").settings.model_copy(update={"seed": 11})
    result = recorded("coda").model_copy(update={"settings": settings})
    asked = []

    class Engine:
        def held(self, system: str, wanted: Settings, *, inputs: object) -> Result | None:
            asked.append((system, wanted))
            return result

    monkeypatch.setattr("pages.house.address.the_engine", Engine)

    page = driving.opened(settings, "coda")
    assert asked == [("coda", settings)] and page.session_state["coda.result.compare"] is result
    assert "run.coda" not in page.session_state and page.get("plotly_chart") and "Your run:" not in driving.said(page)


def test_the_view_of_a_link_is_taken_where_it_fits_and_left_where_not() -> None:
    settings = recorded("adaptvis").settings
    page = driving.opened(settings, "adaptvis", alpha="2", layer="1", normalisation="nonsense", beta="7")

    assert page.session_state["adaptvis.alpha"] == 2.0 and page.session_state["adaptvis.layer"] == 1
    assert page.session_state["adaptvis.normalisation"] == "share" and page.session_state["adaptvis.beta"] == settings.beta
    assert page.session_state["adaptvis.address.written"] == {"alpha": "2", "layer": "1"}
    page.session_state["adaptvis.layer"] = None
    page = page.run()
    assert page.session_state["adaptvis.address.written"] == {"alpha": "2"}


def test_what_a_link_says_and_the_page_cannot_take_is_said_in_one_line_until_something_is_run() -> None:
    page = driving.opened(recorded("adaptvis").settings, "adaptvis", alpha="banana", layer="1", beta="0.5000", normalisation="x" * 90)

    (line,) = untaken(page)
    assert "“alpha=banana”: here it can be 0, 0.25 and so on up to 3; " in line
    assert "“normalisation=" + "x" * 40 + "…”: here it can be share or absolute" in line
    assert "layer" not in line and "beta" not in line and page.session_state["adaptvis.beta"] == 0.5
    assert untaken(page.run()) == [line] and "alpha" not in page.session_state["adaptvis.address.written"]
    assert not untaken(page.button(key="adaptvis.next").click().run())


@pytest.mark.parametrize("name", NAMES)
def test_a_knob_alone_in_the_address_is_said_not_dropped(name: str) -> None:
    page = AppTest.from_file("../../../app.py", default_timeout=120).run()
    page.query_params["seed"] = "banana"
    page.query_params["fbclid"] = "abc"  # what others hang on to a link concerns nobody
    page = page.switch_page(f"pages/{name}/page.py").run()

    assert untaken(page) == [":material/link_off: Not taken from the link: “seed=banana”: a link holds all settings in “settings”, "
                             "and “Seed” is turned below."]
    assert not page.error and "seed" not in page.session_state[f"{name}.address.written"]


def untaken(page: AppTest) -> list[str]:
    return [text.value.replace("\\", "") for text in page.caption if "Not taken from the link" in text.value]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_turned_since_the_picture_is_said_and_stays_while_an_error_is_shown(name: str) -> None:
    page = page_of(name)
    page.session_state[f"knob.{name}.seed"] = 977
    page = page.run()

    assert "Turned since the picture: “Seed”" in driving.said(page)
    page.session_state[f"error.{name}"] = "It did not work."
    page = page.run()
    assert page.session_state[f"knob.{name}.seed"] == 977 and page.error[0].value == "It did not work."
    assert [sight["place"] for sight in sights(page)] == [f"error-{name}"]


def sights(page: AppTest) -> list[dict[str, str]]:
    """What a browser is asked to bring into sight."""
    return [json.loads(part.proto.json) for part in page.get("bidi_component") if part.proto.component_name == "orrery_sight"]


def test_a_run_that_is_refused_once_more_comes_into_sight_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.house.running.missing_upload", lambda settings: "gone.zip")
    page = page_of("mindcube")
    assert sights(page) == []

    told = []
    for _ in range(2):
        page = page.button(key="run.ask").click().run()
        told += sights(page.run())
    assert len(told) == 2 and told[0]["place"] == told[1]["place"] and told[0]["what"] != told[1]["what"]


def test_while_the_lesson_covers_the_picture_nothing_says_what_there_is_to_see_in_it() -> None:
    page = page_of("mindcube")
    told = next(iter(find_system("mindcube").presets.values()))[1]
    assert told in driving.said(page).replace("\\", "")

    page = page.button(key="lesson.mindcube").click().run()
    assert told not in driving.said(page).replace("\\", "") and not page.get("plotly_chart")
    page = page.button(key="lesson.mindcube").click().run()
    assert told in driving.said(page).replace("\\", "")


@pytest.mark.parametrize("name", NAMES)
def test_what_was_turned_is_called_as_its_widget_on_the_page_is(name: str) -> None:
    page, shown = page_of(name), recorded(name).settings
    kinds = ("checkbox", "slider", "select_slider", "number_input", "text_input", "text_area", "selectbox", "multiselect",
             "button_group")
    drawn = {str(widget.key): widget.label for kind in kinds for widget in page.get(kind)}
    checked = 0
    for knob in knobs_of(find_system(name).settings):
        if (label := drawn.get(f"knob.{name}.{knob.name}")) is None or knob.name == "video":
            continue
        other = shown.model_copy(update={knob.name: "another"})  # not validated: only compared
        assert told(name, shown, other) == f"Turned since the picture: “{label}”.", knob.name
        checked += 1
    assert checked >= 10


def told(name: str, shown: Settings, asked: Settings) -> str:
    """What stands beside the button where these settings are shown and those would be run."""
    import streamlit as st

    st.session_state[f"{name}.stand"] = shown
    said = tasks.changed(find_system(name), asked)
    return said.partition(":material/edit: ")[2].replace("\\", "")


def test_settings_too_long_for_a_link_are_offered_as_a_file_that_opens_again() -> None:
    words = " ".join(str(hash(str(number))) for number in range(900))
    settings = find_system("coda").settings(prompts=(words,))
    page = page_of("coda")
    box = next(box for box in page.get("file_uploader") if box.key == "open.coda")
    page = box.set_value(("coda-settings.json", settings.model_dump_json().encode(), "application/json")).run()

    assert not page.error and not page.exception and page.button(key="link.run.coda")
    assert page.session_state["knob.coda.prompts"] == words
    assert "settings" not in page.session_state["coda.address.written"]


@pytest.mark.parametrize("content", [
    pytest.param(b"{" + b",".join(b'"a%d":1' % number for number in range(30_000)) + b"}", id="many names"),
    pytest.param(b'{"prompts":' + b"[" * 100_000, id="deep"), pytest.param(b'{"prompts":["\\ud800"]}', id="half a character"),
    pytest.param(b"\xff\xfe\x00", id="no text"), pytest.param(b"[]", id="a list"), pytest.param(b"", id="nothing"),
    pytest.param(b'{"grid": 4}', id="another system's")])
def test_a_settings_file_that_is_none_is_one_sentence_and_nothing_waits(content: bytes) -> None:
    page = page_of("coda")
    box = next(box for box in page.get("file_uploader") if box.key == "open.coda")
    page = box.set_value(("coda-settings.json", content, "application/json")).run()

    assert len(page.error) == 1 and len(page.error[0].value) < 4_000 and not page.exception
    assert "coda.waiting" not in page.session_state and page.get("plotly_chart")
    assert b"a29999" not in content or "At most 20,000" in page.error[0].value  # said before they are read: each takes memory


PASTED = "the king of the long hills " * 1_000  # 27,000 letters


def test_a_prompt_that_is_too_long_stays_in_its_box_and_is_told_in_one_sentence() -> None:
    page = page_of("coda")
    page = page.text_input(key="coda.own.prompt").set_value(PASTED).run()

    sentence = "“Prompts”, entry 1: 26,999 letters; at most 20,000 are taken."
    assert {error.value.replace("\\", "") for error in page.error} == {sentence}
    assert page.session_state["coda.own.prompt"] == PASTED and page.button(key="run.own").disabled
    page = page.text_input(key="coda.own.prompt").set_value(PASTED[:20_000]).run()
    assert not page.error and not page.exception


@pytest.mark.parametrize(("name", "label"), [("tstar", "What do you look for?"), ("adaptvis", "Question")])
def test_a_text_of_a_knob_that_is_too_long_stays_and_is_told_once(name: str, label: str) -> None:
    page = page_of(name)
    page = page.text_input(key=f"knob.{name}.question").set_value(PASTED).run()

    assert [error.value.replace("\\", "") for error in page.error] == [f"“{label}”: 27,000 letters; at most 500 are taken."]
    assert page.session_state[f"knob.{name}.question"] == PASTED


def test_no_text_box_is_bounded_by_streamlit_which_takes_nothing_of_a_longer_text_without_a_word() -> None:
    pages = Path(knobs.__file__).parents[1]

    assert [str(file) for file in pages.rglob("*.py") if "max_chars=" in file.read_text(encoding="utf-8")] == []


def test_an_own_input_stands_in_the_pictures_place_until_it_is_answered_and_not_after() -> None:
    page = page_of("coda")
    page = page.text_input(key="coda.own.prompt").set_value("the gardeners sell").run()

    def is_asked() -> bool:  # in the picture's place; else its panel is folded below the picture
        return not page.get("plotly_chart") and not any("Your prompt" in fold.label for fold in page.expander)

    assert is_asked() and any(button.key == "run.own" for button in page.button)
    answered = recorded("coda").settings.model_copy(update={"prompts": ("the gardeners sell",)})
    page.session_state["coda.result.compare"] = recorded("coda").model_copy(update={"settings": answered})
    page = page.run()
    assert not is_asked() and page.get("plotly_chart") and any("Your prompt" in fold.label for fold in page.expander)
    page = page.text_input(key="coda.own.prompt").set_value("the singers visit").run()
    assert is_asked(), "the result is about another"


def test_a_saved_run_is_said_to_be_one_after_a_reload_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from backends.files.saved import load_result, save_result
    from backends.sessions import Session

    own, what = Session("one-browser"), find_system("coda")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    assert what.recorded is not None
    settings = what.settings(seed=4711)
    result = load_result(what.recorded.read_bytes(), what.result).model_copy(update={"settings": settings})
    page = page_of("coda")
    box = next(box for box in page.get("file_uploader") if box.key == "open.coda")
    box.set_value(("theirs.orrery", save_result(result), "application/zip")).run()

    reloaded = driving.opened(settings, "coda")  # the same browser, a new tab
    assert "coda.waiting" not in reloaded.session_state and "from a file" in driving.said(reloaded)
    own.remember(result.model_copy(update={"made_on": "2026-01-01"}))
    theirs, mine = list(own.results.values())
    own.forget_results()  # it is still shown
    assert own.was_brought(theirs) and not own.was_brought(mine)
    own.release()


def test_a_page_that_was_reloaded_takes_its_run_up_again() -> None:
    settings = find_system("coda").settings(task="law", trains=True, num_sets=5, epochs=3, hidden=16, seed=31)
    driving.run_link(driving.opened(settings, "coda"), "coda")

    page = driving.opened(settings, "coda")  # the same browser, a new tab
    assert "coda.waiting" not in page.session_state
    page = driving.finish(page, "coda")
    assert page.session_state["coda.result.law"].settings == settings
    assert driving.opened(settings, "coda").session_state["coda.result.law"].settings == settings  # now it is held
