"""Writes the orrery where it stands outside the pages: `python docs/mark.py` makes orrery.svg (the README's head), icon.svg (the
mark in the sidebar) and icon.png (the tab's icon; it carries the drawing's hash, so that a test finds a stale one)."""

import hashlib
import io
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from PIL import Image, PngImagePlugin  # noqa: E402

from backends.registry import systems  # noqa: E402
from pages.house import orrery  # noqa: E402
from visualizers.orrery import drawing, mark  # noqa: E402

SIDE_PX = 256


def drawings() -> dict[str, str]:
    """Return the SVG files' text by name."""
    return {"orrery.svg": drawing(orrery.bodies(systems()), orrery.RINGS, is_linked=False), "icon.svg": mark()}


def hash_of(svg: str) -> str:
    return hashlib.sha256(svg.encode()).hexdigest()


def painted(svg: str) -> bytes:
    """Return a drawing as a PNG with its hash, painted by a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": SIDE_PX, "height": SIDE_PX})
        page.set_content(f'<body style="margin:0">{svg.replace("<svg ", "<svg style=width:100vw;height:100vh ", 1)}')
        picture = page.screenshot(omit_background=True)
    said, out = PngImagePlugin.PngInfo(), io.BytesIO()
    said.add_text("drawing", hash_of(svg))
    Image.open(io.BytesIO(picture)).save(out, "PNG", pnginfo=said, optimize=True)
    return out.getvalue()


def main() -> None:
    for name, svg in drawings().items():
        (HERE / name).write_text(svg, encoding="utf-8")
    (HERE / "icon.png").write_bytes(painted(drawings()["icon.svg"]))


if __name__ == "__main__":
    main()
