"""What is uploaded is looked at when it comes: the wrong kind is one sentence at once, whatever it is called, and is not taken."""

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from backends.sessions import Session
from worlds.picture_kinds import ENDINGS, ENDINGS_OF
from worlds.video import write_video

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
ZIP = b"PK\x03\x04\x14\0\0\0"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"

BOXES: dict[str, tuple[str, dict[str, Any]]] = {  # the box's label -> its page, and what shows it
    "Your picture": ("adaptvis", {}),
    "Data file": ("adaptvis", {"adaptvis.task": "evaluate", "adaptvis.data": "own"}),
    "Your video": ("tstar", {}),
    "File of prompts": ("coda", {"coda.task": "file"}),
    "Your checkpoint, configuration or pictures": ("grafting", {}),
    "Your logs": ("era", {}),
    "Your files": ("mindcube", {}),
}
OF_TRUTH, OF_RESULTS = "Annotations (parquet, JSON, JSON lines, CSV)", "Result files (JSON)"
UNRELATED = b"prompt,answer\nTwo and two,4\n"
ANNOTATIONS = (b'[{"video_id": "v", "question": "Where?", "gt_frame_index": [30], "fps": 30},'
               b' {"video_id": "w", "question": "When?"}]')
OF_A_THING = "A picture of what you look for"  # which is shown once there is a video


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that a session took."""
    names: list[str] = []
    store = Session._store

    def noting(self: Session, name: str, put: Any) -> str:
        names.append(name)
        return store(self, name, put)

    monkeypatch.setattr(Session, "_store", noting)
    return names


@pytest.fixture
def video(tmp_path: Path) -> bytes:
    return write_video((np.full((48, 64, 3), 90, np.uint8) for _ in range(3)), tmp_path / "v.mp4", frame_rate=1).read_bytes()


@cache  # a page takes seconds to open, and each test brings another file
def opened(label: str) -> AppTest:
    name, state = BOXES[label]
    page = AppTest.from_file("../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()
    for key, value in state.items():  # one click after another
        page.session_state[key] = value
        page = page.run()
    return page


def box(page: AppTest, label: str) -> Any:
    return next(element for element in page.get("file_uploader") if element.proto.label == label)


def brought(page: AppTest, label: str, name: str, content: bytes) -> AppTest:
    box(page, label).set_value((name, content, "application/octet-stream"))
    return page.run()


def said(page: AppTest) -> str:
    return " ".join(error.value for error in page.error).replace("\\", "")


def picture(kind: str, colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "label, name, content, sentence",
    [
        ("Your picture", "wrong.png", SVG, r"'wrong\.png' is an SVG drawing, not a picture that can be read\. One of JPEG, "),
        ("Your picture", "wrong.jpg", HEIC, r"'wrong\.jpg' is a HEIC picture\..* export it as JPEG\."),
        ("Data file", "wrong.zip", b"%PDF-1.7", r"'wrong\.zip' is a PDF document\. A zip with pictures"),
        ("Your video", "wrong.mp4", ZIP, r"'wrong\.mp4' is a zip archive\. A video in mp4"),
        ("File of prompts", "wrong.csv", ZIP, r"'wrong\.csv' is a zip archive\. A table in CSV"),
        ("Your checkpoint, configuration or pictures", "wrong.pt", HEIC, r"'wrong\.pt' is a HEIC picture\. A checkpoint \(\.pt,"),
        ("Your files", "wrong.zip", b"%PDF-1.7", r"'wrong\.zip' is a PDF document\. A zip of MindCube's folder"),
    ],
    ids=["SVG as PNG", "HEIC as JPEG", "PDF as zip", "zip as video", "zip as table", "HEIC as checkpoint", "PDF as MindCube's files"],
)
def test_the_wrong_kind_is_one_sentence_at_the_upload_and_is_not_taken(
    stored: list[str], label: str, name: str, content: bytes, sentence: str
) -> None:
    page = brought(opened(label), label, name, content)

    assert re.search(sentence, said(page)) and not page.exception
    assert stored == []
    assert "Chosen: wrong" not in " ".join(caption.value for caption in page.caption)
    again = page.run()
    assert re.search(sentence, said(again))  # it stands there as long as the file does


def test_a_wrong_picture_of_a_thing_is_refused_and_the_video_stays(stored: list[str], video: bytes) -> None:
    page = brought(opened("Your video"), "Your video", "film.mp4", video)
    assert said(page) == "" and stored == ["film.mp4"]
    assert {ending.removeprefix(".") for ending in box(page, OF_A_THING).proto.type} == set(ENDINGS)

    page = brought(page, OF_A_THING, "thing.png", SVG)

    assert re.search(r"'thing\.png' is an SVG drawing", said(page)) and not page.exception
    assert stored == ["film.mp4"]
    assert page.session_state["knob.tstar.video"] == "upload:film.mp4"


def test_a_picture_of_a_thing_is_said_to_be_looked_for(stored: list[str], video: bytes) -> None:
    page = brought(opened("Your video"), "Your video", "film.mp4", video)

    page = brought(page, OF_A_THING, "mug.png", picture("PNG", "blue"))  # a session keeps equal files once

    assert any("Looking for what is in mug.png." in caption.value.replace("\\", "") for caption in page.caption)


@pytest.mark.parametrize("kind", ENDINGS_OF)
def test_every_kind_of_picture_can_be_brought(stored: list[str], kind: str) -> None:
    name = f"brought.{ENDINGS_OF[kind][-1]}"  # the session is shared with other tests

    page = brought(opened("Your picture"), "Your picture", name, picture(kind))

    assert stored == [name] and said(page) == "" and not page.exception
    assert page.session_state["knob.adaptvis.picture"] == f"upload:{name}"
    assert {ending.removeprefix(".") for ending in box(page, "Your picture").proto.type} == set(ENDINGS)


def scored(truth: tuple[str, bytes] | None, *results: tuple[str, bytes]) -> AppTest:
    page = AppTest.from_file("../../app.py", default_timeout=120).run().switch_page("pages/tstar/page.py").run()
    if truth:
        box(page, OF_TRUTH).set_value((*truth, "text/plain"))
    if results:
        box(page, OF_RESULTS).set_value([(*result, "application/json") for result in results])
    return page.run()


def infos(page: AppTest) -> str:
    return " ".join(info.value for info in page.info).replace("\\", "")


def test_annotations_alone_are_counted_and_a_result_file_is_asked_for() -> None:
    page = scored(("truth.json", ANNOTATIONS))

    assert "truth.json: 2 questions, 1 with key frames in seconds. A result file is missing" in infos(page)
    assert said(page) == "" and not page.exception


def test_annotations_that_are_none_are_one_sentence_alone_and_beside_a_result_file() -> None:
    sentence = "prompts.csv: Row 1 has no question. Each row needs a question and a video_id."
    alone = scored(("prompts.csv", UNRELATED))
    beside = scored(("prompts.csv", UNRELATED), ("run.json", b'{"video": {"name": "my.mp4"}, "question": "Where?"}'))

    assert said(alone) == sentence and "result file is missing" not in infos(alone)
    assert sentence in said(beside) and "run.json: Row 1 names no video." in said(beside)
