"""A browser is given a page's first view alone, then the whole; who reads it without one gets the whole at once."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backends import registry
from pages.house import opening


class _Context:
    def __init__(self, headers):
        self.headers = headers


@pytest.fixture
def _in_a_browser(monkeypatch):
    monkeypatch.setattr(st, "context", _Context({"User-Agent": "a browser"}))


@pytest.mark.usefixtures("_in_a_browser")
def test_a_page_is_drawn_for_the_first_time_once_in_a_tab():
    def page():
        import streamlit as st

        from pages.house import opening

        opening.begin("tstar")
        st.text(opening.is_now())

    app = AppTest.from_function(page).run()
    assert app.text[0].value == "True"
    assert app.run().text[0].value == "False"


def test_without_a_browser_nothing_waits(monkeypatch):
    monkeypatch.setattr(st, "context", _Context({}))
    monkeypatch.setattr(st, "session_state", {})

    opening.begin("tstar")
    assert not opening.is_now()


@pytest.mark.parametrize("name", registry.names())
def test_the_first_view_is_all_that_a_browser_is_given_first(name, monkeypatch):
    def headings(app):
        assert not app.exception
        return [header.value for header in app.header]

    whole = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
    monkeypatch.setattr(opening, "is_now", lambda: True)
    first = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()

    assert "Take it away" in headings(whole) and "Take it away" not in headings(first)
    assert 0 < len(first.get("plotly_chart")) < len(whole.get("plotly_chart"))
    assert not first.expander
