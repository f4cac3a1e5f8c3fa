"""Files that programs bring: checked as the pages check an upload, named so that nobody guesses it, never fetched."""

import base64
import io
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backends.knobs import knob_of
from backends.registry import system
from backends.sessions import Session
from fronts.gradio import files, gate
from fronts.gradio.files import MAX_INLINE_MB, BroughtFiles, bring, take_files
from worlds.errors import InputError

CODA = system("coda")
FILE = knob_of(CODA.settings, "file")
CSV = b"prompt,answer\nThe capital of France is,Paris\n"


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.fixture
def uploaded() -> Iterator[str]:
    """The token of a file as Gradio keeps an upload."""
    folder = gate.temp_folder() / sha256(CSV).hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / "mine.csv").write_bytes(CSV)
    yield str(folder / "mine.csv")
    (folder / "mine.csv").unlink(missing_ok=True)


@pytest.fixture
def session() -> Iterator[Session]:
    own = Session("a call")
    yield own
    own.release()


def mark(path: object) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def test_a_small_file_is_brought_as_base64_and_lent_to_the_run_that_names_it(session: Session) -> None:
    brought = BroughtFiles()

    held = bring(CODA, FILE, brought, name="mine.csv", content=in_base64(CSV))
    asked = brought.lend({"file": held, "seed": 3}, session)

    assert held.startswith("upload:mine-") and held.endswith(".csv") and len(held) > len("upload:mine-.csv") + 31
    assert session.inputs().file(str(asked["file"]).removeprefix("upload:")).read_bytes() == CSV
    assert asked["seed"] == 3


def test_a_large_file_is_brought_as_the_token_of_an_upload(session: Session, uploaded: str) -> None:
    brought = BroughtFiles()

    held = bring(CODA, FILE, brought, name="", token=uploaded)
    brought.lend({"file": held}, session)

    assert session.inputs().file(held.removeprefix("upload:")).read_bytes() == CSV


def test_of_equal_files_a_run_names_the_one_that_its_session_keeps(session: Session) -> None:
    brought = BroughtFiles()
    first, second = (bring(CODA, FILE, brought, name="mine.csv", content=in_base64(CSV)) for _ in range(2))

    asked = brought.lend({"file": first, "other": f"{second}#part"}, session)

    assert first != second and asked["other"] == f"{asked['file']}#part"


def test_nobody_is_lent_a_file_whose_name_was_guessed_or_that_is_anothers(session: Session) -> None:
    brought = BroughtFiles()
    held = bring(CODA, FILE, brought, name="mine.csv", content=in_base64(CSV))
    other = Session("somebody else")
    other.add_upload("mine.csv", io.BytesIO(CSV))

    for name in ("upload:mine.csv", held[:-5] + ("0" if held[-5] != "0" else "1") + ".csv", held.upper(), "upload:../../mine.csv",
                 "upload:" + "x" * 10_000):
        brought.lend({"file": name}, session)

    assert not session.inputs().files
    other.release()


def test_a_brought_file_goes_when_its_session_ends() -> None:
    brought = BroughtFiles()
    held = bring(CODA, FILE, brought, name="mine.csv", content=in_base64(CSV)).removeprefix("upload:")
    path = brought._find(held)
    assert path is not None and path.read_bytes() == CSV

    for key in list(brought._sessions._sessions):
        brought._sessions.close(key)

    assert brought._find(held) is None and not path.exists()


def bomb() -> bytes:
    """A zip of 1 MB that would unpack to 1 GB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.json", "w", force_zip64=True) as entry:
        for _ in range(1000):
            entry.write(bytes(1_000_000))
    return buffer.getvalue()


@pytest.mark.parametrize(("given", "said"), [
    ({}, "either as base64 or as the token"), ({"content": "QUJD", "token": "x"}, "one of the two"),
    ({"content": "A" * (int(MAX_INLINE_MB * 1e6 * 4 / 3) + 8)}, r"more than 2 MB.*Upload it over REST"),
    ({"content": "no base64!"}, "is no base64"), ({"content": "QUJ"}, "is no base64"), ({"content": "QU\nJD"}, "is no base64"),
    ({"content": "data:text/csv;base64,QUJD"}, "without 'data:'"), ({"content": "http://127.0.0.1/x"}, "not fetched from addresses"),
    ({"content": in_base64(b"%PDF-1.7 x")}, "is a PDF document"), ({"content": in_base64(b"PK\3\4\x14\0")}, "is a zip archive"),
    ({"token": "http://127.0.0.1:1/x.csv"}, "not fetched from addresses"), ({"token": "HTTPS://e.example"}, "not fetched"),
    ({"token": "file:///etc/passwd"}, "not fetched from addresses"), ({"token": "//e.example/x"}, "not fetched from addresses"),
    ({"token": "/etc/passwd"}, "was not uploaded here"), ({"token": "../../etc/passwd"}, "was not uploaded here"),
    ({"token": "a\0b"}, "was not uploaded here"), ({"token": "x" * 100_000}, "was not uploaded here"),
    ({"content": "QUJD", "name": "x" * 10_000}, "10,000 characters")],
    ids=["nothing", "both", "too large", "signs", "cut off", "lines", "a data address", "an address", "another kind", "an archive",
         "a token that is an address", "in capitals", "a file's address", "without its scheme", "a file of the machine", "a way up",
         "a null", "a long token", "a long name"])
def test_whatever_is_wrong_with_a_file_is_one_sentence_and_nothing_is_kept(given: dict[str, str], said: str) -> None:
    brought = BroughtFiles()

    with pytest.raises(InputError, match=said):
        bring(CODA, FILE, brought, **{"name": "mine.csv"} | given)

    assert not brought._sessions._sessions


def test_a_file_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    most = int(MAX_INLINE_MB * 1e6)

    assert len(files._decoded(in_base64(bytes(most)))) == most
    with pytest.raises(InputError, match="more than 2 MB"):
        files._decoded(in_base64(bytes(most + 6)))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x\\y.csv", "<img src=x>.csv", "\u202evsc.exe", "", ".",
                                  "#.csv", "a#b.csv"])
def test_a_name_is_never_a_path_and_can_stand_in_a_setting(name: str, session: Session) -> None:
    brought = BroughtFiles()

    held = bring(CODA, FILE, brought, name=name, content=in_base64(CSV))
    brought.lend({"file": held}, session)

    assert not set("/\\<>#\u202e") & set(held) and len(held) < 100
    assert list(session.inputs().files) == [held.removeprefix("upload:")]


def test_a_zip_bomb_is_one_sentence_of_the_run_that_unpacks_it(session: Session) -> None:
    from backends.run import last

    what = system("adaptvis")
    held = bring(what, knob_of(what.settings, "data"), brought := BroughtFiles(), name="set.zip", content=in_base64(bomb()))
    asked = brought.lend({"task": "evaluate", "data": held}, session)

    with pytest.raises(InputError, match="MB"):
        last(what.run(what.settings(**asked), session.inputs()))  # type: ignore[type-var]


def test_a_file_with_a_call_is_in_its_session_and_named_for_its_setting(session: Session, uploaded: str) -> None:
    asked = take_files(CODA, {"file": mark(uploaded), "seed": 1}, session)

    assert asked == {"file": "upload:mine.csv", "seed": 1}
    assert session.inputs().file("mine.csv").read_bytes() == CSV


@pytest.mark.parametrize(("value", "said"), [
    (mark("http://127.0.0.1:1/x.csv"), "not fetched from addresses"), (mark("file:///etc/passwd"), "not fetched from addresses"),
    ({"url": "http://e.example/x", "meta": {"_type": "gradio.FileData"}}, "not fetched from addresses"),
    (mark("/etc/passwd"), "was not uploaded here"), (mark(3), "an object stands here that is no uploaded file"),
    ({}, "no uploaded file"), ([mark("/etc/passwd")], "a list stands where one file is expected"), ([], "a list stands")],
    ids=["an address", "a file's address", "an address alone", "a file of the machine", "a number", "nothing", "a list",
         "an empty list"])
def test_what_is_no_upload_is_refused_with_the_setting(session: Session, value: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        take_files(CODA, {"file": value}, session)

    assert not session.inputs().files


def test_an_upload_of_another_kind_is_refused_with_a_call_too(session: Session, uploaded: str) -> None:
    Path(uploaded).write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    with pytest.raises(InputError, match="an SVG drawing"):
        take_files(CODA, {"file": mark(uploaded)}, session)
