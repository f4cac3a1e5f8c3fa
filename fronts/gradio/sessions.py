"""The sessions of the Gradio front, by Gradio's own session hash, and what each is running.

A hash is a client's word: whoever sends a new one is a new visitor. So a session costs nothing until it brings a file, ends by
itself when nobody uses it, and their number is bounded.
"""

import contextlib
import threading
from collections import OrderedDict

from backends.engine import the_engine
from backends.sessions import Session
from worlds.errors import InputError

MAX_OPEN = 500


class OpenSessions:
    """Sessions that are open now, the one that was used longest ago first."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._runs: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def of(self, key: str) -> Session:
        """Return the session of that hash; beyond MAX_OPEN the one that nobody used for longest ends."""
        with self._lock:
            session = self._sessions.pop(key, None)
            if session is None or session.is_released:
                session = Session(f"gradio-{key}", ends_when_idle=True)
            self._sessions[key] = session
            surplus = [oldest for oldest in list(self._sessions)[:-MAX_OPEN]]
        for oldest in surplus:
            self.close(oldest)
        return session

    def find(self, key: str) -> Session | None:
        """Return the session of that hash where it is open; none is opened."""
        with self._lock:
            session = self._sessions.get(key)
            if session is None or session.is_released:
                return None
            self._sessions.move_to_end(key)
            return session

    def started(self, key: str, name: str, run_id: str) -> None:
        with self._lock:
            self._runs[key, name] = run_id

    def stop(self, key: str, name: str) -> None:
        with self._lock:
            run_id = self._runs.pop((key, name), None)
        if run_id:
            quietly_cancel(run_id)

    def close(self, key: str) -> None:
        with self._lock:
            session = self._sessions.pop(key, None)
            for run in [run for run in self._runs if run[0] == key]:
                del self._runs[run]
        if session:
            session.release()


def quietly_cancel(run_id: str) -> None:
    with contextlib.suppress(InputError):  # it is over and forgotten
        the_engine().cancel(run_id)
