"""A knob: one setting as people turn it, described once for every front.

A field of some Settings is written with `knob(...)`. `knobs_of` makes its description from the model's JSON schema, and the
fronts draw from that alone: no front looks into a schema, and no group of settings is listed a second time. A field that
fits no kind of knob is a mistake of whoever wrote the Settings, and is told when they are imported.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypedDict, Unpack

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from worlds.errors import InputError

QUANTISED_BY = "quantisation"  # the setting of a run with one model
UPLOAD = "upload:"  # before the name of a file that a session brought
NO_GROUP = "settings"
WEIGHTS = {"none": "as they are", "int8": "8 bit (int8)", "nf4": "4 bit (NF4)"}  # how weights are packed
MAX_RANGE = 10_000  # a wider one, such as a seed's, is typed: no slider meets a value in it
USUAL_STEP = 0.01  # of a number that is not whole

RESULT = "result"  # the role of a setting that names an earlier run of the session
Kind = Literal["choice", "switch", "whole", "number", "text", "model", "result", "several", "texts", "numbers"]
Schema = Mapping[str, Any]  # Any: JSON, whose form pydantic vouches for


class Limits(TypedDict, total=False):
    """Pydantic's own, of one setting."""

    ge: float
    gt: float
    le: float
    lt: float
    min_length: int
    max_length: int
    pattern: str
    multiple_of: float
    fail_fast: bool


def knob(default: object, group: str, description: str, *, label: str = "", role: str = "", also: tuple[str, ...] = (),
         names: Mapping[Any, str] | None = None, none: str = "", quantised_by: str = QUANTISED_BY, borrows: tuple[str, ...] = (),
         listed: tuple[str, ...] = (), only_real: bool = False, suggestions: tuple[str, ...] = (), stops: tuple[float, ...] = (),
         is_by_line: bool = False, uploads: tuple[str, ...] = (), upload_mb: int | None = None,
         **limits: Unpack[Limits]) -> Any:  # Any: like pydantic's Field, it stands for a value of whatever type its field has
    """A field of some Settings as people turn it.

    Args:
        group: settings of one group stand together.
        label: what the knob is called on a page, where its name in words does not say it best.
        names: what its choices are called on a page, those whose code does not say it best.
        role: the setting names a model of that ladder, or, as "result", an earlier run; `none` is how leaving it empty reads.
        also: roles beside it that the setting takes too.
        borrows: systems whose miniatures are offered too.
        listed: roles whose rungs are listed, where that is more than the first; names of the others can be typed.
        only_real: no miniature is offered.
        quantised_by: the setting that says how this model's weights are packed; each model of a run has its own. "": it is read
            from the disk a tensor at a time, and never packed.
        suggestions: likely values of a setting that takes any.
        stops: likely values of a number whose range is too wide for even steps; of several numbers those that can be picked.
        is_by_line: several texts are typed one per line, for there may be commas in them.
        uploads: endings of the files that can be brought for it, which it then names as "upload:NAME"; the content decides.
        upload_mb: the largest such file; by default as large as any.
        limits: pydantic's own: ge, le, max_length ...
    """
    if isinstance(default, tuple):
        limits["fail_fast"] = True  # a file may hold a million wrong entries; each would be told
    extra: JsonDict = {"group": group}
    if role == RESULT:
        extra |= {"role": role, "none": none}
    elif role:
        extra |= {"role": role, "roles": [role, *also], "none": none, "quantised_by": quantised_by, "borrows": list(borrows),
                  "listed": list(listed or (role,)), "only_real": only_real}
    said: JsonDict = {"label": label, "names": dict(names or {}), "suggestions": list(suggestions), "stops": list(stops),
                      "is_by_line": is_by_line, "uploads": list(uploads), "upload_mb": upload_mb}
    extra |= {name: value for name, value in said.items() if value}
    return Field(default, description=description, json_schema_extra=extra, **limits)


@dataclass(frozen=True)
class Knob:
    """One setting as people turn it."""

    name: str
    group: str
    description: str
    kind: Kind
    default: object
    called: str = ""  # on a page; empty: its name in words
    is_optional: bool = False  # empty is a value of its own
    low: float | None = None  # of a number
    high: float | None = None
    is_low_open: bool = False  # the bound itself is refused
    is_high_open: bool = False
    step: float = 1
    stops: tuple[float, ...] = ()
    choices: tuple[str, ...] = ()  # of which one or several are chosen
    names: Mapping[str, str] = field(default_factory=dict)  # of choices, where the code does not say it best
    suggestions: tuple[str, ...] = ()
    max_length: int | None = None  # of a text in characters; of several entries, how many
    is_by_line: bool = False
    roles: tuple[str, ...] = ()  # of a model: the ladders that it may come from, the first choice first
    none_label: str = ""  # how no model, or no earlier run, reads; empty where there has to be one
    quantised_by: str = ""
    borrows: tuple[str, ...] = ()  # systems whose miniatures are offered too
    listed: tuple[str, ...] = ()  # roles whose rungs are listed
    only_real: bool = False  # no miniature is offered
    uploads: tuple[str, ...] = ()
    upload_mb: int | None = None

    @property
    def label(self) -> str:
        """What it is called wherever people see it."""
        return self.called or self.name.replace("_", " ").capitalize()

    @property
    def is_ranged(self) -> bool:
        """Whether a slider can show it: a number that is always there, between bounds that are not far apart."""
        if self.kind not in ("whole", "number") or self.is_optional or self.low is None or self.high is None:
            return False
        return (self.high - self.low) / self.step <= MAX_RANGE

    @property
    def is_picked(self) -> bool:
        """Whether its numbers are picked from the stops instead of typed; others that a link or a file says stay."""
        return self.kind == "numbers" and bool(self.stops)

    @property
    def first(self) -> float | None:
        """The least value that a widget offers."""
        return self.low + self.step if self.low is not None and self.is_low_open else self.low

    @property
    def last(self) -> float | None:
        """The largest value that a widget offers."""
        return self.high - self.step if self.high is not None and self.is_high_open else self.high

    def name_of(self, choice: str) -> str:
        """What one of its choices is called on a page."""
        return self.names.get(choice, choice)

    def worded(self, value: object) -> str:
        """A value in one line, as a page speaks of it."""
        if isinstance(value, tuple):
            return ", ".join(self.name_of(str(entry)) for entry in value) or "nothing"
        if isinstance(value, bool):
            return "on" if value else "off"
        return "nothing" if value in (None, "") else self.name_of(str(value))

    def typed(self, value: object) -> str:
        """A value as people type it."""
        if isinstance(value, list | tuple):
            return ("\n" if self.is_by_line else ", ").join(map(str, value))
        return "" if value is None else str(value)

    def read(self, text: str) -> str | tuple[str, ...] | None:
        """What was typed, as the setting takes it; numbers stay text, which the settings read and refuse in words."""
        if self.is_optional and not text.strip():
            return None
        return self.entries(text) if self.kind in ("several", "texts", "numbers") else text

    def entries(self, text: str) -> tuple[str, ...]:
        """What was typed, taken apart."""
        parts = text.splitlines() if self.is_by_line else text.split(",")
        return tuple(part.strip() for part in parts if part.strip())


@cache
def knobs_of(settings: type[BaseModel]) -> tuple[Knob, ...]:
    """Every setting as a knob, in the order in which they are written.

    Raises: TypeError where a setting fits no kind.
    """
    fields = settings.model_json_schema().get("properties", {})
    defaults = {name: field.get_default(call_default_factory=True) for name, field in settings.model_fields.items()}
    return tuple(_knob(f"{settings.__name__}.{name}", name, fields[name], default) for name, default in defaults.items())


def knob_of(settings: type[BaseModel], name: str) -> Knob:
    """Raises: KeyError where there is no such setting."""
    return _by_name(settings)[name]


def groups_of(settings: type[BaseModel]) -> dict[str, tuple[Knob, ...]]:
    """The knobs of each group, in the order in which the settings name the groups first."""
    groups: dict[str, list[Knob]] = {}
    for one in knobs_of(settings):
        groups.setdefault(one.group, []).append(one)
    return {group: tuple(members) for group, members in groups.items()}


def uploads_of(settings: type[BaseModel]) -> tuple[Knob, ...]:
    """The knobs for which a file can be brought."""
    return tuple(one for one in knobs_of(settings) if one.uploads)


def files_of(settings: BaseModel) -> list[str]:
    """The files that settings name, each once; what stands behind # picks a part of one."""
    named = (str(getattr(settings, knob.name)) for knob in uploads_of(type(settings)))
    return list(dict.fromkeys(value.removeprefix(UPLOAD).partition("#")[0] for value in named if value.startswith(UPLOAD)))


def upload_of(said: str, setting: str) -> str:
    """Return the name of the file that a setting says, "upload:NAME". Raises InputError where it says something else."""
    if not said.startswith(UPLOAD):
        raise InputError(f"{setting!r} is {said[:80]!r}. It must name a file of your own: {UPLOAD}NAME.")
    return said.removeprefix(UPLOAD)


@cache
def _by_name(settings: type[BaseModel]) -> Mapping[str, Knob]:
    return {one.name: one for one in knobs_of(settings)}


def _knob(where: str, name: str, schema: Schema, default: object) -> Knob:
    options: Sequence[Schema] = schema.get("anyOf", [schema])
    given = [option for option in options if option.get("type") != "null"]
    if len(given) != 1:
        raise TypeError(f"{where} is one of {len(given)} kinds of value. A knob has one, which may be optional")
    (said,) = given
    kind = _kind(where, said, schema)
    stops: tuple[float, ...] = tuple(schema.get("stops", ()))
    low, high = said.get("minimum", said.get("exclusiveMinimum")), said.get("maximum", said.get("exclusiveMaximum"))
    return Knob(
        name=name, group=schema.get("group", NO_GROUP), description=schema.get("description", ""), kind=kind, default=default,
        called=schema.get("label", ""), is_optional=len(options) > 1, low=low, high=high, is_low_open="exclusiveMinimum" in said,
        is_high_open="exclusiveMaximum" in said, step=said.get("multipleOf", 1) if kind == "whole" else _step(low, high, stops),
        stops=stops, choices=_choices(said) or _choices(said.get("items", {})), names=schema.get("names", {}),
        suggestions=tuple(schema.get("suggestions", ())), max_length=said.get("maxLength", said.get("maxItems")),
        is_by_line=schema.get("is_by_line", False), roles=tuple(schema.get("roles", ())), none_label=schema.get("none", ""),
        quantised_by=schema.get("quantised_by", ""), borrows=tuple(schema.get("borrows", ())),
        listed=tuple(schema.get("listed", ())), only_real=schema.get("only_real", False),
        uploads=tuple(schema.get("uploads", ())), upload_mb=schema.get("upload_mb"))


def _kind(where: str, said: Schema, schema: Schema) -> Kind:
    entries: Sequence[Schema] = said.get("prefixItems", [said["items"]] if said.get("items") else [])
    if schema.get("role"):
        return "result" if schema["role"] == RESULT else "model"
    if _choices(said):
        return "choice"
    if entries and all(_choices(entry) for entry in entries):
        return "several"
    alone: dict[str | None, Kind] = {"boolean": "switch", "integer": "whole", "number": "number", "string": "text"}
    if said.get("type") in alone:
        return alone[said.get("type")]
    kinds = {entry.get("type") for entry in entries}
    if kinds == {"string"}:
        return "texts"
    if kinds and kinds <= {"integer", "number"}:
        return "numbers"
    raise TypeError(f"{where} fits no kind of knob: {dict(said)!r:.200}. A choice, a switch, a number, a text or a tuple of one of "
                    "these would")


def _choices(said: Schema) -> tuple[str, ...]:
    return tuple(said.get("enum", [said["const"]] if "const" in said else []))


def _step(low: float | None, high: float | None, stops: tuple[float, ...]) -> float:
    """A hundredth, or less where the range or the least of the stops is small itself."""
    span = high - low if low is not None and high is not None else 1
    step = USUAL_STEP if span >= 10 * USUAL_STEP or not span else 10.0 ** math.floor(math.log10(span / 100))
    return min(step, *(stop for stop in stops if stop > 0)) if any(stops) else step
