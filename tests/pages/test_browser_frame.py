"""The rules of every page, seen in a browser: what is set is what is shown, and the address is what is seen."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

from backends import registry
from backends.registry import system as find_system
from pages.house import style
from tests.pages.conftest import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PICTURE = "[data-testid=stMain] :is(.js-plotly-plot .main-svg, [data-testid=stImage] img)"
NAMES = registry.names()
A_RUN = re.compile("Your run:|Kept from a run of the same settings")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        yield tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def page(browser) -> Iterator[object]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield context.new_page()
    context.close()


def opened(page, url: str):
    page.goto(url)
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.get_by_role("heading", name="Take it away").wait_for(timeout=60_000)
    page.locator("[class*=st-key-knobs-fold]").first.wait_for(timeout=60_000)
    return page


def asked(page, name: str):
    """The settings that the address holds; None where it holds none."""
    said = parse_qs(urlparse(page.url).query).get("settings")
    return find_system(name).settings.from_permalink(said[0]) if said else None


def run_untouched(page) -> None:
    from playwright.sync_api import TimeoutError

    button = page.locator("[class*=st-key-run-]:not(.st-key-run-seeds, .st-key-run-own) button").first
    fold = page.locator("[class*=st-key-knobs-fold] summary").first
    fold.click()
    button.wait_for(timeout=30_000)
    for _ in range(4):  # a click while the knobs are still being drawn meets a button that is replaced
        button.click()
        try:  # a second click would begin a run anew that is going on
            page.get_by_text(A_RUN).or_(page.get_by_role("button", name="Stop")).first.wait_for(timeout=25_000)
            break
        except TimeoutError:
            button.scroll_into_view_if_needed()
    ended(page)


def ended(page) -> None:
    """Wait for a run; of one of minutes what is there by now is kept, as a person who has seen enough would keep it."""
    from playwright.sync_api import TimeoutError

    try:
        page.get_by_text(A_RUN).wait_for(timeout=30_000)
    except TimeoutError:
        page.get_by_role("button", name="Stop").or_(page.get_by_text(A_RUN)).first.click()  # it may just have ended
        page.get_by_text(A_RUN).wait_for(timeout=240_000)


@pytest.mark.parametrize("name", NAMES)
def test_run_untouched_gives_the_opening_picture_again(page, server_url, name):
    first = next(iter(find_system(name).presets.values()))[0]
    opened(page, f"{server_url}/{name}")
    assert asked(page, name) is None

    run_untouched(page)
    page.wait_for_function("() => location.search.includes('settings=')", timeout=30_000)
    assert asked(page, name) == first
    assert page.locator(style.CHOSEN).inner_text().endswith(next(iter(find_system(name).presets)))


WATCHES_PRESETS = """() => {
  window.twice = []
  new MutationObserver(() => {
    const shown = [...document.querySelectorAll(".st-key-presets button")].filter(button => button.offsetWidth)
    const labels = shown.map(button => button.querySelector("[data-testid=stMarkdownContainer]")?.innerText)
    if (new Set(labels).size < labels.length) window.twice.push(labels.join(" | "))
  }).observe(document.body, { subtree: true, childList: true })
}"""


@pytest.mark.parametrize("name", NAMES)
def test_no_preset_stands_twice_while_its_run_begins(page, server_url, name):
    opened(page, f"{server_url}/{name}")
    page.evaluate(WATCHES_PRESETS)

    system = find_system(name)
    label = next(label for label, (settings, _) in system.presets.items() if settings not in system.recordings.values()
                 and label != next(iter(system.presets)))  # a recorded one begins no run
    page.locator(".st-key-presets").get_by_role("button", name=label).first.click()
    page.locator(style.CHOSEN).filter(has_text=label).wait_for(timeout=60_000)
    ended(page)
    assert page.evaluate("window.twice") == []


@pytest.mark.parametrize("name", NAMES)
def test_presets_own_input_and_the_first_picture_are_in_sight(page, server_url, name):
    opened(page, f"{server_url}/{name}")

    for selector in ("[class*=st-key-own-box]", ".st-key-presets", PICTURE):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + min(box["height"], 160) <= 768, (selector, box)


SHIFTS = """window.shifted = 0; new PerformanceObserver(list => list.getEntries().forEach(one =>
  { if (!one.hadRecentInput) window.shifted += one.value })).observe({ type: "layout-shift", buffered: true })"""


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_shows_the_first_picture_at_once_and_nothing_jumps_or_is_wider_than_its_place(page, server_url, name):
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script(SHIFTS)
    opened(page, f"{server_url}/{name}")
    page.wait_for_timeout(1000)

    assert page.evaluate("window.shifted") < 0.1  # a score of browsers: above, people notice
    boxes = [picture.bounding_box() for picture in page.locator(PICTURE).all()]
    assert any(box and box["height"] > 80 and box["y"] + 160 <= 844 for box in boxes), boxes

    page.set_viewport_size({"width": 320, "height": 720})
    page.locator(".stMain .katex-display").last.wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    widths = page.evaluate("() => [...document.querySelectorAll('.stMain .katex-display')].map(e => [e.scrollWidth, e.clientWidth])")
    assert len(widths) >= 2 and all(written <= room + 1 for written, room in widths), widths

    page.set_viewport_size({"width": 768, "height": 1024})  # pictures beside each other
    page.wait_for_timeout(1000)
    over = page.evaluate("""() => [...document.querySelectorAll(".stMain .stColumn .stImage img")].map(image =>
      [image.getBoundingClientRect().right, image.closest(".stColumn").getBoundingClientRect().right]).filter(([own, room]) =>
      own > room + 1)""")
    assert over == []


@pytest.mark.parametrize("name", NAMES)
def test_pictures_stand_before_plotly_is_asked_for_and_charts_take_their_place_without_a_jump(page, server_url, name):
    page.add_init_script("""(() => { window.before = null; window.tops = {}; (function look() {
      const places = [...document.querySelectorAll('[class*="st-key-first-"]')];
      const images = places.flatMap(place => [...place.querySelectorAll('.first-picture img')]).filter(image => image.naturalWidth);
      const charts = document.querySelectorAll('.js-plotly-plot .main-svg').length;
      if (images.length && window.before === null) window.before = charts;
      for (const place of places) (window.tops[place.className] ??= []).push(Math.round(place.getBoundingClientRect().top));
      if (!document.querySelector('[data-testid=stMain] h2[id=take-it-away]')) requestAnimationFrame(look); })() })()""")
    opened(page, f"{server_url}/{name}")

    assert page.evaluate("window.before") == 0
    ends = page.evaluate("Object.values(window.tops).map(tops => tops.at(-1) - tops[Math.floor(tops.length / 2)])")
    assert ends and max(map(abs, ends)) <= 8, ends  # the buttons above have their width by then


def test_a_slider_is_in_the_address_at_once_adds_nothing_to_the_history_and_survives_a_reload(page, server_url):
    opened(page, f"{server_url}/adaptvis")
    slider, before = page.locator(".st-key-adaptvis-alpha input"), page.evaluate("history.length")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('alpha=')", timeout=30_000)
    address = page.url

    assert page.evaluate("history.length") == before
    assert page.get_by_role("textbox", name="Link to what is seen").input_value() == address
    opened(page, address)
    assert page.url == address
    assert f"alpha {parse_qs(urlparse(address).query)['alpha'][0]}" in page.locator("[data-testid=stMain]").inner_text()


def test_an_opened_link_starts_nothing_and_one_click_runs_it(page, server_url):
    settings = find_system("coda").settings(seed=23)
    page.goto(f"{server_url}/coda?settings={settings.permalink()}&token=0&decoder=greedy")
    page.get_by_role("button", name="Run this link").click(timeout=60_000)
    page.get_by_text(A_RUN).wait_for(timeout=90_000)
    page.wait_for_function("() => !location.search.includes('token=')", timeout=30_000)  # what a result starts at is not said

    assert asked(page, "coda") == settings and "decoder=greedy" in page.url


def test_a_reload_finds_the_upload_and_its_result_again(page, server_url, phone_video: Path):
    opened(page, f"{server_url}/tstar")
    page.locator("[class*=st-key-own-box] input[type=file]").set_input_files(str(phone_video))
    page.get_by_role("textbox", name="What do you look for?").fill("red chair", timeout=60_000)
    page.locator(".st-key-run-own button").first.click(timeout=60_000)
    page.get_by_text(A_RUN).wait_for(timeout=90_000)
    page.wait_for_function("() => location.search.includes('settings=')", timeout=30_000)

    page.reload()
    page.get_by_role("heading", name="red chair").wait_for(timeout=60_000)
    assert asked(page, "tstar").video == "upload:toy.mp4"
