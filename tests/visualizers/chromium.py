"""A page of a real browser that draws figures without Streamlit: plotly's own script, the app's font, several figures to a page."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import streamlit

from tests.pages.conftest import CHROMIUM
from visualizers.theme import themed

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOOKS = Path(__file__).with_name("drawn.js")


@contextmanager
def drawing_page() -> Iterator[Any]:  # Any: a page of Playwright's
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.set_content(f"<style>{_font()}</style><body style='margin: 0'>.</body>")
        page.add_script_tag(path=str(Path(plotly.__file__).parent / "package_data" / "plotly.min.js"))
        page.add_script_tag(path=str(LOOKS))
        page.evaluate("document.fonts.load(\"15px 'Source Sans'\")")
        yield page
        browser.close()


def _font() -> str:
    """Streamlit's font as a rule of CSS; without it the browser takes another, which is wider."""
    files = sorted((Path(streamlit.__file__).parent / "static" / "static" / "media").glob("SourceSansVF-Upright*.woff2"))
    if not files:
        return ""
    content = base64.b64encode(files[0].read_bytes()).decode()
    return f"@font-face {{ font-family: 'Source Sans'; src: url(data:font/woff2;base64,{content}); font-weight: 200 900 }}"


def as_drawn(figure: go.Figure, *, is_dark: bool = False, scale: float = 1.0) -> Any:
    """The JSON of the figure in the app's template."""
    return json.loads(themed(figure, is_dark=is_dark, scale=scale).to_json())


def seen(page: Any, figures: dict[str, go.Figure], widths: tuple[int, ...], *, is_dark: bool = False,
         scale: float = 1.0) -> list[str]:
    """What cannot be read, a line each; all widths of one figure in one call, which is quicker."""
    found = []
    for name, figure in figures.items():
        said = page.evaluate("""async ([figure, widths, scale]) => {
            const all = [];
            for (const width of widths) all.push(...(await drawn(figure, width, {scale})).found.map(one => `${width} px: ${one}`));
            return all;
        }""", [as_drawn(figure, is_dark=is_dark, scale=scale), list(widths), scale])
        found += [f"{name}, {one}" for one in said]
    return found


def area(page: Any, figure: go.Figure, width: int) -> tuple[float, float]:
    """Where a figure's picture begins and ends, in pixels from above."""
    found = page.evaluate("([figure, width]) => drawn(figure, width)", [as_drawn(figure), width])["area"]
    return round(found["top"]), round(found["bottom"])
