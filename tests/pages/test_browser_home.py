"""A real browser on the home page: the orrery, the cards, the address for a class."""

from collections.abc import Iterator

import pytest

from backends import registry
from pages.house import orrery
from tests.pages.conftest import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MACHINE = "svg.orrery"
FIRST = orrery.bodies(registry.systems())[0].name
WHERE = f"document.querySelector('a[data-system={FIRST}]').getBoundingClientRect().x"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        yield tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def opened(browser, server_url):
    contexts = []

    def open_page(address: str = "/", *, width: int = 1366, height: int = 768, **asked: object):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **asked))
        page = contexts[-1].new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(server_url + address)
        page.wait_for_selector(MACHINE if address.split("?")[0] == "/" else "h1", timeout=60_000)
        page.wait_for_timeout(1500)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (1024, 768), (1366, 768), (1920, 1080)])
def test_the_orrery_is_above_the_fold_and_its_letters_can_be_read(opened, width, height):
    page = opened(width=width, height=height)

    box = page.locator(MACHINE).bounding_box()
    assert box["width"] >= 120 and box["height"] >= 80 and box["y"] + box["height"] <= height
    smallest = page.evaluate("Math.min(...[...document.querySelectorAll('svg.orrery text')].map("
                             "t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().d))")
    assert smallest >= 10
    assert page.evaluate("m => m.scrollWidth - m.clientWidth", page.query_selector("[data-testid=stMain]")) <= 0
    assert page.problems == []


def test_tab_reaches_a_ball_and_enter_opens_its_page_in_the_same_session(opened):
    page = opened()
    page.evaluate("window.stays = true")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.system") == FIRST:
            break

    assert FIRST in page.evaluate("document.activeElement.getAttribute('href')")
    assert page.evaluate("getComputedStyle(document.activeElement.querySelector('.halo')).opacity") == "1"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{FIRST}", timeout=30_000)
    assert page.evaluate("window.stays") is True  # the page was switched, not loaded


def test_it_turns_and_is_still_for_whoever_asks_for_less_motion_or_holds_it(opened):
    moving, still = opened(), opened(reduced_motion="reduce")
    before, rests = moving.evaluate(WHERE), still.evaluate(WHERE)
    moving.wait_for_timeout(1500)

    assert moving.evaluate(WHERE) != before
    assert still.evaluate(WHERE) == rests
    moving.get_by_role("button", name="Hold still").click()
    moving.mouse.move(5, 5)
    held = moving.evaluate(WHERE)
    moving.wait_for_timeout(1000)
    assert moving.evaluate(WHERE) == held


def test_a_card_is_a_link_as_a_whole(opened):
    page = opened()
    page.locator(f".st-key-card-{FIRST}").click(position={"x": 40, "y": 40})  # on its picture

    page.wait_for_url(f"**/{FIRST}", timeout=30_000)


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (1024, 2), (1366, 3), (1920, 3)])
def test_ten_cards_stand_in_equal_columns_and_fit_in_two_screens(opened, width, columns):
    height = 1080 if width == 1920 else 768
    page = opened(width=width, height=height)
    page.evaluate("""() => { const gallery = document.querySelector('.st-key-gallery'), cards = [...gallery.children];
                             for (let i = cards.length; i < 10; i++) gallery.append(cards[i % cards.length].cloneNode(true)) }""")

    widths = page.evaluate("getComputedStyle(document.querySelector('.st-key-gallery')).gridTemplateColumns").split()
    assert len(widths) == columns and len({round(float(width.removesuffix("px"))) for width in widths}) == 1
    if width >= 1366:
        assert page.evaluate("document.querySelector('.st-key-gallery').getBoundingClientRect().height") <= 2 * height


def test_tabs_are_named_by_their_page_and_the_sidebar_has_no_empty_group(opened):
    page = opened(f"/{FIRST}")

    assert page.title() == f"{registry.system(FIRST).title} · Orrery"
    groups = page.locator("[data-testid=stNavSectionHeader]").all_inner_texts()
    assert [group.strip() for group in groups] == [
        ring.capitalize() for ring, on_it in orrery.by_ring(registry.systems()).items() if on_it]


def test_a_projector_sees_large_letters_and_no_sidebar_on_the_next_page_too(opened):
    page = opened("/?present=1")
    page.locator(f".st-key-card-{FIRST}").click(position={"x": 40, "y": 40})  # on its picture
    page.wait_for_url(f"**/{FIRST}?present=1", timeout=30_000)

    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    assert not page.locator("[data-testid=stSidebar]").is_visible()
    page.get_by_role("button", name="Leave the projector view").click()
    page.locator("[data-testid=stSidebar]").wait_for(timeout=30_000)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "16px"


def test_a_lesson_prints_without_the_bars(opened):
    page = opened(f"/lesson?of={FIRST}")
    page.emulate_media(media="print")

    assert not page.locator("[data-testid=stSidebar]").is_visible() and not page.locator("[data-testid=stHeader]").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('[data-testid=stMain]')).overflow") == "visible"  # nothing is cut
    assert page.pdf(format="A4").count(b"/Type /Page\n") >= 2


def test_the_sidebar_leads_to_the_gradio_front(opened):
    page = opened()

    assert page.get_by_role("link", name="The same over Gradio").get_attribute("href").endswith("/gradio")
