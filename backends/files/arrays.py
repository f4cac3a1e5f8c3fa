"""NumPy's .npy from strangers: the header is read and held against the size of the file before anything is allocated."""

import io
import math
import struct
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy

from worlds.errors import InputError

KINDS = "biuf"  # truth values, whole numbers and fractions: no objects, no texts, no records
MAX_RANK = 8
MAX_HEADER = 10_000  # characters; a true one has a hundred
# a header is Python's text for a dict: it is no such text, one of another kind, too deep, or its dtype is a tuple of nothing
_BROKEN = (ValueError, TypeError, SyntaxError, TokenError, EOFError, struct.error, RecursionError, MemoryError, IndexError)


def read_array(content: bytes, *, what: str = "The array") -> np.ndarray:
    """Return the array of a .npy file.

    Raises:
        InputError: it is no array of numbers, or its header claims another size than the file has.
    """
    stream = io.BytesIO(content)
    try:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version}")
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read_header(stream, max_header_size=MAX_HEADER)
        if dtype.kind not in KINDS or dtype.hasobject or not dtype.isnative or len(shape) > MAX_RANK or min(shape, default=0) < 0:
            raise ValueError(f"{dtype} of rank {len(shape)}")
        size = math.prod(shape) * dtype.itemsize  # Python's integers: a product does not overflow
    except _BROKEN as error:
        raise InputError(f"{what} is no array that can be read. It must be a .npy of plain numbers.") from error
    left = len(content) - stream.tell()
    if size != left:
        raise InputError(f"{what} claims {size:,} bytes of numbers and has {left:,}. It must be a whole .npy.")
    flat = np.frombuffer(content, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if is_fortran else "C").copy(order="K")
