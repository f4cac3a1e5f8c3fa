"""Widgets made from Settings, and what they say."""

import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st
from pydantic import ValidationError

from backends.registry import System
from backends.run import Settings, explain
from pages.house import ladder
from pages.house.text import plain

IN_THE_WAY = "This cannot run yet: the message above says why."


def knob_key(system: System, name: str) -> str:
    return f"knob.{system.name}.{name}"


def set_knobs(system: System, settings: Settings) -> None:
    """Turn every knob to what `settings` say; call before the widgets are drawn or from a callback."""
    for name, value in settings:
        st.session_state[knob_key(system, name)] = ", ".join(value) if _is_names(value) else value


def _is_names(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(entry, str) for entry in value)


def knobs(system: System, names: Sequence[str], *, per_row: int = 3, steps: Mapping[str, Sequence[float]] = {}) -> dict[str, Any]:
    """One widget per setting, made from its type, bounds and description; returns what they say.

    Args:
        steps: setting -> the values at which its slider stops, beside any other that it was turned to.
    """
    ladders = [name for name in names if _schema(system, name).get("role")]  # their entries are long: a line each
    values = {name: _knob(system, name) for name in ladders}
    names = [name for name in names if name not in ladders]
    for first in range(0, len(names), per_row):
        for column, name in zip(st.columns(per_row, vertical_alignment="bottom"), names[first:first + per_row]):
            with column:
                values[name] = _knob(system, name, steps.get(name, ()))
    return values


def tabs(system: System, groups: Mapping[str, Sequence[str]], *, steps: Mapping[str, Sequence[float]] = {}) -> dict[str, Any]:
    """The knobs of each group behind a tab of its own; returns what they all say."""
    values: dict[str, Any] = {}
    for tab, names in zip(st.tabs(list(groups)), groups.values()):
        with tab:
            values |= knobs(system, names, steps=steps)
    return values


def pills(system: System, name: str, labels: Mapping[str, str], label: str, *, note: str = "") -> tuple[str, ...]:
    """A setting that takes several of a few names, one click each; `note` goes behind its description."""
    return tuple(st.pills(label, list(labels), selection_mode="multi", key=several(system, name), format_func=labels.__getitem__,
                          help=f"{system.settings.model_fields[name].description}{note}"))


def several(system: System, name: str) -> str:
    """The key of a widget that takes several names; its value is made a list, which `set_knobs` and defaults are not."""
    key = knob_key(system, name)
    kept = st.session_state.get(key, system.settings.model_fields[name].default)
    st.session_state[key] = [entry for entry in (kept.split(", ") if isinstance(kept, str) else kept) if entry]
    return key


def _schema(system: System, name: str) -> dict[str, Any]:
    schema = system.settings.model_json_schema()["properties"][name]
    return next((choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"), {}) | schema


def _knob(system: System, name: str, steps: Sequence[float] = ()) -> Any:
    field = system.settings.model_fields[name]
    schema = _schema(system, name)
    key, label, help_text = knob_key(system, name), name.replace("_", " ").capitalize(), field.description
    is_optional = type(None) in typing.get_args(field.annotation)
    if key not in st.session_state:
        default = field.get_default(call_default_factory=True)
        st.session_state[key] = ", ".join(default) if _is_names(default) else default
    if steps:
        return st.select_slider(label, sorted({*steps, st.session_state[key]}), key=key, help=help_text,
                                format_func=lambda value: f"{value:g}")
    if schema.get("role"):
        return ladder.knob(label, key, help_text, role=schema["role"], also=tuple(schema["roles"][1:]), none_label=schema["none"])
    if typing.get_origin(field.annotation) is Literal:
        return st.selectbox(label, typing.get_args(field.annotation), key=key, help=help_text)
    if schema.get("type") == "boolean":
        return st.checkbox(label, key=key, help=help_text)
    if schema.get("type") == "array":
        text = st.text_input(label, key=key, help=f"{help_text} Separate by commas.")
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if schema.get("type") in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        is_whole = schema["type"] == "integer"
        if is_optional or high is None or high > 10_000:
            cast = int if is_whole else float  # Streamlit refuses mixed kinds
            return st.number_input(label, min_value=None if low is None else cast(low), key=key, help=help_text,
                                   max_value=None if high is None else cast(high), step=cast(1) if is_whole else 0.05,
                                   placeholder="automatic" if is_optional else None)
        low = (1 if is_whole else 0.01) if "exclusiveMinimum" in schema or low is None else low
        return st.slider(label, int(low) if is_whole else float(low), int(high) if is_whole else float(high), key=key,
                         help=help_text)
    return st.text_input(label, key=key, help=help_text, max_chars=schema.get("maxLength"))


def settings_from(system: System, values: Mapping[str, Any]) -> Any:
    """The settings that the knobs say, or None with a sentence on the page about each that is wrong."""
    try:
        return system.settings(**values)
    except ValidationError as error:
        st.error(plain(explain(error)), icon=":material/error:")
        return None


def can_run(system: System, asked: Any) -> bool:
    """Whether the settings are right and every model that they name is here; draws a card for each that is not."""
    return asked is not None and ladder.cards(asked, lambda name: knob_key(system, name))
