import base64
import io
import json
import zipfile
import zlib
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

from backends import run
from backends.run import Array, Inputs, Result, Settings, last, load_result, save_result, saved_system
from worlds.errors import InputError


class Knobs(Settings):
    steps: int = Field(5, ge=1, le=50)
    rule: Literal["greedy", "soft"] = "greedy"
    targets: tuple[str, ...] = ()


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    heat: Array
    name: str


class Measured(Result):
    system: ClassVar[str] = "measured"

    settings: Knobs
    scores: Array
    parts: tuple[Part, ...]
    share: float


class Other(Result):
    system: ClassVar[str] = "other"


def a_result(seed: int = 3) -> Measured:
    generator = np.random.default_rng(seed)
    return Measured(seed=seed, model_id="miniature", is_miniature=True, code_version="abc",
                    settings=Knobs(steps=7, targets=("κλειδί",)),
                    scores=generator.normal(size=(2, 3)), share=0.1 + 0.2, notes=("clamped 3 to 2",),
                    parts=(Part(heat=generator.random((4, 2), dtype=np.float32), name="first"),
                           Part(heat=np.zeros((0, 5), dtype=np.uint8), name="empty")))


def a_zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_saved_result_comes_back_without_loss() -> None:
    result = a_result()

    loaded = load_result(save_result(result), Measured)

    assert loaded.settings == result.settings
    assert (loaded.share, loaded.notes, loaded.seed, loaded.code_version) == (result.share, result.notes, 3, "abc")
    assert loaded.scores.dtype == result.scores.dtype
    assert np.array_equal(loaded.scores, result.scores)
    for part, before in zip(loaded.parts, result.parts, strict=True):
        assert part.name == before.name
        assert part.heat.dtype == before.heat.dtype
        assert part.heat.shape == before.heat.shape
        assert np.array_equal(part.heat, before.heat)


def test_equal_results_are_equal_bytes() -> None:
    assert save_result(a_result()) == save_result(a_result())


def test_saving_a_loaded_result_gives_the_same_bytes() -> None:
    content = save_result(a_result())

    assert save_result(load_result(content, Measured)) == content


def test_a_saved_result_says_its_system() -> None:
    assert saved_system(save_result(a_result())) == "measured"


def test_a_run_of_another_system_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"saved by 'measured'.*runs of 'other'"):
        load_result(save_result(a_result()), Other)


def test_a_run_of_another_version_is_refused() -> None:
    document = {"orrery": 1, "system": "measured", "result": {"seed": 1, "gone": 2}}

    with pytest.raises(InputError, match="another version"):
        load_result(a_zip({"result.json": json.dumps(document).encode()}), Measured)


def pickled_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [
    pytest.param(b"", id="nothing"),
    pytest.param(b"PK\x03\x04 and no more", id="only the first bytes"),
    pytest.param(save_result(a_result())[:-40], id="a truncated file"),
    pytest.param(a_zip({"picture.png": b"x"}), id="another zip"),
    pytest.param(a_zip({"result.json": b"{not json"}), id="broken JSON"),
    pytest.param(a_zip({"result.json": b"[1, 2]"}), id="a list"),
    pytest.param(a_zip({"result.json": b"\xff\xfe\x00"}), id="no text"),
    pytest.param(a_zip({"result.json": b"{}", "arrays/0.npy": b"not an array"}), id="a broken array"),
    pytest.param(a_zip({"result.json": b"{}", "arrays/0.npy": pickled_array()}), id="a pickle"),
    pytest.param(a_zip({"result.json": b"{}", "arrays/7.npy": b""}), id="a missing array"),
])
def test_what_is_not_a_saved_run_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(InputError, match="not a saved run"):
        load_result(content, Measured)


def test_an_array_that_is_not_there_is_refused() -> None:
    whole = {**json.loads(zipfile.ZipFile(io.BytesIO(save_result(a_result()))).read("result.json"))}
    whole["result"]["scores"] = {"$array": 99}

    with pytest.raises(InputError):
        load_result(a_zip({"result.json": json.dumps(whole).encode()}), Measured)


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_SAVED_BYTES", 1_000_000)
    bomb = a_zip({"result.json": b"{}", "arrays/0.npy": bytes(1_000_001)})

    with pytest.raises(InputError, match=r"unpacks to 1 MB in 2 files\. At most 1 MB"):
        load_result(bomb, Measured)


@pytest.mark.parametrize(("num_files", "is_opened"), [pytest.param(4, True, id="at the limit"), pytest.param(5, False, id="above")])
def test_the_number_of_files_is_limited(monkeypatch: pytest.MonkeyPatch, num_files: int, is_opened: bool) -> None:
    monkeypatch.setattr(run, "MAX_SAVED_FILES", 4)
    content = a_zip({"result.json": b'{"system": "x"}'} | {f"more/{i}": b"" for i in range(num_files - 1)})

    if is_opened:
        assert saved_system(content) == "x"
    else:
        with pytest.raises(InputError, match="in 5 files"):
            saved_system(content)


def test_a_path_out_of_the_archive_is_never_written(tmp_path: object) -> None:
    content = a_zip({"result.json": b'{"system": "x"}', "../../outside": b"x"})

    assert saved_system(content) == "x"  # read from memory by exact names; nothing is extracted


@pytest.mark.parametrize("settings", [
    pytest.param(Knobs(), id="all defaults"),
    pytest.param(Knobs(steps=50, rule="soft", targets=("a", "b")), id="all changed"),
    pytest.param(Knobs(targets=("κλειδί 🗝", "")), id="other scripts"),
])
def test_a_permalink_comes_back_as_the_same_settings(settings: Knobs) -> None:
    assert Knobs.from_permalink(settings.permalink()) == settings


def test_a_permalink_fits_into_an_address() -> None:
    assert set(Knobs(targets=("ÿ" * 50,)).permalink()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def link(plain: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(plain)).decode().rstrip("=")


@pytest.mark.parametrize("text", [
    pytest.param("", id="empty"),
    pytest.param("hello", id="no compression"),
    pytest.param("!!!", id="no base64"),
    pytest.param("ä", id="not ASCII"),
    pytest.param(link(b"\xff\xff"), id="no text"),
    pytest.param(link(b"[1]"), id="a list"),
    pytest.param(link(b'{"steps": '), id="cut"),
    pytest.param(link(b'{"stepz": 3}'), id="an unknown knob"),
    pytest.param(link(b"[" * 90_000), id="deeply nested"),
])
def test_a_link_that_was_not_made_here_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Knobs.from_permalink(text)


@pytest.mark.parametrize(("steps", "is_read"), [pytest.param(50, True, id="at the limit"), pytest.param(51, False, id="above")])
def test_a_link_out_of_range_names_the_knob_and_its_limit(steps: int, is_read: bool) -> None:
    text = link(json.dumps({"steps": steps}).encode())

    if is_read:
        assert Knobs.from_permalink(text).steps == steps
    else:
        with pytest.raises(InputError, match=r"steps: .*50"):
            Knobs.from_permalink(text)


def test_a_link_that_is_a_bomb_is_refused() -> None:
    bomb = link(b'{"rule": "' + b" " * 4_000_000 + b'"}')
    assert len(bomb) < run.MAX_PERMALINK

    with pytest.raises(InputError):
        Knobs.from_permalink(bomb)


def test_a_link_that_is_too_long_is_refused_with_its_length() -> None:
    with pytest.raises(InputError, match=r"8001 characters.*8000"):
        Knobs.from_permalink("A" * 8001)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(InputError, match=r"steps: .*rule: "):
        Knobs.from_json('{"steps": 0, "rule": "loud"}')


def test_a_file_of_nobody_is_refused() -> None:
    with pytest.raises(InputError, match="not in this session"):
        Inputs().file("../../etc/passwd")


def test_last_gives_the_result() -> None:
    assert last(iter([1, 2, "result"])) == "result"


def test_the_code_version_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_VERSION", "2.5")
    run.code_version.cache_clear()

    assert run.code_version() == "2.5"
    run.code_version.cache_clear()


@pytest.mark.parametrize(("was_stopped", "ended"), [(True, "stopped"), (False, "finished")])
def test_a_run_saved_before_reasons_were_kept_still_opens(was_stopped: bool, ended: str) -> None:
    document = json.loads(zipfile.ZipFile(io.BytesIO(save_result(a_result()))).read("result.json"))
    del document["result"]["ended"]
    document["result"]["was_stopped"] = was_stopped
    arrays = {f"arrays/{i}.npy": zipfile.ZipFile(io.BytesIO(save_result(a_result()))).read(f"arrays/{i}.npy") for i in range(3)}

    loaded = load_result(a_zip({"result.json": json.dumps(document).encode(), **arrays}), Measured)

    assert (loaded.ended, loaded.was_stopped) == (ended, was_stopped)
