"""What comes out of a run, as Gradio shows it: figures, pictures, numbers, a line of progress, a sentence for people."""

import re
from html import escape

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

from backends.registry import System
from backends.run import Progress, Result, plain_json
from fronts.gradio import gate
from visualizers.contract import Charts, Pictures, drawing
from visualizers.theme import themed
from worlds.errors import InputError, disk_sentence
from worlds.pictures import encode_jpeg

_SIGNS = re.compile(r"[^\w\s]|_", re.ASCII)
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")  # turn what follows around, or control a terminal
WENT_WRONG = "Something went wrong on our side. Try again."
MAX_PICTURES = 4  # of a run that go to programs: each stands in the answer whole
MAX_SIDE_PX = 1024  # of such a picture


def figures_of(what: System, event: object) -> Charts | None:
    """The plotly figures of an event, or None where there is nothing to draw."""
    drawn = drawing(what.name)
    figures = drawn.figures(event) if isinstance(event, Result) else drawn.live(event)
    # Gradio does not tell whether a browser is dark: on white, the light template can be read in both
    return figures and {title: themed(figure, is_dark=False).update_layout(paper_bgcolor="#FFFFFF")
                        for title, figure in figures.items()}


def pictures_of(what: System, event: object) -> Pictures:
    """The pictures of an event with their captions; a system without pictures has none."""
    return drawing(what.name).pictures(event)


def summary(result: Result) -> dict[str, object]:
    """The numbers of a result, as JSON."""
    return {name: plain_json(value) for name, value in result.summary().items()}


def as_text(text: str) -> str:
    """Text for Markdown, which finds nothing in it: no sign of it but letters and digits is left as it is."""
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", _UNSEEN.sub("", text))


def verdict(result: Result) -> str:
    """What came out, in a sentence or two, as Markdown; nothing where the system puts no numbers into words."""
    said = " ".join(_sentences(result))
    return f"## {as_text(said)}" if said else ""


def in_words(result: Result) -> str:
    """What a run says of itself: why it ended early, what came out, what was dropped or replaced on the way."""
    line = f"{result.reason} This is what there was." if result.was_stopped else "Done."
    notes = [note for note in result.notes if note != result.reason]
    return " ".join((line, *_sentences(result), *notes))


def _sentences(result: Result) -> list[str]:
    brief = result.brief.strip()
    return [*([f"{brief[:1].upper()}{brief[1:].rstrip('.')}."] if brief else []), *result.told]


def encoded_pictures(what: System, result: Result) -> tuple[list[tuple[bytes, str]], int]:
    """The first pictures of a result as JPEG with their captions, and how many there are."""
    pictures = pictures_of(what, result)
    return [(_jpeg(picture), caption) for picture, caption in pictures[:MAX_PICTURES]], len(pictures)


def cached_pictures(what: System, result: Result) -> list[dict[str, object]]:
    """The same as files that Gradio serves; equal pictures are one file."""
    kept = []
    for number, (jpeg, caption) in enumerate(encoded_pictures(what, result)[0], start=1):
        path = save_bytes_to_cache(jpeg, f"{what.name}-{number}.jpg", str(gate.temp_folder()))
        kept.append({"path": path, "orig_name": f"{what.name}-{number}.jpg", "mime_type": "image/jpeg", "alt_text": caption,
                     "meta": {"_type": "gradio.FileData"}})
    return kept


def _jpeg(picture: np.ndarray) -> bytes:
    """(h, w, 3) uint8 RGB -> a JPEG file, made smaller where it is large."""
    image = Image.fromarray(picture)
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    return encode_jpeg(np.asarray(image)).tobytes()


def progress_line(progress: Progress) -> str:
    left = f", {progress.seconds_left:.0f} s left" if progress.seconds_left is not None else ""
    return f"{progress.fraction:.0%}: {progress.stage}{left}"


def for_people(error: InputError | OSError) -> gr.Error:
    """The sentence as Gradio shows it, whose messages are read as HTML."""
    return gr.Error(escape(sentence(error), quote=False), print_exception=not isinstance(error, InputError))


def sentence(error: InputError | OSError) -> str:
    """What is wrong, for people."""
    return str(error) if isinstance(error, InputError) else disk_sentence(error) or WENT_WRONG
