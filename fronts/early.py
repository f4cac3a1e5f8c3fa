"""Tells a browser with a page's first answer which script the page will ask for: it comes while the page is still being made.

Streamlit's script asks for the parts that draw an element only when the first such element arrives, and Plotly's is the largest
file of all. The names have digests, so they are looked for in the package; a name that a later Streamlit does not have is left out.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST = ("Html", "Button", "ButtonGroup", "Slider", "PlotlyChart")  # what every page of a system opens with
IMPORTED = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")
HEAD_LETTERS = 20_000  # of a file: what it imports stands first
MOST = 60  # an answer's headers have their limits; a page opens with about 25


def links(folder: Path, known: str) -> str:
    """The value of a Link header.

    Args:
        folder: Streamlit's script.
        known: its index.html, which names what a page needs in any case.
    """
    names = list(dict.fromkeys(name for first in FIRST for name in _with_what_it_imports(folder, first)))
    wanted = [name for name in names if name not in known][:MOST]
    return ", ".join(f"</static/js/{name}>; rel=modulepreload; crossorigin=anonymous" for name in wanted)


def of(package: Path) -> str:
    """The same for the files of Streamlit; empty where they are not what they were."""
    index = package / "static" / "index.html"
    return links(package / "static" / "static" / "js", index.read_text(encoding="utf-8")) if index.is_file() else ""


def _with_what_it_imports(folder: Path, first: str) -> Iterator[str]:
    """File names, that of the part itself first."""
    found = sorted(file.name for file in folder.glob(f"{first}.*.js"))[:1]
    for name in found:
        yield name
        with (folder / name).open(encoding="utf-8", errors="replace") as script:
            head = script.read(HEAD_LETTERS)
        found += [other for other in IMPORTED.findall(head)
                  if other not in found and (folder / other).is_file()]


class Early:
    """Adds the header to the answers of some addresses."""

    def __init__(self, app: ASGIApp, paths: Collection[str], header: str) -> None:
        self.app = app
        self._paths, self._header = frozenset(paths), header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self._paths or not self._header:
            await self.app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                MutableHeaders(scope=message).append("Link", self._header)
            await send(message)

        await self.app(scope, receive, telling)
