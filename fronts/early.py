"""Tells a browser with a page's first answer what it will need: which script the page will ask for, its rules of style, its name.

Streamlit's script asks for the parts that draw an element only when the first such element arrives, and Plotly's is the largest
file of all. The names have digests, so they are looked for in the package; a name that a later Streamlit does not have is left out.
Rules of style that a page brings along are read after its first elements were laid out, which then jump; and whoever shows a
preview of a link reads the title of the first answer, which is Streamlit's.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST = ("Html", "Button", "ButtonGroup", "Slider", "PlotlyChart")  # what every page of a system opens with
IMPORTED = re.compile(r"""(?:from|import)\s*["']\./([\w.-]+\.js)["']""")
HEAD_LETTERS = 20_000  # of a file: what it imports stands first
NOT_ASKED = (b"accept-encoding", b"range", b"if-none-match", b"if-modified-since")  # of the app inside: its page is changed here
OF_THE_FILE = ("etag", "last-modified", "accept-ranges", "content-length", "vary")  # said of the page as the app inside has it
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
    """Adds to the answers of some addresses: a header, and what belongs into the head of a page."""

    def __init__(self, app: ASGIApp, heads: Mapping[str, str], header: str,
                 of_query: Callable[[str], str] = lambda _query: "") -> None:
        """Prepare.

        Args:
            heads: what is written before the end of a page's head, by the page's address; a title in it replaces the page's own.
            header: the value of the Link header; none where it is empty.
            of_query: what is written behind that, by what stands behind the question mark of the address.
        """
        self.app = app
        self._heads, self._header, self._of_query = dict(heads), header, of_query

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = self._heads.get(scope["path"]) if scope["type"] == "http" else None
        if head is None:
            await self.app(scope, receive, send)
            return
        head += self._of_query(scope.get("query_string", b"").decode("latin-1"))
        asked = [(name, value) for name, value in scope["headers"] if name not in NOT_ASKED]
        held: Message | None = None  # the start of a page, until its body is whole

        async def telling(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(scope=message)
                if self._header:
                    headers.append("Link", self._header)
                if headers.get("content-type", "").startswith("text/html"):
                    for name in OF_THE_FILE:
                        del headers[name]
                    held = message
                    return
            if held is None or message["type"] != "http.response.body":
                await send(message)
                return
            start, held = held, None
            if not message.get("more_body") and scope["method"] == "GET":  # Streamlit sends its page in one piece
                body = with_head(message.get("body", b""), head)
                message = {**message, "body": body}
                MutableHeaders(scope=start)["content-length"] = str(len(body))
            await send(start)
            await send(message)

        await self.app({**scope, "headers": asked}, receive, telling)


def with_head(page: bytes, head: str) -> bytes:
    """A page with more in its head; as it is where it has none."""
    text, end, rest = page.partition(b"</head>")
    if not end:
        return page
    if "<title>" in head:
        text = re.sub(rb"<title>.*?</title>", b"", text, count=1, flags=re.DOTALL)
    return text + head.encode() + end + rest
