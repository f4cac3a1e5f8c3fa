"""The systems as tools of MCP: typed arguments, numbers and pictures back, progress on the way, and a tool that brings files.

Gradio makes tools of its endpoints, with two gaps here: an argument that may be a file or a text breaks its schema, and an address
in a file's place is fetched from wherever it leads. So this server stands in the place of Gradio's, at the same address; it runs what
the endpoints run, without asking this process over HTTP.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import anyio
import gradio as gr
from gradio import mcp as gradio_mcp
from gradio.context import LocalContext
from mcp import types
from mcp.server import Server
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import JSONResponse

from backends.knobs import UPLOAD, uploads_of
from backends.registry import System
from backends.run import Progress, Result, unknown
from backends.sessions import Session
from fronts.gradio.arguments import Schema, tool_schema
from fronts.gradio.endpoint import CALLS, Endpoint
from fronts.gradio.files import MAX_INLINE_MB, MAX_NAME_SAID, BroughtFiles, bring
from fronts.gradio.outputs import MAX_PICTURES, encoded_pictures, in_words, progress_line, sentence, summary
from fronts.gradio.zero_gpu import ON_ZERO_GPU
from worlds.errors import InputError

if TYPE_CHECKING:
    from gradio import Blocks

BRING = "bring_file"
MAX_CALLS = 64  # that run or wait; each holds its connection
LOOK_S = 1.0  # between two looks whether whoever asked is still there
_REST = "/gradio_api/upload"
_INSTRUCTIONS = ("Each tool runs one research system on a small model and returns its numbers and pictures. Everything has a "
                 f"default: a call without arguments shows how it works. {BRING} brings a file of your own.")
_BRINGS = (f"Brings a file of yours, so that a setting of another tool can name it; returns that name ({UPLOAD}NAME), which nobody "
           "else knows. A small file comes as base64, a large one as the token of an upload over REST. Nothing is fetched from "
           "addresses. The file is kept until nobody used it for an hour.")
Report = Callable[[Progress], Awaitable[None]]
HasLeft = Callable[[], Awaitable[bool]]


class Tools:
    """What can be called over MCP: a tool per system, and one that brings files."""

    def __init__(self, endpoints: Mapping[str, Endpoint], brought: BroughtFiles) -> None:
        self._endpoints, self._brought = dict(endpoints), brought
        self._uploads = {f"{name}.{knob.name}": (endpoint.what, knob) for name, endpoint in endpoints.items()
                         for knob in uploads_of(endpoint.what.settings)}
        self._slots, self._open = asyncio.Semaphore(CALLS), 0

    def listed(self) -> list[types.Tool]:
        """All tools with their arguments."""
        tools = [types.Tool(name=what.name, title=what.title, description=_description(what),
                            inputSchema=tool_schema(what, asks_device=not ON_ZERO_GPU))
                 for what in (endpoint.what for endpoint in self._endpoints.values())]
        if self._uploads:
            tools.append(types.Tool(name=BRING, title="Bring a file", description=_BRINGS, inputSchema=self._bring_schema()))
        return tools

    async def call(self, name: str, values: Mapping[str, object], report: Report, has_left: HasLeft) -> types.CallToolResult:
        """Call a tool; what is wrong comes back as one sentence, marked as an error."""
        try:
            if name == BRING and self._uploads:
                return await anyio.to_thread.run_sync(self._bring, values)
            if name not in self._endpoints:
                raise InputError(_no_tool(name, [*self._endpoints, *([BRING] if self._uploads else [])]))
            return await self._run(self._endpoints[name], values, report, has_left)
        except (InputError, OSError) as error:
            said = sentence(error)
            return types.CallToolResult(content=[types.TextContent(type="text", text=said)], isError=True)

    async def _run(self, endpoint: Endpoint, values: Mapping[str, object], report: Report, has_left: HasLeft
                   ) -> types.CallToolResult:
        if self._open >= MAX_CALLS:
            raise InputError(f"{self._open} calls of tools run or wait already. Try again in a minute.")
        self._open += 1
        try:
            async with self._slots:
                result = await _watched(endpoint, values, report, has_left)
        finally:
            self._open -= 1
        return await anyio.to_thread.run_sync(_answer, endpoint.what, result)

    def _bring(self, values: Mapping[str, object]) -> types.CallToolResult:
        schema = self._bring_schema()["properties"]
        for name, value in values.items():
            if name not in schema:
                raise InputError(unknown(name, schema))
            if not isinstance(value, str):
                raise InputError(f"{name}: this is no text.")
        said = {name: str(values.get(name, "")) for name in schema}
        if said["setting"] not in self._uploads:
            raise InputError(f"{said['setting'][:80]!r} takes no file. {', '.join(self._uploads)} do.")
        what, knob = self._uploads[said["setting"]]
        held = bring(what, knob, self._brought, name=said["name"], content=said["base64"], token=said["token"])
        return types.CallToolResult(content=[types.TextContent(type="text", text=held)],
                                    structuredContent={"setting": knob.name, "value": held})

    def _bring_schema(self) -> Schema:
        text = {"type": "string", "default": ""}
        return {"type": "object", "required": ["setting"], "additionalProperties": False, "properties": {
            "setting": {"type": "string", "enum": list(self._uploads), "description": "The tool and the setting that it is for: "
                        + "; ".join(f"{name} ({', '.join(knob.uploads)})" for name, (_, knob) in self._uploads.items()) + "."},
            "name": text | {"maxLength": MAX_NAME_SAID, "description": "What the file is called."},
            "base64": text | {"description": f"The file's bytes in base64, for a file of up to {MAX_INLINE_MB} MB."},
            "token": text | {"description": f"Of a larger file: what POST {_REST} (a form with the field 'files') answered with."}}}


async def _watched(endpoint: Endpoint, values: Mapping[str, object], report: Report, has_left: HasLeft) -> Result:
    """Run to the end, in a thread that nobody else waits for; whoever leaves stops the run."""
    own = anyio.CapacityLimiter(1)
    result = None
    with endpoint.session() as session:
        leaving = asyncio.create_task(_release_once(has_left, session))
        events = endpoint.events(values, session)
        try:
            while (event := await anyio.to_thread.run_sync(next, events, None, limiter=own)) is not None:
                if isinstance(event, Progress):
                    await report(event)
                result = event if isinstance(event, Result) else result
        finally:
            leaving.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(events.close, limiter=own)
    if result is None:
        raise InputError("This run was stopped before it had a result.")
    return result


async def _release_once(has_left: HasLeft, session: Session) -> None:
    """End the session, and its run with it, once whoever asked has left: the transport would let it run on for nobody."""
    while not await has_left():
        await asyncio.sleep(LOOK_S)
    await anyio.to_thread.run_sync(session.release)


def _answer(what: System, result: Result) -> types.CallToolResult:
    """What came out: the sentence, the numbers, the pictures with their captions."""
    numbers = summary(result)
    pictures, count = encoded_pictures(what, result)
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=in_words(result)),
                                         types.TextContent(type="text", text=to_json(numbers, inf_nan_mode="null").decode())]
    for jpeg, caption in pictures:
        content.append(types.TextContent(type="text", text=caption))
        content.append(types.ImageContent(type="image", data=base64.b64encode(jpeg).decode(), mimeType="image/jpeg"))
    if not pictures:
        content.append(types.TextContent(type="text", text="This run has charts and no picture; its page draws them."))
    elif count > len(pictures):
        content.append(types.TextContent(type="text", text=f"These are {MAX_PICTURES} of {count} pictures."))
    return types.CallToolResult(content=content, structuredContent=numbers)


def _description(what: System) -> str:
    return f"{what.claim} ({what.paper}, {what.source}) Returns what came out in words, the run's numbers and its pictures."


def _no_tool(name: str, known: list[str]) -> str:
    near = get_close_matches(name[:80], known, n=1, cutoff=0.5)
    return f"There is no tool {name[:80]!r}. " + (f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}.")


class ToolServer(gradio_mcp.GradioMCPServer):
    """Gradio's transport with these tools: a front that has `tools` gets them, any other keeps what Gradio makes."""

    def __init__(self, blocks: "Blocks") -> None:
        self.tools: Tools | None = getattr(blocks, "tools", None)
        super().__init__(blocks)

    def create_mcp_server(self) -> Server:
        tools = self.tools
        if tools is None:
            return super().create_mcp_server()
        server: Server = Server("Orrery", instructions=_INSTRUCTIONS)

        @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
        async def list_tools() -> list[types.Tool]:
            return await anyio.to_thread.run_sync(tools.listed)  # it looks what is on the disk

        @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator]  # the settings say what is wrong
        async def call_tool(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
            request = server.request_context.request
            assert request is not None  # over HTTP there always is one
            LocalContext.request.set(gr.Request(request))  # whom a lender of GPUs counts it for
            return await tools.call(name, arguments, _report(server), request.is_disconnected)

        return server

    async def get_complete_schema(self, request: Request) -> JSONResponse:
        """What Gradio's page about its API lists."""
        if self.tools is None:
            return await super().get_complete_schema(request)
        listed = await anyio.to_thread.run_sync(self.tools.listed)
        return JSONResponse([{"name": tool.name, "description": tool.description, "inputSchema": tool.inputSchema,
                              "meta": {"file_data_present": False, "mcp_type": "tool", "endpoint_name": tool.name}}
                             for tool in listed])


def _report(server: Server) -> Report:
    """What tells the client how far its call is, where it asked for that."""
    asked = server.request_context

    async def report(progress: Progress) -> None:
        token = asked.meta.progressToken if asked.meta else None
        if token is not None:
            await asked.session.send_progress_notification(token, progress.fraction, 1.0, progress_line(progress),
                                                           str(asked.request_id))

    return report


def install() -> None:
    """Have Gradio take this server where it would make its own; a second call changes nothing."""
    gradio_mcp.GradioMCPServer = ToolServer  # type: ignore[misc]
