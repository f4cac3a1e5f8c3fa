"""A run: settings in, events out, a result at the end.

`Settings` says what was asked, `run(settings, inputs)` is a generator of events, and the last event is the `Result`.
A stopped run gets `RunStopped` thrown in at its last event; a backend that catches it can still yield what it has.
"""

import base64
import json
import os
import subprocess
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, TypeAlias, TypeVar, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from backends.knobs import knob_of, knobs_of
from backends.made import Made
from backends.shapes import Frozen, Shaped, at_most
from worlds.errors import InputError

MAX_PERMALINK = 8_000  # characters; browsers and proxies cut addresses somewhere above
MAX_MISTAKES, MAX_SAID = 8, 80  # of some settings that are told; characters of a name that is none
MAX_LINKED = 100_000  # bytes of settings that a link may unpack to: it may be a bomb

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None
MadeName = Annotated[str, Field(pattern=r"^made:[a-z]+-[0-9a-f]{8}$")]
Ended = Literal["finished", "stopped", "time limit", "session gone"]  # stopped: by a person


class RunStopped(Exception):
    """Thrown into a run at its last event; `ended` is why, for the run's result."""

    def __init__(self, ended: Ended = "stopped") -> None:
        super().__init__(ended)
        self.ended: Ended = ended


_AT_THE_LIMIT = "This run reached the time limit"


def ended_sentence(ended: Ended, limit_s: float | None = None) -> str:
    """Return why a run ended before it was finished, as people read it; `limit_s` is the engine's, which only it knows."""
    limit = "" if limit_s is None else f" of {limit_s:g} s"
    return {"finished": "", "stopped": "You stopped this run.", "time limit": f"{_AT_THE_LIMIT}{limit}.",
            "session gone": "The tab of this run was closed."}[ended]


@dataclass(frozen=True)
class NamedModel:
    """A model that some settings name, and in which quantisation."""

    setting: str
    name: str  # of a rung, or a folder
    roles: tuple[str, ...]  # what the setting takes, the first choice first
    quantisation: str


class Settings(BaseModel):
    """What was asked. Field defaults, bounds and descriptions feed widgets, permalink, REST schema and messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Raises: TypeError where a setting could not be drawn: when the settings are imported, not when a page is opened."""
        knobs_of(cls)

    @field_validator("*", mode="before")
    @classmethod
    def _takes_no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """True would be 1, and who wrote it over REST meant something else."""
        if isinstance(value, bool) and knob_of(cls, str(info.field_name)).kind in ("whole", "number"):
            raise ValueError(f"it is {str(value).lower()}, and a number is due")
        return value

    @field_validator("*")
    @classmethod
    def _says_each_choice_once(cls, value: object, info: ValidationInfo) -> object:
        """A choice that is made twice, in a link or over REST, counts once, as in a page's own box of choices."""
        is_several = knob_of(cls, str(info.field_name)).kind == "several"
        return tuple(dict.fromkeys(value)) if is_several and isinstance(value, tuple) else value

    def named_models(self) -> tuple[NamedModel, ...]:
        """Every model that a run of these settings loads, as far as they say: what has to be here, and what memory it takes."""
        return tuple(
            NamedModel(knob.name, getattr(self, knob.name), knob.roles, getattr(self, knob.quantised_by, "none"))
            for knob in knobs_of(type(self)) if knob.kind == "model" and getattr(self, knob.name))

    def named_results(self) -> tuple[str, ...]:
        """The earlier runs of the session that a run of these settings goes on from, or is held against."""
        return tuple(filter(None, (getattr(self, name) for name in self._result_settings())))

    @classmethod
    def _result_settings(cls) -> tuple[str, ...]:
        return tuple(knob.name for knob in knobs_of(cls) if knob.kind == "result")

    def linked(self) -> dict[str, object]:
        """What a link holds: what differs from the defaults, as JSON. No earlier run: it is in this session only."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude=set(self._result_settings()))

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
            said = (f"{len(text):,} characters of at most {MAX_PERMALINK:,}" if len(text) > MAX_PERMALINK else
                    f"{len(plain):,} bytes before they are packed, of at most {MAX_LINKED:,}")
            raise InputError(f"These settings are too long for a link: {said}. Send the saved run (.orrery) instead, which holds "
                             "them whole.")
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
            if len(plain) >= MAX_LINKED and not unpacking.eof:
                raise InputError(f"The link holds more than {MAX_LINKED:,} bytes of settings, which is more than any page writes.")
            if not unpacking.eof:
                raise InputError("The link was cut off: the end of its settings is missing. Copy the whole link once more.")
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
            raise InputError(explain(error, cls.model_fields)) from error


def seeds_from(first: int, count: int) -> list[int]:
    """Return seeds that follow one another, all of which settings take: the last one is followed by 0."""
    return [(first + number) % 2**31 for number in range(count)]


def explain(error: ValidationError, known: Iterable[str] = (), *, labels: Mapping[str, str] | None = None) -> str:
    """The mistakes of some settings in one sentence each, the first of many.

    Args:
        known: the names of all settings, of which the nearest is offered for one that there is not.
        labels: what the settings are called on a page; without it they are called by name.
    """
    mistakes = error.errors(include_url=False)
    said = [unknown(str(p["loc"][0]), known) if p["type"] == "extra_forbidden" and len(p["loc"]) == 1 else
            f"{_where(p['loc'], labels or {})}: {_what(p)}." for p in mistakes[:MAX_MISTAKES]]
    more = [f"And {len(mistakes) - MAX_MISTAKES} more."] if len(mistakes) > MAX_MISTAKES else []
    return " ".join(said + more)


def _where(place: Sequence[int | str], labels: Mapping[str, str]) -> str:
    """A setting's name, with the number of an entry counted from 0; by its label as people count, from 1."""
    if place and place[0] in labels:
        return ", entry ".join((f"“{labels[str(place[0])]}”", *(str(part + 1) for part in place[1:] if isinstance(part, int))))
    return ".".join(str(part)[:MAX_SAID] for part in place) or "settings"


def _what(mistake: "ErrorDetails") -> str:
    """What is wrong; of a text that is too long, by how much."""
    if mistake["type"] == "string_too_long":
        return letters(len(str(mistake["input"])), mistake["ctx"]["max_length"])
    return mistake["msg"].removeprefix("Value error, ").rstrip(".")  # pydantic's own words before a sentence of ours


def letters(count: int, most: int) -> str:
    """How long a text is that is too long."""
    return f"{count:,} letters; at most {most:,} are taken"


def unknown(name: str, known: Iterable[str]) -> str:
    """One sentence on a setting that there is not: the nearest that there is, else all of them."""
    names = list(known)
    near = get_close_matches(name.lower()[:MAX_SAID], names, n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(names)}." if names else ""
    return f"There is no setting {name[:MAX_SAID]!r}.{meant}"


def name_of(result: "Result") -> str:
    """Return the name by which settings of the same session call a result: its settings, what made it and why it ended, in short."""
    told = result.model_dump(mode="json", include={"seed", "model_id", "code_version", "made_on", "ended", "made", "settings"})
    return f"{result.system}-{sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:8]}"


def plain_json(value: object) -> JSON:
    """Return a value as JSON has it: arrays as their shape and kind, what JSON has no word for as text."""
    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "dtype": str(value.dtype)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(entry) for entry in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@dataclass(frozen=True)
class Progress:
    """How far a run is. `seconds_left` is None while nothing is known."""

    fraction: float  # 0..1
    stage: str
    seconds_left: float | None = None


class Result(Shaped):
    """What came out, with all that is needed to get it again. Arrays are plain NumPy; `backends.shapes` says how they fit."""

    system: ClassVar[str] = ""
    if TYPE_CHECKING:
        settings: Settings  # of the system's own kind: a field of every system's result

    seed: int
    model_id: str = Field(max_length=600)
    is_miniature: bool
    code_version: str = Field(default_factory=lambda: code_version(), max_length=200)  # type: ignore[has-type]
    made_on: str = Field(default_factory=lambda: date.today().isoformat(), pattern=r"^\d{4}-\d{2}-\d{2}$")
    ended: Ended = "finished"  # why nothing more came
    notes: Annotated[tuple[str, ...], at_most(10_000)] = ()  # what was dropped, clamped or replaced on the way
    made: Annotated[tuple[MadeName, ...], at_most(1_000)] = ()  # models that were trained and kept

    @property
    def title(self) -> str:
        """What was run, in a few words, where its settings alone do not say it best."""
        return ""

    @property
    def brief(self) -> str:
        """What came out, in half a line: for the line above the picture."""
        return ""

    @property
    def told(self) -> tuple[str, ...]:
        """What the run says in sentences, where its system puts numbers into words."""
        return ()

    @property
    def is_of_logs(self) -> bool:
        """Whether it tells what somebody's logs say, of a model that nobody ran here."""
        return False

    @property
    def was_stopped(self) -> bool:
        """Whether this is only what there was when something ended the run."""
        return self.ended != "finished"

    @property
    def reason(self) -> str:
        """Why nothing more came, in a sentence; empty where it is finished. Where an engine noted its limit, with that."""
        noted = (note for note in self.notes if self.ended == "time limit" and note.startswith(_AT_THE_LIMIT))
        return next(noted, ended_sentence(self.ended))

    def summary(self) -> dict[str, object]:
        """Return the numbers without the arrays, of which only shape and kind are told: for JSON, REST, MCP and tables."""
        return {name: plain_json(value) for name, value in self.model_dump().items()}

    @model_validator(mode="before")
    @classmethod
    def _from_an_older_run(cls, values: object) -> object:
        """Until November 2026 a saved run said only whether it was stopped."""
        if not isinstance(values, dict) or "was_stopped" not in values:
            return values
        kept = {name: value for name, value in values.items() if name != "was_stopped"}
        return kept | {"ended": "stopped" if values["was_stopped"] else "finished"}


@dataclass(frozen=True)
class Inputs:
    """What a session brought along, by the names that settings use: its files, and its earlier runs with what they made.

    Nobody else's can be named. `makes` is where a run puts models that it made, and finds those of the earlier runs; without it, as
    in a script that asks for none, it makes nothing.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    makes: Made | None = None

    def file(self, name: str) -> Path:
        if name not in self.files:
            raise InputError(f"The file {name[:80]!r} is not in this session. Upload it again; files go with their tab.")
        return self.files[name]

    def result(self, name: str) -> Result:
        if name not in self.results:
            raise InputError(f"The run {name[:80]!r} is not in this session. Open its .orrery file, or run it again.")
        return self.results[name]

    def has_made(self, result: Result) -> bool:
        """Whether all models that a run made are here still: where one had to go, the run has to be made again."""
        return not result.made or (self.makes is not None and all(self.makes.find(name) for name in result.made))

    def model(self, name: str) -> Path:
        """Return the folder of a model that an earlier run of this session made."""
        folder = None
        if self.makes and any(name in result.made for result in self.results.values()):
            folder = self.makes.find(name)
        if folder is None:
            raise InputError(f"The model {name[:80]!r} is not here any more: what is made here goes with its tab. Train it again.")
        return folder


S = TypeVar("S", bound=Settings)
R = TypeVar("R", bound=Result)
E = TypeVar("E")

Part: TypeAlias = Frozen | tuple[Frozen, ...]  # a partial result
Event: TypeAlias = Progress | Part | Result
Run: TypeAlias = Callable[[S, Inputs], Iterator[Event]]  # at last the Result


def keeping(events: Iterator[E]) -> Generator[E, None, tuple[E | None, Ended]]:
    """Pass the events on; return the newest that is not a Progress, and why the run ended.

    `part, ended = yield from keeping(events)`. A stop before there is anything to keep goes on upwards.
    """
    part: E | None = None
    try:
        for event in events:
            if not isinstance(event, Progress):
                part = event
            yield event
    except RunStopped as stop:
        if isinstance(events, Generator):
            events.close()  # what it keeps on its way out belongs to the result
        if part is None:
            raise
        return part, stop.ended
    return part, "finished"


def last(events: Iterator[Progress | Part | R]) -> R:
    """Run to the end and return the Result: what a script wants."""
    event: Progress | Part | R | None = None
    for event in events:  # noqa: B007  the last one is the result
        pass
    return cast(R, event)  # a run's last event is its result


def task_of(settings: Settings) -> str:
    """What was done, where the system has several tasks."""
    return getattr(settings, "task", "")


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


def __getattr__(name: str) -> object:
    """Saved runs are read and written in backends.files.saved; scripts know both functions by this module, too."""
    if name in ("load_result", "save_result"):
        from backends.files import saved

        return getattr(saved, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
