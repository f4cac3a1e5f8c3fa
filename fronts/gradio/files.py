"""Files that programs bring: with a call over REST as FileData, or ahead of it over MCP, where a call has no session.

A file with a call lives in the session of that call and goes with it. One that is brought ahead has a session of its own, which
ends when nobody used it for an hour, and a name that only whoever brought it knows: it is the key to it. Either is checked as an
upload in the pages is. Nothing is ever fetched from an address.
"""

import base64
import binascii
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from backends.knobs import UPLOAD, Knob, uploads_of
from backends.registry import System
from backends.sessions import MAX_FILE_MB, Session, check_file, clean_name
from fronts.gradio import gate
from fronts.gradio.sessions import OpenSessions
from worlds.errors import InputError

MAX_INLINE_MB = 2  # of a file in base64: a request may have 4 MB
MAX_NAME_SAID = 300  # characters of a file's name that are read
MAX_STEM = 24  # characters of it that are kept before the key
_NAMED = re.compile(rf"{UPLOAD}([^#/\\]{{1,80}})")
_KEY = re.compile(r"-([0-9a-f]{32})(?:\.[^.]*)?$")
_ADDRESS = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?//|\s*(?:file|data|https?|ftp):", re.IGNORECASE)


class BroughtFiles:
    """Files that were brought ahead of the runs that name them; beyond as many as sessions may be open, the oldest go."""

    def __init__(self) -> None:
        self._sessions = OpenSessions()

    def add(self, name: str, path: Path) -> str:
        """Keep a file that was checked; return the name by which settings ask for it, which nobody can guess."""
        key = secrets.token_hex(16)
        last = clean_name(name)
        session = self._sessions.of(f"brought-{key}")
        return session.adopt(f"{Path(last).stem[:MAX_STEM]}-{key}{Path(last).suffix}", path)

    def lend(self, settings: Mapping[str, object], session: Session) -> dict[str, object]:
        """Put each brought file that the settings name into the session of their run; return how they name it there."""
        lent = dict(settings)
        for setting, value in settings.items():
            named = _NAMED.match(value) if isinstance(value, str) else None
            if named and isinstance(value, str) and (path := self._find(named[1])) is not None:
                lent[setting] = value.replace(named[1], session.adopt(named[1], path), 1)  # of equal files a session keeps one
        return lent

    def _find(self, name: str) -> Path | None:
        key = _KEY.search(name)
        session = self._sessions.find(f"brought-{key[1]}") if key else None
        return session.inputs().files.get(name) if session else None


def check_upload(what: System, knob: Knob, path: str | Path) -> Path:
    """Return the file of a setting as Gradio keeps it.

    Raises: InputError when a file was not uploaded here, is too large, or is not what this setting takes.
    """
    if not gate.is_upload(str(path)):
        raise InputError("This file was not uploaded here. Upload it first.")
    _check(what, knob, Path(path), Path(path).name)
    return Path(path)


def take_files(what: System, values: Mapping[str, object], session: Session) -> dict[str, object]:
    """Return the values with every FileData in the session and named as settings name it.

    Raises: InputError where something else stands in its place, or the file is not what the setting takes.
    """
    asked = dict(values)
    for knob in uploads_of(what.settings):
        value = asked.get(knob.name)
        if isinstance(value, Mapping):
            path = check_upload(what, knob, _path_of(knob, value))
            asked[knob.name] = f"{UPLOAD}{session.adopt(path.name, path)}"
        elif isinstance(value, list):
            raise InputError(f"{knob.name}: a list stands where one file is expected. Bring one, or name what the setting takes.")
    return asked


def _path_of(knob: Knob, value: Mapping[str, object]) -> str:
    """Where a FileData says that its upload lies."""
    path, address = value.get("path"), value.get("url")
    if _is_address(path) or (not path and address):
        raise InputError(f"{knob.name}: files are not fetched from addresses. Upload the file, and name what came back.")
    if not isinstance(path, str):
        raise InputError(f"{knob.name}: an object stands here that is no uploaded file. Upload the file, and name what came back as "
                         "its path.")
    return path


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _ADDRESS.match(value) is not None


def bring(what: System, knob: Knob, brought: BroughtFiles, *, name: str, content: str = "", token: str = "") -> str:
    """Check a file that a tool brings, keep it, and return what its setting holds: upload:NAME.

    Args:
        content: the file in base64.
        token: or what an upload over REST answered with.
    Raises: InputError for anything wrong with it, in one sentence.
    """
    if bool(content) == bool(token):
        raise InputError("Bring a file either as base64 or as the token of an upload: one of the two, not both or none.")
    if len(name) > MAX_NAME_SAID:
        raise InputError(f"The file's name has {len(name):,} characters. At most {MAX_NAME_SAID} are read.")
    if token:
        if _is_address(token):
            raise InputError("Files are not fetched from addresses. Upload the file over REST, and give what came back as its token.")
        path = check_upload(what, knob, token)
        return f"{UPLOAD}{brought.add(name or path.name, path)}"
    with tempfile.TemporaryDirectory(dir=gate.temp_folder()) as folder:
        path = Path(folder) / "file"
        path.write_bytes(_decoded(content))
        _check(what, knob, path, name)
        return f"{UPLOAD}{brought.add(name or f'file.{knob.uploads[0]}', path)}"


def _decoded(content: str) -> bytes:
    """The bytes of a file in base64, bounded before it is unpacked."""
    if len(content) > MAX_INLINE_MB * 1e6 * 4 / 3 + 4:
        raise InputError(f"The file has more than {MAX_INLINE_MB} MB, the most that fits into base64 here. Upload it over REST, and "
                         "give what came back as its token.")
    if _is_address(content):
        raise InputError("Files are not fetched from addresses, and base64 stands here without 'data:' before it.")
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("The file is no base64: only its letters, digits, + / and = may stand there, without breaks.") from error


def _check(what: System, knob: Knob, path: Path, name: str) -> None:
    check_file(name, path, check=what.checks.get(knob.name), max_mb=knob.upload_mb or MAX_FILE_MB)
