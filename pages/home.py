"""The first thing that anyone sees: what this is, the orrery, and a card for each system that is built."""

import streamlit as st

from backends.registry import System, systems
from backends.registry import system as find_system
from pages.house import orrery, parts, results, style, view
from pages.house.text import plain
from visualizers.contract import drawing


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


style.write_gallery()
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
