import shutil
from pathlib import Path

import pytest

from backends.coda.settings import CodaSettings
from backends.engine.kept import key_of
from backends.made import Made, name_of
from backends.run import Inputs


def of_size(size):
    def write(folder: Path):
        folder.mkdir(parents=True)
        (folder / "weights").write_bytes(b"x" * size)

    return write


def test_a_name_says_what_it_was_made_of_and_nothing_else():
    assert name_of("coda", {"a": 1, "b": 2}) == name_of("coda", {"b": 2, "a": 1}) != name_of("coda", {"a": 1, "b": 3})
    assert name_of("coda", {}).startswith("made:coda-") and len(name_of("coda", {})) == len("made:coda-") + 8


def test_the_same_thing_is_made_once(tmp_path):
    made, times = Made(lambda: tmp_path), []

    for _ in range(2):
        made.put("made:x-1", lambda folder: (times.append(1), of_size(1)(folder)))

    assert times == [1] and (made.find("made:x-1") / "weights").is_file()


def test_what_was_asked_for_longest_ago_goes_first(tmp_path):
    made = Made(lambda: tmp_path, max_mb=0.0025)
    for name in ("made:x-1", "made:x-2"):
        made.put(name, of_size(1000))
    made.find("made:x-1")

    made.put("made:x-3", of_size(1000))

    assert made.find("made:x-2") is None
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == ["x-1", "x-3"]


def test_a_folder_that_somebody_removed_is_not_found_and_made_again(tmp_path):
    made = Made(lambda: tmp_path)
    made.put("made:x-1", of_size(1))
    shutil.rmtree(tmp_path / "made" / "x-1")

    assert made.find("made:x-1") is None
    made.put("made:x-1", of_size(1))
    assert (made.find("made:x-1") / "weights").is_file()


def test_a_folder_that_somebody_removes_while_it_is_measured_has_no_size(tmp_path, monkeypatch):
    made = Made(lambda: tmp_path)
    made.put("made:x-1", of_size(1))

    def gone(*_, **__):
        raise FileNotFoundError("gone")

    monkeypatch.setattr(Path, "rglob", gone)
    made.put("made:x-2", of_size(1))

    assert made.find("made:x-2") is not None


def test_the_newest_stays_however_large(tmp_path):
    made = Made(lambda: tmp_path, max_mb=0.0005)
    for name in ("made:x-1", "made:x-2"):
        made.put(name, of_size(1000))

    assert made.find("made:x-1") is None and (made.find("made:x-2") / "weights").is_file()


def test_a_folder_that_could_not_be_written_is_not_there(tmp_path):
    made = Made(lambda: tmp_path)

    def fails(folder):
        folder.mkdir(parents=True)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        made.put("made:x-1", fails)
    assert made.find("made:x-1") is None and not (tmp_path / "made" / "x-1").exists()


def test_a_run_that_names_something_of_its_session_is_not_shared():
    shared = CodaSettings(task="law", trains=True)

    assert key_of("coda", shared, Inputs()) is not None
    assert key_of("coda", shared.model_copy(update={"continues": "coda-12345678"}), Inputs()) is None
    assert key_of("coda", CodaSettings(model="made:coda-12345678"), Inputs()) is None
