"""A zip is judged by its table of contents before anything in it is read."""

import io
import os
import stat
import zipfile

import numpy as np
import pytest

from backends.files import archive
from backends.files.archive import ZipLimits, open_upload, open_zip, single, zipped
from worlds.errors import InputError


def a_zip(files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_files_are_read_by_name_from_bytes_and_from_a_path(tmp_path):
    content = a_zip({"b/two.txt": b"2", "a/one.txt": b"1", "c/two.txt": b"3"})
    (tmp_path / "a.zip").write_bytes(content)

    for files in (open_zip(content), open_zip(tmp_path / "a.zip")):
        assert files.names == ("a/one.txt", "b/two.txt", "c/two.txt")
        assert files.read("b/two.txt") == b"2"
    assert single("x.txt", b"x").read("x.txt") == b"x"


@pytest.mark.parametrize("name", ["../out.json", "/etc/x.json", "a/../../x.json", "C:/x.json", "..\\x.json"])
def test_a_zip_that_leads_outside_is_refused(name):
    with pytest.raises(InputError, match="leads outside"):
        open_zip(a_zip({name: b"[]"}))


def test_a_link_in_a_zip_is_refused():
    entry, buffer = zipfile.ZipInfo("set.json"), io.BytesIO()
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")

    with pytest.raises(InputError, match="is a link"):
        open_zip(buffer.getvalue())


def test_a_zip_is_bounded_in_files_and_in_bytes():
    content = a_zip({f"{index}.txt": b"x" * 10 for index in range(4)})

    assert len(open_zip(content, limits=ZipLimits(files=4, total_mb=40e-6)).names) == 4
    with pytest.raises(InputError, match=r"4 files\..*3 files are read"):
        open_zip(content, limits=ZipLimits(files=3))
    with pytest.raises(InputError, match="At most"):
        open_zip(content, limits=ZipLimits(total_mb=39e-6))
    assert open_zip(content, limits=ZipLimits(file_mb=10e-6)).read("0.txt") == b"x" * 10
    with pytest.raises(InputError, match="of one file"):
        open_zip(content, limits=ZipLimits(file_mb=9e-6)).read("0.txt")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_packings_whose_headers_ask_for_memory_are_refused(packing):
    with pytest.raises(InputError, match="usual way"):
        open_zip(a_zip({"a.txt": b"a" * 100}, packing))


def test_a_broken_zip_and_a_damaged_entry_are_told():
    with pytest.raises(InputError, match="cannot be read"):
        open_zip(b"PK nothing")
    content = bytearray(a_zip({"set.json": b"[1]" * 50}))
    content[39] ^= 0xFF
    files = open_zip(bytes(content))
    with pytest.raises(InputError, match="damaged"):
        files.read("set.json")


@pytest.mark.parametrize("place", range(0, 400, 3))
def test_every_changed_byte_is_a_whole_file_or_one_sentence(place):
    content = bytearray(a_zip({"one.json": b"[1, 2, 3]" * 40, "two.json": b"{}"}))
    content[place % len(content)] ^= 0x5A

    try:
        files = open_zip(bytes(content))
        for name in files.names:
            files.read(name)
    except InputError as error:
        assert str(error).endswith(".")


def test_a_table_of_contents_without_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    lines = b"PK\x01\x02" + bytes(42)
    bomb = lines * 109 + b"PK\x05\x06" + bytes(4) + (109).to_bytes(2, "little") * 2 + (46 * 109).to_bytes(4, "little") + bytes(6)
    (tmp_path / "a.zip").write_bytes(bomb)
    monkeypatch.setattr(archive, "_CHUNK", 46 * 10 + 2)  # some lines lie across two chunks
    monkeypatch.setattr(zipfile, "ZipFile", lambda source: pytest.fail("it was read"))

    for source in (bomb, tmp_path / "a.zip"):
        with pytest.raises(InputError, match="lists more than 4 files"):
            open_zip(source, limits=ZipLimits(files=4))
        with pytest.raises(pytest.fail.Exception, match="it was read"):
            open_zip(source, limits=ZipLimits(files=5))


def test_two_entries_of_one_name_are_told():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as once, pytest.warns(UserWarning, match="Duplicate name"):
        once.writestr("a.txt", b"1")
        once.writestr("a.txt", b"2")

    assert open_zip(buffer.getvalue()).has_repeats
    assert not open_zip(a_zip({"a.txt": b"1"})).has_repeats


def test_an_entry_without_a_name_is_refused():
    content = a_zip({"a": b"1"})
    line = content.rfind(b"PK\x01\x02")
    nameless = content[:line + 28] + bytes(2) + content[line + 30:line + 46] + content[line + 47:]  # its length, then its name
    nameless = nameless[:-10] + (46).to_bytes(4, "little") + nameless[-6:]  # the table of contents is a byte shorter

    with pytest.raises(InputError, match=r"cannot be read|leads outside"):  # the first by zipfile before Python 3.13
        open_zip(nameless)


@pytest.mark.parametrize("seed", range(40))
def test_a_torn_table_of_contents_is_one_sentence_or_a_zip(seed):
    generator, content = np.random.default_rng(seed), a_zip({"a.txt": b"1" * 50, "b/c.txt": b"2" * 50})
    start = content.find(b"PK\x01\x02")
    for _ in range(100):
        torn = bytearray(content)
        for _ in range(int(generator.integers(1, 6))):
            torn[int(generator.integers(start, len(torn)))] = int(generator.choice([0, 1, 2, 255, 80, 75, 47]))
        try:
            files = open_zip(bytes(torn))
            for name in files.names:
                files.read(name)
        except InputError as error:
            assert "\n" not in str(error)


def test_files_are_ordered_by_when_they_were_written(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, year in (("a.txt", 2026), ("b.txt", 2024)):
            packed.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), b"x")
            (tmp_path / "mine").mkdir(exist_ok=True)
            (tmp_path / "mine" / name).write_bytes(b"x")
            os.utime(tmp_path / "mine" / name, (year, year))
    monkeypatch.setenv("ORRERY_DATA_DIR", str(tmp_path))

    for files in (open_zip(buffer.getvalue()), archive.open_folder("mine")):
        assert max(files.names, key=lambda name: files.written[name]) == "a.txt"


def test_an_upload_is_a_zip_or_one_file_as_its_content_says(tmp_path):
    (tmp_path / "a.json").write_bytes(a_zip({"one.txt": b"1"}))
    (tmp_path / "b.zip").write_bytes(b"[]")

    assert open_upload(tmp_path / "a.json", "a.json").names == ("one.txt",)
    assert open_upload(tmp_path / "b.zip", "b.zip").read("b.zip") == b"[]"


def test_one_file_is_bounded_as_an_entry_of_a_zip_is(tmp_path):
    (tmp_path / "a.json").write_bytes(b"0" * 10)

    assert open_upload(tmp_path / "a.json", "a.json", limits=ZipLimits(file_mb=10e-6)).names == ("a.json",)
    with pytest.raises(InputError, match="of one file"):
        open_upload(tmp_path / "a.json", "a.json", limits=ZipLimits(file_mb=9e-6))


def test_what_is_zipped_is_read_as_it_was_and_equal_files_give_equal_bytes():
    logs = {"b/two.txt": b"2", "a.txt": b"1" * 1_000}

    assert zipped(logs) == zipped(dict(reversed(logs.items())))
    assert {name: open_zip(zipped(logs)).read(name) for name in open_zip(zipped(logs)).names} == logs
