"""The T* page without a browser: first picture, presets, knobs, refusals."""

from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from backends.engine import the_engine
from backends.tstar.settings import OPENING, TStarSettings
from pages.house import costs
from pages.tstar import own_video, views
from tests.pages import driving
from tests.pages.driving import charts
from worlds.video.encode import write_video


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    return app.switch_page("pages/tstar/page.py").run()


def finish(page: AppTest) -> AppTest:
    """Wait for the page's run to end, then let the page take its result."""
    return driving.finish(page, "tstar")


def found_twice():
    """The recorded run as if it had been a search by example with two finds."""
    from backends.files.saved import load_result
    from backends.tstar.results import Appearance, TStarResult
    from backends.tstar.system import RECORDED

    recorded = load_result(RECORDED.read_bytes(), TStarResult)
    settings = recorded.settings.model_copy(update={"example_s": 7.0, "example_box": (0.1, 0.1, 0.4, 0.4)})
    stretches = ((5.0, 10.0, 7, True), (20.0, 25.0, 22, False), (35.0, 40.2, recorded.keyframes[0].second, False))
    found = tuple(Appearance(name="example", start_s=start, end_s=end, best_s=best, score=0.8, is_marked=marked)
                  for start, end, best, marked in stretches)
    return recorded.model_copy(update={"settings": settings, "appearances": found, "unconfirmed": ()})

def test_page_shows_a_finished_search_before_any_click(page):
    assert not page.exception and not page.error
    assert charts(page) >= 4
    assert any("recorded" in text.value for text in page.markdown)


def test_preset_turns_its_knobs_and_runs_to_a_result(page):
    page.button(key="preset.tstar.See it fail").click().run()

    assert page.slider(key="knob.tstar.grid").value == 8
    page = finish(page)
    assert not page.exception and not page.error
    assert page.session_state["result.tstar"].settings.grid == 8


def test_twenty_seeds_are_asked_for_with_what_the_knobs_say(page, monkeypatch):
    asked = []
    monkeypatch.setattr("pages.house.running.start", lambda system, settings: asked.append(settings))
    page.slider(key="knob.tstar.grid").set_value(2).run()
    page.button(key="run.seeds").click().run()

    assert asked == [OPENING.model_copy(update={"grid": 2, "num_seeds": 20})]


def test_link_restores_knobs_and_result():
    page = driving.opened(TStarSettings(grid=2, num_frames=5, baselines=()), "tstar")
    assert "run.tstar" not in page.session_state and page.slider(key="knob.tstar.grid").value == 2  # opening starts nothing
    page = finish(driving.run_link(page, "tstar"))

    assert page.session_state["result.tstar"].settings == TStarSettings(grid=2, num_frames=5, baselines=())
    assert len(page.session_state["result.tstar"].keyframes) == 5


@pytest.mark.parametrize("link", ["nonsense", "eJwDAAAAAAE", "A" * 9000], ids=["text", "empty archive", "too long"])
def test_broken_link_gives_one_sentence_and_the_page(link):
    app = AppTest.from_file("../../../app.py", default_timeout=60).run()
    app.query_params["settings"] = link
    page = app.switch_page("pages/tstar/page.py").run()

    assert len(page.error) == 1 and not page.exception
    assert charts(page) >= 4


@pytest.mark.parametrize(("targets", "reason"), [("a, b, c, d, e", "at most 4"), ("x" * 61, "at most 60")],
                         ids=["too many objects", "name too long"])
def test_bad_objects_give_one_sentence(page, targets, reason):
    page.text_input(key="knob.tstar.targets").set_value(targets).run()

    assert reason in page.error[0].value
    assert not page.exception


def test_word_that_the_miniature_does_not_know_is_said_while_typing(page):
    page.text_input(key="knob.tstar.targets").set_value("zebra").run()

    assert "zebra" in page.warning[0].value and "red" in page.warning[0].value
    assert page.button(key="run.button").disabled
    assert charts(page) >= 4  # nothing is lost
    page.text_input(key="knob.tstar.targets").set_value("red star").run()
    assert not page.button(key="run.button").disabled


def test_word_that_another_detector_knows_offers_it(page, monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))  # where the image network was not made
    page.text_input(key="knob.tstar.targets").set_value("zebra").run()
    page.button(key="use.kinds").click().run()

    assert page.selectbox(key="knob.tstar.detector").value == "efficientnet-lite0"
    assert any("make real" in code.value for code in page.code)  # the ladder's card
    page.text_input(key="knob.tstar.targets").set_value("face").run()
    assert "search by example" in page.warning[0].value


def test_each_model_has_its_own_quantisation_on_the_page(page):
    assert page.selectbox(key="knob.tstar.vlm_quantisation").options == ["as they are", "8 bit (int8)", "4 bit (NF4)"]
    page.selectbox(key="knob.tstar.vlm_quantisation").set_value("nf4").run()

    assert not page.button(key="run.button").disabled  # the miniature needs no other quantisation for that


def test_appearances_are_listed_with_a_jump_and_a_download(page):
    page.session_state["result.tstar"] = found_twice()
    page = page.run()

    assert not page.exception
    assert any("Appearances: 2 found" in header.value for header in page.subheader)
    assert any("You marked it at 0:05 to 0:10" in text.value for text in page.caption)
    played = [button.label for button in page.button if str(button.key).startswith("appearance.")]
    assert played == ["Play from 0:20", "Play from 0:35"]
    assert [metric.value for metric in page.metric if metric.label == "Appearances"] == ["2"]


def test_stopped_search_keeps_what_it_found(page):
    page.button(key="preset.tstar.See it found").click().run()
    run_id = page.session_state["run.tstar"]
    while (seen := the_engine().seen(run_id)).part is None and not the_engine().status(run_id).state.is_over:
        the_engine().seen(run_id, after=seen.version, wait_s=60)
    page.button(key="stop.tstar").click().run()
    if "run.tstar" in page.session_state:
        page = finish(page)

    assert not page.exception
    assert page.session_state["result.tstar"].iterations


def test_ladder_offers_what_runs_here_first_and_says_why_the_rest_does_not(page):
    entries = page.selectbox(key="knob.tstar.detector").options

    assert entries[0].startswith("Canvas detector")
    assert all("not here" not in entry for entry in entries[:1])
    assert any("OWL-ViT" in entry for entry in entries)


def test_model_that_is_not_here_gives_one_card_and_no_run(page, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    page.selectbox(key="knob.tstar.detector").set_value("owlvit-base-patch32").run()

    assert page.button(key="run.button").disabled
    assert any("hf download" in code.value for code in page.code)
    page.button(key="fallback.detector").click().run()
    assert page.selectbox(key="knob.tstar.detector").value == "canvas-detector"
    assert not page.button(key="run.button").disabled


def test_cost_is_said_before_a_run_and_learns_from_it():
    costs.forget()
    page = AppTest.from_file("../../../app.py", default_timeout=120).run().switch_page("pages/tstar/page.py").run()

    def cost() -> str:
        return next(text.value for text in page.caption if "Models: about" in text.value)

    assert "MB" in cost() and "recorded run" in cost()
    page.button(key="preset.tstar.Push it until it breaks").click().run()
    page = finish(page)
    assert "last run here" in cost()


def test_link_with_an_upload_says_that_the_file_is_needed_and_keeps_the_knobs():
    app = AppTest.from_file("../../../app.py", default_timeout=120).run()
    app.query_params["settings"] = TStarSettings(video="upload:toy.mp4", grid=2).permalink()
    page = app.switch_page("pages/tstar/page.py").run()

    assert "toy.mp4" in page.error[0].value and "Upload it again" in page.error[0].value
    assert page.slider(key="knob.tstar.grid").value == 2
    assert "run.tstar" not in page.session_state


def test_baseline_without_its_model_is_said_before_the_run(page):
    page.multiselect(key="knob.tstar.baselines").set_value(["aks"]).run()

    assert page.button(key="run.button").disabled
    assert "AKS" in page.warning[-1].value


def test_two_uploads_of_one_name_are_two_files():
    files = [SimpleNamespace(name="results.json", getvalue=content.encode) for content in ("one", "two")]

    assert views._by_name(files) == {"results.json": b"one", "results.json (2)": b"two"}


def test_own_video_becomes_the_page_at_once_and_what_cannot_be_found_is_said(page, phone_video):
    page.get("file_uploader")[0].set_value(("toy.mp4", phone_video.read_bytes(), "video/mp4"))
    page = page.run()

    assert not page.error and not page.exception
    assert any("toy.mp4, 0:40 min" in caption for image in page.image for caption in image.captions)
    assert page.session_state["knob.tstar.question"] == "" and not any(button.key == "run.own" for button in page.button)
    page = page.text_input(key="knob.tstar.question").set_value("When does the cyclist pass?").run()
    assert "cyclist" in page.warning[0].value and page.button(key="run.own").disabled
    page = page.text_input(key="knob.tstar.question").set_value("red chair").run()
    assert not page.button(key="run.own").disabled


def test_own_video_of_any_shape_becomes_a_strip_that_can_be_drawn(tmp_path):
    path = tmp_path / "wide.mp4"
    write_video([np.zeros((16, 4096, 3), np.uint8)] * 30, path, frame_rate=10)

    strip, duration_s = own_video._strip(str(path), "wide.mp4")
    assert strip.shape == (own_video.STRIP_HEIGHT_PX, own_video.STRIP_FRAMES * own_video.STRIP_FRAME_PX, 3)
    assert duration_s == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize(("codec", "ending", "is_played"), [
    ("h264", ".mp4", True), ("vp9", ".webm", True), ("av1", ".MP4", True), ("mpeg4", ".mp4", False), ("h264", ".mkv", False),
    ("hevc", ".mov", False)])
def test_what_browsers_do_not_play_is_said_and_written_anew(tmp_path, codec, ending, is_played):
    video = SimpleNamespace(codec=codec)
    path = tmp_path / f"0{ending}"
    path.write_bytes(b"x")

    assert (views._not_played(SimpleNamespace(video=video), path) == "") is is_played


def test_an_excerpt_of_a_video_is_an_mp4_of_a_few_seconds(tmp_path):
    from worlds.haystack.samples import sample_path
    from worlds.video import open_video

    out = tmp_path / "excerpt.mp4"
    out.write_bytes(views._excerpt(str(sample_path("sample:ten-minutes")), 20, "mine.avi"))

    with open_video(out) as video:
        assert video.info.codec == "h264" and video.info.duration_s == pytest.approx(views.EXCERPT_S, abs=1)


@pytest.mark.parametrize("video", ["generated:minutes=50,seed=123,needle_s=5", "sample:no-such-one"])
def test_a_page_draws_no_video_that_nobody_asked_to_play(page, monkeypatch, video):
    recorded = found_twice()
    brought = recorded.model_copy(update={"settings": recorded.settings.model_copy(update={"video": video})})
    asked = []
    monkeypatch.setattr("worlds.haystack.samples.sample_path", asked.append)
    page.session_state["result.tstar"] = brought

    page = page.run()

    assert not page.exception and page.session_state["result.tstar"] is brought
    assert asked == []


def test_a_saved_run_of_a_sample_that_is_none_is_refused_when_it_shall_play(page):
    recorded = found_twice()
    page.session_state["result.tstar"] = recorded.model_copy(
        update={"settings": recorded.settings.model_copy(update={"video": "sample:no-such-one"})})

    page = page.run().button(key="appearance.0").click().run()

    assert not page.exception and any("There is no sample" in error.value for error in page.error)


def test_what_stands_beside_an_earlier_grid_is_of_that_grid_and_what_is_of_the_end_says_so(page):
    def told(pieces):
        return " ".join(piece.value for piece in pieces)

    at_the_end = told(page.caption)
    first = page.slider(key="tstar.step").set_value(1).run()

    assert "After grid 5: 80 frames looked at · still to confirm: nothing" in at_the_end
    assert "After grid 1: 16 frames looked at · still to confirm: cyan circle · recall within 5 s so far 83 %" in told(first.caption)
    assert "After grid 5" not in told(first.caption)
    assert "**At the end of the search**, after grid 5:" in told(first.markdown)
