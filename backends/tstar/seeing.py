"""What models read: the question (grounding), the key frames (the answer) and frames against text (similarity).

Offline, the answer comes from a rule-based reader of the detector's boxes; it knows the questions of drawn videos only.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from backends.rungs import rung_of
from backends.tstar import baselines
from backends.tstar.detectors import ReadyDetector
from backends.tstar.grounding import match_answer, parse_grounding
from backends.tstar.reading import SAFETY_FACTOR, names_to_detect, read
from backends.tstar.results import Answer
from backends.tstar.settings import TStarSettings
from backends.tstar.video_detector import VideoDetector
from models.memory import budget
from models.similarity import FrameScorer
from models.vlm import VisionLanguageModel
from worlds.errors import InputError
from worlds.video import Video

GROUNDING_FRAMES = 8  # the released code's N
VLM_FRAME_PX = 448
SIMILARITY_FRAME_PX = 224
CHOOSING: Mapping[str, Callable[[np.ndarray, int], np.ndarray]] = {  # by the frames' scores
    "top_similarity": baselines.top_k, "aks": baselines.aks, "bolt": baselines.bolt}


def ground_with_vlm(settings: TStarSettings, question: str, options: dict[str, str],
                    video: Video) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], float]:
    """Targets, cues, notes and seconds: a vision-language model sees 8 even frames and names objects (Sec. 3.1).

    A reply that names nothing is not dropped, as the released code does, but replaced by the template parser's reading.

    Raises:
        InputError: no model is named, or it cannot be loaded.
    """
    if not settings.vlm:
        raise InputError("Reading the question with a model needs one. Choose a vision-language model, or the template parser.")
    start = time.perf_counter()
    seconds = [video.info.duration_s * i / GROUNDING_FRAMES for i in range(GROUNDING_FRAMES)]
    frames = video.frames_at(seconds, max_side_px=VLM_FRAME_PX)
    with budget().borrow(rung_of(settings.vlm, "vlm"), settings.vlm_quantisation) as loaded:
        reply = cast(VisionLanguageModel, loaded.tool).ground(frames, question, list(options.values()))
    grounding = parse_grounding(reply, question=question, options=options)
    return tuple(grounding.targets), tuple(grounding.cues), tuple(grounding.notes), time.perf_counter() - start


def answer_question(settings: TStarSettings, question: str, options: dict[str, str], expected: str | None, video: Video,
                    ready: ReadyDetector, seconds: Sequence[int]) -> Answer | None:
    """The answer from the key frames: a model's if one is chosen, else the rule-based reader's; None if neither can."""
    if not seconds:
        return None
    if settings.vlm:
        frames = video.frames_at([float(second) for second in seconds], max_side_px=VLM_FRAME_PX)
        with budget().borrow(rung_of(settings.vlm, "vlm"), settings.vlm_quantisation) as loaded:
            reply = cast(VisionLanguageModel, loaded.tool).answer(frames, question, list(options.values()))
        letter = match_answer(reply, options) if options else None
        is_correct = None if expected is None else letter == expected
        return Answer(text=letter or reply[:300], why=f"{loaded.rung.title} said {reply[:200]!r}.", expected=expected,
                      is_correct=is_correct)
    if not options or not ready.is_miniature:
        return None
    wanted = names_to_detect(question)
    detector = VideoDetector(video, ready.detector, wanted, num_targets=len(wanted), floor=ready.floor,
                             settings=settings.model_copy(update={"cell_fit": "letterbox", "max_boxes": 300}))
    frames = video.frames_at([float(second) for second in seconds], max_side_px=VLM_FRAME_PX)
    detections = [[(box.name, box.score, (box.x1, box.y1, box.x2, box.y2)) for box in boxes]
                  for _, boxes in detector.singles(list(seconds))]
    reading = read(frames, [float(second) for second in seconds], detections, question, options,
                   threshold=max(ready.floor, SAFETY_FACTOR * ready.threshold))
    return Answer(text=reading.text, why=reading.why, expected=expected,
                  is_correct=None if expected is None else reading.letter == expected)


def similar_frames(name: str, settings: TStarSettings, video: Video, question: str, length: int) -> np.ndarray:
    """Key seconds by image-text similarity over all 1-fps frames: plain top K, AKS or BOLT.

    Raises:
        InputError: no similarity model is named, or it cannot be loaded.
    """
    if not settings.similarity:
        raise InputError(f"The baseline {name!r} needs an image-text model. Choose one under 'Similarity', or leave it out.")
    with budget().borrow(rung_of(settings.similarity, "similarity"), settings.similarity_quantisation) as loaded:
        scores = np.concatenate([
            cast(FrameScorer, loaded.tool).scores(video.frames_at([float(t) for t in range(first, min(first + 64, length))],
                                               max_side_px=SIMILARITY_FRAME_PX), question)
            for first in range(0, length, 64)])
    return np.unique(CHOOSING[name](scores, settings.num_frames))
