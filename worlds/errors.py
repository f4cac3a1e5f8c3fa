"""The one kind of error that people see. It lies on the lowest floor so that every floor can raise it."""

import errno

_DISK = {
    errno.ENOSPC: "is full", errno.EDQUOT: "is full", errno.EFBIG: "takes no file of that size", errno.EROFS: "cannot be written to",
    errno.EACCES: "cannot be written to", errno.EPERM: "cannot be written to", errno.EIO: "has failed",
    errno.EMFILE: "has too many files open", errno.ENFILE: "has too many files open",
}


class InputError(ValueError):
    """Something from outside cannot be used: one sentence what, one sentence what would be right."""


def disk_sentence(error: OSError) -> str | None:
    """Return what a person is told when this machine's disk is in the way; None where the error is about something else."""
    what = _DISK.get(error.errno or 0)
    return what and (f"This machine's disk {what}, so nothing could be stored. Whoever runs it has to look after it; "
                     "what you have set and seen stays.")
