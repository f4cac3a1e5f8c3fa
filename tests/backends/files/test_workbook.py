"""Excel workbooks from strangers: what spreadsheets and pandas write, and what is meant to do harm."""

import pytest

from backends.files.archive import zipped
from backends.files.workbook import BOOK, CONTENTS, SHARED, read_workbook
from worlds.errors import InputError

KNOWN = ("index", "prediction")
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(sheet, shared="", **files):
    """A workbook of one sheet, as the zip that it is."""
    first = f"<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>"
    parts = {CONTENTS: "<Types/>", BOOK: "<workbook/>", "xl/worksheets/sheet1.xml": first, **files}
    if shared:
        parts[SHARED] = f"<sst {MAIN}>{shared}</sst>"
    return zipped({name: part if isinstance(part, bytes) else part.encode() for name, part in parts.items()})


def read(content, max_rows=100):
    return read_workbook(content, known=KNOWN, max_rows=max_rows)


HEADER = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Prediction</t></is></c></row>'
INDEX = "<si><t>index</t></si>"


def test_shared_texts_texts_in_cells_numbers_and_truths_are_read_by_column():
    shared = INDEX + "<si><r><t>The answer </t></r><r><t>is 4</t></r><rPh><t>dropped</t></rPh></si>"
    rows = ('<row r="2"><c r="A2"><v>7</v></c><c r="B2" t="s"><v>1</v></c></row>'
            '<row r="4"><c r="B4" t="str"><f>1+1</f><v>two</v></c></row>'
            '<row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5" t="e"><v>#N/A</v></c></row>')

    found = read(book(HEADER + rows, shared))

    assert found.columns == ("index", "prediction") and found.count == 3 and found.kind == "Excel"
    assert found.rows == ((1, {"index": 7.0, "prediction": "The answer is 4"}), (3, {"index": None, "prediction": "two"}),
                          (4, {"index": True, "prediction": None}))


def test_cells_without_a_place_follow_each_other():
    found = read(book("<row><c t='str'><v>index</v></c><c t='str'><v>prediction</v></c></row>"
                      "<row><c><v>1</v></c><c><v>2.5</v></c></row>"))

    assert found.rows == ((1, {"index": 1.0, "prediction": 2.5}),)


def test_rows_beyond_the_limit_are_counted_and_further_sheets_told():
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 12))

    found = read(book(HEADER + rows, INDEX, **{"xl/worksheets/sheet2.xml": "<worksheet/>"}), max_rows=3)

    assert len(found.rows) == 3 and found.count == 10
    assert found.notes == ("The workbook has 2 sheets: the first one is read.",)


BOMB = f'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet {MAIN}>&b;</worksheet>'


@pytest.mark.parametrize("content, said", [
    (zipped({"a.txt": b"a"}), "is a zip and no workbook"),
    (b"PK\x03\x04 and no more", "must be a whole .xlsx"),
    (book(""), "nothing in its first sheet"),
    (book("<row><c><v> </v></c></row>"), "nothing in its first sheet"),
    (book(HEADER[:40]), "is damaged"),
    (book("", **{"xl/worksheets/sheet1.xml": BOMB}), "declares a document type"),
    (book("<a>" * 70 + "</a>" * 70), "more than 64 levels deep"),
    (book('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'), "column 18,278. At most 2,000"),
    (book("", **{"xl/worksheets/sheet1.xml": b"\xff" * 100}), "is damaged"),
], ids=["another zip", "cut off", "no rows", "blank", "broken", "a bomb of entities", "deep", "far to the right", "no text"])
def test_what_is_no_good_workbook_is_refused_in_one_sentence(content, said):
    with pytest.raises(InputError, match=said):
        read(content)


@pytest.mark.parametrize("limit_mb, is_read", [(1.1, True), (0.9, False)], ids=["at the limit", "above it"])
def test_what_unpacks_to_more_than_the_limit_is_not_read(limit_mb, is_read):
    content = book(HEADER + f'<row r="2"><c r="B2" t="str"><v>{"z" * 1_000_000}</v></c></row>', INDEX)

    assert len(content) < 5_000
    if is_read:
        assert len(read_workbook(content, known=KNOWN, max_rows=9, limit_mb=limit_mb).rows) == 1
    else:
        with pytest.raises(InputError, match="unpacks to 1 MB"):
            read_workbook(content, known=KNOWN, max_rows=9, limit_mb=limit_mb)


def test_a_pointer_beside_the_texts_is_an_empty_cell():
    found = read(book(HEADER + '<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="s"><v>99</v></c></row>', INDEX))

    assert found.rows == ((1, {"index": 1.0, "prediction": None}),)
