"""Lessons: as they are written, as they are drawn on a page, and as a sheet."""

import pytest
from streamlit.testing.v1 import AppTest

from backends.registry import names, system
from pages.house.lesson_text import MARKS, NUM_STEPS, lesson_of, path_of, read, settings_of
from worlds.errors import InputError

STEP = """## {number}. Look
```toml
{settings}
```
**Predict.** What?
**Do.** Press.
**Explain.** So.
"""


def written(*, settings: str = "", steps: int = NUM_STEPS, **changed: str) -> str:
    text = "# A title\nAbout it.\n\n" + "\n".join(STEP.format(number=number, settings=settings) for number in range(1, steps + 1))
    for old, new in changed.values():
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", names())
def test_every_system_has_a_lesson_whose_steps_open_its_page(name):
    lesson = lesson_of(name)

    assert len(lesson.steps) == NUM_STEPS and lesson.title and lesson.about
    links = [settings_of(system(name), step).permalink() for step in lesson.steps]
    assert len(set(links)) == NUM_STEPS  # no two steps show the same


@pytest.mark.parametrize("name", names())
def test_no_step_of_a_lesson_is_refused_before_it_runs(name):
    refused = [step.title for step in lesson_of(name).steps if system(name).objection(settings_of(system(name), step))]

    assert refused == []


def test_a_lesson_is_read_with_its_settings_and_its_view():
    lesson = read(written(settings='grid = 8\nrule = "random"\n[view]\nstep = 3'))

    assert (lesson.title, lesson.about) == ("A title", "About it.")
    step = lesson.steps[0]
    assert step.settings == {"grid": 8, "rule": "random"} and step.view == {"step": "3"}
    assert (step.title, step.predict, step.do, step.explain) == ("Look", "What?", "Press.", "So.")


@pytest.mark.parametrize(("text", "said"), [
    pytest.param(written()[2:], "first line must be its title", id="no title"),
    pytest.param(written(steps=4), "has 4 steps. It must have 5", id="four steps"),
    pytest.param(written(a=("## 3.", "## 4.")), "step 3 is headed '## 4. Look'", id="a number twice"),
    pytest.param(written(settings="grid == 8"), "step 1: the settings cannot be read as TOML", id="no TOML"),
    pytest.param(written(a=("```toml", "```")), "has 0 blocks of settings", id="no settings"),
    pytest.param(written(a=("**Do.**", "Do.")), "has Predict, Explain below its settings", id="a mark that is missing"),
    pytest.param(written(a=("So.", "")), "with text behind it", id="a mark without text"),
    pytest.param(written(settings="view = 3"), "must be a table", id="a view that is none"),
])
def test_a_lesson_in_another_form_is_refused_with_what_would_be_right(text, said):
    with pytest.raises(InputError, match=said):
        read(text, where="it")


@pytest.mark.parametrize("settings", ["gird = 8", "grid = 99"], ids=["an unknown setting", "one that is out of range"])
def test_a_step_with_settings_that_the_system_does_not_take_is_refused(settings):
    step = read(written(settings=settings)).steps[0]

    with pytest.raises(InputError, match=settings.split()[0]):
        settings_of(system("tstar"), step)


def a_page() -> None:
    import streamlit as st

    from backends.registry import system
    from pages.house import lesson

    def choose(settings: object) -> None:
        st.session_state["chosen"] = settings

    lesson.button(system("tstar"))
    lesson.draw(system("tstar"), choose)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(a_page, default_timeout=60).run()


def test_the_lesson_is_under_a_button_and_shows_one_step_at_a_time(page):
    assert not page.exception and len(page.button) == 1

    page.button(key="lesson.tstar").click().run()

    assert not page.exception
    said = [text.value for text in page.markdown]
    assert sum(text.startswith(f"**{MARKS[0]}.**") for text in said) == 1
    page.button(key="lesson.tstar").click().run()
    assert len(page.button) == 1


def test_a_step_sets_the_page_to_its_settings(page):
    page.button(key="lesson.tstar").click().run()
    page.button(key="lesson.tstar.next.1").click().run()
    page.button(key="lesson.tstar.show.2").click().run()

    assert not page.exception
    assert page.session_state["chosen"] == settings_of(system("tstar"), lesson_of("tstar").steps[1])


def test_a_lesson_that_a_teacher_broke_is_said_not_raised(page, monkeypatch, tmp_path):
    (tmp_path / "tstar.md").write_text("no title")
    monkeypatch.setattr("pages.house.lesson_text.FOLDER", tmp_path)
    page.button(key="lesson.tstar").click().run()

    assert not page.exception
    assert "first line must be its title" in page.error[0].value


@pytest.mark.parametrize("name", names())
def test_the_sheet_has_every_step_with_its_whole_address(name):
    app = AppTest.from_file("../../../app.py", default_timeout=120)
    app.query_params["of"] = name
    sheet = app.run().switch_page("pages/house/sheet.py").run()

    assert not sheet.exception and not sheet.error
    links = [code.value for code in sheet.code]
    assert [link.partition("settings=")[2].partition("&")[0] for link in links] == [
        settings_of(system(name), step).permalink() for step in lesson_of(name).steps]


def test_without_a_system_the_sheet_offers_every_lesson():
    sheet = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/house/sheet.py").run()

    assert not sheet.exception
    assert len(sheet.get("page_link")) == sum(path_of(name).is_file() for name in names())
