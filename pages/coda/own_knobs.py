"""The knobs of the CoDA page: those of the chosen task, the paper's first, the rest in tabs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from backends.coda.settings import CodaSettings
from backends.registry import System
from pages.coda import corpus, own_file, views
from pages.house import knobs, tasks
from visualizers.theme import DECODER_NAMES
from worlds.errors import InputError

CONTRAST = ("alpha", "escape_bias", "gate", "weight", "temperature", "layers")
DETECTION = ("detector", "tau", "named", "mask_mode", "unit", "skips_stop_words", "redetects")
MODEL = ("model", "quantisation", "epoch", "seed")
TRAINING = ("num_sets", "other", "position", "weight_decay", "hidden", "learning_rate", "epochs", "num_seeds", "seed")
STEPS: Mapping[str, Sequence[float]] = {
    "alpha": (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0), "learning_rate": (1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 0.01),
    "weight_decay": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0), "hidden": tuple(range(16, 257, 8)),
    "max_new_tokens": (1, 2, 4, 8, 16, 32, 64, 128, 256), "num_rows": (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)}


def turn(system: System, settings: CodaSettings) -> None:
    """All knobs to what the settings say; prompts are lines, decoders a list."""
    knobs.set_knobs(system, settings)
    st.session_state[knobs.knob_key(system, "prompts")] = "\n".join(settings.prompts)
    st.session_state[knobs.knob_key(system, "methods")] = list(settings.methods)


def draw(system: System, task: str, choose: Callable[[CodaSettings], None]) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    values = {"task": task, **_DRAWN[task](system, choose)}
    if task == "file" and not values["file"]:
        st.caption("Upload a file first, or answer the example above.")
        return
    tasks.run_button(system, values, label=views.TASKS[task].button, cost=views.cost)


def _compare(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    values = _prompts(system) | {"methods": _methods(system)} | knobs.knobs(system, ("compare_with",))
    groups = {"Contrast": CONTRAST, "Detector": DETECTION, "Model": (*MODEL, "as_chat", "max_new_tokens")}
    return values | knobs.tabs(system, groups, steps=STEPS)


def _law(system: System, choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    corpus.shipped(choose)
    values = knobs.knobs(system, ("trains", "factor"))
    if values["trains"] or values["factor"] == "S":
        st.caption("Drag weight decay to 0.01 to see overshadowing pass.")
        return values | knobs.knobs(system, TRAINING, steps=STEPS)
    return values | knobs.knobs(system, ("model", "seed"))


def _recovery(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    st.caption("Every decoder of the paper's comparison is counted; “your settings” is a row more.")
    names = ("model", "quantisation", "epoch", "alpha", "escape_bias", "gate", "detector", "tau", "mask_mode")
    return knobs.knobs(system, names, steps=STEPS)  # nothing is drawn at random


def _file(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    values = {"file": own_file.upload(system), "methods": _methods(system)}
    values |= knobs.knobs(system, ("num_rows", "max_new_tokens", "as_chat"), steps=STEPS)
    return values | knobs.tabs(system, {"Contrast": CONTRAST, "Detector": DETECTION, "Model": MODEL}, steps=STEPS)


_DRAWN = {"compare": _compare, "law": _law, "recovery": _recovery, "file": _file}


def _prompts(system: System) -> dict[str, Any]:
    """The person's own prompts, or rare facts of the miniature's world."""
    key, field = knobs.knob_key(system, "prompts"), system.settings.model_fields["prompts"]
    st.session_state.setdefault(key, "")
    text = st.text_area("Prompts", key=key, height=120, help=f"{field.description} At most 16, of 20,000 characters each.",
                        placeholder="One prompt per line. The miniature knows its own invented world only; a real model of the "
                                    "ladder takes any text.")
    values = knobs.knobs(system, ("num_examples", "popularity"))
    st.button("Take rare facts", icon=":material/casino:", key="coda.take", on_click=_take, args=(system,),
              help="Writes that many rare facts of the chosen miniature's world into the box, so that they can be edited.")
    return values | {"prompts": tuple(line.strip() for line in text.splitlines() if line.strip())}


def _take(system: System) -> None:
    """Fill the box by what the knobs say now."""
    from backends.coda.facts import need_corpus, rare_prompts
    from backends.rungs import rung_of

    state = st.session_state
    state.pop("error.coda", None)
    try:
        corpus = need_corpus(rung_of(str(state.get(knobs.knob_key(system, "model"), "coda-english")), "language", "vlm"))
    except InputError as error:
        state["error.coda"] = str(error)
        return
    defaults = CodaSettings()
    popularity, count, seed = (int(state.get(knobs.knob_key(system, name), getattr(defaults, name)))
                               for name in ("popularity", "num_examples", "seed"))
    state[knobs.knob_key(system, "prompts")] = "\n".join(rare_prompts(corpus, popularity=popularity, count=count, seed=seed))


def _methods(system: System) -> tuple[str, ...]:
    return knobs.pills(system, "methods", DECODER_NAMES, "Decoders", note=" Sampling needs a temperature above 0.")
