from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from backends.engine import kept
from backends.engine.kept import Kept, key_of, settle
from backends.run import Inputs, Result, Settings


class Asked(Settings):
    text: str = ""
    texts: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True)
class Row:
    values: np.ndarray


class Rows(Result):
    system: ClassVar[str] = "rows"

    values: np.ndarray
    rows: tuple[Row, ...] = ()


def a_result(num_bytes: int = 1000, rows: tuple[Row, ...] = ()) -> Rows:
    return Rows(seed=0, model_id="none", is_miniature=True, code_version="test", values=np.zeros(num_bytes, np.uint8), rows=rows)


NONE = Inputs()
MINE = Inputs({"mine.csv": Path("0.csv")})


def test_equal_settings_have_one_key_whoever_brought_which_files() -> None:
    assert key_of("rows", Asked(text="a"), NONE) == key_of("rows", Asked(text="a"), MINE) is not None


@pytest.mark.parametrize(("system", "settings"), [
    pytest.param("rows", Asked(count=2), id="another setting"), pytest.param("other", Asked(), id="another system")])
def test_what_differs_has_another_key(system: str, settings: Asked) -> None:
    assert key_of(system, settings, NONE) != key_of("rows", Asked(), NONE)


def test_another_version_of_the_code_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of("rows", Asked(), NONE)

    monkeypatch.setattr(kept, "code_version", lambda: "newer")

    assert key_of("rows", Asked(), NONE) != before


@pytest.mark.parametrize("settings", [
    pytest.param(Asked(text="upload:theirs.csv"), id="an upload"), pytest.param(Asked(texts=("a", "upload:b")), id="one of several"),
    pytest.param(Asked(text="mine.csv"), id="a file without the word"), pytest.param(Asked(text="mine.csv#part"), id="a part of it")])
def test_settings_that_name_a_file_of_the_session_have_no_key(settings: Asked) -> None:
    assert key_of("rows", settings, MINE) is None


def test_a_settled_result_cannot_be_changed_in_any_part() -> None:
    result = a_result(rows=(Row(np.zeros(3)),))

    settle(result)

    for array in (result.values, result.rows[0].values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_arrays_are_counted_once_and_a_view_with_all_that_it_was_cut_from() -> None:
    once = np.zeros(100_000, np.uint8)

    assert 100_000 <= settle(a_result(1, rows=(Row(once), Row(once)))) < 110_000
    assert 100_000 <= settle(a_result(1, rows=(Row(once[:10]), Row(once[10:20])))) < 110_000


def test_as_many_are_kept_as_fit_and_what_was_asked_for_longest_ago_goes_first() -> None:
    results: dict[str, Any] = {name: a_result() for name in "abc"}
    held = Kept(limit_mb=2.0)
    for name in "ab":
        held.add((name, "", ""), results[name], 1_000_000)  # two are at the limit
    assert held.get(("a", "", "")) is results["a"]

    held.add(("c", "", ""), results["c"], 1)

    assert held.get(("b", "", "")) is None
    assert held.get(("a", "", "")) is results["a"] and held.get(("c", "", "")) is results["c"]
    assert held.num_bytes == 1_000_001


def test_what_is_larger_than_the_limit_is_not_kept_and_drives_nothing_out() -> None:
    held = Kept(limit_mb=1.0)
    held.add(("a", "", ""), a_result(), 1_000_000)

    held.add(("b", "", ""), a_result(), 1_000_001)

    assert held.get(("b", "", "")) is None and held.get(("a", "", "")) is not None
    assert held.get(None) is None


def test_a_result_that_is_kept_anew_counts_once() -> None:
    held, newer = Kept(limit_mb=1.0), a_result()
    held.add(("a", "", ""), a_result(), 900_000)

    held.add(("a", "", ""), newer, 800_000)

    assert held.get(("a", "", "")) is newer and held.num_bytes == 800_000
