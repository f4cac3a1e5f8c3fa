"""How long one call in this process holds everybody else: Python runs one thread at a time, and C code gives way when it likes.

Each case is the largest that is allowed, in a process of its own. A thread that sleeps 5 ms at a time says how late it wakes. On
a machine that others use too, everything takes longer, so what others wait is also given in the call's own processor time.
"""

import io
import json
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from backends.files.saved import load_result, save_result
from backends.registry import system
from benchmarks.tables import markdown
from models.checking import LIMITS
from models.shards import MAX_HEADER_BYTES, held_in
from worlds import json_text

TICK_S = 0.005


@contextmanager
def watched() -> Iterator[list[float]]:
    """Note how late a thread that wakes every 5 ms is at most: yields a list of one number, seconds."""
    late, is_over = [0.0], threading.Event()

    def watch() -> None:
        last = time.perf_counter()
        while not is_over.is_set():
            time.sleep(TICK_S)
            now = time.perf_counter()
            late[0], last = max(late[0], now - last - TICK_S), now

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield late
    finally:
        is_over.set()
        thread.join()


def _numbers() -> Callable[[], Any]:
    content = b"[" + b",".join([b"0.123456"] * (json_text.MAX_VALUES - 1)) + b"]"
    return lambda: json_text.parse(content)


def _lists() -> Callable[[], Any]:
    content = b"[" + b",".join([b"[]"] * (json_text.MAX_CONTAINERS - 1)) + b"]"
    return lambda: json_text.parse(content)


def _texts() -> Callable[[], Any]:
    content = json.dumps([str(number) for number in range(json_text.MAX_VALUES - 1)]).encode()
    return lambda: json_text.parse(content)


def _measure() -> Callable[[], Any]:
    content = b"[" + b"0.123456," * 28_000_000 + b"1]"
    return lambda: json_text.measure(content)


def _header() -> Callable[[], Any]:
    folder, entry = Path(tempfile.mkdtemp()), {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    count = MAX_HEADER_BYTES // len(json.dumps({"model.layers.10000.weight": entry}))
    header = json.dumps({f"model.layers.{10_000 + number}.weight": entry for number in range(count)}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    return lambda: held_in(folder, name="the largest")


def _tokenizer() -> Callable[[], Any]:
    from transformers import PreTrainedTokenizerFast

    folder, most = Path(tempfile.mkdtemp()), LIMITS["tokenizer.json"]
    words = {f"word{number:09d}": number for number in range(most // 26)}
    model = {"type": "WordLevel", "vocab": words, "unk_token": "word000000000"}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "added_tokens": [], "model": model}))
    return lambda: PreTrainedTokenizerFast.from_pretrained(folder)


def _picture() -> Callable[[], Any]:
    from PIL import Image

    from worlds.pictures import read_picture

    noise, content = np.random.default_rng(0).integers(0, 255, (700, 700, 3), dtype=np.uint8), io.BytesIO()
    Image.fromarray(noise).resize((7_000, 7_000), Image.Resampling.NEAREST).save(content, "PNG")
    return lambda: read_picture(content.getvalue())


def _spline() -> Callable[[], Any]:
    from backends.tstar.search import Search
    from backends.tstar.settings import TStarSettings

    search = Search(TStarSettings(rule="paper"), length=10_800, num_targets=1, threshold=2.0)
    for _ in range(20):
        positions, _support = search.next_positions()
        search.scores[positions] = np.random.default_rng(0).random(len(positions))
    return search.next_positions


def _saved(opens: bool) -> Callable[[], Any]:
    own = system("tstar")
    assert own.recorded is not None
    content = own.recorded.read_bytes()
    result = load_result(content, own.result)
    return (lambda: load_result(content, own.result)) if opens else (lambda: save_result(result))


CASES: dict[str, Callable[[], Callable[[], Any]]] = {
    "20 million numbers in a JSON text": _numbers, "2 million lists in a JSON text": _lists,
    "20 million texts in a JSON text": _texts,
    "250 MB of JSON, measured": _measure, "the largest header of a shard": _header, "the largest tokenizer.json": _tokenizer,
    "a picture of 49 megapixels (PNG)": _picture, "T*'s next grid over 3 hours": _spline,
    "T*'s recorded run, opened": lambda: _saved(True), "T*'s recorded run, saved": lambda: _saved(False),
}


def _measured(name: str) -> tuple[float, float, float]:
    """Return seconds that the call took, that others waited at most, and the latter in the call's own processor time."""
    call = CASES[name]()
    with watched() as late:
        start, own = time.perf_counter(), time.thread_time()
        call()
        took, own = time.perf_counter() - start, time.thread_time() - own
    return took, late[0], late[0] * min(1.0, own / took)


def section() -> str:
    """The table, worst cases first."""
    rows = []
    for name in CASES:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            rows.append((name, *(f"{seconds:.2f}" for seconds in process.submit(_measured, name).result())))
    return ("## What holds the interpreter\n\nThe largest input that is allowed, and how long no other thread of the process ran "
            "meanwhile. The last column is in the call's own processor time: what others wait on a machine that is theirs alone.\n\n"
            + markdown(("one call on", "takes s", "others wait s", "of processor time s"), rows))
