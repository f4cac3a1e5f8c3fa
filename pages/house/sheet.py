"""A lesson as a sheet for paper: `/lesson?of=NAME`."""

import streamlit as st

from backends import registry
from pages.house import lesson
from pages.house.lesson_text import path_of
from pages.house.text import plain
from worlds.errors import InputError

st.html("""<style>
.stMainBlockContainer { max-width: 52rem }
.stMainBlockContainer h2 { font-size: 1.25rem }
.sheet-line { border-bottom: 1px solid currentColor; opacity: 0.35; height: 2.2rem }
@media print {
  @page { margin: 16mm }
  html { font-size: 11pt }
  [data-testid=stSidebar], [data-testid=stHeader], [data-testid=stExpandSidebarButton], .st-key-sheet-back,
  [data-testid=stCodeCopyButton] {
    display: none !important }
  .stApp, [data-testid=stAppViewContainer], [data-testid=stMain], .stMain { position: static !important; display: block !important;
    overflow: visible !important; height: auto !important; background: #FFF; color: #000 }
  .stMainBlockContainer { padding: 0 !important; max-width: none }
  [class*=st-key-sheet-step] { break-inside: avoid }
  .st-key-sheet-explained { break-before: page }
}
</style>""")

name = st.query_params.get(lesson.OF, "")
if name not in registry.names() or not path_of(name).is_file():
    st.title("Lessons")
    st.markdown("Each is a sheet that prints well: five questions with room to write, addresses that open the page in the right "
                "state, and the explanations on a page of their own.")
    for system in registry.systems():
        if path_of(system.name).is_file():
            st.page_link(lesson.PRINTED, label=plain(system.title), icon=system.icon, query_params={lesson.OF: system.name})
else:
    system = registry.system(name)
    with st.container(horizontal=True, vertical_alignment="center", key="sheet-back"):
        st.page_link(f"pages/{name}/page.py", label="Back to the page", icon=":material/arrow_back:")
        st.caption("Print with Ctrl+P (Cmd+P on a Mac): the bars go, the text stays.")
    try:
        lesson.printed(system)
    except InputError as error:  # of a teacher's own version
        st.error(plain(str(error)), icon=":material/school:")
