"""What of a page is shown, as its address says: `?present=1` for a projector, `?show=picture,knobs` for a class.

Both are read once, when the app's script begins, and kept for the browser tab: a preset, a rerun or another page does not lose
them. They choose what is drawn, to keep thirty people on one thing. They are no lock: whoever edits the address sees everything.
"""

from urllib.parse import parse_qs, urlencode, urlsplit

import streamlit as st

from backends.run import Settings
from pages.house.text import plain

PARTS = {
    "presets": "the buttons of one click each, and what the shown one shows",
    "own": "bringing an own video, picture, prompt or file",
    "picture": "the first picture, what came out, and what to notice",
    "knobs": "everything that can be turned, and the button that runs it",
    "details": "what follows the first picture: tables, sides, other runs",
    "paper": "beside the paper",
    "how": "how it works: formulas and code",
    "take": "take it away: link, files, Python",
    "lesson": "the lesson",
}
_PRESENT, _SHOW, _LEFT = "parts.present", "parts.show", "parts.left"  # in the session's state
LARGE_PX = 24  # of the letters on a wall; 16 elsewhere
_SIDEBAR, _BEFORE_RULES = "[data-testid=stSidebar]", "html:not(:has(.stHtml))"
_HIDDEN = (f"{_SIDEBAR}, [data-testid=stSidebarCollapsedControl], [data-testid=stExpandSidebarButton], .stLogo "
           "{ display: none !important }")
_LARGE = (f"html {{ font-size: {LARGE_PX}px }} "
          ".stMain .stMainBlockContainer { padding: 2.5rem 2rem 2rem; max-width: none } "
          ".stMain .stElementContainer:has([data-testid=stMetric]) { width: auto !important; min-width: 9rem; flex: none } "
          ".orrery-place .orrery { font-size: 30px } "
          ".st-key-parts-leave { position: fixed; right: 3.5rem; top: 0.3rem; width: auto; z-index: 999999 }")


def begin() -> None:
    """Read the address and hide what goes with it; the first thing that the door does.

    Who left the projector view has left it until the page is loaded anew: a rerun that the browser asked for before it heard of
    that brings the old address along.
    """
    state = st.session_state
    if (said := st.query_params.get("present")) is not None:
        state[_PRESENT] = _means_present(said) and not state.get(_LEFT)
    if (said := st.query_params.get("show")) is not None:
        state[_SHOW] = _named(said)
    css = (_HIDDEN if is_presenting() or is_locked() else "") + (_LARGE if is_presenting() else "")
    if css:
        st.html(f"<style>{css}</style>")
    if is_presenting():
        with st.container(key="parts-leave"):
            st.button("Leave the projector view", key="parts.leave", type="tertiary", icon=":material/close_fullscreen:",
                      on_click=_leave)


def _means_present(said: str) -> bool:
    return said.strip().lower() not in ("", "0", "no", "false")


def _named(said: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in said[:400].split(",") if (name := part.strip().lower())))


def until_it_is_drawn(query: str) -> str:
    """Rules of style for the head of a page's first answer: no sidebar, no room for one, and on a wall large letters at once.

    The browser draws the sidebar before it has the script for rules that a page brings along, such as those of `begin`. These hold
    until then: the door's are always among them, so that whoever leaves the projector view keeps nothing of these.

    Args:
        query: what stands behind the question mark of the address.
    """
    said = parse_qs(query, keep_blank_values=True)
    presents = any(map(_means_present, said.get("present", ())[-1:]))
    if not presents and not any(name in PARTS for name in _named(said.get("show", [""])[-1])):
        return ""
    large = f"{_BEFORE_RULES} {{ font-size: {LARGE_PX}px }}" if presents else ""
    return (f"<style>.stApp .stAppViewContainer:not(:has({_SIDEBAR})) {{ padding-left: 0 }} "
            f"{_BEFORE_RULES} {_SIDEBAR} {{ display: none !important }} {large}</style>")


def _leave() -> None:
    st.session_state[_PRESENT], st.session_state[_LEFT] = False, True
    st.query_params.pop("present", None)


def is_presenting() -> bool:
    """Whether the page is for a projector: no sidebar, type and charts half as large again."""
    return bool(st.session_state.get(_PRESENT))


def is_locked() -> bool:
    """Whether the address names parts, and one of them exists: only these are shown."""
    return any(name in PARTS for name in st.session_state.get(_SHOW, ()))


def shows(part: str) -> bool:
    """Whether a part of the page is to be drawn.

    Raises:
        KeyError: no part has that name.
    """
    PARTS[part]
    return not is_locked() or part in st.session_state[_SHOW]


def query() -> dict[str, str]:
    """Return what a link to another page carries on, so that a reload there finds it too."""
    shown = ",".join(name for name in st.session_state.get(_SHOW, ()) if name in PARTS)
    return ({"present": "1"} if is_presenting() else {}) | ({"show": shown} if shown else {})


def say_unknown() -> None:
    """One sentence on names in `?show=` that are no part of a page; drawn by the door, above the page."""
    unknown = [name for name in st.session_state.get(_SHOW, ()) if name not in PARTS]
    if unknown:
        st.caption(plain(f"The address asks to show {', '.join(map(repr, unknown[:5]))}, which no page has. "
                         f"It can name {', '.join(PARTS)}."))


def for_a_class(settings: Settings) -> None:
    """What a teacher hands out: an address of this run that shows some parts only, or is for a projector."""
    with st.popover("For a class", icon=":material/groups:"):
        chosen = st.multiselect("Show only", list(PARTS), key="class.parts", format_func=lambda name: f"{name}: {PARTS[name]}",
                                placeholder="the whole page", help="Keeps thirty people on one thing. It hides, it is no lock.")
        is_large = st.toggle("For a projector", key="class.large", help="No sidebar, type and charts half as large again.")
        said = {"settings": settings.permalink(), "show": ",".join(chosen), "present": "1" if is_large else ""}
        address = f"{st.context.url or ''}?{urlencode({name: value for name, value in said.items() if value}, safe=',')}"
        st.code(address, language=None, wrap_lines=True)
        if (urlsplit(address).hostname or "") in ("localhost", "127.0.0.1", "::1"):
            st.caption(f"{urlsplit(address).hostname} is this machine only: on others this link opens nothing. Open this page by "
                       "the machine's name or number in the network first, and the link here has that.")
        st.link_button("Open it", address, icon=":material/open_in_new:", help="In a tab of its own.")
