"""Which names this server answers to: one list for pages, REST, Gradio, MCP and every websocket.

A stranger's page can give its own name the address of somebody's laptop (DNS rebinding) and then read whatever is served there
as if it were its own. The browser still says the name in Host, and the page's in Origin; both must be ours: localhost, a plain
address, this machine's name, the Space's, or one of ORRERY_HOSTS.
"""

import ipaddress
import os
import socket
from functools import cache
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

VARIABLE = "ORRERY_HOSTS"
LOCAL_ENDINGS = ("", ".local", ".lan", ".home.arpa")  # how a machine's name is told in a house or a class
NO_NAME = frozenset("@/?#\\")  # of an address around its host: no browser says them, and readers do not agree on them
CLOSED = 1008  # a websocket's code: against the rules


def is_known(host: str) -> bool:
    """Return whether this server answers to the value of a Host header, with or without a port."""
    name = None if NO_NAME & set(host) else _name(f"//{host}")
    if name is None:
        return False
    return _is_address(name) or name == "localhost" or name.endswith(".localhost") or _is_named(name)


def is_own_origin(origin: str, host: str = "") -> bool:
    """Return whether a page that says this Origin was served by one of our names; "null" was by none.

    A plain address is anybody's: a page from one is ours where it is this machine's own, or the `host` that is asked.
    """
    _, _, origin_host = origin.partition("://")
    name = None if NO_NAME & set(origin_host) else _name(f"//{origin_host}")
    if name is None or not is_known(f"[{name}]" if ":" in name else name):
        return False
    return not _is_address(name) or _is_loopback(name) or name == _name(f"//{host}") or _is_named(name)


def refusal(host: str) -> str:
    """One sentence that names what was refused and what would let it in."""
    return (f"This server does not answer to the name {host[:80]!r}. Open it by its address, or add the name to {VARIABLE} where "
            "the server is started.")


def _name(address: str) -> str | None:
    """The host of an address in small letters, without port, brackets and closing dot; None where there is none."""
    try:
        name = urlsplit(address).hostname
    except ValueError:
        return None
    return name.lower().rstrip(".") if name else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return ipaddress.ip_address(name.partition("%")[0]).is_loopback


def _is_named(name: str) -> bool:
    listed = (os.environ.get(VARIABLE, "") + "," + os.environ.get("SPACE_HOST", "")).lower()
    for entry in filter(None, (part.strip() for part in listed.split(","))):
        if entry in ("*", name) or (entry.startswith("*.") and name.endswith(entry[1:])):
            return True
    return name in _machine()


@cache
def _machine() -> frozenset[str]:
    """This machine's names. Asked once: a name server may be slow."""
    names = {socket.gethostname().lower()}
    names |= {name.partition(".")[0] for name in names}
    return frozenset(name + ending for name in names for ending in LOCAL_ENDINGS if name)


def _unforwarded(scope: Scope) -> Scope:
    """Return the request without a forwarded name that is not ours: Gradio builds the addresses of its files from that name."""
    if "headers" not in scope:
        return scope
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"x-forwarded-host" or all(
        is_known(host.strip()) for host in value.decode("latin-1").split(","))]}


class KnownHosts:
    """Lets requests and websockets through that say one of our names, and refuses the others with one sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = [(name, value.decode("latin-1")) for name, value in scope.get("headers", ()) if name in (b"host", b"origin")]
        host = dict(said).get(b"host", "")
        strangers = [value for name, value in said if not (is_known(value) if name == b"host" else is_own_origin(value, host))]
        if scope["type"] not in ("http", "websocket") or (not strangers and b"host" in dict(said)):
            await self.app(_unforwarded(scope), receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": CLOSED})
        else:
            await JSONResponse({"detail": refusal("".join(strangers[:1]))}, 403)(scope, receive, send)
