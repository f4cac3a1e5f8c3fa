"""What the browser is given to draw all figures from: one file per chart, light, nothing before a click."""

from pathlib import Path

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from pages.house import svg, view
from tests.pages.conftest import CHROMIUM
from tests.visualizers.chromium import drawing_page

DRAW = """async ([script, figures]) => {
    const made = await import(URL.createObjectURL(new Blob([script], {type: "text/javascript"})));
    return Promise.all(figures.map(async (one) => (await made.drawn(Plotly, one))[1]));
}"""
WIDTHS = """(text) => {
    document.body.innerHTML = text;
    const lines = [...document.querySelectorAll("text, tspan")].filter(one => !one.querySelector("tspan") && one.textContent.trim());
    return lines.map((one) => [one.textContent, one.getComputedTextLength(), Number(one.getAttribute("textLength"))]);
}"""


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


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
def test_text_of_a_file_is_as_wide_in_another_font_as_it_was_in_the_pages_own():
    bars = go.Figure(go.Bar(x=["apples", "pears"], y=[1, 2], name="fruit"), {"title": {"text": "Two lines<br>of a title"},
                                                                            "showlegend": True})
    script = Path(svg.__file__).with_suffix(".js").read_text()
    with drawing_page() as page:
        (text,) = page.evaluate(DRAW, [script, svg.files({"a": bars})])
        other = page.context.browser.new_page()  # without the page's font
        lines = other.evaluate(WIDTHS, text.replace("Source Sans", "Nowhere").replace("sans-serif", "monospace"))
        plain = other.evaluate(WIDTHS, text.replace(" textLength", " data-length").replace("sans-serif", "monospace"))

    assert {"Two lines", "of a title", "apples", "fruit"} <= {said for said, _, _ in lines}
    assert all(abs(drawn - told) < 0.5 for _, drawn, told in lines)
    assert any(drawn > 1.1 * told for (_, drawn, _), (_, _, told) in zip(plain, lines))
