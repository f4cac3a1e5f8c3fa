"""Files that hold many objects give each with its place, whatever of them is broken, and never more than was asked for."""

import json

import pytest

from backends.files import logs, objects
from backends.files.logs import Notes
from backends.files.objects import has_lines, object_at, objects_in

ROWS = [{"a": 1}, {"a": [2, {"b": "\u2028"}]}, {"a": "}"}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def read(text: str, most: int = 100) -> tuple[list[object], tuple[str, ...]]:
    """The objects, each read again from its place, and the notes."""
    notes = Notes()
    found = list(objects_in(text, "It", notes, most=most))
    for row, (start, end) in found:
        assert json.loads(text[start:end].strip().rstrip(",")) == row
    return [row for row, _ in found], notes.all()


@pytest.mark.parametrize("text", [
    pytest.param(LINES, id="lines"), pytest.param(LINES.rstrip(), id="no last line feed"),
    pytest.param(json.dumps(ROWS), id="a list"),
    pytest.param(json.dumps(ROWS, indent=1), id="an indented list"), pytest.param(LINES.replace("\n", "\r"), id="CR"),
    pytest.param(LINES.replace("\n", "\r\n"), id="CR and LF"), pytest.param(LINES.replace("\n", "\n\n  \n"), id="blank lines"),
    pytest.param("\n".join(json.dumps(row, indent=2) for row in ROWS), id="indented objects"),
    pytest.param(LINES.replace("\n", ",\n"), id="commas"), pytest.param(json.dumps([ROWS[:1], ROWS[1:]]), id="lists in a list")])
def test_objects_are_found_however_they_are_written(text):
    assert read(text) == (ROWS, ())


def test_a_broken_line_is_left_out_and_a_cut_last_line_is_told_apart():
    assert read("oops\n" + LINES + "[1]\n") == (ROWS, ("The last line of It is cut off: it is left out.",
                                                       "It: line 1 is no JSON object, and left out."))
    many = "".join(line + "\nx\n" for line in LINES.splitlines() * 3) + LINES

    assert read(many)[1] == ("It: lines 2, 4, 6, … are no JSON object, and left out.",)


def test_a_list_that_was_cut_off_gives_what_stands_before():
    rows, notes = read(json.dumps(ROWS)[:-4])

    assert rows == ROWS[:2] and "after 2 entries: it is cut off or damaged." in notes[0]


@pytest.mark.parametrize("text", [LINES, json.dumps(ROWS)])
def test_no_more_are_yielded_than_were_asked_for(text):
    assert read(text, 3) == (ROWS, ())
    assert read(text, 2) == (ROWS[:2], ("It holds more than 2 entries. At most so many are read.",))


@pytest.mark.parametrize("text", [
    pytest.param("[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]", id="brackets above and below"),
    pytest.param("[" + ",\n".join(map(json.dumps, ROWS * 2)) + "]", id="brackets beside")])
def test_a_list_with_a_line_for_each_entry_is_read_whole(text):
    rows, notes = read(text)

    assert (rows[:3], len(rows) % 3, notes) == (ROWS, 0, ())


def test_a_file_is_left_after_many_odd_lines_or_entries(monkeypatch):
    monkeypatch.setattr(objects, "MAX_ODD", 3)

    rows, notes = read('{"a": 1}\n' + "x\n" * 9 + '{"a": 2}\n')
    assert rows == [{"a": 1}] and notes[0] == "It is left at line 5: 3 lines above it are no JSON objects."
    rows, notes = read('[{"a": 1}, ' + "{x}, " * 9 + '{"a": 2}]')
    assert rows == [{"a": 1}] and notes[0].startswith("It cannot be read from character 26 on, after 4 entries")


def test_quotes_and_brackets_in_texts_do_not_end_an_odd_entry():
    odd = r'{"a": "}\\", "b": "\"]}", "c": [oops]}'

    assert read(f'[{{"a": 1}}, {odd}, {{"a": 2}}]') == ([{"a": 1}, {"a": 2}], ("It: entry 2 is no JSON object, and left out.",))
    assert read('[{"a": 1}, {"b": oops "' + r'\"' * 50_000)[0] == [{"a": 1}]


def test_a_line_that_holds_too_much_is_named(monkeypatch):
    monkeypatch.setattr(logs, "MAX_VALUES", 3)

    assert read('{"a": 1}\n{"a": [1, 2, 3, 4, 5]}\n{"a": 2}\n') == (
        [{"a": 1}, {"a": 2}], ("It: line 2 is larger than is read, and left out.",))


def test_a_million_empty_lines_are_bounded(monkeypatch):
    monkeypatch.setattr(objects, "MAX_LINES", 5)

    assert read(LINES + "\n" * 10) == (ROWS, ("It has more than 5 lines. At most so many are read.",))


@pytest.mark.parametrize("text", ["", " \n", "[" * 100_000, "[{" * 50_000, '{"a":' * 50_000, "nothing\nat all\n", "3", "null"])
def test_what_holds_no_object_gives_none(text):
    assert read(text)[0] == []


def test_a_line_that_is_too_long_is_counted_and_an_entry_of_a_list_as_long_is_read(monkeypatch):
    monkeypatch.setattr(objects, "MAX_LINE", 40)
    monkeypatch.setattr(logs, "MAX_LINE", 40)
    rows = [{"a": "x" * 40}, {"a": 1}]
    text = json.dumps(rows)

    assert read("".join(json.dumps(row) + "\n" for row in reversed(rows))) == (
        rows[1:], ("Left out of It: 1 line of more than 40 characters.",))
    assert read(text) == (rows, ())
    assert [object_at(text, span) for _, span in objects_in(text, "It", Notes())] == rows
    assert object_at(text, (3, 9)) == {}


def test_a_list_that_would_become_too_much_is_not_decoded():
    rows, notes = read("[" + "[]," * 2_000_001 + "[]]")

    assert rows == [] and "At most 2,000,000 are read." in notes[0]


def test_lines_are_told_by_their_first_object():
    assert has_lines(LINES) and has_lines('{"a": 1}') and has_lines("x\n" + LINES)
    assert not has_lines(json.dumps(ROWS)) and not has_lines(json.dumps(ROWS[0], indent=1)) and not has_lines("x\ny\n" + LINES[:9])
