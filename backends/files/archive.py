"""The files in a zip that somebody uploaded, or in a folder of this machine; nothing is ever unpacked to disk.

A zip is judged by its table of contents before anything is read: names that lead outside, links, locked entries, other
packings than the usual one, too many or too large entries are refused. A folder must lie below the one that the deployment
names, and so must what its links point to. `zipped` packs files into a zip.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from worlds.errors import InputError

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # LZMA's header may ask for 4 GB before the first byte is unpacked
DATA_DIR = "ORRERY_DATA_DIR"
_ZIP = b"PK"  # begins every zip
_STAMP = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: no clock, so that equal runs are equal files
_LINE = b"PK\x01\x02"  # begins each line of a zip's table of contents
_CHUNK = 8_000_000
# torn structures; an entry without a name (IndexError), of an unknown version (NotImplementedError is a RuntimeError) or encoding
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError, IndexError)


@dataclass(frozen=True)
class ZipLimits:
    """What a zip, or a folder, may hold."""

    files: int = 20_000
    total_mb: float = 4_000  # unpacked; WhatsUp A and B have 400 MB, COCO's validation pictures 800
    file_mb: float = 64  # of one entry


@dataclass(frozen=True)
class Files:
    """Names with forward slashes, in order, and how one of them is read."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]  # raises InputError where the entry is damaged or too large
    has_repeats: bool = False  # two entries of a zip have one name: the last is read
    total_mb: float = 0.0  # of a zip, unpacked
    written: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # when each was last; to be compared among themselves only


def open_zip(source: Path | bytes, *, what: str = "The zip", whole: str = "a whole .zip", limits: ZipLimits | None = None) -> Files:
    """Return the files of a zip; a path stays open as long as they are held.

    Args:
        what: begins the sentence of an error.
        whole: what would be right instead of a file that is none.
    Raises:
        InputError: it is no zip, or one that must not be read.
    """
    limits = limits or ZipLimits()
    try:
        if _most_lines(source) > 2 * limits.files + 100:  # folders have lines too
            raise InputError(f"{what} lists more than {limits.files:,} files. At most so many are read.")
        archive = zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(f"{what} cannot be read. It must be {whole}.") from error
    total_mb = sum(entry.file_size for entry in entries) / 1e6
    if len(entries) > limits.files or total_mb > limits.total_mb:
        raise InputError(f"{what} unpacks to {total_mb:,.0f} MB in {len(entries):,} files. "
                         f"At most {limits.total_mb:,.0f} MB in {limits.files:,} files are read.")
    for entry in entries:
        _check_entry(entry, what)
    sizes = {entry.filename: entry.file_size for entry in entries}

    def read(name: str) -> bytes:
        if name not in sizes:
            raise InputError(f"{what} has no {name[:80]!r} in it.")
        _check_size(name, sizes[name], limits)
        try:
            return archive.read(name)
        except _BROKEN as error:
            raise InputError(f"{name[:80]!r} in the zip is damaged. Pack the folder again.") from error

    return Files(tuple(sorted(sizes)), read, has_repeats=len(sizes) < len(entries), total_mb=total_mb,
                 written={entry.filename: entry.date_time for entry in entries})


def _most_lines(source: Path | bytes) -> int:
    """Return how many lines its table of contents can have: Python makes 500 bytes of each of 46 before any can be counted."""
    if isinstance(source, bytes):
        return source.count(_LINE)
    found, before = 0, b""
    with source.open("rb") as file:
        while part := file.read(_CHUNK):
            found += (before + part).count(_LINE)
            before = part[-len(_LINE) + 1:]
    return found


def _check_entry(entry: zipfile.ZipInfo, what: str) -> None:
    name, parts = entry.filename[:80], PurePosixPath(entry.filename.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0] or "\x00" in entry.filename:
        raise InputError(f"{what} has an entry {name!r}, which leads outside its folder. Pack plain files only.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise InputError(f"{name!r} in the zip is a link. Pack the file itself.")
    if entry.flag_bits & 1:
        raise InputError(f"{name!r} in the zip is locked with a password. Pack it without one.")
    if entry.compress_type not in PACKINGS:
        raise InputError(f"{name!r} is packed in a way that is not read here. Pack the zip in the usual way (deflate).")


def _check_size(name: str, size: int, limits: ZipLimits) -> None:
    if size > limits.file_mb * 1e6:
        raise InputError(f"{name[:80]!r} has {size / 1e6:,.0f} MB. At most {limits.file_mb:,.0f} MB are read of one file.")


def open_folder(name: str, *, limits: ZipLimits | None = None) -> Files:
    """Return the files of a folder below ORRERY_DATA_DIR. Raises InputError where it is none, or too large."""
    limits = limits or ZipLimits()
    root_text = os.environ.get(DATA_DIR)
    if not root_text:
        raise InputError(f"There is no data set {name[:80]!r}. Use 'scenes', upload a zip, or set {DATA_DIR} to the folder that "
                         "holds data sets.")
    root = Path(root_text).resolve()
    folder = (root / name).resolve() if "\x00" not in name else root
    if folder == root or not folder.is_relative_to(root) or not folder.is_dir():
        raise InputError(f"There is no data folder {name[:80]!r} below {DATA_DIR}. Name a folder that lies in it.")
    names, written = [], {}
    for file, stamp in _files_of(folder):
        names.append(file.relative_to(folder).as_posix())
        written[names[-1]] = (stamp,)
        if len(names) > limits.files:
            raise InputError(f"The folder {name[:80]!r} holds more than {limits.files:,} files. At most so many are listed.")

    def read(own: str) -> bytes:
        file = (folder / own).resolve()
        if not file.is_relative_to(root):
            raise InputError(f"{own[:80]!r} links outside {DATA_DIR}. Copy the file itself.")
        try:
            _check_size(own, file.stat().st_size, limits)
            return file.read_bytes()
        except OSError as error:
            raise InputError(f"{own[:80]!r} cannot be read ({error.strerror}).") from error

    return Files(tuple(sorted(names)), read, written=written)


def _files_of(folder: Path) -> Iterator[tuple[Path, float]]:
    """Yield every file and when it was written; links are followed, broken ones are none."""
    for file in folder.rglob("*"):
        try:
            found = file.stat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            yield file, found.st_mtime


def joined(first: Files, second: Files, *, below: str) -> Files:
    """Return the files of both, those of the second in a folder of that name; where the first has such a folder, it stands in one
    called `first`."""
    start = f"{below}/"
    own = {f"first/{name}" if name.startswith(start) else name: name for name in first.names}

    def read(name: str) -> bytes:
        return second.read(name.removeprefix(start)) if name.startswith(start) else first.read(own.get(name, name))

    return Files((*own, *(start + name for name in second.names)), read, has_repeats=first.has_repeats or second.has_repeats,
                 total_mb=first.total_mb + second.total_mb,
                 written={**{name: first.written[old] for name, old in own.items() if old in first.written},
                          **{start + name: stamp for name, stamp in second.written.items()}})


def single(name: str, content: bytes) -> Files:
    """Return one uploaded file as a set of one."""
    return Files((name,), lambda _: content)


def open_upload(path: Path, name: str, *, limits: ZipLimits | None = None) -> Files:
    """Return what somebody uploaded: the files of a zip, or one file as a set of one; which it is, the content says.

    Args:
        name: as it was uploaded.
    Raises:
        InputError: it is a zip that must not be read, or a file that is too large.
    """
    with path.open("rb") as file:
        is_zip = file.read(len(_ZIP)) == _ZIP
    if is_zip:
        return open_zip(path, what=f"The zip {name[:80]!r}", limits=limits)
    _check_size(name, path.stat().st_size, limits or ZipLimits())
    return single(name, path.read_bytes())


def is_junk(name: str) -> bool:
    """Return whether a name is no log: what macOS adds, what begins with a dot, and what cannot be written as text."""
    is_text = name.isascii() or name.encode(errors="replace").decode() == name  # a disk may hold bytes that are no UTF-8
    if is_text and not name.startswith(".") and "/." not in name and "__MACOSX" not in name:
        return False  # nearly all of 20,000
    return not is_text or any(part == "__MACOSX" or (part.startswith(".") and part != ".") for part in name.split("/"))


def zipped(logs: Mapping[str, bytes], *, is_packed: bool = True) -> bytes:
    """Return these files as a zip; equal files give equal bytes.

    Args:
        is_packed: False where the whole is packed afterwards, which finds what its files have in common.
    """
    buffer = io.BytesIO()
    packing = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in sorted(logs.items()):
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content, packing)
    return buffer.getvalue()
