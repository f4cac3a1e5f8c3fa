"""The detector of a run, ready: a rung of the ladder, or the person's example without any trained model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import numpy as np

from backends.knobs import UPLOAD
from backends.run import Inputs
from backends.rungs import packed, rung_of
from backends.tstar.settings import IMAGE_NETWORK, TStarSettings
from models.boxes import REAL_CANVAS_PX, Detector, ShownDetector
from models.catalogue import Rung
from models.devices import threads_for
from models.example_detection import ExampleDetector
from models.image_detection import AlikeDetector, KindsDetector
from models.memory import budget
from worlds.errors import InputError
from worlds.pictures import read_picture
from worlds.video import Video

EXAMPLE_FRAME_PX = 720
FILM_FRAMES = 16


@dataclass(frozen=True)
class ReadyDetector:
    """A detector with the thresholds that this run uses."""

    detector: Detector
    model_id: str
    is_miniature: bool
    threshold: float
    floor: float
    notes: tuple[str, ...] = ()
    frames_read: int = 0  # before the search


@contextmanager
def open_detector(settings: TStarSettings, video: Video, inputs: Inputs) -> Iterator[ReadyDetector]:
    """Lend the detector that the settings ask for.

    An example without a checkpoint uses classical features, and the image network for things of its kind; with OWLv2
    chosen, its image-guided detection.

    Raises:
        InputError: no such rung, its weights are not here, or it does not fit into the memory.
    """
    if settings.makes_way:
        exact = _example(settings, video, inputs)
        if not settings.of_its_kind:
            yield _ready(settings, exact, "classical features (no trained model)")
            return
        rung = rung_of(IMAGE_NETWORK, "detector")
        with budget().borrow(rung) as loaded, threads_for(rung.parameters):
            film = video.frames_at(_evenly(video.info.duration_s), max_side_px=exact.canvas_px)
            network = cast(KindsDetector, loaded.tool).model
            alike = AlikeDetector(network, exact, exact.context_or_crop, box=exact.box, film=film)
            yield _ready(settings, alike, f"{rung.name} and classical features", frames_read=len(film))
        return
    rung = rung_of(settings.detector, "detector")
    with budget().borrow(rung, settings.quantisation) as loaded, threads_for(rung.parameters):
        detector: Detector = cast(Detector, loaded.tool)
        notes: tuple[str, ...] = ()
        if settings.by_example:
            detector, notes = _guided(detector, settings, video, inputs, rung)
        yield _ready(settings, detector, packed(rung.name, settings.quantisation), is_miniature=rung.is_miniature, notes=notes)


def _ready(settings: TStarSettings, detector: Detector, model_id: str, *, is_miniature: bool = False,
           notes: tuple[str, ...] = (), frames_read: int = 0) -> ReadyDetector:
    threshold = detector.theta if settings.threshold is None else settings.threshold
    floor = detector.floor if settings.floor is None else settings.floor
    return ReadyDetector(detector, model_id, is_miniature, threshold, floor, notes, frames_read)


def _evenly(duration_s: float) -> list[float]:
    """The seconds whose frames say what is common to the film."""
    return [duration_s * (i + 0.5) / FILM_FRAMES for i in range(FILM_FRAMES)]


def _example(settings: TStarSettings, video: Video, inputs: Inputs) -> ExampleDetector:
    """The detector of the uploaded picture, or of the marked part of a frame, whose rest then tells thing from background."""
    if settings.example_picture:
        return ExampleDetector(_uploaded(settings, inputs), frame_size=(video.info.height, video.info.width))
    frame, box = _marked(settings, video)
    return ExampleDetector(_cut(frame, box), context=frame, box=box)


def _uploaded(settings: TStarSettings, inputs: Inputs) -> np.ndarray:
    name = settings.example_picture.removeprefix(UPLOAD)
    return read_picture(inputs.file(name), max_side_px=EXAMPLE_FRAME_PX, name=name)


def _marked(settings: TStarSettings, video: Video, *,
            max_side_px: int = EXAMPLE_FRAME_PX) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The frame with the example, and the box in its pixels, at least one each way."""
    assert settings.example_s is not None and settings.example_box is not None
    frame = video.frames_at([settings.example_s], max_side_px=max_side_px)[0]
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = settings.example_box
    left, top = int(x1 * width), int(y1 * height)
    return frame, (left, top, max(int(x2 * width), left + 1), max(int(y2 * height), top + 1))


def _cut(frame: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = box
    return frame[top:bottom, left:right]


def _guided(detector: Detector, settings: TStarSettings, video: Video, inputs: Inputs,
            rung: Rung) -> tuple[ShownDetector, tuple[str, ...]]:
    """The checkpoint's own search by example, and what has to be said of it."""
    if settings.example_picture:
        return _shown(rung, detector.shown(_uploaded(settings, inputs))), ()
    shown = _shown(rung, detector.shown(*_marked(settings, video, max_side_px=REAL_CANVAS_PX)))
    return shown, () if shown.uses_frame else (
        f"{rung.title} sees no thing of its own where the box was drawn, so it looks for the cropped box, which is weaker. "
        "Draw the box closely around one whole thing.",)


def _shown(rung: Rung, detector: ShownDetector | None) -> ShownDetector:
    if detector is None:
        raise InputError(f"{rung.title} cannot search by example. Choose OWL-ViT or OWLv2, or the miniature: it makes way for "
                         "classical features or the image network.")
    return detector
