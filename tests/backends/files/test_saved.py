"""A saved run comes back without loss; what this app did not write is one sentence, before it costs anything."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from pydantic import Field

from backends.files import saved
from backends.files.archive import ZipLimits
from backends.files.saved import load_result, save_result
from backends.knobs import knob
from backends.registry import systems
from backends.run import Result, Settings
from backends.shapes import Frozen, at_most, floats, wholes
from backends.statistics import Share
from worlds.errors import InputError

ROOT = Path(__file__).parents[3]
RECORDED = {path: system.result for system in systems() if system.recorded
            for path in sorted(system.recorded.parent.glob("*.orrery"))}
recorded = pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parts[-3]} {path.stem}")


class Knobs(Settings):
    steps: int = knob(5, "a", "Steps.", ge=1, le=50)
    targets: tuple[str, ...] = knob((), "a", "Targets.", max_length=4)


def test_every_recording_that_a_preset_opens_was_asked_for_by_those_settings():
    for system in systems():
        for name, settings in system.recordings.items():
            assert system.recorded is not None
            kept = load_result(system.recorded.with_stem(name).read_bytes(), system.result)
            assert system.settings_of(kept) == settings and settings in [preset for preset, _ in system.presets.values()]


def test_all_recordings_together_are_no_more_than_the_tree_has_room_for():
    assert sum(path.stat().st_size for path in RECORDED) < 4_000_000


@dataclass(frozen=True)
class Pair:
    first: float
    second: int


class Part(Frozen):
    heat: Annotated[np.ndarray, floats("rows", 2)]
    name: str


class Measured(Result):
    system: ClassVar[str] = "measured"

    settings: Knobs
    scores: Annotated[np.ndarray, floats("rows", "columns", may_be_nan=True)]
    counts: Annotated[np.ndarray, wholes("columns")]
    parts: Annotated[tuple[Part, ...], at_most(9)]
    pairs: Annotated[tuple[tuple[float, Pair], ...], at_most(9)] = ()
    share: float
    texts: Annotated[tuple[str, ...], at_most(9)] = ()
    named: dict[str, int] = Field(default_factory=dict)


class Other(Result):
    system: ClassVar[str] = "other"


def a_result(seed: int = 3, **changed: Any) -> Measured:
    generator = np.random.default_rng(seed)
    plain: dict[str, Any] = {
        "seed": seed, "model_id": "miniature", "is_miniature": True, "code_version": "abc", "share": 0.1 + 0.2,
        "settings": Knobs(steps=7, targets=("κλειδί",)), "scores": generator.normal(size=(2, 3)), "notes": ("clamped 3 to 2",),
        "counts": np.arange(3, dtype=np.int32), "pairs": ((0.5, Pair(nan, 3)), (2.0, Pair(1.0, 0))),
        "parts": (Part(heat=generator.random((4, 2), dtype=np.float32), name="first"),
                  Part(heat=np.asfortranarray(generator.random((1, 2))), name="second"))}
    return Measured(**(plain | changed))


def a_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def edited(change: Any, content: bytes | None = None) -> bytes:
    """A saved run whose document was changed by a function."""
    files = parts_of(content or save_result(a_result()))
    document = json.loads(files["result.json"])
    change(document)
    return a_zip(files | {"result.json": json.dumps(document).encode()})


def sentence_of(content: bytes, kind: type[Result] = Measured) -> str:
    with pytest.raises(InputError) as refused:
        load_result(content, kind)
    text = str(refused.value)
    assert "\n" not in text and text.endswith(".") and len(text) < 500
    return text


def test_a_saved_result_comes_back_without_loss() -> None:
    result = a_result()

    loaded = load_result(save_result(result), Measured)

    assert loaded.settings == result.settings
    assert (loaded.share, loaded.notes, loaded.seed, loaded.code_version) == (result.share, result.notes, 3, "abc")
    assert loaded.scores.dtype == result.scores.dtype and np.array_equal(loaded.scores, result.scores)
    assert loaded.counts.dtype == np.int32
    for part, before in zip(loaded.parts, result.parts, strict=True):
        assert part.name == before.name
        assert part.heat.dtype == before.heat.dtype
        assert np.array_equal(part.heat, before.heat)


def test_plain_dataclasses_come_back_without_loss() -> None:
    loaded = load_result(save_result(a_result()), Measured)

    assert loaded.pairs[1] == (2.0, Pair(1.0, 0))
    assert loaded.pairs[0][1].second == 3 and loaded.pairs[0][1].first != loaded.pairs[0][1].first  # nan


@pytest.mark.parametrize("change", [
    pytest.param(lambda pair: pair.update(third=1), id="an unknown field"),
    pytest.param(lambda pair: pair.pop("second"), id="a missing field"),
    pytest.param(lambda pair: pair.update(second="x"), id="another kind"),
])
def test_plain_dataclasses_with_other_fields_are_refused(change: Any) -> None:
    assert "pairs.0.1" in sentence_of(edited(lambda document: change(document["result"]["pairs"][0][1])))


def test_shares_of_a_recorded_run_are_equal_after_saving_it_again() -> None:
    path, kind = next((path, kind) for path, kind in RECORDED.items() if path.stem == "recovery")
    loaded = load_result(path.read_bytes(), kind)

    again = load_result(save_result(loaded), kind)

    assert isinstance(loaded.recovery.alarm, Share) and loaded.recovery.alarm.count > 0
    assert [row.exact_match for row in again.recovery.rows] == [row.exact_match for row in loaded.recovery.rows]
    assert "recovery.alarm" in sentence_of(edited(lambda d: d["result"]["recovery"]["alarm"].update(more=1), path.read_bytes()), kind)


def test_equal_results_are_equal_bytes() -> None:
    assert save_result(a_result()) == save_result(a_result())


@recorded
def test_saving_a_loaded_run_again_gives_the_same_bytes(path: Path) -> None:
    content = save_result(load_result(path.read_bytes(), RECORDED[path]))

    assert save_result(load_result(content, RECORDED[path])) == content


@recorded
@pytest.mark.parametrize(("was_stopped", "ended"), [(True, "stopped"), (False, "finished")])
def test_a_run_saved_before_reasons_were_kept_still_opens(path: Path, was_stopped: bool, ended: str) -> None:
    def as_it_was(document: dict[str, Any]) -> None:
        document["result"].pop("ended", None)
        document["result"]["was_stopped"] = was_stopped

    loaded = load_result(edited(as_it_was, path.read_bytes()), RECORDED[path])

    assert (loaded.ended, loaded.was_stopped) == (ended, was_stopped)


def test_a_run_of_another_system_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"saved by 'measured'.*runs of 'other'"):
        load_result(save_result(a_result()), Other)


@pytest.mark.parametrize("version", [2, 0, "1", None, [1], 10**400], ids=["newer", "older", "text", "none", "a list", "long"])
def test_another_layout_is_refused_by_its_number(version: Any) -> None:
    text = parts_of(save_result(a_result()))["result.json"].replace(b'{"orrery": 1', b'{"orrery": ' + json.dumps(version).encode()) \
        if version != 10**400 else b'{"orrery": 1' + b"0" * 400 + b', "system": "measured", "result": {}}'

    assert "layout" in sentence_of(a_zip({"result.json": text}))


def test_a_run_whose_fields_are_others_says_which() -> None:
    document = {"orrery": 1, "system": "measured", "result": {"seed": 1, "gone": 2}}

    assert "another version saved it (model_id: Field required)" in sentence_of(a_zip({"result.json": json.dumps(document).encode()}))


def pickled_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def an_array(header: str, rest: bytes = b"") -> bytes:
    text = header.encode() + b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + rest


PLAIN = {"orrery": 1, "system": "measured", "result": {}}


@pytest.mark.parametrize("content", [
    pytest.param(b"", id="nothing"),
    pytest.param(b"GIF89a", id="a picture"),
    pytest.param(a_zip({"picture.png": b"x"}), id="another zip"),
    pytest.param(a_zip({"result.json": b"{not json"}), id="broken JSON"),
    pytest.param(a_zip({"result.json": b"[1, 2]"}), id="a list"),
    pytest.param(a_zip({"result.json": b"{}"}), id="no version"),
    pytest.param(a_zip({"result.json": b""}), id="an empty text"),
])
def test_what_is_not_a_saved_run_is_refused_in_a_sentence(content: bytes) -> None:
    assert "not a saved run" in sentence_of(content)


@pytest.mark.parametrize(("content", "said"), [
    pytest.param(b"PK\x03\x04 and no more", "a whole .orrery file", id="only the first bytes"),
    pytest.param(save_result(a_result())[:-40], "a whole .orrery file", id="a truncated file"),
    pytest.param(a_zip({"result.json": b"\xff\xfe\x00"}), "UTF-8", id="no text"),
    pytest.param(a_zip({"result.json": b"[" * 100_000 + b"]" * 100_000}), "nested too deeply", id="nested lists"),
    pytest.param(a_zip({"result.json": b"[" + b"[]," * 999_999 + b"[]]"}), "1,000,001 objects and lists", id="a million empty lists"),
    pytest.param(a_zip({"result.json": b"[" + b"0," * 3_000_000 + b"0]"}), "values", id="three million numbers"),
])
def test_a_text_that_would_become_too_much_is_not_parsed(content: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said in sentence_of(content)


def with_array(array: bytes) -> bytes:
    return a_zip(parts_of(save_result(a_result())) | {"arrays/0.npy": array})


@pytest.mark.parametrize("array", [
    pytest.param(b"not an array", id="text"),
    pytest.param(b"", id="nothing"),
    pytest.param(pickled_array(), id="a pickle"),
    pytest.param(an_array("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}"), id="10^12 numbers"),
    pytest.param(an_array("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", bytes(40)), id="too few"),
    pytest.param(an_array("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", bytes(56)), id="too many"),
    pytest.param(an_array("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -3)}", bytes(48)), id="negative"),
    pytest.param(an_array("{'descr': '|O', 'fortran_order': False, 'shape': (6,)}", bytes(48)), id="objects"),
    pytest.param(an_array("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,)}", bytes(48)), id="records"),
    pytest.param(an_array("{'descr': '>f8', 'fortran_order': False, 'shape': (2, 3)}", bytes(48)), id="another byte order"),
    pytest.param(an_array("[" * 100), id="a nested header"),
    pytest.param(an_array("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", bytes(48))[:20], id="half a header"),
])
def test_an_array_that_is_not_what_its_header_says_is_refused(array: bytes) -> None:
    assert sentence_of(with_array(array)).startswith("Array 0 of the saved run")


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize("array", [
    pytest.param(np.zeros((0, 3)), id="emptied"),
    pytest.param(np.zeros((2, 3, 1)), id="of another rank"),
    pytest.param(np.zeros((2, 4)), id="of another length than its neighbours"),
    pytest.param(np.zeros((2, 3), int), id="whole numbers"),
    pytest.param(np.zeros((2, 3), complex), id="complex numbers"),
    pytest.param(np.zeros((2, 3), np.longdouble), id="long numbers"),
])
def test_an_array_of_another_shape_is_refused(array: np.ndarray) -> None:
    said = sentence_of(with_array(npy(array)))

    assert "(scores: " in said or "scores has" in said or "of the saved run" in said


def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name.replace("arrays/0", "arrays/9"): content for name, content in files.items()}


FILES = parts_of(save_result(a_result()))


@pytest.mark.parametrize("content", [
    pytest.param(a_zip(FILES | {"arrays/4.npy": npy(np.zeros(3))}), id="an array that nothing names"),
    pytest.param(a_zip(FILES | {"more.txt": b"x"}), id="an entry that nothing names"),
    pytest.param(a_zip({name: text for name, text in FILES.items() if name != "arrays/2.npy"}), id="a missing array"),
    pytest.param(a_zip(renamed(FILES)), id="a renamed array"),
    pytest.param(edited(lambda d: d["result"].update(scores={"$array": 1})), id="an array named twice"),
    pytest.param(edited(lambda d: d["result"].update(scores={"$array": 99})), id="a number beyond"),
    pytest.param(edited(lambda d: d["result"].update(scores={"$array": -1})), id="a negative number"),
    pytest.param(edited(lambda d: d["result"].update(scores={"$array": True})), id="a truth value"),
    pytest.param(edited(lambda d: d["result"].update(scores={"$array": "0"})), id="a text"),
    pytest.param(edited(lambda d: d["result"].update(scores={"$array": 0, "x": 1})), id="more than a number"),
])
def test_arrays_are_named_once_each(content: bytes) -> None:
    assert "do not match" in sentence_of(content)


def test_two_entries_of_one_name_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for name, content in (*FILES.items(), ("arrays/0.npy", FILES["arrays/0.npy"])):
            archive.writestr(name, content)

    assert "do not match" in sentence_of(buffer.getvalue())


def test_a_damaged_entry_is_named() -> None:
    content = bytearray(a_zip({"result.json": FILES["result.json"]}))
    content[80] ^= 255

    assert "damaged in 'result.json'. Download it once more." in sentence_of(bytes(content))


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2], ids=["LZMA", "BZIP2"])
def test_other_packings_are_refused(packing: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)

    assert "packed in a way that is not read here" in sentence_of(buffer.getvalue())


@pytest.mark.parametrize("change", [
    pytest.param(lambda result: result.update(seed=10**400), id="a seed of 400 digits"),
    pytest.param(lambda result: result.update(seed=1e30), id="a seed of 1e30"),
    pytest.param(lambda result: result.update(made_on="[x](http://x)"), id="a day that is a link"),
    pytest.param(lambda result: result.update(model_id="half \ud83d"), id="half a character"),
    pytest.param(lambda result: result.update(named={"\ud83d": 1}), id="a key with half a character"),
    pytest.param(lambda result: result.update(ended="won"), id="an end that is none"),
    pytest.param(lambda result: result.update(model_id="x" * 601), id="a long name"),
    pytest.param(lambda result: result["settings"].update(steps=51), id="settings out of range"),
    pytest.param(lambda result: result.update(named={str(number): 1 for number in range(201)}), id="an object without end"),
])
def test_values_out_of_range_are_refused(change: Any) -> None:
    sentence_of(edited(lambda document: change(document["result"])))


def test_too_little_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: Any, **_named: Any) -> None:
        raise MemoryError

    content = save_result(a_result())
    for place in ("open_zip", "parse", "read_array"):
        with monkeypatch.context() as patch:
            patch.setattr(saved, place, fails)
            assert "too little memory left" in sentence_of(content)


def test_settings_out_of_range_are_told_by_name() -> None:
    assert "settings.steps: Input should be less than or equal to 50" in sentence_of(
        edited(lambda document: document["result"]["settings"].update(steps=51)))


# every limit of reading is a limit of writing: at it a run is saved and opened, one above it is not saved

LONGEST = "x" * saved.MAX_TEXT


@pytest.mark.parametrize(("at", "above"), [
    pytest.param({"texts": (LONGEST,)}, {"texts": (LONGEST + "x",)}, id="a text"),
    pytest.param({"seed": saved.MAX_WHOLE}, {"seed": saved.MAX_WHOLE + 1}, id="a whole number"),
    pytest.param({"named": dict.fromkeys(map(str, range(200)), 1)}, {"named": dict.fromkeys(map(str, range(201)), 1)}, id="keys"),
])
def test_a_value_at_its_limit_is_saved_and_opened_and_one_above_is_not_saved(at: dict[str, Any], above: dict[str, Any]) -> None:
    assert load_result(save_result(a_result(**at)), Measured).notes
    with pytest.raises(InputError, match=r"\.$"):
        save_result(a_result(**above))


def test_a_name_that_reads_as_an_array_is_not_saved() -> None:
    with pytest.raises(InputError, match="'\\$array'"):
        save_result(a_result(named={"$array": 0}))


def measured_of(content: bytes) -> dict[str, float]:
    """What each limit would have to be to let this file in."""
    from backends.files.json_text import measure

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes, text = [entry.file_size for entry in archive.infolist()], measure(archive.read("result.json"))
    return {"files": len(sizes), "total_mb": sum(sizes) / 1e6, "file_mb": max(sizes) / 1e6, "MAX_CONTAINERS": text.containers,
            "MAX_VALUES": text.values, "MAX_DEPTH": text.depth}


@pytest.mark.parametrize("limit", ["files", "total_mb", "file_mb", "MAX_CONTAINERS", "MAX_VALUES", "MAX_DEPTH"])
def test_what_is_too_large_to_be_opened_is_not_saved(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = a_result()
    content = save_result(result)
    needed = measured_of(content)[limit]

    def set_to(value: float) -> None:
        if hasattr(saved, limit):
            monkeypatch.setattr(saved, limit, value)
        else:
            monkeypatch.setattr(saved, "LIMITS", ZipLimits(**({"files": 100, "total_mb": 1, "file_mb": 1} | {limit: value})))

    set_to(needed)
    assert save_result(result) == content and load_result(content, Measured).seed == result.seed and saved.refusal(result) == ""
    set_to(needed - (1e-6 if limit.lower().endswith("mb") else 1))
    with pytest.raises(InputError, match=r"[Aa]t most .*\.$"):
        save_result(result)
    assert "t most" in sentence_of(content) and "t most" in saved.refusal(result)


def test_a_file_is_bounded_before_it_is_looked_into_and_none_that_is_saved_is_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    content = save_result(a_result())
    assert 1.04 * saved.LIMITS.total_mb < saved.FILE_MB  # what cannot be packed grows by its table of contents

    monkeypatch.setattr(saved, "FILE_MB", len(content) / 1e6)
    assert load_result(content, Measured).seed == 3
    monkeypatch.setattr(saved, "FILE_MB", (len(content) - 1) / 1e6)
    assert "The saved run has 0 MB. At most" in sentence_of(content)


# what a file may cost: each is opened in a process of its own, whose memory is read afterwards

BOMBS = {
    "a million empty lists": lambda: a_zip({"result.json": b'{"orrery": 1, "system": "measured", "result": ['
                                            + b"[]," * 999_999 + b"[]]}"}),
    "wrong numbers without end": lambda: edited(lambda d: d["result"].update(texts=[0] * 2_900_000)),
    "wrong settings without end": lambda: edited(lambda d: d["result"]["settings"].update(targets=[0] * 2_900_000)),
    "zeros without end": lambda: with_array(an_array(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (7900000, 1)}", bytes(8 * 7_900_000))),
    "a table of contents without end": lambda: b"PK\x03\x04" + b"PK\x01\x02" * 2_000_000 + b"PK\x05\x06" + bytes(18),
}
OPENS = """
import sys
from pathlib import Path
from tests.backends.files.test_saved import Measured
from backends.files.saved import load_result
from worlds.errors import InputError
def highest_kb():  # of this process alone: what getrusage says begins with its parent's
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = highest_kb()
try:
    load_result(Path(sys.argv[1]).read_bytes(), Measured)
except InputError:
    print((highest_kb() - before) // 1000)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux tells a process its own highest memory")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_little_memory(bomb: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.orrery"
    path.write_bytes(BOMBS[bomb]())
    assert path.stat().st_size < 12_000_000

    done = subprocess.run([sys.executable, "-c", OPENS, str(path)], cwd=ROOT, capture_output=True, text=True, check=True)

    assert int(done.stdout) < 400  # MB; most of it to measure a text of 9 MB
