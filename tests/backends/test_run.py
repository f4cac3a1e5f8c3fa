import base64
import json
import zlib
from typing import Literal

import numpy as np
import pytest
from pydantic import ConfigDict, Field

from backends import run
from backends.run import Inputs, Result, Settings, last
from worlds.errors import InputError


class Knobs(Settings):
    steps: int = Field(5, ge=1, le=50)
    rule: Literal["greedy", "soft"] = "greedy"
    targets: tuple[str, ...] = ()


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
def test_a_result_of_before_reasons_were_kept_says_whether_it_finished(was_stopped: bool, ended: str) -> None:
    result = Result.model_validate({"seed": 0, "model_id": "x", "is_miniature": True, "was_stopped": was_stopped})

    assert (result.ended, result.was_stopped) == (ended, was_stopped)


def test_scripts_find_saved_runs_where_they_were_before():
    from backends.files import saved
    from backends.run import load_result, save_result

    assert (load_result, save_result) == (saved.load_result, saved.save_result)
    with pytest.raises(ImportError):
        from backends.run import no_such_name  # noqa: F401


def test_a_result_is_summed_up_without_its_arrays():
    class Measured(Result):
        scores: np.ndarray
        best: float

        model_config = ConfigDict(arbitrary_types_allowed=True)

    told = Measured(seed=3, model_id="tiny", is_miniature=True, scores=np.zeros((2, 5), np.float32), best=0.5).summary()

    assert told["scores"] == {"shape": [2, 5], "dtype": "float32"} and told["best"] == 0.5 and told["seed"] == 3
    json.dumps(told)
