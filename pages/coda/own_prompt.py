"""A person's own prompt: typed beside the presets, its words at once, those that the model never read marked, Answer."""

from collections.abc import Callable

import streamlit as st

from backends.coda.results import CodaResult
from backends.coda.settings import AUSTRALIA, CodaSettings
from backends.registry import System
from pages.coda import own_knobs, views
from pages.coda.own_file import english
from pages.house import knobs, session, style, tasks
from pages.house.text import plain

TYPED = "coda.own.prompt"
MAX_CHIP = 40  # letters of a word that are shown


def box(system: System) -> None:
    """The box beside the presets; what is typed becomes the page at once. After a reload it holds what was typed before."""
    prompt = _prompt(system)
    if TYPED not in st.session_state and prompt and not any(prompt in settings.prompts for settings, _ in system.presets.values()):
        st.session_state[TYPED] = prompt
    with st.container(key=style.OWN):
        st.text_input("Your prompt", key=TYPED, on_change=_typed, args=(system,), live="400ms",
                      placeholder="A sentence that the model is to go on with",
                      help="The miniature knows the people and places of its own world only; a real model takes any text. Several "
                      "prompts, or a file of them: below.")


def _typed(system: System) -> None:
    """The prompt is what the knobs say, and the comparison is what is looked at."""
    text = " ".join(str(st.session_state.get(TYPED) or "").split())
    with knobs.turning_by_itself(system):  # the prompt stands above, in letters
        knobs.turn(system, "prompts", (text,) if text else ())
        for name in ("named", "compare_with"):
            knobs.set_default(system, name)
    st.session_state["coda.task"] = "compare"
    session.leave_behind(system.name)


def is_there(system: System, task: str) -> bool:
    """Whether the one prompt that the knobs hold was typed here."""
    return task == "compare" and bool(text := _prompt(system)) and text == " ".join(str(st.session_state.get(TYPED) or "").split())


def is_answered(system: System, result: CodaResult) -> bool:
    """Whether a result is about it."""
    return result.settings.prompts == (_prompt(system),)


def title(_system: System) -> str:
    return "Your prompt: other decoders, another model"


def _prompt(system: System) -> str:
    prompts = knobs.said(system, ("prompts",))["prompts"]
    return prompts[0] if isinstance(prompts, tuple) and len(prompts) == 1 else ""


def panel(system: System, choose: Callable[[CodaSettings], None]) -> None:
    """The prompt's words, what the model cannot know of them, the decoders, Answer."""
    prompt = _prompt(system)
    strange = _words(system, prompt, choose)
    own_knobs.methods(system)
    tasks.run_button(system, _values(system), label="Answer your prompt", cost=views.cost, key="run.own",
                     is_ready=lambda _asked: not strange)


def _values(system: System) -> dict[str, object]:
    return {"task": "compare", **knobs.said(system, own_knobs.of_comparing(system))}


def _words(system: System, prompt: str, choose: Callable[[CodaSettings], None]) -> list[str]:
    """The prompt as chips; the words that its miniature never read are red, with what would work. Returns these words."""
    model = str(st.session_state.get(knobs.knob_key(system, "model")) or CodaSettings().model)
    known = frozenset(english().words) if model == CodaSettings().model else None
    words = prompt.split()
    strange = [word for word in words if known is not None and word not in known]
    st.markdown(" ".join(f":{'red' if word in strange else 'gray'}-badge[{plain(word[:MAX_CHIP])}]"
                         for word in words[:views.MAX_WORDS]))
    if not strange:
        return []
    named = ", ".join(map(repr, dict.fromkeys(strange)))[:200]
    st.warning(plain(f"The miniature never read {named}. It knows {len(known or ()):,} words "
                     f"and sentences such as “{english().text(english().sets[0].statement('b').prompt)}”."), icon=":material/help:")
    st.button("Ask SmolLM2 instead, which takes any text", key="coda.own.real", icon=":material/swap_horiz:", on_click=_ask_real,
              args=(system, choose), help="Turns the knob Model to the real one, and runs.")
    return strange


def _ask_real(system: System, choose: Callable[[CodaSettings], None]) -> None:
    """The same prompt to a model that takes any text, at once; what is wrong with it otherwise stands beside the button."""
    knobs.turn(system, "model", AUSTRALIA.model)
    if (asked := knobs.settings_from(system, _values(system), is_said=False)) is not None:
        choose(asked)
