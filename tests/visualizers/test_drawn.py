"""Every figure of every system, drawn in a real browser at the widths of the pages: all of its text can be read."""

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
import pytest

from tests.pages.conftest import CHROMIUM
from tests.visualizers.chromium import area, drawing_page, seen
from tests.visualizers.every import every_figure
from visualizers.theme import themed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
# px that a page leaves a chart in windows of 320 and 390; in half of 768, 1366 and 1920; in a third of 768
PHONES, HALVES, THIRD = (288, 358), (360, 445, 722), 235
IN_THIRDS = ("gaze as it is", "gaze turned", "options")  # where AdaptVis begins
BESIDE = [("tstar, default, recall", "tstar, default, costs"),
          ("coda, default, CoDA, Orrery's variant, probabilities", "coda, default, CoDA, Orrery's variant, scores"),
          ("coda, law, law", "coda, law, answers"), ("coda, recovery, exact match", "coda, recovery, recovery and breakage"),
          ("adaptvis, default, gaze as it is", "adaptvis, default, gaze turned"),
          ("adaptvis, default, masses", "adaptvis, default, sharpness"),
          ("grafting, errors of 14", "grafting, curves of 28")]


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with drawing_page() as page:
        yield page


@pytest.mark.parametrize("widths", [PHONES, HALVES], ids=["phones", "halves"])
def test_no_text_is_cut_or_covered_or_too_small(page, widths):
    assert seen(page, every_figure(), widths) == []


def test_a_third_of_a_tablet_is_enough_for_what_stands_in_thirds(page):
    figures = {name: figure for name, figure in every_figure().items() if name.endswith(IN_THIRDS)}

    assert figures and seen(page, figures, (THIRD,)) == []


def test_dark_template_takes_the_same_room(page):
    recorded = {name: figure for name, figure in every_figure().items() if ", default, " in name}

    assert recorded and seen(page, recorded, (445,), is_dark=True) == []


@pytest.mark.parametrize(("left", "right"), BESIDE, ids=[left for left, _ in BESIDE])
def test_pictures_side_by_side_begin_and_end_together(page, left, right):
    figures = every_figure()

    for width in (445, 722):
        assert area(page, figures[left], width) == area(page, figures[right], width)


BAD = {
    "cut": go.Figure(layout={"title": {"text": "a title that is far too long for a phone, however it is held"}}),
    "one over the other": go.Figure(go.Scatter(x=[1, 1], y=[1, 1], mode="text", text=["one", "two"])),
    "px": go.Figure(go.Scatter(x=[1], y=[1], mode="text", text=["small"], textfont={"size": 9})),
    "turned": go.Figure(go.Bar(x=["incontrovertible", "circumstances", "notwithstanding", "other"], y=[1, 2, 3, 4])),
    "are left for the picture": go.Figure(go.Scatter(x=[1], y=[1]), {"height": 90})}


@pytest.mark.parametrize(("what", "figure"), BAD.items(), ids=list(BAD))
def test_figure_that_cannot_be_read_is_found(page, what, figure):
    assert any(what in one for one in seen(page, {"planted": figure}, (288,)))


def test_text_is_15_and_13_px_and_half_as_large_again_on_a_projector():
    for scale in (1.0, 1.5):
        layout = themed(go.Figure(layout={"title": {"text": "a"}}), is_dark=False, scale=scale).layout.template.layout
        assert (layout.title.font.size, layout.font.size, layout.xaxis.tickfont.size) == (15 * scale, 13 * scale, 13 * scale)
