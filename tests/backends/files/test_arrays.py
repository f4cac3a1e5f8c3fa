"""Arrays are held against their size before they are made."""

import io

import numpy as np
import pytest

from backends.files.arrays import read_array
from worlds.errors import InputError


def saved(array: np.ndarray, *, pickles: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=pickles)
    return buffer.getvalue()


def claiming_kind(descr: str) -> bytes:
    return claiming("(3,)", body=bytes(24)).replace(b"'<f8'", descr.encode())


def claiming(shape: str, descr: str = "<f8", order: str = "False", body: bytes = b"") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


@pytest.mark.parametrize("array", [
    np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros((0, 5), np.uint8), np.array(3.5), np.array([True, False]),
    np.asfortranarray(np.arange(12).reshape(3, 4)), np.arange(4, dtype=np.float16)],
    ids=["numbers", "empty", "one number", "truths", "columns first", "half precision"])
def test_an_array_of_numbers_comes_back(array):
    found = read_array(saved(array))

    assert found.dtype == array.dtype and found.shape == array.shape and np.array_equal(found, array)
    assert found.flags.writeable


@pytest.mark.parametrize("content", [
    pytest.param(b"", id="nothing"),
    pytest.param(b"not an array", id="no array"),
    pytest.param(saved(np.array([{"a": 1}], dtype=object), pickles=True), id="a pickle"),
    pytest.param(saved(np.array(["text"])), id="texts"),
    pytest.param(saved(np.zeros(2, dtype=[("a", "<f8")])), id="records"),
    pytest.param(claiming("(-1,)"), id="a negative length"),
    pytest.param(claiming("(2.5,)"), id="a broken length"),
    pytest.param(claiming("(2,) * 9", body=bytes(8)), id="a shape that is to be computed"),
    pytest.param(claiming("(1,) + (1,)", body=bytes(8)), id="a sum"),
    pytest.param(claiming("(" + "(" * 3000 + ")" * 3000 + ",)"), id="nested"),
    pytest.param(claiming("(" + "1," * 9 + ")", body=bytes(8)), id="nine dimensions"),
    pytest.param(claiming("(1,)", descr=">f8", body=bytes(8)), id="the other order of bytes"),
    pytest.param(claiming_kind("()"), id="a kind that is a tuple of nothing"),
    pytest.param(claiming_kind("[()]"), id="a record without a name"),
    pytest.param(claiming_kind("('<f8', -1)"), id="a kind of negative length"),
    pytest.param(claiming_kind("5"), id="a kind that is a number"),
])
def test_what_is_no_array_of_numbers_is_refused(content):
    with pytest.raises(InputError, match="no array that can be read"):
        read_array(content)


@pytest.mark.parametrize(("content", "says"), [
    pytest.param(claiming("(1000000000000,)"), r"8,000,000,000,000 bytes of numbers and has 0", id="large"),
    pytest.param(claiming("(4294967296, 4294967296)"), "claims", id="a product that would overflow"),
    pytest.param(saved(np.arange(4.0))[:-1], "claims 32 bytes of numbers and has 31", id="cut"),
    pytest.param(saved(np.arange(4.0)) + b"x", "claims 32 bytes of numbers and has 33", id="too long"),
])
def test_a_header_that_lies_about_the_size_is_refused_with_both_numbers(content, says):
    with pytest.raises(InputError, match=says):
        read_array(content)
