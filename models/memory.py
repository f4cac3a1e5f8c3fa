"""One memory budget for all models of the machine: load on demand, keep, and let the least recently used go first.

`borrow` hands a loaded model out and protects it while it is in use. Before a new one would not fit, unused ones leave;
if that is not enough the request is refused with the numbers instead of running out of memory. A model is loaded once, however
many ask for it, and no load waits for another model's; what a load will take is set aside while it is under way. Borrowing what is
already loaded never waits.

A load may hang, and the thread that it hangs in may be given up (`worlds.given_up`). What it brings in the end is dropped; until
then its memory stays set aside, and the same model is refused to others.
"""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch

from models import devices
from models.catalogue import Quantisation, Rung, smaller_choice
from models.loading import Loaded, load
from worlds.errors import InputError
from worlds.given_up import is_given_up, listen

Key = tuple[str, str, Quantisation, str]


@dataclass(frozen=True)
class Holding:
    """One loaded model, as a sidebar shows it."""

    name: str
    title: str
    quantisation: Quantisation
    device: str
    memory_mb: int
    users: int


@dataclass
class _Entry:
    loaded: Loaded
    memory_mb: int
    users: int
    last_used: int


@dataclass(frozen=True)
class _Load:
    """One that is under way."""

    memory_mb: int
    thread: threading.Thread


class ModelBudget:
    """Loaded models within a limit per device; safe between threads.

    Args:
        limit_mb: for each device; None asks `devices.model_limit_mb`.
        loader: (rung, quantisation, device) -> Loaded.
        total_and_free_mb: device -> (total, free now) in MB.
    """

    def __init__(
        self,
        limit_mb: int | None = None,
        *,
        loader: Callable[[Rung, Quantisation, str], Loaded] = load,
        total_and_free_mb: Callable[[str], tuple[int, int]] = devices.total_and_free_mb,
    ) -> None:
        self._limit_mb = limit_mb
        self._loader = loader
        self._total_and_free_mb = total_and_free_mb
        self._entries: dict[Key, _Entry] = {}
        self._loads: dict[Key, _Load] = {}
        self._state = threading.Condition()
        self._clock = 0
        listen(self._wake)

    @contextmanager
    def borrow(self, rung: Rung, quantisation: Quantisation = "none", device: str | None = None) -> Iterator[Loaded]:
        """Lend the loaded model for the length of a `with` block.

        Raises:
            InputError: it does not fit beside what is in use, its files are missing or unreadable, or it is still being loaded
                by a run that was given up.
        """
        entry = self._take(rung, quantisation, device or devices.best_device())
        try:
            yield entry.loaded
        finally:
            with self._state:
                entry.users -= 1

    def loaded(self) -> tuple[Holding, ...]:
        """Return what is loaded now, the least recently used first."""
        with self._state:
            entries = sorted(self._entries.values(), key=lambda entry: entry.last_used)
            return tuple(
                Holding(e.loaded.rung.name, e.loaded.rung.title, e.loaded.quantisation, e.loaded.device, e.memory_mb, e.users)
                for e in entries
            )

    def clear(self) -> int:
        """Let every model go that is not in use and return how many went."""
        with self._state:
            idle = [key for key, entry in self._entries.items() if not entry.users]
            for key in idle:
                del self._entries[key]
        _release()
        return len(idle)

    def limit_mb(self, device: str) -> int:
        """Return how many MB models may take on that device."""
        return devices.model_limit_mb(device) if self._limit_mb is None else self._limit_mb

    def _take(self, rung: Rung, quantisation: Quantisation, device: str) -> _Entry:
        key: Key = (rung.name, rung.source, quantisation, device)
        with self._state:
            while key not in self._entries and key in self._loads:
                self._check(rung, self._loads[key].thread)
                self._state.wait()
            self._check(rung)
            if key in self._entries:
                return self._use(self._entries[key])
            has_evicted = self._make_room(rung, quantisation, device)
            self._loads[key] = _Load(rung.memory_mb[quantisation], threading.current_thread())
        try:
            if has_evicted:
                _release()
            loaded: Loaded | None = self._loader(rung, quantisation, device)
            with self._state:
                if loaded is not None and not is_given_up():
                    return self._keep(key, loaded)
            loaded = None  # before its memory is free for others
            self._check(rung)
            raise AssertionError("a load brings a model, or its thread was given up")
        finally:
            with self._state:
                del self._loads[key]
                self._state.notify_all()

    def _keep(self, key: Key, loaded: Loaded) -> _Entry:
        memory_mb = max(loaded.rung.memory_mb[loaded.quantisation], round(loaded.footprint_mb))
        self._entries[key] = _Entry(loaded, memory_mb, 0, 0)
        return self._use(self._entries[key])

    def _wake(self) -> None:
        """A thread was given up: whoever waits looks again."""
        with self._state:
            self._state.notify_all()

    def _check(self, rung: Rung, loading: threading.Thread | None = None) -> None:
        """Raise InputError where this thread, or the one that loads, was given up."""
        if is_given_up():
            raise InputError(f"This run was given up before it could use {rung.title}. Run it again.")
        if loading is not None and is_given_up(loading):
            raise InputError(f"{rung.title} is still being loaded by a run that did not react and was given up. "
                             "Choose another model, or try again later.")

    def _use(self, entry: _Entry) -> _Entry:
        self._clock += 1
        entry.last_used = self._clock
        entry.users += 1
        return entry

    def _make_room(self, rung: Rung, quantisation: Quantisation, device: str) -> bool:
        """Let idle models go until this one fits, and return whether any went. Raises InputError where it cannot."""
        if quantisation not in rung.quantisations:
            known = ", ".join(rung.quantisations)
            raise InputError(f"{rung.title} does not run in {quantisation!r}. It does in {known}.")
        need_mb = rung.memory_mb[quantisation]
        here = {key: entry for key, entry in self._entries.items() if entry.loaded.device == device}
        in_use_mb = sum(entry.memory_mb for entry in here.values() if entry.users)
        idle_mb = sum(entry.memory_mb for entry in here.values() if not entry.users)
        coming_mb = sum(load.memory_mb for key, load in self._loads.items() if key[-1] == device)
        total_mb, free_mb = self._total_and_free_mb(device)
        most_mb = max(0, min(self.limit_mb(device) - in_use_mb, free_mb + idle_mb) - coming_mb)
        if need_mb > most_mb:
            raise InputError(
                f"{rung.title} needs about {need_mb:,} MB; this machine has {most_mb:,} MB free for models of "
                f"{total_mb:,} MB{_busy(in_use_mb, coming_mb)}.{smaller_choice(rung, quantisation, most_mb)}"
            )
        return self._evict(need_mb + coming_mb, device, free_mb)

    def _evict(self, need_mb: int, device: str, free_mb: int) -> bool:
        """Drop idle models of the device, least recently used first, until `need_mb` fits; return whether any went."""
        here = [key for key, entry in self._entries.items() if entry.loaded.device == device]
        taken_mb = sum(self._entries[key].memory_mb for key in here)
        idle = sorted((key for key in here if not self._entries[key].users), key=lambda key: self._entries[key].last_used)
        gone = 0
        for key in idle:
            if taken_mb + need_mb <= self.limit_mb(device) and need_mb <= free_mb:
                break
            memory_mb = self._entries.pop(key).memory_mb
            taken_mb, free_mb, gone = taken_mb - memory_mb, free_mb + memory_mb, gone + 1
        return gone > 0


def _busy(in_use_mb: int, coming_mb: int) -> str:
    parts = [f"{in_use_mb:,} MB are in use by other models"] if in_use_mb else []
    parts += [f"{coming_mb:,} MB are set aside for one that is being loaded"] if coming_mb else []
    return f" ({', '.join(parts)})" if parts else ""


@cache
def budget() -> ModelBudget:
    """Return the one budget of this process."""
    return ModelBudget()


def _release() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
