"""What opening a page costs: bytes by how they are packed, seconds to the first picture and chart, and until all stands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from backends import registry
from benchmarks.house.server import ROOT, _free_port, _wait
from benchmarks.tables import markdown

SETTLED_MS = 3000  # after the last thing that is waited for: everything below was asked for too
LIMIT_MS = 40_000
TURNS = 4  # of which the first is cold, with an empty cache
WATCH = """window.seen = {shift: 0}; let above = ""; (function look() {
  const large = e => { const r = e.getBoundingClientRect(); return r.width >= 120 && r.height >= 80 && e.naturalWidth !== 0; };
  for (const [name, kinds] of [["picture", ":is(img, canvas, video, svg.orrery, .main-svg)"], ["chart", ".js-plotly-plot .main-svg"]])
    if (!window.seen[name] && [...document.querySelectorAll("[data-testid=stMain] " + kinds)].some(large))
      window.seen[name] = performance.now() / 1000;
  const places = [...document.querySelectorAll("[data-testid=stMain] :is(.stElementContainer, img, .main-svg)")].map(e => {
    const r = e.getBoundingClientRect();
    return r.width && r.top < innerHeight ? [r.left, r.top, r.width, e.naturalWidth].map(Math.round) : [];
  }).flat().join();
  if (places !== above) { above = places; window.seen.settled = performance.now() / 1000; }
  requestAnimationFrame(look); })();
new PerformanceObserver(list => list.getEntries().forEach(e => { window.seen.shift += e.hadRecentInput ? 0 : e.value }))
  .observe({type: "layout-shift", buffered: true});"""
LOADED = """() => ['decodedBodySize', 'transferSize'].map(
  what => performance.getEntries().reduce((sum, entry) => sum + (entry[what] || 0), 0) / 1e6)"""


def section() -> str:
    """Return the table; starts a server of its own."""
    port = _free_port()
    process = subprocess.Popen([sys.executable, "server.py"], cwd=ROOT, env=os.environ | {"PORT": str(port)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://localhost:{port}/api/health")
        rows = _rows(f"http://localhost:{port}")
    finally:
        process.terminate()
        process.wait(30)
    head = ("page", "MB unpacked", "MB, brotli", "brotli / unpacked", "first picture s, cold, warm",
            "first chart s, cold, warm", "picture / chart", "nothing moves above the fold after s, cold, warm", "layout shift")
    return ("## Opening a page\n\nA window of 1366 x 768, everything that is asked for within seconds of opening. Browsers take "
            "brotli over https and from localhost. Of a chart that a page opens with, a picture comes first; "
            "both times are of the same visit, and so is the one after which nothing moves on the first screen. "
            f"Warm is the median of {TURNS - 1} visits. Layout shift is the sum that browsers measure; below 0.1 counts as good.\n\n"
            + markdown(head, rows))


def _rows(url: str) -> list[tuple[str, ...]]:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        _visit(browser.new_context(), f"{url}/{registry.names()[0]}")  # the server's own first time
        rows = [_row(browser, name, f"{url}/{name}", is_chart_awaited=name in registry.names())
                for name in ("", *registry.names(), "gradio/")]
        browser.close()
    return rows


def _row(browser: Browser, name: str, url: str, *, is_chart_awaited: bool) -> tuple[str, ...]:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    loaded, visits = zip(*(_visit(context, url, is_chart_awaited) for _ in range(TURNS)))
    context.close()
    unpacked, small = loaded[0]
    pictures, charts, settled, shifts = ([visit.get(kind, float("nan")) for visit in visits]
                                         for kind in ("picture", "chart", "settled", "shift"))
    ratio = median(one / other for one, other in zip(pictures, charts))
    return (name or "home", *(f"{size:.1f}" for size in (unpacked, small)), f"{small / unpacked:.2f}", _times(pictures),
            _times(charts), "" if ratio != ratio else f"{ratio:.2f}", _times(settled), f"{median(shifts):.2f}")


def _times(seconds: Sequence[float]) -> str:
    return "" if seconds[0] != seconds[0] else f"{seconds[0]:.1f}, {median(seconds[1:]):.1f}"


Visit = tuple[tuple[float, float], dict[str, float]]


def _visit(context: BrowserContext, url: str, is_chart_awaited: bool = True) -> Visit:
    """Megabytes unpacked and as they came, and seconds to what was seen."""
    page = context.new_page()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.add_init_script(WATCH)
    page.goto(url, wait_until="commit")
    if is_chart_awaited:
        page.wait_for_function("window.seen.chart", timeout=LIMIT_MS)
    page.wait_for_timeout(SETTLED_MS)
    unpacked, came = page.evaluate(LOADED)
    seen = dict(page.evaluate("window.seen"))
    page.close()
    return (unpacked, came), seen
