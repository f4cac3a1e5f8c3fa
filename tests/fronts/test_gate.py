"""Nobody reads a file of this machine through the Gradio front: with the gate, without it, and never unnoticed."""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

import gradio_app
from fronts.gradio import gate

SECRET = "secret-" + uuid.uuid4().hex
PATIENCE_S = 30.0


def echo(text: str, file: str | None, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    return text, file, settings


@contextmanager
def mounted(*, has_gate: bool, is_protected: bool = True) -> Iterator[str]:
    """A front that gives back whatever it gets, mounted as the real one is; the address that it is served at."""
    gate.temp_folder()
    with gr.Blocks(analytics_enabled=False) as demo:
        inputs = [gr.Textbox(), gr.File(type="filepath"), gr.JSON()]
        outputs = [gr.Textbox(), gr.File(), gr.JSON()]
        gr.Button().click(echo, inputs, outputs, api_name="echo")
    demo.queue()
    if is_protected:
        gate.protect(demo)
    kwargs = {} if has_gate else {"app_kwargs": {}}
    app = FastAPI()
    gr.mount_gradio_app(app, demo, path="/gradio", **{**gradio_app.MOUNT, **kwargs})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/gradio"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@dataclass
class Front:
    url: str
    has_gate: bool

    def ask(self, *data: Any) -> tuple[int, str]:
        """The code and everything that comes back of one call, the files that it names included."""
        session = uuid.uuid4().hex
        joined = httpx.post(f"{self.url}/gradio_api/queue/join", json={"data": list(data), "fn_index": 0, "session_hash": session},
                            timeout=PATIENCE_S)
        if joined.status_code != 200:
            return joined.status_code, joined.text
        text = ""
        with httpx.stream("GET", f"{self.url}/gradio_api/queue/data?session_hash={session}", timeout=PATIENCE_S) as stream:
            for line in stream.iter_lines():
                text += line
                if '"process_completed"' in line:
                    break
        return 200, text + self.served(text)

    def served(self, text: str) -> str:
        found = json.loads(text.rpartition("data: ")[2] or "{}")
        paths = [value["path"] for value in found.get("output", {}).get("data") or [] if isinstance(value, dict) and "path" in value]
        return "".join(httpx.get(f"{self.url}/gradio_api/file={path}", timeout=PATIENCE_S).text for path in paths)

    def upload(self, name: str, content: bytes) -> str:
        answer = httpx.post(f"{self.url}/gradio_api/upload", files={"files": (name, content)}, timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0])


@pytest.fixture(scope="module", params=[True, False], ids=["with the gate", "with Gradio's own checks alone"])
def front(request: pytest.FixtureRequest) -> Iterator[Front]:
    with mounted(has_gate=request.param) as url:
        yield Front(url, request.param)


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A secret where a launched Gradio still serves outputs from, and where it does not."""
    from backends.sessions import Session

    session = Session("someone-else")
    name = session.add_upload("secret.txt", (tmp_path / "x").open("wb+"))
    places = {"a folder": tmp_path / "secret.txt", "the working folder": Path.cwd() / f"{uuid.uuid4().hex}.txt",
              "the temporary folder": Path(gate.temp_folder()).parent.parent / f"{uuid.uuid4().hex}.txt",
              "another session": session.inputs().file(name), "Gradio's folder itself": gate.temp_folder() / "secret.txt"}
    for place in places.values():
        place.write_text(SECRET)
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "secret.txt")
    yield {where: str(place) for where, place in places.items()} | {
        "a link": str(link), "a relative path": os.path.relpath(tmp_path / "secret.txt"), "a password file": "/etc/passwd",
        "the environment": "/proc/self/environ"}
    session.release()
    for place in places.values():
        place.unlink(missing_ok=True)


WHERE = ("a folder", "the working folder", "the temporary folder", "another session", "Gradio's folder itself", "a link",
         "a relative path", "a password file", "the environment")


@pytest.mark.parametrize("place", range(3), ids=["a text box", "the upload", "a JSON object"])
@pytest.mark.parametrize("where", WHERE)
def test_a_planted_file_is_neither_echoed_nor_served(front: Front, planted: dict[str, str], where: str, place: int) -> None:
    mark = {"path": planted[where], "meta": {"_type": "gradio.FileData"}}
    data: list[Any] = ["x", None, {}]
    data[place] = {"deep": [mark]} if place == 2 else mark

    if where == "Gradio's folder itself" and not front.has_gate:
        pytest.skip("Gradio takes whatever lies in its folder for an upload; the gate wants the folder of its content")

    code, text = front.ask(*data)

    assert SECRET not in text and "root:" not in text and "PATH=" not in text
    assert not front.has_gate or (code == 422 and "not uploaded here" in text)


def test_an_upload_comes_back(front: Front) -> None:
    path = front.upload("mine.txt", b"what I brought")

    code, text = front.ask("x", {"path": path, "meta": {"_type": "gradio.FileData"}}, {})

    assert code == 200 and "what I brought" in text


def test_without_the_marks_of_a_launch_a_file_would_be_served(tmp_path: Path) -> None:
    """The attack itself: if it stops working, the tests above prove nothing any more."""
    (tmp_path / "secret.txt").write_text(SECRET)
    with mounted(has_gate=False, is_protected=False) as url:
        _, text = Front(url, False).ask("x", {"path": str(tmp_path / "secret.txt"), "meta": {"_type": "gradio.FileData"}}, {})

    assert SECRET in text


@pytest.fixture(scope="module")
def gated() -> Iterator[Front]:
    with mounted(has_gate=True) as url:
        yield Front(url, True)


@pytest.mark.parametrize("path", [
    "/gradio_api/file=http://127.0.0.1:1/x", "/gradio_api/file=%20file:/etc/passwd", "/gradio_api/proxy=http://127.0.0.1:1/",
    "/monitoring", "/monitoring/summary", "/gradio_api/component_server", "/gradio_api/dev/reload", "/gradio_api/deep_link",
    "/gradio_api/process_recording", "/gradio_api/vibe-code", "/gradio_api/run-history/records", "/login", "/gradio_api/stream/x",
    "/gradio_api/queue/../proxy=x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_routes_that_the_front_does_not_use_are_not_there(gated: Front, path: str, method: str) -> None:
    answer = httpx.request(method, gated.url + path, timeout=PATIENCE_S)

    assert (answer.status_code, answer.json()) == (404, {"detail": "There is nothing here."})


@pytest.mark.parametrize("path", ["/gradio_api/file=/etc/passwd", "/gradio_api/file=../../etc/passwd"])
def test_a_file_that_was_not_made_here_is_not_served(gated: Front, path: str) -> None:
    assert httpx.get(gated.url + path, timeout=PATIENCE_S).status_code in (403, 404)


def test_a_request_is_bounded_before_it_is_read(gated: Front) -> None:
    url = f"{gated.url}/gradio_api/queue/join"

    large = httpx.post(url, content=b'{"data": ["' + b"x" * 4_000_000 + b'"]}', headers={"content-type": "application/json"})
    deep = httpx.post(url, content=b'{"data": ' + b"[" * 40 + b"]" * 40 + b"}", headers={"content-type": "application/json"})
    many = httpx.post(url, json={"data": [[]] * 3000})

    assert [answer.status_code for answer in (large, deep, many)] == [413] * 3
    assert "larger than 4 MB" in large.text and "nested too deeply" in deep.text and "objects and lists" in many.text


@pytest.mark.parametrize("kind", [
    "application/json", 'application/json; x="multipart/form-data"', "application/json; charset=multipart/",
    "application/vnd.api+json;multipart/", "multipart/form-data; boundary=x", "text/plain", None])
def test_a_body_is_looked_into_whatever_the_request_calls_it(gated: Front, planted: dict[str, str], kind: str | None) -> None:
    mark = {"path": planted["a folder"], "meta": {"_type": "gradio.FileData"}}
    body = {"data": ["x", mark, {}], "fn_index": 0, "session_hash": uuid.uuid4().hex}

    answer = httpx.post(f"{gated.url}/gradio_api/queue/join", content=json.dumps(body), timeout=PATIENCE_S,
                        headers={"content-type": kind} if kind else {})

    assert (answer.status_code, "not uploaded here" in answer.text) == (422, True)


@pytest.mark.parametrize(("path", "body"), [
    ("call/v2/echo", '{"nothing": 1}'), ("run/echo", '{"data": [], "fn_index": 99999}'),
    ("queue/join", '{"data": [], "fn_index": 99999, "session_hash": "x"}'), ("cancel", '{"session_hash": "x", "fn_index": 1e400}'),
    ("reset", '{"event_id": NaN}')])
def test_what_gradio_trips_over_is_a_sentence_and_the_connection_goes_on(gated: Front, path: str, body: str) -> None:
    with httpx.Client(timeout=PATIENCE_S) as client:
        answers = [client.post(f"{gated.url}/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
                   for _ in range(3)]

    assert all("detail" in answer.json() and 400 <= answer.status_code <= 500 for answer in answers)


def test_all_requests_that_are_being_read_are_bounded_together(gated: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MAX_READING_MB", 1)
    url = f"{gated.url}/gradio_api/queue/join"

    large = httpx.post(url, content=b" " * 1_100_000)
    after = httpx.post(url, content=b" " * 900_000)

    assert large.status_code == 503 and "All visitors together" in large.json()["detail"]
    assert after.status_code == 422  # what was refused counts no longer


def test_what_is_no_file_in_an_upload_is_bounded(gated: Front) -> None:
    def sent(size: int) -> httpx.Response:
        return httpx.post(f"{gated.url}/gradio_api/upload", data={"note": "x" * size}, files={"files": ("a.txt", b"x")},
                          timeout=PATIENCE_S)

    assert sent(gate.MAX_FIELD_BYTES).status_code == 200
    refused = sent(gate.MAX_FIELD_BYTES + 1)
    assert refused.status_code == 400 and "Send files alone" in refused.text


def test_all_uploads_together_are_bounded(gated: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    held = sum(gate._stored())
    monkeypatch.setenv("ORRERY_GRADIO_MB", str((held + 1_500_000) / 1e6))

    gated.upload("fits.bin", os.urandom(1_000_000))
    refused = httpx.post(f"{gated.url}/gradio_api/upload", files={"files": ("more.bin", os.urandom(1_000_000))}, timeout=PATIENCE_S)

    assert refused.status_code == 413 and "All visitors together" in refused.json()["detail"]


def test_uploads_under_way_count_as_what_lies_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_GRADIO_MB", str((sum(gate._stored()) + 1_500_000) / 1e6))

    gate._check_upload(1_000_000, incoming=500_000)
    with pytest.raises(gate._Refused, match="All visitors together"):
        gate._check_upload(1_000_000, incoming=500_001)


def test_an_upload_must_say_how_large_it_is(gated: Front) -> None:
    answer = httpx.post(f"{gated.url}/gradio_api/upload", content=iter([b"--x", b"--"]), timeout=PATIENCE_S,
                        headers={"content-type": "multipart/form-data; boundary=x"})

    assert answer.status_code == 411


def test_a_full_disk_is_one_sentence(gated: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    import gradio.route_utils

    def full(*_args: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(gradio.route_utils, "NamedTemporaryFile", full)

    answer = httpx.post(f"{gated.url}/gradio_api/upload", files={"files": ("x.txt", b"x")}, timeout=PATIENCE_S)

    assert answer.status_code == 507 and "disk is full" in answer.json()["detail"]


def test_what_an_upload_that_broke_off_left_goes_and_what_is_being_written_stays(gated: Front) -> None:
    old, new = gate.temp_folder() / "tmp-old", gate.temp_folder() / "tmp-new"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - gate.UNFINISHED_S - 1,) * 2)
    whole = Path(gated.upload("kept.txt", b"kept"))
    os.utime(whole, (0, 0))

    gate._sweep_unfinished()

    assert (old.exists(), new.exists(), whole.exists()) == (False, True, True)
    new.unlink()


@pytest.mark.parametrize("path", ["relative.txt", "/nothing/there", "a\x00b", "", "/etc/passwd", "http://x/y"])
def test_what_is_no_upload_is_none(path: str) -> None:
    assert not gate.is_upload(path)


def test_an_unprotected_front_does_not_start() -> None:
    complete = {"has_launched": True, "is_running": True, "enable_monitoring": False, "state_session_capacity": 64,
                "allowed_paths": [], "blocked_paths": []}

    gate.check(SimpleNamespace(**complete))
    for change in ({"has_launched": False}, {"is_running": False}, {"allowed_paths": ["/"]}, {"state_session_capacity": 10_000}):
        with pytest.raises(RuntimeError, match="not protected"):
            gate.check(SimpleNamespace(**complete | change))
