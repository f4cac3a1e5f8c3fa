"""Merges checkpoints of any size in little memory: shard by shard, one group of tensors after the other.

Every shard of the VLM is written again with its own header, so that names, order, kinds of numbers and the index stay as they were
read; only the bytes of merged tensors are others. What lies beside the weights is copied byte for byte. All is written into a hidden
folder beside the target, which gets the target's name once it is whole. A run that is stopped, or that fails, removes it; one whose
process died leaves it, and the next run of the same merge takes its finished shards.

Not here: whether the checkpoints fit each other (`checking`), the numbers themselves (`methods`).
"""

import json
import math
import os
import shutil
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BufferedWriter, FileIO
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backends.merging.checking import Checked, beside
from backends.merging.diagnostics import Moved, by_layer, moved
from backends.merging.methods import merged
from backends.merging.mix import EXCLUDED, Mix, Value, part_of
from backends.merging.sources import Folder, read_at
from backends.run import Progress
from models.shards import Placed
from worlds.errors import InputError, telling_of_the_disk

RECORD, PLAN, PART = "merge.json", "plan.json", ".part"
COPIED_AT_ONCE = 8_000_000  # bytes of what is not merged


@dataclass(frozen=True)
class Streamed:
    """A merged checkpoint on the disk.

    Attributes:
        num_merged: tensors that were merged; the others are the VLM's.
        moved: how far the models are apart, by layer; None is what is in no layer. Empty where it was not measured.
        resumed: shards that an earlier run had finished.
    """

    folder: Path
    num_merged: int
    moved: Mapping[int | None, Moved]
    record: Mapping[str, object]
    resumed: int


def unfinished_of(target: Path) -> Path:
    """Return where a merge is written until it is whole."""
    return target.with_name(f".{target.name}.merging")


def done_of(target: Path) -> int:
    """Return the bytes that a run whose process died has finished, for `checking.check`."""
    return sum(file.stat().st_size for file in unfinished_of(target).glob("*.safetensors"))


def stream(checked: Checked, target: Path, *, measures: bool = True) -> Generator[Progress, None, Streamed]:
    """Write the merged checkpoint, and return it; progress after each tensor.

    Args:
        target: the folder to be made; it must not be there.
        measures: also measure how far the models are apart, which reads no tensor twice but takes a few more additions.
    Raises:
        InputError: the folder is there, the disk is full, or a number overflows. Nothing is left of what was written.
    """
    if target.exists():
        raise InputError(f"There is something called {target.name[:80]!r} already. Choose another name.")
    unfinished = unfinished_of(target)
    try:
        with telling_of_the_disk():
            _begin(unfinished, _plan(checked))
            streamed = yield from _written(checked, unfinished, target, measures)
            (unfinished / PLAN).unlink()
            os.rename(unfinished, target)
            return streamed
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # after a stop, too; what was renamed is not there any more


def _begin(unfinished: Path, plan: str) -> None:
    """Make the folder, or keep that of a run of the same plan."""
    known = unfinished / PLAN
    if unfinished.exists() and not (known.is_file() and known.read_text(encoding="utf-8") == plan):
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True, exist_ok=True)
    known.write_text(plan, encoding="utf-8")


def _plan(checked: Checked) -> str:
    """What the bytes of the result follow from: the merge, and the files that are read as they are now."""
    sources = [source for source in (checked.vlm, checked.reason, checked.base) if source is not None]
    files = [file for source in sources for file in (source.shards if isinstance(source, Folder) else (source.path,))]
    stamps = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return json.dumps({"mix": asdict(checked.mix), "files": stamps, "torch": torch.__version__}, sort_keys=True)


def _written(checked: Checked, unfinished: Path, target: Path, measures: bool) -> Generator[Progress, None, Streamed]:
    merging, started = checked.merged_names, time.monotonic()
    sizes = {shard: sum(placed.end - placed.start for placed in tensors.values()) for shard, tensors in checked.vlm.shards.items()}
    total = max(1, sum(sizes.values()))
    before = done = resumed = 0
    found: list[tuple[str, Moved]] = []
    for number, (shard, tensors) in enumerate(checked.vlm.shards.items(), start=1):
        stage = f"shard {number} of {len(checked.vlm.shards)}"
        whole = unfinished / shard.name
        if whole.exists() and whole.stat().st_size == shard.stat().st_size:  # after lost power a file may be shorter than it was
            done, before, resumed = done + sizes[shard], before + sizes[shard], resumed + 1
            yield Progress(done / total, f"{stage}: it was finished before")
            continue
        part = whole.with_name(whole.name + PART)
        with shard.open("rb", buffering=0) as source, part.open("wb") as out:
            _copy(source, out, 0, next(iter(tensors.values())).start if tensors else shard.stat().st_size)
            for tensor, placed in tensors.items():
                _write(checked, source, out, tensor, placed, merging.get(tensor, ""), found if measures else None)
                done += placed.end - placed.start
                spent = time.monotonic() - started
                left = spent / (done - before) * (total - done) if done > before else None
                yield Progress(done / total, f"{stage}: {tensor[:80]}", left)
        os.rename(part, whole)
    for file in beside(checked.vlm.path):
        shutil.copyfile(file, unfinished / file.name)
    layers = {} if resumed else by_layer(found)  # of a part of the tensors they would say something else
    record = record_of(checked, layers)
    (unfinished / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return Streamed(target, len(merging), layers, record, resumed)


def _write(checked: Checked, source: FileIO, out: BufferedWriter, tensor: str, placed: Placed, name: str,
           found: list[tuple[str, Moved]] | None) -> None:
    """Write one tensor of the VLM, merged where it has a name of ours."""
    if not name:
        _copy(source, out, placed.start, placed.end)
        return
    own = checked.pairs.names[name]
    vlm, reason = read_at(source, placed), checked.reason.read(own.reason)
    base = checked.base.read(own.base) if checked.base is not None else None
    if found is not None and part_of(name) is not None:
        found.append((name, moved(vlm, reason, base)))
    result = merged(name, vlm, reason, base, mix=checked.mix, num_layers=checked.pairs.num_layers)
    out.write(_bytes_of(result).data)


def _bytes_of(tensor: Tensor) -> np.ndarray:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy()  # as it lies in memory; no copy


def _copy(source: FileIO, out: BufferedWriter, start: int, end: int) -> None:
    """Copy a stretch of a file."""
    source.seek(start)
    while start < end:
        content = source.read(min(COPIED_AT_ONCE, end - start))
        if not content:
            raise InputError("A file of the checkpoint has become shorter while it was read. Copy it again.")
        out.write(content)
        start += len(content)


def record_of(checked: Checked, layers: Mapping[int | None, Moved]) -> dict[str, object]:
    """Return what is kept of a merge beside its weights."""
    mix, whole = checked.mix, sum(layers.values(), Moved())
    merging = checked.merged_names
    first, end = mix.layers or (0, checked.pairs.num_layers)
    return {
        "id": f"m-{sha256(_plan(checked).encode()).hexdigest()[:8]}", "method": mix.method, "lambda": _plain(mix.vlm),
        "reason_weight": _plain(mix.reason), "scale": _plain(mix.scale), "vlm": checked.vlm.name, "reason": checked.reason.name,
        "base": None if checked.base is None else checked.base.name,
        "exclude": [] if mix.embeddings != "out" else [name.split(".")[-2] for name in EXCLUDED], "layers": [first, end - 1],
        "gradient": _plain(mix.vlm) if isinstance(mix.vlm, tuple) else None,
        "density": _plain(mix.density) if mix.method in ("ties", "dare_linear", "dare_ties") else None, "seed": mix.seed,
        "mix": asdict(mix), "n_tensors_merged": len(merging), "n_excluded": len(checked.pairs.names) - len(merging),
        "rel_norm_vlm": _finite(whole.vlm_share), "rel_norm_reason": _finite(whole.reason_share), "cos": _finite(whole.cosine),
        "apart": _finite(whole.apart), "scores": {},
    }


def _plain(value: Value | None) -> object:
    """A value as JSON."""
    return asdict(Mix(vlm=value))["vlm"] if value is not None else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
