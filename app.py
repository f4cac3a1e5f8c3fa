"""The door: navigation, theme and the sidebar's machine status. `streamlit run app.py` works, and so does server.py."""

import environment

environment.prepare()  # before anything heavy: the libraries read these variables at their import

from pathlib import Path  # noqa: E402

import streamlit as st  # noqa: E402

from backends.registry import systems  # noqa: E402
from fronts import uploads  # noqa: E402
from fronts.hosts import is_known, refusal  # noqa: E402
from pages.house import session  # noqa: E402
from pages.house.text import plain  # noqa: E402

st.set_page_config(page_title="Orrery", page_icon=str(Path(__file__).parent / "docs" / "icon.png"), layout="wide")
# Streamlit leaves a hand's breadth above the title; on a phone that pushes the first picture below the fold
# A table's own download writes texts that a spreadsheet would run; the buttons below the tables do not
st.html("<style>.stMainBlockContainer { padding-top: 3.5rem } button[aria-label='Download as CSV'] { display: none }</style>")

home = st.Page("pages/home.py", title="Home", icon=":material/home:", default=True)
built = [st.Page(f"pages/{system.name}/page.py", title=system.title.split(":")[0], icon=system.icon, url_path=system.name)
         for system in systems()]
page = st.navigation({"": [home], "Systems": built})
uploads.bound()
host = st.context.headers.get("Host")
if host is not None and not is_known(host):  # server.py refuses it before; `streamlit run` does not
    st.error(plain(refusal(host)), icon=":material/block:")
    st.stop()
session.machine_status()
page.run()
