"""What this machine is: its best device, its cores, and how much memory models may take.

Memory is read from the control group first: in a container the kernel's own figure is the host's, not ours.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

MB = 1_000_000
TINY = 5_000_000  # parameters
MEMORY_SHARE = 0.6  # of the device's memory; the rest belongs to videos, activations and everybody else
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Machine:
    """One machine's hardware; memory in MB (10^6 bytes), GPU memory 0 where there is no GPU."""

    device: str
    device_name: str
    cores: int
    memory_total_mb: int
    memory_free_mb: int
    gpu_memory_total_mb: int
    gpu_memory_free_mb: int


def best_device() -> str:
    """Return "cuda", "mps" or "cpu": the first that is there; ORRERY_DEVICE overrides."""
    asked = os.environ.get("ORRERY_DEVICE")
    if asked:
        return asked
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def machine() -> Machine:
    """Return what this machine is and what is free on it now."""
    total_mb, free_mb = _main_memory_mb()
    gpu_free, gpu_total = torch.cuda.mem_get_info() if torch.cuda.is_available() else (0, 0)
    device = best_device()
    name = torch.cuda.get_device_name() if device.startswith("cuda") else _processor_name()
    return Machine(device, name, _cores(), total_mb, free_mb, gpu_total // MB, gpu_free // MB)


def total_and_free_mb(device: str) -> tuple[int, int]:
    """Return the memory of one device and what is free of it now, both in MB."""
    if device.startswith("cuda"):
        free, total = torch.cuda.mem_get_info(device)
        return total // MB, free // MB
    return _main_memory_mb()


def model_limit_mb(device: str) -> int:
    """Return how many MB all models together may take: ORRERY_MODEL_MEMORY_MB, or 60 % of the device's memory."""
    asked = os.environ.get("ORRERY_MODEL_MEMORY_MB", "")
    if asked.isdecimal():
        return int(asked)
    return int(total_and_free_mb(device)[0] * MEMORY_SHARE)


def _main_memory_mb() -> tuple[int, int]:
    memory = psutil.virtual_memory()
    total, free = memory.total, memory.available
    limit, used = _number_in(_CGROUP / "memory.max"), _number_in(_CGROUP / "memory.current")
    if limit is not None and limit < total:
        total = limit
        if used is not None:
            free = min(free, max(0, limit - used + _reclaimable()))
    return total // MB, min(free, total) // MB


def _reclaimable() -> int:
    """Return the bytes of page cache that the control group counts as used but would give back."""
    try:
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))


def _number_in(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None  # "max" means no limit


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "CPU"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "CPU")


_kept: weakref.WeakKeyDictionary[threading.Thread, int] = weakref.WeakKeyDictionary()  # thread inside -> torch's threads before


@contextmanager
def threads_for(parameters: int) -> Iterator[None]:
    """Let torch use one thread inside the block if the model is tiny, and as many as before afterwards.

    Below some millions of parameters threads cost more than they save: a step of 0.2 M took ten times as long with two
    threads on two cores that something else was using too. A new thread starts with what was set last anywhere: one that starts
    while another is inside, or was given up there, takes what that one would have put back.
    """
    here = threading.current_thread()
    before = max([torch.get_num_threads(), *(count for thread, count in list(_kept.items()) if thread is not here)])
    _kept[here] = before
    torch.set_num_threads(1 if parameters < TINY else before)
    try:
        yield
    finally:
        _kept.pop(here, None)  # a block inside this one has taken it out
        torch.set_num_threads(before)
