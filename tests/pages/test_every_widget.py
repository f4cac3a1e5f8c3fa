"""Every knob that a system declares cases of has a widget on its page, in each task, and what it is turned to reaches the run."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backends.registry import System, systems
from backends.run import Settings
from tests.backends.knobs import Case
from tests.backends.test_every_knob import declared_by

TASKS = [pytest.param(system, task, id=f"{system.name}-{task or 'run'}") for system in systems()
         for task in dict.fromkeys(case.task for case in declared_by(system).CASES)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What the page would have run."""
    found: list[Settings] = []
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: found.append(settings))
    monkeypatch.setattr("pages.house.running.missing_upload", lambda settings: "")
    return found


def base_of(system: System, case: Case) -> dict[str, Any]:
    """What the case stands on, with the default models: a box of models that takes any name cannot be turned without a browser."""
    return {name: value for name, value in case.before.items() if not is_ladder(system, name)}


def opened(system: System, case: Case) -> AppTest:
    page = AppTest.from_file("../../app.py", default_timeout=120).run()
    page.query_params["settings"] = system.settings(**base_of(system, case)).permalink()
    page = page.switch_page(f"pages/{system.name}/page.py").run()
    assert not page.exception
    return page


def widgets(page: AppTest) -> dict[str, Any]:
    """Key -> element, of all that can be turned."""
    found: dict[str, Any] = {}

    def look(block: Any) -> None:
        for child in getattr(block, "children", {}).values():
            if key := getattr(child, "key", None):
                found[key] = child
            look(child)

    look(page._tree)
    return found


def shown(value: Any, widget: Any) -> Any:
    """A setting's value as its widget holds it."""
    if not isinstance(value, tuple):
        return value
    if widget.type in ("button_group", "multiselect"):
        return list(value)
    return ("\n" if widget.type == "text_area" else ", ").join(map(str, value))


def fits(system: System, values: dict[str, Any]) -> bool:
    try:
        system.settings(**values)
    except ValueError:
        return False
    return True


def is_ladder(system: System, name: str) -> bool:
    return bool(system.settings.model_json_schema()["properties"][name].get("role"))


@pytest.mark.parametrize(("system", "task"), TASKS)
def test_what_a_widget_is_turned_to_reaches_the_run(system: System, task: str, asked: list[Settings]) -> None:
    cases = {case.knob: case for case in declared_by(system).CASES if case.task == task and case.on_page != "elsewhere"}
    seen: set[str] = set()
    while cases:
        first = next(iter(cases.values()))
        page, turned = opened(system, first), {}
        found = widgets(page)
        seen |= {key.rsplit(".", 1)[-1] for key in found if key.startswith(f"knob.{system.name}.")}
        assert f"knob.{system.name}.{first.knob}" in found, f"{first.knob} has no widget"
        for name, case in list(cases.items()):  # as many at once as may stand together
            key = f"knob.{system.name}.{name}"
            if key in found and (case.on_page == "shown" or is_ladder(system, name)):
                del cases[name]
            elif key in found and fits(system, {**base_of(system, first), **turned, name: case.turned}):
                page.session_state[key], turned[name] = shown(case.turned, found[key]), case.turned
                del cases[name]
                if name in ("trains", "factor", "data"):  # other knobs are shown then
                    break
        page = page.run()
        button = page.button(key="run.button" if not task else f"run.{task}")
        assert not page.exception and not button.disabled, [error.value for error in (*page.error, *page.warning)]
        button.click().run()

        assert {name: getattr(asked[-1], name) for name in turned} == turned

    assert seen <= {case.knob for case in declared_by(system).CASES if case.task == task}, "a widget without a case"
