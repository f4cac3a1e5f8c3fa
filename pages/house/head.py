"""What the pages are called, and what stands in the head of their first answer."""

from html import escape

from backends.registry import names, system
from pages.house import style

HOME = "Orrery"
SAID = "Ten research systems on seeing, thinking, making and acting, to try in a browser."
LESSON = "lesson"  # the address of the printed lesson


def title(address: str) -> str:
    """The name of a page's tab.

    Args:
        address: as the page's address ends; empty for the home page.
    """
    if address == LESSON:
        return f"Lesson · {HOME}"
    return f"{system(address).title} · {HOME}" if address in names() else HOME


def heads() -> dict[str, str]:
    """For the first answers of all pages: who shows a preview of a link reads it, and nothing jumps when the rules of style come."""
    said = {f"/{name}": system(name).claim for name in names()} | {"/": SAID, f"/{LESSON}": SAID}
    presets = {f"/{name}": system(name).presets for name in names()}
    return {address: f"<title>{escape(title(address[1:]))}</title><meta name='description' content='{escape(text)}'>"
                     f"{style.all_rules(presets.get(address, ()))}" for address, text in said.items()}
