"""Search for every appearance: shots, stretches, what is drawn, what is returned; and a whole search on a small film."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from backends.files.saved import load_result, save_result
from backends.run import Inputs, Progress, last
from backends.tstar.results import Appearance, TStarResult
from backends.tstar.retrieval import Appearances, without
from backends.tstar.run import run
from backends.tstar.search import Cell, Search
from backends.tstar.settings import TStarSettings, most_grid_frames
from backends.tstar.shots import Shots
from worlds.video.encode import Encoder


def scene(seed: int, size: tuple[int, int] = (90, 160)) -> np.ndarray:
    small = np.random.default_rng(seed).integers(30, 220, (5, 7, 3), dtype=np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC)


class Film:
    """Shots that follow one another: (until second, frame of the shot's own second)."""

    decode_s = 0.0

    def __init__(self, *shots: tuple[float, object]) -> None:
        self.shots, self.asked = shots, 0

    def frames_at(self, seconds, *, max_side_px=None):
        self.asked += len(seconds)
        frames, start = [], 0.0
        for second in seconds:
            start = 0.0
            for until, draw in self.shots:
                if second < until:
                    frames.append(draw(second - start))
                    break
                start = until
        return np.stack(frames)


def panning(seed: int):
    wide = scene(seed, (90, 400))
    return lambda t: wide[:, int(120 + 120 * math.sin(t / 10)):][:, :160]  # to and fro


@pytest.mark.parametrize("second", [0.0, 3.1, 6.49])
def test_a_shot_ends_at_its_cuts_to_about_a_frame(second):
    film = Film((6.53, panning(1)), (9.0, panning(2)), (20.0, panning(3)))

    start, end = Shots(film, 20.0).around(second)

    assert start == 0.0
    assert end == pytest.approx(6.53, abs=0.04)


def test_the_middle_shot_has_two_cuts_and_is_looked_at_once():
    film = Film((6.53, panning(1)), (9.0, panning(2)), (20.0, panning(3)))
    shots = Shots(film, 20.0)

    start, end = shots.around(7.0)
    asked = film.asked

    assert (start, end) == (pytest.approx(6.53, abs=0.04), pytest.approx(9.0, abs=0.04))
    assert shots.around(8.5) == (start, end) and film.asked == asked


def test_another_view_in_the_same_colours_is_a_cut_and_a_pan_is_none():
    first = scene(4)
    film = Film((5.0, lambda t: np.roll(first, int(t * 6), axis=1)),
                (10.0, lambda t: np.ascontiguousarray(first[::-1, ::-1]) // 2 + 60))

    assert Shots(film, 10.0).around(2.0)[1] == pytest.approx(5.0, abs=0.04)


def test_a_long_shot_is_cut_off_a_minute_to_each_side():
    assert Shots(Film((1000.0, panning(1))), 1000.0).around(500.0) == (440.0, 560.0)


class Seen:
    """A look that sees the thing in some seconds, and counts."""

    def __init__(self, seconds) -> None:
        self.seconds, self.looks = set(seconds), []

    def __call__(self, positions):
        self.looks += positions
        return [(Cell(0.9, (0,), {0: 0.9 - 0.001 * p}) if p in self.seconds else Cell(0.0), []) for p in positions]


def one_shot(length: float):
    return Shots(Film((length, panning(7))), length)


def test_a_stretch_reaches_as_far_as_the_thing_is_seen_and_few_looks_find_that():
    seen = Seen(range(20, 61))
    found = Appearances(seen, one_shot(100.0), 100, threshold=0.5)

    one = found.add(33, 0, "mug", 0.8)

    assert (one.start_s, one.end_s) == (20, 61)
    assert len(seen.looks) <= 4 * math.log2(40)
    assert len(found.found) == 1 and found.add(50, 0, "mug", 0.7) == found.found[0]  # the same one


def test_a_stretch_ends_with_its_shot_and_the_next_shot_is_another_one():
    film = Film((10.0, panning(1)), (16.0, panning(2)), (30.0, panning(3)))
    found = Appearances(Seen(range(4, 16)), Shots(film, 30.0), 30, threshold=0.5)

    first, second = found.add(6, 0, "mug", 0.8), found.add(12, 0, "mug", 0.95)

    assert (first.start_s, first.end_s) == (4, pytest.approx(10.0, abs=0.05))
    assert (second.start_s, second.end_s) == (pytest.approx(10.0, abs=0.05), pytest.approx(16.0, abs=0.05))
    assert found.elsewhere() == [second, first]


def test_a_stretch_that_fills_its_shot_begins_and_ends_at_the_cuts_between_two_seconds():
    film = Film((10.4, panning(1)), (16.7, panning(2)), (30.0, panning(3)))

    one = Appearances(Seen(range(11, 17)), Shots(film, 30.0), 30, threshold=0.5).add(12, 0, "mug", 0.8)

    assert (one.start_s, one.end_s) == (pytest.approx(10.4, abs=0.05), pytest.approx(16.7, abs=0.05))


@pytest.mark.parametrize("second", [3, 11, 27, 40, 59])
@pytest.mark.parametrize("gap", [5, 7, 15])
def test_two_appearances_in_one_shot_are_two_however_long_the_first_is(second, gap):
    first, other = range(12), range(12 + gap, 45 + gap)  # of 12 s and of 33 s: steps that went on doubling leapt over the gap
    found = Appearances(Seen([*first, *other]), one_shot(90.0), 90, threshold=0.5)

    one = found.add(second if second in (*first, *other) else 30, 0, "mug", 0.8)

    assert (one.start_s, one.end_s) == ((0, 12) if second in first else (12 + gap, 45 + gap))


def test_one_blurred_frame_does_not_end_a_stretch():
    found = Appearances(Seen(set(range(20, 40)) - {26}), one_shot(100.0), 100, threshold=0.5)

    assert found.add(25, 0, "mug", 0.8).end_s == 40


def test_the_best_second_is_the_surest_of_those_that_were_looked_at():
    found = Appearances(Seen(range(10, 20)), one_shot(60.0), 60, threshold=0.5)

    one = found.add(15, 0, "mug", 0.6)

    assert one.best_s == 10 and one.score == pytest.approx(0.89)  # the look says less the later


def test_key_frames_are_one_of_each_appearance_before_a_second_of_any():
    film = Film((10.0, panning(1)), (20.0, panning(2)), (30.0, panning(3)))
    found = Appearances(Seen(range(30)), Shots(film, 30.0), 30, threshold=0.5)
    search = Search(TStarSettings(finds="all"), length=30, num_targets=1, threshold=0.5)
    found.add(5, 0, "mug", 1.0, is_marked=True)
    for second in (12, 25):
        found.add(second, 0, "mug", 0.9)

    two, more = found.keyframes(search, 2), found.keyframes(search, 4)

    assert two.tolist() == sorted(one.best_s for one in found.elsewhere()) and set(two) <= set(more)
    assert len(more) == 4 and not any(second < 10 for second in more)  # nothing of the marked one
    assert sum(10 <= second < 20 for second in more) == 2


def test_two_key_frames_of_one_appearance_lie_two_seconds_apart_or_more():
    found = Appearances(Seen(()), one_shot(60.0), 60, threshold=0.5)
    found.found.append(Appearance(name="mug", start_s=10.0, end_s=20.0, best_s=12, score=0.9))
    found.scores.update({(12, "mug"): 0.9, (13, "mug"): 0.85, (14, "mug"): 0.8})

    chosen = found.keyframes(Search(TStarSettings(finds="all"), length=60, num_targets=1, threshold=0.5), 3)

    assert chosen.tolist() == [12, 14]


def test_without_a_find_the_best_guesses_lie_apart_and_were_looked_at():
    search = Search(TStarSettings(finds="all"), length=100, num_targets=1, threshold=0.5)
    search.update(np.array([10, 11, 40, 80]), [Cell(0.4), Cell(0.39), Cell(0.3), Cell(0.2)])

    guesses = Appearances(Seen(()), one_shot(100.0), 100, threshold=0.5).keyframes(search, 3)

    assert guesses.tolist() == [10, 40, 80]


@pytest.mark.parametrize(("seen", "left_out", "expected"), [([10, 40], None, 10), ([10, 40], (0, 20), 40), ([3], (0, 99), 99)])
def test_where_nothing_is_alike_at_all_one_second_is_guessed(seen, left_out, expected):
    search = Search(TStarSettings(finds="all"), length=100, num_targets=1, threshold=0.5)
    if left_out:
        search.leave_out(*left_out)
    search.update(np.array(seen), [Cell(0.0)] * len(seen))

    assert Appearances(Seen(()), one_shot(100.0), 100, threshold=0.5).keyframes(search, 3).tolist() == [expected]


def hunt(settings: TStarSettings, truth: list[range], length: int) -> tuple[Search, Appearances, list[int]]:
    """A whole search for all, with a perfect detector."""
    where = {second for stretch in truth for second in stretch}
    search = Search(settings, length=length, num_targets=1, threshold=0.5)
    found = Appearances(Seen(where), one_shot(length), length, threshold=0.5)
    drawn: list[int] = []
    while not search.is_over:
        positions, _ = search.next_positions()
        drawn += positions.tolist()
        search.update(positions, [Cell(0.9, (0,), {0: 0.9}) if int(p) in where else Cell(0.0) for p in positions])
        for position in positions.tolist():
            if position in where and found.at(position, "mug") is None:
                search.verify(position, 0, Cell(0.9, (0,), {0: 0.9}))
                one = found.add(position, 0, "mug", 0.9)
                search.leave_out(math.floor(one.start_s), math.ceil(one.end_s))
    return search, found, drawn


@pytest.mark.parametrize("rule", ["softmax", "official", "paper", "random"])
def test_every_stretch_of_three_seconds_is_found_when_the_budget_allows(rule):
    truth = [range(30, 36), range(100, 103), range(150, 158), range(280, 283)]

    search, found, _ = hunt(TStarSettings(rule=rule, budget_share=1.0, finds="all"), truth, 300)

    assert [(one.start_s, one.end_s) for one in sorted(found.found, key=lambda one: one.start_s)] == [
        (stretch.start, stretch.stop) for stretch in truth]
    assert search.is_over


def test_a_search_for_all_stops_when_everything_likely_was_looked_at():
    _, _, drawn = hunt(TStarSettings(budget_share=1.0, finds="all"), [range(30, 90)], 300)

    assert 80 < len(drawn) < 240  # never all of it
    assert sum(30 <= second < 90 for second in drawn) <= 16  # a found stretch is not drawn again after its grid


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_search_for_all_looks_once_however_short_the_video_is(length):
    search = Search(TStarSettings(finds="all", grid=1, budget_share=0.02), length=length, num_targets=1, threshold=0.5)

    assert not search.is_over


def test_what_is_left_out_is_never_drawn():
    search = Search(TStarSettings(finds="all", budget_share=1.0), length=200, num_targets=1, threshold=0.5)
    search.leave_out(0, 80)
    drawn = []
    while not search.is_over:
        positions, _ = search.next_positions()
        drawn += positions.tolist()
        search.update(positions, [Cell(0.0)] * len(positions))

    assert min(drawn) >= 80 and len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(("length", "share", "grid", "expected"), [
    (194, 0.5, 4, 112), (900, 0.5, 4, 464), (900, 1.0, 8, 900), (10, 1, 4, 10), (3000, 1.0, 4, 1008)])
def test_at_most_counts_whole_grids(length, share, grid, expected):
    settings = TStarSettings(budget_share=share, grid=grid)

    assert most_grid_frames(settings, length) == settings.most_frames(length)["tstar"] == expected


@pytest.mark.parametrize("rule", ["softmax", "official", "random"])
@pytest.mark.parametrize("length", [3, 15, 31, 100, 250])
@pytest.mark.parametrize("share", [0.03, 0.5, 1.0])
def test_no_search_looks_at_more_than_it_says(rule, length, share):
    settings = TStarSettings(rule=rule, budget_share=share)
    search, seen = Search(settings, length=length, num_targets=1, threshold=2.0), 0
    while not search.is_over:
        positions, _ = search.next_positions()
        seen += len(positions)
        search.update(positions, [Cell(0.0)] * len(positions))

    assert seen <= most_grid_frames(settings, length)


def test_truth_in_the_marked_appearance_is_no_truth_to_be_found():
    marked = Appearance(name="mug", start_s=10, end_s=16, best_s=12, score=1.0, is_marked=True)

    assert without((11.0, 15.0, 40.0), marked) == (40.0,)
    assert without((11.0,), marked) is None
    assert without((11.0,), None) == (11.0,)


RATE, SIZE = 4, (144, 256)
THING = (40, 60, 40)  # top, left, side


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight shots of five seconds; a mug stands in the second, the fifth and the eighth."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with Encoder(path, frame_rate=RATE) as out:
        for shot in range(8):
            background = scene(40 + shot, SIZE)
            for index in range(5 * RATE):
                frame = background.copy()
                if shot in (1, 4, 7):
                    top, left, side = THING[0] + index // 4, THING[1] + 30 * (shot == 4) + index // 2, THING[2]
                    cv2.rectangle(frame, (left, top), (left + side, top + side), (200, 40, 40), -1)
                    cv2.rectangle(frame, (left, top + 14), (left + side, top + 24), (250, 220, 60), -1)
                    cv2.circle(frame, (left + side // 2, top + 8), 6, (20, 20, 120), -1)
                out.add(frame)
    return path


@pytest.fixture(scope="module")
def by_box(film) -> tuple[TStarResult, list[Progress]]:
    top, left, side = THING[0] + 2, THING[1] + 5, THING[2]
    box = (left / SIZE[1], top / SIZE[0], (left + side) / SIZE[1], (top + side) / SIZE[0])
    settings = TStarSettings(video="upload:film.mp4", example_s=7.5, example_box=box, like="exactly this", budget_share=0.8,
                             baselines=())
    events = list(run(settings, Inputs({"film.mp4": film})))
    return events[-1], [event for event in events if isinstance(event, Progress)]


def test_a_marked_thing_is_found_in_every_other_shot_and_not_in_its_own(by_box):
    result, _ = by_box

    assert [(one.is_marked, round(one.start_s), round(one.end_s)) for one in result.appearances] == [
        (True, 5, 10), (False, 20, 25), (False, 35, 40)]
    assert not result.unconfirmed and len(result.found) == 2


def test_key_frames_of_a_marked_thing_are_of_its_other_shots(by_box):
    result, _ = by_box
    seconds = [frame.second for frame in result.keyframes]

    assert {one.best_s for one in result.found} <= set(seconds)
    assert all(20 <= second < 25 or 35 <= second < 40 for second in seconds)
    assert all(frame.is_confirmed and frame.score > result.threshold for frame in result.keyframes)


def test_the_progress_line_never_promises_less_than_was_looked_at(by_box):
    result, lines = by_box
    most = most_grid_frames(result.settings, result.video.num_positions)

    assert any(f"of at most {most} frames" in line.stage for line in lines)
    assert result.costs.frames_grid <= most


def test_appearances_are_in_the_summary_and_in_the_saved_run(by_box):
    result, _ = by_box
    said = result.summary()["appearances"]

    assert [(one["start_s"], one["is_marked"]) for one in said] == [(one.start_s, one.is_marked) for one in result.appearances]
    assert load_result(save_result(result), TStarResult).appearances == result.appearances


def test_a_picture_of_the_thing_finds_all_three_shots(film, tmp_path):
    frame = scene(41, SIZE)
    top, left, side = THING
    cv2.rectangle(frame, (left, top), (left + side, top + side), (200, 40, 40), -1)
    cv2.rectangle(frame, (left, top + 14), (left + side, top + 24), (250, 220, 60), -1)
    cv2.circle(frame, (left + side // 2, top + 8), 6, (20, 20, 120), -1)
    cv2.imwrite(str(tmp_path / "mug.png"), frame[top:top + side, left:left + side, ::-1])
    settings = TStarSettings(video="upload:film.mp4", example_picture="upload:mug.png", like="exactly this", budget_share=0.8,
                             baselines=())

    result = last(run(settings, Inputs({"film.mp4": film, "mug.png": tmp_path / "mug.png"})))

    assert [round(one.start_s) for one in result.appearances] == [5, 20, 35]
    assert not any(one.is_marked for one in result.appearances)


def test_asked_for_the_first_a_search_by_example_stops_at_it(film, by_box):
    settings = by_box[0].settings.model_copy(update={"finds": "first"})

    result = last(run(settings, Inputs({"film.mp4": film})))

    assert result.appearances == () and not result.unconfirmed
    assert result.costs.frames_grid <= by_box[0].costs.frames_grid


def test_words_can_be_asked_for_every_appearance_too():
    settings = TStarSettings(video="generated:minutes=2,seed=530004", finds="all", budget_share=0.9, baselines=("random_grid",))

    result = last(run(settings, Inputs()))

    assert result.found and all(one.name in result.targets for one in result.found)
    start, end, name = result.truth_spans[0]
    assert any(one.name == name and one.start_s < end and one.end_s > start for one in result.found)


def test_a_run_that_was_saved_without_appearances_opens_with_none():
    from backends.tstar.system import RECORDED

    recorded = load_result(RECORDED.read_bytes(), TStarResult)

    assert recorded.appearances == recorded.found == ()
    assert recorded.settings.finds == "auto" and not recorded.settings.finds_all
