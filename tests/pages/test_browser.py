"""A real browser uploads a real file and looks at the page."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tests.pages.conftest import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PICTURE = "[data-testid=stMain] [data-testid=stImage] img"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        yield tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def page(browser, server_url) -> Iterator[object]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    host = urlparse(server_url).netloc
    page.on("request", lambda request: page.problems.append(request.url)
            if request.url.startswith("http") and urlparse(request.url).netloc != host else None)
    yield page
    context.close()


def choose_own_video(page) -> None:
    box = page.get_by_role("combobox", name="Video", exact=True)
    box.click()
    box.fill("My own")
    box.press("Enter")
    page.get_by_text("Video file").wait_for(timeout=30_000)


def test_page_opens_on_a_picture_without_asking_any_other_host(page, server_url):
    page.goto(f"{server_url}/tstar")
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.wait_for_selector(".js-plotly-plot", timeout=60_000)

    assert page.problems == []


@pytest.mark.parametrize("path", ["/", "/tstar"], ids=["home", "tstar"])
def test_phone_needs_no_sideways_scrolling(page, server_url, path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server_url + path)
    page.wait_for_selector(PICTURE, timeout=60_000)

    sideways = page.evaluate("m => m.scrollWidth - m.clientWidth", page.query_selector("[data-testid=stMain]"))
    assert sideways <= 0


def test_uploaded_video_is_searched_by_example_and_its_key_frames_are_shown(page, server_url, phone_video: Path):
    page.goto(f"{server_url}/tstar")
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.get_by_text("Your video, your question, every knob").click()
    choose_own_video(page)
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(str(phone_video))
    page.get_by_text("Draw a box around what you look for").wait_for(timeout=60_000)
    second = page.get_by_role("slider", name="Frame to mark the example on")
    second.focus()
    for _ in range(26):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(2500)
    plot = page.locator("[data-testid=stExpander] .js-plotly-plot .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    scale = min(box["width"] / 320, box["height"] / 240)
    left, top = box["x"] + (box["width"] - 320 * scale) / 2, box["y"] + (box["height"] - 240 * scale) / 2
    page.mouse.move(left + 178 * scale, top + 118 * scale)
    page.mouse.down()
    page.mouse.move(left + 252 * scale, top + 192 * scale, steps=12)
    page.mouse.up()
    page.get_by_text("Looking for what is in the box").wait_for(timeout=30_000)
    page.get_by_test_id("stBaseButton-primary").first.click()
    page.get_by_text("classical features").wait_for(timeout=90_000)
    times = [text.strip() for text in page.locator("[data-testid=stButton]", has_text="Play from").all_inner_texts()]

    seconds = [int(minute) * 60 + int(second) for minute, second in (text.split()[-1].split(":") for text in times)]
    assert any(23 <= second <= 30 for second in seconds), seconds
    assert page.problems == []


def test_file_that_is_no_video_gives_one_sentence(page, server_url, tmp_path: Path):
    bad = tmp_path / "holiday.mp4"
    bad.write_bytes(b"PK\x03\x04" + bytes(2000))
    page.goto(f"{server_url}/tstar")
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.get_by_text("Your video, your question, every knob").click()
    choose_own_video(page)
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(str(bad))
    page.locator("[data-testid=stAlert]").first.wait_for(timeout=30_000)

    assert "Traceback" not in page.content()
    assert page.locator(PICTURE).count() > 0
