"""The address of a page: it holds what is seen, the settings and the view, and opening one starts nothing.

The browser's own script writes it by `replaceState`: turning a slider adds nothing to the history, and Back leaves the page.
What Streamlit offers for writing it adds an entry at every step. An address that was pasted, reloaded or gone back to looks alike
from here, and a reload has lost the tab's state: so what is held of equal settings is shown, and nothing is started.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from backends.engine import the_engine
from backends.knobs import knob_of
from backends.registry import System
from backends.run import R, Result, S, task_of
from pages.house import results, session, style
from pages.house.text import plain
from worlds.errors import InputError

SETTINGS = "settings"
MOST_LETTERS, MOST_NAMED = 40, 9  # of what a link says, and of what it could say, in a sentence
T = TypeVar("T")

_WRITES = """
export default function ({ data }) {
  const url = new URL(window.location.href)
  for (const [name, value] of Object.entries(data.parameters)) {
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
  window.dispatchEvent(new Event("orrery-address"))
}
"""

_SHOWS = """
export default function ({ parentElement }) {
  const box = parentElement.querySelector("input"), button = parentElement.querySelector("button")
  const follow = () => { box.value = window.location.href }
  follow()
  window.addEventListener("orrery-address", follow)
  button.onclick = async () => {
    box.select()
    try { await navigator.clipboard.writeText(box.value) } catch { document.execCommand("copy") }
    button.textContent = "Copied"
    setTimeout(() => { button.textContent = "Copy" }, 1500)
  }
  return () => window.removeEventListener("orrery-address", follow)
}
"""
_BOX = '<div class="link"><input readonly aria-label="Link to what is seen"><button type="button">Copy</button></div>'
_BOX_STYLE = """
.link { display: flex; gap: .5rem }
.link input { flex: 1; min-width: 0; font: inherit; font-size: .875rem; color: var(--st-text-color); padding: .4rem .6rem;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius) }
.link button { font: inherit; font-size: .875rem; padding: .4rem .9rem; cursor: pointer; color: var(--st-text-color);
  background: var(--st-background-color); border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius) }
"""


def opened(system: System[S, R], views: Collection[str]) -> S | None:
    """The settings of an address that was opened just now; a broken one is said, not followed. Its view waits for `view`.

    What is wrong is said until something is run: a page is drawn several times at its opening.

    Args:
        views: the names of what the page's view is made of.
    """
    settings = _read(system, views)
    if said := st.session_state.get(f"{system.name}.link.refused"):
        st.error(plain(said), icon=":material/link_off:")
    return settings


def _read(system: System[S, R], views: Collection[str]) -> S | None:
    state, name = st.session_state, system.name
    alone = [key for key in system.settings.model_fields if key not in views]  # no address says a knob by itself
    state[f"{name}.address.names"], state[f"{name}.address.alone"] = tuple(views), tuple(alone)
    read = {key: value for key, value in st.query_params.items() if key == SETTINGS or key in views or key in alone}
    if read == state.get(f"{name}.address.read"):
        return None
    state[f"{name}.address.read"] = read
    if not read or read == state.get(f"{name}.address.written"):
        return None
    state[f"{name}.address.view"] = {key: value for key, value in read.items() if key in views}
    state[f"{name}.link.untaken"] = {
        key: f"{_said(key, value)}: a link holds all settings in “{SETTINGS}”, and “{knob_of(system.settings, key).label}” is turned "
             "below" for key, value in read.items() if key in alone}
    state.pop(f"{name}.link.refused", None)
    if SETTINGS not in read:
        return None
    try:
        return system.settings.from_permalink(read[SETTINGS])
    except InputError as error:
        state[f"{name}.link.refused"] = str(error)
        return None


def held(system: System[S, R], settings: S) -> tuple[Result | None, bool]:
    """What there is of equal settings: held by this session, recorded, or by the engine for whoever asks the same.

    Returns:
        The result, and whether it is a recording; None and False where there is none.
    """
    own = [result for result in session.current().results.values() if result.system == system.name and result.settings == settings]
    if own:
        return own[-1], False
    if (recorded := results.recorded_with(system, settings)) is not None:
        return recorded, True
    return the_engine().held(system.name, settings, inputs=session.current().inputs()), False


def find(system: System[S, R], settings: S) -> bool:
    """Show what is held of equal settings, if anything is."""
    state, name, task = st.session_state, system.name, task_of(settings)
    found, is_recorded = held(system, settings)
    if is_recorded:
        state.pop(f"{name}.result.{task}", None)
        state[f"{name}.recording.{task}"] = settings
    elif found is not None:
        state[f"result.{name}"], state[f"{name}.asked"] = found, settings
        state.pop(f"{name}.settled", None)
    return found is not None


def wait(system: System[S, R], settings: S) -> None:
    """Let the settings of a link, of which nothing is held, wait for a click."""
    st.session_state[f"{system.name}.waiting"] = settings


def waiting(system: System[S, R]) -> S | None:
    """The settings that wait for a click."""
    return st.session_state.get(f"{system.name}.waiting")


def is_waiting(system: System) -> bool:
    """Whether an opened link's settings wait, and their task is looked at."""
    settings = waiting(system)
    return settings is not None and st.session_state.get(f"{system.name}.task", "") == task_of(settings)


def view(system: str, name: str, options: Sequence[T], default: T, *, of: object) -> str:
    """The key of a widget that turns the view and runs nothing, under which there is one of the options.

    It starts at what the opened address says, else at `default`, and does so again for anything new to look at.

    Args:
        system: its name.
        of: what is looked at; compared by identity.
    """
    state, key = st.session_state, f"{system}.{name}"
    default = default if default in options else options[0]  # of a run that was stopped half-way, there may be less
    if state.get(f"{key}.of") is not of or key not in state or state[key] not in options:  # one of the options may be None
        said = state.get(f"{system}.address.view", {}).pop(name, None)
        meant = [option for option in options if said is not None and _is(option, said)]
        state[key], state[f"{key}.of"] = meant[0] if meant else default, of
        if said is not None and not meant:
            state.setdefault(f"{system}.link.untaken", {})[name] = f"{_said(name, said)}: here it can be {_named(options)}"
    state.setdefault(f"{system}.views", {})[name] = (key, _text(default))
    return key


@contextmanager
def waits_for_the_next(system: str) -> Iterator[None]:
    """What the opened address says of the view stays for the result that is coming: the one drawn meanwhile is not what it is of."""
    state = st.session_state
    said, untaken = (dict(state.get(f"{system}.{kept}", {})) for kept in ("address.view", "link.untaken"))
    try:
        yield
    finally:
        state[f"{system}.address.view"], state[f"{system}.link.untaken"] = said, untaken


def _text(value: object) -> str:
    """A value of the view as an address says it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _is(option: object, said: str) -> bool:
    """Whether an address that a person wrote means this option: 1.0 is 1."""
    if _text(option).lower() == said.strip().lower():
        return True
    try:
        return isinstance(option, int | float) and not isinstance(option, bool) and float(said) == option
    except ValueError:
        return False


def _said(name: str, value: str) -> str:
    """A parameter as the address has it."""
    return f"“{name}={value[:MOST_LETTERS]}{'…' * (len(value) > MOST_LETTERS)}”"


def _named(options: Sequence[object]) -> str:
    """What can be chosen, in words."""
    texts = [text for option in options if (text := _text(option))]
    if len(texts) > MOST_NAMED:
        return f"{texts[0]}, {texts[1]} and so on up to {texts[-1]}"
    return " or ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def say_untaken(system: str) -> None:
    """One line on what the opened address said and the page did not take; after the views, which know what they can be."""
    if untaken := st.session_state.get(f"{system}.link.untaken"):
        st.caption(f":material/link_off: Not taken from the link: {plain('; '.join(untaken.values()))}.")


def seen(system: str) -> dict[str, str | None]:
    """The view as the address says it: what is turned away from where it starts; None for the rest."""
    state = st.session_state
    waits = state.get(f"{system}.address.view", {})  # for what is not looked at yet
    names = (*state.get(f"{system}.address.names", ()), *state.get(f"{system}.address.alone", ()))
    turned: dict[str, str | None] = {name: waits.get(name) for name in names}
    for name, (key, default) in state.get(f"{system}.views", {}).items():
        text = _text(state.get(key))
        turned[name] = text if key in state and text != default else None
    return turned


def look(system: str, said: Mapping[str, str]) -> None:
    """Turn the view, as an opened address would; from a callback."""
    state = st.session_state
    state[f"{system}.address.view"] = dict(said)
    for name in said:
        state.pop(f"{system}.{name}.of", None)


def write(system: System[S, R], settings: S | None) -> None:
    """Let the browser write the address of these settings, and of the view.

    Args:
        settings: None where the page shows what it opens with, and where they are too long for an address.
    """
    _write(system.name, {SETTINGS: permalink(settings) if settings is not None else None} | seen(system.name), place="page")


def write_view(system: str, place: str) -> None:
    """The same of the view alone: at the end of a part of the page that is drawn anew by itself, whose name is `place`."""
    _write(system, seen(system), place=place)


def permalink(settings: S) -> str | None:
    """The settings as an address holds them; None where they are too long for one."""
    try:
        return settings.permalink()
    except InputError:
        return None


def _write(system: str, parameters: dict[str, str | None], *, place: str) -> None:
    state, written = st.session_state, f"{system}.address.written"
    said = state.get(written, {}) | parameters
    state[written] = {name: value for name, value in said.items() if value is not None}
    with st.container(key=f"{style.UNSEEN}-{place}-{system}"):
        st.components.v2.component("orrery_address", js=_WRITES)(data={"parameters": parameters}, key=f"address.{place}.{system}")


def show_link(system: System) -> None:
    """The address in a box with a button that copies it; it follows the sliders."""
    st.components.v2.component("orrery_link", html=_BOX, css=_BOX_STYLE, js=_SHOWS)(key=f"link.{system.name}")
