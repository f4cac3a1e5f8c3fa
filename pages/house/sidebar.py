"""The list of pages in the sidebar, said to screen readers as it is seen: a list of pages under the name of each group.

Streamlit's navigation puts its groups into one list and their pages below them, where a list may hold pages only: a screen reader
counts them wrongly or not at all. So each group is made a list with the group's name, and the list around them none. Where a later
Streamlit writes the groups as lists, nothing is found to be changed.
"""

import streamlit as st

from pages.house import style

_NAMES = """
const name = () => {
  for (const all of document.querySelectorAll("[data-testid=stSidebarNavItems]")) {
    const groups = [...all.querySelectorAll(":scope > div")]
    for (const group of groups) {
      const isList = group.querySelector(":scope > li") !== null
      if (isList === (group.getAttribute("role") === "list")) continue
      if (isList) group.setAttribute("role", "list")
      else group.removeAttribute("role")  // it is folded
      group.setAttribute("aria-label", group.querySelector("header [data-testid=stMarkdownContainer]")?.textContent ?? "")
    }
    if (groups.length && all.getAttribute("role") !== "presentation") all.setAttribute("role", "presentation")
  }
}

export default function () {
  name()
  const watch = new MutationObserver(name)
  watch.observe(document.querySelector("[data-testid=stSidebar]") ?? document.body, { subtree: true, childList: true })
  return () => watch.disconnect()
}
"""


def name_groups() -> None:
    """Give each group of the list its name; the door does that for every page."""
    with st.container(key=f"{style.UNSEEN}-sidebar"):
        st.components.v2.component("orrery_sidebar", js=_NAMES)(key="sidebar")
