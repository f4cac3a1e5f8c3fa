"""Which video is searched, what is known of it, and what is asked of it."""

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backends.run import Inputs, Progress
from backends.tstar.grounding import ground_template
from backends.tstar.settings import TStarSettings
from worlds.errors import InputError
from worlds.haystack.film import Haystack
from worlds.haystack.questions import Question
from worlds.haystack.samples import haystack_of, sample_path
from worlds.video import Video
from worlds.video.process import Broken

EXAMPLE_NAME = "example"


@dataclass(frozen=True)
class VideoSource:
    path: Path
    name: str
    haystack: Haystack | None = None  # of samples and generated videos: the truth is known
    truth_s: tuple[float, ...] | None = None
    truth_spans: tuple[tuple[float, float, str], ...] = ()
    rooms: tuple[tuple[float, float, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What to look for, and where that came from."""

    question: str
    options: dict[str, str]
    expected: str | None  # the right option's letter, if known
    targets: tuple[str, ...]
    cues: tuple[str, ...]
    notes: tuple[str, ...] = ()
    frames_read: int = 0  # by a model that grounds the question
    vlm_calls: int = 0
    vlm_s: float = 0.0


def open_source(settings: TStarSettings, inputs: Inputs) -> Generator[Progress, None, VideoSource]:
    """Yield Progress while a generated video is being drawn; return the VideoSource.

    Raises:
        InputError: no such sample, a bad specification, or a file that is not of this session.
    """
    kind, _, name = settings.video.partition(":")
    if kind == "upload":
        return VideoSource(inputs.file(name), name)
    if kind not in ("sample", "generated"):
        raise InputError(f"The video {settings.video[:80]!r} is not known. Use sample:NAME, generated:... or upload:NAME.")
    path = yield from _draw(settings.video)
    haystack = haystack_of(settings.video)
    question = _question_of(haystack, settings.question)
    truth = tuple(float(second) for second in question.key_seconds) if question else None
    return VideoSource(path, settings.video, haystack, truth, tuple((n.start_s, n.end_s, n.name) for n in haystack.needles),
                  tuple((visit.start_s, visit.end_s, haystack.rooms[visit.room].wall) for visit in haystack.visits))


@contextmanager
def blaming_nobody(source: VideoSource) -> Iterator[None]:
    """Say of a decoder that broke off over a video of this app's own that it is not the file's fault."""
    try:
        yield
    except InputError as error:
        if source.haystack is None or not isinstance(error.__cause__, Broken):
            raise
        raise InputError(f"The decoder broke off while it read {source.name[:80]!r}, a video that was drawn here and is not at "
                         "fault: it was stopped from outside, or memory ran out. Run it again.") from error


def _draw(video: str) -> Generator[Progress, None, Path]:
    """Return the file of a sample or generated video; drawing it happens once and says how far it is."""
    told: queue.SimpleQueue[float | Path | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            told.put(sample_path(video, progress=told.put))
        except Exception as error:  # noqa: BLE001  carried over to the thread of the run, raised there
            told.put(error)

    threading.Thread(target=work, daemon=True).start()
    while True:
        news = told.get()
        if isinstance(news, Path):
            return news
        if isinstance(news, Exception):
            raise news
        yield Progress(0.02 * news, f"Drawing the video, once: {news:.0%}")


def _lettered(question: Question) -> dict[str, str]:
    return dict(zip("ABCDEF", question.options))


def _question_of(haystack: Haystack, text: str) -> Question | None:
    """The generated question that reads `text`, the first one if there is no text, else None."""
    if not text.strip():
        return haystack.questions[0]
    return next((question for question in haystack.questions if question.question == text.strip()), None)


def ask(settings: TStarSettings, source: VideoSource, video: Video) -> Asked:
    """Targets and cues: the person's own lists win, then the generated question's, then the template parser's."""
    if settings.by_example:
        return Asked(settings.question or "Where does the marked object appear?", {}, None, (EXAMPLE_NAME,), ())
    known = _question_of(source.haystack, settings.question) if source.haystack else None
    question = known.question if known else settings.question.strip()
    if known and not settings.targets:
        targets, cues = tuple(known.targets), settings.cues or tuple(known.cues)
        return Asked(question, _lettered(known), known.answer, targets, cues)
    options = _lettered(known) if known else {}
    expected = known.answer if known else None
    if settings.targets:
        return Asked(question or f"When does the {settings.targets[0]} appear?", options, expected, settings.targets,
                     settings.cues)
    if settings.grounder == "vlm":
        from backends.tstar.seeing import GROUNDING_FRAMES, ground_with_vlm  # with it come the models

        targets, cues, notes, took_s = ground_with_vlm(settings, question, options, video)
        return Asked(question, options, expected, targets, settings.cues or cues, notes, GROUNDING_FRAMES, 1, took_s)
    grounding = ground_template(question, options)
    return Asked(question, options, expected, tuple(grounding.targets), settings.cues or tuple(grounding.cues),
                 tuple(grounding.notes))
