"""What the address shows of a page: for a projector, for a class."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backends.registry import names
from backends.tstar.settings import TStarSettings
from pages.house.parts import PARTS, until_it_is_drawn

LINKS = Path(__file__).parents[3] / "docs" / "links.md"


def a_page() -> None:
    import streamlit as st

    from pages.house import parts

    parts.begin()
    parts.say_unknown()
    st.session_state["shown"] = [part for part in parts.PARTS if parts.shows(part)]
    st.session_state["presents"] = parts.is_presenting()
    st.session_state["carried"] = parts.query()


def opened(**address: str) -> AppTest:
    page = AppTest.from_function(a_page, default_timeout=30)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def test_a_plain_address_shows_everything():
    page = opened()

    assert page.session_state["shown"] == list(PARTS) and not page.session_state["presents"]
    assert page.session_state["carried"] == {}


def test_only_the_parts_that_the_address_names_are_shown():
    page = opened(show="picture, Knobs")

    assert page.session_state["shown"] == ["picture", "knobs"]
    assert page.session_state["carried"] == {"show": "picture,knobs"}
    assert len(page.caption) == 0


@pytest.mark.parametrize(("query", "is_hidden", "is_large"), [
    ("", False, False), ("present=1", True, True), ("a=b&present=yes&show=nonsense", True, True), ("present=0", False, False),
    ("present=", False, False), ("show=picture%2CKnobs", True, False), ("show=nonsense", False, False), ("show", False, False)])
def test_the_first_answer_keeps_no_room_for_a_sidebar_that_the_address_hides(query, is_hidden, is_large):
    said = until_it_is_drawn(query)

    assert ("padding-left: 0" in said) == ("display: none" in said) == is_hidden and ("font-size: 24px" in said) == is_large
    assert said.count("{") == said.count(":not(:has(")  # none of them holds once the page is there


def test_a_name_that_no_page_has_is_said_and_left_out():
    page = opened(show="picture,nonsense")

    assert page.session_state["shown"] == ["picture"]
    assert "nonsense" in page.caption[0].value and "presets" in page.caption[0].value


@pytest.mark.parametrize("said", ["", "nonsense", ","], ids=["nothing", "an unknown name alone", "a comma"])
def test_an_address_that_names_no_part_shows_everything(said):
    assert opened(show=said).session_state["shown"] == list(PARTS)


def test_both_are_kept_when_the_address_no_longer_says_them():
    page = opened(show="picture", present="1")
    page.query_params.clear()
    page.run()

    assert page.session_state["shown"] == ["picture"] and page.session_state["presents"]
    assert page.session_state["carried"] == {"present": "1", "show": "picture"}


def test_the_projector_view_can_be_left():
    page = opened(present="1")
    page.button(key="parts.leave").click().run()

    assert not page.exception and not page.session_state["presents"]
    assert "present" not in page.query_params


def test_a_rerun_that_was_asked_for_before_it_was_left_does_not_bring_it_back():
    page = opened(present="1")
    page.button(key="parts.leave").click().run()
    page.query_params["present"] = "1"  # as the browser's next message has it, sent before it heard of the new address
    page.run()

    assert not page.session_state["presents"] and page.session_state["carried"] == {}


@pytest.mark.parametrize("said", ["0", "no", ""])
def test_an_address_can_end_the_projector_view(said):
    assert not opened(present=said).session_state["presents"]


def test_a_part_that_no_page_has_is_a_mistake_of_the_code():
    from pages.house import parts

    with pytest.raises(KeyError):
        parts.shows("pictures")


def test_every_part_is_in_the_document_of_addresses():
    text = LINKS.read_text(encoding="utf-8")

    assert [name for name, what in PARTS.items() if f"| `{name}` | {what}" not in text] == []


@pytest.mark.parametrize("name", names())
def test_what_a_page_says_of_its_buttons_is_true_where_they_are_hidden(name):
    """Nothing speaks of a button above or below that a teacher's link leaves out."""
    def said(show: str) -> str:
        page = AppTest.from_file("../../../app.py", default_timeout=120)
        page.query_params["show"] = show
        page = page.run().switch_page(f"pages/{name}/page.py").run()
        assert not page.exception
        return " ".join(text.value for text in (*page.caption, *page.markdown, *page.info))

    whole, bare, knobs = said(""), said("picture,paper"), said("picture,knobs")
    assert "run it yourself with a preset above" in whole
    assert "run it yourself with the button below" in knobs and "preset above" not in knobs
    assert "run it yourself" not in bare and "one click away" not in bare + whole
    assert name != "coda" or ("A real model” below" in whole and "real model” below" not in bare)


@pytest.mark.parametrize("name", names())
def test_every_parameter_of_a_pages_view_is_documented_and_no_other(name):
    page = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
    rows = [row for row in LINKS.read_text(encoding="utf-8").splitlines() if row.startswith("|") and f"| `/{name}` |" in row]

    documented = [part.strip("` ") for row in rows for part in row.split("|")[1].split(",")]
    assert sorted(documented) == sorted(page.session_state[f"{name}.address.names"])


def test_the_page_of_links_says_that_show_hides_and_does_not_lock():
    row = next(row for row in LINKS.read_text(encoding="utf-8").splitlines() if row.startswith("| `show` |"))

    assert "hides, it does not lock" in row


def test_a_link_for_a_class_holds_the_run_the_parts_and_the_projector(monkeypatch):
    def page():
        from backends.tstar.settings import TStarSettings
        from pages.house import parts

        parts.for_a_class(TStarSettings(seed=7))

    app = AppTest.from_function(page).run()
    whole = app.code[0].value
    app.multiselect(key="class.parts").set_value(["lesson", "picture"])
    app.toggle(key="class.large").set_value(True)
    said = app.run().code[0].value

    assert TStarSettings.from_permalink(whole.partition("settings=")[2]) == TStarSettings(seed=7)
    assert said.endswith("&show=lesson,picture&present=1") and not app.exception
