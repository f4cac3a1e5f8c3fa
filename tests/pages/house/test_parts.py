"""What the address shows of a page: for a projector, for a class."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.house.parts import PARTS

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
