"""What stands in a chart's place until it is drawn is a picture of that very chart."""

import re

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from backends import registry
from pages.house import first_picture
from pages.house.first_picture import COMMAND, FOLDER, WIDTHS, digest, file_of

SCHEMES = ("light", "dark")


def opened(name):
    """Names of the figures that a page opens with."""
    app = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
    assert not app.exception
    bodies = [element.proto.body for element in app.get("html")]
    return {found[1] for body in bodies if (found := re.search(r"data-picture='([^']+)'", body))}


def bars(**layout):
    return go.Figure(go.Bar(x=["apples", "pears"], y=np.array([0.1, 0.7])), {"height": 290, **layout})


@pytest.mark.parametrize("name", registry.names())
def test_the_pictures_are_of_the_charts_that_a_page_opens_with(name):
    missing = [file.name for figure in opened(name) for width in WIDTHS for scheme in SCHEMES
               if not (file := file_of(figure, width, scheme)).is_file()]

    assert not missing, f"no picture of what the page draws now; `{COMMAND}` takes them anew"


def test_no_picture_is_of_a_chart_that_no_page_opens_with():
    shown = {name for system in registry.names() for name in opened(system)}

    files = {file_of(name, width, scheme) for name in shown for width in WIDTHS for scheme in SCHEMES}
    assert set(FOLDER.glob("*.avif")) <= files, f"`{COMMAND}` deletes them"


def test_the_pictures_are_small_and_as_large_as_their_charts():
    files = list(FOLDER.glob("*.avif"))

    assert sum(file.stat().st_size for file in files) < 400_000
    for file in files:
        width, height = Image.open(file).size
        assert width >= 300 and height >= 200


def test_a_figure_that_says_something_else_has_another_digest():
    assert digest(bars()) == digest(bars())
    assert len({digest(bars()), digest(bars(height=300)), digest(bars(title="Fruit")), digest(go.Figure())}) == 4


def test_the_last_digits_of_a_number_make_no_other_digest():
    near = bars()
    near.data[0].y = np.array([0.1, 0.7 + 1e-12])

    assert digest(near) == digest(bars())


def test_a_place_without_a_picture_is_as_high_as_its_chart(monkeypatch, tmp_path):
    monkeypatch.setattr(first_picture, "FOLDER", tmp_path)

    def page():
        import plotly.graph_objects as go
        import streamlit as st

        from pages.house import first_picture

        with first_picture.place(go.Figure(layout={"height": 290}), "a.chart", is_dark=False):
            st.write("the chart")

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception

    body = app.get("html")[0].proto.body
    assert "min-height: 290px" in body and "<img" not in body and ".st-key-first-a-chart" in body
    assert app.markdown[0].value == "the chart"


def test_a_map_over_a_picture_has_the_room_of_its_shape_before_it_is_drawn():
    def page():
        import plotly.graph_objects as go
        import streamlit as st

        from pages.house import first_picture, style

        with first_picture.place(go.Figure(), "a.map", is_dark=False, room=style.ROOMS["square"]):
            st.write("the map")

    body = AppTest.from_function(page, default_timeout=60).run().get("html")[0].proto.body
    assert "min-height: 18rem" in body and "aspect-ratio: 5 / 6.6" in body and "px }" not in body.split("st-key-first-a-map")[1]
