"""So many tabs and no more; one that closes makes room."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from fronts.tabs import OpenTabs


async def stay(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("here")
    with pytest.raises(WebSocketDisconnect):
        await websocket.receive_text()


async def hello(_request):
    return PlainTextResponse("hello")


def test_a_tab_beyond_the_limit_waits_until_another_closes(monkeypatch):
    monkeypatch.setenv("ORRERY_TABS", "2")
    client = TestClient(OpenTabs(Starlette(routes=[WebSocketRoute("/ws", stay), Route("/", hello)])))

    with client.websocket_connect("/ws") as first, client.websocket_connect("/ws") as second:
        assert first.receive_text() == second.receive_text() == "here"
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws"):
            pass
        assert client.get("/").text == "hello"
    with client.websocket_connect("/ws") as third:
        assert third.receive_text() == "here"
