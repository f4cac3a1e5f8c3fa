"""Parts that every page uses: session, charts, knobs made from Settings, the running of a run, taking it away."""

import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go
import psutil
import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from backends.engine import RunState, the_engine
from backends.files.saved import load_result, save_result
from backends.registry import System
from backends.run import Result, Settings, explain
from backends.sessions import Session
from pages import ladder, saved_runs
from pages.text import code, plain
from visualizers.theme import themed
from worlds.errors import InputError

POLL_S = 0.4
MAX_NOTES = 20  # shown; real runs have a handful


@st.cache_resource(scope="session", on_release=lambda session: session.release(), show_spinner=False)
def session() -> Session:
    """This browser tab's files and runs; they go when it closes."""
    import secrets

    return Session(secrets.token_hex(8))


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def chart(figure: go.Figure, key: str, **options: Any) -> Any:
    """A figure in the app's template, with plotly's camera as its only tool."""
    config = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "autoScale2d"],
              "toImageButtonOptions": {"format": "svg", "filename": key.replace(".", "-")}}
    return st.plotly_chart(themed(figure, is_dark=is_dark()), key=key, theme=None, config=config, **options)


def machine_status() -> None:
    """What this machine offers, at the foot of the sidebar."""
    with st.sidebar:
        queue = the_engine().queue()
        memory = psutil.virtual_memory()
        lines = [f"Memory: {memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB",
                 f"Queue: {queue.running} running, {queue.waiting} waiting"]
        if "models.memory" in sys.modules:  # nothing is loaded before; asking would import torch
            from models.devices import machine
            from models.memory import budget

            device = machine()
            loaded = ", ".join(holding.title for holding in budget().loaded()) or "none yet"
            lines = [f"Device: {device.device_name}", *lines, f"Models loaded: {loaded}"]
        st.caption("**This machine**  \n" + "  \n".join(lines))


def head(system: System, claim_note: str) -> None:
    st.title(system.title)
    st.markdown(f"**{plain(system.claim)}**")
    st.caption(f"{system.paper} ({system.source}). {claim_note}")


def badge(result: Result, *, is_recorded: bool = False) -> None:
    """Which model is behind the picture, and whether it was run just now."""
    kind = ":orange-badge[miniature]" if result.is_miniature else ":green-badge[real checkpoint]"
    when = f" :gray-badge[recorded {plain(result.made_on)}; run it yourself with a button above]" if is_recorded else (
        f" :gray-badge[from a file, saved {plain(result.made_on)}]" if saved_runs.was_brought(result) else "")
    st.markdown(f"{kind} {code(result.model_id)} · seed {result.seed} · code {plain(result.code_version)}{when}")
    if result.was_stopped:
        icon = ":material/timer_off:" if result.ended == "time limit" else ":material/front_hand:"
        st.warning(plain(f"{result.reason} What it had found until then is shown."), icon=icon)
    notes = [note for note in result.notes if note != result.reason]
    for note in notes[:MAX_NOTES]:
        st.info(plain(note), icon=":material/info:")
    if len(notes) > MAX_NOTES:
        st.caption(f"{len(notes) - MAX_NOTES} more notes are in the whole run, below.")


def knob_key(system: System, name: str) -> str:
    return f"knob.{system.name}.{name}"


def set_knobs(system: System, settings: Settings) -> None:
    """Turn every knob to what `settings` say; call before the widgets are drawn or from a callback."""
    for name, value in settings:
        st.session_state[knob_key(system, name)] = ", ".join(value) if _is_names(value) else value


def _is_names(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(entry, str) for entry in value)


def presets(system: System, on_choice: Callable[[Any], None]) -> None:
    """One button per preset of the system; on a phone they share lines."""
    with st.container(horizontal=True, gap="small"):
        for label, (settings, help_text) in system.presets.items():
            st.button(label, key=f"preset.{system.name}.{label}", help=help_text, on_click=on_choice, args=(settings,))


def ladder_waits() -> bool:
    """Whether the knobs are best drawn last: their list of models imports torch, once, and pictures do not wait for it."""
    return "models.catalogue" not in sys.modules


def fold(system: System) -> Any:
    """Where the knobs are; filled by the page, later. Open where a file has to be uploaded first."""
    return st.expander("Your video, your question, every knob", icon=":material/tune:", key=f"fold.{system.name}",
                       expanded=bool(st.session_state.get(f"needs.{system.name}")))


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


def linked_settings(system: System) -> Any:
    """The settings of `?settings=`, once per session; a broken link is said, not followed."""
    text = st.query_params.get("settings")
    seen = f"link.{system.name}"
    if not text or st.session_state.get(seen) == text:
        return None
    st.session_state[seen] = text
    try:
        return system.settings.from_permalink(text)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/link_off:")
        return None


def missing_upload(settings: Settings) -> str:
    """The name of a file that the settings speak of and that this session does not have, or nothing."""
    files = session().inputs().files
    return next((name for name in _uploads(settings) if name not in files), "")


def _uploads(settings: Settings) -> list[str]:
    """The files that the settings name."""
    return [value.removeprefix("upload:") for _, value in settings if isinstance(value, str) and value.startswith("upload:")]


def pressed(place: DeltaGenerator, label: str, *, key: str, **options: Any) -> bool:
    """A button that runs what the knobs say; True in the rerun that its click made.

    No callback: its arguments would be those of the page as it stood before the click, and whoever types and clicks at once, without
    leaving the box first, would run what stood there before.
    """
    return bool(place.button(label, key=key, width="stretch", **options))


def start(system: System, settings: Settings) -> None:
    """Queue a run and remember it; its settings go into the address."""
    stop(system)
    state = st.session_state
    state.pop(f"error.{system.name}", None)
    state[f"needs.{system.name}"] = name = missing_upload(settings)
    if name:
        state[f"error.{system.name}"] = (f"These settings are for the file {name!r}, which is not in this session: a link holds "
                                         "settings, never a file. Upload it again below; the other knobs are set already.")
        return
    try:
        state[f"run.{system.name}"] = the_engine().submit(system.name, settings, session=session().session_id,
                                                          inputs=session().inputs())
    except InputError as error:
        state[f"error.{system.name}"] = str(error)
        return
    try:
        link = settings.permalink()
    except InputError:  # too long for an address; the foot of the page says so
        st.query_params.pop("settings", None)
        return
    state[f"link.{system.name}"] = link
    st.query_params["settings"] = link


def stop(system: System) -> None:
    if run_id := st.session_state.get(f"run.{system.name}"):
        try:
            the_engine().cancel(run_id)
        except InputError:  # the engine has already forgotten it
            st.session_state.pop(f"run.{system.name}", None)


def running(system: System) -> bool:
    return f"run.{system.name}" in st.session_state


def show_error(system: System) -> None:
    if message := st.session_state.get(f"error.{system.name}"):
        st.error(plain(message), icon=":material/error:")


@st.fragment(run_every=POLL_S)
def watch(system: System, draw: Callable[[Any], None]) -> None:
    """Progress, Stop and the newest partial result of the current run; when it ends, the page is drawn anew."""
    run_id = st.session_state.get(f"run.{system.name}")
    if run_id is None:
        return
    try:
        status = the_engine().status(run_id)
        seen = the_engine().seen(run_id)
    except InputError as error:
        st.session_state[f"error.{system.name}"] = str(error)
        del st.session_state[f"run.{system.name}"]
        st.rerun()
    if status.state.is_over:
        _take(system, seen.result, status.error)
        st.rerun()
    bar, button = st.columns([5, 1], vertical_alignment="center")
    button.button("Stop", key=f"stop.{system.name}", on_click=stop, args=(system,), icon=":material/stop_circle:",
                  width="stretch", help="Ends the run at its next step and keeps what it has.")
    if status.state is RunState.WAITING:
        wait = f", about {status.expected_wait_s:.0f} s" if status.expected_wait_s else ""
        bar.progress(0.0, text=f"Place {status.position} in the queue{wait}")
    elif newest := seen.progress:
        left = f" · about {newest.seconds_left:.0f} s left at most" if newest.seconds_left else ""
        bar.progress(min(1.0, newest.fraction), text=newest.stage + left)
    else:
        bar.progress(0.0, text="Starting")
    if seen.part is not None:
        draw(seen.part)


def _take(system: System, result: Result | None, error: str | None) -> None:
    store = st.session_state
    del store[f"run.{system.name}"]
    if result is not None:
        store[f"result.{system.name}"] = result
        store.pop(f"recorded.{system.name}", None)
    elif error:
        store[f"error.{system.name}"] = error


@st.cache_resource(show_spinner=False, max_entries=20)
def _opened(path: str, _kind: type[Result]) -> Result:
    return load_result(Path(path).read_bytes(), _kind)


def recorded(system: System, path: Path | None = None) -> Any:
    """The run that the page opens with, or another of the system's that is kept in a file."""
    return _opened(str(path or system.recorded), system.result)


def current_result(system: System) -> tuple[Any, bool]:
    """The session's result and False, else the recorded one and True, else None."""
    if result := st.session_state.get(f"result.{system.name}"):
        return result, False
    return (recorded(system), True) if system.recorded else (None, False)


def download_whole(system: System, result: Result, settings: Settings) -> None:
    """The buttons that every system has: whole run, numbers, link and Python."""
    first, second = st.columns(2)
    if said := saved_runs.why_not(system, result):
        first.caption(plain(said))
    else:
        first.download_button("Whole run (.orrery)", lambda: save_result(result), f"{system.name}-{result.seed}.orrery",
                              key=f"save.{system.name}", width="stretch", on_click="ignore",
                              help="Opens in this page again, with every array.")
    numbers = json.dumps(result.summary() if hasattr(result, "summary") else settings.model_dump(mode="json"), indent=2)
    second.download_button("Numbers (JSON)", numbers, f"{system.name}-{result.seed}.json", "application/json",
                           key=f"json.{system.name}", width="stretch", on_click="ignore")
    link(system, settings)
    st.caption("The same in Python")
    changed = ", ".join(f"{name}={value!r}" for name, value in settings.model_dump(exclude_defaults=True).items())
    kind = type(settings)
    st.code(f"from backends.run import Inputs, last\nfrom {kind.__module__} import {kind.__name__}\n"
            f"from backends.{system.name}.run import run\n\nresult = last(run({kind.__name__}({changed}), Inputs()))",
            language=None, wrap_lines=True)  # Streamlit's colours for code are too pale to be read by all


def link(system: System, settings: Settings) -> None:
    """The whole address of these settings, with a button that copies it."""
    page = (st.context.url or f"/{system.name}").split("?")[0]
    try:
        address = f"{page}?settings={settings.permalink()}"
    except InputError as error:
        st.caption(f":material/link_off: {plain(str(error))}")
        return
    st.caption("Link to these settings: whoever opens it gets the same knobs, and the run starts.")
    st.code(address, language=None, wrap_lines=True)
    for name in _uploads(settings):
        st.caption(f":material/warning: The link does not hold the file {plain(name)}: who opens it has to upload it again.")


def source_of(function: Callable[..., Any]) -> None:
    """Fold-out with the code that ran, so that it cannot be out of date."""
    with st.expander(f"The code: {function.__module__}.{function.__name__}"):
        st.code(inspect.getsource(function))
