"""The decoder's own process: it answers requests on its standard input until that closes.

Every message is four bytes of length and that much JSON; a message with "bytes" is followed by that many raw bytes, in both
directions. Nothing is unpickled on either side, as a broken decoder may write what it likes. The process limits its own memory,
dies with its parent even in the middle of a frame, and kills itself when a request takes longer than its parent would wait.
"""

import errno
import importlib
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from worlds.errors import disk_sentence
from worlds.video.limits import MIB, Limits
from worlds.video.readers import Reader, Refused, Undecodable, reader_class

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

_GRACE_S = 5  # after the parent's own limit
_FULL = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))  # what writing a clip may meet
_PROGRESS = 16  # frames of a clip between two signs of life


def main() -> None:
    """Answer until the parent is gone."""
    memory_mb, write_mb = int(sys.argv[1]), int(sys.argv[2])
    _limit(memory_mb=memory_mb, write_mb=write_mb)
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints must not come between the messages
    threading.Thread(target=_die_with_parent, args=(os.getppid(),), daemon=True).start()
    readers: dict[int, Reader] = {}
    while (request := receive(requests)) is not None:
        signal.setitimer(signal.ITIMER_REAL, request["timeout_s"] + _GRACE_S)  # the alarm kills, whatever C code is at
        try:
            for answer, payload in _answers(request, readers):
                send(answers, answer, payload)
                if "frames" in answer:  # a sign of life in a long piece of work: the clock starts again, there as here
                    signal.setitimer(signal.ITIMER_REAL, request["timeout_s"] + _GRACE_S)
            send(answers, {"done": True})
        except Refused as error:
            send(answers, {"error": "refused", "what": str(error)})
        except MemoryError:
            send(answers, {"error": "memory", "what": ""})
            os._exit(1)  # what is left of the heap is not to be trusted
        except Exception as error:  # noqa: BLE001  the door of this process: whatever a library raises is about this file
            what = str(error) if isinstance(error, Undecodable) else "cannot be decoded: its data are damaged."
            is_full = isinstance(error, OSError) and error.errno in _FULL  # other numbers are FFmpeg's words for damaged data
            disk = disk_sentence(error) if is_full else None
            send(answers, {"error": "disk" if disk else "undecodable", "what": disk or what, "detail": repr(error)[:300]})
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit(*, memory_mb: int, write_mb: int) -> None:
    if resource is None:
        return
    wanted = {resource.RLIMIT_AS: memory_mb * MIB, resource.RLIMIT_FSIZE: write_mb * MIB, resource.RLIMIT_CORE: 0}
    for what, limit in wanted.items():
        highest = resource.getrlimit(what)[1]  # the machine may have set less already, which nobody may raise
        allowed = limit if highest == resource.RLIM_INFINITY else min(limit, highest)
        resource.setrlimit(what, (allowed, allowed))


def _die_with_parent(parent: int) -> None:
    """End this process as soon as its parent's end of the pipe closes, or the parent changes.

    Not PR_SET_PDEATHSIG: that signal comes when the *thread* that started this process ends, and a server's threads do.
    """
    poll = select.poll()
    poll.register(0, 0)  # a hang-up is always reported
    while not poll.poll(1000) and os.getppid() == parent:
        pass
    os._exit(0)


def _answers(request: dict, readers: dict[int, Reader]) -> Iterator[tuple[dict, memoryview | None]]:
    if request["do"] == "picture":
        yield from _picture(request)
        return
    number = request["video"]
    if request["do"] == "open":
        _close(readers, number)
        limits = Limits(**request["limits"])
        reader = reader_class(request["reader"])(Path(request["path"]), kind=request["kind"], limits=limits)
        readers[number] = reader
        times = None if reader.times_s is None else np.ascontiguousarray(reader.times_s, dtype=np.float64)
        yield {"facts": vars(reader.facts), "tolerance_s": reader.tolerance_s}, None if times is None else times.data.cast("B")
    elif request["do"] == "close":
        _close(readers, number)
    elif request["do"] == "frames":
        size = {"width": request["width"], "height": request["height"]}
        for shown_s, frame in readers[number].frames_at(request["seconds"], **size):
            yield {"shown_s": shown_s}, np.ascontiguousarray(frame).data.cast("B")
    elif request["do"] == "clip":
        from worlds.video.encode import Encoder  # a worker that only reads does not need the encoder

        size = {"width": request["width"], "height": request["height"]}
        rate, out = request["frame_rate"], Path(request["out"])
        seconds = [start_s + frame / rate for start_s, num_frames in request["moments"] for frame in range(num_frames)]
        with Encoder(out, frame_rate=rate, crf=request["crf"]) as encoder:
            for num_frames, (_, frame) in enumerate(readers[number].frames_at(seconds, **size), start=1):
                encoder.add(frame)
                if num_frames % _PROGRESS == 0:
                    yield {"frames": num_frames}, None


def _picture(request: dict) -> Iterator[tuple[dict, memoryview | None]]:
    module, _, name = request["decoder"].partition(":")
    decode = getattr(importlib.import_module(module), name)
    asked = {name: request[name] for name in ("what", "kind", "max_side_px", "max_pixels", "min_side")}
    picture = np.ascontiguousarray(decode(request["content"], **asked))
    yield {"shape": picture.shape[:2]}, picture.data.cast("B") if request["sends"] else None


def receive(requests: BinaryIO) -> dict | None:
    """Return the next request, or None when there will be no more; its raw bytes, if any, are its "content"."""
    head = requests.read(4)
    if len(head) < 4:
        return None
    request = json.loads(requests.read(int.from_bytes(head, "little")))
    if "bytes" in request:
        request["content"] = requests.read(request["bytes"])
    return request


def send(answers: BinaryIO, answer: dict, payload: memoryview | None = None) -> None:
    """Write one message, and the bytes that belong to it."""
    if payload is not None:
        answer = answer | {"bytes": len(payload)}
    text = json.dumps(answer).encode()
    _write(answers, memoryview(len(text).to_bytes(4, "little") + text))
    if payload is not None:
        _write(answers, payload)


def _write(answers: BinaryIO, data: memoryview) -> None:
    while data:
        data = data[answers.write(data) :]


def _close(readers: dict[int, Reader], number: int) -> None:
    reader = readers.pop(number, None)
    if reader is not None:
        reader.close()


if __name__ == "__main__":
    main()
