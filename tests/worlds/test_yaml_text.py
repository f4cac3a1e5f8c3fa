"""YAML from strangers: plain values, and one sentence for what is too much or none."""

import pytest

from worlds.errors import InputError
from worlds.yaml_text import MAX_CHARACTERS, MAX_DEPTH, parse


def test_plain_values_are_read():
    assert parse("a: {b: [1, 2.5, true, null, word]}") == {"a": {"b": [1, 2.5, True, None, "word"]}}


@pytest.mark.parametrize(("text", "told"), [
    pytest.param("a: [", r"The file is not YAML \(line 1\). Write plain names and values.", id="broken"),
    pytest.param("a: &x [1]\nb: *x", "refers to itself in line 2", id="a reference"),
    pytest.param("a: !!python/object/apply:os.system [ls]", "is not YAML", id="code"),
    pytest.param("a: 2020-99-99", "has a value that cannot be read", id="a date that is none"),
])
def test_what_is_none_is_one_sentence(text, told):
    with pytest.raises(InputError, match=told):
        parse(text)


def test_limits_hold_at_the_limit_and_one_above():
    parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    parse("#" * MAX_CHARACTERS)

    with pytest.raises(InputError, match=f"At most {MAX_DEPTH} levels"):
        parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    with pytest.raises(InputError, match=f"has {MAX_CHARACTERS + 1:,} characters"):
        parse("#" * (MAX_CHARACTERS + 1))
