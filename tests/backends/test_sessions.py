import errno
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends import sessions
from backends.engine import QueueState, RunStatus, Seen
from backends.run import Inputs, Result, Settings
from backends.sessions import Session, check_file, clean_name, clean_up
from worlds.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


class Listening:
    """An engine that only remembers who was released."""

    def __init__(self) -> None:
        self.released: list[str] = []

    def release(self, session: str) -> None:
        self.released.append(session)

    def submit(self, system: str, settings: Settings, *, session: str, inputs: Inputs | None = None) -> str:
        raise NotImplementedError

    def status(self, run_id: str) -> RunStatus:
        raise NotImplementedError

    def seen(self, run_id: str, *, after: int = -1, wait_s: float = 0.0) -> Seen:
        raise NotImplementedError

    def cancel(self, run_id: str) -> None:
        raise NotImplementedError

    def queue(self) -> QueueState:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def own_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("ORRERY_SESSIONS", str(tmp_path))
    sessions.process_folder.cache_clear()
    sessions.everybody.cache_clear()
    yield tmp_path
    sessions.process_folder.cache_clear()
    sessions.everybody.cache_clear()


@pytest.fixture
def engine() -> Listening:
    return Listening()


def test_an_upload_is_found_under_the_name_it_got(engine: Listening) -> None:
    session = Session("a", engine=engine)

    name = session.add_upload("clip.MP4", io.BytesIO(b"moving"))

    assert name == "clip.MP4"
    assert session.inputs().file(name).read_bytes() == b"moving"
    assert session.inputs().file(name).suffix == ".mp4"


def test_two_sessions_never_see_one_anothers_files(engine: Listening) -> None:
    one, two = Session("same id", engine=engine), Session("same id", engine=engine)

    name = one.add_upload("clip.mp4", io.BytesIO(b"private"))

    with pytest.raises(InputError, match="not in this session"):
        two.inputs().file(name)
    assert two.add_upload("clip.mp4", io.BytesIO(b"other")) == name
    assert one.inputs().file(name).read_bytes() == b"private"


def test_release_deletes_the_files_and_stops_the_runs_once(engine: Listening) -> None:
    session = Session("a", engine=engine)
    name = session.add_upload("x.txt", io.BytesIO(b"x"))
    file = session.inputs().file(name)

    session.release()
    session.release()

    assert not file.parent.exists()
    assert not session.inputs().files
    assert engine.released == ["a"]


def test_a_released_session_takes_no_more_uploads(engine: Listening) -> None:
    session = Session("a", engine=engine)
    session.release()

    with pytest.raises(InputError, match="has ended"):
        session.add_upload("x", io.BytesIO(b"x"))


def test_a_running_run_keeps_its_inputs_when_more_come(engine: Listening) -> None:
    session = Session("a", engine=engine)
    session.add_upload("first.txt", io.BytesIO(b"1"))
    inputs = session.inputs()

    session.add_upload("second.txt", io.BytesIO(b"2"))

    assert set(inputs.files) == {"first.txt"}


def test_the_same_file_twice_is_one_file(engine: Listening) -> None:
    session = Session("a", engine=engine)

    names = [session.add_upload(name, io.BytesIO(b"same")) for name in ("a.txt", "b.txt")]

    assert names == ["a.txt", "a.txt"]
    assert len(list(session.inputs().file("a.txt").parent.iterdir())) == 1


def test_another_file_of_the_same_name_gets_a_number(engine: Listening) -> None:
    session = Session("a", engine=engine)

    names = [session.add_upload("a.txt", io.BytesIO(content)) for content in (b"1", b"2", b"3")]

    assert names == ["a.txt", "a-2.txt", "a-3.txt"]
    assert [session.inputs().file(name).read_bytes() for name in names] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(("size", "is_kept"), [pytest.param(1_000_000, True, id="at the limit"),
                                               pytest.param(1_000_001, False, id="above")])
def test_a_file_that_is_too_large_is_refused_with_the_limit(engine: Listening, size: int, is_kept: bool) -> None:
    session = Session("a", engine=engine, max_file_mb=1)

    if is_kept:
        assert session.add_upload("x.bin", io.BytesIO(bytes(size)))
    else:
        with pytest.raises(InputError, match=r"larger than 1 MB\. At most 1 MB"):
            session.add_upload("x.bin", io.BytesIO(bytes(size)))
        assert not session.inputs().files
        assert not list(session._folder.iterdir())


def test_all_files_together_are_limited(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSION_MB", 1)
    session = Session("a", engine=engine)
    session.add_upload("a.bin", io.BytesIO(bytes(1_000_000)))

    with pytest.raises(InputError, match=r"already holds 1 MB\. At most 1 MB"):
        session.add_upload("b.bin", io.BytesIO(b"1"))


def test_the_number_of_files_is_limited(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_FILES", 2)
    session = Session("a", engine=engine)
    for content in (b"1", b"2"):
        session.add_upload("x.txt", io.BytesIO(content))

    with pytest.raises(InputError, match=r"already holds 2 files\. At most 2"):
        session.add_upload("x.txt", io.BytesIO(b"3"))


@pytest.mark.parametrize(("name", "cleaned"), [
    pytest.param("../../etc/passwd", "passwd", id="a path up"),
    pytest.param("C:\\Users\\me\\clip.mp4", "clip.mp4", id="a Windows path"),
    pytest.param("a／b.mp4", "b.mp4", id="a slash that normalising makes"),
    pytest.param(".bashrc", "bashrc", id="hidden"),
    pytest.param("..", "file", id="only dots"),
    pytest.param("", "file", id="empty"),
    pytest.param("a\x00b\n.mp4", "a_b_.mp4", id="control characters"),
    pytest.param("<script>.mp4", "script_.mp4", id="markup"),
    pytest.param("Cafe\u0301 κλειδί.mp4", "Café κλειδί.mp4", id="other scripts, composed"),
    pytest.param("a\u202egpj.mp4", "a_gpj.mp4", id="text direction"),
    pytest.param("x" * 300 + ".mp4", "x" * 76 + ".mp4", id="long"),
    pytest.param("x." + "y" * 300, "x." + "y" * 11, id="a long ending"),
])
def test_a_name_from_outside_is_cleaned(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@pytest.mark.parametrize("name", ["../../../escaped.txt", "/tmp/escaped.txt", "a/../../b.txt", "x.tar/../../y"])
def test_no_name_leaves_the_sessions_folder(engine: Listening, name: str) -> None:
    session = Session("a", engine=engine)

    stored = session.add_upload(name, io.BytesIO(b"x"))

    assert session.inputs().file(stored).parent == session._folder


def test_a_process_that_ends_in_peace_takes_its_folder_along(own_root: Path) -> None:
    code = "import io\nfrom backends.sessions import Session\ns = Session('b')\ns.add_upload('x', io.BytesIO(b'x'))\nprint(s._folder)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert Path(done.stdout.strip()).is_relative_to(own_root)
    assert not list(own_root.iterdir())


def test_folders_of_dead_processes_go_and_those_of_living_ones_stay(engine: Listening, own_root: Path) -> None:
    session = Session("a", engine=engine)
    name = session.add_upload("x", io.BytesIO(b"x"))
    living = session.inputs().file(name).parent
    code = ("import io, os\nfrom backends.sessions import Session\ns = Session('b')\ns.add_upload('x', io.BytesIO(b'x'))\n"
            "print(s._folder, flush=True)\nos._exit(0)  # killed")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    dead = Path(done.stdout.strip())
    assert dead.is_dir()
    assert living.is_dir(), "the other process must not touch ours"

    num_gone = clean_up(own_root)

    assert num_gone == 1
    assert not dead.parent.exists()
    assert living.is_dir()


def test_a_session_without_files_makes_no_folder(engine: Listening, own_root: Path) -> None:
    session = Session("a", engine=engine)
    session.inputs()

    session.release()

    assert not list(own_root.iterdir())


def test_a_file_that_lies_here_already_is_linked_not_copied(engine: Listening, tmp_path: Path) -> None:
    (tmp_path / "there.mp4").write_bytes(b"moving")
    one, two = Session("a", engine=engine), Session("b", engine=engine)

    names = [session.adopt("mine.mp4", tmp_path / "there.mp4") for session in (one, two)]
    copies = [session.inputs().file(name) for session, name in zip((one, two), names)]

    assert [copy.read_bytes() for copy in copies] == [b"moving"] * 2
    assert len({copy.stat().st_ino for copy in copies} | {(tmp_path / "there.mp4").stat().st_ino}) == 1
    one.release()
    assert (tmp_path / "there.mp4").exists() and copies[1].exists() and not copies[0].exists()


def test_what_is_linked_is_bounded_as_what_is_copied(engine: Listening, tmp_path: Path) -> None:
    (tmp_path / "there.bin").write_bytes(bytes(1_000_001))

    with pytest.raises(InputError, match=r"larger than 1 MB\. At most 1 MB"):
        Session("a", engine=engine, max_file_mb=1).adopt("x.bin", tmp_path / "there.bin")


def an_idle_session(engine: Listening, name: str, size: int, *, ends_when_idle: bool = False) -> Session:
    session = Session(name, engine=engine, ends_when_idle=ends_when_idle)
    session.add_upload("x.bin", io.BytesIO(bytes(size)))
    session.last_used_s -= sessions.IDLE_S + 1
    return session


def test_all_sessions_together_hold_so_much_and_no_more(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_UPLOADS_MB", "2")
    first, second = Session("a", engine=engine), Session("b", engine=engine)
    first.add_upload("x.bin", io.BytesIO(bytes(1_000_000)))
    assert second.add_upload("x.bin", io.BytesIO(bytes(1_000_000))), "at the limit"

    with pytest.raises(InputError, match=r"All visitors together have 2 MB.*At most 2 MB"):
        second.add_upload("y.bin", io.BytesIO(b"1"))

    first.release()
    assert second.add_upload("y.bin", io.BytesIO(b"1"))


def test_room_that_is_needed_is_taken_from_who_was_away_longest_enough(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_UPLOADS_MB", "2")
    away, here = an_idle_session(engine, "away", 1_000_000), Session("here", engine=engine)
    here.add_upload("x.bin", io.BytesIO(bytes(900_000)))

    assert Session("new", engine=engine).add_upload("x.bin", io.BytesIO(bytes(1_000_000)))

    assert (away.is_released, here.is_released) == (True, False)
    with pytest.raises(InputError, match="has ended"):
        away.add_upload("x.bin", io.BytesIO(b"1"))


def test_the_number_of_sessions_with_files_is_limited(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_HOLDING", 1)
    first = Session("a", engine=engine)
    first.add_upload("x", io.BytesIO(b"1"))
    assert first.add_upload("y", io.BytesIO(b"2")), "its own second file"

    with pytest.raises(InputError, match="1 visitors are kept"):
        Session("b", engine=engine).add_upload("x", io.BytesIO(b"1"))


def test_a_session_that_only_a_client_keeps_ends_by_itself(engine: Listening) -> None:
    kept, told, used = (an_idle_session(engine, "tab", 1), an_idle_session(engine, "client", 1, ends_when_idle=True),
                        Session("busy", engine=engine, ends_when_idle=True))

    assert sessions.everybody().end_idle() == 1

    assert (kept.is_released, told.is_released, used.is_released) == (False, True, False)
    assert engine.released == ["client"]


class Full(io.BytesIO):
    """A file that cannot be stored."""

    def __init__(self, number: int) -> None:
        super().__init__(b"x")
        self.number = number

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(self.number, "no")


@pytest.mark.parametrize(("number", "says"), [
    (errno.ENOSPC, "disk is full"), (errno.EROFS, "cannot be written to"), (errno.EIO, "disk has failed"),
    (errno.ECHILD, "could not be stored")])
def test_a_disk_that_takes_nothing_is_one_sentence_and_leaves_nothing(engine: Listening, number: int, says: str) -> None:
    session = Session("a", engine=engine)

    with pytest.raises(InputError, match=says):
        session.add_upload("x.bin", Full(number))

    assert session.num_bytes == 0 and not session.inputs().files
    assert session._folder is not None and not list(session._folder.iterdir())


def test_a_file_as_large_as_its_setting_takes_passes_and_one_byte_more_is_told(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 2_000_000)
    check_file("mine.txt", tmp_path / "f", check=None, max_mb=2)

    (tmp_path / "f").write_bytes(b"x" * 2_000_001)
    with pytest.raises(InputError, match=r"'mine\.txt' is larger than the 2 MB"):
        check_file("mine.txt", tmp_path / "f", check=None, max_mb=2)


class Told(Result):
    system = "told"
    settings: Settings


def told(seed: int) -> Told:
    return Told(seed=seed, model_id="none", is_miniature=True, code_version="test", settings=Settings())


def test_as_many_results_are_held_as_there_is_room_for_and_none_after_the_end(engine: Listening) -> None:
    session = Session("a", engine=engine)

    names = [session.remember(told(seed)) for seed in range(sessions.MAX_RESULTS + 1)]

    assert list(session.results) == list(session.inputs().results) == names[1:]
    session.release()
    session.remember(told(0))
    assert session.results == {} and session.result_bytes == 0


def test_results_of_all_sessions_together_are_bounded(engine: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Session("a", engine=engine), Session("b", engine=engine)
    first.remember(told(0))
    monkeypatch.setattr(sessions, "MAX_RESULTS_MB", 1.5 * first.result_bytes / 1e6)
    first.last_used_s -= 60

    name = second.remember(told(1))

    assert list(second.results) == [name] and first.results == {}
