"""Every figure as wide as a page, and on a projector: as `test_drawn`, in a file of its own, so that both are drawn at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.pages.conftest import CHROMIUM
from tests.visualizers.chromium import drawing_page, seen
from tests.visualizers.every import every_figure

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
PAGES = (736, 906, 1460)  # px that a page leaves a chart in windows of 768, 1366 and 1920


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with drawing_page() as page:
        yield page


def test_no_text_is_cut_or_covered_or_too_small(page):
    assert seen(page, every_figure(), PAGES) == []


def test_half_as_large_again_on_a_projector_everything_still_fits(page):
    assert seen(page, every_figure(), (1100,), scale=1.5) == []
