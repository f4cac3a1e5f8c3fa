"""The one kind of error that people see. It lies on the lowest floor so that every floor can raise it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

_SHUT = "cannot be written to"
_DISK = {
    errno.ENOSPC: "is full", errno.EDQUOT: "is full", errno.EFBIG: "takes no file of that size", errno.EROFS: _SHUT,
    errno.EACCES: _SHUT, errno.EPERM: _SHUT, errno.ENOTDIR: _SHUT, errno.EIO: "has failed",
    errno.EMFILE: "has too many files open", errno.ENFILE: "has too many files open",
}
_NO_TEMPORARY = "No usable temporary directory"  # `tempfile` says so with the number of a file that is missing


class InputError(ValueError):
    """Something from outside cannot be used: one sentence what, one sentence what would be right."""


def disk_sentence(error: BaseException | None) -> str | None:
    """Return what a person is told when this machine's disk is in the way; None where the error is about something else.

    The error may also come from the disk's: libraries raise their own in its place.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError):
            what = _DISK.get(error.errno or 0) or (_SHUT if _NO_TEMPORARY in str(error) else None)
            if what:
                return (f"This machine's disk {what}, so nothing could be stored. Whoever runs it has to look after it; "
                        "what you have set and seen stays.")
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
