"""Strangers' names are refused everywhere, ours never."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from fronts.hosts import KnownHosts, is_known, is_own_origin


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch):
    for name in ("ORRERY_HOSTS", "SPACE_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("host", [
    "localhost", "localhost:7860", "LOCALHOST", "127.0.0.1:8501", "192.168.1.20:7860", "[::1]:7860", "[fe80::1%25eth0]", "10.0.0.1",
    "orrery.localhost", socket.gethostname(), f"{socket.gethostname()}.local:7860", "localhost."])
def test_our_own_names_are_answered(host):
    assert is_known(host)


@pytest.mark.parametrize("host", [
    "", "evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "[::1", "1.2.3",
    "evil.example/localhost", "localhost@evil.example", "a b", "0x7f.1", "evil.example@localhost", "localhost/evil.example",
    "localhost?evil.example", "localhost#evil", "evil.example\\@localhost"])
def test_other_names_are_not(host):
    assert not is_known(host)


@pytest.mark.parametrize(("listed", "host", "is_answered"), [
    ("orrery.school.example", "orrery.school.example:443", True), ("a.example, b.example", "b.example", True),
    ("*.school.example", "any.school.example", True), ("*.school.example", "school.example", False),
    ("*.school.example", "evilschool.example", False), ("*", "anything.example", True), (" , ", "", False)])
def test_names_are_added_by_the_deployment(monkeypatch, listed, host, is_answered):
    monkeypatch.setenv("ORRERY_HOSTS", listed)

    assert is_known(host) is is_answered


def test_a_space_answers_to_its_own_name(monkeypatch):
    monkeypatch.setenv("SPACE_HOST", "someone-orrery.hf.space")

    assert is_known("someone-orrery.hf.space") and is_own_origin("https://someone-orrery.hf.space")
    assert not is_known("other-orrery.hf.space")


@pytest.mark.parametrize(("origin", "is_own"), [
    ("http://localhost:7860", True), ("http://[::1]:7860", True), ("https://evil.example", False), ("null", False),
    ("file://", False), ("localhost", False), ("http://evil.example@localhost", False), ("http://localhost/evil", False)])
def test_pages_of_strangers_are_known_by_their_origin(origin, is_own):
    assert is_own_origin(origin) is is_own


@pytest.mark.parametrize(("origin", "host", "is_own"), [
    ("http://192.168.1.20:7860", "192.168.1.20:7860", True), ("http://203.0.113.9", "localhost:7860", False),
    ("http://[2001:db8::9]", "[2001:db8::9]:7860", True), ("http://[2001:db8::9]", "localhost:7860", False),
    ("http://127.0.0.1:3000", "localhost:7860", True), ("http://localhost:3000", "192.168.1.20:7860", True)])
def test_a_page_from_a_plain_address_is_ours_where_that_address_is_asked(origin, host, is_own):
    assert is_own_origin(origin, host) is is_own


def test_a_proxys_address_can_be_listed(monkeypatch):
    monkeypatch.setenv("ORRERY_HOSTS", "192.168.1.5")

    assert is_own_origin("http://192.168.1.5", "127.0.0.1:7860")


HERE = {"host": "localhost:7860"}  # the test client's websockets say another


async def hello(_request):
    return PlainTextResponse("hello")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@pytest.fixture
def client():
    return TestClient(KnownHosts(Starlette(routes=[Route("/", hello, methods=["GET", "POST"]), WebSocketRoute("/ws", echo)])),
                      base_url="http://localhost:7860")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("headers", "says"), [
    ({"host": "evil.example"}, "evil.example"), ({"origin": "http://evil.example"}, "http://evil.example"),
    ({"origin": "null"}, "null"), ({"host": ""}, "''")])
def test_a_strangers_request_is_refused_by_name(client, method, headers, says):
    answer = client.request(method, "/", headers=headers)

    assert answer.status_code == 403
    assert says in answer.json()["detail"] and "ORRERY_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["origin", "host"])
def test_a_stranger_hides_behind_no_second_header(client, name):
    ours, strangers = {"origin": ("http://localhost:7860", "http://evil.example"), "host": ("localhost:7860", "evil.example")}[name]

    for values in ((ours, strangers), (strangers, ours)):
        assert client.get("/", headers=[(name, value) for value in values]).status_code == 403


def test_our_own_requests_and_websockets_pass(client):
    assert client.get("/").text == "hello"
    assert client.get("/", headers={"origin": "http://localhost:7860"}).text == "hello"
    with client.websocket_connect("/ws", headers=HERE | {"origin": "http://localhost:7860"}) as socket_:
        assert socket_.receive_text() == "hello"


@pytest.mark.parametrize(("forwarded", "is_passed_on"), [
    ("localhost:7860", True), ("evil.example", False), ("localhost, evil.example", False), ('x"><script>', False), ("", False)])
def test_a_forwarded_name_is_believed_where_it_is_ours(forwarded, is_passed_on):
    async def told(request):
        return PlainTextResponse(request.headers.get("x-forwarded-host", "none"))

    client = TestClient(KnownHosts(Starlette(routes=[Route("/", told)])), base_url="http://localhost:7860")

    answer = client.get("/", headers={"x-forwarded-host": forwarded})

    assert answer.text == (forwarded if is_passed_on else "none")


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_a_strangers_websocket_is_closed(client, headers):
    with pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)), client.websocket_connect("/ws", headers=HERE | headers):
        pass
