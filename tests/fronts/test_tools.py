"""Tools of MCP: typed arguments, what comes back, and what is said of a wrong one."""

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backends.engine import LocalEngine
from backends.registry import System, system, systems
from backends.run import Inputs, Progress, Settings
from backends.sessions import Session
from fronts.gradio.arguments import arguments, with_files
from fronts.gradio.endpoint import Endpoint
from fronts.gradio.files import BroughtFiles
from fronts.gradio.sessions import OpenSessions
from fronts.gradio.tools import MAX_CALLS, Tools, ToolServer

QUICK: dict[str, dict[str, Any]] = {
    "tstar": {"budget_share": 0.02, "baselines": []}, "coda": {"max_new_tokens": 1, "methods": ["greedy"]}, "adaptvis": {},
    "grafting": {"heals": "none", "num_pictures": 2, "sample_steps": 2}, "era": {"max_turns": 3},
    "ragen": {"task": "play", "game": "lake", "player": "expert"}, "mindcube": {"configurations": ["Raw-QA"]},
    "merging": {"curve": 0, "num_questions": 10}}


@pytest.fixture(scope="module")
def tools() -> Tools:
    sessions, brought = OpenSessions(), BroughtFiles()
    return Tools({what.name: Endpoint(what, sessions, brought) for what in systems()}, brought)


def called(tools: Tools, name: str, /, **values: Any) -> tuple[Any, list[Progress]]:
    told: list[Progress] = []

    async def report(progress: Progress) -> None:
        told.append(progress)

    async def stays() -> bool:
        return False

    return asyncio.run(tools.call(name, values, report, stays)), told


def test_a_run_is_stopped_for_somebody_who_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Session] = []

    class Watched(OpenSessions):
        def of(self, key: str) -> Session:
            opened.append(super().of(key))
            return opened[-1]

    def endless(settings: Settings, inputs: Inputs) -> Iterator[Progress]:
        while not gone.wait(0.01):
            yield Progress(0.1, "counting")
        yield Progress(0.2, "for nobody")

    gone = threading.Event()
    engine = LocalEngine(find_run=lambda name: endless)
    monkeypatch.setattr("fronts.gradio.running.the_engine", lambda: engine)
    monkeypatch.setattr("fronts.gradio.sessions.the_engine", lambda: engine)
    monkeypatch.setattr("backends.sessions.the_engine", lambda: engine)
    brought = BroughtFiles()
    own = Tools({"coda": Endpoint(system("coda"), Watched(), brought)}, brought)
    told: list[Progress] = []

    async def report(progress: Progress) -> None:
        told.append(progress)

    async def leaves() -> bool:
        return bool(told)  # once the run has begun

    release = Session.release
    monkeypatch.setattr(Session, "release", lambda session: (release(session), gone.set()))

    monkeypatch.setattr("fronts.gradio.tools.LOOK_S", 0.01)
    answer = asyncio.run(own.call("coda", {}, report, leaves))

    assert opened[0].is_released and answer.isError and answer.content[0].type == "text"


@pytest.mark.parametrize("what", systems(), ids=lambda what: what.name)
def test_every_setting_is_an_argument_with_its_type_bounds_default_and_meaning(what: System) -> None:
    fields, schemas = what.settings.model_json_schema()["properties"], arguments(what)

    assert list(schemas) == list(what.settings.model_fields)
    for name, schema in schemas.items():
        for said in ("type", "anyOf", "enum", "minimum", "maximum", "exclusiveMinimum", "maxLength", "maxItems", "default"):
            assert schema.get(said) == fields[name].get(said), (name, said)
        assert schema["description"].startswith(fields[name]["description"])
        assert not {"group", "role", "uploads", "title", "label"} & set(schema)
        assert (fields[name].get("role") == "result") == ("without earlier runs" in schema["description"])


@pytest.mark.parametrize("what", systems(), ids=lambda what: what.name)
def test_an_argument_that_takes_a_file_says_so_over_rest_alone(what: System) -> None:
    plain, schemas = arguments(what), with_files(what, arguments(what))

    for name, schema in schemas.items():
        takes_file = any(option.get("title") == "FileData" for option in schema.get("anyOf", []))
        assert takes_file == ("upload:NAME" in schema["description"] and plain[name].get("type") == "string")
        assert schema["default"] == plain[name]["default"]


def test_all_tools_are_listed_and_their_schemas_are_json(tools: Tools) -> None:
    listed = {tool.name: tool for tool in tools.listed()}

    assert set(listed) == {what.name for what in systems()} | {"bring_file"}
    assert all(tool.inputSchema["additionalProperties"] is False for tool in listed.values())
    assert json.loads(json.dumps([tool.inputSchema for tool in listed.values()]))


@pytest.mark.parametrize("what", systems(), ids=lambda what: what.name)
def test_a_run_brings_words_numbers_and_its_pictures(tools: Tools, what: System) -> None:
    answer, told = called(tools, what.name, **QUICK[what.name])

    words, numbers, *rest = answer.content
    assert not answer.isError and words.text.startswith("Done.")
    assert json.loads(numbers.text) == json.loads(json.dumps(answer.structuredContent))
    assert answer.structuredContent["ended"] == "finished"
    shown = [part for part in rest if part.type == "image"]
    assert shown, "of what it runs without arguments every system draws a picture"
    for part in shown:
        with Image.open(BytesIO(base64.b64decode(part.data))) as picture:
            assert picture.format == "JPEG" and max(picture.size) <= 1024 and np.asarray(picture).std() > 3
    assert told


@pytest.mark.parametrize(("name", "values", "said"), [
    ("tstar", {"gird": 3}, "There is no setting 'gird'. Did you mean 'grid'?"),
    ("tstar", {"grid": 99}, "grid: Input should be less than or equal to 8."),
    ("tstar", {"video": {"path": "/etc/passwd"}}, "This file was not uploaded here. Upload it first."),
    ("tstar", {"video": "upload:someone-elses.mp4"}, "The file 'someone-elses.mp4' is not in this session."),
    ("tstr", {}, "There is no tool 'tstr'. Did you mean 'tstar'?"), ("x" * 10_000, {}, "There is no tool 'xxx"),
    ("bring_file", {}, "'' takes no file. tstar.video, "), ("bring_file", {"setting": ["coda.file"]}, "setting: this is no text."),
    ("bring_file", {"setting": "coda.file", "bas64": "x"}, "There is no setting 'bas64'. Did you mean 'base64'?"),
    ("coda", {"task": "law", "trains": True, "continues": "coda-0123abcd"},
     "continues: a call cannot name an earlier run, for each is"),
    ("coda", {"model": "/etc"}, "The model folder '/etc' is not below ORRERY_MODELS_DIR.")],
    ids=["unknown", "too large", "a planted file", "another's file", "no tool", "a long name", "no setting", "a list", "mistyped",
         "an earlier run", "a path"])
def test_what_is_wrong_is_one_sentence_marked_as_an_error(
    tools: Tools, name: str, values: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))

    answer, _ = called(tools, name, **values)

    assert answer.isError and len(answer.content) == 1
    assert answer.content[0].text.startswith(said) and len(answer.content[0].text) < 1_000


def test_a_tool_brings_a_file_and_another_uses_it(tools: Tools) -> None:
    rows = b"prompt,answer\nThe capital of France is,Paris\nThe capital of Peru is,Lima\n"

    held, _ = called(tools, "bring_file", setting="coda.file", name="mine.csv", base64=base64.b64encode(rows).decode())
    answer, _ = called(tools, "coda", task="file", file=held.content[0].text, max_new_tokens=1, methods=["greedy"])

    assert held.structuredContent == {"setting": "file", "value": held.content[0].text}
    assert not answer.isError, answer.content[0].text
    assert len(answer.structuredContent["file"]["rows"]) == 2


def test_more_calls_than_can_wait_are_refused(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_open", MAX_CALLS)

    answer, _ = called(tools, "coda")

    assert answer.isError and answer.content[0].text.startswith("64 calls of tools run or wait already.")


def test_a_front_without_tools_keeps_what_gradio_makes() -> None:
    import gradio as gr

    with gr.Blocks() as demo:
        gr.api(lambda: 1, api_name="one")

    assert ToolServer(demo).tools is None
