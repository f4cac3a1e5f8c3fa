"""The parts that every page uses, drawn without a browser."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backends.engine import QueueState
from pages.house import costs, running


def ended_page(ended: str, notes: tuple[str, ...]) -> None:
    from backends.run import Result
    from pages.house import view

    view.badge(Result(seed=0, model_id="tiny", is_miniature=True, code_version="test", ended=ended, notes=notes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("ended", "notes", "warning"), [
    ("stopped", ("a note",), "You stopped this run. What it had found until then is shown."),
    ("time limit", ("This run reached the time limit of 600 s.", "a note"),
     "This run reached the time limit of 600 s. What it had found until then is shown."),
    ("time limit", ("a note",), "This run reached the time limit. What it had found until then is shown."),
    ("finished", ("a note",), None),
])
def test_a_result_says_why_it_ended_once(ended: str, notes: tuple[str, ...], warning: str | None) -> None:
    page = AppTest.from_function(ended_page, args=(ended, notes)).run()

    assert [entry.value for entry in page.warning] == ([warning] if warning else [])
    assert [entry.value for entry in page.info] == ["a note"]


def test_a_run_that_ended_without_a_result_leaves_its_sentence_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    store: dict[str, Any] = {"run.any": "id"}
    monkeypatch.setattr(running.st, "session_state", store)

    running._take(type("Any", (), {"name": "any"})(), None,  # type: ignore[arg-type]
                "This run reached the time limit of 600 s. There was nothing to show yet.", was_kept=False)

    assert store == {"error.any": "This run reached the time limit of 600 s. There was nothing to show yet."}


def done_page(seconds: float | None) -> None:
    import streamlit as st

    from backends.registry import system
    from backends.run import Result
    from pages.house import running

    result = Result(seed=0, model_id="tiny", is_miniature=True, code_version="test")
    st.session_state["took.tstar"] = result, seconds
    running.say_done(system("tstar"), result)


@pytest.mark.parametrize(("seconds", "said"), [(14.26, "**Your run:** 14.3 s in all."),
                                               (None, "**Kept from a run of the same settings,** not computed again.")])
def test_a_run_says_how_long_it_took_unless_it_was_kept(seconds: float | None, said: str) -> None:
    page = AppTest.from_function(done_page, args=(seconds,)).run()

    assert page.markdown[0].value.endswith(said)


@pytest.mark.parametrize(("seconds", "says"), [
    (600.0, ""), (600.1, " It may take longer than the limit of 600 s: it ends there with what it has.")])
def test_a_run_that_is_foreseen_to_reach_the_limit_says_so_beforehand(
    monkeypatch: pytest.MonkeyPatch, seconds: float, says: str
) -> None:
    class Engine:
        def queue(self) -> QueueState:
            return QueueState(0, 0, 1, 64, None, time_limit_s=600.0)

    monkeypatch.setattr(costs, "the_engine", Engine)

    assert costs.beyond_the_limit(seconds) == says
