"""An episode plays in a real browser, from the picture files of somebody's logs; keys, and a hand on the slider."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.backends.era import made_logs
from tests.pages.conftest import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STEPS = 30
STEP = "document.querySelector('.st-key-era-step input').value"
AT_THE_END = r"() => /Step (\d+) of \1,/.test(document.querySelector('.st-key-era-said').textContent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        yield tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty steps in ten calls, every frame another grey, JPEG inside of files that are called .png."""
    plan = [made_logs.FIND, made_logs.PICK, made_logs.SINK]
    told = [made_logs.reply(plan, reflection=f"Call {call}. {'It is a long story. ' * (call % 3 * 9)}") for call in range(STEPS // 3)]
    rows = [made_logs.row(step + 1, plan[step % 3], told[step // 3], ok=step % 7 != 6) for step in range(STEPS)]
    found = made_logs.alfred_episode(1, rows, num_steps=STEPS)
    for step in range(STEPS + 1):
        grey = np.full((240, 240, 3), 8 * step, np.uint8)
        found[f"images/episode_1/episode_1_step_{step}.png"] = cv2.imencode(".jpg", grey)[1].tobytes()
    path = tmp_path_factory.mktemp("logs") / "logs.zip"
    path.write_bytes(made_logs.zipped(made_logs.below("running/eb_alfred/vlm-3b_baseline/base", found)))
    return path


@pytest.fixture
def page(browser, server_url, logs) -> Iterator[object]:
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    opened = context.new_page()
    opened.goto(f"{server_url}/era")
    opened.get_by_role("heading", name="Take it away").wait_for(timeout=60_000)
    opened.locator("input[type=file]").first.set_input_files(logs)
    opened.get_by_role("heading", name="Episodes of these logs").wait_for(timeout=60_000)
    opened.get_by_role("heading", name="Take it away").wait_for(timeout=60_000)
    at(opened, 1)
    yield opened
    context.close()


def at(page, step: int) -> None:
    page.wait_for_function(f"() => {STEP} === '{step}'", timeout=30_000)


def button(page, name: str):
    return page.locator(f".st-key-era-{name} button:visible").first


def set_playing(page) -> None:
    """Press Play; a click while the view is still being drawn meets a button that is replaced."""
    from playwright.sync_api import TimeoutError

    for _ in range(3):
        button(page, "play").click()
        try:
            button(page, "play").filter(has_text="Pause").wait_for(timeout=8_000)
            return
        except TimeoutError:
            continue
    says(page, "Pause")


def says(page, word: str) -> None:
    button(page, "play").filter(has_text=word).wait_for(timeout=30_000)


def test_play_goes_on_by_itself_moves_nothing_below_and_writes_the_address_at_rest(page):
    page.evaluate("""() => {
      const seen = window.seen = {tops: new Set(), pictures: new Set(), nodes: new Set(), addresses: new Set()}
      const look = () => {
        const picture = document.querySelector('.st-key-era-picture .stImage img')
        seen.tops.add(Math.round(document.querySelector('.st-key-era-timeline').getBoundingClientRect().top + scrollY))
        seen.nodes.add(picture); seen.pictures.add(picture.src)
        if (document.querySelector('.st-key-era-play').textContent.includes('Pause')) seen.addresses.add(location.search)
        requestAnimationFrame(look)
      }
      look()
    }""")

    button(page, "play").click()
    says(page, "Pause")
    page.wait_for_function(f"() => {STEP} >= 9", timeout=60_000)
    seen = page.evaluate("() => Object.fromEntries(Object.entries(seen).map(([name, found]) => [name, found.size]))")
    button(page, "play").click()
    says(page, "Play")

    assert seen["tops"] == seen["nodes"] == 1, "nothing below moves, and the picture is never taken away"
    assert seen["pictures"] >= 6 and seen["addresses"] == 1
    page.wait_for_function(f"() => location.search.includes('step=' + {STEP})", timeout=30_000)


def test_keys_step_call_and_play_but_not_from_a_text_box_the_slider_or_a_button_reached_by_tab(page):
    for key, step in (("ArrowRight", 2), ("Shift+ArrowRight", 4), ("ArrowLeft", 3), ("Shift+ArrowLeft", 1)):
        page.keyboard.press(key)
        at(page, step)

    page.keyboard.press(" ")
    says(page, "Pause")
    page.keyboard.press(" ")
    says(page, "Play")
    button(page, "failure").click()
    at(page, 7)

    page.locator(".st-key-era-step input").first.focus()
    page.keyboard.press("ArrowRight")  # the slider's own: one step, not two
    at(page, 8)
    page.wait_for_function("() => location.search.includes('step=8')", timeout=30_000)
    button(page, "step-on").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.keyboard.press(" ")  # presses the button, and does not play
    at(page, 9)
    says(page, "Play")

    page.get_by_placeholder("Words of the instruction").click()
    for key in ("ArrowLeft", "Shift+ArrowRight", " ", "z", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("0 of 1 episode").wait_for(timeout=30_000)  # the server has answered whatever was asked before
    at(page, 9)
    says(page, "Play")


def test_a_hand_on_the_slider_another_page_and_the_end_stop_it(page):
    button(page, "play").click()
    page.wait_for_function(f"() => {STEP} >= 2", timeout=30_000)
    page.mouse.move(5, 5)
    thumb = page.locator(".st-key-era-step [data-testid=stSliderThumbValue]").bounding_box()
    track = page.locator(".st-key-era-step").bounding_box()
    page.mouse.move(thumb["x"] + 4, track["y"] + track["height"] - 20)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] - 12, track["y"] + track["height"] - 20, steps=5)
    page.mouse.up()
    says(page, "Play")
    at(page, STEPS)

    button(page, "failure").click()
    at(page, 7)
    set_playing(page)
    page.get_by_role("link", name="Home").first.click()
    page.locator(".st-key-era-play").first.wait_for(state="detached", timeout=30_000)
    page.get_by_role("link", name="ERA").first.click()
    says(page, "Play")

    page.locator(".st-key-era-step input").first.press("End")
    page.wait_for_function(AT_THE_END, timeout=30_000)
    button(page, "step-back").click()
    page.wait_for_function(f"() => !({AT_THE_END})()", timeout=30_000)
    button(page, "play").click()
    page.wait_for_function(AT_THE_END, timeout=30_000)
    says(page, "Play")
