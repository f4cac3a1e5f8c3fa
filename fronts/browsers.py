"""Gives each browser a cookie by which its tabs, and a tab that was reloaded, find their session."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backends.browsers import COOKIE, is_token, new_token


class KnowsBrowsers:
    """Sets the cookie with a page's HTML where the browser has none. Only the server reads it; it goes when the browser closes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else None
        if headers is None or scope["method"] != "GET" or "text/html" not in headers.get("accept", "") or is_token(_token(headers)):
            await self.app(scope, receive, send)
            return
        is_https = scope.get("scheme") == "https" or headers.get("x-forwarded-proto") == "https"

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                answer = MutableHeaders(scope=message)
                answer.append("set-cookie", _cookie(is_https=is_https))
                answer["cache-control"] = "private, no-cache"  # a proxy that kept it would hand one browser's cookie to all
            await send(message)

        await self.app(scope, receive, with_cookie)


def _token(headers: Headers) -> str | None:
    """What the browser sends under the cookie's name, read as Streamlit reads it: the standard library's parser gives up all cookies
    where another app's holds JSON."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def _cookie(*, is_https: bool) -> str:
    return f"{COOKIE}={new_token()}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if is_https else ''}"
