"""The door of the Gradio front: a tab and two endpoints per system, all made from the registry and from each system's Settings.

Runs go through the engine like those of the pages; `fronts/gradio/` has what a tab is made of. `python gradio_app.py` starts
the front alone, server.py mounts it beside the pages.
"""

import environment

environment.prepare()  # before anything below is imported

import os  # noqa: E402

if os.environ.get("SPACES_ZERO_GPU"):
    import spaces  # noqa: F401  has to come before everything that touches CUDA

from typing import Any  # noqa: E402

import gradio as gr  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from backends.registry import System, systems  # noqa: E402
from backends.sessions import MAX_FILE_MB  # noqa: E402
from fronts.gradio import gate, tools  # noqa: E402
from fronts.gradio.endpoint import Endpoint  # noqa: E402
from fronts.gradio.files import BroughtFiles  # noqa: E402
from fronts.gradio.sessions import OpenSessions  # noqa: E402
from fronts.gradio.tab import Tab  # noqa: E402
from fronts.hosts import KnownHosts  # noqa: E402

BLUE, PALE = "#00659E", "#8CCBF2"  # the pages' own blue; and what can be read of it on dark
THEME = gr.themes.Default(primary_hue="blue").set(  # Gradio's own greys and oranges have 1.9:1 and 2.8:1
    button_primary_background_fill=BLUE, button_primary_background_fill_hover="#00507E", button_primary_text_color="#FFFFFF",
    button_primary_background_fill_dark=BLUE, button_primary_background_fill_hover_dark="#00507E",
    button_primary_text_color_dark="#FFFFFF", block_info_text_color="#50535C", block_info_text_color_dark="#C2C6CE",
    body_text_color_subdued="#50535C", body_text_color_subdued_dark="#C2C6CE", input_placeholder_color="#62656E",
    input_placeholder_color_dark="#B4B8C0", color_accent=BLUE, link_text_color=BLUE, link_text_color_dark=PALE)
CSS = f".dark {{ --color-accent: {PALE} }}"  # Gradio has one accent for both
MOUNT: dict[str, Any] = {  # Any: arguments of Gradio's, each of its own type
    "theme": THEME, "css": CSS,
    "max_file_size": f"{MAX_FILE_MB}mb", "show_error": False, "footer_links": ["api"], "run_history": False,
    "enable_monitoring": False, "app_kwargs": {"middleware": [Middleware(KnownHosts), Middleware(gate.Gate)]}}


def build(shown: tuple[System, ...] | None = None) -> gr.Blocks:
    """The whole front, of all systems that are built unless `shown` says which."""
    sessions, brought = OpenSessions(), BroughtFiles()
    endpoints: dict[str, Endpoint] = {}
    gate.temp_folder()  # every component asks where it is when it is made
    with gr.Blocks(title="Orrery", analytics_enabled=False, delete_cache=(gate.KEPT_FILES_S,) * 2) as demo:
        gr.Markdown("# Orrery\nResearch systems on seeing, thinking, making and acting, on models small enough for a laptop.")
        for what in systems() if shown is None else shown:
            with gr.Tab(what.title):
                Tab(what, sessions).draw()
                endpoints[what.name] = Endpoint(what, sessions, brought)
                endpoints[what.name].publish()

        def closed(request: gr.Request) -> None:
            sessions.close(str(request.session_hash))

        demo.unload(closed)
    demo.queue(max_size=64)
    demo.state_session_capacity = gate.SESSIONS
    demo.tools = tools.Tools(endpoints, brought)  # type: ignore[attr-defined]
    tools.install()
    return demo


def main() -> None:
    """Serve the Gradio front alone, as a ZeroGPU Space does."""
    environment.leave_on_sigterm()
    demo = build()
    demo.launch(server_name=os.environ.get("HOST", "0.0.0.0"), server_port=int(os.environ.get("PORT", "7860")),
                mcp_server=True, ssr_mode=False, state_session_capacity=gate.SESSIONS, **MOUNT)


if __name__ == "__main__":
    main()
