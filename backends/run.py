"""A run: settings in, events out, a result at the end.

`Settings` says what was asked, `run(settings, inputs)` is a generator of events, and the last event is the `Result`.
A stopped run gets `RunStopped` thrown in at its last event; a backend that catches it can still yield what it has.
"""

import base64
import io
import json
import os
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, ValidationError, model_validator
from pydantic_core import core_schema

from worlds.errors import InputError

MAX_SAVED_BYTES = 512 * 1024 * 1024  # unpacked size of a result file that is opened; a real one is below 100 MB
MAX_SAVED_FILES = 5_000
MAX_PERMALINK = 8_000  # characters; browsers and proxies cut addresses somewhere above
QUANTISED_BY = "quantisation"  # the setting of a run with one model
MAX_LINKED = 100_000  # bytes of settings that a link may unpack to: it may be a bomb

Array = Annotated[
    np.ndarray,
    GetPydanticSchema(lambda _source, _handler: core_schema.is_instance_schema(np.ndarray)),
]


Ended = Literal["finished", "stopped", "time limit", "session gone"]  # stopped: by a person


class RunStopped(Exception):
    """Thrown into a run at its last event; `ended` is why, for the run's result."""

    def __init__(self, ended: Ended = "stopped") -> None:
        super().__init__(ended)
        self.ended: Ended = ended


@dataclass(frozen=True)
class NamedModel:
    """A model that some settings name, and in which quantisation."""

    setting: str
    name: str  # of a rung, or a folder
    role: str
    quantisation: str


class Settings(BaseModel):
    """What was asked. Field defaults, bounds and descriptions feed widgets, permalink, REST schema and messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def named_models(self) -> tuple[NamedModel, ...]:
        """Every model that a run of these settings loads, as far as they say: what has to be here, and what memory it takes."""
        extras = {name: field.json_schema_extra for name, field in type(self).model_fields.items()}
        return tuple(
            NamedModel(name, getattr(self, name), str(extra["role"]),
                       getattr(self, str(extra.get("quantised_by", QUANTISED_BY)), "none"))
            for name, extra in extras.items() if isinstance(extra, dict) and extra.get("role") and getattr(self, name))

    def linked(self) -> dict[str, Any]:
        """What a link holds: what differs from the defaults, as JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def as_an_older_link_meant(self) -> Self:
        """These settings as they were read from a link, with what an older link said in other words."""
        return self

    def permalink(self) -> str:
        """The value of `?settings=`: only what differs from the defaults, compressed.

        Raises: InputError when they are too long for a link that `from_permalink` would read.
        """
        changed = self.linked()
        plain = json.dumps(changed, separators=(",", ":"), sort_keys=True).encode()
        text = base64.urlsafe_b64encode(zlib.compress(plain, level=9)).decode().rstrip("=")
        if len(plain) > MAX_LINKED or len(text) > MAX_PERMALINK:
            raise InputError(f"These settings are too long for a link: {len(text):,} characters of at most {MAX_PERMALINK:,}. "
                             "Send the saved run (.orrery) instead, which holds them whole.")
        return text

    @classmethod
    def from_permalink(cls, text: str) -> Self:
        """Raises: InputError when `text` was not made by `permalink` or asks for something out of range."""
        if len(text) > MAX_PERMALINK:
            raise InputError(f"The link holds {len(text)} characters of settings. At most {MAX_PERMALINK} are read.")
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            unpacking = zlib.decompressobj()
            plain = unpacking.decompress(packed, MAX_LINKED)
            if not unpacking.eof:
                raise InputError(f"The link holds more than {MAX_LINKED:,} bytes of settings, or was cut off. Copy it once more.")
            return cls.from_json(plain.decode()).as_an_older_link_meant()
        except (ValueError, zlib.error) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("The settings in this link cannot be read. Copy the whole link once more.") from error

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises: InputError naming every field that is wrong, with its limit."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise InputError(explain(error)) from error


def knob(default: Any, group: str, description: str, *, role: str = "", none: str = "", quantised_by: str = QUANTISED_BY,
         suggestions: tuple[str, ...] = (), **limits: Any) -> Any:
    """A field of some Settings as the pages read it.

    Args:
        group: settings of one group stand together.
        role: the setting names a model of that ladder; `none` is how leaving it empty reads.
        quantised_by: the setting that says how this model's weights are packed; each model of a run has its own.
        suggestions: likely values of a setting that takes any.
        limits: pydantic's own: ge, le, max_length ...
    """
    extra: dict[str, Any] = {"suggestions": list(suggestions)} if suggestions else {}
    if role:
        extra = {"role": role, "none": none, "quantised_by": quantised_by}
    return Field(default, description=description, json_schema_extra={"group": group} | extra, **limits)


def explain(error: ValidationError) -> str:
    """All mistakes of some settings in one sentence each."""
    return " ".join(f"{'.'.join(map(str, p['loc'])) or 'settings'}: {p['msg'].rstrip('.')}." for p in error.errors())


@dataclass(frozen=True)
class Progress:
    """How far a run is. `seconds_left` is None while nothing is known."""

    fraction: float  # 0..1
    stage: str
    seconds_left: float | None = None


class Result(BaseModel):
    """What came out, with all that is needed to get it again. Arrays are plain NumPy."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    system: ClassVar[str] = ""

    seed: int
    model_id: str
    is_miniature: bool
    code_version: str = Field(default_factory=lambda: code_version())  # type: ignore[has-type]
    made_on: str = Field(default_factory=lambda: date.today().isoformat())
    ended: Ended = "finished"  # why nothing more came
    notes: tuple[str, ...] = ()  # what was dropped, clamped or replaced on the way

    @property
    def was_stopped(self) -> bool:
        """Whether this is only what there was when something ended the run."""
        return self.ended != "finished"

    @model_validator(mode="before")
    @classmethod
    def _from_an_older_run(cls, values: Any) -> Any:
        """Until November 2026 a saved run said only whether it was stopped."""
        if not isinstance(values, dict) or "was_stopped" not in values:
            return values
        kept = {name: value for name, value in values.items() if name != "was_stopped"}
        return kept | {"ended": "stopped" if values["was_stopped"] else "finished"}


@dataclass(frozen=True)
class Inputs:
    """What a session brought along: its files by the name that settings use. Nobody else's can be named."""

    files: Mapping[str, Path] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        if name not in self.files:
            raise InputError(f"The file {name[:80]!r} is not in this session. Upload it again; files go with their tab.")
        return self.files[name]


Event = Any  # Progress, a system's own partial results, at last its Result
Run = Callable[[Any, Inputs], Iterator[Event]]


def keeping(events: Iterator[Event]) -> Generator[Event, None, tuple[Any, Ended]]:
    """Pass the events on; return the newest that is not a Progress, and why the run ended.

    `part, ended = yield from keeping(events)`. A stop before there is anything to keep goes on upwards.
    """
    part = None
    try:
        for event in events:
            if not isinstance(event, Progress):
                part = event
            yield event
    except RunStopped as stop:
        if part is None:
            raise
        return part, stop.ended
    return part, "finished"


def record(names: Sequence[str], runs: Mapping[str, Settings], run: Callable[..., Iterator[Any]], folder: Path) -> None:
    """Run these, or all, and save each under its name; the page that opens them says that they are recordings."""
    folder.mkdir(exist_ok=True)
    for name in names or runs:
        path = folder / f"{name}.orrery"
        path.write_bytes(save_result(last(run(runs[name], Inputs()))))
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


def last(events: Iterator[Event]) -> Any:
    """Run to the end and return the Result: what a script wants."""
    event = None
    for event in events:  # noqa: B007  the last one is the result
        pass
    return event


@cache
def code_version() -> str:
    """`ORRERY_VERSION`, else what the file VERSION of a deployed copy says, else the commit of the checkout, else 'unknown'."""
    if version := os.environ.get("ORRERY_VERSION"):
        return version
    here = Path(__file__).parent
    if (stamp := here.parent / "VERSION").is_file():
        return stamp.read_text(encoding="utf-8").strip() or "unknown"
    try:
        done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=here, capture_output=True, text=True,
                              timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def save_result(result: Result) -> bytes:
    """One zip: `result.json` with the numbers, `arrays/N.npy` with the arrays. Nothing is rounded, nothing is pickled."""
    arrays: list[np.ndarray] = []

    def pack(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {"$array": len(arrays) - 1}
        if isinstance(value, BaseModel):
            return {name: pack(getattr(value, name)) for name in type(value).model_fields}
        if is_dataclass(value):
            return {entry.name: pack(getattr(value, entry.name)) for entry in fields(value)}
        if isinstance(value, Mapping):
            return {str(key): pack(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [pack(entry) for entry in value]
        return value.item() if isinstance(value, np.generic) else value

    document = {"orrery": 1, "system": result.system, "result": pack(result)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "result.json", json.dumps(document).encode())
        for index, array in enumerate(arrays):
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            _write(archive, f"arrays/{index}.npy", content.getvalue())
    return buffer.getvalue()


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))  # no clock: equal results are equal bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def saved_system(content: bytes) -> str:
    """Which system a saved result belongs to."""
    return str(_document(content)[0].get("system", ""))


def load_result(content: bytes, kind: type[Result]) -> Any:
    """Raises: InputError when `content` is not a saved result of this kind, or is too large."""
    document, arrays = _document(content)
    if document.get("system") != kind.system:
        raise InputError(f"This run was saved by {document.get('system')!r}. This page opens runs of {kind.system!r}.")

    def unpack(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"$array"}:
                return arrays[value["$array"]]
            return {key: unpack(entry) for key, entry in value.items()}
        return [unpack(entry) for entry in value] if isinstance(value, list) else value

    try:
        return kind.model_validate(unpack(document["result"]))
    except (ValidationError, KeyError, TypeError, IndexError) as error:
        raise InputError("This run was saved by another version and cannot be opened. Run its settings again.") from error


def _document(content: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) > MAX_SAVED_FILES or size > MAX_SAVED_BYTES:
                raise InputError(f"The saved run unpacks to {size / 1e6:.0f} MB in {len(entries)} files. "
                                 f"At most {MAX_SAVED_BYTES / 1e6:.0f} MB in {MAX_SAVED_FILES} files are opened.")
            document = json.loads(archive.read("result.json"))
            count = sum(entry.filename.startswith("arrays/") for entry in entries)
            arrays = [np.load(io.BytesIO(archive.read(f"arrays/{i}.npy")), allow_pickle=False) for i in range(count)]
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("This is not a saved run. A saved run is a .orrery file that a page of this app made.") from error
    if not isinstance(document, dict):
        raise InputError("This is not a saved run. A saved run is a .orrery file that a page of this app made.")
    return document, arrays
