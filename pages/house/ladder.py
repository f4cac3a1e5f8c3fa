"""The ladder of models as a widget: one list with what runs here first, and one card for a chosen model that does not."""


from collections.abc import Callable

import streamlit as st

from backends.knobs import Knob
from backends.registry import System
from backends.run import Settings
from pages.house import session
from pages.house.text import plain
from visualizers import ladder

OWN_FOLDER = "my-folder"


def knob(system: System, asked: Knob, key: str) -> str:
    """A list of the rungs of its roles that are listed; a folder's name can be typed. Streamlit cannot grey out single entries, so a
    rung that is not here says so in its label, and choosing it shows its card."""
    offered = {choice.value: choice.label for choice in ladder.offered(asked, system.name, inputs=session.current().inputs())}
    offered[OWN_FOLDER] = "A folder of my own: type its name"
    chosen = st.selectbox(asked.label, list(offered), format_func=lambda value: offered.get(value, value), key=key,
                          accept_new_options=True, help=f"{asked.description} What is not here says why. Or type the name of a "
                          "folder below ORRERY_MODELS_DIR that save_pretrained wrote.")
    return ladder.value_of(str(chosen or ""), *asked.roles)


def value_of(said: str, asked: Knob) -> str:
    """What the setting says where its list says this; torch is imported only for a name that is typed."""
    return said if said == asked.default or not said else ladder.value_of(said, *asked.roles)


def cards(asked: Settings, key_of: Callable[[str], str], *, place: str = "") -> bool:
    """Draw one card per chosen model that cannot run here; returns whether all can. `place`: where a page draws a second one."""
    missing = ladder.missing(asked, session.current().inputs())
    for entry in missing:
        _card(entry, key_of(entry.setting), f"{place}{entry.setting}")
    return not missing


def _card(entry: ladder.Missing, key: str, name: str) -> None:
    with st.container(border=True, key=f"card.{name}"):
        st.markdown(f":material/block: **{plain(entry.title)} cannot run here yet**  \n{plain(entry.reason)}")
        if entry.what:
            st.caption(plain(entry.what))
        if entry.command:
            st.code(entry.command, language="bash")
        if entry.fallback is None:
            return
        instead = f"Use {entry.fallback_title} instead" if entry.fallback else "Go on without it"
        st.button(instead, key=f"fallback.{name}",
                  icon=":material/undo:", on_click=st.session_state.__setitem__, args=(key, entry.fallback),
                  help="Turns this knob back to what works here, offline.")
