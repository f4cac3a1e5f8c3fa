"""How the ladder of models reads: one line per rung, and what a person needs to know of one that is not here.

Text only; the pages and the Gradio front make widgets of it. Importing the catalogue imports torch, so the functions
do it, when they are first asked: a page's first picture does not wait for that.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backends.knobs import Knob, knob_of
from backends.made import PREFIX
from backends.run import Inputs, NamedModel, Settings
from worlds.errors import InputError

if TYPE_CHECKING:
    from models.catalogue import Rung

MAX_FOLDERS = 50  # of ORRERY_MODELS_DIR that are offered; any other can be typed


@dataclass(frozen=True)
class Choice:
    """One entry of the ladder's list. `value` is what the setting holds."""

    value: str
    title: str
    label: str
    is_here: bool


@dataclass(frozen=True)
class Missing:
    """Why a model that was chosen cannot run here, and what to do."""

    setting: str
    title: str
    what: str
    reason: str
    command: str  # that would bring it here; empty where none would
    fallback: str | None  # a value of the setting that works, or the empty one; None where there is none
    fallback_title: str


def offered(knob: Knob, *systems: str, asks_device: bool = True, inputs: Inputs | None = None) -> tuple[Choice, ...]:
    """What a system's setting of a model offers; where no system is named, the miniatures of all. Arguments as in `choices`."""
    return choices(*knob.listed, systems=(*systems, *knob.borrows) if systems else (), none_label=knob.none_label,
                   only_real=knob.only_real, asks_device=asks_device, inputs=inputs)


def choices(*roles: str, systems: tuple[str, ...] = (), none_label: str = "", only_real: bool = False, asks_device: bool = True,
            inputs: Inputs | None = None) -> tuple[Choice, ...]:
    """What runs here first, folders of one's own next, then the rest with the reason in the label.

    Args:
        only_real: no miniature, and nothing that was trained from one.
        systems: who offers them, and from whom it borrows: miniatures that were made for others are left out.
        none_label: how "no model" reads; empty where the setting needs one.
        inputs: what a session brought: models that its runs made are offered first.
        asks_device: False where no accelerator may be touched yet; then only the files decide.
    """
    from models import catalogue

    rungs = [rung for role in roles for rung in catalogue.rungs(role, *systems)  # type: ignore[arg-type]
             if not (only_real and rung.is_miniature)]
    sized = [(rung, f"{rung.title} · {_megabytes(rung)}") for rung in rungs]
    here = [Choice(rung.name, rung.title, label, True) for rung, label in sized if _runs(rung, asks_device)]
    gone = [Choice(rung.name, rung.title, f"{label} (not here: {_short(rung)})", False) for rung, label in sized
            if not _runs(rung, asks_device)]
    none = [Choice("", none_label, none_label, True)] if none_label else []
    made = [] if only_real else [choice for role in roles for choice in _made(role, systems, inputs or Inputs())]
    return (*none, *made, *here, *(choice for role in roles for choice in _folders(role)), *gone)


def value_of(text: str, *roles: str) -> str:
    """What a setting of these roles wants for what a person typed: a rung's name for its title."""
    wanted = text.strip()
    if wanted.startswith(PREFIX):
        return wanted
    for choice in choices(*roles):
        if wanted.lower() in (choice.value.lower(), choice.title.lower(), choice.label.lower()):
            return choice.value
    return wanted


def missing(settings: Settings, inputs: Inputs | None = None) -> tuple[Missing, ...]:
    """The models that the settings name and that cannot run here."""
    found = []
    for named in settings.named_models():
        try:
            rung = _rung(named.name, *named.roles, inputs=inputs)
        except InputError as error:
            found.append(Missing(named.setting, named.name, "", str(error), "", *_fallback(settings, named)))
            continue
        from models.catalogue import availability

        state = availability(rung, quantisation=named.quantisation)  # type: ignore[arg-type]
        if not state.ok:
            what = (f"{rung.architecture}, {_millions(rung)}, about {_megabytes(rung, named.quantisation)} of memory, "
                    f"licence {rung.licence}. {rung.note}")
            found.append(Missing(named.setting, rung.title, what, state.reason, _command(state.reason), *_fallback(settings, named)))
    return tuple(found)


def memory_mb(settings: Settings, inputs: Inputs | None = None) -> int:
    """Estimated memory of all models that the settings name; one that is not known counts nothing."""
    total = 0
    for named in settings.named_models():
        try:
            total += _memory_mb(_rung(named.name, *named.roles, inputs=inputs), named.quantisation)
        except InputError:
            continue
    return total


def _rung(name: str, *roles: str, inputs: Inputs | None = None) -> "Rung":
    from backends.rungs import rung_of

    return rung_of(name, *roles, made=(inputs or Inputs()).model)  # type: ignore[arg-type]


def _made(role: str, systems: tuple[str, ...], inputs: Inputs) -> list[Choice]:
    """The models that runs of this session made, the newest first."""
    from models.catalogue import suits

    found: list[Choice] = []
    for name in dict.fromkeys(name for result in reversed(list(inputs.results.values())) for name in result.made):
        try:
            rung = _rung(name, role, inputs=inputs)
        except InputError:  # it had to make room, or does something else
            continue
        if suits(rung, *systems):
            found.append(Choice(name, rung.title, f"{rung.title} · {_megabytes(rung)}", True))
    return found


def _fallback(settings: Settings, named: NamedModel) -> tuple[str | None, str]:
    """The setting's default and how it reads; None where that is what is missing, or is not here itself."""
    default = str(knob_of(type(settings), named.setting).default)
    if not default:
        return "", ""
    from models.catalogue import missing_files

    rung = _rung(default, *named.roles)
    return (None, "") if default == named.name or missing_files(rung) else (default, rung.title)


def _runs(rung: "Rung", asks_device: bool) -> bool:
    from models.catalogue import availability, missing_files

    if not asks_device:
        return not missing_files(rung)
    return any(availability(rung, quantisation=kind).ok for kind in rung.quantisations)


def _short(rung: "Rung") -> str:
    from models.catalogue import missing_files

    reason = missing_files(rung)
    if not reason:
        return "needs more memory"
    return "a package is missing" if "package" in reason else "no weights on this machine"


def _command(reason: str) -> str:
    """The catalogue's sentences end in 'with: COMMAND.'"""
    return reason.rpartition("with: ")[2].rstrip(".") if "with: " in reason else ""


def _memory_mb(rung: "Rung", quantisation: str) -> int:
    """0 where it has no such quantisation."""
    return next((size for kind, size in rung.memory_mb.items() if kind == quantisation), 0)


def _megabytes(rung: "Rung", quantisation: str = "") -> str:
    """In that quantisation, or in the smallest that it has."""
    least = _memory_mb(rung, quantisation) or min(rung.memory_mb.values())
    return f"{least / 1000:.1f} GB" if least >= 1000 else f"{least} MB"


def _millions(rung: "Rung") -> str:
    return f"{rung.parameters / 1e9:.1f} billion parameters" if rung.parameters >= 1e9 else (
        f"{rung.parameters / 1e6:.0f} million parameters")


def _folders(role: str) -> list[Choice]:
    if not os.environ.get("ORRERY_MODELS_DIR"):
        return []
    from models.catalogue import local_folders, local_name

    names = [local_name(path) for path in local_folders(most=MAX_FOLDERS) if _is_readable(path, role)]
    return [Choice(name, name, f"{name} (my folder)", True) for name in names]


@cache
def _is_readable(path: Path, role: str) -> bool:
    try:
        _rung(str(path), role)
    except InputError:
        return False
    return True
