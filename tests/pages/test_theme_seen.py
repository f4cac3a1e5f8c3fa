"""A page in both themes, in a browser: what is open follows the theme that is chosen, and all can use it in either."""

from collections.abc import Iterator

import plotly.graph_objects as go
import pytest

from backends import registry
from tests.pages.conftest import CHROMIUM
from visualizers.theme import themed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
HARMFUL = {"serious", "critical"}  # of axe's four impacts
# of the titles of all charts that are drawn
LETTERS = """() => [...new Set([...document.querySelectorAll('.js-plotly-plot .gtitle')].map(one => getComputedStyle(one).fill))]"""
INK = {scheme: themed(go.Figure(), is_dark=scheme == "dark").layout.template.layout.font.color for scheme in ("light", "dark")}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        yield tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def page(browser, server_url) -> Iterator[object]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme="light", base_url=server_url)
    yield context.new_page()
    context.close()


def harm(page) -> list[str]:
    """What axe finds that keeps somebody from using the page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in HARMFUL]


def drawn_in(page, scheme: str) -> None:
    """Wait until every chart has the letters of a theme."""
    red, green, blue = (int(INK[scheme][start:start + 2], 16) for start in (1, 3, 5))
    page.wait_for_function(f"([ink]) => String(({LETTERS})()) === ink", arg=[f"rgb({red}, {green}, {blue})"], timeout=30_000)


def test_charts_of_an_open_page_follow_the_evening_and_the_menu_and_nobody_is_kept_from_it(page):
    page.goto("/coda")
    page.get_by_role("heading", name="Take it away").wait_for(timeout=60_000)
    page.emulate_media(color_scheme="dark")
    drawn_in(page, "dark")
    assert harm(page) == []

    page.get_by_test_id("stMainMenuButton").click()
    page.get_by_test_id("stMainMenuItem-theme-Light").click()
    page.keyboard.press("Escape")
    drawn_in(page, "light")
    assert harm(page) == []


def test_each_group_of_pages_is_a_list_with_a_name_and_the_home_page_is_for_all(page):
    page.goto("/")
    page.locator("[data-testid=stSidebarNavItems] > [role=list]").first.wait_for(timeout=60_000)

    groups = {group.get_attribute("aria-label"): group.get_by_role("listitem").count() for group in
              page.locator("[data-testid=stSidebarNav]").get_by_role("list").all()}
    rings = [system.ring.capitalize() for system in registry.systems()]
    assert groups == {ring: rings.count(ring) for ring in rings}
    assert harm(page) == []
