"""The printed lines of Python run as they are printed."""

from pathlib import Path
from typing import Any

import pytest

from backends.coda.settings import CodaSettings
from backends.python_lines import WHERE, lines
from backends.registry import System, system, systems
from backends.run import Inputs, Result, last, name_of
from backends.sessions import made
from tests.models import tiny_languages

QUICK: dict[str, dict[str, Any]] = {
    "tstar": {"budget_share": 0.02, "baselines": ()}, "coda": {"max_new_tokens": 1, "methods": ("greedy",)}, "adaptvis": {},
    "grafting": {"heals": "none", "num_pictures": 2, "sample_steps": 2}, "era": {"max_turns": 3},
    "ragen": {"iterations": 1, "groups": 2, "members": 4}, "mindcube": {"configurations": ("Raw-QA",)},
    "merging": {"curve": 0, "num_questions": 10}}


def executed(script: str) -> Result:
    names: dict[str, Any] = {}
    exec(script, names)  # what the pages print; nothing of it comes from outside
    result = names["result"]
    assert isinstance(result, Result)
    return result


@pytest.mark.parametrize("what", systems(), ids=lambda what: what.name)
def test_the_lines_say_where_they_run_and_make_the_run_again(what: System) -> None:
    settings = what.settings(**QUICK[what.name])
    script = lines(what, settings)

    assert script.startswith(f"# {WHERE}\n")
    assert executed(script).settings == settings


@pytest.mark.parametrize("what", systems(), ids=lambda what: what.name)
def test_the_lines_of_every_preset_are_python(what: System) -> None:
    for settings, _ in what.presets.values():
        compile(lines(what, settings), "printed", "exec")


def test_a_file_is_named_and_read_from_beside_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "it's mine.csv").write_text("prompt,answer\nThe capital of France is,Paris\n")
    monkeypatch.chdir(tmp_path)
    settings = CodaSettings(task="file", file="upload:it's mine.csv", max_new_tokens=1, methods=("greedy",))

    script = lines(system("coda"), settings)

    assert """Inputs(files={"it's mine.csv": Path("it's mine.csv")})""" in script and "# it's mine.csv: your own" in script
    assert executed(script).settings == settings


@pytest.mark.parametrize("end", ["\n", "\r", "\x0c", "\u2028", "\x85"], ids=ascii)
def test_no_name_in_a_strangers_link_becomes_a_line_of_python(end: str) -> None:
    script = lines(system("coda"), CodaSettings(task="file", file=f"upload:x.csv{end}raise SystemExit"))

    assert not any(line.startswith("raise") for line in script.splitlines())
    compile(script, "printed", "exec")


def test_a_part_of_a_file_is_the_same_file() -> None:
    what = system("adaptvis")

    script = lines(what, what.settings(task="evaluate", data="upload:sets.zip#b.json"))

    assert "data='upload:sets.zip#b.json'" in script and "files={'sets.zip': Path('sets.zip')}" in script


def test_a_folder_of_ones_own_runs_where_the_lines_say_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    tiny_languages.save(tmp_path / "mine" / "tiny", "llama")
    settings = CodaSettings(model="mine/tiny", prompts=("zor bal",), methods=("greedy",), max_new_tokens=1)

    script = lines(system("coda"), settings)

    assert "# With ORRERY_MODELS_DIR set to the folder in which mine/tiny lies." in script and str(tmp_path) not in script
    assert executed(script).model_id == "local:mine/tiny"


def test_a_run_that_goes_on_from_another_makes_that_one_first() -> None:
    small = {"task": "law", "trains": True, "num_sets": 5, "hidden": 16}
    first = last(system("coda").run(CodaSettings(**small, epochs=1), Inputs(makes=made())))
    settings = CodaSettings(**small, epochs=2, continues=name_of(first))

    script = lines(system("coda"), settings, Inputs(results={name_of(first): first}))

    assert "earlier_1 = last(run(" in script and "continues=name_of(earlier_1)" in script
    again = executed(script)
    assert again.settings == settings


def test_a_run_that_is_not_here_is_named_as_it_is() -> None:
    script = lines(system("coda"), CodaSettings(task="law", trains=True, continues="coda-12345678"))

    assert "continues='coda-12345678'" in script and "makes" not in script
    compile(script, "printed", "exec")
