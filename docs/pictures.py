"""Takes the pictures of the README and the docs from a running app: `python docs/pictures.py http://localhost:7860`."""

import sys
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from backends import registry  # noqa: E402

SCREENS = {"": (1366, 1500, "light"), "-dark": (1366, 1500, "dark"), "-phone": (390, 1700, "light")}


def main(url: str) -> None:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for name, (ending, (width, height, scheme)) in product(registry.names(), SCREENS.items()):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"{url}/{name}")
            page.get_by_role("heading", name="Take it away").wait_for(timeout=60_000)
            page.wait_for_timeout(4000)
            picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
            cv2.imwrite(str(HERE / f"{name}{ending}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
            page.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:7860")
