"""A merge of two sharded checkpoints of more than 4 GB each, streamed by this app and by mergekit: seconds and peak memory.

    ORRERY_MERGEKIT_PYTHON=/somewhere/bin/python python -m benchmarks.merging.streaming [--layers 31] [--folder /with/20/GB]

Both read and write shards of 500 MB, bfloat16, each in a process of its own, in turns, so that both find files in the page cache
alike. Peak memory is that of the process with what it maps of files, and, beside it, without: mapped pages can be taken away, yet
they count where memory is limited.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from transformers import LlamaConfig

from backends.merging.mergekit_yaml import write_yaml
from backends.merging.mix import Mix
from benchmarks.merging import by_mergekit
from benchmarks.merging.made import MISSING, mergekit_python, write
from benchmarks.tables import markdown

SIZES = {"hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": 32_000,
         "tie_word_embeddings": False}
LAYERS, SHARD_MB, TIMES = 31, 500, 2
MIX = Mix(embeddings="in")  # mergekit merges all tensors; so both do
ROOT = Path(__file__).parents[2]
LOOK_S = 0.02
KEYS = ("seconds", "busy", "peak_mb", "own_mb")


@dataclass(frozen=True)
class Took:
    """One merge in a process of its own; `busy` in seconds of a core, memory in MB, `own_mb` without mapped files."""

    seconds: float
    busy: float
    peak_mb: float
    own_mb: float


def section(layers: int = LAYERS, folder: str | None = None) -> str:
    """Both, or ours alone and a line where mergekit is missing."""
    python = mergekit_python()
    with tempfile.TemporaryDirectory(prefix="orrery-streaming-", dir=folder) as outside:
        root = Path(outside)
        config = LlamaConfig(**SIZES, num_hidden_layers=layers)
        vlm, reason = (write(root / name, config, seed=seed, dtype=torch.bfloat16, shard_mb=SHARD_MB)
                       for seed, name in enumerate(("vlm", "reason")))
        size = sum(file.stat().st_size for file in vlm.iterdir()) / 1e9
        recipe = root / "recipe.yaml"
        recipe.write_text(write_yaml(MIX, vlm=str(vlm), reason=str(reason), num_layers=layers)[0].replace("dtype: float32", ""))
        commands = {"this app": [sys.executable, "-m", "benchmarks.merging.by_us", str(recipe), str(root / "out")]}
        if python:
            commands["mergekit"] = [python, by_mergekit.__file__, str(recipe), str(root / "out"), "-"]
        found: dict[str, list[Took]] = {name: [] for name in commands}
        for _ in range(TIMES):
            for name, command in commands.items():
                found[name].append(took(command))
                shutil.rmtree(root / "out")
                os.sync()  # what one has written does not wait for the other
    return (f"## Two checkpoints of {size:.1f} GB\n\nLinear, 0.9 and 0.1, bfloat16, shards of {SHARD_MB} MB; the better of {TIMES} "
            f"runs in turns. Asked: at most 1.0 x the seconds and 0.5 x the memory.\n\n{_table(found)}{'' if python else MISSING}")


def took(command: Sequence[str]) -> Took:
    """Run a command to its end and watch its memory."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peaks = [0.0, 0.0]
    before = psutil.Process().cpu_times()
    watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peaks))
    watcher.start()
    _, told = process.communicate()
    seconds = time.monotonic() - started
    watcher.join()
    if process.returncode:
        raise RuntimeError(f"{command[:3]} ended with {process.returncode}: {told.decode()[-500:]}")
    after = psutil.Process().cpu_times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(seconds, busy, *peaks)


def _watch(process: psutil.Process, peaks: list[float]) -> None:
    while True:
        try:
            memory = process.memory_info()
        except psutil.Error:
            return
        if not memory.rss:
            return  # it has ended and is not yet asked for
        peaks[:] = max(peaks[0], memory.rss / 1e6), max(peaks[1], (memory.rss - memory.shared) / 1e6)
        time.sleep(LOOK_S)


def _table(found: dict[str, list[Took]]) -> str:
    best = {name: Took(*(min(getattr(one, key) for one in runs) for key in KEYS))
            for name, runs in found.items()}
    rows = [[name, f"{one.seconds:.1f}", f"{one.busy:.1f}", f"{one.peak_mb:,.0f}", f"{one.own_mb:,.0f}"]
            for name, one in best.items()]
    if "mergekit" in best:
        ours, theirs = best["this app"], best["mergekit"]
        rows.append(["this app / mergekit", *(f"{getattr(ours, key) / getattr(theirs, key):.2f} x"
                                              for key in KEYS)])
    return markdown(("", "seconds", "seconds of a core", "peak memory, MB", "without mapped files, MB"), rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=LAYERS, help="of the checkpoints; 31 are 4.4 GB")
    parser.add_argument("--folder", help="where 20 GB are free")
    args = parser.parse_args()
    print(section(args.layers, args.folder))
