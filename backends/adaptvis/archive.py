"""The files of a data set, in a zip that somebody uploaded or in a folder of this machine; nothing is ever unpacked to disk.

A zip is judged by its table of contents before anything is read: names that lead outside, links, locked entries, too many or
too large ones are refused. A folder must lie below ORRERY_DATA_DIR, and so must what its links point to.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from worlds.errors import InputError

MAX_FILES = 20_000
MAX_TOTAL_BYTES = 4_000_000_000  # WhatsUp A and B have 0.4 GB, COCO's validation pictures 0.8
MAX_FILE_BYTES = 64_000_000


@dataclass(frozen=True)
class Files:
    """Names with forward slashes, in order, and how one of them is read."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]

    def by_base(self) -> dict[str, str]:
        """Return the whole name of every base name; the first of several."""
        found: dict[str, str] = {}
        for name in self.names:
            found.setdefault(PurePosixPath(name).name, name)
        return found


def open_zip(path: Path) -> Files:
    """Raises: InputError where it is no zip, or one that must not be read."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError("This is not a zip that can be read. Bring the data set's folder as a .zip.") from error
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_FILES or total > MAX_TOTAL_BYTES:
        raise InputError(f"The zip holds {len(entries):,} files of {total / 1e6:,.0f} MB in all. "
                         f"At most {MAX_FILES:,} files of {MAX_TOTAL_BYTES / 1e6:,.0f} MB are read.")
    for entry in entries:
        _check_entry(entry)
    sizes = {entry.filename: entry.file_size for entry in entries}

    def read(name: str) -> bytes:
        _check_size(name, sizes[name])
        try:
            return archive.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{name[:80]!r} in the zip is damaged. Pack the folder again.") from error

    return Files(tuple(sorted(sizes)), read)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0] or "\x00" in entry.filename:
        raise InputError(f"The zip has an entry {entry.filename[:80]!r}, which leads outside its folder. Pack plain files only.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise InputError(f"{entry.filename[:80]!r} in the zip is a link. Pack the file itself.")
    if entry.flag_bits & 1:
        raise InputError(f"{entry.filename[:80]!r} in the zip is locked with a password. Pack it without one.")


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise InputError(f"{name[:80]!r} has {size / 1e6:,.0f} MB. At most {MAX_FILE_BYTES / 1e6:,.0f} MB are read of one file.")


def open_folder(name: str) -> Files:
    """Return the files of a folder below ORRERY_DATA_DIR. Raises InputError where it is none, or too large."""
    root_text = os.environ.get("ORRERY_DATA_DIR")
    if not root_text:
        raise InputError(f"There is no data set {name[:80]!r}. Use 'scenes', upload a zip, or set ORRERY_DATA_DIR to the folder that "
                         "holds data sets.")
    root = Path(root_text).resolve()
    folder = (root / name).resolve() if "\x00" not in name else root
    if folder == root or not folder.is_relative_to(root) or not folder.is_dir():
        raise InputError(f"There is no data folder {name[:80]!r} below ORRERY_DATA_DIR. Name a folder that lies in it.")
    names = []
    for file in _files_of(folder):
        names.append(file.relative_to(folder).as_posix())
        if len(names) > MAX_FILES:
            raise InputError(f"The folder {name[:80]!r} holds more than {MAX_FILES:,} files. At most so many are listed.")

    def read(own: str) -> bytes:
        file = (folder / own).resolve()
        if not file.is_relative_to(root):
            raise InputError(f"{own[:80]!r} links outside ORRERY_DATA_DIR. Copy the file itself.")
        _check_size(own, file.stat().st_size)
        return file.read_bytes()

    return Files(tuple(sorted(names)), read)


def _files_of(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


def single(name: str, content: bytes) -> Files:
    """Return one uploaded file as a set of one."""
    return Files((name,), lambda _: content)
