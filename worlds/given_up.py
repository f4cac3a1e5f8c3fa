"""Threads that were given up.

A thread cannot be killed: one that hangs in a library is left behind, and may come back after all. Whoever lends it something that
others need asks here whether it still counts.
"""

import threading
import weakref
from collections.abc import Callable

_lock = threading.Lock()
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_listeners: list[weakref.WeakMethod[Callable[[], None]]] = []


def give_up(thread: threading.Thread) -> None:
    """Let a thread count no more, and tell all who listen."""
    with _lock:
        _threads.add(thread)
        _listeners[:] = [listener for listener in _listeners if listener() is not None]
        told = [listener() for listener in _listeners]
    for tell in told:
        if tell is not None:
            tell()


def is_given_up(thread: threading.Thread | None = None) -> bool:
    """Return whether a thread, by default this one, was given up."""
    with _lock:
        return (thread or threading.current_thread()) in _threads


def listen(tell: Callable[[], None]) -> None:
    """Have the method of an object called whenever a thread is given up, as long as the object lives."""
    with _lock:
        _listeners.append(weakref.WeakMethod(tell))
