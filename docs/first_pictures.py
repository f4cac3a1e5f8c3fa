"""Takes the pictures that stand in a chart's place until it is drawn: `python docs/first_pictures.py http://localhost:7860`.

Of every chart that a page opens with (`pages/house/first_picture.py`), from a running app with no cache of pictures; what no page
opens with any more is deleted. A browser of Playwright's is used, or the one that CHROMIUM names.
"""

import io
import os
import sys
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from backends import registry
from pages.house.first_picture import FOLDER, WIDTHS, file_of

QUALITY, SCALE = 50, 1.5  # of AVIF; pixels for one of the page's: sharp enough for a second, also on a phone
PLACE = "[class*='st-key-first-']:has([data-picture])"  # of a chart
HIDE = ".modebar-container, .stElementToolbar, .stStatusWidget { visibility: hidden !important }"


def main(url: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    made: set[Path] = set()
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                                        args=["--no-sandbox", "--disable-gpu"])
        for name, (width, pixels), scheme in product(registry.names(), WIDTHS.items(), ("light", "dark")):
            made |= _taken(browser, f"{url}/{name}", width, pixels, scheme)
    for old in set(FOLDER.glob("*.avif")) - made:
        old.unlink()
    print(f"{len(made)} pictures, {sum(file.stat().st_size for file in made) / 1000:.0f} kB")


def _taken(browser: Browser, url: str, width: str, pixels: int, scheme: str) -> set[Path]:
    """The files of the pictures of one page in one window."""
    page = browser.new_page(viewport={"width": pixels, "height": 900}, color_scheme=scheme, device_scale_factor=SCALE)
    page.goto(url)
    page.get_by_role("heading", name="Take it away").wait_for(timeout=60_000)
    page.wait_for_timeout(6000)  # everything is drawn
    page.add_style_tag(content=HIDE)
    files = {_take(page, index, width, scheme) for index in range(page.locator(PLACE).count())}
    page.close()
    return files


def _take(page: Page, index: int, width: str, scheme: str) -> Path:
    place = page.locator(PLACE).nth(index)
    name = place.locator("[data-picture]").get_attribute("data-picture") or ""
    file = file_of(name, width, scheme)
    chart = place.locator(".js-plotly-plot")
    box = chart.bounding_box() or {"width": 1, "height": 1}
    size = round(SCALE * box["width"]), round(SCALE * box["height"])  # a photograph may have a line more
    Image.open(io.BytesIO(chart.screenshot())).convert("RGB").crop((0, 0, *size)).save(file, "avif", quality=QUALITY, speed=2)
    return file


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:7860")
