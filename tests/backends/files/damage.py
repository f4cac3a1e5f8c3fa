"""What can happen to a file of JSON on its way: cut off, overwritten, with odd values, or something else altogether."""

import json
import random


def damaged(content: bytes, rng: random.Random) -> list[bytes]:
    """The file empty, cut, overwritten, with its values swapped for odd ones, and as several kinds of something else."""
    cut = content[:rng.randrange(len(content))]
    noise = bytearray(content)
    for _ in range(5):
        noise[rng.randrange(len(noise))] = rng.randrange(256)
    odd = [b'"\\ud800"', b"-1e400", b"null", b"[[[[]]]]", b"123456789012345678901", b'{"a": {"b": NaN}}', b'"x"']
    swapped = [_swapped(content, value, rng) for value in odd]
    return [b"", b"\0" * 50, b"null", b"[]", b"{}", b"3", b"[" * 3000, b'{"a":' * 3000, cut, bytes(noise), *swapped,
            content + content, content.replace(b"\n", b"\r\n")]


def _swapped(content: bytes, value: bytes, rng: random.Random) -> bytes:
    """The file with the value of some of its keys replaced."""
    try:
        row = json.loads(content.split(b"\n")[0])
    except ValueError:
        return content.replace(b"0", value)
    for item in (row if isinstance(row, list) else [row]):
        if isinstance(item, dict):
            for key in rng.sample(sorted(item), (len(item) + 1) // 2):
                item[key] = "\0odd\0"
    return json.dumps(row).encode().replace(b'"\\u0000odd\\u0000"', value) + b"\n" + b"\n".join(content.split(b"\n")[1:])
