"""A real browser uploads a real file and looks at the page."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest

from backends import registry
from backends.adaptvis.settings import PRESETS, AdaptVisSettings
from backends.adaptvis.wiring import alphas_of
from backends.coda.settings import CodaSettings
from backends.grafting.settings import GraftingSettings
from backends.tstar.settings import TStarSettings
from tests.backends.grafting import own_files
from tests.pages.conftest import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHART = ".js-plotly-plot .main-svg"
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


def bring_own_video(page, server_url, file: Path) -> None:
    page.goto(f"{server_url}/tstar")
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.locator("[class*=st-key-own-box] input[type=file]").set_input_files(str(file))


def upload_box(page, label: str):
    return page.locator("[data-testid=stFileUploader]").filter(has_text=label).locator("input[type=file]")


def test_page_opens_on_a_picture_without_asking_any_other_host(page, server_url):
    page.goto(f"{server_url}/tstar")
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.wait_for_selector(".js-plotly-plot", timeout=60_000)

    assert page.problems == []


@pytest.mark.parametrize("path", ["/", *(f"/{name}" for name in registry.names())], ids=["home", *registry.names()])
def test_phone_needs_no_sideways_scrolling(page, server_url, path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server_url + path)
    page.wait_for_selector(CHART if path in ("/coda", "/adaptvis") else PICTURE, timeout=60_000)

    sideways = page.evaluate("m => m.scrollWidth - m.clientWidth", page.query_selector("[data-testid=stMain]"))
    assert sideways <= 0


def test_uploaded_video_is_searched_by_example_and_its_key_frames_are_shown(page, server_url, phone_video: Path):
    bring_own_video(page, server_url, phone_video)
    page.get_by_text("Draw a box around what you look for").wait_for(timeout=60_000)
    second = page.get_by_role("slider", name="Frame to mark the example on")
    second.focus()
    for _ in range(26):
        page.keyboard.press("ArrowRight")
    plot = page.locator(".st-key-tstar-example-26 .js-plotly-plot .nsewdrag").first  # those of the seconds on the way go
    plot.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    scale = min(box["width"] / 320, box["height"] / 240)
    left, top = box["x"] + (box["width"] - 320 * scale) / 2, box["y"] + (box["height"] - 240 * scale) / 2
    page.mouse.move(left + 178 * scale, top + 118 * scale)
    page.mouse.down()
    page.mouse.move(left + 252 * scale, top + 192 * scale, steps=12)
    page.mouse.up()
    page.get_by_text("Looking for what is in the box").wait_for(timeout=30_000)
    page.locator(".st-key-run-own button").first.click()
    page.get_by_text("classical features").wait_for(timeout=90_000)
    page.get_by_text("Take it away").wait_for(timeout=30_000)  # the page is drawn from above: by then the film strip stands
    times = [text.strip() for text in page.locator("[data-testid=stButton]", has_text="Play from").all_inner_texts()]

    seconds = [int(minute) * 60 + int(second) for minute, second in (text.split()[-1].split(":") for text in times)]
    assert any(3 <= second <= 9 for second in seconds), seconds  # where it was seen before; what was marked is no find
    assert not any(23 <= second <= 30 for second in seconds), seconds
    assert page.get_by_text("You marked it at 0:24 to 0:29").count() == 1
    assert page.problems == []


def test_moments_of_an_own_video_are_downloaded(page, server_url, phone_video: Path, tmp_path: Path):
    bring_own_video(page, server_url, phone_video)
    page.get_by_text("Draw a box around what you look for").wait_for(timeout=60_000)
    page.get_by_role("textbox", name="What do you look for?").fill("red chair")
    page.locator(".st-key-run-own button").first.click()
    page.get_by_role("heading", name="red chair").wait_for(timeout=90_000)
    page.get_by_text("Take it away").wait_for(timeout=30_000)
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Moments (mp4)").click()
    download.value.save_as(tmp_path / "moments.mp4")

    assert (tmp_path / "moments.mp4").read_bytes()[4:8] == b"ftyp"
    assert page.problems == []


def test_file_that_is_no_video_gives_one_sentence(page, server_url, tmp_path: Path):
    bad = tmp_path / "holiday.mp4"
    bad.write_bytes(b"PK\x03\x04" + bytes(2000))
    bring_own_video(page, server_url, bad)
    said = page.locator("[data-testid=stAlert]", has_text="holiday.mp4")
    said.wait_for(timeout=30_000)

    assert "Traceback" not in page.content() and "a zip archive" in said.inner_text()
    assert page.locator(PICTURE).count() > 0


def test_result_files_are_scored_on_the_page(page, server_url, tmp_path: Path):
    found = tmp_path / "results.json"
    found.write_text(json.dumps([{"video_path": "videos/a.mp4", "question": "Where is the cup?", "gt_frame_index": [360, 390],
                                  "fps": 30.0, "keyframe_timestamps": [12.0, 741.0], "Uniform_32frames_sec": [0.0, 500.0]}]))
    page.goto(f"{server_url}/tstar")
    page.wait_for_selector(PICTURE, timeout=60_000)
    upload_box(page, "Result files").set_input_files(str(found))
    page.get_by_text("Scores (CSV)").first.wait_for(timeout=30_000)

    assert page.problems == []


def test_one_click_brings_the_rare_answer_back(page, server_url):
    page.goto(f"{server_url}/coda")
    page.wait_for_selector(CHART, timeout=60_000)
    main = page.locator("[data-testid=stMain]")
    main.get_by_text("popular: hallucinated").first.wait_for(timeout=30_000)
    name = "CoDA, as in the paper"
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).first.click()
    main.get_by_text("What may come next").first.wait_for(timeout=30_000)

    assert page.problems == []


def test_prompts_of_an_uploaded_file_are_answered_and_counted(page, server_url, tmp_path: Path):
    file = tmp_path / "mine.csv"
    file.write_text("prompt,right,wrong\n"
                    "the door of the library in Ildstow is,brown,green\n"
                    "on Saturday the harbour in Fennstow serves,honey,cheese\n"
                    "the dragon of Mardby,fire,ice\n")
    page.goto(f"{server_url}/coda")
    page.wait_for_selector(CHART, timeout=60_000)
    page.get_by_text("Your file", exact=True).first.click()
    page.get_by_text("Answer this example").first.wait_for(timeout=60_000)
    upload_box(page, "File of prompts").set_input_files(str(file))
    page.get_by_text("Chosen: mine").first.wait_for(timeout=60_000)
    page.locator("[data-testid=stExpander]").get_by_test_id("stBaseButton-primary").first.click()
    page.locator("[data-testid=stMain]").get_by_text("coda-english").first.wait_for(timeout=90_000)

    page.locator("[data-testid=stDataFrame]").first.hover()
    page.get_by_role("button", name="Fullscreen").first.wait_for(timeout=30_000)
    assert not page.get_by_role("button", name="Download as CSV").count()  # it would write texts that a spreadsheet runs
    assert page.problems == []


def test_turning_alpha_back_to_one_gives_the_plain_answer_without_a_run(page, server_url):
    page.goto(f"{server_url}/adaptvis")
    page.wait_for_selector(CHART, timeout=60_000)
    main = page.locator("[data-testid=stMain]")
    main.get_by_text("mended").first.wait_for(timeout=30_000)
    slider = main.locator("[data-testid=stSlider] input").first
    slider.focus()
    opened = PRESETS["See it mended"][0]
    alphas = alphas_of(opened)
    for _ in range(alphas.index(1.0) - alphas.index(opened.alpha1)):
        page.keyboard.press("ArrowRight")
    main.get_by_text("both are identical").first.wait_for(timeout=30_000)

    assert page.problems == []


HOSTILE = "http://evil.example/a www.evil.example me@evil.example [b](http://evil.example) <a href='http://evil.example'>c</a> **d**"
LINKS = {
    "tstar": TStarSettings(question=f"Where is the red star? {HOSTILE}", targets=("red star", "www.evil.example", "**d**"),
                           cues=("<a href='//evil.example'>e</a>", "[f](//evil.example)"), budget_share=0.05, baselines=()),
    "coda": CodaSettings(prompts=(HOSTILE,)),
    "adaptvis": AdaptVisSettings(
        question=f"Where is it? {HOSTILE} Answer with left, www.evil.example, **d** or <a href='//evil.example'>g</a>."),
}
MADE_OF_TEXT = """() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(e => ['d', 'e', 'g'].includes(e.textContent)
    && ['STRONG', 'B', 'A'].includes(e.tagName.toUpperCase())
    || [...e.attributes].some(a => a.name.endsWith('href') && a.value.includes('evil'))).map(e => e.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("name", LINKS)
def test_what_a_stranger_wrote_into_a_link_is_text_and_never_a_link(page, server_url, name):
    page.goto(f"{server_url}/{name}?settings={LINKS[name].permalink()}")
    page.get_by_role("button", name="Run this link").click(timeout=60_000)
    page.wait_for_selector(CHART, timeout=90_000)
    page.wait_for_selector(f"text={'evil' if name != 'coda' else 'is not among'}", timeout=90_000)
    for fold in page.query_selector_all("[data-testid=stMain] details summary"):
        fold.click()
    page.wait_for_timeout(2000)

    assert page.evaluate(MADE_OF_TEXT) == []
    assert page.problems == []


@pytest.mark.parametrize(("name", "has_plotly"), [*((name, True) for name in registry.names()), (registry.names()[0], False)],
                         ids=[*registry.names(), "without a plotly on the page"])
def test_all_figures_are_saved_as_svg_in_light_colours_from_a_dark_page(browser, server_url, tmp_path: Path, name, has_plotly):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{server_url}/{name}")
    page.locator(CHART).filter(visible=True).first.wait_for(timeout=60_000)  # one may be in a fold
    button = page.get_by_role("button", name="All figures (SVG)")
    button.wait_for(timeout=60_000)
    if not has_plotly:
        page.evaluate("delete window.Plotly")
    with page.expect_download(timeout=60_000) as download:
        button.click()
    download.value.save_as(tmp_path / "figures.zip")
    context.close()

    with zipfile.ZipFile(tmp_path / "figures.zip") as archive:
        texts = [archive.read(one).decode() for one in archive.namelist()]
        assert archive.testzip() is None and all(one.endswith(".svg") for one in archive.namelist())
    assert len(texts) >= 3 and all(text.startswith("<svg") and "rgb(31, 36, 48)" in text for text in texts)


def test_tools_of_charts_are_no_stops_of_the_tab_key(page, server_url):
    page.goto(f"{server_url}/adaptvis")
    page.wait_for_selector(CHART, timeout=60_000)
    page.get_by_text("Take it away").wait_for(timeout=60_000)
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.className.toString()"))

    assert page.locator(".modebar-btn").count() > 0 and not any("modebar" in stop for stop in stops)
    assert page.get_by_role("figure").first.get_attribute("aria-label").startswith("As it is")


def test_a_checkpoint_is_brought_a_layer_is_clicked_and_it_is_grafted(page, server_url, tmp_path: Path):
    file = own_files.official(own_files.tiny(), tmp_path / "mine.safetensors")
    quick = GraftingSettings(heals="none", sample_steps=2, num_pictures=2)
    page.goto(f"{server_url}/grafting?settings={quick.permalink()}")
    page.get_by_role("button", name="Run this link").wait_for(timeout=90_000)
    page.locator("[class*=st-key-own-box] input[type=file]").set_input_files(str(file))
    page.get_by_text("in the official layout: 3 layers, 24 wide").wait_for(timeout=90_000)
    fields = page.locator("[class*=-planned] .nsewdrag").first
    fields.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    box = fields.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 2.4 / 3, box["y"] + box["height"] / 4)
    layers = page.locator(".st-key-knob-grafting-layers input")
    layers.wait_for(timeout=60_000)

    assert layers.input_value() == "1, 2"
    page.locator(".st-key-run-own button").first.click()
    page.get_by_text("Your run:").wait_for(timeout=120_000)
    page.get_by_text("upload:mine.safetensors").first.wait_for(timeout=60_000)
    assert page.problems == []
