"""A browser is given pictures of a page's first view, its charts, then the whole; who reads it without one gets the whole at once."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backends import registry
from pages.house import opening
from pages.house.opening import Stage


class _Context:
    def __init__(self, headers):
        self.headers = headers


@pytest.fixture
def _in_a_browser(monkeypatch):
    monkeypatch.setattr(st, "context", _Context({"User-Agent": "a browser"}))


@pytest.mark.usefixtures("_in_a_browser")
def test_a_page_is_drawn_three_times_in_a_tab():
    def page():
        import streamlit as st

        from pages.house import opening

        opening.begin("tstar")
        st.text(opening.stage().name)

    app = AppTest.from_function(page)
    assert [app.run().text[0].value for _ in range(4)] == ["PICTURES", "CHARTS", "WHOLE", "WHOLE"]


def test_without_a_browser_nothing_waits(monkeypatch):
    monkeypatch.setattr(st, "context", _Context({}))
    monkeypatch.setattr(st, "session_state", {})

    opening.begin("tstar")
    assert opening.stage() == Stage.WHOLE


@pytest.mark.parametrize("name", registry.names())
def test_pictures_come_first_then_their_charts_then_the_rest(name, monkeypatch):
    def drawn(stage):
        monkeypatch.setattr(opening, "stage", lambda: stage)
        app = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
        assert not app.exception
        pictures = sum("<img" in element.proto.body for element in app.get("html"))
        return pictures, len(app.get("plotly_chart")), "Take it away" in [header.value for header in app.header]

    (pictures, no_charts, is_whole), (_, charts, is_whole_yet), (_, all_charts, has_all) = (drawn(stage) for stage in Stage)
    assert (no_charts, is_whole, is_whole_yet, has_all) == (0, False, False, True)
    assert 0 < charts <= pictures and charts < all_charts
