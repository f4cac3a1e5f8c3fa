"""One whole episode of an archive, whatever its layout. Frames are named, never read."""

from pydantic import ValidationError

from backends.episode import Episode
from backends.era.formats.household import read_household
from backends.era.formats.listing import SAID, Entry
from backends.era.formats.manipulation import read_manipulation
from backends.era.formats.prior import read_prior
from backends.era.formats.training import read_training
from backends.era.formats.trajectories import read_trajectory
from backends.era.formats.wrapper import read_wrapper
from backends.era.replies import read_reply
from backends.files.archive import Files
from backends.files.vagen import Dump, Said, in_tags, read_dump
from worlds.errors import InputError

_READERS = {"rows": read_household, "navigation": read_household, "manipulation": read_manipulation, "wrapper": read_wrapper,
            "training": read_training, "trajectories": read_trajectory, "prior": read_prior}


def episode(files: Files, entry: Entry) -> Episode:
    """Return the episode that an entry of `found` stands for.

    Raises:
        InputError: its file is gone, or holds what no episode can.
    """
    try:
        return _dumped(files, entry) if entry.head.layout == "vagen" else _READERS[entry.head.layout](files, entry)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))[:80]
        raise InputError(f"Episode {entry.number} holds a value that cannot be shown (at {where}). It must be "
                         f"{SAID[entry.head.layout]}.") from error


def _dumped(files: Files, entry: Entry) -> Episode:
    names = {name.replace("\\", "/").rpartition("/")[2]: name for name in entry.parts.others}
    read = read_dump(files, Dump(entry.parts.result, names, entry.parts.frames), read=_of_either)
    return read.model_copy(update={"number": entry.number, "agent": entry.head.experiment})


def _of_either(text: str) -> Said:
    """Return a reply in ERA's form, as a branch of VAGEN has it, or in the usual tags."""
    reply = read_reply(text)
    if reply.style in ("era", "json"):
        return Said(reply.thought, reply.answer, reply.planned, reply.parse)
    return in_tags(text)
