"""The knobs of the CoDA page: those of the chosen task, the paper's first, the rest in tabs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from backends.coda.settings import CodaSettings
from backends.registry import System
from pages import coda_corpus, coda_file, coda_parts, parts
from visualizers.theme import DECODER_NAMES
from worlds.errors import InputError

FOLDS = {"compare": "Your own prompts, every knob", "law": "Another corpus, another model, every knob",
         "recovery": "Another model, every knob", "file": "Your file, every knob"}
RUN_LABELS = {"compare": "Answer", "law": "Measure", "recovery": "Count", "file": "Answer the file"}
CONTRAST = ("alpha", "escape_bias", "gate", "weight", "temperature", "layers")
DETECTION = ("detector", "tau", "named", "mask_mode", "unit", "skips_stop_words", "redetects")
MODEL = ("model", "quantisation", "epoch", "seed")
TRAINING = ("num_sets", "other", "position", "weight_decay", "hidden", "learning_rate", "epochs", "num_seeds", "seed")
STEPS: Mapping[str, Sequence[float]] = {
    "alpha": (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0), "learning_rate": (1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 0.01),
    "weight_decay": (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0), "hidden": tuple(range(16, 257, 8)),
    "max_new_tokens": (1, 2, 4, 8, 16, 32, 64, 128, 256), "num_rows": (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)}


def keep() -> None:
    """Knobs that are not drawn now stay as they are: every task draws its own."""
    for key in [key for key in st.session_state if str(key).startswith("knob.coda.")]:
        st.session_state[key] = st.session_state[key]


def turn(system: System, settings: CodaSettings) -> None:
    """All knobs to what the settings say; prompts are lines, decoders a list."""
    parts.set_knobs(system, settings)
    st.session_state[parts.knob_key(system, "prompts")] = "\n".join(settings.prompts)
    st.session_state[parts.knob_key(system, "methods")] = list(settings.methods)


def fold(task: str, *, is_open: bool = False) -> Any:
    return st.expander(FOLDS[task], expanded=is_open, icon=":material/tune:", key=f"knobs.fold.{task}")


def knobs(system: System, task: str, choose: Callable[[CodaSettings], None]) -> None:
    """Everything that can be turned for this task, what it will cost, and the button."""
    values = {"task": task, **_DRAWN[task](system, choose)}
    if task == "file" and not values["file"]:
        st.caption("Upload a file first, or answer the example above.")
        return
    asked = parts.settings_from(system, values)
    is_off = not parts.can_run(system, asked)
    run, cost = st.columns([2, 5], vertical_alignment="center")
    run.button(RUN_LABELS[task], type="primary", icon=":material/play_arrow:", disabled=is_off, key=f"run.{task}", width="stretch",
               on_click=coda_parts.start, args=(system, asked), help="Runs with these settings.")
    cost.caption("What is in the way is said above." if is_off else coda_parts.cost(asked))


def _compare(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    values = _prompts(system) | {"methods": _methods(system)}
    return values | _tabs(system, {"Contrast": CONTRAST, "Detector": DETECTION, "Model": (*MODEL, "as_chat", "max_new_tokens")})


def _law(system: System, choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    coda_corpus.shipped(choose)
    values = _drawn(system, ("trains", "factor"))
    if values["trains"] or values["factor"] == "S":
        st.caption("Drag weight decay to 0.01 to see overshadowing pass.")
        return values | _drawn(system, TRAINING)
    return values | _drawn(system, ("model", "seed"))


def _recovery(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    st.caption("Every decoder of the paper's comparison is counted; “your settings” is a row more.")
    return _drawn(system, (*MODEL, "alpha", "escape_bias", "gate", "detector", "tau", "mask_mode"))


def _file(system: System, _choose: Callable[[CodaSettings], None]) -> dict[str, Any]:
    values = {"file": coda_file.upload(system), "methods": _methods(system)}
    values |= _drawn(system, ("num_rows", "max_new_tokens", "as_chat"))
    return values | _tabs(system, {"Contrast": CONTRAST, "Detector": DETECTION, "Model": MODEL})


_DRAWN = {"compare": _compare, "law": _law, "recovery": _recovery, "file": _file}


def _tabs(system: System, groups: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for tab, names in zip(st.tabs(list(groups)), groups.values()):
        with tab:
            values |= _drawn(system, names)
    return values


def _drawn(system: System, names: Sequence[str]) -> dict[str, Any]:
    """Widgets from the settings; those whose values span decades move in steps."""
    values = parts.knobs(system, [name for name in names if name == "model"])
    rest = [name for name in names if name != "model"]
    for first in range(0, len(rest), 3):
        for column, name in zip(st.columns(3, vertical_alignment="bottom"), rest[first:first + 3]):
            with column:
                values |= {name: _stepped(system, name)} if name in STEPS else parts.knobs(system, (name,), per_row=1)
    return values


def _stepped(system: System, name: str) -> Any:
    key, field = parts.knob_key(system, name), system.settings.model_fields[name]
    now = st.session_state.setdefault(key, field.default)
    return st.select_slider(name.replace("_", " ").capitalize(), sorted({*STEPS[name], now}), key=key, help=field.description,
                            format_func=lambda value: f"{value:g}")


def _prompts(system: System) -> dict[str, Any]:
    """The person's own prompts, or rare facts of the miniature's world."""
    key, field = parts.knob_key(system, "prompts"), system.settings.model_fields["prompts"]
    st.session_state.setdefault(key, "")
    text = st.text_area("Prompts", key=key, height=120, help=f"{field.description} At most 16, of 20,000 characters each.",
                        placeholder="One prompt per line. The miniature knows its own invented world only; a real model of the "
                                    "ladder takes any text.")
    values = parts.knobs(system, ("num_examples", "popularity"))
    st.button("Take rare facts", icon=":material/casino:", key="coda.take", on_click=_take, args=(system, values),
              help="Writes that many rare facts of the chosen miniature's world into the box, so that they can be edited.")
    return values | {"prompts": tuple(line.strip() for line in text.splitlines() if line.strip())}


def _take(system: System, values: Mapping[str, Any]) -> None:
    from backends.coda.facts import need_corpus, rare_prompts
    from backends.rungs import rung_of

    state = st.session_state
    state.pop("error.coda", None)
    try:
        corpus = need_corpus(rung_of(str(state.get(parts.knob_key(system, "model"), "coda-english")), "language"))
    except InputError as error:
        state["error.coda"] = str(error)
        return
    seed = int(state.get(parts.knob_key(system, "seed"), 0))
    state[parts.knob_key(system, "prompts")] = "\n".join(
        rare_prompts(corpus, popularity=values["popularity"], count=values["num_examples"], seed=seed))


def _methods(system: System) -> tuple[str, ...]:
    key, field = parts.knob_key(system, "methods"), system.settings.model_fields["methods"]
    kept = st.session_state.get(key, field.default)
    st.session_state[key] = [name for name in (kept.split(", ") if isinstance(kept, str) else kept) if name]
    return tuple(st.pills("Decoders", list(DECODER_NAMES), selection_mode="multi", key=key, format_func=DECODER_NAMES.__getitem__,
                          help=f"{field.description} Sampling needs a temperature above 0."))
