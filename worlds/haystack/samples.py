"""The sample videos people can open at once, and every generated video as a file.

Four samples lie beside the code; the two long ones and all `generated:` videos are rendered on first use into a cache
folder (the environment variable ORRERY_CACHE, or ~/.cache/orrery); where that is full or may not be written, into a temporary one
that ends with this process. Files have two frames a second and a key frame every second, so jumping to any second is cheap;
those beside the code are written small, with a key frame every ten seconds, and look the same.

    python -m worlds.haystack.samples        # renders the shipped files and their items again
"""

import atexit
import hashlib
import json
import logging
import os
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from worlds.errors import InputError, disk_sentence
from worlds.haystack.film import Haystack
from worlds.haystack.questions import Question
from worlds.haystack.spec import PREFIX, HaystackSpec
from worlds.video.encode import write_video

SAMPLE_PREFIX = "sample:"
ASSETS = Path(__file__).parents[1] / "assets"
SIZE_PX = 384
FRAME_RATE = 2
CRF = 24
SHIPPED_CRF = 26  # as near to what is drawn as the others are, in a quarter of their bytes
_DRAWING = 1  # count up when the kit or the generator draws differently: cached files of other drawings are not used
_log = logging.getLogger(__name__)
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True)
class Sample:
    """One video of the catalogue with its question."""

    name: str
    title: str
    spec: HaystackSpec
    is_shipped: bool

    @property
    def id(self) -> str:
        """Return the id that settings and permalinks hold."""
        return SAMPLE_PREFIX + self.name

    @property
    def question(self) -> Question:
        """Return the question that the sample opens with."""
        return Haystack(self.spec).questions[0]


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        Sample("ten-minutes", "Ten minutes, one needle", HaystackSpec(minutes=10, seed=6), True),
        Sample("fifteen-minutes", "Fifteen minutes, one needle", HaystackSpec(minutes=15, seed=7), True),
        Sample("thirty-minutes", "Thirty minutes, one needle", HaystackSpec(minutes=30, seed=5), False),
        Sample("sixty-minutes", "One hour, one needle", HaystackSpec(minutes=60, seed=4), False),
        Sample("two-needles", "Fifteen minutes, which came first?", HaystackSpec(minutes=15, seed=21, needles=2), True),
        Sample("no-cues", "Fifteen minutes, an empty room", HaystackSpec(minutes=15, seed=13, cues=False), True),
    )
}


def sample_of(video_id: str) -> Sample:
    """Return the sample that "sample:NAME" (or NAME) names.

    Raises:
        InputError: there is no such sample.
    """
    name = video_id.removeprefix(SAMPLE_PREFIX)
    if name not in SAMPLES:
        raise InputError(f"There is no sample {name[:80]!r}. The samples are {', '.join(SAMPLES)}.")
    return SAMPLES[name]


@lru_cache(maxsize=16)  # its furniture is drawn to measure it, which takes half a second
def haystack_of(video_id: str) -> Haystack:
    """Return the generated video behind "sample:NAME" or "generated:...", for its exact boxes and answers."""
    return Haystack.from_id(video_id) if video_id.startswith(PREFIX) else Haystack(sample_of(video_id).spec)


def sample_path(video_id: str, *, progress: Callable[[float], None] | None = None) -> Path:
    """Return the MP4 file of a sample or a generated video; it is rendered if it does not exist yet.

    Args:
        video_id: "sample:NAME", NAME or "generated:...".
        progress: is called with the finished part, 0..1, while a file is rendered; what it raises stops the rendering.
    Raises:
        InputError: the id is unknown or its values are out of bounds.
        OSError: neither the cache folder nor a temporary one can be written.
    """
    if not video_id.startswith(PREFIX):
        sample = sample_of(video_id)
        shipped = ASSETS / f"{sample.name}.mp4"
        if sample.is_shipped and shipped.exists():
            return shipped
        spec = sample.spec
    else:
        spec = HaystackSpec.from_id(video_id)
    digest = hashlib.sha256(f"{_DRAWING} {SIZE_PX} {FRAME_RATE} {CRF} {spec.id}".encode()).hexdigest()[:20]
    with _locks[digest]:  # one rendering for all visitors of this process
        return _rendered(spec, f"{digest}.mp4", progress)


def _rendered(spec: HaystackSpec, name: str, progress: Callable[[float], None] | None) -> Path:
    """Return the file, rendered into the cache, or beside it where the cache has no room."""
    kept = [folder / name for folder in (cache_folder() / "haystacks", *_spare) if _is_file(folder / name)]
    if kept:
        return kept[0]
    try:
        return render(spec, cache_folder() / "haystacks" / name, progress=progress)
    except OSError as error:
        if disk_sentence(error) is None:
            raise
        _log.warning("the cache folder cannot be written (%s): the video is kept in a temporary folder", error.strerror)
        return render(spec, _spare_folder() / name, progress=progress)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be looked into
        return False


_spare: list[Path] = []  # the folder for what the cache does not take, once there is one


def _spare_folder() -> Path:
    with _locks["the spare folder"]:
        if not _spare:
            _spare.append(Path(tempfile.mkdtemp(prefix="orrery-drawn-")))
            atexit.register(shutil.rmtree, _spare[0], ignore_errors=True)
        return _spare[0]


def cache_folder() -> Path:
    """Return the folder for rendered files."""
    if named := os.environ.get("ORRERY_CACHE"):
        return Path(named)
    try:
        return Path.home() / ".cache" / "orrery"
    except RuntimeError:  # a user without a home, as containers may have
        return _spare_folder()


def render(
    spec: HaystackSpec, target: Path, *, progress: Callable[[float], None] | None = None, is_shipped: bool = False
) -> Path:
    """Write the video to `target` and return it; the file appears only when it is complete, also with several processes at work.

    What is shipped takes longer to write and is smaller.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".rendering-", suffix=".mp4")
    os.close(handle)
    unfinished = Path(name)
    try:
        frames = _frames(Haystack(spec), progress)
        if is_shipped:
            write_video(frames, unfinished, frame_rate=FRAME_RATE, keyframe_every=10 * FRAME_RATE, crf=SHIPPED_CRF, is_small=True)
        else:
            write_video(frames, unfinished, frame_rate=FRAME_RATE, keyframe_every=FRAME_RATE, crf=CRF)
        unfinished.chmod(0o644)
        unfinished.replace(target)
        return target
    finally:
        unfinished.unlink(missing_ok=True)


def _frames(haystack: Haystack, progress: Callable[[float], None] | None) -> Iterator[np.ndarray]:
    number = haystack.duration_s * FRAME_RATE
    for index in range(number):
        if progress is not None and index % (10 * FRAME_RATE) == 0:
            progress(index / number)
        yield haystack.frame(index / FRAME_RATE, SIZE_PX)
    if progress is not None:
        progress(1.0)


def item_of(sample: Sample) -> dict[str, object]:
    """Return the LV-Haystack item of a sample, with the file name as its path."""
    return Haystack(sample.spec).to_item(video_path=f"{sample.name}.mp4", frame_rate=FRAME_RATE)


def main() -> None:
    """Render the shipped samples and write their items."""
    for sample in SAMPLES.values():
        if sample.is_shipped:
            target = ASSETS / f"{sample.name}.mp4"
            render(sample.spec, target, is_shipped=True)
            target.with_suffix(".json").write_text(json.dumps([item_of(sample)], indent=1) + "\n")
            print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
