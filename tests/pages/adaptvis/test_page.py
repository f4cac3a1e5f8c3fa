"""The AdaptVis page without a browser: first picture, tasks, presets, sliders, the person's own picture and data, refusals."""

import io
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from backends.adaptvis.results import AdaptVisResult
from backends.adaptvis.run import run
from backends.adaptvis.settings import AdaptVisSettings
from backends.registry import system
from backends.run import Inputs, last
from pages.adaptvis import views
from pages.house import results
from tests.pages import driving
from tests.pages.driving import charts, said

SHORT = AdaptVisSettings(task="evaluate", num_sets=4)


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/adaptvis/page.py").run()


def linked(settings: AdaptVisSettings) -> AppTest:
    """The page of a link, after the one click that runs it."""
    return driving.run_link(driving.opened(settings, "adaptvis"), "adaptvis")


def finish(page: AppTest) -> AppTest:
    """Wait for the page's run to end, then let the page take its result."""
    return driving.finish(page, "adaptvis")


def turned_to(page: AppTest, task: str) -> AppTest:
    page.session_state["adaptvis.task"] = task
    return page.run()


def plain_said(page: AppTest) -> str:
    """As a person reads it: without the signs that keep Markdown out."""
    return re.sub(r"\\(.)", r"\1", said(page))


def test_page_opens_on_both_gazes_before_any_click(page):
    assert not page.exception and not page.error
    assert charts(page) >= 3
    assert "recorded" in said(page) and "As it is" in said(page)


def test_importing_the_page_and_its_figures_does_not_import_torch():
    code = "import sys; import pages.adaptvis.look, pages.adaptvis.item_set, pages.adaptvis.own_knobs, visualizers.adaptvis.figures; "
    done = subprocess.run([sys.executable, "-c", code + "print('torch' in sys.modules)"], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_branch_is_said_in_words_with_confidence_and_beta(page):
    assert re.search(r"Confidence 0\\?\.\d+ is (not )?below beta", said(page))


def test_alpha_one_is_said_to_be_identical(page):
    page.select_slider(key="adaptvis.alpha").set_value(1.0).run()

    assert "both are identical" in said(page)
    assert "run.adaptvis" not in page.session_state and not page.exception


def test_beta_slider_takes_the_other_branch_and_alpha_follows(page):
    page.select_slider(key="adaptvis.alpha1").set_value(0.3).run()
    page.select_slider(key="adaptvis.alpha2").set_value(2.0).run()
    page.select_slider(key="adaptvis.beta").set_value(0.0).run()
    sure = page.session_state["adaptvis.alpha"]
    page.select_slider(key="adaptvis.beta").set_value(1.01).run()

    assert (sure, page.session_state["adaptvis.alpha"]) == (2.0, 0.3)
    assert not page.exception


def test_layer_and_normalisation_can_be_chosen(page):
    page.select_slider(key="adaptvis.layer").set_value(0).run()
    page.session_state["adaptvis.normalisation"] = "absolute"
    page.run()

    assert not page.exception and charts(page) >= 3


def test_downloaded_heat_maps_are_those_of_the_sliders_though_only_a_part_of_the_page_was_drawn_anew(page):
    shown = page.session_state["adaptvis.shown"]
    page.select_slider(key="adaptvis.alpha").set_value(2.0).run()
    page.select_slider(key="adaptvis.layer").set_value(1).run()
    assert page.session_state["adaptvis.shown"] is shown and shown == {"alpha": 2.0, "layer": 1, "normalisation": "share"}

    looked = results.recorded(system("adaptvis")).looked
    names = zipfile.ZipFile(io.BytesIO(views.heat_maps(looked, shown))).namelist()
    assert names == ["1-alpha-1-layer-1-share.png", "2-alpha-2-layer-1-share.png"]
    absolute, share = (zipfile.ZipFile(io.BytesIO(views.heat_maps(looked, shown | {"normalisation": kind}))).read(
        f"1-alpha-1-layer-1-{kind}.png") for kind in ("absolute", "share"))
    assert absolute != share


def test_heads_are_drawn_on_demand(page):
    before = charts(page)
    page.toggle(key="adaptvis.heads").set_value(True).run()

    assert charts(page) == before + 1 and not page.exception


def test_evaluation_opens_with_its_recorded_run_the_rival_and_the_interval(page):
    page = turned_to(page, "evaluate")

    assert not page.exception and not page.error
    assert charts(page) >= 5 and "recorded" in said(page)
    assert "95 % interval" in said(page) and "One constant per answer" in said(page)
    assert "With relations as frequent as in training" in said(page)


def test_presets_are_said_to_be_picked_by_rule(page):
    assert "picked by rule" in said(page)


def test_replayed_settings_are_counted_without_a_run(page):
    page = turned_to(page, "evaluate")
    page.select_slider(key="adaptvis.replay.alpha1").set_value(1.0).run()
    page.select_slider(key="adaptvis.replay.alpha2").set_value(1.0).run()

    assert "0 mended, 0 broken" in said(page)
    assert "run.adaptvis" not in page.session_state and not page.exception


def test_sliders_stay_while_the_other_task_is_looked_at(page):
    page.select_slider(key="adaptvis.alpha").set_value(2.0).run()
    page = turned_to(turned_to(page, "evaluate"), "look")

    assert page.select_slider(key="adaptvis.alpha").value == 2.0 and not page.exception


@pytest.mark.parametrize("label", ["See it mended", "See nothing change", "See it broken"])
def test_preset_turns_its_knobs_and_runs_to_an_answer(page, label):
    page = finish(page.button(key=f"preset.adaptvis.{label}").click().run())

    asked = system("adaptvis").presets[label][0]
    assert not page.exception and not page.error
    assert page.session_state["result.adaptvis"].settings == asked
    assert page.selectbox(key="knob.adaptvis.condition").value == asked.condition
    assert page.session_state["adaptvis.alpha"] == page.session_state["result.adaptvis"].looked.branch.alpha


def test_next_scene_is_the_one_that_follows(page):
    before = results.recorded(system("adaptvis")).settings.index
    page = finish(page.button(key="adaptvis.next").click().run())

    assert page.session_state["result.adaptvis"].settings.index == before + 1


def test_other_ways_of_scaling_are_added_to_the_curves(page):
    page = finish(page.button(key="preset.adaptvis.See it mended").click().run())
    page = finish(page.button(key="adaptvis.variant.shape").click().run())

    assert [one.settings.variant for one in page.session_state["adaptvis.variants"]] == ["multiply", "shape"]
    assert not page.exception and not page.error


def test_set_is_evaluated_and_its_table_shown():
    page = finish(linked(SHORT))

    assert page.session_state["result.adaptvis"].evaluated.num_test == 16
    assert page.session_state["adaptvis.task"] == "evaluate"
    assert page.dataframe and not page.exception
    assert "16 scenes are few" in plain_said(page) and "Recorded on 2,000 others of the same kind" in plain_said(page)


def test_a_beta_beyond_every_confidence_is_called_scalingvis_in_both_tasks(page):
    page.select_slider(key="adaptvis.beta").set_value(1.01).run()
    alpha1 = page.session_state["adaptvis.alpha1"]
    assert f"With this beta every item is unsure: this is ScalingVis with alpha {alpha1:g}." in plain_said(page)
    page = turned_to(page, "evaluate")
    page.select_slider(key="adaptvis.replay.beta").set_value(0.0).run()
    assert "With this beta every item is sure: this is ScalingVis" in plain_said(page)


def test_the_recorded_evaluation_has_2_000_items_and_needs_no_larger_one_beside_it(page):
    page = turned_to(page, "evaluate")

    assert "Of 2,000 items (drawn scenes" in plain_said(page) and "are few" not in plain_said(page)


def test_own_picture_is_asked_about_two_named_things(page):
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 160, 3), dtype=np.uint8)).save(content, "PNG")
    page.get("file_uploader")[0].set_value(("mine.png", content.getvalue(), "image/png")).run()
    page.text_input(key="adaptvis.a").set_value("red star").run()
    page.text_input(key="adaptvis.b").set_value("blue cross").run()
    page.number_input(key="knob.adaptvis.seed").set_value(977).run()
    assert "Turned since the picture: “Seed”, “Question”." in plain_said(page)  # the page turned Picture and more by itself
    page = finish(page.button(key="run.own").click().run())

    looked = page.session_state["result.adaptvis"].looked
    assert looked.question == "Where is the red star in relation to the blue cross? Answer with left, right, on or under."
    assert looked.options == ("left", "right", "on", "under") and looked.right is None
    assert looked.size == (160, 90)
    assert not page.exception and not page.error


def png(width: int, height: int) -> bytes:
    """The head of a picture of that size, with nothing behind it."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


@pytest.mark.parametrize("content", [png(640, 480), png(60_000, 60_000)], ids=["broken", "too large to decode"])
def test_own_picture_that_cannot_be_decoded_is_one_sentence_and_another_can_be_brought(page, content):
    page.get("file_uploader")[0].set_value(("mine.png", content, "image/png")).run()

    assert not page.exception and len(page.error) == 1 and "The picture 'mine" in page.error[0].value
    assert not any(button.key == "run.own" for button in page.button)
    whole = io.BytesIO()
    Image.new("RGB", (90, 60), "red").save(whole, "PNG")
    page.get("file_uploader")[0].set_value(("whole.png", whole.getvalue(), "image/png")).run()
    assert not page.exception and not page.error and any("whole" in caption for image in page.image for caption in image.captions)


def test_a_picture_brought_while_a_link_waits_keeps_the_links_other_knobs():
    page = driving.opened(AdaptVisSettings(seed=41), "adaptvis")
    assert any(button.key == "link.run.adaptvis" for button in page.button)
    content = io.BytesIO()
    Image.new("RGB", (90, 61), "purple").save(content, "PNG")
    page.get("file_uploader")[0].set_value(("waiting.png", content.getvalue(), "image/png")).run()

    assert not page.exception and not any(button.key == "link.run.adaptvis" for button in page.button)
    state = page.session_state
    assert (state["knob.adaptvis.seed"], state["knob.adaptvis.picture"]) == (41, "upload:waiting.png")


@pytest.mark.parametrize("task", ["look", "evaluate"])
def test_scenery_of_drawn_scenes_can_be_chosen_and_stays_while_the_other_task_is_looked_at(page, task):
    page = turned_to(page, task)
    scenery = page.selectbox(key="knob.adaptvis.scenery")
    assert (scenery.value, scenery.options) == ("trained", ["trained", "board", "rooms"])
    scenery.set_value("board").run()
    other = "evaluate" if task == "look" else "look"
    page = turned_to(page, other)
    assert page.selectbox(key="knob.adaptvis.scenery").value == "trained"  # the knobs are those of what is shown
    page = turned_to(page, task)

    assert page.selectbox(key="knob.adaptvis.scenery").value == "board"
    assert not page.exception


def test_alpha_between_the_steps_of_its_slider_is_kept():
    page = driving.opened(AdaptVisSettings(alpha=0.42), "adaptvis")

    slider = page.select_slider(key="knob.adaptvis.alpha")
    assert slider.value == 0.42 and {"0.4", "0.42", "0.5"} <= set(slider.options)
    assert not page.exception


def test_a_reply_that_is_no_option_is_said_beside_its_confidence():
    asked = {"question": "Is the cheetah in front of the tree or behind it?", "options": ("in front", "behind")}
    page = finish(linked(AdaptVisSettings(**asked)))

    assert "none of the options" in said(page) and "That is the confidence of a reply that is none of the options." in said(page)
    assert any("does not know 'cheetah', 'tree'" in info.value.replace("\\", "") for info in page.info)


@pytest.mark.parametrize(("settings", "reason"), [
    (AdaptVisSettings(condition="fog"), "fog"), (AdaptVisSettings(first_layer=90), "90")], ids=["condition", "layer"])
def test_what_is_not_there_is_said_in_one_sentence_and_nothing_is_lost(settings, reason):
    page = finish(linked(settings))

    assert reason in page.error[0].value and not page.exception
    assert charts(page) >= 3


@pytest.mark.parametrize("link", ["nonsense", "A" * 9000], ids=["text", "too long"])
def test_broken_link_gives_one_sentence_and_the_page(link):
    app = AppTest.from_file("../../../app.py", default_timeout=60).run()
    app.query_params["settings"] = link
    page = app.switch_page("pages/adaptvis/page.py").run()

    assert len(page.error) == 1 and not page.exception
    assert charts(page) >= 3


def test_link_with_a_picture_says_that_the_file_is_needed():
    page = linked(AdaptVisSettings(picture="upload:never.png"))

    assert "never.png" in page.error[0].value and "Upload it again" in page.error[0].value


def test_stopped_run_with_nothing_to_show_says_so(page):
    nothing = AdaptVisResult(seed=0, model_id="x", is_miniature=True, ended="stopped", settings=AdaptVisSettings())
    page.session_state["result.adaptvis"] = nothing
    page.run()

    assert page.info and not page.exception


def test_what_a_model_and_a_file_say_is_text(page):
    hostile = "[x](http://evil) <script>alert(1)</script> :smile: $x$"
    recorded = results.recorded(system("adaptvis"))
    at = tuple(entry.model_copy(update={"text": hostile}) for entry in recorded.looked.at)
    looked = recorded.looked.model_copy(update={"question": hostile, "right": hostile, "at": at})
    page.session_state["result.adaptvis"] = recorded.model_copy(update={"looked": looked})
    page.run()

    left = re.sub(r"\\.", "", said(page))  # without what is escaped
    assert not page.exception
    assert not any(active in left for active in ("<script", "](http:", ":smile:", "$x$"))


def test_things_are_put_where_the_person_says_and_asked_about(page):
    page.session_state["adaptvis.picture"] = "placed"
    page.run()
    page.selectbox(key="adaptvis.place.A.name").set_value("green cross").run()
    page.select_slider(key="adaptvis.place.A.y").set_value(0.1).run()
    page.select_slider(key="adaptvis.place.A.x").set_value(0.7).run()

    finish(page.button(key="run.look").click().run())

    assert not page.exception and not page.error
    result = page.session_state["adaptvis.result.look"]
    assert result.settings.picture == "two:green cross 0.70 0.10; blue ring 0.70 0.50"
    assert result.looked.right == "on" and result.looked.question.startswith("Where is the green cross in relation to the blue ring?")


def test_a_link_with_placed_things_turns_their_knobs():
    page = linked(AdaptVisSettings(picture="two:pink bar 0.2 0.33; red star 0.6 0.5; blue ring 0.9 0.9"))

    assert not page.exception
    assert page.session_state["adaptvis.picture"] == "placed" and page.select_slider(key="adaptvis.place.A.y").value == 0.33
    assert finish(page).session_state["adaptvis.result.look"].settings.picture.count(";") == 2


@pytest.mark.parametrize("picture", ["two:nonsense", "two:;", "two:red star a b; blue ring 0 0"])
def test_a_link_with_things_that_cannot_be_placed_says_so(picture):
    page = finish(linked(AdaptVisSettings(picture=picture)))

    assert not page.exception and page.error


def test_logit_dumps_are_drawn_though_they_hold_no_answer(page, tmp_path: Path):
    path = tmp_path / "dumps.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for layer in range(2):
            row = io.BytesIO()
            np.save(row, np.random.default_rng(layer).normal(size=(1, 3, 30)).astype(np.float32))
            archive.writestr(f"diff_{layer}_start2_end17.npy", row.getvalue())

    result = last(run(AdaptVisSettings(picture="upload:dumps.zip"), Inputs({"dumps.zip": path})))
    page.session_state["result.adaptvis"] = result
    page.run()

    assert not page.exception and not page.error
    assert charts(page) >= 4 and "no model was run" in " ".join(info.value for info in page.info)
