"""The one kind of error that people see, and what a disk's troubles read like. On the lowest floor: every floor can raise it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

_FULL = "This machine's disk is full. Try again later; whoever runs this server can make room."
_SHUT = ("This machine does not let files be written where they must go. Whoever runs this server can name folders that may be "
         "written: ORRERY_CACHE, ORRERY_SESSIONS and TMPDIR.")
_CROWDED = "This machine has too many files open. Try again in a minute."
_BROKEN = "This machine's disk reports an error. Try again later; whoever runs this server should look at it."
_DISK = {
    **dict.fromkeys((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)), _FULL),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR), _SHUT),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), _CROWDED),
    errno.EIO: _BROKEN,
}
_NO_TEMPORARY = "No usable temporary directory"  # `tempfile` says so with the number of a file that is missing


class InputError(ValueError):
    """Something from outside cannot be used: one sentence what, one sentence what would be right."""


def disk_sentence(error: BaseException | None) -> str | None:
    """Return what to tell a person where an error, or what it came from, is the disk's and nobody's mistake; else None."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError):
            if error.errno in _DISK:
                return _DISK[error.errno]
            if _NO_TEMPORARY in str(error):
                return _SHUT
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def telling_of_the_disk() -> Iterator[None]:
    """Raise InputError in place of an error inside the block that is the disk's."""
    try:
        yield
    except OSError as error:
        if (sentence := disk_sentence(error)) is None:
            raise
        raise InputError(sentence) from error
