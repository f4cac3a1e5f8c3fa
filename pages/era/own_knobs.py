"""The knobs of ERA's page: the world and its task, who acts, turns by hand; or which run and episode of logs."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.era.environments import ENVIRONMENTS
from backends.era.practising import MADE_HERE, begins_as
from backends.era.results import EraResult
from backends.era.settings import OWN_TURN, SHIPPED, SHIPPED_NAMES, EraSettings
from backends.files.rows import counted as number_of
from backends.knobs import UPLOAD
from backends.registry import System
from models import catalogue
from pages.era import home, own_logs, training
from pages.era.player import wide
from pages.house import knobs, running, session, tasks
from pages.house.text import plain
from worlds.errors import InputError

TABS = {"World": ("home",), "Agent": ("agent", "task", "earlier"), "Turn by turn": ("turns",)}
WITH_MODEL = TABS | {"Agent": ("agent", "task", "model")}  # where one of the ladder acts
OF_LOGS = ("log", "episode")
Era = System[EraSettings, EraResult]


def draw(system: Era, task: str) -> None:
    """Everything that can be turned for this task, and the button."""
    if task == "replay":
        _logs(system)
        return
    if task == "train":
        training.draw(system)
        return
    is_real = st.session_state[knobs.held(system, "agent")] == "model"
    values = {"task": task, **knobs.tabs(system, WITH_MODEL if is_real else TABS)}
    tasks.run_button(system, values, label="Play", cost=_cost, is_ready=lambda asked: is_ready(system, asked))


def _logs(system: Era) -> None:
    _which(system)
    values = {"task": "replay", **knobs.said(system, ("file", "beside")), **knobs.knobs(system, OF_LOGS)}
    tasks.run_button(system, values, label="Replay", cost=lambda _asked: "Takes seconds; pictures are read when they are looked at.")


def _which(system: Era) -> None:
    """Whose logs: those that come with the app, or those that were brought."""
    key = knobs.held(system, "file")
    offered = {SHIPPED[world]: told for world, told in SHIPPED_NAMES.items()}
    offered |= {name: f"Yours: {name.removeprefix(UPLOAD)}" for name in knobs.brought(system, "file")}
    said = str(st.session_state[key])
    if said not in offered:
        offered[said] = said.removeprefix(UPLOAD)
    st.selectbox("Logs", list(offered), key=key, format_func=offered.__getitem__, on_change=own_logs.LOGS.from_the_first,
                 help="Whose episodes. Your own are brought in the box “Your logs” above.")


def is_ready(system: Era, asked: EraSettings) -> bool:
    """Whether the task is understood and the agent is here; says what is not. Of a model of the ladder its card says it."""
    ready = True
    if why := home.not_understood(asked.instruction, asked):
        st.warning(plain(why), icon=":material/help:")
        ready = False
    if asked.agent == "own" and not asked.continues:
        st.warning("Which of your trainings plays? Choose it in “Go on from”; “Train it” above makes one.",
                   icon=":material/model_training:")
        ready = False
    if asked.agent in MADE_HERE and not is_trained_here(begins_as(asked)):
        st.warning("This miniature is not part of this copy. Choose the scripted expert.", icon=":material/smart_toy:")
        ready = False
    if why := system.objection(asked):
        st.warning(plain(why), icon=":material/smart_toy:")
        ready = False
    return ready


def is_trained_here(name: str) -> bool:
    """Whether a miniature agent is among the models of this copy."""
    try:
        return catalogue.folder_of(catalogue.find(name)) is not None
    except InputError:
        return False


def _cost(asked: EraSettings) -> str:
    turns = min(asked.max_turns, ENVIRONMENTS[asked.world].max_steps)
    most = f"{number_of(turns, 'turn')} at most" if asked.goes_on else number_of(min(turns, asked.actions.count(OWN_TURN)), "turn")
    if asked.named_models():
        from visualizers.ladder import memory_mb

        return (f"The model, about {memory_mb(asked, session.current().inputs()):,} MB, writes up to {asked.max_new_tokens:,} tokens "
                f"at every turn: {most}. Without a GPU a turn takes seconds to minutes; Stop keeps what was played.")
    who = "A script that sees everything acts" if asked.agent == "expert" else "The miniature writes a reply at every turn"
    return f"{who}: {most}."


def own_task(system: Era, result: EraResult, place: DeltaGenerator) -> None:
    """A task in a person's own words, beside the choice of what to do; what is not understood is said while it is typed."""
    said = place.text_input("Your own task", key="era.own_task", live="400ms", label_visibility="collapsed", width=wide(420),
                            placeholder=f"Your own task for this {ENVIRONMENTS[result.settings.world].place}, in a sentence",
                            help="One thing and what to do with it. What is not there is said.")
    text = (said or "").strip()
    why = home.not_understood(text, result.settings)
    if running.pressed(place, "Play it", key="era.own_task.run", icon=":material/play_arrow:", disabled=not text or bool(why),
                       help="The agent tries it, in what is shown."):
        wanted = {**dict(result.settings), "instruction": text, "actions": (), "goes_on": True}
        asked = knobs.settings_from(system, wanted)
        if asked is not None:
            running.start(system, asked)
            st.rerun()
    if why:
        st.warning(plain(why), icon=":material/help:")
