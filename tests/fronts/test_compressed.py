"""Smaller on the way, the same when unpacked; nothing but the fronts' own files, and nothing else is touched."""

import gzip
import os

import brotli
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from fronts import compressed
from fronts.compressed import Compressed, Copies, taken
from fronts.hosts import KnownHosts

SCRIPT = ("export const planets = ['Mercury', 'Venus', 'Earth'];\n" * 200).encode()
BR, GZIP = {"accept-encoding": "gzip, deflate, br"}, {"accept-encoding": "gzip"}
NAME = "/static/js/index.DormvYxC.js"


@pytest.fixture
def folder(tmp_path):
    js = tmp_path / "package" / "js"
    js.mkdir(parents=True)
    (js / "index.DormvYxC.js").write_bytes(SCRIPT)
    (js / "plain.js").write_bytes(SCRIPT * 2)
    (js / "small.AAAAAAAA.js").write_bytes(b"1;")
    (js / "letters.BsWL4Kly.woff2").write_bytes(SCRIPT)
    (tmp_path / "secret.js").write_bytes(SCRIPT)
    (js / "link.CCCCCCCC.js").symlink_to(tmp_path / "secret.js")
    return js.parent


@pytest.fixture
def copies(folder, tmp_path):
    return Copies({"/static/": folder}, tmp_path / "cache")


async def said_back(request):
    return PlainTextResponse(await request.body(), headers={"x-method": request.method})


async def greet(websocket):
    await websocket.accept()
    await websocket.send_text("here")
    await websocket.close()


@pytest.fixture
def client(copies, folder):
    inside = Starlette(routes=[Route("/long", lambda _request: PlainTextResponse(SCRIPT)), WebSocketRoute(NAME, greet),
                               Route("/static/js/plain.js", said_back, methods=["PUT", "POST"]),
                               Mount("/static", StaticFiles(directory=folder))])
    return TestClient(Compressed(inside, copies, pages=("/long",)))


def raw(client, path, headers):
    """What was sent, as it was sent."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(("headers", "unpack"), [(BR, brotli.decompress), (GZIP, gzip.decompress)], ids=["brotli", "gzip"])
@pytest.mark.parametrize("is_made", [True, False], ids=["best", "quick"])
def test_what_is_unpacked_is_the_file_to_the_byte(client, copies, headers, unpack, is_made):
    if is_made:
        assert copies.make() == 4

    answer, sent = raw(client, NAME, headers)

    assert unpack(sent) == SCRIPT and len(sent) < len(SCRIPT) / 10
    assert int(answer.headers["content-length"]) == len(sent)
    assert answer.headers["content-encoding"] == ("br" if headers is BR else "gzip")
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_every_file_of_both_fronts_comes_back_whole(tmp_path):
    copies = Copies(compressed.folders("/gradio"), tmp_path)

    assert {address.split("/")[1] for address in copies.files} == {"static", "gradio"} and len(copies.files) > 300
    for address in list(copies.files)[::40]:
        for encoding, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
            assert unpack(copies.get(address, encoding).content) == copies.files[address].read_bytes()


def test_only_a_name_with_a_digest_is_kept_for_ever(client):
    assert client.get(NAME, headers=BR).headers["cache-control"] == compressed.FOREVER
    assert client.get("/static/js/plain.js", headers=BR).headers["cache-control"] == "no-cache"


def test_what_is_known_is_not_sent_again_in_the_same_encoding_only(client):
    tag = client.get(NAME, headers=BR).headers["etag"]

    known, other = (client.get(NAME, headers=headers | {"if-none-match": f'W/{tag}, "x"'}) for headers in (BR, GZIP))

    assert (known.status_code, known.content) == (304, b"") and "content-encoding" not in known.headers
    assert (other.status_code, other.content) == (200, SCRIPT)


def test_head_says_what_get_would_send(client):
    head, get = client.head(NAME, headers=BR), client.get(NAME, headers=BR)

    assert head.content == b"" and head.headers == get.headers


def test_a_range_is_of_the_file_itself(client):
    answer = client.get(NAME, headers=BR | {"range": "bytes=7-11"})

    assert (answer.status_code, answer.content) == (206, SCRIPT[7:12]) and "content-encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["vary"]


def test_who_takes_no_compression_gets_the_file(client):
    answer, sent = raw(client, NAME, {"accept-encoding": "identity"})

    assert sent == SCRIPT and answer.headers["vary"] == "Accept-Encoding" and "content-encoding" not in answer.headers


@pytest.mark.parametrize(("said", "encoding"), [
    ("", None), ("gzip, deflate", "gzip"), ("gzip, deflate, br, zstd", "br"), ("br;q=0, gzip", "gzip"), ("br;q=0.0,gzip;q=0", None),
    ("*", "br"), ("*;q=0", None), ("BR ; q=0.5", "br"), ("identity", None), ("brotli", None), ("gzip;q=0, *", "br")])
def test_the_smallest_encoding_that_is_taken(said, encoding):
    assert taken(said) == encoding


@pytest.mark.parametrize("path", [
    "/static/../secret.js", "/static/%2e%2e/secret.js", "/static/..%2fsecret.js", "/static//js/index.DormvYxC.js", "/secret.js",
    "/static/js/../../secret.js", "/static/js/link.CCCCCCCC.js", "/static/", "/static/js", "/static/js/index.DormvYxC.js/",
    "/static\\js\\index.DormvYxC.js", "/static/js/small.AAAAAAAA.js", "/static/js/letters.BsWL4Kly.woff2"])
def test_nothing_else_is_served(copies, path):
    assert path not in copies.files
    inside = TestClient(Compressed(Starlette(), copies), follow_redirects=False)

    assert inside.get(path, headers=BR).status_code == 404


def test_a_stranger_s_name_is_refused_before(client, copies):
    gate = TestClient(KnownHosts(client.app), base_url="http://evil.example")

    assert gate.get(NAME, headers=BR).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_what_is_sent_here_goes_on_to_the_app(client, method):
    answer = client.request(method, "/static/js/plain.js", content=b"a video", headers=BR)

    assert (answer.content, answer.headers["x-method"]) == (b"a video", method)


def test_a_websocket_goes_on_to_the_app(client):
    with client.websocket_connect(NAME) as websocket:
        assert websocket.receive_text() == "here"


def test_a_long_page_is_compressed_as_it_comes(client):
    answer, sent = raw(client, "/long", GZIP)

    assert gzip.decompress(sent) == SCRIPT and answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(("said", "inside"), [
    ("gzip;q=0", "identity"), ("gzip; q=0.000, br;q=0", "identity"), ("deflate, GZIP ;Q=0", "deflate"),
    ("br;q=0.5, *;q=0", "br;q=0.5")])
def test_a_page_is_not_compressed_for_who_refuses_it_and_the_app_inside_is_not_asked_to(copies, said, inside):
    def page(request):
        return PlainTextResponse(SCRIPT, headers={"x-asked": request.headers["accept-encoding"]})

    app = Starlette(routes=[Route("/long", page)])
    client = TestClient(Compressed(app, copies, pages=("/long",)))
    answer, sent = raw(client, "/long", {"accept-encoding": said})

    assert sent == SCRIPT and "content-encoding" not in answer.headers and answer.headers["x-asked"] == inside


def test_best_copies_are_made_once_and_replace_quick_ones(copies, folder, tmp_path):
    assert copies.get(NAME, "br").content == compressed.compressed(SCRIPT, "br", compressed.QUICK["br"])

    assert copies.make() == 4 and len(list((tmp_path / "cache").iterdir())) == 4
    assert copies.get(NAME, "br").content == compressed.compressed(SCRIPT, "br", compressed.BEST["br"])
    assert Copies({"/static/": folder}, tmp_path / "cache").make() == 0


@pytest.mark.parametrize("content", [b"", b"no brotli", compressed.compressed(b"of another file", "br", 5)],
                         ids=["empty", "torn", "other"])
def test_a_copy_that_is_not_of_the_file_is_not_served_and_is_made_again(copies, tmp_path, content):
    copies.make()
    for kept in (tmp_path / "cache").glob("*.br"):
        kept.write_bytes(content)

    assert brotli.decompress(copies.get(NAME, "br").content) == SCRIPT
    assert copies.make() == 2


def test_a_cache_that_cannot_be_written_costs_nothing_but_size(folder, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    copies = Copies({"/static/": folder}, tmp_path / "file" / "cache")

    assert copies.make() == 0
    assert brotli.decompress(copies.get(NAME, "br").content) == SCRIPT


def test_a_full_disk_leaves_nothing_half_written(copies, tmp_path, monkeypatch):
    def full(_handle, _mode):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)

    assert copies.make() == 0 and list((tmp_path / "cache").iterdir()) == []


def test_a_file_that_went_is_the_app_s_business(client, folder):
    (folder / "js" / "index.DormvYxC.js").unlink()

    assert client.get(NAME, headers=BR).status_code == 404
