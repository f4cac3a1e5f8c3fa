"""What a page will ask for is said with its first answer; nothing else is changed."""

from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
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


def test_only_the_pages_of_systems_say_it():
    async def page(_request):
        return PlainTextResponse("page", headers={"link": "<kept>"})

    client = TestClient(early.Early(Starlette(routes=[Route("/tstar", page), Route("/", page)]), ["/tstar"], "<early>"))

    assert client.get("/tstar").headers.get_list("link") == ["<kept>", "<early>"]
    assert client.get("/").headers.get_list("link") == ["<kept>"]
    assert client.get("/tstar/x").headers.get_list("link") == []
