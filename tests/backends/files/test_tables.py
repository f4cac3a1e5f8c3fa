"""Tables of every kind from strangers as numbered rows: bounded, and no odd row refuses a file."""

import json
import random

import numpy as np
import pandas as pd
import pytest

from backends.files import csv_text, encoding, json_text, tables
from backends.files.csv_text import MAX_CELL, to_csv
from backends.files.rows import OddRows
from backends.files.tables import Limits, read_object, read_table, read_values
from worlds.errors import InputError

KNOWN = ("prompt", "right", "answer_index", "requested_rewrite")


def read(content, **changes):
    odd = OddRows()
    return read_table(content, odd, known=KNOWN, anchors=("prompt",), **changes), odd


def rows_of(content, **changes):
    return [row for _, row in read(content, **changes)[0].rows]


@pytest.mark.parametrize("content, kind", [
    (b"prompt\nzor\n", "CSV"), (b'[{"prompt": "zor"}]', "JSON"), (b'{"prompt": "zor"}', "JSON"),
    (b'{"prompt": "zor"}\n{"prompt": "bal"}', "JSON lines"), (b' {"prompt": "zor"},\n{"prompt": "bal"},\n', "JSON lines"),
    (b'{"prompt": "zor"}\r{"prompt": "bal"}\r', "JSON lines"),
    ('{"prompt": "zor"}\n{"prompt": "bal"}'.encode("utf-16"), "JSON lines"),
], ids=["CSV", "list", "one object", "lines", "lines with commas", "lone returns", "UTF-16"])
def test_the_kind_is_told_by_the_content(content, kind):
    table, odd = read(content)

    assert table.kind == kind and table.rows[0] == (1, {"prompt": "zor"}) and table.columns == ("prompt",)
    assert table.count == len(table.rows) and not odd.notes()


def test_rows_beyond_the_limit_are_counted_and_keep_their_numbers():
    for content in (b"prompt\n" + b"zor\n" * 5, b'{"prompt": "zor"}\n' * 5, json.dumps([{"prompt": "zor"}] * 5).encode()):
        table, _ = read(content, limits=Limits(rows=2))

        assert [number for number, _ in table.rows] == [1, 2] and table.count == 5


@pytest.mark.parametrize("content", [
    b"prompt,right\nzor,kim\n\nbal,tav\n , \n\nfen,mol,dur\n\n,\n",
    b"prompt\tright\r\nzor\tkim\r\n\t\r\nbal\ttav\r\n\r\n\r\nfen\tmol\tdur\r\n",
    b'\n\nprompt,right\n"zor\nzor",kim\n\nbal,tav\n\n\nfen,mol,dur\n',
    b'{"prompt": "zor"}\n\n{"prompt": "bal"}\n \n\n{"prompt": fen}\n\n\n',
], ids=["CSV", "TSV", "blanks above the header and a break in a cell", "JSON lines"])
def test_rows_are_numbered_as_a_spreadsheet_or_an_editor_does_and_empty_ones_are_told_once(content):
    table, odd = read(content)

    assert [number for number, _ in table.rows] == [1, 3] and table.count == 3
    assert [note.partition(":")[2].split(" ")[1:3] for note in odd.notes()[:1]] == [["Row", "6"]]
    assert odd.notes()[1:] == ("3 empty rows are passed over: rows 2, 4, 5.",)


def test_empty_rows_take_no_place_of_those_that_are_kept_and_none_is_told_at_the_end():
    for content in (b"prompt\n\nzor\n" + b"\n" * 9 + b"bal\nfen\n\n",
                    b'\n{"prompt": "zor"}\n' + b"\n" * 9 + b'{"prompt": "bal"}\n{"prompt": "fen"}\n\n'):
        table, odd = read(content, limits=Limits(rows=2))

        assert [number for number, _ in table.rows] == [2, 12] and table.count == 3
        assert odd.notes() == ("10 empty rows are passed over: rows 1, 3, 4, ….",)
    for content in (b"prompt,right\nzor,kim\n\n,\n\n", b'{"prompt": "zor"}\n{"prompt": "zor"}\n\n\n'):
        assert not read(content)[1].notes()


def test_one_empty_row_is_told_by_its_number():
    assert read(b"prompt,right\nzor,kim\n,\nbal,tav\n")[1].notes() == ("1 empty row is passed over: row 2.",)


def test_a_row_that_is_repaired_below_an_empty_one_has_its_number():
    assert read(b'prompt,right\n\n"zor,kim\n')[1].notes()[0] == (
        "Row 2: a quote is never closed, so the quotes are read as they stand.")


def test_a_line_separator_inside_a_text_cuts_no_line():
    assert [row["prompt"] for row in rows_of('{"prompt": "a\u2028b"}\n{"prompt": "c"}'.encode())] == ["a\u2028b", "c"]


def test_a_file_of_one_column_may_hold_any_separator():
    assert [row["prompt"] for row in rows_of(b"prompt\nzor, bal; kim\n")] == ["zor, bal; kim"]


def test_names_are_known_whatever_their_case_and_blanks_and_others_stay():
    (row,) = rows_of(b"Answer Index;PROMPT;My Own\n1;zor;x\n")

    assert row == {"answer_index": "1", "prompt": "zor", "My Own": "x"}


def test_the_separator_is_the_one_that_gives_known_names():
    assert rows_of(b"a,b,c;prompt;right\nx,y,z;zor;kim\n") == [{"a,b,c": "x,y,z", "prompt": "zor", "right": "kim"}]


def test_dotted_columns_become_objects_in_every_kind_of_file():
    flat = {"requested_rewrite.prompt": "{} is", "requested_rewrite.target_new.str": "Rome", "other.x": "1"}
    whole = {"requested_rewrite": {"prompt": "{} is", "target_new": {"str": "Rome"}}, "other.x": "1"}

    for content in (pd.DataFrame([flat]).to_csv(index=False).encode(), json.dumps([flat]).encode()):
        assert rows_of(content) == [whole]


def test_lists_of_unequal_length_are_refused_where_they_are_known_and_named_where_not():
    with pytest.raises(InputError, match="'right' of the file has 1 entries and 'prompt' has 2"):
        read(b'{"prompt": ["a", "b"], "right": ["x"]}')

    table, _ = read(b'{"prompt": ["a", "b"], "names": ["x"], "made": "today"}')
    assert [row["prompt"] for _, row in table.rows] == ["a", "b"] and table.columns == ("prompt", "names", "made")


def test_quotes_that_lead_nowhere_cost_one_row_at_most_and_a_file_of_them_is_refused():
    good = b'prompt,right\n"open,kim\n"a" b,tav\n"x, ""y""",fen\n"torn, torn, torn\nzor,bal\n'

    table, odd = read(good)

    assert [row["prompt"] for _, row in table.rows] == ['"open', '"a" b', 'x, "y"', "zor"]
    assert any("Row 4 is not CSV" in note for note in odd.notes())
    assert len(read(b"prompt,right\n" + b'"a" b,c\n' * 300)[0].rows) == 300


def test_quotes_that_lead_nowhere_for_long_are_refused_before_it_takes_long(monkeypatch):
    content = b"prompt,right\n" + b'"a,b\n' + b"z,z\n" * 400
    assert len(read(content)[0].rows) == 401

    monkeypatch.setattr(csv_text, "MAX_LOST", 1_000)
    with pytest.raises(InputError, match="Too many rows are not CSV: unexpected end of data"):
        read(content)


def test_behind_the_rows_that_are_kept_nothing_is_mended(monkeypatch):
    mended: list[int] = []
    known = csv_text._Records._literal
    monkeypatch.setattr(csv_text._Records, "_literal", lambda self, *rest: mended.append(1) or known(self, *rest))
    odd = OddRows()

    table = read_table(b"prompt,right\n" + b'zor,"b\n' * 50 + b" \n", odd, known=("prompt",), limits=Limits(rows=4))

    assert (len(table.rows), table.count) == (4, 50) and len(mended) <= 5


@pytest.mark.parametrize("content, said", [
    (b"prompt\n" * 11, "has 11 lines. At most 10"), (b"prompt\r" * 11, "has 11 lines"), (b"[]\n" * 11, "has 11 lines"),
    (b"prompt" + b"," * 3_000 + b"\nzor\n", "has 3,001 columns. At most 2,000"),
], ids=["CSV", "lone returns", "JSON lines", "columns"])
def test_more_lines_or_columns_than_are_read_are_told(content, said, monkeypatch):
    monkeypatch.setattr(encoding, "MAX_LINES", 10)

    with pytest.raises(InputError, match=said):
        read(content)


def test_a_line_of_commas_is_left_out_before_it_is_cut(monkeypatch):
    monkeypatch.setattr(csv_text, "MAX_LINE", 100)

    table, odd = read(b"prompt,right\n" + b"," * 101 + b"\nzor,kim\n")

    assert [number for number, _ in table.rows] == [2]
    assert odd.notes()[0].startswith("1 row is left out: Row 1 is not CSV: a line of 102 characters.")


def test_a_cell_is_read_at_its_limit_and_left_out_above():
    table, odd = read(b"prompt\n" + b"z" * MAX_CELL + b"\n" + b"z" * (MAX_CELL + 1) + b"\nzor\n")

    assert [number for number, _ in table.rows] == [1, 3] and "Row 2" in odd.notes()[0]


@pytest.mark.parametrize("line, said", [
    (b'{"prompt": ' + b"[" * 65 + b"]" * 65 + b"}", "nested too deeply"),
    (b'{"prompt": ' + b"9" * 5_000 + b"}", "a number that is too long"),
    (b"[" * 5_000, "nested too deeply"),
    (b'{"prompt": "' + b"[" * 100 + b'"', "not JSON"),
], ids=["deep", "digits", "open brackets", "a broken line with brackets"])
def test_a_hostile_line_is_left_out_and_the_others_stay(line, said):
    table, odd = read(b'{"prompt": "zor"}\n' + line + b'\n{"prompt": "[[[[ {{{{"}\n')

    assert [number for number, _ in table.rows] == [1, 3]
    assert said in odd.notes()[0]


def test_lines_that_hold_too_much_together_are_refused_before_they_are_all_parsed(monkeypatch):
    monkeypatch.setattr(json_text, "MAX_CONTAINERS", 10)

    with pytest.raises(InputError, match="more than 10 objects and lists"):
        read(b'{"prompt": [[], [], []]}\n' * 3)


def test_no_number_is_read_as_missing_and_told():
    table, _ = read(b'[{"prompt": "zor", "right": NaN}, {"prompt": "bal", "right": -Infinity}]')

    assert [row["right"] for _, row in table.rows] == [None, float("-inf")]
    assert table.notes == ("Read as missing, because they are NaN: 1 value.",)


@pytest.mark.parametrize("content, said", [
    (b"", "is empty"), (b" \r\n", "is empty"), (b"\x00\x01\x02\x03" * 9, "is not text"), (b"\x1f\x8b\x08zor", "gzip"),
    (b"PK\x03\x04zor", "workbook"), (b'[{"prompt": }]', "line 1, character 13"), (b'[{"prompt": "zor"}', "line 1, character 19"),
], ids=["empty", "blanks", "zeros", "gzip", "zip", "broken", "cut off"])
def test_what_is_no_table_is_told_in_one_sentence(content, said):
    with pytest.raises(InputError, match=said):
        read(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_zero_in_one_cell_is_told_and_the_file_opens(encoding):
    text = "prompt,right\n" + "zor bal,\xe9\n" * 20 + "zo\x00r,bal\n"

    table, _ = read(text.encode(encoding))

    assert len(table.rows) == 21 and table.rows[20][1]["prompt"] == "zo\ufffdr"
    assert any("holds the sign '\\x00', first in line 22; it is read as \ufffd (1 times)." in note for note in table.notes)


@pytest.mark.parametrize("first", ["null", "5", "# a remark", '{"prompt": "zor', "zor, bal", '"zor"', "[]"])
@pytest.mark.parametrize("count", [1, 30])
def test_lines_of_json_below_a_bad_first_one_are_read(first, count):
    table, odd = read((first + '\n{"prompt": "zor, bal", "right": "fen"}' * count).encode())

    assert (table.kind, len(table.rows)) == ("JSON lines", count) and table.rows[0] == (2, {"prompt": "zor, bal", "right": "fen"})
    assert odd.num_left_out == 1


def test_a_missing_file_and_a_large_one_are_refused_under_the_visitors_name(tmp_path):
    path = tmp_path / "0.csv"
    path.write_bytes(b"prompt\n" + b"z" * 1_000_000)

    with pytest.raises(InputError, match=r"The file 'mine\.csv' is 1\.0 MB large\. At most 1 MB"):
        read(path, what="The file 'mine.csv'", limits=Limits(mb=1))
    path.unlink()
    with pytest.raises(InputError, match=r"The file 'mine\.csv' cannot be read"):
        read(path, what="The file 'mine.csv'")


@pytest.mark.parametrize("content, said", [
    (b"[1]", "It must hold one object with named values"), (b'{"a": 1', "is not JSON"), (b" ", "must hold JSON"),
    (b'{"a": NaN}', "Numbers must be finite"), (b'{"a": 1}' + b" " * 100, "At most 0.0001 MB")],
    ids=["a list", "cut off", "empty", "no number", "too large"])
def test_what_is_no_single_object_is_told_in_one_sentence(content, said):
    with pytest.raises(InputError, match=said):
        read_object(content, limit_mb=0.0001)


def test_a_single_object_is_read_as_it_stands():
    assert read_object(b'\xef\xbb\xbf{"a": [1, null], "A": 2}', limit_mb=1) == {"a": [1, None], "A": 2}


def test_values_of_any_type_are_read_from_lists_and_lines():
    for content in (b'[[1, "a", "b"], [2, "c", "d"]]', b'[1, "a", "b"]\n[2, "c", "d"]\n'):
        found = read_values(content, OddRows())

        assert [value for _, value in found.rows] == [[1, "a", "b"], [2, "c", "d"]]


# what the app writes comes back

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "'", '"', ",", ";", "|", " ", "a", "é", "1", "sep=;", "\u2028", "字", "\\"]


def drawn_text(rng):
    return "".join(rng.choice(SIGNS) for _ in range(rng.randint(1, 6)))


@pytest.mark.parametrize("seed", range(40))
def test_a_written_table_is_read_back_as_it_was(seed):
    rng = random.Random(seed)
    frame = pd.DataFrame([{"prompt": "p" + drawn_text(rng), **{name: drawn_text(rng) for name in ("right", "=name")},
                           "number": rng.choice([-0.5, 3, 1e-9])} for _ in range(5)])

    rows = rows_of(to_csv(frame))

    assert [[row["prompt"], row["right"], row["=name"]] for row in rows] == frame[["prompt", "right", "=name"]].values.tolist()
    assert [float(row["number"]) for row in rows] == frame["number"].tolist()


@pytest.mark.parametrize("text, written", [
    ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\ta", "'\ta"), ("'=1", "''=1"), ("'tis", "'tis"),
    ("a=1", "a=1"), ("", ""), (-0.5, "-0.5"), (np.float64(-2), "-2.0"), (None, ""), (True, "True"),
])
def test_only_texts_that_a_spreadsheet_would_run_get_an_apostrophe(text, written):
    content = to_csv(pd.DataFrame({"a": [text], "b": ["x"]}))

    assert content == f"\ufeffa,b\r\n{written},x\r\n".encode()


def test_the_apostrophe_is_taken_back_in_files_with_a_mark_only():
    assert rows_of(b"prompt,right\n'=1,x\n")[0]["prompt"] == "'=1"
    assert rows_of("\ufeffprompt,right\n'=1,x\n".encode())[0]["prompt"] == "=1"


def test_one_large_file_is_parsed_at_a_time():
    entered = []

    class Watched:
        def __enter__(self):
            entered.append("in")

        def __exit__(self, *_):
            entered.append("out")

    original = json_text.one_large_at_a_time
    tables.json_text.one_large_at_a_time = lambda size: entered.append(size) or Watched()
    try:
        read(b'{"prompt": "zor"}\n{"prompt": "bal"}')
    finally:
        tables.json_text.one_large_at_a_time = original
    assert entered == [34, "in", "out"]
