"""What does not hold together is refused by the result's own model. Nearly all of this opened once, and some broke its page."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backends.files.saved import load_result
from backends.registry import system as find_system
from tests.backends.files.test_saved import a_zip, edited, npy, parts_of
from worlds.errors import InputError


def recorded(name: str, run: str = "default") -> bytes:
    path: Path | None = find_system(name).recorded
    assert path is not None
    return path.with_stem(run).read_bytes()


def sentence_of(name: str, content: bytes) -> str:
    with pytest.raises(InputError) as refused:
        load_result(content, find_system(name).result)
    text = str(refused.value)
    assert "\n" not in text and text.endswith(".") and len(text) < 400
    return text


def put(result: Any, path: str, value: Any) -> None:
    """Set `a.0.b` of nested objects and lists; a function makes the new value of the old one."""
    *way, last = [int(part) if part.lstrip("-").isdigit() else part for part in path.split(".")]
    for part in way:
        result = result[part]
    result[last] = value(result[last]) if callable(value) else value


@pytest.mark.parametrize(("path", "value"), [
    pytest.param("keyframes", [], id="no key frame"),
    pytest.param("keyframes.1", lambda frame: {**frame, "second": 10**6}, id="a key frame after the end"),
    pytest.param("keyframes.1.second", 0, id="key frames out of order"),
    pytest.param("methods", [], id="no method"),
    pytest.param("methods.0.method", "uniform", id="T* is not the first method"),
    pytest.param("methods.1.method", "magic", id="a method that is none"),
    pytest.param("methods.0.keyframes", [float("nan")], id="a moment that is no number"),
    pytest.param("methods.0.recall", 7, id="a recall of 7"),
    pytest.param("iterations.0.grid", 0, id="a grid of nothing"),
    pytest.param("iterations.0.grid", 2, id="more frames than cells"),
    pytest.param("iterations.0.grid", 10**9, id="a grid of a thousand million"),
    pytest.param("iterations.0.boxes.0.cell", 99, id="a box outside the grid"),
    pytest.param("iterations.0.boxes.0.x1", float("inf"), id="a box without end"),
    pytest.param("iterations.0.boxes.0.x1", 1e30, id="a box outside the picture"),
    pytest.param("video.num_positions", 899, id="another length than the arrays"),
    pytest.param("video.duration_s", 5.0, id="a video shorter than its seconds"),
    pytest.param("video.duration_s", float("nan"), id="a video of no length"),
    pytest.param("costs.total_s", -1, id="negative seconds"),
    pytest.param("costs.total_s", float("inf"), id="endless seconds"),
    pytest.param("truth_spans", [[0.0, 1.0, "x"]] * 1001, id="marks without end"),
    pytest.param("settings.grid", 9, id="settings out of range"),
    pytest.param("keyframes.0.jpeg", lambda jpeg: None, id="no picture"),
])
def test_search_that_would_break_its_page_is_refused(path: str, value: Any) -> None:
    def change(document: dict[str, Any]) -> None:
        put(document["result"], path, value)

    assert "damaged" in sentence_of("tstar", edited(change, recorded("tstar")))


NAMES = ("positions", "support", "cell_confidence", "scores", "probabilities", "is_new", "canvas", "keyframes")
FIRST = {name: number for number, name in enumerate(NAMES)}  # of the first grid


def picture(**options: Any) -> np.ndarray:
    content = io.BytesIO()
    Image.new("RGB", options.pop("size", (64, 64)), "#778899").save(content, options.pop("kind", "JPEG"), **options)
    return np.frombuffer(content.getvalue(), np.uint8)


@pytest.mark.parametrize(("name", "array"), [
    *((name, np.zeros(0)) for name in FIRST),
    ("positions", np.arange(16) + 10**6), ("positions", np.arange(16.0)), ("positions", np.arange(17)), ("positions", -np.arange(16)),
    ("support", np.zeros(900)), ("support", np.full(900, np.nan)), ("scores", np.full(900, np.inf)), ("scores", np.zeros(899)),
    ("probabilities", np.zeros(900)), ("is_new", np.zeros(900)), ("keyframes", np.array([900])),
    ("canvas", picture(progressive=True)), ("canvas", picture(kind="PNG")), ("canvas", picture(comment=b"<script>")),
    ("canvas", picture(size=(648, 8))), ("canvas", picture().astype(np.int64)), ("canvas", np.array([255, 216, 255, 217], np.uint8)),
])
def test_arrays_that_would_break_the_page_are_refused(name: str, array: np.ndarray) -> None:
    content = a_zip(parts_of(recorded("tstar")) | {f"arrays/{FIRST[name]}.npy": npy(array)})

    assert "iterations.0" in sentence_of("tstar", content)


def test_picture_that_cannot_be_decoded_is_refused_before_it_is_drawn() -> None:
    whole = picture().tobytes()
    tables = whole.replace(b"\xff\xc4", b"\xff\xdb")  # Huffman's tables are gone: only a decoder notices
    content = a_zip(parts_of(recorded("tstar")) | {"arrays/6.npy": npy(np.frombuffer(tables, np.uint8))})

    assert "picture" in sentence_of("tstar", content)


@pytest.mark.parametrize(("run", "path", "value"), [
    pytest.param("default", "asked.0.written", [], id="nobody answered"),
    pytest.param("default", "asked.0.written", lambda all_of: [all_of[0], all_of[0]], id="one decoder twice"),
    pytest.param("default", "asked.0.written.0.method", "magic", id="a decoder that is none"),
    pytest.param("default", "asked.0.written.0.tokens.0.by_full.0.full", 800.0, id="a probability above e^709"),
    pytest.param("default", "asked.0.found.chosen_positions", [-1], id="a word before the first"),
    pytest.param("default", "settings.task", "law", id="the part of another task"),
    pytest.param("law", "settings.task", "compare", id="a law without prompts"),
    pytest.param("law", "law.epochs", [], id="no epoch"),
    pytest.param("law", "law.epochs.0.law.groups", [], id="no group"),
    pytest.param("law", "law.epochs.0.law.groups.0.value", 0.0, id="a value without logarithm"),
    pytest.param("law", "law.epochs.0.law.groups.0.value", float("inf"), id="an endless value"),
    pytest.param("law", "law.epochs.0.epoch", 99, id="epochs out of order"),
    pytest.param("law", "law.epochs.-1.law.r_squared", None, id="half a line"),
    pytest.param("law", "law.factor", "X", id="a factor that is none"),
    pytest.param("recovery", "recovery.rows", [], id="no decoder"),
    pytest.param("recovery", "recovery.rows.0.per_value.0.0", -1.0, id="a popularity below 0"),
    pytest.param("recovery", "recovery.sweep.0.knob", "gamma", id="a knob that is none"),
])
def test_run_of_coda_that_would_break_its_page_is_refused(run: str, path: str, value: Any) -> None:
    assert "damaged" in sentence_of("coda", edited(lambda document: put(document["result"], path, value), recorded("coda", run)))


@pytest.mark.parametrize(("run", "path", "value"), [
    pytest.param("default", "looked.at", [], id="no alpha"),
    pytest.param("default", "looked.at.0.alpha", float("nan"), id="an alpha that is no number"),
    pytest.param("default", "looked.at.0.alpha", 1.0, id="an alpha twice"),
    pytest.param("default", "looked.branch.alpha", 0.123, id="a branch to no alpha"),
    pytest.param("default", "looked.options", ["left"], id="fewer options than probabilities"),
    pytest.param("default", "looked.num_layers", 3, id="another number of layers"),
    pytest.param("default", "looked.num_heads", 10**9, id="heads without end"),
    pytest.param("default", "looked.size", [10, 10], id="another size than the picture's"),
    pytest.param("default", "settings.task", "evaluate", id="the part of another task"),
    pytest.param("evaluate", "evaluated.alphas", [], id="no alphas"),
    pytest.param("evaluate", "evaluated.alphas.0", float("nan"), id="an alpha that is no number"),
    pytest.param("evaluate", "evaluated.items.0.answers", ["on"], id="an item with one answer"),
    pytest.param("evaluate", "evaluated.curves.0.low", [0.1], id="a curve with one end"),
    pytest.param("evaluate", "evaluated.beta", float("nan"), id="a beta that is no number"),
    pytest.param("evaluate", "evaluated.beta", 1e30, id="a beta of 1e30"),
    pytest.param("evaluate", "evaluated.scores.0.method", "magic", id="a method that is none"),
    pytest.param("evaluate", "evaluated.scores.0.mended", -1, id="less than none mended"),
])
def test_run_of_adaptvis_that_would_break_its_page_is_refused(run: str, path: str, value: Any) -> None:
    said = sentence_of("adaptvis", edited(lambda document: put(document["result"], path, value), recorded("adaptvis", run)))

    assert "damaged" in said


@pytest.mark.parametrize("boxes", [
    np.full((64, 4), np.nan), np.zeros((64, 4)), np.tile([0.5, 0.5, 0.4, 0.6], (64, 1)), np.tile([0.0, 0.0, 1e30, 1.0], (64, 1)),
    np.zeros((64, 3)), np.zeros((63, 4)),
], ids=["no place", "no area", "inside out", "beyond", "three sides", "too few"])
def test_image_tokens_that_lie_nowhere_are_refused(boxes: np.ndarray) -> None:
    files = parts_of(recorded("adaptvis"))
    tokens = np.load(io.BytesIO(files["arrays/1.npy"])).shape
    assert tokens[1] == 4  # the second array holds the tokens' boxes

    boxes = np.resize(boxes, (tokens[0] + len(boxes) - 64, boxes.shape[1]))
    assert "looked" in sentence_of("adaptvis", a_zip(files | {"arrays/1.npy": npy(boxes)}))
