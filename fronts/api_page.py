"""The page at /api/docs: what can be asked for, as plain HTML. FastAPI's own page loads its scripts from another host."""

from html import escape
from typing import Any

_STYLE = "body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}"


def page(schema: dict[str, Any], gradio: str) -> str:
    """Return the whole page.

    Args:
        schema: of OpenAPI, as FastAPI makes it.
        gradio: where the Gradio front is mounted, under which runs are started.
    """
    rows = [f"<dt><code>{escape(method.upper())} <a href='{escape(path)}'>{escape(path)}</a></code></dt>"
            f"<dd>{escape(str(asked.get('description') or asked.get('summary') or ''))}</dd>"
            for path, methods in sorted(schema["paths"].items()) for method, asked in methods.items()]
    api = f"{gradio}/gradio_api"
    runs = (f"<p>Runs are started through REST (POST the settings by name to <code>{api}/call/v2/NAME</code>, GET <code>{api}"
            f"/call/NAME/EVENT_ID</code>), <code>gradio_client</code> or MCP at <code>{api}/mcp/</code>; <a href='{gradio}/?view="
            f"api'>this page</a> shows how, with examples. A file is first sent to <code>{api}/upload</code> (a form with the field "
            "<code>files</code>); what comes back is the path of a FileData, or over MCP the token for <code>bring_file</code>.</p>")
    return (f"<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
            f"<meta name='color-scheme' content='light dark'><title>Orrery: REST</title><style>{_STYLE}</style></head><body>"
            f"<h1>Orrery: REST</h1>{runs}<dl>{''.join(rows)}</dl>"
            f"<p>The same for programs: <a href='/api/openapi.json'>/api/openapi.json</a></p></body></html>")
