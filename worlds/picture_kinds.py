"""Which pictures can be brought: one list for every upload box, every sentence and the decoder; and the check at the upload."""

from collections.abc import Mapping

from PIL import features

from worlds.errors import InputError
from worlds.signatures import HEAD, recognise, words

ENDINGS_OF: Mapping[str, tuple[str, ...]] = {  # Pillow's name -> the endings that such files have
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "PNG": ("png",),
    "WEBP": ("webp",),
    "GIF": ("gif",),
    "BMP": ("bmp",),
    "TIFF": ("tif", "tiff"),
    "AVIF": ("avif",),
}
KINDS = tuple(ENDINGS_OF)
ENDINGS = tuple(ending for endings in ENDINGS_OF.values() for ending in endings)  # what upload boxes offer; the content decides
HEIC = "HEIC, as phones take it, is not read: share or export it as JPEG."
_NEEDS = {"AVIF": "avif", "WEBP": "webp"}  # kind -> the part of Pillow that a build may lack


def readable_kinds() -> tuple[str, ...]:
    """Return the kinds that the Pillow of this machine reads."""
    return tuple(kind for kind in KINDS if kind not in _NEEDS or features.check(_NEEDS[kind]))


def offered() -> str:
    """Return the kinds as a sentence names them."""
    *most, last = ("WebP" if kind == "WEBP" else kind for kind in readable_kinds())
    return f"{', '.join(most)} or {last}"


def picture_kind(content: bytes, *, name: str = "") -> str:
    """Return which of KINDS it is, by its first bytes; nothing is decoded.

    Args:
        content: the file, or its first HEAD bytes.
        name: what people call it.
    Raises:
        InputError: it is something else, or of a kind that this machine does not read; one sentence says what.
    """
    kind = recognise(content[:HEAD])
    what = f"The file {name!r}" if name else "This"
    if kind in readable_kinds():
        return kind
    if kind in KINDS:
        raise InputError(f"{what} is {words(kind)}, which this machine's Pillow does not read. One of {offered()} would be right.")
    if kind == "HEIC":
        raise InputError(f"{what} is {words(kind)}. {HEIC}")
    raise InputError(f"{what} is {words(kind)}, not a picture that can be read. One of {offered()} would be right.")


def check_picture(head: bytes, name: str) -> None:
    """Raise InputError where what is being uploaded under `name` and begins with `head` is no picture that can be read."""
    picture_kind(head, name=name)
