"""What Streamlit holds of uploads is bounded over all sessions, and what no page asks for goes."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from fronts import uploads
from fronts.uploads import PATH, UNCLAIMED_S, BoundedUploads, UploadGate


class Runtime:
    def __init__(self) -> None:
        self.uploaded_file_mgr = MemoryUploadedFileManager("/upload")


@pytest.fixture
def store(monkeypatch) -> BoundedUploads:
    monkeypatch.setenv("ORRERY_UPLOAD_MEMORY_MB", "2")
    runtime = Runtime()
    monkeypatch.setattr("streamlit.runtime.exists", lambda: True)
    monkeypatch.setattr("streamlit.runtime.get_instance", lambda: runtime)
    uploads.bound()
    uploads.bound()  # twice changes nothing
    return runtime.uploaded_file_mgr


def a_file(name: str, size: int) -> UploadedFileRec:
    return UploadedFileRec(name, f"{name}.bin", "application/octet-stream", bytes(size))


def test_all_uploads_in_memory_are_bounded_over_all_sessions(store):
    store.add_file("me", a_file("a", 1_000_000))
    store.add_file("you", a_file("b", 1_000_000))

    with pytest.raises(HTTPException, match="All visitors together are uploading 2 MB right now"):
        store.add_file("they", a_file("c", 1))

    store.remove_session_files("you")
    store.add_file("they", a_file("c", 1))
    assert [len(file.data) for file in store.get_files("they", ["c"])] == [1]


def test_a_file_that_no_page_asks_for_goes_after_a_minute_and_one_that_was_asked_for_stays(store):
    store.add_file("me", a_file("asked", 10))
    store.add_file("me", a_file("sent", 10))
    store.get_files("me", ["asked", "never-came"])
    now_s = max(store._came_s.values())

    store.drop_unclaimed(now_s=now_s + UNCLAIMED_S - 1)
    assert set(store.file_storage["me"]) == {"asked", "sent"}
    store.drop_unclaimed(now_s=now_s + UNCLAIMED_S + 1)

    assert set(store.file_storage["me"]) == {"asked"}
    assert store._total_bytes == 10 and store._asked_for == {"asked"} and set(store._came_s) == {"asked"}


def test_nothing_is_remembered_of_a_session_that_has_gone(store):
    store.add_file("me", a_file("a", 10))
    store.get_files("me", ["a"])

    store.remove_session_files("me")

    assert not store._asked_for and not store._came_s and store._total_bytes == 0


async def taken(request):
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def client(store) -> TestClient:
    return TestClient(UploadGate(Starlette(routes=[Route(PATH + "{rest:path}", taken, methods=["PUT"]),
                                                   Route("/other", taken, methods=["PUT"])])))


def test_an_upload_is_refused_before_its_first_byte_where_it_would_not_fit(client, store):
    store.add_file("me", a_file("a", 1_000_000))

    fits = client.put(PATH + "s/f", content=bytes(1_000_000))
    not_any_more = client.put(PATH + "s/f", content=bytes(1_000_001))

    assert (fits.status_code, fits.text) == (200, "1000000")
    assert not_any_more.status_code == 413 and "At most 2 MB" in not_any_more.text


def test_an_upload_that_does_not_say_its_size_is_refused(client):
    assert client.put(PATH + "s/f", content=iter([b"x"])).status_code == 411


def test_other_requests_pass(client):
    assert client.put("/other", content=bytes(3_000_000)).text == "3000000"


def test_uploads_under_way_count_until_they_end(store):
    """While one of 1.5 MB arrives, one of 1 MB does not fit into 2; afterwards it does."""
    statuses = []

    async def answered(message):
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    def upload(size):
        return {"type": "http", "method": "PUT", "path": PATH + "s/f", "headers": [(b"content-length", str(size).encode())]}

    async def arrives(scope, receive, send):
        if not statuses:
            await gate(upload(1_000_000), receive, send)
        await PlainTextResponse("here")(scope, receive, send)

    gate = UploadGate(arrives)
    for size in (1_500_000, 1_000_000):
        asyncio.run(gate(upload(size), None, answered))

    assert statuses == [413, 200, 200]
