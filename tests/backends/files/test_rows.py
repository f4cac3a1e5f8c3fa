"""Odd rows are kept apart and told by kind; cells are read for what they are."""

import pytest

from backends.files.cells import (
    as_number,
    as_text,
    integer,
    mapping,
    nested,
    number,
    numbers,
    text,
    texts,
    truth,
    unfolded,
    whole_numbers,
)
from backends.files.rows import MAX_KINDS, OddRow, OddRows, unused
from worlds.errors import InputError


def test_odd_rows_are_left_out_and_told_by_kind():
    odd = OddRows("mine.csv")

    def half(row, number):
        if row % 2:
            raise OddRow(f"Row {number} is {row}. It must be even.", "odd")
        if row > 10:
            raise OddRow(f"Row {number} is {row}. At most 10.", "large")
        return row // 2

    assert odd.read(enumerate([2, 3, 4, 12, 5, 7, 9], 1), half) == [1, 2]
    assert odd.notes() == ("mine.csv: 4 rows are left out (2, 5, 6, …): Row 2 is 3. It must be even.",
                           "mine.csv: 1 row is left out: Row 4 is 12. At most 10.")
    assert odd.num_left_out == 5


def test_repairs_are_counted_beside_what_is_left_out():
    odd = OddRows()
    for row in (3, 17, 20, 21):
        odd.repair(row, "the start lies below 0 and is read as 0.")

    assert odd.notes() == ("4 rows (3, 17, 20, …): the start lies below 0 and is read as 0.",)


def test_errors_without_a_kind_are_told_apart_by_their_remedy():
    odd = OddRows()
    for row in (1, 2):
        odd.leave_out(row, InputError(f"Line {row} is broken. It must be whole."))

    assert len(odd.notes()) == 1


def test_the_file_is_refused_with_the_reason_of_its_first_odd_row():
    odd = OddRows("a.csv")
    odd.leave_out(7, OddRow("Row 7 is late.", "a"))
    odd.leave_out(2, OddRow("Row 2 is early.", "b"))

    with pytest.raises(InputError, match=r"a\.csv: Row 2 is early"):
        odd.refuse("Nothing is there.")
    with pytest.raises(InputError, match="Nothing is there"):
        OddRows().refuse("Nothing is there.")


def test_many_kinds_of_oddness_share_the_last_note():
    odd = OddRows()
    for row in range(1, MAX_KINDS + 4):
        odd.leave_out(row, OddRow(f"Row {row} is {row}.", str(row)))

    notes = odd.notes()
    assert len(notes) == MAX_KINDS + 1 and notes[-1] == f"For other reasons are left out: 3 more rows, row {MAX_KINDS + 1} first."


def test_unknown_names_are_told_the_first_few():
    assert unused([]) == ()
    assert unused(["id", "x", "id"]) == ("Columns that are not used: id, x.",)
    assert unused(["half \ud83d"])[0].encode() == b"Columns that are not used: half ?."
    (note,) = unused([f"column_{number}" for number in range(100)])
    assert note.endswith("and 92 more.") and len(note) < 130


@pytest.mark.parametrize("value, read", [
    ("a", "a"), (12, "12"), (12.0, "12"), (0.1, "0.1"), (True, "true"), (False, "false"), (10**40, str(10**40)), (1e300, "1e+300"),
    (float("inf"), None), (None, None), ([], None), ({}, None), ("\ud800", None), (b"a", None),
])
def test_what_people_would_write_is_a_text(value, read):
    assert as_text(value) == read


@pytest.mark.parametrize("written, value", [
    ("['a', \"b'c\"]", ["a", "b'c"]), ('["a", "b"]', ["a", "b"]), ("['a' 'b']", ["a", "b"]), ("['a'\n \"b c\"]", ["a", "b c"]),
    ('{"a": [1, null]}', {"a": [1, None]}), ("{'a': None}", {"a": None}), ("[sic]", "[sic]"), ("{x}", "{x}"), ("[1, 2", "[1, 2"),
    ("['it''s']", ["it", "s"]), ("[" * 40 + "]" * 40, "[" * 40 + "]" * 40), ("(1, 2)", "(1, 2)"), ("[-0.1, -0.2]", [-0.1, -0.2]),
    ("[open('x')]", "[open('x')]"), ("a [b]", "a [b]"), (["a"], ["a"]), (3, 3), ("", ""), ("['a\\n']", ["a\n"]),
    ("[" + ", ".join(["-1"] * 100) + "]", [-1] * 100),
])
def test_a_list_or_object_in_a_cell_is_unfolded_and_other_text_stays(written, value):
    assert unfolded(written) == value


def test_a_cell_is_unfolded_to_its_limit():
    at_limit = "['" + "z" * (100_000 - 4) + "']"

    assert unfolded(at_limit) == ["z" * (100_000 - 4)]
    with pytest.raises(InputError, match="100,001 characters"):
        unfolded(at_limit[:-2] + "z']")


def test_what_only_python_reads_is_unfolded_to_a_number_of_parts():
    at_limit = "[" + "(1,2)," * 3_333 + "]"  # 9,999 commas and brackets, and the outer one

    assert unfolded(at_limit) == [(1, 2)] * 3_333
    with pytest.raises(InputError, match=r"10,001 commas and brackets, as Python does\. At most 10,000 are read"):
        unfolded(at_limit[:-1] + "3,]")
    assert unfolded("[" + "[1,2]," * 10_000 + "[3]]")[-1] == [3]  # JSON is read whatever their number


@pytest.mark.parametrize(("written", "value"), [
    ("['a' 'b', 'c']", ["a", "b", "c"]), ("['', 'b']", ["", "b"]), ("['it is', \"'\" ]", ["it is", "'"]),
    ("[b'a' b'b']", [b"a", b"b"]),
    ("['a' x]", "['a' x]")])
def test_texts_that_follow_each_other_are_apart(written, value):
    assert unfolded(written) == value


@pytest.mark.parametrize("code", ["-" * 90_000 + "1", "a." * 40_000 + "b", "not " * 20_000 + "1", "1+" * 20_000 + "1"],
                         ids=["signs", "dots", "nots", "sums"])
def test_code_in_a_cell_stays_text(code):
    assert unfolded(f"[{code}]") == f"[{code}]"


def test_numbers_are_read_from_texts_too():
    row = {"a": " 1.5 ", "b": "3", "c": None, "d": "x", "e": float("nan"), "f": True, "g": [1, 2.0], "h": "[3, 4]", "i": [1, "x"]}

    assert (number(row, "a"), integer(row, "b"), number(row, "c"), number(row, "e")) == (1.5, 3, None, None)
    assert (numbers(row, "g"), whole_numbers(row, "h"), numbers(row, "none")) == ((1.0, 2.0), (3, 4), None)
    assert as_number("1e400") is None and as_number("nan") is None
    for bad in (lambda: number(row, "d"), lambda: number(row, "f"), lambda: integer(row, "a"), lambda: numbers(row, "i"),
                lambda: whole_numbers({"a": [-1]}, "a"), lambda: numbers({"a": "1"}, "a")):
        with pytest.raises(OddRow, match="The row has"):
            bad()


def test_texts_truths_and_objects_are_read_for_what_they_are():
    row = {"a": "", "b": 7, "c": ["x", 1], "d": "True", "e": "{'k': 1}", "f": [["x"]]}

    assert (text(row, "a", "b"), texts(row, "c"), texts(row, "none")) == ("7", ("x", "1"), ())
    assert (truth(row["d"]), truth(0), truth("no"), truth("maybe"), truth(None)) == (True, False, False, None, None)
    assert mapping(row, "e") == {"k": 1}
    for bad in (lambda: mapping(row, "b"), lambda: texts(row, "f"), lambda: text(row, "c")):
        with pytest.raises(OddRow):
            bad()


def test_dotted_columns_are_put_together_where_the_first_name_is_known():
    row = {"a.b": 1, "a.c.d": 2, "x.y": 3, "q": 4, "a.b.e": 5}

    assert nested(row, {"a"}) == {"a": {"b": 1, "c": {"d": 2}}, "x.y": 3, "q": 4}
    assert nested({"q": 4}, {"a"}) == {"q": 4}
