"""The knobs of the CoDA page: those of the chosen task, the paper's first, the rest in tabs."""

from collections.abc import Callable

import streamlit as st

from backends.coda.settings import CodaSettings
from backends.registry import System
from pages.coda import corpus, own_file, own_prompt, views
from pages.house import knobs, session, tasks
from visualizers.coda.methods import DECODER_NAMES
from worlds.errors import InputError

CONTRAST, DETECTOR = ("contrast", "other decoders"), ("detector", "masking")  # groups of the settings


def draw(system: System, task: str, choose: Callable[[CodaSettings], None]) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    values = {"task": task, **_DRAWN[task](system, choose)}
    if task == "file" and not values["file"]:
        st.caption("Upload a file first, or answer the example above.")
        return
    tasks.run_button(system, values, label=views.TASKS[task].button, cost=views.cost)


def _compare(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, object]:
    if own_prompt.is_there(system, "compare"):  # it stands above, with the decoders
        values = knobs.said(system, ("prompts", "methods", "num_examples", "popularity")) | knobs.knobs(system, ("compare_with",))
    else:
        values = _prompts(system) | {"methods": methods(system)} | knobs.knobs(system, ("compare_with",))
    return values | knobs.tabs(system, {"Contrast": CONTRAST, "Detector": DETECTOR, "Model": ("task", "reply")})


def _law(system: System, choose: Callable[[CodaSettings], None]) -> dict[str, object]:
    corpus.shipped(choose)
    values = knobs.knobs(system, knobs.of(system, "law"))
    if values["trains"] or values["factor"] == "S":
        st.caption("Drag weight decay to 0.01 to see overshadowing pass.")
        return values | knobs.knobs(system, (*knobs.of(system, "training"), "seed"))
    return values | knobs.knobs(system, ("model", "seed"))


def _recovery(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, object]:
    st.caption("Every decoder of the paper's comparison is counted; “your settings” is a row more.")
    names = [name for name in knobs.of(system, "task", "contrast", "detector") if name != "seed"]  # nothing is drawn at random
    return knobs.knobs(system, names)


def _file(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, object]:
    values: dict[str, object] = {"file": own_file.upload(system), "methods": methods(system)}
    values |= knobs.knobs(system, ("num_rows", *knobs.of(system, "reply")))
    return values | knobs.tabs(system, {"Contrast": CONTRAST, "Detector": DETECTOR, "Model": ("task",)})


_DRAWN = {"compare": _compare, "law": _law, "recovery": _recovery, "file": _file}


def _prompts(system: System) -> dict[str, object]:
    """The person's own prompts, or rare facts of the miniature's world."""
    prompts = knobs.lines(system, "prompts", height=120, note=" At most 16, of 20,000 characters each.",
                          placeholder="One prompt per line. The miniature knows its own invented world only; a real model of the "
                                      "ladder takes any text.")
    values = knobs.knobs(system, ("num_examples", "popularity"))
    st.button("Take rare facts", icon=":material/casino:", key="coda.take", on_click=_take, args=(system,),
              help="Writes that many rare facts of the chosen miniature's world into the box, so that they can be edited.")
    return values | {"prompts": prompts}


def _take(system: System) -> None:
    """Fill the box by what the knobs say now."""
    from backends.coda.facts import need_corpus, rare_prompts
    from backends.rungs import rung_of

    state = st.session_state
    state.pop("error.coda", None)
    try:
        corpus = need_corpus(rung_of(str(state.get(knobs.knob_key(system, "model"), "coda-english")), "language", "vlm",
                                     made=session.current().inputs().model))
    except InputError as error:
        state["error.coda"] = str(error)
        return
    defaults = CodaSettings()
    popularity, count, seed = (int(state.get(knobs.knob_key(system, name), getattr(defaults, name)))
                               for name in ("popularity", "num_examples", "seed"))
    state[knobs.knob_key(system, "prompts")] = "\n".join(rare_prompts(corpus, popularity=popularity, count=count, seed=seed))


def of_comparing(system: System) -> tuple[str, ...]:
    """The settings that a comparison is made from."""
    return ("prompts", "methods", "compare_with", "num_examples", "popularity",
            *knobs.of(system, *CONTRAST, *DETECTOR, "task", "reply"))


def methods(system: System) -> tuple[str, ...]:
    """The decoders, one click each."""
    return knobs.pills(system, "methods", DECODER_NAMES, note=" Sampling needs a temperature above 0.")
