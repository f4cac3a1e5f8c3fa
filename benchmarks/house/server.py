"""The server: cold start, first page, memory idle and after ten runs."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from benchmarks.tables import markdown

ROOT = Path(__file__).parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _memory_mb(process: psutil.Process) -> float:
    return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]) / 1e6


def _wait(url: str, limit_s: float = 120) -> float:
    start = time.monotonic()
    while time.monotonic() - start < limit_s:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                if reply.status == 200:
                    return time.monotonic() - start
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def section() -> str:
    """A server of its own on a free port; runs go through the Gradio client."""
    from gradio_client import Client

    port = _free_port()
    process = subprocess.Popen([sys.executable, "server.py"], cwd=ROOT, env=os.environ | {"PORT": str(port)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        rows = [("first answer of the page's address", f"{_wait(url):.1f} s"),
                ("Gradio and MCP ready, since then", f"{_wait(url + '/gradio/config'):.1f} s")]
        server = psutil.Process(process.pid)
        picture = _first_picture(url + "/tstar")
        rows.append(("browser: T* page opened to first picture", f"{picture:.1f} s"))
        rows.append(("memory idle", f"{_memory_mb(server):.0f} MB"))
        client = Client(url + "/gradio", verbose=False)
        for seed in range(10):
            client.predict(seed=seed, baselines=[], api_name="/tstar")
            if seed == 0:
                rows.append(("memory after one run", f"{_memory_mb(server):.0f} MB"))
        rows.append(("memory after ten runs", f"{_memory_mb(server):.0f} MB"))
        rows += _a_class(url)
        rows.append(("memory after the class", f"{_memory_mb(server):.0f} MB"))
        rows.append(("memory after 1,000 calls of new sessions over memory after 100 (asked: at most 1.1)",
                     f"{_growth(url, server):.3f}"))
    finally:
        process.terminate()
        process.wait(20)
    return "## Server\n\n" + markdown(("what", "measured"), rows)


def _a_class(url: str, num_students: int = 30) -> list[tuple[str, str]]:
    """Thirty sessions ask for a search of their own at the same moment."""
    from gradio_client import Client

    def ask(seed: int) -> float:
        client, start = Client(url + "/gradio", verbose=False), time.monotonic()
        client.predict(seed=seed, baselines=[], api_name="/tstar")
        return time.monotonic() - start

    with ThreadPoolExecutor(num_students) as students:
        waits = sorted(students.map(ask, range(100, 100 + num_students)))
    return [(f"{num_students} searches asked for at once: first, median and last answer",
             f"{waits[0]:.1f}, {waits[num_students // 2]:.1f} and {waits[-1]:.1f} s")]


def _growth(url: str, server: psutil.Process) -> float:
    """How much larger the server gets by visitors that come once: each call is a session of its own."""
    ask = url + "/gradio/gradio_api/call/v2/coda"
    body = json.dumps({"max_new_tokens": 1, "methods": ["greedy"]}).encode()
    after: dict[int, float] = {}
    for number in range(1, 1001):
        request = urllib.request.Request(ask, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            event = json.load(reply)["event_id"]
        with urllib.request.urlopen(f"{ask}/{event}", timeout=60) as stream:
            assert b"event: complete" in stream.read()
        if number in (100, 1000):
            after[number] = _memory_mb(server)
    return after[1000] / after[100]


def _first_picture(url: str) -> float:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        start = time.monotonic()
        page.goto(url, wait_until="commit")
        page.wait_for_selector("[data-testid=stMain] img", timeout=60_000)
        return time.monotonic() - start
