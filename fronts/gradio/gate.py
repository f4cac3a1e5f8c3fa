"""The gate before Gradio's own routes: what the front does not use is not there, and nobody names a file that was not uploaded.

Gradio takes any object with a path and its FileData mark, in any input of any endpoint, for a file of its own. Once launched
it checks that path; a front that is mounted believes that it never was, and then copies whatever is named into its cache and
serves it. So `protect` sets all that `launch()` sets, and this gate stands before it: it holds the same when either is forgotten
by a later version. It also bounds what is sent, and turns a full disk, and whatever Gradio trips over, into a sentence.
"""

import asyncio
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backends import registry
from backends.files import json_text
from backends.run import unknown
from backends.sessions import MAX_FILE_MB, process_folder
from worlds.errors import InputError, disk_sentence

log = logging.getLogger("orrery.gate")

TEMP_DIR = "GRADIO_TEMP_DIR"
MAX_BODY_MB = 4  # of JSON: 16 prompts of 20,000 characters, each written as \\uXXXX, are 2 MB
MAX_READING_MB = 256  # of all requests that are being read: each is held whole until its last byte came
MAX_FIELD_BYTES = 10_000  # of what is no file in the form of an upload; it is read into memory, and nothing here uses it
MAX_CONTAINERS, MAX_VALUES, MAX_DEPTH = 2_000, 20_000, 16  # a run's settings have fewer than 200 values
MAX_STORED_MB = 4096  # uploads and downloads of all visitors; ORRERY_GRADIO_MB replaces it
MAX_STORED_FILES = 5_000
KEPT_FILES_S = 3600  # copies of uploads and downloads
UNFINISHED_S = 60  # since the last byte of an upload came
SESSIONS = 64  # of which Gradio keeps a copy of its whole configuration: 0.4 MB each

_ROUTES = re.compile(  # what the browser, gradio_client, REST and MCP ask for; every other route of Gradio is not there
    r"/?|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/pwa_icon(/\d+)?|/(assets|static|svelte)/.*"
    r"|/gradio_api/(info|openapi\.json|startup-events|app_id|user|token|login_check|theme\.css|upload|upload_progress|queue/join"
    r"|queue/data|cancel|reset)/?|/gradio_api/(heartbeat|call|run|api|mcp)/.*|/gradio_api/mcp|/gradio_api/file=.*")
_BY_ADDRESS = re.compile(r"/gradio_api/file=\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # would be fetched from the network
_NAMED = re.compile(r"/gradio_api/call/v2/([a-z0-9_]+)/?")  # arguments by name, in which Gradio says nothing of an unknown one
_UPLOAD = "/gradio_api/upload"
_UPLOADED = re.compile(r"[0-9a-f]{64}")  # the folder that Gradio puts an upload into


class Launched(Protocol):
    """What of Gradio's Blocks is set at a launch and read by its checks."""

    has_launched: bool
    is_running: bool
    enable_monitoring: bool | None
    state_session_capacity: int
    allowed_paths: list[str]
    blocked_paths: list[str]


def temp_folder() -> Path:
    """Return where Gradio keeps its files: a folder of this process, unless the deployment names another."""
    folder = Path(os.environ.setdefault(TEMP_DIR, str(process_folder() / "gradio")))
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def protect(demo: Launched) -> None:
    """Set on a front that will be mounted what `launch()` would; call it when the front is complete."""
    demo.has_launched = True  # from here on paths are checked
    demo.is_running = True  # else the path of any .svg becomes one that everybody may read
    demo.enable_monitoring = False


def check(demo: Launched) -> None:
    """Raise RuntimeError where a front would read any file of this machine, or fetch one from another."""
    missing = [name for name in ("has_launched", "is_running") if not getattr(demo, name, False)]
    if missing or demo.allowed_paths or demo.state_session_capacity > SESSIONS:
        raise RuntimeError(f"the Gradio front is not protected: {', '.join(missing) or 'paths are allowed, or sessions not bounded'}")
    if getattr(demo, "tools", None) is not None and getattr(getattr(demo, "mcp_server_obj", None), "tools", None) is None:
        raise RuntimeError("Gradio's own MCP server came up in the place of ours: it fetches files from addresses")


class Gate:
    """Middleware of the Gradio app, mounted or launched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._incoming = 0  # bytes of uploads under way
        self._reading = 0  # bytes of other requests that are being read
        _bound_fields()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        answer = _Answer(send)
        try:
            if not _ROUTES.fullmatch(path) or _BY_ADDRESS.match(path):
                await answer.refuse(404, "There is nothing here.")
            elif path.rstrip("/") == _UPLOAD:
                await self._upload(scope, receive, answer)
            elif scope["method"] in ("POST", "PUT", "PATCH"):
                await self.app(scope, await self._checked(receive, path), answer.send)
            else:
                await self.app(scope, receive, answer.send)
        except _Refused as refused:
            await answer.refuse(refused.code, str(refused))
        except Exception as error:  # Gradio's, of what it did not foresee: it would answer without a word and hang up
            if answer.has_begun or isinstance(error, ClientDisconnect):
                raise
            await answer.fail(error)

    async def _checked(self, receive: Receive, path: str) -> Receive:
        """Return a `receive` that gives the whole body, once it is known to be small and to name no file that was not uploaded.

        Whatever the request calls its body: Gradio reads JSON under many a name, and what is none names nothing.
        """
        body = await self._body(receive)
        if body:
            asked = _check_body(body)
            if named := _NAMED.fullmatch(path):
                _check_names(named[1], asked)
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()  # what comes after the body is the client's leaving
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return again

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return b"".join(parts)
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                self._reading += len(parts[-1])
                if size > MAX_BODY_MB * 1e6:
                    raise _Refused(413, f"The request is larger than {MAX_BODY_MB} MB. Settings are far smaller; files are uploaded.")
                if self._reading > MAX_READING_MB * 1e6:
                    raise _Refused(503, f"All visitors together are sending more than {MAX_READING_MB} MB of requests. Try again in "
                                        "a minute.")
                if not message.get("more_body"):
                    return b"".join(parts)
        finally:
            self._reading -= size

    async def _upload(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        size = _length(scope)
        _check_upload(size, self._incoming)
        self._incoming += size
        try:
            await self.app(scope, receive, answer.send)
        finally:
            self._incoming -= size
            asyncio.get_running_loop().call_later(UNFINISHED_S + 1, _sweep_unfinished)


class _Refused(Exception):
    def __init__(self, code: int, what: str) -> None:
        super().__init__(what)
        self.code = code


class _Answer:
    """The way back to the client; knows whether anything was said yet."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def send(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)

    async def refuse(self, code: int, what: str) -> None:
        await JSONResponse({"detail": what}, code)({"type": "http"}, _nothing, self._send)

    async def fail(self, error: Exception) -> None:
        if sentence := disk_sentence(error):
            await self.refuse(507, sentence)
            return
        log.error("a request broke Gradio", exc_info=error)
        await self.refuse(500, "This request could not be answered. It may name what is not here: /api/docs has examples.")


def _bound_fields() -> None:
    """Exchange Gradio's reader of uploads for one that bounds what is no file: that has no limit of its own and stays in memory."""
    from gradio import route_utils
    from starlette.formparsers import MultiPartException

    read = route_utils.GradioMultiPartParser
    if read.__name__ == "Bounded":
        return

    class Bounded(read):  # type: ignore[misc, valid-type]
        def on_part_data(self, data: bytes, start: int, end: int) -> None:
            part = self._current_part
            if part.file is None and len(part.data) + end - start > MAX_FIELD_BYTES:
                raise MultiPartException(f"A part of the upload is no file and has more than {MAX_FIELD_BYTES:,} bytes. Send files "
                                         "alone.")
            super().on_part_data(data, start, end)

    route_utils.GradioMultiPartParser = Bounded  # type: ignore[misc]


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _length(scope: Scope) -> int:
    text = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-length"), "")
    if not text.isdecimal():
        raise _Refused(411, "The upload does not say how large it is. Send it with a Content-Length.")
    return int(text)


def _check_upload(size: int, incoming: int) -> None:
    """Raise _Refused where one file, or all files together, would be too large."""
    if size > (MAX_FILE_MB + 1) * 1e6:  # the form around the file takes some bytes too; Gradio checks the file itself
        raise _Refused(413, f"The upload is {size / 1e6:.0f} MB large. At most {MAX_FILE_MB} MB can be uploaded here.")
    sizes = list(_stored())
    most_mb = float(os.environ.get("ORRERY_GRADIO_MB", MAX_STORED_MB))
    if sum(sizes) + incoming + size > most_mb * 1e6 or len(sizes) >= MAX_STORED_FILES:
        raise _Refused(413, f"All visitors together have {sum(sizes) / 1e6:.0f} MB in {len(sizes)} files here. At most {most_mb:g} "
                            f"MB in {MAX_STORED_FILES} files are kept; they go after an hour, try again later.")


def _stored() -> Iterator[int]:
    """Sizes of all files that Gradio keeps; one that goes meanwhile does not count."""
    for folder, _, names in os.walk(temp_folder()):
        for name in names:
            try:
                yield os.stat(os.path.join(folder, name)).st_size
            except OSError:
                continue


def _sweep_unfinished() -> None:
    """Delete what uploads that broke off, and Gradio's own hand-over, left behind: files that are in no upload's folder."""
    for path in temp_folder().iterdir():
        try:
            if path.is_file() and time.time() - path.stat().st_mtime > UNFINISHED_S:
                path.unlink()
        except OSError:
            continue


def _check_names(endpoint: str, asked: Any) -> None:
    """Raise _Refused where a system is asked with a setting that it does not have."""
    known = registry.system(endpoint).settings.model_fields if endpoint in registry.names() else {}
    name = next((str(name) for name in asked if name not in known), None) if known and isinstance(asked, dict) else None
    if name is not None:
        raise _Refused(422, unknown(name, known))


def _check_body(body: bytes) -> Any:
    """Return what the body says, None where it is no JSON; raise _Refused where it is too much, or names a file of this machine."""
    try:
        asked = json_text.parse(body, what="The request", max_containers=MAX_CONTAINERS, max_values=MAX_VALUES, max_depth=MAX_DEPTH,
                                allows_nan=True)
    except json.JSONDecodeError:
        return None  # Gradio says so itself
    except InputError as error:
        raise _Refused(413, str(error)) from error
    for named in _named_files(asked):
        if not is_upload(named):
            raise _Refused(422, "The request names a file that was not uploaded here. Upload it first, and name what came back.")
    return asked


def _named_files(value: Any) -> Iterator[str]:
    """Every path of an object that Gradio could take for a file; no setting is called so."""
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            yield value["path"]
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _named_files(entry)


def is_upload(path: str) -> bool:
    """Return whether a path is a file that somebody uploaded: it lies in a folder that Gradio named after its content."""
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # there is none; a null byte; links in a circle
        return False
    return (os.path.isabs(path) and real.is_file() and real.parent.parent == temp_folder()
            and _UPLOADED.fullmatch(real.parent.name) is not None)
