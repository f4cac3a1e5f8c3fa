"""The figures of merging: what they show is what the result says."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from backends.merging.settings import MergingSettings
from tests.visualizers.merging import made
from visualizers.alt import sentence_of
from visualizers.merging import apart, curve, figures, folders, gallery, inside, numbers, probes, reports, weights
from visualizers.merging.methods import MODEL_COLOURS, SKILL_COLOURS, SKILL_NAMES, WRONG_COLOUR
from visualizers.theme import RIGHT_COLOUR


def trace(figure: go.Figure | None, name: str) -> Any:  # Any: one of plotly's traces
    assert figure is not None
    (found,) = (one for one in figure.data if one.name == name)
    return found


def test_curve_has_each_skill_at_each_place_in_per_cent_and_chance():
    figure = curve.skills(made.merged(), made.LINEAR)

    new = trace(figure, SKILL_NAMES["unseen"])
    assert dict(zip(new.x, new.y)) == {at: pytest.approx(100 * numbers_[2]) for at, numbers_ in made.SHARES.items()}
    assert list(trace(figure, "chance").y) == [10, 10] and new.line.color == SKILL_COLOURS["unseen"]


def test_curve_marks_the_paper_s_share_and_the_one_that_is_set():
    figure = curve.skills(made.merged(), made.LINEAR)

    assert list(trace(figure, "the paper's 0.9").x) == [0.9, 0.9] and list(trace(figure, "set: 0.2").x) == [0.2, 0.2]
    added = curve.skills(made.merged(made.ADDED), made.ADDED)
    assert added is not None and "the paper's 0.9" not in [one.name for one in added.data], "it has no share"


def test_child_beside_the_points_of_the_curve_is_one_of_its_places():
    aside = made.LINEAR.model_copy(update={"share": 0.37})
    merged = made.merged(aside)

    assert 0.37 in curve.places(merged, aside) and len(curve.places(made.merged(), made.LINEAR)) == len(made.SHARES)
    assert curve.at_place(merged, aside, 0.37) == merged.child and curve.by(aside, 0.37) == "child"
    assert curve.by(aside, 0.3) == "child:0.300"


def test_place_that_is_looked_at_has_larger_marks_and_a_line():
    figure = curve.skills(made.merged(), made.LINEAR, 0.5)

    sizes = dict(zip(trace(figure, "sees").x, trace(figure, "sees").marker.size))
    assert sizes[0.5] > sizes[0.3] and list(trace(figure, "looked at: 0.5").x) == [0.5, 0.5]


def test_merge_along_the_depth_has_no_curve_and_both_parents_beside_the_child():
    along = MergingSettings(gradient=(0.1, 0.9))
    merged = made.merged(along)

    assert curve.skills(merged, along) is None and curve.places(merged, along) == []
    assert list(trace(curve.parents(merged), "seeing model").x) == pytest.approx([100, 99.5, 11.5, 10.5])


def test_maps_have_seeing_in_rows_and_reasoning_in_columns_and_the_best_pair_marked():
    figure = weights.heat(made.grid(), "unseen")

    assert figure.data[0].z[2][1] == pytest.approx(56) and figure.data[0].y[2] == 1.0 and figure.data[0].x[1] == 0.5
    star = trace(figure, "best pair")
    assert (star.y[0], star.x[0]) == (1.0, 1.0) and "90 %" in sentence_of(figure)


def test_paper_s_line_is_where_both_weights_sum_to_1():
    line = next(one for one in weights.heat(made.grid(), "sees").data if one.type == "scatter")

    assert [x + y for x, y in zip(line.x, line.y)] == [1.0, 1.0] and set(line.x) == {0.0, 1.0}


def test_field_that_was_not_tried_cannot_be_clicked():
    half = made.grid(has_all=False)

    marks = weights.clickable(weights.heat(half, "unseen"), half, "unseen").data[-1]

    assert len(marks.x) == 8 and set(marks.y) == {0.0, 0.5} and weights.best(half) == (1, 2)


def test_notice_of_pairs_says_both_the_best_pair_and_the_best_on_the_line():
    said = weights.notice(made.grid())

    assert "1.00 of seeing and 1.00 of reasoning, which sum to 2.00: 90 %" in said and said.endswith("66 %, at 0.2 of seeing.")


def test_flattened_module_costs_what_is_less_than_before_in_points():
    looking = made.looking()
    before, after = (probes.flattened(looking, of) for of in ("vlm", "child"))

    assert trace(before, "sees").x[0] == pytest.approx(96) and trace(before, "known sums").x[0] == pytest.approx(83.58)
    assert trace(after, "new sums").x[0] == pytest.approx(0.84 * 89.5) and trace(after, "new sums").x[-1] == 0


def test_layer_set_back_and_ranges_begin_and_end_with_whole_models():
    looking = made.looking()

    assert list(trace(probes.set_back(looking), "new sums").x) == pytest.approx([69.5, 22, 9.5, 0.5])
    before, behind = (trace(probes.ranges(looking), f"new sums, merged {words}") for words in ("before it", "from it on"))
    assert [before.y[0], before.y[-1]] == pytest.approx([11.5, 89.5]) == [behind.y[-1], behind.y[0]]


def test_lens_has_the_last_layer_on_top_and_says_from_which_layer_on_the_word_is_there():
    figure = inside.lens(made.looked("child"))

    assert list(figure.data[0].y) == [0, 1, 2, 3] and figure.layout.yaxis.range[0] < figure.layout.yaxis.range[1]
    assert "“0”, is what layer 2 of 4" in sentence_of(figure)


def test_gaze_is_in_per_cent_of_each_patch_over_the_picture_s_own_size():
    figure = inside.gaze(made.looked("vlm"), made.question())

    assert np.asarray(figure.data[0].z) == pytest.approx(np.array([[20, 5], [10, 1]])) and figure.data[0].x[-1] == 192
    assert "36 % goes to the picture" in sentence_of(figure)


def test_distances_are_in_per_cent_of_the_base_and_of_the_seeing_model_where_there_is_none():
    figure = apart.norms(made.moved())
    assert trace(figure, "seeing model, attention").y[0] == pytest.approx(5) and "last" in figure.layout.xaxis.ticktext

    alone = apart.norms(made.moved(has_base=False))
    assert trace(alone, "apart, MLP").y[0] == pytest.approx(16) and apart.cosines(made.moved(has_base=False)) is None


def test_folders_say_how_many_checks_refuse_and_that_nothing_was_written():
    assert "1 of 3 checks refuse: nothing was written" in folders.sentence(made.folders(refuses=True), is_made=False)
    assert "289 tensors were merged in 73.0 s" in folders.sentence(made.folders(), is_made=True)
    assert [folders.in_words(size) for size in (0.4, 420.0, 15_000.0)] == ["0.4 MB", "420 MB", "15.0 GB"]


def test_groups_have_their_intervals_and_the_first_one_s_noise_around_it():
    made_ = made.reports()
    figure = reports.accuracy(made_)

    first, floor = trace(figure, "merging-parents"), trace(figure, "noise floor")
    assert first.x[2] == pytest.approx(100 * 14 / 60)
    assert first.x[0] + first.error_x.array[0] == pytest.approx(100 * made_[0].groups[0].correct[2])
    assert floor.x[1] - floor.x[0] == pytest.approx(2 * 9.8)


@pytest.mark.parametrize(("second", "word"), [(65, "inside"), (66, "more than")])
def test_difference_of_two_models_is_held_against_the_noise_of_two_runs(second, word):
    both = (made.reports()[0], made.report("child", {"perception": 40, "reasoning": second - 40}))

    assert f"{word} the noise of two runs (± 13.9)" in reports.notice(both), "52 of 100, and chance gives 13.9 points"


def test_tables_have_both_parents_first_and_the_best_pairs_on_top():
    assert list(numbers.tried(made.merged(), made.LINEAR)["model"][:3]) == ["seeing model", "reasoning model", "child"]
    assert list(numbers.pairs(made.grid()).iloc[0]) == pytest.approx([1.0, 1.0, 97, 90])
    assert len(numbers.pairs(made.grid(has_all=False))) == 8 and len(numbers.probed(made.looking())) == 2 + 16 + 4 + 6


def test_rows_of_the_paper_say_where_each_was_read():
    table = numbers.paper_main()

    assert len(table) == 6 and table[numbers.READ].str.len().min() > 10 and table.loc[0, "merged with"] == "nothing"


def test_gallery_tells_what_was_read_from_what_it_comes_to():
    question = made.gallery(())[0]

    assert gallery.parted(question, "7 3 0") == ("7 3", "0") and gallery.parted(made.gallery(())[2], "green") == ("", "green")
    merged = made.merged()
    assert gallery.telling(merged) is merged.gallery[0], "the child alone is correct"


def test_live_parts_are_drawn_and_anything_else_is_not():
    parts = (made.merged(), made.grid(has_all=False), made.looking(), made.folders(), made.reports(), made.reports()[0])

    assert all(figures.live(part) for part in parts) and figures.live("half") is None and figures.live(()) is None
    assert figures.pictures("half") == [] and len(figures.pictures(made.result())) == 3


def test_words_of_a_file_are_shown_and_never_read_as_html():
    strange = made.report("<b>child</b>", {"perception": 1, "reasoning": 1})

    assert "<b>child" not in json.dumps(reports.accuracy([strange]).to_plotly_json(), default=str)


def test_one_meaning_per_colour():
    colours = [*SKILL_COLOURS.values(), *MODEL_COLOURS.values(), RIGHT_COLOUR, WRONG_COLOUR]

    assert len(set(colours)) == len(colours)


def test_covers_differ_with_what_is_answered():
    one, other = figures.cover(made.result()), figures.cover(made.result(made.grid()))

    assert one.shape == other.shape == (540, 960, 3) and (one != other).any()
