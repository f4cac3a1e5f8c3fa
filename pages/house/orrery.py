"""The orrery of the home page: every system that is built as a ball that opens its page.

A component keeps inline SVG, which `st.html` does not. A link in it does not load its address, with which the session would go:
its click comes back as a trigger, and the page is switched here.
"""

from collections.abc import Sequence
from typing import get_args
from urllib.parse import urlencode

import streamlit as st

from backends.registry import RingName, System
from pages.house import parts, style
from visualizers.orrery import TALL, WIDE, Body, drawing

RINGS: tuple[RingName, ...] = get_args(RingName)

_HTML = """<div class="orrery-room"><div class="orrery-place"></div>
<button class="orrery-hold" type="button" aria-pressed="false">Hold still</button></div>"""
_CSS = f"""
.orrery-room {{ position: relative; container-type: inline-size; width: 100%; }}
.orrery-place {{ margin: 0 auto; max-width: {style.MOST_OF_WIDE}; aspect-ratio: {WIDE.size[0]} / {WIDE.size[1]}; }}
@container (max-width: 659px) {{
  .orrery-place {{ max-width: {style.MOST_OF_TALL}; aspect-ratio: {TALL.size[0]} / {TALL.size[1]}; }} }}
@container (min-width: 440px) and (max-width: 659px) {{ .orrery-place .orrery {{ font-size: 20px; }} }}
.orrery-hold {{ position: absolute; right: 0; bottom: 0; border: 1px solid var(--st-border-color); border-radius: 1rem;
  padding: .2rem .8rem; min-height: 1.75rem; background: var(--st-background-color); color: var(--st-text-color); font: inherit;
  font-size: .8rem; cursor: pointer; }}
.orrery-hold:focus-visible {{ outline: 2px solid var(--st-primary-color); outline-offset: 2px; }}
@media (prefers-reduced-motion: reduce) {{ .orrery-hold {{ display: none; }} }}
"""
_JS = """
export default function({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".orrery-place");
  const button = parentElement.querySelector(".orrery-hold");
  const hold = () => {
    const held = button.getAttribute("aria-pressed") === "true";
    place.querySelector("svg")?.classList.toggle("is-held", held);
    button.textContent = held ? "Turn again" : "Hold still";
  };
  const draw = () => {
    const drawing = place.parentElement.clientWidth < 660 ? data.tall : data.wide;
    if (place.drawing === drawing) return;
    place.drawing = drawing;
    place.innerHTML = drawing;
    hold();
  };
  draw();
  const watch = new ResizeObserver(draw);
  watch.observe(place.parentElement);
  place.onclick = (event) => {
    const link = event.target.closest("a[data-system]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setTriggerValue("opened", link.dataset.system);
  };
  button.onclick = () => {
    button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    hold();
  };
  return () => watch.disconnect();
}
"""
_machine = st.components.v2.component("orrery", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)


def short(system: System) -> str:
    """The system's name alone."""
    return system.title.split(":")[0]


def by_ring(systems: Sequence[System]) -> dict[RingName, list[System]]:
    """Return the systems of each ring, from the inside; rings without one are empty."""
    return {ring: [system for system in systems if system.ring == ring] for ring in RINGS}


def bodies(systems: Sequence[System]) -> list[Body]:
    """Return the systems as balls, ring by ring."""
    return [Body(system.name, short(system), f"Open {system.title} ({ring})", ring)
            for ring, on_it in by_ring(systems).items() for system in on_it]


def draw(systems: Sequence[System]) -> None:
    """The machine; a click on a ball, or Enter, opens its page."""
    balls, given = bodies(systems), parts.query()
    query = f"?{urlencode(given)}" if given else ""
    data = {"wide": drawing(balls, RINGS, WIDE, query=query), "tall": drawing(balls, RINGS, TALL, query=query)}
    opened = _machine(key="orrery", data=data, on_opened_change=lambda: None).opened
    if opened in [system.name for system in systems]:
        st.switch_page(f"pages/{opened}/page.py", query_params=given)
