"""The whole process, started once on a free port, asked from outside."""

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from prometheus_client import CollectorRegistry
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.typing import Subprotocol

import server as doors
from backends.engine import QueueState, RunState
from tests.models import tiny_languages
from worlds.video import write_video

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 120.0
QUICK: dict[str, dict[str, Any]] = {"tstar": {"budget_share": 0.05, "baselines": []}}  # a run that is over soon


@dataclass(frozen=True)
class Answer:
    code: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Server:
    url: str
    before_gradio: Answer  # what /gradio said when the pages were up and it was not

    def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        return ask(self.url + path, body, **headers)


def ask(url: str, body: Any = None, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"} | sent if data else sent)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return Answer(answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()})
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, **variables: str) -> Iterator[Server]:
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPACE", "GRADIO", "HF_", "STREAMLIT"))}
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, str(ROOT / "server.py")], cwd=folder, stdout=out, stderr=subprocess.STDOUT,
                                   env=clean | {"PORT": str(port), "HOST": "127.0.0.1"} | variables)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_port(process, port, log)
        before = ask(url + "/gradio/")
        while ask(url + "/api/health").json["gradio"] == "warming up":
            ask(url + "/gradio/config")
        yield Server(url, before)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            continue


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint of one's own, two levels down."""
    root = tmp_path_factory.mktemp("models")
    tiny_languages.save(root / "mine" / "tiny", "llama")
    return root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("elsewhere")  # another folder: the configuration is found from anywhere
    yield from start(folder, ORRERY_MODELS_DIR=str(models))


@pytest.fixture(scope="module")
def names(server: Server) -> list[str]:
    return [entry["name"] for entry in server.ask("/api/systems").json]


def test_the_pages_are_served_at_the_root(server: Server) -> None:
    answer = server.ask("/")

    assert answer.code == 200
    assert "streamlit" in answer.text.lower()
    assert server.ask("/_stcore/health").text == "ok"


def test_gradio_says_when_to_come_back_while_it_is_built(server: Server) -> None:
    assert server.before_gradio.code == 503
    assert server.before_gradio.headers["retry-after"]
    assert "warming up" in server.before_gradio.json["detail"]


def test_health_says_that_everything_is_up(server: Server) -> None:
    health = server.ask("/api/health").json

    assert (health["pages"], health["gradio"], health["runs"]) == ("ready", "ready", "ready")


class Troubled:
    """An engine with two runs that hang."""

    def queue(self) -> QueueState:
        ended = {(RunState.STOPPED, "time limit"): 2, (RunState.DONE, "finished"): 5, (RunState.FAILED, ""): 1}
        return QueueState(1, 0, 1, 64, None, 600.0, ended, given_up=2, trouble="2 runs hang on this machine.")


def test_health_is_503_with_the_reason_where_no_run_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "the_engine", Troubled)

    answer = doors.health("ready")

    assert answer.status_code == 503
    assert json.loads(answer.body)["runs"] == "2 runs hang on this machine."


def test_the_metrics_say_why_runs_ended_and_how_many_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "the_engine", Troubled)
    registry = CollectorRegistry()
    registry.register(doors.RunMetrics())  # type: ignore[arg-type]

    assert registry.get_sample_value("orrery_runs_given_up") == 2
    assert registry.get_sample_value("orrery_runs_ended_total", {"state": "stopped", "why": "time limit"}) == 2
    assert registry.get_sample_value("orrery_runs_ended_total", {"state": "done", "why": "finished"}) == 5
    assert registry.get_sample_value("orrery_runs_ended_total", {"state": "failed", "why": ""}) == 1


@pytest.mark.parametrize("path", ["/api/nope", "/api/", "/api/health/more"])
def test_a_mistyped_api_address_is_not_found(server: Server, path: str) -> None:
    answer = server.ask(path)

    assert answer.code == 404
    assert "nothing at /api/" in answer.json["detail"]


def test_the_machine_tells_its_memory(server: Server) -> None:
    machine = server.ask("/api/machine").json

    assert machine["cores"] >= 1
    assert 0 < machine["memory_free_mb"] <= machine["memory_mb"]
    assert isinstance(machine["accelerators"], list)


def test_every_system_shows_its_settings(server: Server) -> None:
    systems = server.ask("/api/systems").json

    assert systems
    for entry in systems:
        assert entry["claim"]
        assert entry["settings"]["properties"]
        assert entry["uploads"].keys() <= entry["settings"]["properties"].keys() and all(entry["uploads"].values())


def test_gradio_has_two_endpoints_per_system(server: Server, names: list[str]) -> None:
    config = server.ask("/gradio/config").json
    public = {entry["api_name"] for entry in config["dependencies"] if entry["api_visibility"] == "public"}

    assert {endpoint for name in names for endpoint in (name, f"{name}_schema")} <= public


def test_gradio_does_not_phone_home(server: Server) -> None:
    config = server.ask("/gradio/config").json

    assert config["analytics_enabled"] is False


def test_the_pages_do_not_phone_home_and_keep_their_traces(server: Server) -> None:
    page, host = server.ask("/").text, server.ask("/_stcore/host-config").json

    assert "googleapis" not in page
    assert "gstatic" not in page
    assert not re.findall(r'(?:src|href)="https?://', page)
    assert not host.get("metricsUrl")


def test_a_client_runs_a_system_and_gets_its_numbers(server: Server, names: list[str]) -> None:
    client = Client(server.url + "/gradio/", verbose=False)

    result, pictures = client.predict(**QUICK.get(names[0], {}), api_name=f"/{names[0]}")

    assert pictures and all(Path(path).read_bytes().startswith(b"\xff\xd8") for path in pictures), "the client has fetched them"
    assert {"seed", "model_id", "is_miniature", "code_version"} <= set(result)
    assert result["ended"] == "finished"
    assert 'orrery_runs_ended_total{state="done",why="finished"}' in server.ask("/metrics").text


def test_a_client_reads_the_schema_of_the_settings(server: Server, names: list[str]) -> None:
    schema = Client(server.url + "/gradio/", verbose=False).predict(api_name=f"/{names[0]}_schema")

    assert schema["properties"] == server.ask("/api/systems").json[0]["settings"]["properties"]


def by_name(server: Server, name: str, **settings: Any) -> str:
    """What a call by name over REST ends with: the error it was refused with, or its last event."""
    asked = server.ask(f"/gradio/gradio_api/call/v2/{name}", settings)
    return server.ask(f"/gradio/gradio_api/call/{name}/{asked.json['event_id']}").text if asked.code == 200 else asked.text


def test_a_client_that_asks_for_an_unknown_knob_is_told_the_nearest(server: Server) -> None:
    answer = server.ask("/gradio/gradio_api/call/v2/tstar", {"gird": 3})

    assert (answer.code, answer.json) == (422, {"detail": "There is no setting 'gird'. Did you mean 'grid'?"})
    assert "less than or equal to 8" in by_name(server, "tstar", grid=99)


CSV = b"prompt,answer\nThe capital of France is,Paris\n"
ONE_TOKEN = {"task": "file", "max_new_tokens": 1, "methods": ["greedy"]}


def test_a_client_brings_a_file_with_its_call(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(CSV)
    client = Client(server.url + "/gradio/", verbose=False)

    result, _ = client.predict(file=handle_file(str(tmp_path / "mine.csv")), **ONE_TOKEN, api_name="/coda")

    assert len(result["file"]["rows"]) == 1 and result["settings"]["file"] == "upload:mine.csv"


def test_a_client_brings_a_picture_and_a_video(server: Server, tmp_path: Path) -> None:
    Image.effect_noise((64, 48), 60).save(tmp_path / "mine.png")
    video = write_video((np.full((96, 128, 3), 90, np.uint8) for _ in range(20)), tmp_path / "mine.mp4", frame_rate=1)
    client = Client(server.url + "/gradio/", verbose=False)

    looked, seen = client.predict(picture=handle_file(str(tmp_path / "mine.png")), question="Is it left or right?",
                                  options=["left", "right"], api_name="/adaptvis")
    found, frames = client.predict(video=handle_file(str(video)), targets=["red star"], **QUICK["tstar"], api_name="/tstar")

    assert looked["ended"] == found["ended"] == "finished" and seen and frames
    assert found["video"]["name"] == "mine.mp4"


def test_a_client_is_told_what_is_wrong_with_its_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"%PDF-1.7")
    client = Client(server.url + "/gradio/", verbose=False)

    with pytest.raises(Exception, match=r"The file 'mine\.csv' is a PDF document"):
        client.predict(file=handle_file(str(tmp_path / "mine.csv")), **ONE_TOKEN, api_name="/coda")


@pytest.mark.parametrize("path", ["http://127.0.0.1:1/x.csv", "https://e.example/x.csv", "file:///etc/passwd", "/etc/passwd", "../x"])
@pytest.mark.parametrize("is_listed", [False, True], ids=["alone", "in a list"])
def test_no_file_is_fetched_from_an_address_over_rest(server: Server, path: str, is_listed: bool) -> None:
    mark = {"path": path, "meta": {"_type": "gradio.FileData"}}

    answer = server.ask("/gradio/gradio_api/call/v2/coda", {"file": [mark] if is_listed else mark})

    assert answer.code == 422 and "not uploaded here" in answer.text


def test_what_stands_in_a_files_place_is_refused_in_words(server: Server) -> None:
    upload = uploaded(server, "mine.csv", CSV)
    mark = {"path": upload, "meta": {"_type": "gradio.FileData"}}

    assert "not fetched from addresses" in by_name(server, "coda", file={"url": "http://127.0.0.1:1/x", "meta": mark["meta"]})
    assert "a list stands where one file is expected" in by_name(server, "coda", file=[mark])
    assert "model: Input should be a valid string" in by_name(server, "coda", model=mark)
    assert "not in this session" in by_name(server, "coda", file="upload:mine.csv", **ONE_TOKEN)


def uploaded(server: Server, name: str, content: bytes) -> str:
    """What an upload over REST answers with."""
    form = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n--x--\r\n"
    request = urllib.request.Request(server.url + "/gradio/gradio_api/upload", form, {
        "content-type": "multipart/form-data; boundary=x"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return str(json.loads(answer.read())[0])


@pytest.mark.parametrize("model", ["mine/tiny", "local:mine/tiny"])
def test_a_folder_of_ones_own_is_called_by_its_name_over_rest_and_mcp(server: Server, models: Path, model: str) -> None:
    asked = {"model": model, "prompts": ["zor bal"], "methods": ["greedy"], "max_new_tokens": 1}
    client = Client(server.url + "/gradio/", verbose=False)

    result, _ = client.predict(**asked, api_name="/coda")

    assert result["model_id"] == "local:mine/tiny" == tool(server, "coda", **asked)["structuredContent"]["model_id"]
    assert str(models) not in json.dumps(result)


@pytest.mark.parametrize("model", ["/etc", "../..", "local:/etc", "mine/tyni"])
def test_a_folder_elsewhere_is_refused_over_rest_and_mcp(server: Server, model: str) -> None:
    said = tool(server, "coda", model=model)

    assert said["isError"] and "ORRERY_MODELS_DIR" in said["content"][0]["text"]
    assert "ORRERY_MODELS_DIR" in by_name(server, "coda", model=model)


def test_an_upload_without_the_pages_token_is_refused(server: Server) -> None:
    request = urllib.request.Request(server.url + "/_stcore/upload_file/someone/file", b"x", method="PUT")

    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=PATIENCE_S)

    assert refusal.value.code == 403


def mcp(server: Server, method: str, **params: Any) -> Answer:
    return server.ask("/gradio/gradio_api/mcp/", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
                      accept="application/json, text/event-stream")


@pytest.mark.parametrize("path", ["/", "/api/health", "/metrics", "/gradio/config", "/gradio/gradio_api/info", "/_stcore/health",
                                  "/tstar"])
@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}], ids=["a host", "a page"])
def test_a_strangers_name_is_answered_nowhere(server: Server, path: str, headers: dict[str, str]) -> None:
    answer = server.ask(path, **headers)

    assert answer.code == 403
    assert "evil.example" in answer.json["detail"] and "ORRERY_HOSTS" in answer.json["detail"]


def test_a_strangers_page_opens_no_websocket_and_no_tool(server: Server) -> None:
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}

    theirs = server.ask("/_stcore/stream", **upgrade, origin="http://evil.example")
    tool = server.ask("/gradio/gradio_api/mcp/", {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}},
                      accept="application/json, text/event-stream", origin="http://evil.example")

    assert theirs.code == 403 and tool.code == 403


def test_what_a_page_sends_is_bounded_before_it_is_whole(server: Server) -> None:
    with connect(server.url.replace("http", "ws") + "/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None,
                 compression=None) as page, pytest.raises(ConnectionClosedError, match="1009"):
        # the last piece is one byte: what is still under way when the door shuts would reset the connection, and the reason with it
        for index, piece in enumerate([b"x" * 1_000_000] * doors.MAX_MESSAGE_MB + [b"x"]):
            with page.send_context():
                (page.protocol.send_continuation if index else page.protocol.send_binary)(piece, fin=False)
        for _ in range(100):  # what the page is told meanwhile, then the end
            page.recv(timeout=PATIENCE_S)


def test_the_page_of_the_api_loads_nothing_from_elsewhere(server: Server) -> None:
    page = server.ask("/api/docs")

    assert page.code == 200 and "/api/machine" in page.text
    assert not re.findall(r'(?:src|href)=[\'"]https?://', page.text) and "<script" not in page.text


def test_every_input_of_every_endpoint_refuses_a_planted_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("planted-secret")
    mark = {"path": str(tmp_path / "secret.txt"), "meta": {"_type": "gradio.FileData"}}
    config = server.ask("/gradio/config").json
    values = {part["id"]: part["props"].get("value") for part in config["components"]}
    tried = 0
    for endpoint in config["dependencies"]:
        for place in range(len(endpoint["inputs"])):
            data = [values.get(part) for part in endpoint["inputs"]]
            data[place] = mark
            body = {"data": data, "fn_index": endpoint["id"], "session_hash": f"plant{tried}"}
            answer = server.ask("/gradio/gradio_api/queue/join", body)
            tried += 1

            assert answer.code == 422 and "not uploaded here" in answer.text

    assert tried > 50


def test_a_tool_refuses_a_planted_file(server: Server, names: list[str], tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("planted-secret")
    mark = {"path": str(tmp_path / "secret.txt"), "meta": {"_type": "gradio.FileData"}}

    answers = [mcp(server, "tools/call", name=names[0], arguments={"question": mark}),
               server.ask(f"/gradio/gradio_api/call/{names[0]}", {"data": [{"question": mark}]}),
               server.ask(f"/gradio/gradio_api/call/v2/{names[0]}", {"question": mark})]

    assert [answer.code for answer in answers] == [422] * 3


def test_files_go_when_the_server_is_told_to_stop_and_those_of_a_dead_one_at_start(tmp_path: Path) -> None:
    dead = tmp_path / "kept" / "orrery-sessions-1-gone"
    dead.mkdir(parents=True)
    (dead / "alive").touch()
    (dead / "0.mp4").write_bytes(b"x")
    running = start(tmp_path, ORRERY_SESSIONS=str(tmp_path / "kept"))
    url = next(running).url

    upload = urllib.request.Request(f"{url}/gradio/gradio_api/upload", method="POST", data=(
        b"--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nmine\r\n--x--\r\n"),
        headers={"content-type": "multipart/form-data; boundary=x"})
    with urllib.request.urlopen(upload, timeout=PATIENCE_S) as answer:
        path = Path(json.loads(answer.read())[0])

    assert path.is_relative_to(tmp_path / "kept") and not dead.exists()
    running.close()
    assert not list((tmp_path / "kept").iterdir())


def test_mcp_answers(server: Server) -> None:
    answer = mcp(server, "initialize", protocolVersion="2025-03-26", capabilities={}, clientInfo={"name": "test", "version": "1"})

    assert answer.code == 200
    assert "serverInfo" in answer.text


def answered(answer: Answer) -> list[dict[str, Any]]:
    """The messages of an answer, the result last."""
    assert answer.code == 200, answer.text
    return [json.loads(line) for line in re.findall(r"^data: (.*)$", answer.text, re.MULTILINE)]


def tool(server: Server, tool_name: str, /, **values: Any) -> dict[str, Any]:
    """What a tool answers."""
    result: dict[str, Any] = answered(mcp(server, "tools/call", name=tool_name, arguments=values))[-1]["result"]
    return result


def test_every_system_is_a_tool_with_typed_arguments_and_one_brings_files(server: Server, names: list[str]) -> None:
    tools = {entry["name"]: entry for entry in answered(mcp(server, "tools/list"))[-1]["result"]["tools"]}

    assert set(tools) == {*names, "bring_file"} and all(entry["description"] for entry in tools.values())
    for entry in server.ask("/api/systems").json:
        given = tools[entry["name"]]["inputSchema"]["properties"]
        assert list(given) == list(entry["settings"]["properties"])
        assert {name: said.get("default") for name, said in given.items()} == {
            name: said.get("default") for name, said in entry["settings"]["properties"].items()}
    assert {entry["name"] for entry in server.ask("/gradio/gradio_api/mcp/schema").json} == set(tools)


def test_a_tool_tells_how_far_it_is_and_brings_numbers_and_a_picture(server: Server) -> None:
    params = {"name": "tstar", "arguments": QUICK["tstar"] | {"seed": 5}, "_meta": {"progressToken": "mine"}}

    *told, last = answered(mcp(server, "tools/call", **params))

    assert all(note["params"]["progressToken"] == "mine" and note["params"]["message"] for note in told) and told
    kinds = [part["type"] for part in last["result"]["content"]]
    assert kinds.count("image") >= 1 and last["result"]["structuredContent"]["seed"] == 5
    picture = next(part for part in last["result"]["content"] if part["type"] == "image")
    assert base64.b64decode(picture["data"]).startswith(b"\xff\xd8") and picture["mimeType"] == "image/jpeg"


def test_a_tool_brings_a_small_file_whole_and_a_large_one_by_its_upload(server: Server) -> None:
    for given in ({"base64": base64.b64encode(CSV).decode()}, {"token": uploaded(server, "mine.csv", CSV)}):
        held = tool(server, "bring_file", setting="coda.file", name="mine.csv", **given)["structuredContent"]["value"]

        assert held.startswith("upload:mine-")
        assert len(tool(server, "coda", file=held, **ONE_TOKEN)["structuredContent"]["file"]["rows"]) == 1
        assert "event: complete" in by_name(server, "coda", file=held, **ONE_TOKEN), "over REST it is the same file"


def test_a_tool_fetches_nothing_and_refuses_what_is_too_large(server: Server) -> None:
    for token in ("http://127.0.0.1:1/x.csv", "file:///etc/passwd", "/etc/passwd"):
        said = tool(server, "bring_file", setting="coda.file", token=token)
        assert said["isError"] and ("not fetched" in said["content"][0]["text"] or "not uploaded here" in said["content"][0]["text"])

    said = tool(server, "bring_file", setting="coda.file", base64="A" * 2_800_000)
    beyond = mcp(server, "tools/call", name="bring_file", arguments={"setting": "coda.file", "base64": "A" * 4_000_000})

    assert said["isError"] and "more than 2 MB" in said["content"][0]["text"]
    assert beyond.code == 413


def examples(language: str) -> list[str]:
    """The blocks of one language in the document that explains REST and MCP."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(3), ids=["gradio_client", "REST", "MCP"])
def test_the_documents_examples_run(server: Server, tmp_path: Path, number: int) -> None:
    (tmp_path / "prompts.csv").write_bytes(CSV)
    script = [*examples("python"), *examples("bash")][number].replace("http://localhost:7860", server.url)
    if number and not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("there is no curl here")
    command = ["bash", "-c", script] if number else [sys.executable, "-c", script]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)

    assert done.returncode == 0, done.stderr
    assert ["'prompt'", '"ended": "finished"', "upload:prompts-"][number] in done.stdout, done.stdout


def test_an_unknown_setting_of_a_tool_names_the_nearest(server: Server) -> None:
    said = tool(server, "tstar", gird=3)

    assert said["isError"] and said["content"][0]["text"] == "There is no setting 'gird'. Did you mean 'grid'?"


def test_prometheus_can_read_queue_and_runs(server: Server) -> None:
    answer = server.ask("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    for name in ("orrery_runs_waiting", "orrery_runs_running", "orrery_runs_given_up", "orrery_workers", "orrery_memory_bytes"):
        assert re.search(rf"^{name} \d", answer.text, re.MULTILINE), name


@pytest.mark.parametrize(("variables", "needs_token"), [
    pytest.param({}, True, id="on a server of one's own"),
    pytest.param({"SPACE_ID": "someone/orrery"}, False, id="in the frame of a Space"),
])
def test_uploads_are_protected_except_in_a_frame_that_refuses_cookies(variables: dict[str, str], needs_token: bool) -> None:
    code = ("import server\nfrom streamlit import config\nserver.configure_streamlit()\n"
            "print(config.get_option('server.enableXsrfProtection'), config.get_option('browser.gatherUsageStats'), "
            "config.get_option('client.showErrorDetails'), config.get_option('server.maxUploadSize'))")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPACE", "STREAMLIT"))}

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=clean | variables, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [str(needs_token), "False", "none", "1024"]
