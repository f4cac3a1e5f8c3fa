"""A browser is given pictures of a page's first view, its charts, then the whole; who reads it without one gets the whole at once."""

import re
from base64 import b64decode

import cv2
import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from backends import registry
from pages.house import first_picture, opening
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
    asked = []

    def drawn(stage):
        monkeypatch.setattr(opening, "stage", lambda: stage)
        monkeypatch.setattr(opening, "ask_for_the_next", lambda: asked.append(stage))
        app = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
        assert not app.exception
        pictures = sum("<img" in element.proto.body for element in app.get("html"))
        return pictures, len(app.get("plotly_chart")), "Take it away" in [header.value for header in app.header]

    (pictures, no_charts, is_whole), (_, charts, is_whole_yet), (_, all_charts, has_all) = (drawn(stage) for stage in Stage)
    assert (no_charts, is_whole, is_whole_yet, has_all) == (0, False, False, True)
    assert 0 < pictures >= charts and charts < all_charts  # a page may open with pictures alone
    assert asked == [Stage.PICTURES, Stage.CHARTS]


@pytest.mark.parametrize("stage", Stage)
def test_a_small_picture_stands_in_a_pictures_place_until_it_comes(stage, monkeypatch):
    monkeypatch.setattr(opening, "stage", lambda: stage)

    def page():
        import numpy as np
        import streamlit as st

        from pages.house import first_picture

        with first_picture.picture_place(np.zeros((60, 120, 3), np.uint8), "a.picture"):
            st.write("the picture")

    body = AppTest.from_function(page).run().get("html")[0].proto.body
    assert ("<img" in body) == (stage == Stage.PICTURES) and "aspect-ratio: 120 / 60" in body
    if stage == Stage.PICTURES:
        data = b64decode(re.search(r"base64,([^']+)'", body)[1])
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (240, 480, 3)


def test_a_chart_without_a_picture_is_drawn_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(opening, "stage", lambda: Stage.PICTURES)
    monkeypatch.setattr(first_picture, "FOLDER", tmp_path)

    with first_picture.place(go.Figure(), "a.chart", is_dark=False) as is_drawn:
        assert is_drawn


def test_where_no_result_is_shown_nothing_is_left_out(monkeypatch):
    monkeypatch.setattr(st, "session_state", {"opening.stage": Stage.PICTURES})

    opening.leave_out_nothing()
    assert opening.stage() == Stage.WHOLE


def test_what_is_wrong_with_a_link_is_said_until_something_is_run():
    app = AppTest.from_file("../../../app.py", default_timeout=120)
    app.query_params["settings"] = "broken"
    app = app.run().switch_page("pages/coda/page.py").run()

    assert "link cannot be read" in app.error[0].value
    assert "link cannot be read" in app.run().error[0].value
    assert not app.button(key="preset.coda.See it fail").click().run().error
