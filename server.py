"""One process, one port: pages at `/`, Gradio with REST and MCP at `/gradio`, the machine's own facts at `/api` and `/metrics`.

FastAPI is the root and Streamlit's ASGI app is mounted last. Gradio takes longest to import, so it is built in a thread
while the pages are served already; until then `/gradio` answers 503 and says when to come back. Sessions live in this
process: one worker only.
"""

import environment

environment.prepare()  # before anything below is imported

import asyncio  # noqa: E402
import contextlib  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import time  # noqa: E402
from collections.abc import AsyncIterator, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import psutil  # noqa: E402
import uvicorn  # noqa: E402
from fastapi import FastAPI, HTTPException  # noqa: E402
from fastapi.responses import HTMLResponse, JSONResponse, Response  # noqa: E402
from prometheus_client import CollectorRegistry, generate_latest  # noqa: E402
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric  # noqa: E402
from starlette.types import ASGIApp, Receive, Scope, Send  # noqa: E402

from backends.engine import the_engine  # noqa: E402
from backends.knobs import uploads_of  # noqa: E402
from backends.registry import systems  # noqa: E402
from backends.run import code_version  # noqa: E402
from backends.sessions import process_folder  # noqa: E402
from fronts import api_page, beside, compressed, early, tabs, uploads  # noqa: E402
from fronts.browsers import KnowsBrowsers  # noqa: E402
from fronts.hosts import KnownHosts  # noqa: E402
from pages.house import head, parts  # noqa: E402

log = logging.getLogger("orrery.server")

HERE = Path(__file__).resolve().parent
GRADIO = "/gradio"
MAX_MESSAGE_MB = 4  # of a page's websocket, unpacked: what a person typed and clicked. Up to 32 of a tab wait in memory
GRADIO_DELAY_S = 4.0  # the first page has the processor for itself; a request for /gradio does not wait for this


class GradioFront:
    """Serves `/gradio` from the moment it is built, 503 before; everything else goes on to the app inside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.front: FastAPI | None = None
        self.error: str | None = None
        self._is_wanted = asyncio.Event()
        self._is_settled = asyncio.Event()  # built or failed

    async def serve(self, closing: asyncio.Event) -> None:
        """Build the front, enter its lifespan (queue and MCP sessions start in it) and stay until `closing`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_wanted.wait(), GRADIO_DELAY_S)
        try:
            started = time.monotonic()
            front = await asyncio.to_thread(build_gradio)
            async with front.router.lifespan_context(front):
                self.front = front
                self._is_settled.set()
                log.info("gradio is up after %.1f s", time.monotonic() - started)
                await closing.wait()
        except Exception as error:
            log.exception("gradio did not come up")
            self.error = type(error).__name__
            self._is_settled.set()
        finally:
            self.front = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "lifespan" or not (path == GRADIO or path.startswith(GRADIO + "/")):
            await self.app(scope, receive, send)
        elif self.front is not None:
            await self.front(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1013})  # try again later
        else:
            self._is_wanted.set()
            await self._not_yet()(scope, receive, send)

    def _not_yet(self) -> Response:
        if self.error:
            return JSONResponse({"detail": "The Gradio front did not start. The pages at / work; the log has the reason."}, 503)
        return JSONResponse({"detail": "The Gradio front is warming up. Try again in a few seconds."}, 503,
                            headers={"Retry-After": "3", "Refresh": "3"})

    @property
    def state(self) -> str:
        return "failed" if self.error else "ready" if self.front else "warming up"


def build_gradio() -> FastAPI:
    """The Gradio front with its MCP server. Takes seconds: it imports Gradio and every system."""
    import gradio as gr

    import gradio_app
    from fronts.gradio import gate

    inside = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    demo = gradio_app.build()
    gate.protect(demo)
    gr.mount_gradio_app(inside, demo, path=GRADIO, mcp_server=True, ssr_mode=False, **gradio_app.MOUNT)
    if demo.mcp_error is not None:  # with an unsuited mcp version Gradio says nothing and serves 404
        raise RuntimeError(f"the MCP server did not start: {demo.mcp_error}")
    gate.check(demo)
    return inside


class RunMetrics:
    """What Prometheus reads: asked of the engine when it asks."""

    def collect(self) -> Iterator[Metric]:
        queue = the_engine().queue()
        yield GaugeMetricFamily("orrery_runs_running", "Runs that hold an accelerator now.", queue.running)
        yield GaugeMetricFamily("orrery_runs_waiting", "Runs in the queue.", queue.waiting)
        yield GaugeMetricFamily("orrery_queue_limit", "Runs that fit into the queue.", queue.max_waiting)
        yield GaugeMetricFamily("orrery_workers", "Runs that can run at once.", queue.workers)
        yield GaugeMetricFamily("orrery_runs_given_up", "Runs that hang: nobody waits for them, and they have not ended.",
                                queue.given_up)
        if queue.seconds_per_run is not None:
            yield GaugeMetricFamily("orrery_run_seconds_mean", "Mean duration of the last runs.", queue.seconds_per_run)
        ended = CounterMetricFamily("orrery_runs_ended", "Runs that ended, by how and why.", labels=["state", "why"])
        for (state, why), count in sorted(queue.ended.items()):
            ended.add_metric([state, why], count)
        yield ended
        memory = psutil.Process().memory_info().rss
        yield GaugeMetricFamily("orrery_memory_bytes", "Resident memory of this process.", memory)


def health(gradio: str) -> JSONResponse:
    """What is up; 503 with the reason where no run can be started, so that whoever watches over this process starts it anew."""
    trouble = the_engine().queue().trouble
    state = {"pages": "ready", "gradio": gradio, "runs": trouble or "ready", "code_version": code_version()}
    return JSONResponse(state, 503 if trouble else 200)


def machine() -> dict[str, object]:
    """What this machine has, for the question why a rung is greyed out."""
    import torch

    memory = psutil.virtual_memory()
    gpus = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return {
        "cores": os.cpu_count(),
        "memory_mb": memory.total // 2**20,
        "memory_free_mb": memory.available // 2**20,
        "accelerators": [{"name": gpu.name, "memory_mb": gpu.total_memory // 2**20} for gpu in gpus],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "code_version": code_version(),
    }


def configure_streamlit() -> None:
    """What .streamlit/config.toml cannot know. Streamlit ignores its environment variables when it is mounted."""
    from streamlit import config
    from streamlit.runtime.pages_manager import PagesManager

    # else the first visitor who opens a page's own address gets it without the door, beside a list of all files in pages/
    PagesManager.uses_pages_directory = False
    if environment.is_space():  # third-party cookies are refused in a frame, and every upload with them
        config.set_option("server.enableXsrfProtection", False)


def build(script: Path = HERE / "app.py", *, static: compressed.Copies | None = None) -> ASGIApp:
    """The whole app. `script` is the door of the pages, `static` holds the compressed files of both fronts."""
    import streamlit as st

    configure_streamlit()
    beside.gradio = GRADIO
    pages = st.App(script)
    pages_lifespan = pages.lifespan()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pages_lifespan(app):
            uploads.bound()
            closing = asyncio.Event()
            serving = asyncio.create_task(front.serve(closing))  # enters and leaves Gradio's lifespan in one task
            try:
                yield
            finally:
                closing.set()
                if front.front is None:  # still being built: do not wait for it
                    serving.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await serving

    app = FastAPI(title="Orrery", lifespan=lifespan, docs_url=None, openapi_url="/api/openapi.json", redoc_url=None)
    metrics = CollectorRegistry()
    metrics.register(RunMetrics())  # type: ignore[arg-type]

    @app.get("/api/health")
    def read_health() -> Response:
        return health(front.state)

    @app.get("/api/machine")
    def read_machine() -> dict[str, object]:
        return machine()

    @app.get("/api/systems")
    def read_systems() -> list[dict[str, object]]:
        return [{"name": s.name, "title": s.title, "claim": s.claim, "paper": s.paper, "source": s.source,
                 "uploads": {knob.name: list(knob.uploads) for knob in uploads_of(s.settings)},
                 "settings": s.settings.model_json_schema()} for s in systems()]

    @app.get("/api/docs", include_in_schema=False)
    def read_docs() -> HTMLResponse:
        return HTMLResponse(api_page.page(app.openapi(), GRADIO))

    @app.get("/metrics")
    def read_metrics() -> Response:
        return Response(generate_latest(metrics), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def nothing_here(rest: str) -> None:  # otherwise Streamlit answers with its page and 200
        raise HTTPException(404, f"There is nothing at /api/{rest[:80]}. /api/docs lists what is here.")

    app.mount("/", pages)
    heads = head.heads()
    pages_told = early.Early(app, heads, early.of(Path(st.__file__).parent), parts.until_it_is_drawn)
    front = GradioFront(tabs.OpenTabs(uploads.UploadGate(pages_told)))
    static = static or compressed.copies(GRADIO)
    return KnownHosts(compressed.Compressed(KnowsBrowsers(front), static, pages=(*heads, f"{GRADIO}/", f"{GRADIO}/config")))


def main() -> None:
    """Serve until interrupted. PORT and HOST say where; the default is every address, port 7860."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for chatty in ("httpx", "mcp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    os.chdir(HERE)  # Streamlit reads .streamlit/config.toml from here
    environment.leave_on_sigterm()
    process_folder()  # folders that a process which died has left go now, not when the first visitor comes
    host, port = os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "7860"))
    print(f"Orrery: http://localhost:{port}   (REST and MCP: http://localhost:{port}{GRADIO})", flush=True)
    static = compressed.copies(GRADIO)
    static.make_in_background()
    uvicorn.run(build(static=static), host=host, port=port, workers=1, access_log=False, log_level="info",
                proxy_headers=environment.is_space(), forwarded_allow_ips="*" if environment.is_space() else None,
                timeout_graceful_shutdown=3, ws_max_size=MAX_MESSAGE_MB * 1_000_000)


if __name__ == "__main__":
    main()
