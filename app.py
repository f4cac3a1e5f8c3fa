"""The door: navigation, theme and the sidebar's machine status. `streamlit run app.py` works, and so does server.py."""

import environment

environment.prepare()  # before anything heavy: the libraries read these variables at their import

from pathlib import Path  # noqa: E402

import streamlit as st  # noqa: E402

from backends.registry import systems  # noqa: E402
from fronts import beside, uploads  # noqa: E402
from fronts.hosts import is_known, refusal  # noqa: E402
from pages.house import head, lesson, orrery, parts, session, sidebar, style, theme  # noqa: E402
from pages.house.text import plain  # noqa: E402

DOCS = Path(__file__).parent / "docs"
# before the navigation: a tab without an icon of its own would ask Google's host for the page's symbol
st.set_page_config(page_title="Orrery", page_icon=str(DOCS / "icon.png"), layout="wide")
style.write_door()
theme.follow()
parts.begin()  # before the sidebar is there: on a wall it would be seen for a moment, and the page narrower

home = st.Page("pages/home.py", title="Home", icon=":material/home:", default=True)
sheet = st.Page(lesson.PRINTED, title="Lesson", url_path=head.LESSON, visibility="hidden")
built = {ring.capitalize(): [st.Page(f"pages/{system.name}/page.py", title=orrery.short(system), icon=system.icon,
                                     url_path=system.name) for system in on_it]
         for ring, on_it in orrery.by_ring(systems()).items() if on_it}
page = st.navigation({"": [home, sheet]} | built)
st.set_page_config(page_title=head.title(page.url_path), page_icon=str(DOCS / "icon.png"), layout="wide")
st.logo(str(DOCS / "icon.svg"), size="large")
sidebar.name_groups()
uploads.bound()
host = st.context.headers.get("Host")
if host is not None and not is_known(host):  # server.py refuses it before; `streamlit run` does not
    st.error(plain(refusal(host)), icon=":material/block:")
    st.stop()
if beside.gradio:
    st.sidebar.markdown(f":small[[The same over Gradio, REST and MCP]({beside.gradio})]")
session.machine_status()
parts.say_unknown()
page.run()
