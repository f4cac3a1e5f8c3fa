"""Whose session a tab is: tabs of one browser share one, so that a reloaded page finds its uploads, its results and its run again.

A browser is known by a token in a cookie that only the server reads. A tab that is reloaded is let go before the new one comes, so a
session outlives its last tab by two minutes. A browser without a cookie, as in a Space's frame, has a session for
each tab.
"""

import re
import secrets
import threading
from functools import cache
from typing import TypeGuard

from backends.sessions import Session

COOKIE = "orrery"
GRACE_S = 120.0  # a session without a tab waits for a reload
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


def new_token() -> str:
    return secrets.token_urlsafe(24)


def is_token(text: object) -> TypeGuard[str]:
    """Whether a cookie holds what `new_token` gives."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


class Browsers:
    """The sessions of the browsers that have a tab open, and how many each has.

    Args:
        grace_s: how long a session waits for the next tab after its last one was let go.
    """

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._open: dict[str, tuple[Session, int]] = {}  # by token
        self._lock = threading.Lock()

    def enter(self, token: str | None) -> Session:
        """A tab was opened: return its browser's session, a new one where there is none or it has ended."""
        if not is_token(token):
            return _new_session()
        with self._lock:
            session, tabs = self._open.get(token, (None, 0))
            if session is None or session.is_released:
                session, tabs = _new_session(), 0
            self._open[token] = session, tabs + 1
            return session

    def leave(self, session: Session) -> None:
        """A tab was let go: its session ends with the last one."""
        with self._lock:
            token = next((token for token, (held, _) in self._open.items() if held is session), None)
            if token is not None:
                tabs = self._open[token][1] - 1
                self._open[token] = session, tabs
                if tabs > 0:
                    return
        if token is None:  # of a tab without a cookie
            session.release()
        elif not self._grace_s:
            self._end(token, session)
        else:
            self._end_later(token, session)

    def _end_later(self, token: str, session: Session) -> None:
        timer = threading.Timer(self._grace_s, self._end, (token, session))
        timer.daemon = True
        timer.start()

    def _end(self, token: str, session: Session) -> None:
        """Release a session that has no tab any more; one that a tab came back to goes on."""
        with self._lock:
            held, tabs = self._open.get(token, (None, 0))
            if held is session:
                if tabs > 0:
                    return
                del self._open[token]
        session.release()


def _new_session() -> Session:
    return Session(secrets.token_hex(8))


@cache
def browsers() -> Browsers:
    """Those of this process."""
    return Browsers()
