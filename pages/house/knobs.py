"""The knobs of a system as widgets, and what they say. What a knob is stands in `backends.knobs`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st
from pydantic import ValidationError
from streamlit.runtime.uploaded_file_manager import UploadedFile

from backends.knobs import UPLOAD, Knob, groups_of, knob_of, knobs_of
from backends.registry import System
from backends.run import R, S, Settings, explain
from backends.sessions import MAX_FILE_MB
from pages.house import beside, ladder, session, style
from pages.house.text import plain
from worlds.errors import InputError

IN_THE_WAY = "This cannot run yet: the message above says why."
THE_TASK = "task"  # is chosen above the knobs


def knob_key(system: System, name: str) -> str:
    return f"knob.{system.name}.{name}"


def set_knobs(system: System, settings: Settings) -> None:
    """Turn every knob to what `settings` say; call before the widgets are drawn or from a callback."""
    for name, value in settings:
        turn(system, name, value)


def _held(knob: Knob, value: object) -> object:
    """A setting's value as its widget holds it."""
    if isinstance(value, tuple) and (knob.kind == "several" or knob.is_picked):
        return list(dict.fromkeys(value))
    if knob.kind == "result":  # a link or a file may name a run of another session
        return value if value in session.current().results else ""
    return knob.typed(value) if knob.kind in ("texts", "numbers") else value


def turn(system: System, name: str, value: object) -> None:
    """Turn one knob; before its widget is drawn, or from a callback."""
    st.session_state[knob_key(system, name)] = _held(knob_of(system.settings, name), value)


def set_default(system: System, name: str) -> None:
    """Turn one knob back to its default."""
    turn(system, name, knob_of(system.settings, name).default)


def said(system: System[S, R], names: Sequence[str] | None = None) -> dict[str, object]:
    """What the knobs say, drawn or not: of these settings, by default of all."""
    return {knob.name: _read(knob, st.session_state[held(system, knob.name)]) for knob in knobs_of(system.settings)
            if names is None or knob.name in names}


def say(system: System[S, R], settings: S) -> bool:
    """Whether the knobs say these settings."""
    return all(value == getattr(settings, name) for name, value in said(system).items() if name != THE_TASK)


def _read(knob: Knob, value: object) -> object:
    """A widget's value as the setting has it."""
    if (knob.kind == "several" or knob.is_picked) and isinstance(value, list | tuple):
        return tuple(value)
    if knob.kind == "model":
        return ladder.value_of(str(value or ""), knob)
    return knob.read(str(value or "")) if knob.kind in ("texts", "numbers") else value


@contextmanager
def turning_by_itself(system: System) -> Iterator[None]:
    """What is turned inside, the page turns, as when a new file comes: a person is not told of it as of what they turned.

    It holds for as long as the same picture is shown.
    """
    before = said(system)
    yield
    turned = {name: value for name, value in said(system).items() if value != before[name]}
    shown, already = st.session_state.get(f"{system.name}.stand"), by_itself(system)
    st.session_state[f"{system.name}.by.itself"] = shown, already | turned


def by_itself(system: System) -> dict[str, object]:
    """What the page turned by itself since the picture that is shown, and a person has not turned since."""
    shown, turned = st.session_state.get(f"{system.name}.by.itself", (None, {}))
    if shown is not st.session_state.get(f"{system.name}.stand"):
        return {}
    now = said(system, tuple(turned))
    return {name: value for name, value in turned.items() if now[name] == value}


def of(system: System, *groups: str) -> tuple[str, ...]:
    """The settings of these groups in their order, without the task.

    Raises: KeyError where the settings know no such group.
    """
    known = groups_of(system.settings)
    return tuple(knob.name for group in groups for knob in known[group] if knob.name != THE_TASK)


def knobs(system: System, names: Sequence[str], *, per_row: int = 3) -> dict[str, object]:
    """One widget per setting, made from its knob; returns what they say."""
    ladders = [name for name in names if knob_of(system.settings, name).kind == "model"]  # their entries are long: a line each
    values = {name: _drawn(system, name) for name in ladders}
    names = [name for name in names if name not in ladders]
    for first in range(0, len(names), per_row):
        for column, name in zip(st.columns(per_row, vertical_alignment="bottom"), names[first:first + per_row]):
            with column:
                values[name] = _drawn(system, name)
    return values


def tabs(system: System, groups: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The knobs of these groups of the settings behind a tab with that label; returns what they all say."""
    values: dict[str, object] = {}
    for tab, names in zip(st.tabs(list(groups)), groups.values()):
        with tab:
            values |= knobs(system, of(system, *names))
    return values


def pills(system: System, name: str, labels: Mapping[str, str], *, note: str = "") -> tuple[str, ...]:
    """A setting that takes several of a few names, one click each; `note` goes behind its description."""
    knob = knob_of(system.settings, name)
    return tuple(st.pills(knob.label, list(labels), selection_mode="multi", key=held(system, name), format_func=labels.__getitem__,
                          help=f"{knob.description}{note}"))


def lines(system: System, name: str, *, height: int, placeholder: str, note: str = "") -> tuple[str, ...]:
    """A setting of texts that are written one per line; `note` goes behind its description."""
    knob = knob_of(system.settings, name)
    said = st.text_area(knob.label, key=held(system, name), height=height, help=f"{knob.description}{note}", placeholder=placeholder)
    return knob.entries(said or "")


def held(system: System, name: str) -> str:
    """The key of a setting's widget, under which there is a value from now on: its default where nothing turned it yet."""
    key, knob = knob_key(system, name), knob_of(system.settings, name)
    if key not in st.session_state:
        st.session_state[key] = _held(knob, knob.default)
    return key


def _drawn(system: System, name: str) -> object:
    knob, key = knob_of(system.settings, name), held(system, name)
    if knob.kind == "model":
        return ladder.knob(system, knob, key)
    if knob.kind == "result":
        return _earlier(system, knob, key)
    if knob.kind == "choice":
        return st.selectbox(knob.label, knob.choices, key=key, help=knob.description, format_func=knob.name_of)
    if knob.kind == "several":
        return tuple(st.multiselect(knob.label, knob.choices, key=key, help=knob.description, format_func=knob.name_of))
    if knob.is_picked:
        st.session_state[key] = [_as_number(value) for value in st.session_state[key]]
        offered = sorted({*knob.stops, *st.session_state[key]})
        return tuple(st.multiselect(knob.label, offered, key=key, help=knob.description, format_func=lambda value: f"{value:,}"))
    if knob.kind == "switch":
        return st.checkbox(knob.label, key=key, help=knob.description)
    if knob.kind in ("whole", "number"):
        return _number(knob, key)
    if knob.is_by_line:
        return knob.read(st.text_area(knob.label, key=key, help=f"{knob.description} One per line.") or "")
    if knob.kind in ("texts", "numbers"):
        return knob.read(st.text_input(knob.label, key=key, help=f"{knob.description} Separate by commas.") or "")
    return st.text_input(knob.label, key=key, help=knob.description)


def _as_number(value: str | float) -> float:
    """A picked number; Streamlit gives one that was not among its options back as it was shown."""
    plain = str(value).replace(",", "")
    return int(plain) if plain.isdecimal() else float(plain)


def _earlier(system: System, knob: Knob, key: str) -> str:
    """A list of the runs that this session holds, of those that made something that can be gone on from."""
    held = {name: result for name, result in beside.held(system).items() if result.made}
    offered = {"": knob.none_label} | {name: beside.label(name, result) for name, result in held.items()}
    if st.session_state.get(key) not in offered:  # it held too many, and forgot that one
        st.session_state[key] = ""
    return str(st.selectbox(knob.label, list(offered), format_func=offered.__getitem__, key=key, help=knob.description))


def _number(knob: Knob, key: str) -> float | None:
    """A slider between bounds that are not far apart, else a box of its own."""
    if knob.stops:
        stops = sorted({*knob.stops, st.session_state[key]})
        return st.select_slider(knob.label, stops, key=key, help=knob.description, format_func=lambda value: f"{value:g}")
    cast = int if knob.kind == "whole" else float  # Streamlit refuses mixed kinds
    low, high = (None if bound is None else cast(bound) for bound in (knob.first, knob.last))
    if knob.is_ranged:
        return st.slider(knob.label, low, high, step=cast(knob.step), key=key, help=knob.description,
                         format=None if knob.kind == "whole" else "%g")  # two digits would say 0.99 of 0.995
    return st.number_input(knob.label, low, high, step=cast(knob.step) if knob.kind == "whole" else 0.05, key=key,
                           format=None if knob.kind == "whole" else "%g", help=knob.description,
                           placeholder="automatic" if knob.is_optional else None)


def own_upload(system: System, name: str, label: str, *, note: str, on_new: Callable[[System], None]) -> None:
    """The upload box that stands beside the presets: each new file is at once what the knob of the setting says.

    Args:
        on_new: turns what belonged to the input before; the page is drawn anew after it.
    """
    key = f"own.{system.name}.{name}"
    with st.container(key=style.OWN):
        file, taken = _box(system, name, label, key=key, note=note), f"{key}.taken"
        if file is None or st.session_state.get(taken) == file.file_id:
            return
        if stored := _stored(system, name, file, key):  # else what is wrong with it stands there as long as the file does
            state = st.session_state
            state[taken] = file.file_id
            state.pop(f"error.{system.name}", None)
            waits = state.get(f"{system.name}.waiting")
            if waits is None or getattr(waits, name) != stored:  # else it is the file that a link lacked
                leave_link(system)
                with turning_by_itself(system):
                    on_new(system)
                    state[knob_key(system, name)] = stored
            st.rerun()


def brought(system: System, name: str) -> tuple[str, ...]:
    """What the setting is called for each file that came through the box beside the presets and is still here."""
    stored: Mapping[str, str] = st.session_state.get(f"own.{system.name}.{name}.stored", {})
    here = session.current().inputs().files
    return tuple(one for one in dict.fromkeys(stored.values()) if one.removeprefix(UPLOAD) in here)


def leave_link(system: System) -> None:
    """A link that waits to be run is put aside; its knobs stay, and what is shown in its place does not turn them."""
    if st.session_state.pop(f"{system.name}.waiting", None) is not None:
        st.session_state[f"{system.name}.stays"] = True


def own_file(system: System, name: str) -> str:
    """The file of this session's own that the knob of a setting names; nothing where it names none, or one that is not here."""
    said = str(st.session_state.get(knob_key(system, name)) or "")
    file = said.removeprefix(UPLOAD)
    return file if said.startswith(UPLOAD) and file in session.current().inputs().files else ""


def is_about(system: System, name: str, settings: Settings) -> bool:
    """Whether a run of these settings was about what the knob of this one says now."""
    return getattr(settings, name) == st.session_state.get(knob_key(system, name))


def kept_upload(system: System, name: str, *, key: str, note: str, label: str = "", can_be_removed: bool = False) -> str:
    """The upload box of a setting, whose knob is turned to each new file and stays so; returns what the setting says.

    Args:
        label: of the box, where it is not the setting's.
        can_be_removed: whether the knob goes back to its default once its file is taken out of the box.
    """
    called = label or knob_of(system.settings, name).label
    file, knob, taken = _box(system, name, called, key=key, note=note), knob_key(system, name), f"{key}.taken"
    if file and st.session_state.get(taken) != file.file_id and (stored := _stored(system, name, file, key)):
        st.session_state[knob], st.session_state[taken] = stored, file.file_id
    elif can_be_removed and file is None and st.session_state.pop(taken, None):
        set_default(system, name)
    chosen = str(st.session_state.get(knob) or "")
    if not chosen.startswith(UPLOAD):
        return ""
    st.caption(f"Chosen: {plain(chosen.removeprefix(UPLOAD))}")
    return chosen


def _box(system: System, name: str, label: str, *, key: str, note: str) -> UploadedFile | None:
    knob = knob_of(system.settings, name)
    return st.file_uploader(label, type=list(knob.uploads), key=key, help=note, max_upload_size=upload_mb(system, name))


def upload_mb(system: System, name: str) -> int:
    """The largest file that may be brought for a setting."""
    return knob_of(system.settings, name).upload_mb or MAX_FILE_MB


def _stored(system: System, name: str, file: UploadedFile, key: str) -> str:
    """Copy a file into the session, once; what it may not be is said below its box."""
    kept: dict[str, str] = st.session_state.setdefault(f"{key}.stored", {})
    if file.file_id not in kept:
        try:
            stored = session.current().add_upload(file.name, file, check=system.checks.get(name))
        except InputError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return ""
        kept[file.file_id] = f"{UPLOAD}{stored}"
    return kept[file.file_id]


def settings_from(system: System[S, R], values: Mapping[str, object], *, is_said: bool = True) -> S | None:
    """The settings that the knobs say, or None with a sentence on the page about each that is wrong.

    It alone bounds a text, so that a longer one stays in its box and is told: Streamlit's own bound, max_chars, takes nothing of
    it and says nothing.

    Args:
        is_said: False where the page says it elsewhere.
    """
    try:
        return system.settings(**values)
    except ValidationError as error:
        if is_said:
            labels = {knob.name: knob.label for knob in knobs_of(system.settings)}
            st.error(plain(explain(error, labels=labels)), icon=":material/error:")
        return None


def can_run(system: System, asked: Settings | None, *, place: str = "") -> bool:
    """Whether the settings are right and every model that they name is here; draws a card for each that is not.

    Args:
        place: where a page draws them a second time.
    """
    return asked is not None and ladder.cards(asked, lambda name: knob_key(system, name), place=place)
