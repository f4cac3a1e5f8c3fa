"""Pictures that people bring: any kind Pillow knows safely, as RGB, upright, at a bounded size.

The content decides, never the name. The size is read from the header and checked before a pixel is decoded.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from worlds.errors import InputError
from worlds.picture_kinds import ENDINGS, KINDS, check_picture, picture_kind

__all__ = ["ENDINGS", "KINDS", "check_picture", "read_picture"]

MAX_BYTES = 50_000_000
MAX_PIXELS = 50_000_000  # a 50-megapixel camera; decoded it takes 150 MB
MIN_SIDE = 8
WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")  # more than 8 bits a channel


def read_picture(source: Path | bytes, *, max_side_px: int = 2048) -> np.ndarray:
    """Return the picture, (height, width, 3) uint8 RGB, turned as its EXIF says; of a moving one the first frame.

    Transparent parts are put on white. Pictures of 16 bits a channel are scaled to their own range.

    Raises:
        InputError: it is no picture, broken, too large or too small; one sentence says which.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    if len(content) > MAX_BYTES:
        raise InputError(f"The picture has {len(content) / 1e6:.0f} MB. At most {MAX_BYTES / 1e6:.0f} MB are read.")
    kind = picture_kind(content)
    try:
        with Image.open(BytesIO(content), formats=(kind,)) as picture:
            _check_size(*picture.size)
            picture.draft("RGB", (max_side_px, max_side_px))  # a JPEG is decoded at half, quarter or eighth size at once
            return _upright_rgb(picture, max_side_px)
    except UnidentifiedImageError as error:
        raise InputError(f"The {kind} picture is damaged, or of a rare sort. Save it as PNG or JPEG and bring that file.") from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("The picture is damaged or cut off. Save it again and bring that file.") from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise InputError(f"The picture is {width} x {height} pixels. At most {MAX_PIXELS / 1e6:.0f} megapixels are read.")
    if min(width, height) < MIN_SIDE:
        raise InputError(f"The picture is {width} x {height} pixels. Each side must have at least {MIN_SIDE}.")


def _upright_rgb(picture: Image.Image, max_side_px: int) -> np.ndarray:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in WIDE_MODES:  # Pillow's own conversion clips them to white
        values = np.asarray(upright, dtype=np.float64)
        is_number = np.isfinite(values)
        low, high = (values[is_number].min(), values[is_number].max()) if is_number.any() else (0.0, 0.0)
        values = np.where(is_number, values, low)  # a hole, as height maps and measurements have them
        upright = Image.fromarray((255 * (values - low) / max(high - low, 1e-9)).astype(np.uint8))
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    upright = upright.convert("RGB")
    upright.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)  # only ever makes it smaller
    return np.array(upright)
