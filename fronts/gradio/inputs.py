"""Knobs as Gradio's components, and what they hold. What a knob is stands in `backends.knobs`."""

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
from pydantic import ValidationError

from backends.knobs import Knob
from backends.run import Inputs, Result, Settings, explain
from backends.sessions import MAX_FILE_MB
from fronts.gradio.zero_gpu import ON_ZERO_GPU
from visualizers import ladder
from worlds.errors import InputError


def component(knob: Knob, system: str = "") -> gr.components.Component:
    """The input of one setting of a system."""
    label, info, value = knob.label, knob.description, shown(knob, knob.default)
    if knob.kind == "model":
        return gr.Dropdown(rungs_offered(knob, system), value=value, allow_custom_value=True, label=label,
                           info=f"{info} Or type the name of a folder below ORRERY_MODELS_DIR.")
    if knob.kind in ("choice", "several"):
        offered = [(knob.name_of(choice), choice) for choice in knob.choices]
        return gr.Dropdown(offered, value=value, multiselect=knob.kind == "several", label=label, info=info)
    if knob.is_picked:  # others may be typed: a link's value need not be among them
        return gr.Dropdown([(f"{stop:g}", stop) for stop in knob.stops], value=value, multiselect=True, allow_custom_value=True,
                           label=label, info=info)
    if knob.kind == "switch":
        return gr.Checkbox(value, label=label, info=info)
    if knob.is_ranged and knob.first is not None and knob.last is not None:
        return gr.Slider(knob.first, knob.last, value=value, step=knob.step, label=label, info=info)
    if knob.kind in ("whole", "number") and not knob.is_optional:
        precision = 0 if knob.kind == "whole" else None
        return gr.Number(value, minimum=knob.first, maximum=knob.last, precision=precision, label=label, info=info)
    if knob.suggestions:
        return gr.Dropdown(list(knob.suggestions), value=value, allow_custom_value=True, label=label, info=info)
    if knob.kind == "result":
        return gr.Dropdown(runs_offered(knob, {}), value=value, allow_custom_value=True, label=label,
                           info=f"{info} Your runs are listed once they are done.")
    if knob.is_by_line:
        return gr.Textbox(value, lines=4, label=label, info=f"{info} (one per line)")
    if knob.kind in ("texts", "numbers"):
        return gr.Textbox(value, label=label, info=f"{info} (separated by commas)")
    # a number box could not be empty; and no max_length, which would cut a longer text without a word: the settings refuse it
    return gr.Textbox(value, label=label, info=info)


def rungs_offered(knob: Knob, system: str = "", inputs: Inputs | None = None) -> list[tuple[str, str]]:
    """Label and value of each rung that a model's setting offers; those that runs of the session made are among them."""
    rungs = ladder.offered(knob, *([system] if system else []), asks_device=not ON_ZERO_GPU, inputs=inputs)
    return [(rung.label, rung.value) for rung in rungs]


def runs_offered(knob: Knob, results: Mapping[str, Result]) -> list[tuple[str, str]]:
    """Label and value of each run that the session holds, the newest first, with the choice of none before them."""
    return [(knob.none_label or "None", "")] + [(f"{result.title} ({name})" if result.title else name, name)
                                                for name, result in reversed(list(results.items()))]


def upload_box(knob: Knob) -> gr.File:
    """Where a file for this setting can be brought."""
    label = f"{knob.label}: bring your own ({', '.join(knob.uploads)}, up to {knob.upload_mb or MAX_FILE_MB} MB)"
    return gr.File(label=label, height=180, file_types=[f".{ending}" for ending in knob.uploads], type="filepath")


def shown(knob: Knob, value: object) -> Any:  # Any: JSON
    """A setting's value as its component holds it."""
    if knob.kind == "several" or knob.is_picked:
        return list(value) if isinstance(value, list | tuple) else []
    is_typed = knob.kind in ("texts", "numbers") or knob.is_optional
    return knob.typed(value) if is_typed else value


def parsed(knob: Knob, value: object) -> Any:  # Any: JSON
    """What a component holds, as the setting takes it."""
    if knob.kind == "model":
        return ladder.value_of(str(value or ""), *knob.roles)
    if (knob.kind == "several" or knob.is_picked) and value is None:
        return []
    if isinstance(value, str):
        return knob.read(value)
    return int(value) if knob.kind == "whole" and isinstance(value, float) and value.is_integer() else value


def checked(kind: type[Settings], values: Mapping[str, object]) -> Any:  # Any: an instance of `kind`
    """Raises: InputError naming every field that is wrong, with its limit."""
    try:
        return kind.model_validate_json(json.dumps(values))  # as JSON: lists are tuples there
    except ValidationError as error:
        raise InputError(explain(error, kind.model_fields)) from error
    except (TypeError, ValueError) as error:
        raise InputError("The settings are not a JSON object of plain values.") from error
