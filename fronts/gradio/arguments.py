"""The settings of a system as typed arguments, for REST, `gradio_client` and MCP: one per setting, from the settings' own schema.

A setting's argument has its type, bounds, default and description. What a front needs beside (group, role) is left out; a setting
that takes a file also takes one that was uploaded, over REST as FileData.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from backends.knobs import UPLOAD, Knob, knobs_of
from backends.registry import System
from backends.run import Result, Settings
from backends.sessions import MAX_FILE_MB
from visualizers import ladder

Schema: TypeAlias = dict[str, Any]  # Any: JSON

_KEPT = ("type", "anyOf", "enum", "const", "items", "prefixItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
         "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "default")
_FILE: Schema = {  # as Gradio's clients know a file that they upload
    "type": "object", "title": "FileData", "required": ["path", "meta"],
    "properties": {"path": {"type": "string", "description": "What came back from the upload."},
                   "meta": {"type": "object", "properties": {"_type": {"const": "gradio.FileData"}}}}}


def arguments(what: System[Settings, Result], *, asks_device: bool = True) -> dict[str, Schema]:
    """The JSON schema of each setting by its name, in the order of the settings.

    Args:
        asks_device: False where no accelerator may be touched yet.
    """
    fields = what.settings.model_json_schema()["properties"]
    return {knob.name: _argument(what, knob, fields[knob.name], asks_device) for knob in knobs_of(what.settings)}


def with_files(what: System[Settings, Result], schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """The same where a file can be handed over with the call."""
    takes_files = {knob.name for knob in knobs_of(what.settings) if knob.uploads}
    return {name: _or_a_file(schema) if name in takes_files else schema for name, schema in schemas.items()}


def tool_schema(what: System[Settings, Result], *, asks_device: bool = True) -> Schema:
    """The JSON schema of all arguments together, as MCP has it."""
    return {"type": "object", "properties": arguments(what, asks_device=asks_device), "additionalProperties": False}


def _argument(what: System[Settings, Result], knob: Knob, field: Schema, asks_device: bool) -> Schema:
    """One setting's type, bounds and default, with what it means and what it may be."""
    schema: Schema = {name: field[name] for name in _KEPT if name in field}
    schema["description"] = " ".join(filter(None, (knob.description or knob.label, *_beside(knob))))
    if knob.kind == "model":
        offered = ladder.offered(knob, what.name, asks_device=asks_device)
        schema["examples"] = [choice.value for choice in offered if choice.is_here]
    elif knob.suggestions or knob.stops:
        schema["examples"] = [list(knob.stops)] if knob.is_picked else list(knob.suggestions or knob.stops)
    return schema


def _beside(knob: Knob) -> list[str]:
    """What an argument's description says beside the setting's own."""
    said = []
    if knob.kind == "model":
        said.append("Or the name of a folder below ORRERY_MODELS_DIR.")
    if knob.kind == "result":
        said.append("Of a call leave it empty: each is a session of its own, without earlier runs.")
    if knob.uploads:
        said.append(f"Or a file of your own ({', '.join(knob.uploads)}, up to {knob.upload_mb or MAX_FILE_MB} MB), named as "
                    f"{UPLOAD}NAME once it was brought.")
    return said


def _or_a_file(schema: Schema) -> Schema:
    """The same argument, or a FileData in its place."""
    return {"anyOf": [{name: value for name, value in schema.items() if name not in ("description", "default")}, _FILE],
            **{name: schema[name] for name in ("description", "default") if name in schema}}
