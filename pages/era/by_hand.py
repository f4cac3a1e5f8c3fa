"""Taking over: an action by hand, one turn of the agent, something that goes wrong, and playing on; each is a link."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from backends.episode import Episode
from backends.era.environments import ENVIRONMENTS, Environment, World, of_world
from backends.era.results import EraResult
from backends.era.settings import MOST_ENTRIES, OWN_TURN, EraSettings
from pages.era import home, table_hand
from pages.era.player import wide
from pages.era.table_hand import Do, Places
from pages.house.text import plain
from visualizers.era import scenes
from visualizers.era.timeline import cells
from visualizers.era.verbs import MISHAPS
from worlds.errors import InputError
from worlds.minihome.skills import skills

WRONG = {"shut": ":material/door_front:", "recolour": ":material/palette:", "slip": ":material/block:",
         "drop": ":material/back_hand:", "shove": ":material/swipe_right:"}
SKILL = "era.skill"
Choose = Callable[[EraSettings], None]


def entries(result: EraResult) -> tuple[str, ...]:
    """What every turn so far was: an entry by hand as the settings have it, or the agent's own."""
    given = result.settings.actions
    turns = result.episode.turns if result.episode else ()
    return tuple(given[number] if number < len(given) else OWN_TURN for number in range(len(turns)))


def with_entry(result: EraResult, entry: str) -> EraSettings:
    """The same episode with one turn more, and nothing after it."""
    return result.settings.model_copy(update={"actions": (*entries(result), entry), "goes_on": False})


def panel(result: EraResult, choose: Choose) -> None:
    """What can be done next in an episode that was played here."""
    episode = result.episode
    world = of_world(episode.world) if episode else None
    if episode is None or world is None or result.settings.task != "play":
        return
    with st.container(border=True, key="era-by-hand"):
        st.markdown(f"**Take over by hand.** {_standing(episode)}")
        if not episode.ended and len(entries(result)) < MOST_ENTRIES:
            state = _now(result, world)
            if state is not None:
                _next(result, world, state, choose)
        _back(result, choose)


def _standing(episode: Episode) -> str:
    count = len(cells(episode))
    if episode.ended:
        why = {"success": "the task is done", "turns": "there were turns enough", "steps": "there were steps enough",
               "empty plan": "the agent stopped, for it saw nothing left that it could do",
               "context": "what the agent would be told next is more than its model reads"}
        return (f"This episode is over: {plain(why.get(episode.ended, episode.ended))}. Go back to a step above and take over from "
                "there.")
    return f"After step {count} it waits for what comes next." if count else "Nothing was done yet."


def _now(result: EraResult, world: Environment) -> Any:  # Any: a state, whose type its world alone knows
    """The world as it stands after the last turn; None where that cannot be read."""
    found = scenes.last(result.episode) if result.episode else None
    try:
        return world.read(found) if found is not None else home.begun(result.settings)
    except InputError:
        return None


def _next(result: EraResult, world: Environment, state: Any, choose: Choose) -> None:
    above, row = st.container(gap="small"), st.container(horizontal=True, gap="small", vertical_alignment="bottom")
    _BY_HAND[result.settings.world](result, state, lambda entry: choose(with_entry(result, entry)), (above, row))
    with row:
        st.button("Let the agent act once", key="era.once", icon=":material/smart_toy:", on_click=choose,
                  args=(with_entry(result, OWN_TURN),), help="One turn of the agent.")
        st.button("Play on to the end", key="era.on", icon=":material/fast_forward:", on_click=choose,
                  args=(result.settings.model_copy(update={"actions": entries(result), "goes_on": True}),),
                  help="The agent goes on from here by itself.")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Let something go wrong:", width="content")
        for name in world.mishaps:
            why = objection(state, name, result.settings.world)
            st.button(MISHAPS[name], key=f"era.wrong.{name}", icon=WRONG[name], on_click=choose,
                      args=(with_entry(result, f"!{name}"),), disabled=bool(why),
                      help=why or "Happens by itself; the agent is not told.")


def _skill(_result: EraResult, state: Any, do: Do, places: Places) -> None:
    """A skill of the home, in the row of the other buttons."""
    known = skills(state)
    if st.session_state.get(SKILL) not in known:
        st.session_state[SKILL] = known[0]
    _, row = places
    row.selectbox("An action of this home", known, key=SKILL, width=wide(260),
                  help="Everything that can be tried here, in the home's words.")
    row.button("Do it", key="era.do", type="primary", icon=":material/touch_app:", help="This action is done by hand, no more.",
               on_click=lambda: do(str(st.session_state[SKILL])))


_BY_HAND: dict[World, Callable[[EraResult, Any, Do, Places], None]] = {"home": _skill, "table": table_hand.draw}


def objection(state: Any, name: str, world: World = "home") -> str:
    """Why something cannot go wrong here; empty where it can."""
    try:
        ENVIRONMENTS[world].perturbed(state, name)
    except InputError as error:
        return str(error)
    return ""


def _back(result: EraResult, choose: Choose) -> None:
    """Back to the step that is looked at, or to the beginning."""
    shown = cells(result.episode) if result.episode else []
    if not shown:
        return
    with st.container(horizontal=True, gap="small"):
        st.button("Take over after the step above", key="era.from_here", icon=":material/undo:", on_click=_from_here,
                  args=(result, choose), help="Everything after the step that is looked at is taken back; a plan of several actions "
                  "stays whole.")
        st.button("From the beginning", key="era.anew", icon=":material/first_page:", on_click=choose,
                  args=(result.settings.model_copy(update={"actions": (), "goes_on": False}),), help="As it was at first.")


def _from_here(result: EraResult, choose: Choose) -> None:
    shown = cells(result.episode) if result.episode else []
    step = min(len(shown), int(st.session_state.get("era.step", len(shown))))
    last = shown[step - 1][0].index
    choose(result.settings.model_copy(update={"actions": entries(result)[:last + 1], "goes_on": False}))
