"""Uploads of the pages on their way: Streamlit keeps each whole in memory until its tab closes, so all together are bounded.

A file that a page asks for is copied to the session's folder and let go. One that no page ever asks for, sent by a program,
goes after a minute. What is under way counts from its first byte.
"""

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

PATH = "/_stcore/upload_file/"
MAX_MEMORY_MB = 3072  # of all uploads in memory and under way; ORRERY_UPLOAD_MEMORY_MB replaces it
UNCLAIMED_S = 60.0


def _most_bytes() -> float:
    return float(os.environ.get("ORRERY_UPLOAD_MEMORY_MB", MAX_MEMORY_MB)) * 1e6


class BoundedUploads(MemoryUploadedFileManager):
    """Streamlit's store of uploads, with a limit over all sessions; files that no page asks for go."""

    _asked_for: set[str]
    _came_s: dict[str, float]

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> list[UploadedFileRec]:
        self._asked_for.update(self.file_storage.get(session_id, {}).keys() & set(file_ids))
        return super().get_files(session_id, file_ids)

    def add_file(self, session_id: str, file: UploadedFileRec) -> None:
        self.drop_unclaimed()
        if self._total_bytes + len(file.data) > _most_bytes():
            raise HTTPException(413, _sentence(self._total_bytes))
        self._came_s[file.file_id] = time.monotonic()
        super().add_file(session_id, file)
        timer = threading.Timer(UNCLAIMED_S + 1, self.drop_unclaimed)
        timer.daemon = True
        timer.start()

    def remove_file(self, session_id: str, file_id: str) -> None:
        super().remove_file(session_id, file_id)
        self._forget(file_id)

    def remove_session_files(self, session_id: str) -> None:
        for file_id in list(self.file_storage.get(session_id, {})):
            self._forget(file_id)
        super().remove_session_files(session_id)

    def drop_unclaimed(self, *, now_s: float | None = None) -> None:
        """Let go of files that came a minute ago and that no page has asked for since."""
        now_s = time.monotonic() if now_s is None else now_s
        for session_id, files in list(self.file_storage.items()):
            for file_id in list(files):
                if file_id not in self._asked_for and now_s - self._came_s.get(file_id, now_s) > UNCLAIMED_S:
                    self.remove_file(session_id, file_id)

    def _forget(self, file_id: str) -> None:
        self._asked_for.discard(file_id)
        self._came_s.pop(file_id, None)


def bound() -> None:
    """Bound the store of the Streamlit runtime of this process; a second call does nothing.

    Streamlit makes its store itself and takes no other: its class is exchanged for the one above.
    """
    from streamlit import runtime

    if not runtime.exists():  # a page under test
        return
    store: Any = runtime.get_instance().uploaded_file_mgr
    if not isinstance(store, BoundedUploads):
        store._asked_for, store._came_s = set(), {}
        store.__class__ = BoundedUploads


def _sentence(held: float) -> str:
    return (f"All visitors together are uploading {held / 1e6:.0f} MB right now. At most {_most_bytes() / 1e6:.0f} MB can be taken "
            "at once: try again in a minute.")


class UploadGate:
    """Refuses an upload before its first byte where all together would not fit into memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._incoming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if not said.isdigit():
            await PlainTextResponse("The upload does not say how large it is.", 411)(scope, receive, send)
            return
        size, held = int(said), _held() + self._incoming
        if held + size > _most_bytes():
            await PlainTextResponse(_sentence(held), 413)(scope, receive, send)
            return
        self._incoming += size
        try:
            await self.app(scope, receive, send)
        finally:
            self._incoming -= size


def _held() -> int:
    from streamlit import runtime

    return int(getattr(runtime.get_instance().uploaded_file_mgr, "_total_bytes", 0)) if runtime.exists() else 0
