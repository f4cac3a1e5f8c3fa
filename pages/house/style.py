"""The few rules of style that Streamlit has no setting for."""

from collections.abc import Iterable

import streamlit as st

from visualizers.orrery import TALL, WIDE

BEFORE, OWN, UNSEEN = "picture-before", "own-box", "unseen"  # keys of containers
HEAD, LINE = "page-head", "line"
MOST_OF_WIDE, MOST_OF_TALL = "min(72rem, 118vh)", "32rem"  # how wide the orrery gets
# A map over a picture fills its column; its title above and its scale below need about a third more than the width.
ROOMS = {"square": "aspect-ratio: 5 / 6.6; min-height: 18rem; max-height: 40rem",
         "wide": "aspect-ratio: 5 / 5; min-height: 15rem; max-height: 32rem"}
CHOSEN = ".st-key-presets button:has([data-testid=stIconMaterial])"  # the preset that is shown: it alone has an icon

# plotly's tools, a dozen buttons on a page, are no stops of the Tab key: they are there while the mouse, or a finger, is on a chart.
# A chosen segment is known by its ground and rim, a slider's value by its place: in the theme's blue both have 3.9:1 on dark.
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
.st-key-{LINE} [class*=own_] [data-testid=stSkeleton] {{ height: 2.5rem }}
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
{"".join(f'[class*="st-key-{shape}-"] {{ {room} }}' for shape, room in ROOMS.items())}
"""

# White on the theme's blue has 4.0:1 in the dark; on this one 5.1:1. Letters in that blue, of a button under the mouse, have 4.4:1;
# in the blue of links they have 9:1.
_DARK = """button[data-testid=stBaseButton-primary]:not(:disabled), [data-testid=stMultiSelectTagsContainer] [aria-label][data-tag] {
  background-color: #2672AE; border-color: #2672AE }
button[data-testid=stBaseButton-primary]:not(:disabled):hover { background-color: #1F6196 }
.stMain button:not([data-testid=stBaseButton-primary], :disabled):hover { color: #7CC7F2 }"""

# Streamlit leaves a hand's breadth above the title; on a phone that pushes the first picture below the fold.
# A table's own download writes texts that a spreadsheet would run; the buttons below the tables do not.
# Until its letters are there, an icon is its name in other letters: as wide as the icon, or the buttons on a line would jump.
# A caption is paler by its opacity, and so would its links be: under 3:1.
_DOOR = f"""[data-testid=stLayoutWrapper]:has(> [class*="st-key-{UNSEEN}-"]) {{ display: none }}
.stMain .stMainBlockContainer {{ padding-top: 3.5rem }} button[aria-label='Download as CSV'] {{ display: none }}
[data-testid=stCaptionContainer][data-testid] {{ opacity: 1 }}
[data-testid=stCaptionContainer] :is(p, li) {{ color: color-mix(in srgb, currentColor 68%, transparent) }}
button [data-testid=stIconMaterial] {{ width: 1em; overflow: hidden }}
.stLogo {{ height: 2.25rem; margin: 0 }}
@media (min-width: 768px) {{ .stMain .stMainBlockContainer {{ padding-left: 2.5rem; padding-right: 2.5rem }} }}"""

# Until Streamlit's script says that a page is wide and draws its list of pages, there is room for both. And until it has the part
# that reads what a page writes itself, pictures have no room yet: what is drawn before is seen when it has its place.
_AT_THE_OPENING = """
html:not(:has(.stHtml)) .stMain .stMainBlockContainer { visibility: hidden }
@media (min-width: 768px) { .stAppViewContainer:not(:has([data-testid=stSidebar])) { padding-left: 300px } }
.stMain .stMainBlockContainer { max-width: none }
[data-testid=stSidebarContent]:not(:has([data-testid=stSidebarNav])) [data-testid=stSidebarUserContent] { visibility: hidden }
@media (max-width: 640px) { .stMain.stMain h1 { font-size: 1.25rem; padding: 0 } }"""

# A button whose script is still to come is a grey bar: as wide as the button will be, or its line would break in another place.
_BAR = "[data-testid=stSkeleton]"
_BUTTONS_OF_THE_HEAD = f"""
.st-key-{HEAD} [class*=st-key-docs-] {_BAR} {{ width: 13.75rem }}
.st-key-{HEAD} [class*=st-key-lesson-] {_BAR} {{ width: 4.25rem }}"""
_NARROW, _BROAD = frozenset("iltfrjI .,:'"), frozenset("mwMW")  # letters of a quarter and three quarters of an em; others have half

# The cards of the home page: a card is a link as a whole, for its link's own area is drawn out over it.
_GALLERY = """
.st-key-gallery { display: grid; gap: 0.6rem 1.1rem; align-items: stretch;
  grid-template-columns: repeat(auto-fill, minmax(max(min(100%, 15rem), 30%), 1fr)) }
.st-key-gallery > * { width: 100% !important; min-width: 0; height: 100% }
[class*=st-key-cell-] { height: 100%; gap: 0.5rem !important; justify-content: flex-end }
[class*=st-key-cell-] > * { width: 100%; flex: none }
[class*=st-key-cell-] > :last-child:first-child { margin-top: 2.25rem }
[class*=st-key-cell-] > :last-child { flex: 1 }
[class*=st-key-cell-] h2 { height: 1.75rem; padding: 0; font-size: 1.05rem; text-transform: uppercase; letter-spacing: 0.18em;
  border-bottom: 2px solid #B8862D }
[class*=st-key-cell-] :is([data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]) { margin-bottom: 0 !important }
[class*=st-key-card-] { position: relative; height: 100%; padding: 0.75rem !important; gap: 0.35rem !important; overflow: hidden;
  transition: border-color 120ms, box-shadow 120ms }
[class*=st-key-card-]:is(:hover, :focus-within) { border-color: #B8862D !important; box-shadow: 0 2px 10px #B8862D33 }
[class*=st-key-card-] > :last-child { margin-top: auto }
[class*=st-key-card-] :is(.stElementContainer, [data-testid=stPageLink], [data-testid=stPageLink] *) { position: static }
[class*=st-key-card-] [data-testid=stPageLink] a { padding: 0; background: none !important }
[class*=st-key-card-] [data-testid=stPageLink] a::after { content: ""; position: absolute; inset: 0; border-radius: inherit }
[class*=st-key-card-] [data-testid=stPageLink] a:focus-visible::after { outline: 3px solid #3384C2; outline-offset: -3px }
[class*=st-key-card-] [data-testid=stPageLink] a p { font-size: 1.05rem; font-weight: 600; white-space: normal }
[class*=st-key-card-] [data-testid=stImage] img { aspect-ratio: 2.3; object-fit: contain; background: #1C2530;
  width: 100% !important; border-radius: 0.3rem }
[class*=st-key-card-] [data-testid=stMarkdownContainer] p { font-size: 0.875rem; line-height: 1.35; margin: 0 }
[class*=st-key-card-] [data-testid=stCaptionContainer] p { font-size: 0.8rem; line-height: 1.4; margin: 0 }
@media (max-width: 640px) { [class*=st-key-cell-] > :last-child:first-child { margin-top: 0 } }
"""

# The orrery's room while its script is on the way: what it has with it, see `pages/house/orrery.py`.
_ROOM = f"""
.st-key-orrery:not(:has(.orrery-place)) {{ container-type: inline-size }}
.st-key-orrery:not(:has(.orrery-place)) > * {{ display: none }}
.st-key-orrery:not(:has(.orrery-place))::before {{ content: ""; display: block; margin: 0 auto;
  max-width: {MOST_OF_WIDE}; aspect-ratio: {WIDE.size[0]} / {WIDE.size[1]} }}
@container (max-width: 659px) {{ .st-key-orrery:not(:has(.orrery-place))::before {{ max-width: {MOST_OF_TALL};
  aspect-ratio: {TALL.size[0]} / {TALL.size[1]} }} }}"""


def write_door() -> None:
    """Put the rules of every page on it."""
    st.html(f"<style>{_DOOR}</style>")


def write_gallery() -> None:
    """Put the rules of the home page on it."""
    st.html(f"<style>{_GALLERY}</style>")


def all_rules(presets: Iterable[str] = ()) -> str:
    """The same and those of a system's page, for the head of a page's first answer: what is laid out before does not jump.

    Args:
        presets: what the buttons of the page's presets say.
    """
    bars = "".join(f".st-key-presets > :nth-child({place}) {_BAR} {{ width: {_width_rem(label, is_marked=place == 1):.2f}rem }}"
                   for place, label in enumerate(presets, 1))
    return f"<style>{_DOOR}{_RULES}{_GALLERY}{_ROOM}{_AT_THE_OPENING}{_BUTTONS_OF_THE_HEAD}{bars}</style>"


def _width_rem(label: str, *, is_marked: bool) -> float:
    """About how wide a preset's button is: letters of 0.875 rem, room beside them, and the icon of the one that is shown."""
    em = sum(0.27 if letter in _NARROW else 0.78 if letter in _BROAD else 0.5 for letter in label)
    return 0.875 * em + 1.525 + (1.4 if is_marked else 0)


def write(*, is_dark: bool) -> None:
    """Put the rules of a system's page on it.

    One Stop is enough: Streamlit's own, in the corner, ends the drawing of the page, not the run.
    """
    st.html(f"<style>{_RULES}{_DARK if is_dark else ''}</style>")
