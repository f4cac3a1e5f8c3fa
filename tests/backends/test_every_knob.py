"""Every knob of every task of every system changes the thing that it names, and that alone. A new system declares its cases."""

import importlib
import sys
from collections.abc import Callable, Iterator

import pytest

from backends.registry import System, systems
from models import real
from tests.backends.knobs import Case, Declared, Runs


def declared_by(system: System) -> Declared:
    name = f"tests.backends.{system.name}.knob_cases"
    if name not in sys.modules:
        pytest.register_assert_rewrite(name)  # so that a failed assertion says what it compared
    return importlib.import_module(name)


CASES = [pytest.param(system, case, id=f"{system.name}-{case}") for system in systems() for case in declared_by(system).CASES]


@pytest.fixture(scope="module")
def runs_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[System], Runs]]:
    made: dict[str, Runs] = {}
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("knobs")
        patch.setenv("ORRERY_MODELS_DIR", str(folder))
        patch.setenv("HF_HUB_OFFLINE", "1")

        def of(system: System) -> Runs:
            if system.name not in made:
                made[system.name] = Runs(system, declared_by(system).prepare(folder, patch))
            return made[system.name]

        yield of


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_setting_has_a_case(system: System) -> None:
    cases = declared_by(system).CASES

    assert {case.knob for case in cases} == set(system.settings.model_fields) - {"task"}
    assert {case.task or "" for case in cases} == set(_tasks(system))


def _tasks(system: System) -> list[str]:
    return system.settings.model_json_schema()["properties"].get("task", {"enum": [""]})["enum"]


@pytest.mark.parametrize(("system", "case"), CASES)
def test_a_knob_changes_what_it_names_and_that_alone(system: System, case: Case, runs_of: Callable[[System], Runs]) -> None:
    if case.needs and not real.is_made(case.needs):
        pytest.skip(f"{case.needs} is not here: make real")
    runs = runs_of(system)
    before, after = runs.of(case.before), runs.of(case.after)

    said = case.shows(before, after)

    assert said is None or said
