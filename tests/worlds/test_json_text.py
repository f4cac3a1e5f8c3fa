"""JSON is measured before it is parsed."""

import json
import random

import pytest

from worlds import json_text
from worlds.errors import InputError
from worlds.json_text import measure, parse


def counted(value: object, depth: int = 1) -> tuple[int, int, int]:
    """Containers, entries beyond the first of each, and depth, by walking the value."""
    if not isinstance(value, dict | list):
        return 0, 0, 0
    inside = [counted(entry, depth + 1) for entry in (value.values() if isinstance(value, dict) else value)]
    commas = max(0, len(value) - 1)
    return (1 + sum(one[0] for one in inside), commas + sum(one[1] for one in inside),
            1 + max((one[2] for one in inside), default=0))


def grown(rng: random.Random, depth: int) -> object:
    kind = rng.choice("dlst" if depth else "st")
    text = "".join(rng.choice('ab"\\[]{},: é\n') for _ in range(rng.randrange(8)))
    if kind == "d":
        return {text + str(i): grown(rng, depth - 1) for i in range(rng.randrange(4))}
    if kind == "l":
        return [grown(rng, depth - 1) for _ in range(rng.randrange(4))]
    return text if kind == "s" else rng.random()


@pytest.mark.parametrize("chunk", [8_000_000, 1, 2, 3, 7], ids=lambda size: f"{size} bytes at once")
def test_what_stands_in_quotes_is_not_counted_wherever_a_chunk_ends(monkeypatch, chunk):
    monkeypatch.setattr(json_text, "_CHUNK", chunk)
    rng = random.Random(5)
    for _ in range(60):
        value = [grown(rng, 4), grown(rng, 3)]
        containers, commas, depth = counted(value)

        for ascii_only in (True, False):
            found = measure(json.dumps(value, ensure_ascii=ascii_only).encode())

            assert (found.containers, found.values, found.depth) == (containers, containers + commas, depth)


@pytest.mark.parametrize("content", [b"", b"{}", b'"', b'"\\', b"\\\\\\", b"]]]", b'{"a": "\xff"'])
def test_anything_can_be_measured(content):
    assert measure(content).depth >= 0


def test_a_text_at_the_limit_is_parsed_and_one_above_is_not():
    assert parse("[[],[]]", max_containers=3) == [[], []]
    with pytest.raises(InputError, match=r"The file holds 3 objects and lists\. At most 2"):
        parse("[[],[]]", max_containers=2)
    assert parse("[1,2,3]", max_values=3) == [1, 2, 3]
    with pytest.raises(InputError, match=r"holds 3 values\. At most 2"):
        parse(b"[1,2,3]", max_values=2)
    assert parse("[[1]]", max_depth=2) == [[1]]
    with pytest.raises(InputError, match=r"nested too deeply\. At most 1 levels"):
        parse("[[1]]", max_depth=1)


def test_a_million_empty_lists_are_refused_before_they_are_made():
    with pytest.raises(InputError, match=r"2,500,001 objects and lists\. At most 2,000,000"):
        parse(b"[" + b",".join([b"[]"] * 2_500_000) + b"]")


@pytest.mark.parametrize(("content", "says"), [
    pytest.param(b"[" * 100_000, "nested too deeply", id="deep"),
    pytest.param(b'{"a": NaN}', "the value NaN", id="not a number"),
    pytest.param(b'{"a": ' + b"1" * 5000 + b"}", "number that is too long", id="a long number"),
    pytest.param(b'{"a": "\xff"}', "is not text", id="no UTF-8"),
])
def test_what_cannot_be_used_is_one_sentence(content, says):
    with pytest.raises(InputError, match=says):
        parse(content)


def test_what_is_no_json_is_left_to_the_caller():
    with pytest.raises(json.JSONDecodeError):
        parse(b"[1,")


def test_values_that_python_writes_are_read_where_that_is_allowed():
    assert str(parse(b"[NaN, Infinity]", allows_nan=True)) == "[nan, inf]"


def test_a_large_text_is_parsed_to_the_same_and_lets_others_run(monkeypatch):
    content = json.dumps([1, -2.5, 10**15, 1e300, {"a": [0.1, "x", None, True]}])
    turns = []
    monkeypatch.setattr(json_text, "float", lambda text: turns.append(text) or float(text), raising=False)

    assert parse(content) == json.loads(content)
    assert turns == []
    monkeypatch.setattr(json_text, "LARGE_BYTES", 1)
    assert parse(content) == json.loads(content)
    assert turns == ["-2.5", "1e+300", "0.1"], "numbers pass through Python, which other threads can interrupt"
    with pytest.raises(InputError, match="number that is too long"):
        parse(b"[" + b"1" * 5_000 + b"]")
