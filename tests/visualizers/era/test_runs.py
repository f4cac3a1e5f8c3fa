"""Charts and tables over many episodes, pictures and films of one, the cover: what stands in them."""

import io

import numpy as np
import pytest
from PIL import Image

from backends.episode import Action, Episode, Turn
from backends.era.facts import Facts
from backends.era.paper import ABLATIONS, STAGES
from backends.era.results import Counting, EraResult, Line
from backends.era.run import run
from backends.era.settings import EraSettings
from backends.era.statistics import statistics
from backends.run import Inputs, last
from visualizers.alt import sentence_of
from visualizers.era import figures, many, scenes, tables
from visualizers.era.timeline import clickable, timeline

HTML = "Cannot find <b>Mug</b>"
COUNTED = statistics([
    Facts("eb_alfred", "base", 1, "a", True, 1.0, 4, 4, 0, 0, 0, 4, 0, ("find a Mug",), (), 0, 0, 0, 0, 0),
    Facts("eb_alfred", "base", 2, "b", False, 0.5, 8, 4, 4, 1, 0, 12, 2, ("find a Mug",), (HTML, HTML, "No."), 4, 2, 1, 0, 1),
    Facts("eb_alfred", "spatial", 3, "c", False, 0.0, 2, 2, 1, 0, 0, 2, 1, (), ("No.",), 1, 0, 0, 0, 0)])


@pytest.fixture(scope="module")
def played() -> EraResult:
    return last(run(EraSettings(subset="visual_appearance", number=3), Inputs()))


def test_success_has_its_intervals_and_rates_are_of_the_whole_run():
    success, progress = many.success(COUNTED).data
    assert list(success.y) == ["base", "spatial"] and list(success.x) == [0.5, 0.0] and list(progress.x) == [0.75, 0.0]
    assert success.error_x.array[1] > 0 and success.error_x.arrayminus[1] == 0

    (rates,) = many.rates(COUNTED).data
    assert dict(zip(rates.y, rates.x))["failed actions, per step"] == pytest.approx(5 / 14)
    assert dict(zip(rates.y, rates.x))["unreadable replies, per call"] == pytest.approx(1 / 10)


def test_feedbacks_are_text_the_commonest_first():
    (bars,) = many.reasons(COUNTED).data

    told = (*bars.y, bars.customdata[0][1], sentence_of(many.reasons(COUNTED)))
    assert list(bars.x) == [2, 2] and all("<b>" not in text for text in told)


def test_episodes_that_still_run_only_become_fewer():
    (line,) = many.running(COUNTED).data

    assert line.y[0] == 1 and line.y[-1] == 0 and list(line.y) == sorted(line.y, reverse=True) and line.y[4] == pytest.approx(1 / 3)


def test_what_no_log_says_is_left_out_and_never_zero():
    silent = statistics([Facts("eb_alfred", "base", 1, "a")])

    assert many.charts(silent) == {} and "not logged" in tables.subsets(silent)["success"].tolist()
    assert figures.live(Counting(statistics=silent)) == {}
    assert set(figures.live(Counting(statistics=COUNTED))) == set(many.charts(COUNTED))


def test_a_state_is_drawn_before_and_after_a_step(played):
    turn = played.episode.turns[0]
    first, second = (scenes.drawn(state, "minihome") for state in (scenes.before(turn, turn.actions[0]), turn.actions[0].state))

    assert first.shape == (500, 500, 3) and not np.array_equal(first, second)
    assert scenes.drawn({"wall": "odd"}, "minihome") is None and scenes.drawn(turn.state, "eb_alfred") is None


def test_equal_actions_of_one_turn_are_told_apart():
    first, second = Action(name="open"), Action(name="open")
    turn = Turn(index=0, actions=(first, second))

    assert (scenes.place_of(turn, first), scenes.place_of(turn, second), scenes.place_of(turn, None)) == (0, 1, -1)


def test_film_and_pictures_have_the_beginning_and_every_step(played):
    frames = list(scenes.captioned(played.episode))
    assert len(frames) == 9 == len(scenes.pngs(played.episode)) and all(frame.shape == (560, 500, 3) for frame in frames)

    moving = Image.open(io.BytesIO(scenes.gif(played.episode)))
    assert moving.n_frames == 9 and figures.clip(played)[4:8] == b"ftyp"
    assert figures.clip(EraResult(seed=0, model_id="m", is_miniature=False, settings=played.settings, episode=Episode())) is None


def test_charts_of_an_episode_without_turns_are_none(played):
    empty = played.model_copy(update={"episode": Episode(), "counted": None})

    assert figures.figures(empty) == {} and figures.pictures(empty) == [] and figures.live(Episode()) is None
    assert figures.cover(empty).shape == figures.cover(played).shape


def test_every_cell_of_the_time_line_can_be_clicked_and_empty_ones_say_nothing(played):
    drawn = clickable(timeline(played.episode, 2), 8)

    assert list(drawn.data[-1].x) == list(range(8)) and set(drawn.data[-1].y) == {0}
    assert drawn.data[0].text[0][8:] == ["", ""] == drawn.data[0].hovertext[0][8:]


def test_tables_say_what_is_known():
    table = tables.episodes([Line(number=7, instruction="Rinse", success=None, steps=3), Line(number=8, success=True)])
    assert table["ended"].tolist() == ["not logged", "done"] and table["steps"].tolist()[0] == 3

    numbers = tables.numbers(COUNTED)
    assert numbers["subset"].tolist() == ["base", "spatial", "all"] and numbers["success"].tolist()[:2] == [0.5, 0.0]
    assert "ERA's average needs all" in tables.averages(COUNTED) and "over 2 subsets: 25 %" in tables.averages(COUNTED)


def test_averages_of_the_paper_follow_its_rule_of_five_subsets():
    for stage in STAGES:
        if stage.alfred_seen is not None and stage.alfred_unseen is not None:
            assert stage.alfred == pytest.approx((3 * stage.alfred_seen + 2 * stage.alfred_unseen) / 5, abs=0.06)
    assert ABLATIONS["advantage by turn"] == ABLATIONS["all three rewards"]
