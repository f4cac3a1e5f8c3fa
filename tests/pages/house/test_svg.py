"""What the browser is given to draw all figures from: one file per chart, light, nothing before a click."""

from streamlit.testing.v1 import AppTest

from pages.house import svg, view


def test_every_chart_that_the_page_shows_becomes_a_file_in_the_light_template_as_its_sliders_stand():
    page = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/adaptvis/page.py").run()
    before = page.session_state[view.DRAWN]["adaptvis.after"]
    page.select_slider(key="adaptvis.alpha").set_value(2.0).run()
    files = svg.files(page.session_state[view.DRAWN])

    assert len(files) == len(page.get("plotly_chart")) >= 5
    assert page.session_state[view.DRAWN]["adaptvis.after"] != before and any("alpha-2" in one["name"] for one in files)
    assert {one["figure"]["layout"]["template"]["layout"]["font"]["color"] for one in files} == {"#1F2430"}


def test_names_are_names_of_files():
    assert svg._slug("CoDA, scores: s(y) / “x”") == "coda-scores-s-y-x" and svg._slug("…") == "figure"
