"""Charts and tables over many episodes, pictures and films of one, the cover: what stands in them."""

import io
from dataclasses import replace

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


@pytest.mark.parametrize(("texts", "shared"), [
    (("Invalid. No mug.", "Invalid. No cup."), "Invalid. "), (("Invalid. No mug.", "It is closed."), ""),
    (("It. Fell. A", "It. Fell. B"), "It. Fell. "), (("Invalid. No mug.",), ""), (("No mug", "No cup"), ""),
    (("Invalid. ", "Invalid. No cup."), "")])
def test_what_all_feedbacks_begin_with_is_said_once(texts, shared):
    assert many.common_start(texts) == shared


def test_a_bar_is_named_by_what_its_feedback_alone_says():
    told = [replace(reason, feedback=f"Last action is invalid. {name}")
            for reason, name in zip(COUNTED.reasons, ("No mug.", "No cup."))]
    figure = many.reasons(replace(COUNTED, reasons=tuple(told)))

    assert list(figure.data[0].y) == ["1. No mug.", "2. No cup."] and "Last action is invalid." in figure.layout.title.subtitle.text
    assert figure.data[0].customdata[0][1] == "Last action is invalid. No mug."


def test_episodes_that_still_run_only_become_fewer():
    (line,) = many.running(COUNTED).data

    assert line.y[0] == 1 and line.y[-1] == 0 and list(line.y) == sorted(line.y, reverse=True) and line.y[4] == pytest.approx(1 / 3)


def test_what_no_log_says_is_left_out_and_never_zero():
    silent = statistics([Facts("eb_alfred", "base", 1, "a")])

    assert many.charts(silent) == {} and "not logged" in tables.subsets(silent)["success"].tolist()
    assert figures.live(Counting(statistics=silent)) == {}
    assert set(figures.live(Counting(statistics=COUNTED))) == set(many.charts(COUNTED))


def test_a_state_is_drawn_before_and_after_a_step(played):
    turn = played.episode.turns[1]
    first, second = (scenes.drawn(state, "minihome") for state in (scenes.before(turn, turn.actions[0]), turn.actions[0].state))

    assert first.shape == (500, 500, 3) and not np.array_equal(first, second)
    assert scenes.drawn({"wall": "odd"}, "minihome") is None and scenes.drawn(turn.state, "eb_alfred") is None


def test_equal_actions_of_one_turn_are_told_apart():
    first, second = Action(name="open"), Action(name="open")
    turn = Turn(index=0, actions=(first, second))

    assert (scenes.place_of(turn, first), scenes.place_of(turn, second), scenes.place_of(turn, None)) == (0, 1, -1)


def test_film_and_pictures_have_the_beginning_and_every_step(played):
    frames = list(scenes.captioned(played.episode))
    assert len(frames) == 10 == len(scenes.pngs(played.episode)) and all(frame.shape == (560, 500, 3) for frame in frames)

    moving = Image.open(io.BytesIO(scenes.gif(played.episode)))
    assert moving.n_frames == 10 and figures.clip(played)[4:8] == b"ftyp"
    assert figures.clip(EraResult(seed=0, model_id="m", is_miniature=False, settings=played.settings, episode=Episode())) is None


def of_logs(steps: int) -> Episode:
    return Episode(world="eb_alfred", instruction="Rinse a mug.", turns=tuple(
        Turn(index=number, actions=(Action(name="find a Mug", feedback="ok"),)) for number in range(steps)))


def test_a_film_of_logs_asks_for_one_picture_at_a_time_and_fits_them_into_one_size():
    shapes, asked = [(300, 400), (400, 300), (500, 500), (40, 30)], []

    def look(turn: Turn, action: Action, is_before: bool) -> tuple[np.ndarray, str]:
        asked.append((turn.index, is_before))
        return np.full((*shapes[len(asked) - 1], 3), 200, np.uint8), ""

    frames = scenes.captioned(of_logs(3), look)
    first = next(frames)
    assert asked == [(0, True)] and (first[70:420, 5:495] == 200).all() and not (first[:60, :10] == 200).any()
    rest = list(frames)

    assert asked == [(0, True), (0, False), (1, False), (2, False)] and {frame.shape for frame in (first, *rest)} == {(560, 500, 3)}
    assert (rest[1][:500] == 200).all() and (rest[2][5:495, 70:420] == 200).all()


def test_a_film_without_any_picture_says_why_in_each_place():
    def look(turn: Turn, action: Action, is_before: bool) -> tuple[None, str]:
        return None, "The log has no picture after this step. " * 20

    frames = list(scenes.captioned(of_logs(2), look))

    assert len(frames) == 3 and all(len(np.unique(frame[:480].reshape(-1, 3), axis=0)) > 1 for frame in frames)
    assert Image.open(io.BytesIO(scenes.gif(of_logs(2), look))).n_frames == 3 and scenes.mp4(of_logs(2), look)[4:8] == b"ftyp"


@pytest.mark.parametrize(("steps", "frames", "says"), [(3, 4, ""), (4, 5, "The first 3 of 4 steps are in the film.")],
                         ids=["as long as a film may be", "one longer"])
def test_a_film_is_bounded_in_length_and_its_last_plate_says_so(monkeypatch, steps, frames, says):
    monkeypatch.setattr(scenes, "MOST_STEPS", 3)
    grey = np.full((64, 64, 3), 90, np.uint8)

    made = list(scenes.captioned(of_logs(steps), lambda turn, action, is_before: (grey, "")))

    assert len(made) == frames and scenes.cut(of_logs(steps)) == says
    assert (made[-1][:500] == 90).all() == (not says)


def test_charts_of_an_episode_without_turns_are_none(played):
    empty = played.model_copy(update={"episode": Episode(), "counted": None})

    assert figures.figures(empty) == {} and figures.pictures(empty) == [] and figures.live(Episode()) is None
    assert figures.cover(empty).shape == figures.cover(played).shape


def test_every_cell_of_the_time_line_can_be_clicked_and_empty_ones_say_nothing(played):
    drawn = clickable(timeline(played.episode, 2), 9)

    assert list(drawn.data[-1].x) == list(range(9)) and set(drawn.data[-1].y) == {0}
    assert drawn.data[0].text[0][9:] == [""] == drawn.data[0].hovertext[0][9:]


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


def test_the_film_names_what_goes_wrong_by_itself(monkeypatch):
    written = []
    monkeypatch.setattr(scenes, "_with_caption", lambda picture, first, second: written.append(first) or picture)
    turn = Turn(index=0, by="perturbation", actions=(Action(name="!drop"),))

    list(scenes.captioned(Episode(turns=(turn,)), lambda turn, action, is_before: (np.zeros((8, 8, 3), np.uint8), "")))

    assert written[1] == "1. disturbance: the fingers let go"
