"""What a person can bring to grafting, told by what is in it: a checkpoint, a configuration of the released code, pictures.

Nothing here needs torch, so that a page can look at a file at once. Checkpoints are read in `own`, configurations in
`models.diffusion.configs`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from backends.files.archive import ZipLimits, open_zip
from backends.files.arrays import read_array
from backends.grafting.choices import CHECKPOINT_MB, KINDS, LEAST_JUDGED, MAX_SAMPLES, SAMPLES_MB, SIDE_PX
from worlds.errors import InputError
from worlds.signatures import HEAD, recognise, words

Kind = Literal["safetensors", "torch", "folder", "npz", "configuration"]

MAX_HEADER_BYTES = 100_000_000  # of a safetensors, as its format bounds it
RIGHT = "A checkpoint (.pt, .safetensors, or a folder as .zip), a configuration (.yaml) or pictures (.npz) would be right."
CONFIG = "config.json"  # of a folder in diffusers' layout
WEIGHTS = ("diffusion_pytorch_model.safetensors", "model.safetensors", "changed.safetensors")
BESIDE = ("graft.json",)
# torch.save makes an entry of every tensor, and none of it is packed
LIMITS = ZipLimits(files=20_000, total_mb=CHECKPOINT_MB, file_mb=CHECKPOINT_MB)
OF_SAMPLES = ZipLimits(files=20, total_mb=2 * SAMPLES_MB, file_mb=SAMPLES_MB)
NOT_ONE = "It must be an .npz whose arr_0 holds pictures, whole numbers from 0 to 255, (n, 32, 32, 3)."


@dataclass(frozen=True)
class Samples:
    """Pictures that somebody brought, in the layout of the ADM evaluator.

    Attributes:
        pictures: (n, 32, 32, 3) uint8.
        labels: (n,), the kinds as KINDS counts them; None where the file has none that can be used.
        note: why they cannot be used, in a sentence.
    """

    pictures: np.ndarray
    labels: np.ndarray | None
    note: str = ""


def check_head(head: bytes, name: str) -> None:
    """Raise InputError where what begins with `head` can be nothing that is taken here."""
    if not (_is_safetensors(head) or head.startswith((b"PK", b"\x80")) or recognise(head) == "text"):
        raise InputError(f"The file {name!r} is {words(recognise(head))}. {RIGHT}")


def check_checkpoint(head: bytes, name: str) -> None:
    """The same for a checkpoint alone; a pickle of old is told later what it is."""
    if not (_is_safetensors(head) or head.startswith((b"PK", b"\x80"))):
        raise InputError(f"The file {name!r} is {words(recognise(head))}. A checkpoint (.pt, .safetensors, or a folder as .zip) "
                         "would be right.")


def check_samples(head: bytes, name: str) -> None:
    """The same for pictures alone."""
    if not head.startswith(b"PK"):
        raise InputError(f"The file {name!r} is {words(recognise(head))}. Pictures as .npz would be right.")


def is_configuration(head: bytes) -> bool:
    """Whether a file that begins so is a text, and so no checkpoint and no pictures."""
    return not _is_safetensors(head) and recognise(head) == "text"


def _is_safetensors(head: bytes) -> bool:
    """Whether it begins with a length and that much JSON; the length alone may look like anything."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= MAX_HEADER_BYTES


def kind_of(file: Path, name: str) -> Kind:
    """What a file is, by its content.

    Args:
        name: what its owner calls it.
    Raises:
        InputError: it is nothing of this.
    """
    with file.open("rb") as opened:
        head = opened.read(HEAD)
    check_head(head, name)
    if _is_safetensors(head):
        return "safetensors"
    if head.startswith(b"\x80"):
        return "torch"
    if not head.startswith(b"PK"):
        return "configuration"
    names = open_zip(file, what=f"The file {name!r}", limits=LIMITS).names
    if any(PurePosixPath(entry).name == "data.pkl" for entry in names):
        return "torch"
    if names and all(entry.endswith(".npy") for entry in names):
        return "npz"
    if any(PurePosixPath(entry).name == CONFIG for entry in names):
        return "folder"
    raise InputError(f"The file {name!r} is a zip archive with neither {CONFIG} nor arrays in it. {RIGHT}")


def folder_in(names: Iterable[str], name: str) -> str:
    """Which folder of a zip holds the model: of a whole pipeline, its transformer's. Empty where it is not below any.

    Raises:
        InputError: there is none, or several.
    """
    listed = set(names)
    found = sorted({str(PurePosixPath(entry).parent) for entry in listed if PurePosixPath(entry).name == CONFIG
                    and any(str(PurePosixPath(entry).parent / weights) in listed for weights in WEIGHTS)})
    own = [folder for folder in found if PurePosixPath(folder).name == "transformer"] if len(found) > 1 else found
    if len(own) != 1:
        raise InputError(f"The file {name!r} holds {f'{len(found)} models' if found else 'no model'}. It must hold one folder with "
                         f"{CONFIG} and {WEIGHTS[0]}, or {WEIGHTS[1]} and {BESIDE[0]} of a grafted one.")
    return "" if own[0] == "." else own[0]


def read_samples(file: Path, name: str) -> Samples:
    """The pictures of an .npz, and their kinds where it holds some.

    Args:
        name: what its owner calls the file.
    Raises:
        InputError: it holds no such pictures, or too many.
    """
    what = f"The file {name!r}"
    files = open_zip(file, what=what, whole="an npz of pictures", limits=OF_SAMPLES)
    if "arr_0.npy" not in files.names:
        raise InputError(f"{what} has no arr_0. {NOT_ONE}")
    pictures = read_array(files.read("arr_0.npy"), what=f"arr_0 of {name!r}")
    if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[1:] != (SIDE_PX, SIDE_PX, 3) or not len(pictures):
        raise InputError(f"arr_0 of {name!r} holds {pictures.dtype} of the shape {pictures.shape}. It must hold uint8 of the shape "
                         f"(n, {SIDE_PX}, {SIDE_PX}, 3).")
    if len(pictures) > MAX_SAMPLES:
        raise InputError(f"{what} holds {len(pictures):,} pictures. At most {MAX_SAMPLES:,} are judged.")
    if "arr_1.npy" not in files.names:
        return Samples(pictures, None)
    labels = read_array(files.read("arr_1.npy"), what=f"arr_1 of {name!r}")
    if labels.dtype.kind not in "iu" or labels.shape != (len(pictures),) or not ((labels >= 0) & (labels < len(KINDS))).all():
        return Samples(pictures, None, f"arr_1 of {name!r} does not say the kind of each picture, 0 to {len(KINDS) - 1}, so "
                       "there is no accuracy.")
    return Samples(pictures, labels.astype(np.int64))


def too_few(number: int) -> str:
    """Why so many pictures have no proxy-FD; nothing where they have one."""
    return f"A proxy-FD takes at least {LEAST_JUDGED} pictures; these are {number}." if number < LEAST_JUDGED else ""
