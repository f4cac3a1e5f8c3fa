"""Opening a saved run in its page: a bad file is one sentence and changes nothing, a good one is shown with its knobs."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backends import registry
from backends.adaptvis.settings import AdaptVisSettings
from backends.coda.settings import CodaSettings
from backends.files.saved import load_result, save_result
from backends.registry import system as find_system
from backends.tstar.settings import TStarSettings
from pages.house import costs, results, view

NAMES = registry.names()
TURNED = {  # the last preset of any other system
    **{name: list(find_system(name).presets.values())[-1][0] for name in NAMES},
    "tstar": TStarSettings(grid=3, window=7), "coda": CodaSettings(alpha=0.03, gate=False), "adaptvis": AdaptVisSettings(beta=0.4)}


def page_of(name: str) -> AppTest:
    return AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page(f"pages/{name}/page.py").run()


def bring(page: AppTest, name: str, content: bytes) -> AppTest:
    box = next(box for box in page.get("file_uploader") if box.key == f"open.{name}")
    return box.set_value((f"{name}.orrery", content, "application/octet-stream")).run()


def saved(name: str, **changed: Any) -> bytes:
    """The recorded run as somebody else would have made it."""
    what = find_system(name)
    assert what.recorded is not None
    recorded = load_result(what.recorded.read_bytes(), what.result)
    return save_result(recorded.model_copy(update={"seed": 4711, "settings": TURNED[name]} | changed))


def said(page: AppTest) -> str:
    return " ".join(text.value for text in (*page.main.markdown, *page.main.caption))


@pytest.mark.parametrize("name", NAMES)
def test_bad_file_is_one_sentence_and_what_was_shown_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(name)
    before, charts, reads = said(page), len(page.get("plotly_chart")), []
    monkeypatch.setattr(results, "load_result", lambda *given: reads.append(0) or load_result(*given))

    page = bring(page, name, b"PK\x03\x04 and no more")

    assert [error.value for error in page.error] == ["The saved run cannot be read. It must be a whole .orrery file."]
    page = page.run()  # any other click
    assert len(page.error) == 1 and len(reads) == 1
    assert said(page) == before and len(page.get("plotly_chart")) == charts and not page.exception


@pytest.mark.parametrize("name", NAMES)
def test_good_file_after_a_bad_one_is_shown_with_its_knobs_and_says_that_it_is_one(name: str) -> None:
    page = bring(bring(page_of(name), name, b"no run"), name, saved(name))

    assert not page.error and not page.exception
    assert "seed 4711" in said(page) and "from a file, saved" in said(page)
    values = {knob: page.session_state[f"knob.{name}.{knob}"] for knob in TURNED[name].model_dump(exclude_defaults=True)}
    assert values == TURNED[name].model_dump(exclude_defaults=True)


def test_how_fast_a_file_says_it_was_is_told_to_nobody() -> None:
    costs.forget()
    page_of("tstar")
    known = {basis: dict(rates) for basis, rates in costs._rates().items()}

    recorded = load_result(find_system("tstar").recorded.read_bytes(), find_system("tstar").result)  # type: ignore[union-attr]
    slow = tuple(step.model_copy(update={"seconds": 1e7}) for step in recorded.iterations)
    bring(page_of("tstar"), "tstar", saved("tstar", iterations=slow))

    assert {basis: dict(rates) for basis, rates in costs._rates().items()} == known
    costs.forget()


def test_run_that_is_too_large_says_so_instead_of_a_button_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "refusal", lambda result: "This run holds 11 values. At most 10 are read.")
    page = page_of("coda")

    assert "This run holds 11 values. At most 10 are read." in said(page)
    assert not any(button.key == "save.coda" for button in page.get("download_button"))
    assert not page.exception


def test_notes_without_end_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    page = bring(page_of("coda"), "coda", saved("coda", notes=tuple(f"note {number}" for number in range(500))))

    assert sum(info.value.startswith("note ") for info in page.info) == view.MAX_NOTES
    assert "480 more notes" in said(page)


@pytest.mark.parametrize("model_id", ["x" * 600, "..", "/", "a\x00b", "../../../etc/passwd", "\U0001f600" * 300, ""])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_may_have_any_name(name: str, model_id: str) -> None:
    page = bring(page_of(name), name, saved(name, model_id=model_id))

    assert not page.exception and not page.error
