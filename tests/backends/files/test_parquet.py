"""Parquet from strangers: added up before it is unpacked, whatever the footer claims."""

import io
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backends.files import parquet_worker
from backends.files.parquet import read_parquet
from backends.files.parquet_worker import unpack
from backends.files.rows import OddRows
from backends.files.tables import read_table
from worlds.errors import InputError

KNOWN = ("prompt", "right", "requested_rewrite")


def written(table, **options):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(table) if isinstance(table, list) else table, sink, **options)
    return sink.getvalue()


def read(content, *, max_rows=1_000, limit_mb=4):
    """As the process does it, here: a process of its own for every case takes a second."""
    return unpack(content, known=KNOWN, max_rows=max_rows, limit_mb=limit_mb, what="The file")


def repeated(count, size):
    """(count,) one long text: in the file it stands once."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), ["z" * size])


def test_known_columns_are_read_and_all_are_named():
    rows = [{"Prompt": "zor", "right": ["kim", "tav"], "requested_rewrite": {"target_new": {"str": "Rome"}}, "id": 3},
            {"Prompt": None, "right": None, "requested_rewrite": None, "id": 4}]

    found = read(written(rows))

    assert found.columns == ("prompt", "right", "requested_rewrite", "id") and found.count == 2
    assert found.rows == [{"prompt": "zor", "right": ["kim", "tav"], "requested_rewrite": {"target_new": {"str": "Rome"}}},
                          {"prompt": None, "right": None, "requested_rewrite": None}]


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "brotli", "none"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_every_packing_is_read_to_its_limit(compression, version):
    content = written([{"prompt": f"zor {number}", "right": ["kim"] * 3} for number in range(1_100)], compression=compression,
                      data_page_version=version)

    found = read(content, max_rows=2_000)

    assert len(found.rows) == 1_100 and found.rows[1_099]["prompt"] == "zor 1099"
    assert len(read(content, max_rows=600).rows) == 600
    with pytest.raises(InputError, match=r"unpacks to more than 0\.1 MB"):
        read(content, max_rows=2_000, limit_mb=0.1)


@pytest.mark.parametrize("table", [
    pa.table({"prompt": ["z" * 30_000_000]}), pa.table({"prompt": repeated(10_000, 10_000)}),
    pa.table({"prompt": ["zor"], "right": pa.ListArray.from_arrays([0, 10_000], repeated(10_000, 10_000))}),
    pa.table({"prompt": repeated(200, 30_000), "id": range(200)}),
], ids=["one huge text", "a text in every row", "a text throughout one list", "a text in a few rows"])
def test_a_bomb_is_refused_before_it_goes_off(table):
    content = written(table, compression="zstd")

    assert len(content) < 20_000
    with pytest.raises(InputError, match="unpacks to more than 4 MB"):
        read(content)


def test_a_column_of_nothing_is_counted():
    with pytest.raises(InputError, match="more than 20,000,000 values"):
        read(written(pa.table({"prompt": pa.nulls(20_000_001, pa.string())})))


def test_a_footer_that_claims_little_is_not_believed():
    honest = written(pa.table({"prompt": ["z" * 30_000_000]}), compression="zstd", write_statistics=False)
    facts = pq.ParquetFile(io.BytesIO(honest)).metadata.row_group(0).column(0)
    size = facts.total_uncompressed_size
    claimed, small = (_zigzag(value) for value in (size, 99))
    start = len(honest) - 8 - int.from_bytes(honest[-8:-4], "little")
    footer = honest[start:-8].replace(claimed, small)
    lying = honest[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1"

    assert pq.ParquetFile(io.BytesIO(lying)).metadata.row_group(0).column(0).total_uncompressed_size == 99
    with pytest.raises(InputError, match="unpacks to more than 4 MB"):
        read(lying)


def _zigzag(value):
    """The number as Thrift's compact protocol writes it."""
    value, out = value << 1, bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def test_a_file_that_ends_arrows_process_costs_one_sentence():
    whole = written([{"prompt": "zor", "right": ["kim"]}])
    broken = whole.replace(b"\x15\x0c\x25\x02", b"\x15\x0c\x25\x03")  # the schema: neither required, optional nor repeated
    assert broken != whole

    with pytest.raises(InputError, match="The file is damaged, or needs more memory or time than there is"):
        read_parquet(broken, known=KNOWN, max_rows=9, limit_mb=4)


def test_damaged_files_give_one_sentence_or_their_rows():
    whole = written([{"prompt": f"zor {number}", "right": ["kim"]} for number in range(50)])

    for place in (20, 60, 120, len(whole) - 300, len(whole) - 100, len(whole) - 6):
        broken = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:]
        try:
            assert len(read_parquet(broken, known=KNOWN, max_rows=99, limit_mb=4).rows) == 50
        except InputError as error:
            assert len(str(error)) < 300
    for end in range(1, len(whole), 60):
        with pytest.raises(InputError):
            read(whole[:end])


def test_what_json_has_no_word_for_comes_as_text():
    table = pa.table({"prompt": [b"zor"], "right": pa.array([date(2020, 3, 1)])})

    assert read_parquet(written(table), known=KNOWN, max_rows=9, limit_mb=4).rows == ({"prompt": "zor", "right": "2020-03-01"},)


@pytest.mark.parametrize("size", [3, 5, 10], ids="groups of {}".format)
def test_texts_in_objects_and_lists_are_read_over_several_row_groups(size):
    rows = [{"right": ["kim", "tav"], "requested_rewrite": {"target_new": {"str": f"Rome {number}"}}} for number in range(10)]

    assert read(written(rows, row_group_size=size)).rows == rows


PICTURES = [{"prompt": f"zor {number}", "right": {"bytes": bytes([0xFF, number]), "path": f"{number}.jpg"},
             "requested_rewrite": b"\xfe"} for number in range(10)]


def test_pictures_are_left_unread_and_their_columns_are_named():
    found = unpack(written(PICTURES), known=KNOWN, max_rows=2, limit_mb=4, what="The file", pictures="unread")

    assert found.rows == [{"prompt": "zor 0", "right": {"path": "0.jpg"}}, {"prompt": "zor 1", "right": {"path": "1.jpg"}}]
    assert found.pictures == ("right", "requested_rewrite") and found.count == 10


@pytest.mark.parametrize("size", [3, 4, 5, 10], ids="groups of {}".format)
def test_a_few_pictures_come_as_base64_without_the_rows_before_them(size):
    found = read_parquet(written(PICTURES, row_group_size=size), known=["right"], max_rows=2, limit_mb=4, pictures="base64", first=5)

    assert found.rows == ({"right": {"bytes": "/wQ=", "path": "4.jpg"}}, {"right": {"bytes": "/wU=", "path": "5.jpg"}})


def test_of_a_large_file_only_the_part_that_is_asked_for_counts():
    content = written([{"prompt": letter * 3_000_000} for letter in "abc"], row_group_size=1)

    with pytest.raises(InputError, match="unpacks to more than 4 MB"):
        read(content)
    assert [row["prompt"][:2] for row in read_parquet(content, known=KNOWN, max_rows=1, limit_mb=4, first=2).rows] == ["bb"]


def test_a_locked_file_and_too_many_columns_are_told():
    with pytest.raises(InputError, match="without a password"):
        read_table(b"PARE" + b"\x00" * 40 + b"PARE", OddRows(), known=KNOWN)
    with pytest.raises(InputError, match="1 row groups of 100,001 columns"):
        parquet_worker._check_parts(type("Facts", (), {"num_row_groups": 1, "num_columns": 100_001}), "The file")


def test_of_two_columns_of_one_name_the_first_is_read_and_told():
    content = written(pa.table([["a"], ["b"]], names=["prompt", "prompt"]))

    table = read_table(content, OddRows(), known=KNOWN)

    assert table.rows == ((1, {"prompt": "a"}),) and "'prompt' twice" in table.notes[0]


def test_missing_numbers_of_pandas_are_missing():
    table = read_table(written([{"prompt": "zor", "right": 12.0}, {"prompt": "bal", "right": float("nan")}]), OddRows(), known=KNOWN)

    assert [row["right"] for _, row in table.rows] == [12.0, None]
