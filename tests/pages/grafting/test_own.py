"""What a person brings to the grafting page: one box, told by content, shown before anything is run, and Run."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from backends.grafting.settings import GraftingSettings
from backends.grafting.system import SYSTEM
from models.diffusion.surgery import graft
from pages.grafting import own_file, own_knobs, taking
from tests.backends.grafting import own_files
from tests.pages import driving
from tests.pages.driving import charts, finish, opened
from tests.visualizers.grafting import made
from visualizers.grafting import files

RUN = "run.own"


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/grafting/page.py").run()


def bring(page: AppTest, name: str, content: bytes) -> AppTest:
    box = next(one for one in page.get("file_uploader") if one.proto.label.startswith("Your checkpoint"))
    box.set_value((name, content, "application/octet-stream"))
    return page.run()


def has(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def said(page: AppTest) -> str:
    return driving.said(page).replace("\\", "")


def errors(page: AppTest) -> str:
    return " ".join(error.value for error in page.error).replace("\\", "")


def checkpoint(folder: Path, *layers: int, ending: str = "safetensors") -> bytes:
    model = own_files.tiny()
    return own_files.official(graft(model, "swa", layers, seed=0) if layers else model, folder / f"a.{ending}").read_bytes()


def test_a_checkpoint_says_what_it_is_and_is_what_runs(page, tmp_path):
    page = bring(page, "mine.safetensors", checkpoint(tmp_path, 1))

    assert not page.exception and not page.error
    assert "mine.safetensors, in the official layout: 3 layers, 24 wide, 2 heads, 64 tokens" in said(page)
    assert "sliding window in the place of attention in layer 1" in said(page)
    assert charts(page) == 2  # what was brought, and what will be replaced
    for name, value in {"heals": "none", "sample_steps": 1, "num_pictures": 1}.items():
        page.session_state[f"knob.grafting.{name}"] = value
    page = finish(page.run().button(key=RUN).click().run(), "grafting")
    result = page.session_state["result.grafting"]
    assert not page.exception and result.model_id == "upload:mine.safetensors" and result.grafted.layers == (1,)
    assert "mine.safetensors: graft otherwise" in [expander.label.replace("\\", "") for expander in page.expander]


def test_heads_that_nothing_tells_are_asked_for_before_it_can_run(page, tmp_path):
    page = bring(page, "mine.pt", checkpoint(tmp_path, ending="pt"))
    assert "Nothing in 'mine.pt' says how many heads" in errors(page) and not has(page, RUN)

    page.slider(key="knob.grafting.checkpoint_heads").set_value(2).run()

    assert not page.error and has(page, RUN) and "2 heads" in said(page)


@pytest.mark.parametrize("task", ["locality", "speed"])
def test_every_task_takes_it(page, tmp_path, task):
    page = bring(page, "mine.safetensors", checkpoint(tmp_path))
    page.session_state["grafting.task"] = task
    page.run()

    assert not page.exception and has(page, RUN) and ", in the official layout: 3 layers" in said(page)


def test_what_cannot_be_painted_with_is_told_at_the_box_and_the_page_stays_as_it_is(page, tmp_path):
    shown = len(page.get("image"))
    other = own_files.official(own_files.tiny(num_embeds_ada_norm=7), tmp_path / "b.safetensors").read_bytes()
    page = bring(page, "imagenet.safetensors", other)

    told = "'imagenet.safetensors' has num_embeds_ada_norm 7; what is painted without a decoder (vae/) beside it takes 10."
    assert told in errors(page)
    assert page.session_state["knob.grafting.checkpoint"] == "" and len(page.get("image")) == shown and not page.exception
    assert "'imagenet.safetensors'" in errors(page.run())


@pytest.mark.parametrize(("name", "content", "says"), [
    ("a.npz", b"PK\3\4\0", "'a.npz' cannot be read"), ("a.yaml", b"a: [1", "a.yaml: The configuration is not YAML (line 1)"),
    ("b.yaml", b"colour: red", "b.yaml: 'operator' of the configuration is missing"),
    ("a.pt", b"\x80\x02cos\nsystem\n.", "'a.pt' is no whole file of torch.save"),
    ("a.zip", b"\x89PNG\r\n\x1a\n\0", "is a PNG picture")])
def test_what_is_none_of_it_is_one_sentence(page, name, content, says):
    page = bring(page, name, content)

    assert says in errors(page) and not page.exception and not has(page, RUN)


def test_pictures_that_were_taken_away_come_back_and_few_have_no_distance(page):
    page = bring(page, "grafting-stage-1.npz", files.npz(made.state("stage 1")))

    assert not page.exception and not page.error and has(page, RUN)
    assert any(warning.value.startswith("A proxy-FD takes at least 65 pictures; these are 8") for warning in page.warning)
    assert page.session_state["knob.grafting.samples"] == "upload:grafting-stage-1.npz"
    page.button(key="grafting.own.out").click().run()
    assert page.session_state["knob.grafting.samples"] == "" and not has(page, RUN)


def test_own_pictures_stand_beside_the_states_with_their_numbers(page):
    page.session_state["result.grafting"] = made.result(grafted=made.grafted(samples=made.samples()))
    page.run()

    assert not page.exception and "**own.npz**" in said(page)
    assert any("yours: own.npz" in str(frame.value) for frame in page.dataframe)
    taken = taking.tables_of(page.session_state["result.grafting"])["States (CSV)"]
    assert taken[taken["state"] == "yours: own.npz"]["number"].tolist() == [70]


def test_a_configuration_turns_the_knobs_and_says_what_of_it_is_not_used(page):
    page = bring(page, "stage2.yaml", own_files.STAGE_2.encode())

    assert not page.exception and not page.error
    state = page.session_state
    assert (state["knob.grafting.operator"], state["knob.grafting.pattern"], state["knob.grafting.layers"]) == (
        "hyena-y", "by hand", "0, 2")
    assert (state["knob.grafting.heals"], state["knob.grafting.seed"]) == ("both stages", 7)
    line = next(info.value for info in page.info).replace("\\", "")
    assert "a configuration for stage 2, turned the knobs: Hyena-Y, in layers 0, 2, seed 7." in line
    for unused in ("1 layers from 27 on", "DiT-XL/2", "where its weights lie", "256 pixels", "0.0001"):
        assert unused in line
    page = page.button(key="grafting.own.out").click().run()
    assert not page.info and not has(page, RUN)


def test_a_preset_or_a_link_turns_a_checkpoint_out_again(page, tmp_path, monkeypatch):
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: None)
    page = bring(page, "mine.safetensors", checkpoint(tmp_path))
    page.button(key="preset.grafting.Swap it, do not heal").click().run()

    assert page.session_state["knob.grafting.checkpoint"] == "" and not has(page, RUN)


def test_a_link_to_a_run_with_an_upload_asks_for_it_and_goes_on_once_it_is_there(tmp_path):
    page = opened(GraftingSettings(checkpoint="upload:link.safetensors", heals="none"), "grafting")
    assert "'link.safetensors', which is not in this session" in errors(page) and not has(page, "link.run.grafting")

    page = bring(page, "link.safetensors", checkpoint(tmp_path, 0, 2))  # a session, which tests share, keeps equal files once

    assert not page.exception and has(page, "link.run.grafting")
    assert page.session_state["knob.grafting.heals"] == "none"


def test_another_file_than_a_waiting_link_asks_for_keeps_the_links_other_knobs(tmp_path):
    page = opened(GraftingSettings(heals="none", sample_steps=3), "grafting")
    assert has(page, "link.run.grafting")

    page = bring(page, "other.safetensors", checkpoint(tmp_path, 0, 1))

    assert not page.exception and has(page, RUN) and not has(page, "link.run.grafting")
    assert (page.session_state["knob.grafting.heals"], page.session_state["knob.grafting.sample_steps"]) == ("none", 3)


@pytest.mark.parametrize(("before", "clicked", "after"), [((1, 3), 2, "1, 2, 3"), ((1, 3), 3, "1"), ((5,), 5, "")])
def test_a_click_on_a_layer_takes_it_in_or_out_and_the_knobs_say_so(monkeypatch, before, clicked, after):
    state = {"chart": {"selection": {"points": [{"x": clicked, "y": "attention"}]}}}
    monkeypatch.setattr("streamlit.session_state", state)
    own_knobs._toggle(SYSTEM, "chart", before)

    assert state["knob.grafting.pattern"] == own_file.BY_HAND and state["knob.grafting.layers"] == after
    state["chart"]["selection"]["points"] = []
    own_knobs._toggle(SYSTEM, "chart", (0,))
    assert state["knob.grafting.layers"] == after


def test_a_diagram_without_any_layer_can_still_be_clicked(page):
    page.session_state["knob.grafting.pattern"] = "by hand"
    before = charts(page)
    page.run()

    assert charts(page) == before and "no layer is named" in errors(page)
    numbers = next(group for group in page.get("button_group") if str(group.key).endswith(".numbers"))
    assert numbers.value == []

    page = numbers.set_value([4, 2]).run()

    assert page.session_state["knob.grafting.layers"] == "2, 4" and not page.error and not page.exception


def test_numbers_of_tokens_are_picked_and_those_of_a_link_stay(monkeypatch):
    asked: list[GraftingSettings] = []
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: asked.append(settings))
    page = opened(GraftingSettings(task="speed", tokens=(96, 64)), "grafting")
    box = page.multiselect(key="knob.grafting.tokens")
    assert box.options == ["64", "96", "256", "1,024", "4,096", "16,384"] and box.value == [96, 64]

    box.set_value([64, 1024]).run()
    page.button(key="run.speed").click().run()

    assert asked[-1].tokens == (64, 1024)


def test_what_is_left_of_many_layers_of_a_configuration_are_those_that_the_model_has():
    from models.diffusion.configs import read_config

    config = read_config(own_files.STAGE_2.replace("[0, 2, 27]", str(list(range(1, 28, 2)))))
    line = own_file._read_line(config, "x.yaml", (1, 3, 5, 7), 8)

    assert "in layers 1, 3, 5, 7" in line and "10 layers from 9 on, which this model of 8 does not have" in line
    assert np.array_equal(config.layers, range(1, 28, 2))
