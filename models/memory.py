"""One memory budget for all models of the machine: load on demand, keep, and let the least recently used go first.

`borrow` hands a loaded model out and protects it while it is in use. Before a new one would not fit, unused ones leave;
if that is not enough the request is refused with the numbers instead of running out of memory. Loads happen one at a
time; borrowing what is already loaded never waits for a load.
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
        self._state = threading.Lock()
        self._one_load = threading.Lock()
        self._clock = 0

    @contextmanager
    def borrow(self, rung: Rung, quantisation: Quantisation = "none", device: str | None = None) -> Iterator[Loaded]:
        """Lend the loaded model for the length of a `with` block.

        Raises:
            InputError: it does not fit beside what is in use, or its files are missing or unreadable.
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
            if key in self._entries:
                return self._use(self._entries[key])
        with self._one_load:
            with self._state:
                if key in self._entries:  # another thread loaded it while this one waited
                    return self._use(self._entries[key])
                self._make_room(rung, quantisation, device)
            loaded = self._loader(rung, quantisation, device)
            with self._state:
                memory_mb = max(rung.memory_mb[quantisation], round(loaded.footprint_mb))
                self._entries[key] = _Entry(loaded, memory_mb, 0, 0)
                return self._use(self._entries[key])

    def _use(self, entry: _Entry) -> _Entry:
        self._clock += 1
        entry.last_used = self._clock
        entry.users += 1
        return entry

    def _make_room(self, rung: Rung, quantisation: Quantisation, device: str) -> None:
        if quantisation not in rung.quantisations:
            known = ", ".join(rung.quantisations)
            raise InputError(f"{rung.title} does not run in {quantisation!r}. It does in {known}.")
        need_mb = rung.memory_mb[quantisation]
        here = {key: entry for key, entry in self._entries.items() if entry.loaded.device == device}
        in_use_mb = sum(entry.memory_mb for entry in here.values() if entry.users)
        idle_mb = sum(entry.memory_mb for entry in here.values() if not entry.users)
        total_mb, free_mb = self._total_and_free_mb(device)
        most_mb = max(0, min(self.limit_mb(device) - in_use_mb, free_mb + idle_mb))
        if need_mb > most_mb:
            busy = f" ({in_use_mb:,} MB are in use by other models)" if in_use_mb else ""
            raise InputError(
                f"{rung.title} needs about {need_mb:,} MB; this machine has {most_mb:,} MB free for models of "
                f"{total_mb:,} MB{busy}.{smaller_choice(rung, quantisation, most_mb)}"
            )
        self._evict(need_mb, device, free_mb)

    def _evict(self, need_mb: int, device: str, free_mb: int) -> None:
        """Drop idle models of the device, least recently used first, until `need_mb` fits."""
        here = [key for key, entry in self._entries.items() if entry.loaded.device == device]
        taken_mb = sum(self._entries[key].memory_mb for key in here)
        idle = sorted((key for key in here if not self._entries[key].users), key=lambda key: self._entries[key].last_used)
        gone = 0
        for key in idle:
            if taken_mb + need_mb <= self.limit_mb(device) and need_mb <= free_mb:
                break
            memory_mb = self._entries.pop(key).memory_mb
            taken_mb, free_mb, gone = taken_mb - memory_mb, free_mb + memory_mb, gone + 1
        if gone:
            _release()


@cache
def budget() -> ModelBudget:
    """Return the one budget of this process."""
    return ModelBudget()


def _release() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
