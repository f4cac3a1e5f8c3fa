"""The few rules of style that Streamlit has no setting for."""

import streamlit as st

BEFORE, CHOSEN, OWN, UNSEEN = "picture-before", "preset-chosen", "own-box", "unseen"  # keys of containers

_RULES = f"""
.st-key-{BEFORE} {{ opacity: .45; pointer-events: none }}
.st-key-{CHOSEN} button {{ border-color: var(--st-primary-color); font-weight: 600;
  box-shadow: inset 0 0 0 1px var(--st-primary-color) }}
[class*="st-key-{UNSEEN}-"] {{ display: none }}
[data-testid=stStatusWidget] button {{ display: none }}
[class*="st-key-{OWN}"] [data-testid=stFileUploaderDropzone] {{ padding: .35rem .75rem; min-height: 0 }}
"""


def write() -> None:
    """Put the rules on the page. One Stop is enough: Streamlit's own, in the corner, ends the drawing of the page, not the run."""
    st.html(f"<style>{_RULES}</style>")
