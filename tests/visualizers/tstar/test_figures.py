"""The figures of T* are pure functions of a result."""

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from backends.files.saved import load_result
from backends.tstar.results import SeedCurve, SeenBox, TStarResult, Verification
from backends.tstar.system import RECORDED
from tests.visualizers.contrast import contrast
from visualizers.theme import DISTRIBUTION_COLOUR, SEQUENTIAL, TRUTH_COLOUR, themed
from visualizers.tstar import charts, figures
from visualizers.tstar.methods import METHOD_COLOURS, METHOD_NAMES


@pytest.fixture(scope="module")
def result() -> TStarResult:
    return load_result(RECORDED.read_bytes(), TStarResult)


@pytest.mark.parametrize("side", [20, 60])
def test_a_box_stands_around_a_thing_and_hides_nothing_of_it(side):
    left, top = 50, 30
    box = SeenBox(x1=left / 200, y1=top / 100, x2=(left + side) / 200, y2=(top + side) / 100, name="cup", is_target=True, score=0.9)
    white = np.full((100, 200, 3), 255, np.uint8)

    drawn = figures.draw_boxes(white, [box], with_names=False)
    assert (drawn[top:top + side, left:left + side] == 255).all() and (drawn != 255).any(axis=(0, 2)).any()
    width = int((drawn[top + side // 2] != 255).any(axis=1).sum()) // 2  # of one side's line
    assert width <= (3 if side < 40 else 5)


def test_a_box_at_the_rim_of_a_picture_stays_in_it():
    box = SeenBox(x1=0, y1=0, x2=1, y2=1, name="cup", is_target=False, score=0.9)
    drawn = figures.draw_boxes(np.full((60, 60, 3), 255, np.uint8), [box], with_names=False)

    assert all((line != 255).any(axis=-1).all() for line in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]))


@pytest.mark.parametrize(("second", "text"), [(0, "0:00"), (75, "1:15"), (3700, "1:01:40")], ids=["start", "minutes", "hours"])
def test_clock_reads_as_a_player_writes_it(second, text):
    assert figures.clock(second) == text


def test_timeline_holds_the_distribution_scores_visits_and_key_frames(result):
    step = result.iterations[-1]
    by_name = {trace.name: trace for trace in figures.timeline(step, result.truth_spans).data}

    assert max(by_name["distribution P / max"].y) == pytest.approx(1)
    assert len(by_name["looked at"].x) == np.count_nonzero(~step.is_new)
    np.testing.assert_array_equal(by_name["key frames now"].x, step.keyframes)


def test_heatmap_has_one_row_per_grid_and_marks_every_drawn_frame(result):
    heat, drawn = figures.heatmap(result.iterations).data

    assert len(heat.z) == len(result.iterations)
    assert len(drawn.x) == sum(len(step.positions) for step in result.iterations)


def test_every_method_has_its_own_colour_and_name():
    assert METHOD_COLOURS.keys() == METHOD_NAMES.keys()
    assert len(set(METHOD_COLOURS.values())) == len(METHOD_COLOURS)


def test_recall_curve_shows_the_search_and_every_baseline(result):
    names = [trace.name for trace in figures.recall_curve(result).data]

    assert sorted(names) == sorted(METHOD_NAMES[row.method] for row in result.methods)


def test_search_is_drawn_over_a_rival_that_ends_on_the_same_point_and_both_can_be_told_apart(result):
    own = result.iterations[-1]
    same = {"frames_seen": own.frames_seen, "recall": own.recall}
    rivals = tuple(result.methods[1].model_copy(update={"method": name} | same) for name in METHOD_NAMES if name != "tstar")
    *others, search = figures.recall_curve(result.model_copy(update={"methods": (result.methods[0], *rivals)})).data

    assert search.name == "T*" and search.legendrank == 1 and (search.x[-1], search.y[-1]) == (others[0].x[0], others[0].y[0])
    marks = [trace.marker.symbol for trace in (search, *others)]
    assert len(set(marks)) == len(marks) == len(METHOD_NAMES)
    assert not marks[0].endswith("open") and all(mark.endswith("open") for mark in marks[1:])
    assert search.marker.size < min(trace.marker.size for trace in others)


def test_distribution_and_the_least_of_a_heat_map_stand_out_from_a_dark_page():
    config = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text())
    dark = config["theme"]["dark"]["backgroundColor"]

    assert contrast(DISTRIBUTION_COLOUR, dark) >= 4.5 and contrast(DISTRIBUTION_COLOUR, "#FFFFFF") >= 3
    assert all(contrast(colour, dark) >= 3 for _, colour in SEQUENTIAL[True])
    assert all(contrast(colour, dark) >= 3 for colour in (*METHOD_COLOURS.values(), charts.FOUND_COLOUR, TRUTH_COLOUR))


def test_heat_map_has_the_colours_of_its_theme(result):
    heat = figures.heatmap(result.iterations)
    scales = [themed(heat, is_dark=is_dark).layout.template.layout.colorscale.sequential for is_dark in (False, True)]

    assert heat.data[0].autocolorscale and heat.data[0].colorscale is None and scales[0] != scales[1] == SEQUENTIAL[True]


def test_pictures_are_large_enough_to_see(result):
    assert min(figures.canvas_picture(result.iterations[0]).shape[:2]) >= 384
    assert min(figures.keyframe_picture(result.keyframes[0]).shape[:2]) >= 384


def test_zip_and_contact_sheet_hold_every_key_frame(result):
    import io
    import zipfile

    names = zipfile.ZipFile(io.BytesIO(figures.keyframe_zip(result))).namelist()

    assert len(names) == len(result.keyframes)
    assert figures.contact_sheet(result)[:2] == b"\xff\xd8"  # a JPEG


def test_figures_leave_the_result_as_it_was(result):
    from backends.files.saved import save_result

    before = save_result(result)
    figures.figures(result)

    assert save_result(result) == before


def test_recall_against_grid_is_what_the_card_says_in_order_of_size():
    card = {"measured": {"grids": {"8": {"recall_at_5_percent": 0.2}, "1": {"recall_at_5_percent": 0.9}}}}
    (targets,) = figures.grid_recall(card).data

    assert list(targets.x) == ["1 x 1", "8 x 8"] and list(targets.y) == [0.9, 0.2]


@pytest.mark.parametrize("card", [{}, {"measured": {}}, {"measured": {"grids": {"4": {}}}}],
                         ids=["no card", "no grids", "no numbers"])
def test_card_without_that_table_gives_no_empty_chart(card):
    assert figures.grid_recall(card) is None


def test_pictures_are_the_last_grid_and_every_key_frame(result):
    shown = figures.pictures(result)

    assert len(shown) == 1 + len(result.keyframes)
    assert shown[0][1].startswith(f"Grid {len(result.iterations)}")


@pytest.mark.parametrize("hours", [0.01, 12, 13, 55])
def test_time_axis_has_as_many_marks_as_a_phone_has_room_for_however_long_the_video(hours):
    ticks = charts._time_axis(int(hours * 3600))["tickvals"]

    assert 2 <= len(ticks) <= 6


def test_confirmed_cell_is_named_below_the_grid_and_shown_by_itself(result):
    step = next(one for one in result.iterations if any(check.is_confirmed for check in one.verifications))
    plain = next(one for one in result.iterations if not one.verifications)
    picture, said = figures.enlarged_cell(step)
    larger, _ = figures.enlarged_cell(step, result)

    assert figures.canvas_picture(step).shape[0] > figures.canvas_picture(plain).shape[0]
    assert picture.shape == (480, 480, 3) and larger.shape[2] == 3 and min(larger.shape[:2]) >= 384
    unconfirmed = step.model_copy(update={"verifications": ()})
    assert figures.enlarged_cell(unconfirmed, result)[0].shape == larger.shape  # sharp, with the boxes of the grid
    assert said.startswith("The confirmed cell")
    assert figures.enlarged_cell(plain)[1].endswith("no second look was taken at it after this grid")


def test_contact_sheet_holds_frames_of_any_shape(result):
    def jpeg(width: int, height: int) -> np.ndarray:
        return cv2.imencode(".jpg", np.full((height, width, 3), 99, np.uint8))[1].reshape(-1)

    shapes = [(640, 360), (2, 640), (640, 2), (1, 1), (360, 640)]
    frames = tuple(frame.model_copy(update={"jpeg": jpeg(*shape)}) for frame, shape in zip(result.keyframes, shapes))
    sheet = figures.contact_sheet(result.model_copy(update={"keyframes": frames}))

    height, width, _ = cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR).shape
    assert width == 4 * 360 and height == 2 * (2 * 360 + 30)  # a tower is at most twice as tall as wide


def test_every_true_span_is_a_mark(result):
    spans = ((1.0, 2.0, "a"), (5.0, 9.0, "b"))
    shapes = figures.timeline(result.iterations[0], spans).layout.shapes

    assert [(shape.x0, shape.x1) for shape in shapes] == [(1, 2), (5, 9)]


def test_appearances_stand_on_the_timeline_with_gaps_between_and_the_marked_one_apart(result):
    from backends.tstar.results import Appearance

    found = [Appearance(name="mug", start_s=start, end_s=end, best_s=int(start) + 1, score=0.8, is_marked=marked)
             for start, end, marked in ((5.0, 10.0, True), (20.0, 25.5, False), (60.0, 62.0, False))]

    by_name = {trace.name: trace for trace in figures.timeline(result.iterations[-1], appearances=found).data}

    assert list(by_name["appearances"].x) == [20.0, 25.5, None, 60.0, 62.0, None]
    assert list(by_name["where it was marked"].x) == [5.0, 10.0, None]
    assert "appearances" not in {trace.name for trace in figures.timeline(result.iterations[-1]).data}


def test_the_table_of_appearances_leaves_the_marked_one_out(result):
    from backends.tstar.results import Appearance

    found = tuple(Appearance(name="=mug", start_s=start, end_s=start + 3.256, best_s=int(start), score=0.81234, is_marked=start < 10)
                  for start in (5.0, 20.0))

    table = figures.appearance_table(result.model_copy(update={"appearances": found}))

    assert table.to_dict("records") == [{"name": "=mug", "start s": 20.0, "end s": 23.26, "best s": 20, "score": 0.812}]


def test_without_a_truth_nothing_is_held_against_it(result):
    unknown = result.model_copy(update={"truth_s": None, "truth_spans": (), "methods": tuple(
        row.model_copy(update={"precision": None, "recall": None, "f1": None, "visual": None}) for row in result.methods)})

    assert "recall" in figures.figures(result) and "recall %" in figures.method_table(result)
    assert "recall" not in figures.figures(unknown)
    assert list(figures.method_table(unknown)) == ["method", "frames looked at", "detector calls", "seconds", "key frames"]


def test_a_cell_that_was_refused_says_what_its_second_look_saw_and_one_that_was_taken_at_once_says_so(result):
    step = next(one for one in result.iterations if any(check.is_confirmed for check in one.verifications))
    best = int(step.positions[int(np.argmax(step.cell_confidence))])
    refused = Verification(second=best, target="cyan circle", score=0.21, is_confirmed=False)
    hasty = result.model_copy(update={"settings": result.settings.model_copy(update={"verifies": False})})

    assert figures.enlarged_cell(step.model_copy(update={"verifications": (refused,)}))[1].endswith(
        "not confirmed: cyan circle 0.21 at the second look, from nearer")
    assert figures.enlarged_cell(step, hasty)[1].endswith("at the first glance, without a second")
    assert figures.enlarged_cell(step, result)[1].endswith("at the second look")


def test_who_has_found_it_counts_the_searches_that_ended(result):
    def curve(rule, seed, frames, *, found):
        return SeedCurve(rule=rule, seed=seed, frames_seen=np.arange(16, frames + 1, 16), has_confirmed_all=found,
                         recall=np.zeros(frames // 16))

    many = result.model_copy(update={"seed_curves": (
        curve("official", 0, 64, found=True), curve("official", 1, 32, found=True), curve("official", 2, 96, found=False),
        curve("official", 3, 48, found=True), curve("random", 0, 160, found=False), curve("random", 1, 96, found=True))})
    scored, random = charts.found_figure(many).data

    assert (scored.x, scored.y) == ((0, 32, 48, 64, 160), (0, 0.25, 0.5, 0.75, 0.75))
    assert (random.x, random.y) == ((0, 96, 160), (0, 0.5, 0.5))
