"""How the tests of pages drive and read an app without a browser."""

from streamlit.testing.v1 import AppTest

from backends.engine import the_engine


def finish(page: AppTest, name: str) -> AppTest:
    """Wait for the run of that system to end, then let the page take its result."""
    run_id = page.session_state[f"run.{name}"]
    while not (status := the_engine().status(run_id)).state.is_over:
        the_engine().seen(run_id, after=status.version, wait_s=60)
    return page.run()


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def said(page: AppTest) -> str:
    return " ".join(text.value for text in (*page.markdown, *page.caption))
