"""Two maps compared: the official metric with its blind spots, the exact one without, and where neither can tell."""

import numpy as np
import pytest

from backends.mindcube.maps import (
    COMPASS,
    KINDS,
    SIDES,
    Map,
    Spot,
    among,
    around,
    mirrored,
    moved,
    num_views,
    rotated,
    rotation,
    scaled,
    without,
    without_facings,
)
from backends.mindcube.similarity import TURNS, blind_spots, compared, relation_table, similarity

NAMES = ["chest", "sofa", "wall", "door", "lamp"]
AMONG = among(NAMES, ["down", None, None, None, None], SIDES)
UNFACED = among(NAMES, [None] * 5, SIDES)
ROW = around(NAMES[:3], [None] * 3, ["front", "left", "right"])
EVERY = {"among": AMONG, "unfaced": UNFACED, "row": ROW, **{kind: rotation(kind, NAMES[:num_views(kind)]) for kind in KINDS}}
# the published metric on the plain map of among with one facing: S_dir, S_overall, isomorphic. Executed, not derived
EXECUTED = {"unchanged": (1.0, 1.0, True), "turned by a quarter": (0.8, 0.86, False), "turned by a half": (0.9, 0.93, False),
            "turned by three quarters": (0.8, 0.86, False), "mirrored, left and right": (0.7, 0.79, False),
            "without facings": (1.0, 0.7, True), "one object missing": (1.0, 1.0, False), "one object alone": (0.0, 0.3, False),
            "everything in one place": (0.0, 0.3, False), "100 times as large": (1.0, 1.0, True),
            "one object moved to a corner": (0.8, 0.86, False)}


@pytest.mark.parametrize("name", EVERY)
def test_a_map_against_itself_is_perfect_under_both_metrics_and_in_both_forms(name):
    for true in (EVERY[name], EVERY[name].plain):
        for score in (compared(true, EVERY[name]).official, compared(true, EVERY[name]).exact):
            assert (score.direction, score.facing, score.is_isomorphic, score.turn, score.coverage) == (1, 1, True, "identity", 1)
            assert score.overall == pytest.approx(1)


@pytest.mark.parametrize("case", EXECUTED)
def test_the_official_metric_has_the_published_blind_spots(case):
    found = {spot.name: spot.compared.official for spot in blind_spots(AMONG.plain)}[case]

    assert (round(found.direction, 6), round(found.overall, 6), found.is_isomorphic) == EXECUTED[case]


def test_every_case_of_the_blind_spots_is_told():
    assert set(EXECUTED) | {"two neighbours swapped"} == {spot.name for spot in blind_spots(AMONG)}


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("name", EVERY)
def test_the_exact_metric_knows_a_turned_map_again(name, quarters):
    for true in (EVERY[name], EVERY[name].plain):
        score = compared(rotated(true, quarters), true).exact

        assert score.is_isomorphic and score.overall == pytest.approx(1)
    assert compared(rotated(AMONG, quarters), AMONG).exact.turn == TURNS[4 - quarters]


@pytest.mark.parametrize("name", ["three_view", "four_view"])
def test_the_official_metric_knows_a_rotation_again_after_one_quarter_turn_and_not_after_two_or_three(name):
    plain = EVERY[name].plain

    assert [compared(rotated(plain, quarters), plain).official.is_isomorphic for quarters in (1, 2, 3)] == [True, False, False]


@pytest.mark.parametrize("axis", ["left-right", "up-down"])
@pytest.mark.parametrize("name", ["among", "unfaced", "three_view", "four_view"])
def test_a_mirror_image_is_never_isomorphic(name, axis):
    for true in (EVERY[name], EVERY[name].plain):
        both = compared(mirrored(true, axis), true)

        assert not both.official.is_isomorphic and not both.exact.is_isomorphic


@pytest.mark.parametrize("name", ["row", "two_view_clockwise", "two_view_opposite"])
def test_of_things_in_one_line_the_mirror_image_is_a_turn(name):
    plain = EVERY[name].plain

    assert compared(mirrored(plain), plain).exact.is_isomorphic


def test_a_row_turned_round_is_known_again_by_both_metrics():
    for score in (compared(rotated(ROW, 2).plain, ROW).official, compared(rotated(ROW, 2).plain, ROW).exact):
        assert (score.overall, score.is_isomorphic, score.turn) == (1, True, "z_rot_180")


def test_with_its_cameras_a_row_turned_round_is_known_again_by_the_exact_metric_alone():
    both = compared(rotated(ROW, 2), ROW)

    assert (both.official.is_isomorphic, both.exact.is_isomorphic, both.exact.turn) == (False, True, "z_rot_180")


@pytest.mark.parametrize("metric", ["official", "exact"])
def test_left_out_facings_cost_a_third_where_there_are_some_and_nothing_where_there_are_none(metric):
    assert similarity(without_facings(AMONG.plain), AMONG, metric).overall == pytest.approx(0.7)
    assert similarity(without_facings(UNFACED.plain), UNFACED, metric).overall == pytest.approx(1)


@pytest.mark.parametrize("metric", ["official", "exact"])
def test_a_missing_object_costs_coverage_and_isomorphism_alone(metric):
    score = similarity(without(AMONG.plain, "lamp"), AMONG, metric)

    assert (score.coverage, score.direction, score.overall, score.is_isomorphic) == (0.8, 1, 1, False)


@pytest.mark.parametrize("metric", ["official", "exact"])
@pytest.mark.parametrize("factor, shift", [(100, (0, 0)), (0.5, (0, 0)), (1, (-3, 40)), (7.25, (0.5, -0.25))])  # exact in binary
def test_neither_scale_nor_place_matters_nor_does_another_object(metric, factor, shift):
    expected = similarity(AMONG, AMONG, metric)

    changed = scaled(AMONG, factor, shift)

    assert similarity(changed, AMONG, metric) == expected
    assert similarity(Map((*AMONG.objects, Spot("cat", (1.0, 1.0))), AMONG.views), AMONG, metric) == expected


def test_a_map_so_small_that_its_camera_is_within_half_a_cell_of_an_object_is_not_known_again():
    assert not compared(scaled(AMONG, 0.4), AMONG).official.is_isomorphic


def test_names_must_be_equal_letter_by_letter():
    shouted = Map(tuple(Spot(spot.name.upper(), spot.position, spot.facing) for spot in AMONG.objects))

    score = compared(shouted, AMONG).official

    assert (score.overall, score.coverage, score.turn) == (0, 0, None)


def test_views_are_compared_where_the_written_map_has_them():
    wrong = Map(AMONG.objects, tuple(Spot(view.name, (5.0, 5.0), view.facing) for view in AMONG.views))

    assert compared(wrong, AMONG).official.direction < 1 and compared(wrong.plain, AMONG).official.direction == 1


def test_things_in_one_place_are_inside_each_other_as_their_facings_say():
    inner = Map((Spot("a", (5.0, 5.0), "inner"), Spot("b", (5.0, 5.3))))
    table = relation_table(inner, inner)

    assert table.true == (("", "inner"), ("outer", "")) and all(map(all, table.is_right))


@pytest.mark.parametrize("metric", ["official", "exact"])
def test_the_table_of_relations_marks_what_counts_against_the_score(metric):
    table = relation_table(mirrored(AMONG.plain), AMONG, metric)
    score = similarity(mirrored(AMONG.plain), AMONG, metric)

    relevant = [(row, column) for row in range(5) for column in range(5) if table.true[row][column]]
    right = np.mean([table.is_right[row][column] for row, column in relevant])
    assert right == pytest.approx(score.direction) and len(relevant) == 20


def test_a_diagonal_has_both_directions_in_the_exact_table_alone():
    place = (NAMES.index("sofa"), NAMES.index("wall"))

    told = [relation_table(AMONG.plain, AMONG, metric).true[place[0]][place[1]] for metric in ("official", "exact")]
    assert told == ["up", "up left"]


def test_a_missing_name_stands_last_in_the_table_and_has_no_relations():
    table = relation_table(without(AMONG.plain, "chest"), AMONG)

    assert table.names[-1] == "chest" and not any(table.written[-1]) and not any(table.is_right[-1][:-1])


def test_relations_are_the_opposite_seen_from_the_other_end():
    opposite = {"up": "down", "left": "right", "down": "up", "right": "left", "up right": "down left", "down left": "up right",
                "up left": "down right", "down right": "up left", "": ""}
    table = relation_table(AMONG.plain, AMONG, "exact")

    assert all(opposite[table.true[row][column]] == table.true[column][row] for row in range(5) for column in range(5))


def test_the_exact_metric_takes_the_turn_under_which_all_relations_hold_before_the_one_that_scores_more():
    true = Map((Spot("a", (5.0, 3.0), "up"),), tuple(Spot(f"Image {number}", (5.0, 5.0), "up") for number in range(4)))
    turned_but_for_its_facings = Map((Spot("a", (5.0, 7.0), "up"),), true.views)

    both = compared(turned_but_for_its_facings, true)

    assert (both.official.turn, both.official.is_isomorphic, round(both.official.overall, 6)) == ("identity", False, 0.72)  # 12 of 20
    assert (both.exact.turn, both.exact.is_isomorphic, both.exact.facing) == ("z_rot_180", True, 0)


def test_the_facing_decides_between_turns_that_fit_equally_well():
    alone = Map((Spot("a", (5.0, 5.0), "up"),))

    for quarters, facing in enumerate(COMPASS):
        assert compared(Map((Spot("a", (5.0, 5.0), facing),)), alone).official.turn == TURNS[-quarters % 4]


@pytest.mark.parametrize("written", [scaled(AMONG, 1.1), scaled(AMONG, 1.0, (0.1, 0.2)), moved(AMONG, "lamp", (9.0, 5.0))],
                         ids=["1.1 times as large", "moved by a fraction", "one object further out"])
def test_what_draws_a_diagonal_a_little_off_is_right_for_the_exact_metric_alone(written):
    both = compared(written, AMONG)

    assert (both.official.is_isomorphic, both.exact.is_isomorphic) == (False, True) and both.exact.overall == pytest.approx(1)


@pytest.mark.parametrize("metric", ["official", "exact"])
def test_two_things_without_a_relation_may_stand_anyhow_in_a_map_that_is_isomorphic(metric):
    true = Map((Spot("box", (5.0, 5.0)), Spot("ball", (5.3, 5.0)), Spot("cone", (5.0, 8.0))))  # box and ball: 0.3 apart, no relation
    score = similarity(scaled(true, 2), true, metric)

    assert (score.direction, score.overall, score.is_isomorphic) == (1, 1, True)
    assert all(all(row) for row in relation_table(scaled(true, 2), true, metric).is_right)
