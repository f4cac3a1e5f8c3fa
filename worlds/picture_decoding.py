"""What the decoder's process does with a picture; `worlds.pictures` asks for it. The server never imports this."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from worlds.video.readers import Refused, Undecodable

Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit says nothing of the size; here it is checked first, and said
WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")  # more than 8 bits a channel


def decode(content: bytes, *, what: str, kind: str, max_side_px: int, max_pixels: int, min_side: int) -> np.ndarray:
    """Return the picture, (height, width, 3) uint8 RGB. The size is read from the header and checked before a pixel is decoded.

    Args:
        what: begins each sentence, as "The picture 'mine.png'".
        kind: Pillow's name of what it is, by its first bytes.
    Raises:
        Refused, Undecodable: one sentence.
    """
    try:
        with Image.open(BytesIO(content), formats=(kind,)) as picture:
            _check_size(*picture.size, what, max_pixels=max_pixels, min_side=min_side)
            picture.draft("RGB", (max_side_px, max_side_px))  # a JPEG is decoded at half, quarter or eighth size at once
            return _upright_rgb(picture, max_side_px)
    except UnidentifiedImageError as error:
        raise Refused(f"{what} ({kind}) is damaged, or of a rare sort. Save it as PNG or JPEG and bring that file.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Undecodable(f"{what} is damaged or cut off.") from error


def _check_size(width: int, height: int, what: str, *, max_pixels: int, min_side: int) -> None:
    if width * height > max_pixels:
        raise Refused(f"{what} is {width} x {height} pixels. At most {max_pixels / 1e6:.0f} megapixels are read.")
    if min(width, height) < min_side:
        raise Refused(f"{what} is {width} x {height} pixels. Each side must have at least {min_side}.")


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
