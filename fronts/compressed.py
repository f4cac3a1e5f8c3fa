"""Script and style of both fronts, compressed once: a first visit loads a third of what it did.

Streamlit serves its files as they are, Gradio compresses them anew for everyone. Here the best copies (brotli, and gzip for plain
http, over which browsers take no brotli) are made in the background and kept in the cache under the digest of what they hold, so
that a new version of a front is never served an old copy. Until a copy is there, or where none can be kept, a quick one is made
in memory. `python -m fronts.compressed` makes them all beforehand.

Only files that were found below the fronts' own folders are served, by their exact address. Ranges and clients that take no
compression go on to the app inside.
"""

import asyncio
import contextlib
import gzip
import hashlib
import importlib.util
import logging
import os
import re
import tempfile
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worlds.haystack.samples import cache_folder

log = logging.getLogger("orrery.compressed")

Encoding = Literal["br", "gzip"]
STREAMLIT = "/static/"  # where it asks for its files
ENCODINGS: tuple[Encoding, ...] = ("br", "gzip")  # the smaller first
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json",
         ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8", ".ttf": "font/ttf"}  # others are compressed already
LEAST_BYTES = 500  # below, the headers are what is sent
MOST_BYTES = 8_000_000  # one file of Gradio's, 32 MB of machine code for cutting videos, would take a minute
HASHED = re.compile(r"[.-][\w-]{8}\d?\.\w+$")  # a digest in the name: what has it never changes
FOREVER, ASK_AGAIN = "public, immutable, max-age=31536000", "no-cache"
QUICK = {"br": 5, "gzip": 6}  # 0.1 s for the largest
BEST = {"br": 11, "gzip": 9}  # 8 s for the largest, 3 % to 20 % smaller


def folders(gradio: str) -> dict[str, Path]:
    """Where files of the fronts lie, by the address that they are asked for under; neither front is imported for it."""
    found = {}
    for address, package, inside in ((STREAMLIT, "streamlit", "static/static"),
                                     (f"{gradio}/assets/", "gradio", "templates/frontend/assets"),
                                     (f"{gradio}/static/", "gradio", "templates/frontend/static")):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            found[address] = Path(place) / inside
    return found


def copies(gradio: str) -> "Copies":
    """Those of both fronts, kept where all that is made once is kept."""
    return Copies(folders(gradio), cache_folder() / "compressed")


def compressed(content: bytes, encoding: Encoding, level: int) -> bytes:
    """The same, smaller. Other threads go on meanwhile."""
    if encoding == "br":
        return bytes(brotli.compress(content, quality=level, lgwin=24))
    return gzip.compress(content, level, mtime=0)


def _weights(accept_encoding: str) -> dict[str, bool]:
    """Of each encoding that an Accept-Encoding names, whether it is taken: with a weight of 0 it is refused."""
    weights = {}
    for part in accept_encoding.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return weights


def taken(accept_encoding: str) -> Encoding | None:
    """The smallest encoding that a client takes, by its Accept-Encoding."""
    weights = _weights(accept_encoding)
    return next((encoding for encoding in ENCODINGS if weights.get(encoding, weights.get("*", False))), None)


class Copy(NamedTuple):
    """What is sent in place of a file."""

    content: bytes
    digest: str  # of the file itself


class Copies:
    """Compressed copies of the files below some folders: in memory once they were asked for, and in a folder of the cache."""

    def __init__(self, places: Mapping[str, Path], cache: Path) -> None:
        """Look for the files.

        Args:
            places: folders by the address that their files are asked for under, which ends in a slash.
            cache: where copies are kept; need not be there, nor be writable.
        """
        self.files = {address + file.relative_to(folder).as_posix(): file for address, folder in places.items()
                      for file in sorted(folder.rglob("*")) if _is_for_us(file)}
        self._cache = cache
        self._held: dict[tuple[str, Encoding], Copy] = {}
        self._one_at_a_time = threading.Lock()  # thirty first visitors ask for the same file

    def held(self, address: str, encoding: Encoding) -> Copy | None:
        """The copy, if it was asked for before."""
        return self._held.get((address, encoding))

    def get(self, address: str, encoding: Encoding) -> Copy:
        """The best copy if it was made, else a quick one, which takes 0.1 s for the largest file.

        Raises:
            KeyError: there is no such file.
            OSError: the file cannot be read.
        """
        with self._one_at_a_time:
            if (copy := self.held(address, encoding)) is None:
                content = self.files[address].read_bytes()
                digest = _digest(content)
                small = self._kept(digest, encoding, content) or compressed(content, encoding, QUICK[encoding])
                copy = self._held[address, encoding] = Copy(small, digest)
            return copy

    def make(self) -> int:
        """Make every best copy that is not there, Streamlit's first and the largest first; returns how many were made.

        Ends where nothing can be written: quick copies are served then.
        """
        number = 0
        for address in sorted(self.files, key=lambda address: (not address.startswith(STREAMLIT), -_size(self.files[address]))):
            try:
                content = self.files[address].read_bytes()
                for encoding in ENCODINGS:
                    number += self._make_one(address, encoding, content)
            except OSError as error:
                log.warning("compressed copies are not kept: %s", error)
                break
        return number

    def make_in_background(self) -> None:
        """The same, in a thread that takes only what nobody else wants of the processors."""

        def work() -> None:
            with contextlib.suppress(OSError, AttributeError):  # Linux: a thread has a priority of its own
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
            number = self.make()
            log.info("%d compressed copies were made", number)

        threading.Thread(target=work, daemon=True, name="compressed").start()

    def _make_one(self, address: str, encoding: Encoding, content: bytes) -> bool:
        digest = _digest(content)
        if self._kept(digest, encoding, content) is not None:
            return False
        small = compressed(content, encoding, BEST[encoding])
        self._keep(digest, encoding, small)
        if self.held(address, encoding):
            self._held[address, encoding] = Copy(small, digest)
        return True

    def _kept(self, digest: str, encoding: Encoding, content: bytes) -> bytes | None:
        """The copy in the cache, if it is there and whole."""
        try:
            copy = (self._cache / f"{digest}.{encoding}").read_bytes()
            whole = brotli.decompress(copy) if encoding == "br" else gzip.decompress(copy)
        except (OSError, EOFError, ValueError, brotli.error):
            return None
        return copy if whole == content else None

    def _keep(self, digest: str, encoding: Encoding, copy: bytes) -> None:
        self._cache.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._cache, prefix=".making-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(copy)
            Path(name).replace(self._cache / f"{digest}.{encoding}")
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _is_for_us(file: Path) -> bool:
    return file.suffix in TYPES and not file.is_symlink() and file.is_file() and LEAST_BYTES <= _size(file) <= MOST_BYTES


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # went meanwhile
        return 0


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


class Compressed:
    """Serves the copies; everything else goes on to the app inside. Of that, `pages` are compressed as they come."""

    def __init__(self, app: ASGIApp, copies: Copies, pages: Collection[str] = ()) -> None:
        self.app = app
        self.copies = copies
        self._pages, self._smaller = pages, GZipMiddleware(app, compresslevel=QUICK["gzip"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http":
            scope = _without_refused(scope)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or path not in self.copies.files:
            await (self._smaller if path in self._pages else self.app)(scope, receive, send)
            return
        asked = Headers(scope=scope)
        encoding = None if "range" in asked else taken(asked.get("accept-encoding", ""))
        if encoding is None:
            await self.app(scope, receive, _telling_of_encodings(send))
            return
        try:
            copy = self.copies.held(path, encoding)
            if copy is None:
                copy = await asyncio.to_thread(self.copies.get, path, encoding)
        except OSError:  # the package changes under our feet
            await self.app(scope, receive, send)
            return
        await _answer(path, asked, copy, encoding)(scope, receive, send)


def _without_refused(scope: Scope) -> Scope:
    """A request in whose Accept-Encoding only stands what is taken: whoever compresses inside looks for a name and no weight."""
    said = Headers(scope=scope).get("accept-encoding", "")
    refused = [name for name, is_taken in _weights(said).items() if not is_taken]
    if not refused:
        return scope
    parts = [part.strip() for part in said.split(",") if part.partition(";")[0].strip().lower() not in refused]
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    return {**scope, "headers": [*headers, (b"accept-encoding", (", ".join(parts) or "identity").encode("latin-1"))]}


def _answer(path: str, asked: Headers, copy: Copy, encoding: Encoding) -> Response:
    tag = f'"{copy.digest}-{encoding}"'
    headers = {"Vary": "Accept-Encoding", "ETag": tag, "Cache-Control": FOREVER if HASHED.search(path) else ASK_AGAIN}
    if tag in (one.strip().removeprefix("W/") for one in asked.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(copy.content, headers=headers | {"Content-Encoding": encoding}, media_type=TYPES[Path(path).suffix])


def _telling_of_encodings(send: Send) -> Send:
    """A plain answer that says there are others: a proxy must not keep it for everyone."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Accept-Encoding")
        await send(message)

    return telling


if __name__ == "__main__":
    everything = copies("/gradio")
    print(f"{everything.make()} compressed copies of {len(everything.files)} files were made in {cache_folder()}")
