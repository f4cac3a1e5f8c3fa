"""What a page will ask for is said with its first answer; nothing else is changed."""

from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from fronts import early


@pytest.fixture
def folder(tmp_path):
    for name, text in (("PlotlyChart.AAAAAAAA.js", 'import{a}from"./shared.BBBBBBBB.js";import"./known.CCCCCCCC.js"'),
                       ("shared.BBBBBBBB.js", 'import{b} from "./deep.DDDDDDDD.js";import{c}from"./PlotlyChart.AAAAAAAA.js"'),
                       ("deep.DDDDDDDD.js", 'import"./gone.EEEEEEEE.js"'), ("known.CCCCCCCC.js", ""), ("Map.FFFFFFFF.js", "")):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_part_comes_with_what_it_imports_but_not_with_what_the_page_names_itself(folder):
    said = early.links(folder, "<link href='./static/js/known.CCCCCCCC.js'>")

    names = [part.partition(">")[0].rpartition("/")[2] for part in said.split(", ")]
    assert names == ["PlotlyChart.AAAAAAAA.js", "shared.BBBBBBBB.js", "deep.DDDDDDDD.js"]
    assert said.startswith("</static/js/PlotlyChart.AAAAAAAA.js>; rel=modulepreload")


def test_every_part_is_found_in_this_streamlit():
    said = early.of(Path(streamlit.__file__).parent)

    assert all(f"/{first}." in said for first in early.FIRST) and len(said) < 4000


def test_a_package_that_has_changed_costs_the_header_only(tmp_path):
    assert early.of(tmp_path) == "" and early.links(tmp_path, "") == ""


def page_of(content="<html><head><title>Streamlit</title></head><body>page</body></html>", media_type="text/html", **headers):
    async def page(_request):
        return Response(content, media_type=media_type, headers={"link": "<kept>", "etag": "old", **headers})

    return page


def client(page):
    inside = Starlette(routes=[Route("/tstar", page), Route("/", page)])
    return TestClient(early.Early(inside, {"/tstar": "<title>T*</title><style>a {}</style>"}, "<early>"))


def test_only_the_named_pages_say_it():
    answers = {address: client(page_of()).get(address) for address in ("/tstar", "/", "/tstar/x")}

    assert answers["/tstar"].headers.get_list("link") == ["<kept>", "<early>"]
    assert answers["/"].headers.get_list("link") == ["<kept>"] and "<title>Streamlit</title>" in answers["/"].text
    assert answers["/tstar/x"].headers.get_list("link") == []


def test_a_page_has_its_name_and_its_rules_from_the_beginning():
    answer = client(page_of()).get("/tstar")

    assert answer.text == "<html><head><title>T*</title><style>a {}</style></head><body>page</body></html>"
    assert int(answer.headers["content-length"]) == len(answer.content) and "etag" not in answer.headers


def test_a_page_that_would_come_packed_is_read_all_the_same():
    packing = GZipMiddleware(Starlette(routes=[Route("/tstar", page_of())]), minimum_size=1)

    answer = TestClient(early.Early(packing, {"/tstar": "<style>a {}</style>"}, "")).get("/tstar")
    assert "<style>a {}</style></head>" in answer.text and "content-encoding" not in answer.headers


@pytest.mark.parametrize("page", [page_of("<html>no head</html>"), page_of("</head>", media_type="text/plain")],
                         ids=["none", "no page"])
def test_what_has_no_head_is_as_it_was(page):
    assert client(page).get("/tstar").text == client(page).get("/").text


def test_a_page_that_comes_in_pieces_is_not_cut():
    async def page(_request):
        async def pieces():
            yield "<html><head></head>"
            yield "<body>page</body></html>"

        return StreamingResponse(pieces(), media_type="text/html")

    assert client(page).get("/tstar").text == "<html><head></head><body>page</body></html>"


def test_nothing_is_said_of_the_file_that_the_page_was_made_of():
    for answer in (client(page_of()).head("/tstar"), client(page_of()).get("/tstar", headers={"range": "bytes=0-3"})):
        assert answer.status_code == 200 and not {"etag", "last-modified", "accept-ranges"} & set(answer.headers)
    assert client(page_of()).head("/tstar").headers.get("content-length") != str(len(client(page_of()).get("/").content))


def test_no_link_is_said_where_there_is_none_to_say():
    told = early.Early(Starlette(routes=[Route("/tstar", page_of())]), {"/tstar": "<style>a {}</style>"}, "")

    answer = TestClient(told).get("/tstar")
    assert answer.headers.get_list("link") == ["<kept>"] and "<title>Streamlit</title>" in answer.text


def test_what_the_address_asks_for_stands_behind_the_rest_of_the_head():
    inside = Starlette(routes=[Route("/tstar", page_of())])
    told = early.Early(inside, {"/tstar": "<style>a {}</style>"}, "", lambda query: f"<i>{query}</i>")

    assert "<style>a {}</style><i>present=1</i></head>" in TestClient(told).get("/tstar?present=1").text
