"""Every system keeps the contract of drawing, and a module that does not is found."""

from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest

from backends.files.saved import load_result
from backends.registry import System, systems
from backends.run import Progress, Result
from visualizers.contract import drawing, whole
from visualizers.covers import HEIGHT_PX, WIDTH_PX


@pytest.fixture(params=systems(), ids=lambda system: system.name)
def system(request: pytest.FixtureRequest) -> System:
    return request.param


@pytest.fixture
def result(system: System) -> Result:
    assert system.recorded
    return load_result(system.recorded.read_bytes(), system.result)


def test_recorded_run_has_charts_with_something_in_them(system: System, result: Result) -> None:
    charts = drawing(system.name).figures(result)

    assert charts and all(title and isinstance(figure, go.Figure) and figure.data for title, figure in charts.items())


def test_cover_is_a_picture_that_a_gallery_can_show(system: System, result: Result) -> None:
    cover = drawing(system.name).cover(result)

    assert cover.dtype == np.uint8 and cover.shape == (HEIGHT_PX, WIDTH_PX, 3) and cover.std() > 0
    assert 20 < cover[:8].mean() < 200  # its ground stands on a light page and on a dark one


def test_pictures_have_captions(system: System, result: Result) -> None:
    for picture, caption in drawing(system.name).pictures(result):
        assert picture.dtype == np.uint8 and picture.shape[-1] == 3 and caption


def test_progress_is_nothing_to_draw(system: System) -> None:
    drawn = drawing(system.name)

    assert drawn.live(Progress(0.5, "half")) is None and drawn.pictures(Progress(0.5, "half")) == []


def test_what_a_module_does_not_draw_is_empty() -> None:
    drawn = whole(SimpleNamespace(figures=lambda result: {}, cover=lambda result: np.zeros((2, 2, 3), np.uint8)))

    assert drawn.live(object()) is None and drawn.pictures(object()) == []
    assert drawn.clip(Result(seed=0, model_id="m", is_miniature=True)) is None


@pytest.mark.parametrize("missing", ["figures", "cover"])
def test_module_without_what_every_page_needs_is_refused(missing: str) -> None:
    have = {"figures": lambda result: {}, "cover": lambda result: None}
    del have[missing]

    with pytest.raises(AttributeError, match=missing):
        whole(SimpleNamespace(**have))
