"""The cookie: set with a page, once, for the server alone."""

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from backends.browsers import COOKIE, is_token, new_token
from fronts.browsers import KnowsBrowsers

PAGE = {"accept": "text/html,*/*"}


@pytest.fixture
def client() -> TestClient:
    app = Starlette(routes=[Route("/", lambda request: HTMLResponse("page")),
                            Route("/gone", lambda request: HTMLResponse("no", 404)),
                            Route("/post", lambda request: HTMLResponse("page"), methods=["POST"])])
    return TestClient(KnowsBrowsers(app))


def test_a_page_sets_it_once(client):
    said = client.get("/", headers=PAGE).headers["set-cookie"]

    assert said.startswith(f"{COOKIE}=") and is_token(said.split("=", 1)[1].split(";")[0])
    assert "HttpOnly" in said and "SameSite=Lax" in said and "Secure" not in said
    assert "set-cookie" not in client.get("/", headers=PAGE).headers  # the client sends it back


def test_behind_https_it_is_secure(client):
    assert "Secure" in client.get("/", headers=PAGE | {"x-forwarded-proto": "https"}).headers["set-cookie"]


@pytest.mark.parametrize(("method", "path", "headers"), [
    ("GET", "/", {"accept": "application/json"}), ("GET", "/gone", PAGE), ("POST", "/post", PAGE)])
def test_nothing_else_sets_it(client, method, path, headers):
    assert "set-cookie" not in client.request(method, path, headers=headers).headers


@pytest.mark.parametrize("cookie", ["orrery=short", "orrery=", "a=b; orrery=" + "x" * 999, "\x00=;;=", "orrery"])
def test_what_is_not_ours_is_replaced(client, cookie):
    assert "set-cookie" in client.get("/", headers=PAGE | {"cookie": cookie}).headers


@pytest.mark.parametrize("other", ['theirs={"a": 1}', "a[b]=1", "two words=1"])
def test_ours_is_found_beside_what_other_apps_of_the_host_have_set(client, other):
    cookie = f"{other}; {COOKIE}={new_token()}"

    assert "set-cookie" not in client.get("/", headers=PAGE | {"cookie": cookie}).headers


def test_no_proxy_keeps_the_answer_that_sets_it(client):
    assert "private" in client.get("/", headers=PAGE).headers["cache-control"]
    assert "cache-control" not in client.get("/", headers=PAGE).headers  # the app's own, where it has one
