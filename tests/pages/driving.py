"""How the tests of pages drive and read an app without a browser."""

from streamlit.testing.v1 import AppTest

from backends.engine import the_engine
from backends.run import Settings


def opened(settings: Settings, name: str, **view: str) -> AppTest:
    """The page of a link: it starts nothing."""
    app = AppTest.from_file("../../app.py", default_timeout=120).run()
    app.query_params["settings"] = settings.permalink()
    for key, value in view.items():
        app.query_params[key] = value
    return app.switch_page(f"pages/{name}/page.py").run()


def run_link(page: AppTest, name: str) -> AppTest:
    """Click "Run this link", where the page offers that."""
    key = f"link.run.{name}"
    return page.button(key=key).click().run() if any(button.key == key for button in page.button) else page


def finish(page: AppTest, name: str) -> AppTest:
    """Wait for the run of that system to end, then let the page take its result; it may have ended before."""
    if f"run.{name}" not in page.session_state:
        return page
    run_id = page.session_state[f"run.{name}"]
    while not (status := the_engine().status(run_id)).state.is_over:
        the_engine().seen(run_id, after=status.version, wait_s=60)
    return page.run()


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def said(page: AppTest) -> str:
    return " ".join(text.value for text in (*page.markdown, *page.caption))
