"""The grafting page without a browser: its first pictures, tasks, sliders, knobs, and what it says of a run."""

import io
import subprocess
import sys
from csv import DictReader

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from backends.files.csv_text import to_csv
from backends.grafting.choices import layers_of
from backends.grafting.foreseen import Described, described, foreseen, layers_for
from backends.grafting.measured import Measured, Row
from backends.grafting.settings import GraftingSettings
from pages.grafting import graft, taking
from tests.pages import driving
from tests.pages.driving import charts, said
from tests.visualizers.grafting import made
from visualizers.grafting import files

MODEL = Described(96, 6, 64, 8)  # the miniature


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/grafting/page.py").run()


def shown(page: AppTest, result: object) -> AppTest:
    page.session_state["result.grafting"] = result
    return page.run()


def test_page_opens_on_broken_and_healed_pictures_before_any_click(page):
    assert not page.exception and not page.error
    assert "not healed" in said(page) and "recorded" in said(page)
    assert len(page.get("image")) >= 3 and charts(page) >= 4


def test_importing_the_page_and_its_figures_does_not_import_torch():
    code = ("import sys; import pages.grafting.graft, pages.grafting.how, pages.grafting.own_knobs, pages.grafting.taking, "
            "visualizers.grafting.figures; print('torch' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("result", "least"), [(made.result(locality=made.locality()), 5), (made.result(speed=made.speed()), 1)],
                         ids=["locality", "speed"])
def test_every_task_shows_its_result(page, result, least):
    page = shown(page, result)

    assert not page.exception and not page.error
    assert charts(page) >= least and "To notice" in said(page)


def test_speed_says_in_words_that_no_graft_is_faster_at_this_size(page):
    page = shown(page, made.result(speed=made.speed()))

    assert "no graft is faster in a way that a person would notice" in said(page)
    assert "Hyena-X is faster from 256 tokens on" in said(page)


def test_slider_goes_through_the_denoising_without_a_run(page):
    page = shown(page, made.result(grafted=made.grafted()))
    slider = page.select_slider(key="grafting.step")
    assert slider.value is None or slider.value == "finished"

    page.session_state["grafting.step"] = 0
    page.run()

    assert not page.exception and "run.grafting" not in page.session_state
    assert page.session_state["grafting.step"] == 0


def test_maps_are_turned_without_a_run(page):
    page = shown(page, made.result(locality=made.locality()))
    for name, value in (("layer", 2), ("head", 4), ("time", 1), ("token", 63)):
        page.session_state[f"grafting.{name}"] = value
    page.run()

    assert not page.exception and "run.grafting" not in page.session_state


def test_layers_by_hand_are_asked_for_where_they_are_wanted(page):
    assert not any(box.key == "knob.grafting.layers" for box in page.text_input)
    page.session_state["knob.grafting.pattern"] = "by hand"
    page.run()

    assert "no layer is named" in page.error[0].value and page.button(key="run.graft").disabled
    page.text_input(key="knob.grafting.layers").set_value("0, 7").run()
    assert not page.error and not page.button(key="run.graft").disabled


def test_change_of_parameters_and_operations_is_said_before_a_run(page):
    page.session_state["knob.grafting.operator"] = "mlp-6"
    page.run()

    told = next(caption.value for caption in page.caption if caption.value.startswith("Before a run"))
    assert "parameters +50 %" in told and "FLOPs +50 % in all" in told


def test_pairs_are_shown_before_and_after_a_run(page):
    page.session_state["knob.grafting.operator"] = "pairs"
    page.run()
    told = next(caption.value for caption in page.caption if caption.value.startswith("Before a run"))
    assert "+74112 parameters" in told

    page = shown(page, made.result(grafted=made.pairs()))
    assert not page.exception and not page.error
    assert "where 8 followed one another, 4 do now" in said(page)


def test_side_by_side_is_timed_in_words(page):
    page = shown(page, made.result(speed=made.speed(pairs=((64, 1.0, 1.1, None),))))

    assert not page.exception and "two blocks take 1 ms one after the other, 1.1 ms side by side" in said(page)


def test_metrics_of_another_way_of_painting_are_marked(page):
    page = shown(page, made.result(grafted=made.grafted(judged=300)))
    assert not any("Accuracy and proxy-FD are of other settings" in warning.value for warning in page.warning)
    page.session_state["knob.grafting.guidance"] = 2.0
    page.run()

    assert any("“Guidance” 2.0 instead of 1.0" in warning.value for warning in page.warning)


def test_where_a_number_ended_the_painting_is_said(page):
    broken = made.state("swapped", broke="A number that is none came up at step 3 in layer 5 <b>.")
    page = shown(page, made.result(grafted=made.grafted(states=(made.state("original"), broken), healed=())))

    assert not page.exception
    assert any("step 3 in layer 5" in warning.value for warning in page.warning)


def test_run_that_ended_before_anything_was_painted_says_so(page):
    page = shown(page, made.result().model_copy(update={"ended": "stopped"}))

    assert not page.exception and page.info


@pytest.mark.parametrize(("ended", "says"), [("stopped", "ended at step 30 of 150"), ("finished", "everything learned")])
def test_a_stage_2_that_was_stopped_says_where(page, ended, says):
    page = shown(page, made.result(ended=ended, grafted=made.grafted("original", "swapped", "stage 2")))

    assert says in said(page) and ("everything learned" in said(page)) == (ended == "finished")


@pytest.mark.parametrize("link", ["nonsense", "A" * 9000], ids=["text", "too long"])
def test_broken_link_gives_one_sentence_and_the_page(link):
    app = AppTest.from_file("../../../app.py", default_timeout=60).run()
    app.query_params["settings"] = link
    page = app.switch_page("pages/grafting/page.py").run()

    assert len(page.error) == 1 and not page.exception


def test_a_link_waits_for_a_click():
    page = driving.opened(GraftingSettings(operator="swa", pattern="by hand", layers=(2,), heals="none", seed=9), "grafting")

    assert not page.exception and page.button(key="link.run.grafting")
    assert page.selectbox(key="knob.grafting.operator").value == "swa"


@pytest.mark.parametrize(("result", "labels"), [
    (made.result(grafted=made.grafted(judged=300)), ["States (CSV)", "Costs (CSV)", "Healing (CSV)"]),
    (made.result(grafted=made.grafted("original", "swapped")), ["States (CSV)", "Costs (CSV)"]),
    (made.result(speed=made.speed(pairs=((64, 1.0, 1.1, None),))), ["Timings (CSV)", "Pairs (CSV)"]),
    (made.result(locality=made.locality()), ["Locality (CSV)"]), (made.result(speed=made.speed()), ["Timings (CSV)"])],
    ids=["healed", "broken", "speed with pairs", "locality", "speed"])
def test_tables_can_be_taken_away(result, labels):
    tables = taking.tables_of(result)

    assert list(tables) == labels
    for table in tables.values():
        rows = list(DictReader(io.StringIO(to_csv(table).decode("utf-8-sig"))))
        assert len(rows) == len(table) and len(rows) > 0


def test_npz_has_every_picture_of_a_state():
    state = made.state("original", 11)

    assert np.load(io.BytesIO(files.npz(state)))["arr_0"].shape == (11, 32, 32, 3)


def test_description_of_a_model_is_read_or_left_out(tmp_path):
    assert described(tmp_path) is None
    (tmp_path / "config.json").write_text('{"num_attention_heads": 6, "attention_head_dim": 16, "sample_size": 32, "patch_size": 4, '
                                          '"num_layers": 8}')
    assert described(tmp_path) == MODEL
    (tmp_path / "config.json").write_text('{"num_attention_heads": 6, "attention_head_dim": 16, "sample_size": 32, "patch_size": 0, '
                                          '"num_layers": 8}')
    assert described(tmp_path) is None


def test_foreseen_layers_are_those_of_the_pattern():
    assert layers_for(GraftingSettings(), 8) == layers_of("interleaved", 8)
    assert layers_for(GraftingSettings(pattern="by hand", layers=(7, 2, 30)), 8) == (2, 7)
    assert len(layers_for(GraftingSettings(pattern="top-local"), 8)) == 4


@pytest.mark.parametrize("operator", ["mha", "mlp-4"])
def test_self_graft_changes_nothing_but_the_weights(operator):
    before, after = foreseen(GraftingSettings(operator=operator), MODEL)

    assert before == after


def test_mixing_of_a_convolution_grows_with_the_tokens_alone():
    before, after = foreseen(GraftingSettings(operator="hyena-x"), MODEL)

    assert before.mixing_flops == 4 * (4 * 64**2 * 96) and after.mixing_flops == 4 * (2 * 64 * 96)


def live_page() -> None:
    from pages.grafting import graft, locality, speed
    from tests.visualizers.grafting import made

    graft.live(made.grafted("original", "swapped", "stage 1"))
    locality.live(made.locality())
    speed.live(made.speed())


def test_what_is_known_is_drawn_while_it_runs():
    page = AppTest.from_function(live_page, default_timeout=60).run()

    assert not page.exception
    assert len(page.get("image")) == 3 and charts(page) == 4


@pytest.mark.parametrize(("seeds", "words"), [
    ({"mha": (0,), "swa": (0,)}, ", one seed"), ({"mha": (0, 1), "swa": (0, 1)}, ": the mean of 2 seeds, and from the lowest"),
    ({"mha": (0, 1), "swa": (0,)}, ": the mean of 1 to 2 seeds, and from the lowest")])
def test_of_how_many_seeds_the_ranking_is_said(seeds, words):
    rows = [Row("control", "", "", "stage 2", 0.05, None, None, None, 1.0, seed) for seed in (0, 1)]
    rows += [Row(f"{operator}, all", operator, "all", "stage 2", 0.06, None, None, 0.2, 1.0, seed)
             for operator, own in seeds.items() for seed in own]

    assert graft._seeds(Measured(tuple(rows), 1000, 0.1, "2026-12-01")).startswith(words)
