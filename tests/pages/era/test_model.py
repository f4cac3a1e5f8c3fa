"""ERA's page where a model of the ladder acts: its knobs, what is said where there is no such model, and its episode."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backends.era.settings import EraSettings
from backends.sessions import Session
from models.memory import budget
from tests.models import tiny_languages
from tests.pages import driving
from tests.pages.driving import charts, said

OWN = ("model", "quantisation", "style", "max_new_tokens")


@pytest.fixture(autouse=True)
def without_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A session of its own, on a machine that holds no real model."""
    own = Session("era")
    monkeypatch.setattr("pages.house.session.current", lambda: own)
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("ORRERY_MODELS_DIR", raising=False)


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/era/page.py").run()


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("own-models")
    tiny_languages.save_chat(root / "reads", context=8_192)
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(root))
    yield "reads"
    budget().clear()


def drawn(page: AppTest) -> set[str]:
    """Which knobs of a model stand on the page."""
    widgets = [*page.selectbox, *page.select_slider]
    return {name for name in OWN if any(widget.key == f"knob.era.{name}" for widget in widgets)}


def test_the_models_knobs_stand_there_where_one_of_the_ladder_acts(page):
    assert not drawn(page)

    page.selectbox(key="knob.era.agent").select("model").run()

    assert drawn(page) == set(OWN) and not page.exception
    offered = page.selectbox(key="knob.era.model").options
    assert any("Qwen2-VL 2B" in label for label in offered) and any("SmolLM2 135M" in label for label in offered)
    assert not any("home" in label.lower() or "miniature" in label.lower() for label in offered)


def test_without_such_a_model_one_card_says_what_brings_it_and_what_is_shown_stays(page):
    page.selectbox(key="knob.era.agent").select("model").run()

    assert not page.exception and not page.error and page.button(key="run.play").disabled
    cards = [text.value for text in page.markdown if "cannot run here yet" in text.value]
    assert len(cards) == 1 and "SmolLM2 135M Instruct is not on this machine yet" in cards[0]
    assert "make real" in [code.value for code in page.code] and not any(button.key == "fallback.model" for button in page.button)
    assert charts(page) >= 3 and page.slider(key="era.step").value == 7

    page.selectbox(key="knob.era.agent").select("expert").run()
    assert not page.button(key="run.play").disabled and not any("cannot run here yet" in text.value for text in page.markdown)


def test_a_miniature_that_is_named_is_refused_in_a_sentence(page):
    page.session_state["knob.era.agent"], page.session_state["knob.era.model"] = "model", "home-agent"
    page.run()

    assert len(page.warning) == 1 and "Choose a real model" in page.warning[0].value and page.button(key="run.play").disabled


def test_a_model_of_ones_own_acts_and_its_unreadable_replies_are_steps_that_can_be_looked_at(own_folder):
    asked = EraSettings(agent="model", model=own_folder, style="era", max_new_tokens=4, max_turns=3)
    page = driving.finish(driving.run_link(driving.opened(asked, "era"), "era"), "era")

    result = page.session_state["era.result.play"]
    assert not page.exception and not page.error and result.settings == asked
    assert "real checkpoint" in said(page) and "local:reads" in said(page)
    assert "Nothing was done" in said(page) and "**Reward:** -0.5" in said(page) and page.slider(key="era.step").max == 3
    assert "3 of 3 steps failed or could not be read" in said(page)

    page = driving.finish(page.button(key="era.from_here").click().run(), "era")
    page.selectbox(key="era.skill").select("find a Sink").run()
    page = driving.finish(page.button(key="era.do").click().run(), "era")
    turns = page.session_state["era.result.play"].episode.turns
    assert [turn.by for turn in turns] == ["model", "person"] and not page.exception
