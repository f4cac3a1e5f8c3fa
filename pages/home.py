"""The first thing that anyone sees: what this is, the orrery, and a card for each system that is built."""

import streamlit as st

from backends.registry import System, systems
from backends.registry import system as find_system
from pages.house import orrery, parts, results, view
from pages.house.text import plain
from visualizers.contract import drawing

# A card is a link as a whole: its link's own area is drawn out over it
STYLE = """<style>
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
</style>"""


@st.cache_data(show_spinner=False)
def _wins(name: str) -> str:
    """Whose variant does better, from what is recorded."""
    return find_system(name).wins()


def card(system: System) -> None:
    """What a system shows, and what it asks of a person."""
    with st.container(border=True, key=f"card-{system.name}"):
        if system.recorded:
            st.image(view.jpeg(drawing(system.name).cover(results.recorded(system))), width="stretch",
                     alt=f"From a recorded run of its miniature: what {orrery.short(system)} sees")
        st.page_link(f"pages/{system.name}/page.py", label=plain(system.title), query_params=parts.query())
        st.markdown(plain(system.claim))
        if said := _wins(system.name):
            st.caption(f":material/balance: {plain(said)}")
        st.caption(f":material/schedule: {plain(system.minutes)} · :material/signal_cellular_alt: {plain(system.level)}")


st.html(STYLE)
st.title("Orrery")
st.markdown("**See how research systems on seeing, thinking, making and acting work.** For students, teachers and researchers: small "
            "models run here, in front of you, and the real checkpoints through the same code.")
orrery.draw(systems())
with st.container(key="gallery"):
    for ring, on_it in orrery.by_ring(systems()).items():
        for number, built in enumerate(on_it):
            with st.container(key=f"cell-{built.name}"):
                if number == 0:
                    st.header(ring.capitalize(), anchor=False)
                card(built)
st.caption("Pictures on the cards are from recorded runs of the miniatures. Every number on these pages was computed by the "
           "model that its badge names; the papers' numbers are marked as theirs. Nothing leaves this machine.")
