"""The CoDA page on a real model: what was recorded where it is not here, the clickable words, what to expect, a file of questions."""

import pytest
from streamlit.testing.v1 import AppTest

from backends.coda.formats import load_items
from backends.coda.measured import measurements
from backends.coda.results import OLD_MEANINGS, CodaResult
from backends.coda.settings import AUSTRALIA, CodaSettings
from backends.coda.system import RECORDED
from backends.files.saved import load_result
from pages.coda import own_file
from pages.coda.own_prompt import TYPED
from tests.pages.coda.test_page import finish, linked, turned_to
from tests.pages.driving import charts, said
from tests.real import needs_smollm2
from worlds.errors import InputError
from worlds.facts.popular_answers import questions

WORDS = "coda.named.The capital of Australia is"


@pytest.fixture
def without_model(monkeypatch, tmp_path) -> AppTest:
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/coda/page.py").run()


def word(page: AppTest, name: str) -> int:
    """The place of a word among the buttons."""
    return next(index for index, label in enumerate(page.button_group(key=WORDS).options) if label.endswith(name))


def test_without_the_model_the_preset_shows_the_recorded_run_the_card_and_the_command(without_model):
    page = without_model.button(key="preset.coda.A real model").click().run()

    assert not page.exception and not page.error and "run.coda" not in page.session_state
    assert "recorded" in said(page) and "real checkpoint" in said(page) and "Sydney" in said(page)
    assert "make real" in [code.value for code in page.code]
    assert charts(page) >= 2


def test_without_the_model_the_click_on_capital_is_recorded_too(without_model):
    page = without_model.button(key="preset.coda.A real model").click().run()
    page = page.button_group(key=WORDS).set_value(word(page, "capital")).run()

    assert not page.exception and "run.coda" not in page.session_state
    assert ":green-badge[Canberra" in said(page) and "recorded" in said(page)
    assert page.session_state["coda.decoder"] == "cad"


def test_without_the_model_another_word_keeps_what_is_shown_and_says_what_is_missing(without_model):
    page = without_model.button(key="preset.coda.A real model").click().run()
    page = page.button_group(key=WORDS).set_value(word(page, "Australia")).run()

    assert not page.exception and not page.error and "run.coda" not in page.session_state
    assert charts(page) >= 2 and "make real" in [code.value for code in page.code]
    assert any("Until then" in info.value for info in page.info)


def test_without_the_model_a_prompt_asked_of_it_shows_the_card_and_the_miniature_takes_its_place(without_model):
    page = without_model.text_input(key=TYPED).set_value("The capital of Canada is").run()
    page = page.button(key="coda.own.real").click().run()

    assert not page.exception and not page.error and "run.coda" not in page.session_state
    assert "make real" in [code.value for code in page.code] and page.button(key="run.own").disabled
    page = page.button(key="fallback.run.own.model").click().run()
    assert page.session_state["knob.coda.model"] == CodaSettings().model and page.button(key="coda.own.real")


def test_a_prompt_that_the_miniature_never_read_is_asked_of_the_real_model_by_one_click(monkeypatch, without_model):
    monkeypatch.setattr("pages.coda.real.missing", lambda _settings: [])
    monkeypatch.setattr("pages.house.running.the_engine", lambda: Asked())
    page = without_model.text_input(key=TYPED).set_value("The capital of Canada is").run()
    assert page.button(key="run.own").disabled

    page = page.button(key="coda.own.real").click().run()
    asked = page.session_state["coda.asked"]
    assert (asked.model, asked.prompts, asked.task) == (AUSTRALIA.model, ("The capital of Canada is",), "compare")


class Asked:
    """An engine that is asked only."""

    def submit(self, *_asked, **_by) -> str:
        raise InputError("It was asked.")


def test_the_card_goes_when_another_model_is_chosen(without_model):
    page = without_model.button(key="preset.coda.A real model").click().run()
    page = page.button(key="fallback.above.model").click().run()

    assert not page.exception and "make real" not in [code.value for code in page.code]
    assert page.session_state["knob.coda.model"] == "coda-english"


def test_a_link_to_the_real_model_opens_its_recording_too(monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    page = linked(AUSTRALIA)

    assert not page.exception and "Sydney" in said(page) and "recorded" in said(page)


def test_the_ignored_word_is_suggested_and_not_chosen(without_model):
    page = without_model.button(key="preset.coda.A real model").click().run()
    group = page.button_group(key=WORDS)

    assert [entry.content for entry in group.proto.options if entry.content_icon] == ["capital"]
    assert group.value is None


@pytest.mark.parametrize("name", ["real", "real-named"])
def test_recorded_runs_of_the_real_model_hold_what_the_preset_says(name):
    result = load_result((RECORDED / f"{name}.orrery").read_bytes(), CodaResult)
    answers = {written.method: written.text.split(".")[0] for written in result.asked[0].written}

    assert result.kind == "real" and not result.is_miniature and result.model_id == "smollm2-135m"
    assert answers == {"greedy": "Sydney", "cad": "Canberra" if name == "real-named" else "Sydney"}
    assert all(entry.first == " Canberra" for entry in result.asked[0].found.tried)  # as its text says: here any word does


def test_what_to_expect_names_mended_and_broken_from_the_measured_numbers(without_model):
    page = without_model
    model = measurements().models[0]
    row = model.layouts["plain"].row("cad_one_told")

    assert any(one.gain[1] <= 0 <= one.gain[2] for one in measurements().earlier)
    assert "no gain that is beyond chance" in said(page) and "Gemma 3 270M" in said(page)
    assert f"{row.mended:g} mended, {row.broken:g} broken" in said(page)
    assert row.mended <= row.wrong_before and row.broken <= row.right_before


def test_an_old_run_says_that_its_names_meant_something_else(without_model):
    result = load_result((RECORDED / "default.orrery").read_bytes(), CodaResult)
    values = result.model_dump(exclude={"definitions", "kind"})
    values["settings"] |= {"gate": True, "detector": "lift", "weight": 0.5}
    old = CodaResult.model_validate(values)
    page = without_model
    page.session_state["result.coda"] = old
    page.run()

    assert old.settings.gate == "on" and OLD_MEANINGS in old.notes and OLD_MEANINGS not in result.notes
    assert not page.exception and any("CoDA as printed" in info.value for info in page.info)


def test_an_old_link_still_opens():
    old = CodaSettings.from_json('{"gate":false,"methods":["greedy","coda_paper","cad"],"detector":"indicator_first","weight":1.0}')

    assert (old.gate, old.weight, old.detector) == ("off", 1.0, "indicator_first")
    assert CodaSettings.from_permalink(old.permalink()) == old


def test_questions_about_the_real_world_are_offered_as_a_file(without_model):
    page = turned_to(without_model, "file")

    assert page.button(key="coda.example.real") and not page.exception


def test_the_file_of_questions_is_read_as_any_upload_is():
    table = own_file.real_example()
    found = load_items(table.to_csv(index=False).encode(), own_file.REAL_EXAMPLE)

    assert found.kind == "a plain table" and len(found.items) == len(questions()) == len(table)
    assert all(item.right and item.masked_prompt for item in found.items)
    by_prompt = {question.prompt: question for question in questions()}
    assert all(item.right == by_prompt[item.prompt].right and item.wrong == by_prompt[item.prompt].popular for item in found.items)
    assert len(set(table["kind"][: own_file.NUM_REAL])) >= 6  # the first ones are of all kinds


@needs_smollm2
def test_clicking_the_ignored_word_asks_the_model_again():
    page = finish(linked(AUSTRALIA))
    page = page.button_group(key=WORDS).set_value(word(page, "capital")).run()
    page = finish(page)

    result = page.session_state["result.coda"]
    assert result.settings.named == "capital" and result.definitions[1].detector == "manual" and result.definitions[1].weight == 1
    assert result.asked[0].written[1].is_right and not page.exception


@needs_smollm2
def test_what_stands_in_the_box_is_compared_with_and_nothing_is_not():
    page = finish(linked(AUSTRALIA))
    box = f"coda.second.{AUSTRALIA.prompts[0]}"

    page.text_area(key=box).set_value("  ")
    page = page.button(key="coda.compare").click().run()  # text and click come together
    assert any("Write a prompt first" in caption.value for caption in page.caption)
    page.text_area(key=box).set_value("town " * 5_000)
    page = page.button(key="coda.compare").click().run()
    assert any("24,999 letters; at most 20,000" in caption.value for caption in page.caption) and not page.exception
    assert page.session_state[box] == "town " * 5_000
    page.text_area(key=box).set_value("The biggest town of Australia is")
    page = finish(page.button(key="coda.compare").click().run())

    assert page.session_state["result.coda"].settings.compare_with == "The biggest town of Australia is"


@needs_smollm2
def test_a_second_prompt_takes_the_masked_ones_place():
    page = finish(linked(AUSTRALIA))
    page = finish(page.button(key="coda.compare").click().run())

    result = page.session_state["result.coda"]
    assert result.settings.compare_with == "The largest city in Australia is"
    assert (result.definitions[1].detector, result.definitions[1].weight, result.definitions[1].gate) == ("compare", 0.5, False)
    assert result.asked[0].written[1].is_right and not page.exception
