"""How decoded pictures become what a player shows: mirrored, turned, and with square pixels.

A file says so beside its pictures: a display matrix, as phones write it instead of turning anything, and how wide a pixel is
for its height, as on a DVD.
"""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

MAX_ASPECT = 4.0  # true pixels are at most 2.4 times as wide as high, or as high as wide; beyond 4 it is a damaged number
_SNAP_DEG = 1.0  # so near to a quarter turn, the matrix means one


@dataclass(frozen=True)
class Display:
    """What is done to every decoded picture, in this order."""

    pixel_aspect: float = 1.0  # width over height of one pixel, as the file says it
    is_mirrored: bool = False  # left and right change places
    rotation_deg: int = 0  # 0 to 359, counter-clockwise

    @classmethod
    def of(cls, *, matrix: bytes | None, pixel_aspect: Fraction | None) -> "Display":
        """Return what a file's numbers mean; what cannot be is upright and square.

        Args:
            matrix: FFmpeg's display matrix, nine 32-bit numbers, row vectors from the left; None where there is none.
            pixel_aspect: width over height of one pixel; None where the file does not say.
        """
        is_mirrored, rotation_deg = _turn(matrix) if matrix is not None and len(matrix) == 36 else (False, 0)
        return cls(float(pixel_aspect or 1), is_mirrored, rotation_deg)

    @property
    def is_sideways(self) -> bool:
        """Whether width and height change places."""
        return self.rotation_deg in (90, 270)

    @property
    def is_odd(self) -> bool:
        """Whether the turn is none by quarters; corners are then cut off, as players do."""
        return self.rotation_deg % 90 != 0

    def size(self, width: int, height: int, *, limit_px: int) -> tuple[int, int]:
        """Return the (width, height) of what is shown of decoded pictures of `width` by `height`.

        The shorter side of a pixel grows, so that nothing is lost, unless the picture would pass `limit_px` by it.
        """
        aspect = self.pixel_aspect if 1 / MAX_ASPECT <= self.pixel_aspect <= MAX_ASPECT else 1.0
        wide, high = (width * aspect, height * 1.0) if aspect >= 1 else (width * 1.0, height / aspect)
        if max(wide, high) > limit_px:
            wide, high = (width * 1.0, height / aspect) if aspect >= 1 else (width * aspect, height * 1.0)
        shown = max(1, round(wide)), max(1, round(high))
        return self.stored(*shown)

    def stored(self, width: int, height: int) -> tuple[int, int]:
        """Return the (width, height) that a picture must have to be `width` by `height` once it is upright, or back."""
        return (height, width) if self.is_sideways else (width, height)

    def upright(self, picture: np.ndarray) -> np.ndarray:
        """Return the (height, width, 3) uint8 picture of square pixels, mirrored and turned."""
        if self.is_mirrored:
            picture = picture[:, ::-1]
        if not self.is_odd:
            return np.rot90(picture, self.rotation_deg // 90)
        from PIL import Image  # the rarest of cases; a decoder's process starts faster without

        turned = Image.fromarray(np.ascontiguousarray(picture)).rotate(self.rotation_deg, Image.Resampling.BILINEAR)
        return np.asarray(turned)


def _turn(matrix: bytes) -> tuple[bool, int]:
    """Return (is mirrored, degrees counter-clockwise): M = mirror left and right, then turn."""
    a, b, _, c, d, *_ = struct.unpack("9i", matrix)  # x' = a x + c y, y' = b x + d y, and y points down
    is_mirrored = a * d - b * c < 0
    if is_mirrored:
        a, b = -a, -b
    wide, high = math.hypot(a, c), math.hypot(b, d)  # a matrix may also scale, which players ignore
    if not (wide and high):
        return False, 0
    degrees = -math.degrees(math.atan2(b / high, a / wide)) % 360
    quarter = round(degrees / 90) * 90
    return is_mirrored, (quarter if abs(degrees - quarter) <= _SNAP_DEG else round(degrees)) % 360
