"""The figures of MindCube: what they show is what the result says."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from backends.mindcube.maps import mirrored, rotated, scaled, without
from backends.mindcube.replies import drawn
from tests.visualizers.contrast import contrast
from tests.visualizers.mindcube import made
from visualizers.alt import sentence_of
from visualizers.mindcube import evaluation, figures, gaze, learning, maps, relations, turns, views
from visualizers.mindcube.methods import RIGHT_COLOUR, WAY_COLOURS, WRONG_COLOUR, way_colour, way_name
from visualizers.mindcube.room import LIT_COLOUR, PALE, room
from visualizers.mindcube.verdicts import verdicts
from visualizers.theme import themed
from worlds.rooms.rendering import picture

MOST_JSON = 300_000  # bytes of a room


def traces(figure: go.Figure | None, **wanted: Any) -> list[Any]:  # Any: plotly's traces, and what they are asked for
    assert figure is not None
    return [trace for trace in figure.data if all(trace.to_plotly_json().get(name) == value for name, value in wanted.items())]


def places(figure: go.Figure | None, mode: str) -> set[tuple[float, float]]:
    return {(float(trace.x[-1]), float(trace.y[-1])) for trace in traces(figure, mode=mode)}


def written(of: maps.Drawn | None, **more: Any) -> made.Replied:
    """A reply that wrote a map which nobody has compared yet."""
    return made.replied("FFR", made.room().true, None).model_copy(update={"map": of, **more})


def test_views_are_what_the_question_s_cameras_see_in_the_order_of_its_images():
    posed = made.room()
    shown = views.pictures(made.asked(posed))

    assert [caption for _, caption in shown] == ["image 1", "image 2", "image 3", "image 4"]
    for (image, _), camera in zip(shown, posed.question.cameras):
        assert (image == picture(posed.scene, camera, views.SIDE_PX)).all()


def test_image_beside_the_room_s_own_cameras_is_seen_from_where_it_was_taken():
    posed = next(one for number in range(20) if (one := made.room("among", "among_1", number=number))
                 and not one.question.cameras[1].side)

    shown = views.plain(made.asked(posed))

    assert len(shown) == 2 and (shown[1] == picture(posed.scene, posed.question.cameras[1], views.SIDE_PX)).all()


def test_lit_image_is_framed_and_the_others_are_pale():
    plain, marked = views.pictures(made.asked()), views.pictures(made.asked(), lit=(2,))

    assert (marked[1][0][0, 0] == views.LIT_RGB).all() and (marked[1][0][100:200, 100:200] == plain[1][0][100:200, 100:200]).all()
    assert marked[0][0].mean() > plain[0][0].mean()


def test_pictures_of_a_file_are_shown_as_they_are():
    assert [image.shape for image, _ in views.pictures(made.of_file())] == [(60, 80, 3)] * 2


@pytest.mark.parametrize(("setting", "template"), [
    ("among", "among_2_1"), ("around", "around_q2_nearest"), ("four_view", "rotation")])
def test_room_has_every_thing_and_every_camera_and_is_small(setting, template):
    posed = made.room(setting, template)

    figure = room(made.asked(posed))

    assert figure is not None and len(figure.to_json()) < MOST_JSON
    texts = {trace.text[0] for trace in traces(figure, mode="text")}
    assert texts == {*posed.scene.names, *(f"<b>{number}</b>" for number in range(1, len(posed.question.cameras) + 1))}
    for thing in posed.scene.things:
        solid = traces(figure, type="mesh3d", name=thing.name)
        x = np.concatenate([np.asarray(trace.x) for trace in solid])
        assert x.min() == pytest.approx(thing.x - thing.half, abs=0.02) and x.max() == pytest.approx(thing.x + thing.half, abs=0.02)


def test_arrows_in_the_room_lead_where_one_looks_before_and_after_the_turn():
    posed = next(one for number in range(40) if (one := made.room("four_view", "rotation", number=number)).question.start !=
                 one.question.pose)

    figure = room(made.asked(posed))

    for name, pose in (("before", posed.question.start), ("after the turn or the move", posed.question.pose)):
        (arrow,) = traces(figure, name=name)
        tip = pose.moved(1.3)
        assert (arrow.x[1], arrow.y[1]) == pytest.approx((tip.x, tip.y), abs=1e-3)


def test_step_lights_up_its_things_and_cameras_in_the_room():
    asked = made.asked()
    step = next(step for step in asked.steps if step.kind == "observe" and step.images == (2,))

    figure = room(asked, step)

    for thing in made.room().scene.things:
        assert {trace.opacity for trace in traces(figure, type="mesh3d", name=thing.name)} == {
            1.0 if thing.name in step.objects else PALE}
    colours = [traces(figure, type="mesh3d", name=f"image {number}")[0].color == LIT_COLOUR for number in (1, 2, 3, 4)]
    assert colours == [False, True, False, False]


def test_floor_is_dark_where_the_page_is_and_names_can_be_read_on_it_in_both_themes():
    figure = room(made.asked())
    before = figure.to_json()
    for is_dark in (False, True):
        shown = themed(figure, is_dark=is_dark)
        ink = shown.layout.template.layout.font.color
        floors = traces(shown, type="mesh3d", name="floor")
        assert floors and all(contrast(ink, floor.color) > 4.5 for floor in floors)
        assert all(trace.textfont.color is None for trace in traces(shown, mode="text"))  # the template's
    assert figure.to_json() == before


def test_question_of_a_file_has_no_room():
    assert room(made.of_file()) is None and "room" not in figures.of_asked(made.of_file())


def test_true_map_has_every_thing_where_it_is_with_y_downwards():
    asked = made.asked()
    figure = maps.true_map(asked)
    assert figure is not None and asked.true is not None

    assert {(spot.x, spot.y) for spot in asked.true.objects} <= places(figure, "markers")
    assert figure.layout.yaxis.range == (10, 0) and figure.layout.xaxis.range == (0, 10)
    assert len([trace for trace in figure.data if trace.fill == "toself"]) == 4  # cameras


def test_thing_that_stands_wrong_has_a_ring_at_its_true_place_and_a_line():
    asked = made.asked()
    assert asked.true is not None
    first, last = asked.true.objects[0], asked.true.objects[-1]

    ghosts = traces(maps.written_map(asked, asked.replies[1]), mode="lines+markers")  # two are swapped

    lines = {((trace.x[0], trace.y[0]), (trace.x[1], trace.y[1])) for trace in ghosts}
    assert lines == {((last.x, last.y), (first.x, first.y)), ((first.x, first.y), (last.x, last.y))}
    assert all("open" in trace.marker.symbol for trace in ghosts)


def test_map_that_is_only_turned_is_called_isomorphic_and_nothing_in_it_is_marked():
    figure = maps.written_map(made.asked(), made.asked().replies[3])
    assert figure is not None

    assert not traces(figure, mode="lines+markers") and WRONG_COLOUR not in {trace.marker.color for trace in figure.data}
    assert "isomorphic after three quarters of a turn" in figure.layout.title.subtitle.text


def test_mirrored_map_is_not_isomorphic_and_says_both_scores_and_the_coverage():
    posed = made.room()
    figure = maps.written_map(made.asked(posed), made.replied("FFR", posed.true, mirrored(posed.true).plain))
    assert figure is not None

    for word in ("official 0.", "exact 0.", "coverage 100%", "not isomorphic", "rings: true places"):
        assert word in figure.layout.title.subtitle.text


def test_wrong_facing_has_the_colour_of_what_is_wrong():
    posed = next(one for place in range(20) for one in [made.room(place=place)] if any(spot.facing for spot in one.true.objects))
    asked = made.asked(posed)
    assert asked.true is not None
    spot = next(spot for spot in asked.true.objects if spot.facing)
    other = {"up": "down", "down": "up", "left": "right", "right": "left"}[spot.facing]
    objects = tuple(one.model_copy(update={"facing": other}) if one is spot else one for one in asked.true.objects)

    false = maps.written_map(asked, written(asked.true.model_copy(update={"objects": objects, "views": None})))
    right = maps.true_map(asked)

    assert false is not None and right is not None
    assert WRONG_COLOUR in {trace.marker.color for trace in false.data} and WRONG_COLOUR not in {
        trace.marker.color for trace in right.data}


def test_map_in_a_scale_of_its_own_is_shown_whole_and_not_compared_place_by_place():
    asked = made.asked()
    large = drawn(scaled(mirrored(made.room().true), 60.0).plain)

    figure = maps.written_map(asked, written(large))

    assert figure is not None and large is not None and not traces(figure, mode="lines+markers")
    assert "in a scale of its own" in figure.layout.title.subtitle.text
    low, high = figure.layout.xaxis.range
    assert all(low < spot.x < high for spot in large.objects)


def test_given_map_is_shown_where_none_was_written():
    asked = made.asked()

    assert list(maps.panels(asked)) == ["true map", *(f"map: {way_name(name)}" for name in (
        "Plain-CGMap-Out", "Plain-CGMap-FFR-Out", "CGMap-In-FFR-Out", "Aug-CGMap-FFR-Out"))]
    figure = maps.written_map(asked, asked.replies[4])
    assert figure is not None and "given: the true map" in figure.layout.title.subtitle.text


def test_step_says_on_the_map_what_is_in_front_right_behind_and_left_and_where_one_looks():
    asked = made.asked()
    step = next(step for step in asked.steps if step.kind == "stand")
    assert asked.true is not None and asked.true.views is not None

    figure = maps.true_map(asked, step)

    texts = [" ".join(trace.text[0].split("<br>")) for trace in traces(figure, mode="text")]
    for name, word in zip(step.ring, ("in front", "right", "behind", "left")):
        assert f"{name} <b>{word}</b>" in texts
    (arrow,) = [trace for trace in traces(figure, mode="markers") if trace.marker.symbol == "arrow"]
    camera = asked.true.views[step.images[0] - 1]
    assert (arrow.x[0], arrow.y[0], arrow.marker.angle) == (camera.x, camera.y, maps.HEADINGS[camera.facing])


@pytest.mark.parametrize(("setting", "template"), [("among", "among_2_1"), ("around", "around_q2_nearest")])
def test_name_on_a_map_is_nearest_to_its_own_thing(setting, template):
    asked = made.asked(made.room(setting, template))
    figure = maps.true_map(asked)

    for spot in asked.true.objects:
        (name,) = [trace for trace in traces(figure, mode="text") if trace.text[0].replace("<br>", " ") == spot.name]
        far = {other.name: np.hypot(name.x[0] - other.x, name.y[0] - other.y) for other in asked.true.objects}
        assert min(far, key=far.__getitem__) == spot.name


@pytest.mark.parametrize(("change", "holds"), [(lambda true: mirrored(true), False), (lambda true: rotated(true, 1), True),
                                               (lambda true: without(true, true.objects[1].name), True)])
def test_step_says_what_stands_around_on_a_map_only_where_it_stands_so_there_too(change, holds):
    posed = made.room()
    asked, step = made.asked(posed), next(step for step in made.asked(posed).steps if step.kind == "stand")

    figure = maps.written_map(asked, made.replied("FFR", posed.true, change(posed.true).plain), step)

    assert any("<b>" in trace.text[0] for trace in traces(figure, mode="text")) == holds


def test_wrong_relations_are_marked_with_the_true_one_in_brackets():
    asked = made.asked()
    figure, right = relations.relations(asked, asked.replies[1]), relations.relations(asked, asked.replies[3])
    assert figure is not None and right is not None

    wrong = [text for text in traces(figure, mode="text")[0].text if "(" in text]
    assert len(wrong) == list(figure.data[0].z).count(2) > 0
    assert 2 not in right.data[0].z and "0 of 20 relations are wrong" in sentence_of(right)


def test_turning_changes_the_official_score_of_a_perfect_map_and_not_the_exact_one():
    true = drawn(made.room().true.plain)
    assert true is not None

    figure = turns.turning(true, true)

    official, exact = ({x: y for x, y in zip(trace.x, trace.y)} for trace in (traces(figure, name="official")[0],
                                                                             traces(figure, name="exact")[0]))
    assert [exact[by] for by in (0, 90, 180, 270)] == [1.0] * 4
    assert official[0] == 1.0 and official[90] < 1.0


def test_quarter_turn_by_degrees_is_the_backend_s_own():
    true = made.room().true

    assert [turns.turned(true, 90 * quarters) for quarters in range(4)] == [rotated(true, quarters) for quarters in range(4)]


def test_verdicts_say_correct_and_wrong_and_how_right_each_map_is():
    asked = made.asked()
    figure = verdicts(asked)
    assert figure is not None

    assert list(traces(figure, name="correct")[0].y) == [2, 3, 4] and list(traces(figure, name="wrong")[0].y) == [0, 1, 5]
    assert list(figure.data[0].text)[:4:3] == ["no map", "1.00"]
    assert list(figure.data[0].marker.color) == [way_colour(reply.configuration) for reply in asked.replies]


def test_accuracy_has_its_interval_and_what_needs_no_looking():
    figure = evaluation.accuracy(made.reports())

    bars = figure.data[0]
    assert list(bars.x) == pytest.approx([100 * one / 120 for one in (40, 44, 55, 104)])
    assert bars.x[3] + bars.error_x.array[3] == pytest.approx(100 * made.reports()[3].parts[0].official[2])
    assert [trace.name for trace in figure.data[1:]] == ["a letter at random 30", "the text alone 48"]


def test_structure_against_function_has_a_point_per_way_with_a_map_and_a_line_for_the_others():
    figure = evaluation.structure(made.reports())

    points = {trace.name: (trace.x[0], trace.y[0]) for trace in traces(figure, mode="markers")}
    assert points["map, then reason"] == pytest.approx((100 * 111 / 135, 100 * 104 / 120))
    assert {trace.name for trace in traces(figure, mode="lines")} == {"answer at once", "reason, then answer"}
    assert evaluation.structure(made.reports()[:1]) is None


def test_of_an_evaluation_that_was_brought_the_official_metric_is_drawn_and_no_other():
    own, brought = made.reports()[3], made.brought()

    told = {trace.name: list(trace.y) for trace in evaluation.maps((own, brought)).data}
    values = {trace.name: list(trace.x) for trace in evaluation.maps((own, brought)).data}
    assert told["valid"] == [0, 1] and values["valid"][1] == 90.0 and values["isomorphic, official"][1] == 45.0
    assert values["similarity, official"][1] == 70.0 and values["isomorphic, exact"][1] is values["similarity, exact"][1] is None
    assert [trace.name for trace in evaluation.structure((own, brought)).data] == ["map, then reason"]


def test_charts_of_an_evaluation_are_those_that_it_has_numbers_for():
    assert list(evaluation.charts(made.reports()[:1])) == [
        "accuracy", "settings", "replies", "options rotated", "templates: answer at once"]
    assert evaluation.charts(()) == {}


def test_two_models_of_one_way_are_told_apart():
    both = (made.report("Raw-QA", 40, model="first"), made.report("Raw-QA", 44, model="second"), made.report("FFR", 50))

    assert evaluation.names_of(both) == ["answer at once (first)", "answer at once (second)", "reason, then answer"]


def test_training_shows_what_it_knows_in_the_colour_of_its_way():
    def marks(figure: go.Figure) -> list[float]:
        return [shape.x0 for shape in figure.layout.shapes]

    went_on = made.trained().model_copy(update={"went_on_from": 470})
    assert marks(learning.answers(made.trained())) == [150] and marks(learning.reward(made.trained())) == []
    assert marks(learning.answers(went_on)) == [] and marks(learning.reward(went_on)) == marks(learning.rounds(went_on)) == [20]
    assert marks(learning.answers(went_on.model_copy(update={"went_on_from": 450}))) == [], "nothing follows"
    figure = learning.answers(made.trained())
    alone = learning.answers(made.trained("raw"))

    assert [trace.name for trace in traces(figure)] == ["answers", "maps", "thoughts", "chance 25%"]
    assert [trace.name for trace in traces(alone)] == ["answers", "chance 25%"]
    assert traces(figure, name="answers")[0].line.color == WAY_COLOURS["Plain-CGMap-FFR-Out"]
    assert list(learning.charts(made.trained(steps=0))) == ["reward", "reinforcement"]


def test_gaze_is_in_per_cent_of_a_word_s_attention_and_the_map_has_a_column_where_there_is_one():
    has, without = made.gaze(), made.gaze(has_map=False)

    shares, names = gaze.columns(has)

    assert names == ["image 1", "image 2", "image 3", "image 4", "map"] and gaze.columns(without)[1] == names[:4]
    assert shares[:, :4].max() == pytest.approx(30.0)
    page = gaze.words(made.replied("FFR", made.room().true, None, gaze=made.gaze(60)), 50)
    assert page is not None and page.data[0].z.shape == (gaze.PAGE_WORDS, 5)  # the last page is a whole one


def test_live_parts_are_drawn_and_anything_else_is_not():
    assert list(figures.live(made.asked(has_replies=False)) or {}) == ["room", "true map"]
    assert "accuracy" in (figures.live(made.reports()) or {}) and "answers" in (figures.live(made.trained()) or {})
    assert figures.live(()) is None and figures.live("half") is None and figures.pictures("half") == []


def test_words_of_a_file_are_shown_and_never_read_as_html():
    charts = figures.figures(made.result(made.of_file()))

    assert charts and all("<b>door" not in json.dumps(figure.to_plotly_json(), default=str) for figure in charts.values())


def test_ways_and_verdicts_have_colours_of_their_own():
    assert len(set(WAY_COLOURS.values())) == len(WAY_COLOURS) and not {RIGHT_COLOUR, WRONG_COLOUR} & set(WAY_COLOURS.values())


def test_covers_differ_with_what_is_asked():
    one, other = figures.cover(made.result()), figures.cover(made.result(made.asked(made.room("around", "around_q1"))))

    assert one.shape == other.shape == (540, 960, 3) and (one != other).any()
    assert (figures.cover(made.evaluated()) != one).any()
