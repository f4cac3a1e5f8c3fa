"""The few rules of style that Streamlit has no setting for."""

import streamlit as st

BEFORE, OWN, UNSEEN = "picture-before", "own-box", "unseen"  # keys of containers
HEAD, LINE = "page-head", "line"
CHOSEN = ".st-key-presets button:has([data-testid=stIconMaterial])"  # the preset that is shown: it alone has an icon

# plotly's tools, a dozen buttons on a page, are no stops of the Tab key: they are there while the mouse, or a finger, is on a chart.
# A chosen segment is known by its ground and rim, a slider's value by its place: in the theme's blue both have 3.9:1 on dark.
# A map over a picture fills its column; its title above and its scale below need about a third more than the width.
_RULES = f"""
@media (max-width: 640px) {{
  .stMain h1 {{ font-size: 1.25rem; padding: 0 }}
  .stMain .st-key-{LINE} {{ row-gap: .5rem }}
  .st-key-{LINE} [role=radiogroup] button {{ padding: .25rem .5rem }}
  .st-key-{LINE} [role=radiogroup] button p {{ font-size: .8rem }}
  .st-key-{LINE} [role=radiogroup] span:has(> [data-testid=stIconMaterial]) {{ display: none }}
  .stMain .stVerticalBlock {{ gap: .6rem }}
  .stMain .st-key-{HEAD} .stHorizontalBlock {{ row-gap: 0 }}
  .stMain .st-key-{HEAD} p {{ font-size: .95rem; line-height: 1.4 }}
  .stMain [data-testid=stCaptionContainer] p {{ font-size: .8rem; line-height: 1.45 }}
  .stMain .katex-display {{ font-size: .8rem; margin: 0 }}
  .st-key-presets {{ flex-wrap: nowrap !important; overflow-x: auto; padding: 0 2rem .25rem 0;
    mask-image: linear-gradient(to right, black calc(100% - 2.5rem), transparent) }}
  .st-key-presets > * {{ flex: none }}
  .st-key-presets button {{ font-size: .875rem; white-space: nowrap }}
}}
.st-key-{BEFORE} {{ opacity: .45; pointer-events: none }}
{CHOSEN} {{ border-color: currentColor; font-weight: 600;
  background: color-mix(in srgb, currentColor 7%, transparent) }}
.st-key-presets button {{ min-height: 2.25rem; padding: .2rem .7rem }}
.stHorizontalBlock[class*="st-key-words-"] {{ row-gap: 0 }}
.st-key-presets [data-testid=stSkeleton] {{ height: 2.25rem }}
[class*="st-key-{OWN}"] [data-testid=stSkeleton] {{ height: 5rem }}
.st-key-{LINE} [data-testid=stSkeleton] {{ height: 2rem }}
[class*="st-key-{UNSEEN}-"] {{ display: none }}
[data-testid=stStatusWidget] button {{ display: none }}
[class*="st-key-{OWN}"] [data-testid=stFileUploaderDropzone] {{ flex-direction: row; align-items: center; padding: .3rem .6rem;
  min-height: 0; gap: .75rem }}
[class*="st-key-{OWN}"] [data-testid=stFileUploaderDropzoneInstructions] {{ overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; margin: 0 }}
.stMain .katex-display {{ overflow-y: hidden; padding: .3rem 2px }}
.stMain .katex-display > .katex {{ white-space: normal }}
.stHorizontalBlock:has(> * .katex-display) {{ row-gap: 1rem; padding-bottom: .8rem }}
.stMain .stElementContainer:has(.stImage), .stMain .stElementContainer:has(.stImage) :is(div, img) {{ max-width: 100% }}
.js-plotly-plot .modebar {{ visibility: hidden }}
.js-plotly-plot:hover .modebar {{ visibility: visible }}
[role=radiogroup] button[aria-checked=true], [role=tab][aria-selected=true], div[data-testid=stSliderThumbValue] {{
  color: inherit !important }}
[class*="st-key-square-"] {{ aspect-ratio: 5 / 6.6; min-height: 18rem; max-height: 40rem }}
[class*="st-key-wide-"] {{ aspect-ratio: 5 / 5; min-height: 15rem; max-height: 32rem }}
"""

# White on the theme's blue has 4.0:1 in the dark; on this one 5.1:1.
_DARK = """button[data-testid=stBaseButton-primary]:not(:disabled), [data-testid=stMultiSelectTagsContainer] [aria-label][data-tag] {
  background-color: #2672AE; border-color: #2672AE }
button[data-testid=stBaseButton-primary]:not(:disabled):hover { background-color: #1F6196 }"""

# Streamlit leaves a hand's breadth above the title; on a phone that pushes the first picture below the fold.
# A table's own download writes texts that a spreadsheet would run; the buttons below the tables do not.
# A caption is paler by its opacity, and so would its links be: under 3:1.
_DOOR = """.stMain .stMainBlockContainer { padding-top: 3.5rem } button[aria-label='Download as CSV'] { display: none }
[data-testid=stCaptionContainer][data-testid] { opacity: 1 }
[data-testid=stCaptionContainer] :is(p, li) { color: color-mix(in srgb, currentColor 68%, transparent) }
.stLogo { height: 2.25rem; margin: 0 }
@media (min-width: 768px) { .stMain .stMainBlockContainer { padding-left: 2.5rem; padding-right: 2.5rem } }"""

_UNTIL_THE_SIDEBAR_IS_THERE = """
@media (min-width: 768px) { .stAppViewContainer:not(:has([data-testid=stSidebar])) { padding-left: 300px } }"""


def write_door() -> None:
    """Put the rules of every page on it."""
    st.html(f"<style>{_DOOR}</style>")


def all_rules() -> str:
    """The same and those of a system's page, for the head of a page's first answer: what is laid out before does not jump."""
    return f"<style>{_DOOR}{_RULES}{_UNTIL_THE_SIDEBAR_IS_THERE}</style>"


def write() -> None:
    """Put the rules of a system's page on it.

    One Stop is enough: Streamlit's own, in the corner, ends the drawing of the page, not the run.
    """
    st.html(f"<style>{_RULES}{_DARK if st.context.theme.type == 'dark' else ''}</style>")
