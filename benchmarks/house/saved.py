"""Saved runs as somebody may send them: what comes of hundreds of changed ones, and what the worst files cost.

Nothing but an `InputError` of one sentence may come out of a changed file that is opened, drawn and shown in its page.
"""

import json
import logging
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backends.files.saved import load_result, refusal
from backends.registry import System, systems
from benchmarks.house.mutations import mutations, opened, packed
from benchmarks.tables import markdown
from pages.tstar import views
from visualizers.contract import drawing
from visualizers.tstar import figures as tstar_figures
from worlds.errors import InputError

ROOT = Path(__file__).parents[2]
MAX_SENTENCE = 400  # characters
PER_RUN = 500
ON_THE_PAGE = 5  # of so many that open, one is shown in its page as well


def recorded() -> Iterator[tuple[System, Path]]:
    """Every recorded run and its system."""
    for system in systems():
        if system.recorded:
            yield from ((system, path) for path in sorted(system.recorded.parent.glob("*.orrery")))


def sentence(error: InputError) -> str:
    """Return what a person reads. Raises AssertionError where it is not one line that ends."""
    text = str(error)
    assert text.endswith(".") and "\n" not in text and len(text) <= MAX_SENTENCE and "Traceback" not in text, text
    return text


def draw(system: System, result: Any) -> None:
    """Make all that a page and the Gradio front make of a result: charts as a browser gets them, pictures, numbers, downloads."""
    drawn = drawing(system.name)
    for figure in drawn.figures(result).values():
        figure.to_json()
    assert all(picture.dtype == np.uint8 and caption for picture, caption in drawn.pictures(result))
    json.dumps(result.summary())
    assert refusal(result) == ""
    if system.name == "tstar":
        tstar_figures.contact_sheet(result)
        tstar_figures.keyframe_zip(result)
        assert all(start < end for start, end in views.moments(result))


class Page:
    """A system's page, without a browser, into which saved runs are brought."""

    def __init__(self, system: System) -> None:
        from streamlit.testing.v1 import AppTest

        self._name = system.name
        home = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
        self._page = home.switch_page(f"pages/{system.name}/page.py").run()

    def bring(self, content: bytes) -> str:
        """Return the sentence of a file that is refused, or nothing. Raises AssertionError where the page breaks, now or later."""
        box = next(box for box in self._page.get("file_uploader") if box.key == f"open.{self._name}")
        box.set_value(("run.orrery", content, "application/octet-stream")).run()
        said = [error.value for error in self._page.error]
        assert not self._page.exception and len(said) <= 1, [entry.stack_trace for entry in self._page.exception] or said
        self._page.run()
        assert not self._page.exception
        return said[0] if said else ""


def outcome(system: System, content: bytes, page: Page | None = None) -> str:
    """Return 'opened' or the sentence; whatever else comes of it is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of numbers that are not finite
        try:
            result = load_result(content, system.result)
        except InputError as error:
            return sentence(error)
        draw(system, result)
    if page is not None:
        assert page.bring(content) == ""
    return "opened"


def _tried(system: System, path: Path, page: Page) -> tuple[object, ...]:
    found, slowest = Counter[str](), 0.0
    for number, (name, content) in enumerate(mutations(path.read_bytes(), PER_RUN, seed=1)):
        start = time.process_time()
        try:
            said = outcome(system, content, page if number % ON_THE_PAGE == 0 else None)
        except Exception as error:  # noqa: BLE001  what is counted here is exactly what nobody foresaw
            print(f"{system.name} {path.stem} {name}: {error!r}", file=sys.stderr)
            said = "broken"
        slowest = max(slowest, time.process_time() - start)
        found[said if said in ("opened", "broken") else "refused"] += 1
    return (f"{system.name}, {path.stem}", PER_RUN, found["opened"], found["refused"], found["broken"], f"{slowest:.1f}")


def _with_text(content: bytes, text: bytes) -> bytes:
    return packed(opened(content) | {"result.json": text})


def _with_zeros(content: bytes) -> bytes:
    """As many numbers as are let in, in every array: a file of some hundred kilobytes."""
    files = opened(content)
    names = [name for name in files if name.endswith(".npy")]
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({190_000_000 // 8 // len(names)},), }}".ljust(117).encode() + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(190_000_000 // 8 // len(names) * 8)
    return packed(files | dict.fromkeys(names, array))


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "a million empty lists": lambda content: _with_text(
        content, b'{"orrery": 1, "system": "tstar", "result": [' + b"[]," * 999_999 + b"[]]}"),
    "half a million lists, as many as are let in": lambda content: _with_text(
        content, b'{"orrery": 1, "system": "tstar", "result": [' + b"[]," * 499_990 + b"[]]}"),
    "190 MB of zeros, almost as many as are let in": _with_zeros,
    "a table of contents of 500,000 lines": lambda content: content[:4] + (b"PK\x01\x02" + bytes(42)) * 500_000 + content[-22:],
}
_OPENS = """
import sys, time
from pathlib import Path
from backends.files.saved import load_result
from backends.registry import system
from worlds.errors import InputError
def highest_kb():  # of this process alone: what getrusage says begins with its parent's
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
kind, content = system("tstar").result, Path(sys.argv[1]).read_bytes()
before, start = highest_kb(), time.process_time()
try:
    load_result(content, kind)
except InputError as error:
    print(str(error)[:60] + " ...")
    print((highest_kb() - before) // 1000, time.process_time() - start)
"""


def _cost(name: str, content: bytes, folder: Path) -> tuple[object, ...]:
    """Open a file in a process of its own, whose memory is read afterwards."""
    path = folder / "bomb.orrery"
    path.write_bytes(BOMBS[name](content))
    done = subprocess.run([sys.executable, "-c", _OPENS, str(path)], cwd=ROOT, capture_output=True, text=True, check=True)
    said, numbers = done.stdout.splitlines()
    megabytes, seconds = numbers.split()
    return name, f"{path.stat().st_size / 1e3:,.0f}", megabytes, f"{float(seconds):.1f}", said


def section() -> str:
    """Changed copies of every recorded run, and the worst files that are known."""
    logging.disable(logging.WARNING)  # Streamlit's, of pages without a browser
    rows = [_tried(system, path, page) for system, page in ((system, Page(system)) for system in systems())
            for of, path in recorded() if of.name == system.name]
    content = next(path for system, path in recorded() if system.name == "tstar").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        costs = [_cost(name, content, Path(folder)) for name in BOMBS]
    logging.disable(logging.NOTSET)
    return (f"## Saved runs from strangers\n\n{PER_RUN} changed copies of every recorded run: bytes, zip entries, values, arrays "
            "and headers, by a seed. What opened was drawn, and every fifth shown in its page, twice; what did not gave one "
            "sentence. CPU seconds are of the slowest copy.\n\n"
            + markdown(("recorded run", "copies", "opened and drawn", "one sentence", "anything else", "slowest, CPU s"), rows)
            + "\nWhat the worst files that are known cost:\n\n"
            + markdown(("file", "kB", "memory MB", "CPU s", "answer"), costs))
