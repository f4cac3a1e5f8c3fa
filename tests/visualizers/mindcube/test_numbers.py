"""The tables of MindCube, and all images of a question in one picture."""

import numpy as np
import pytest

from backends.files.saved import load_result
from backends.mindcube.ids import counts
from backends.mindcube.picked import RECORDED
from backends.mindcube.results import Asked, MindCubeResult, Picture
from tests.backends.mindcube.made_tinybench import tinybench
from tests.visualizers.mindcube import made
from visualizers.mindcube import numbers
from visualizers.mindcube.tiles import GAP_PX, GAP_RGB, tiles
from worlds.pictures import encode_jpeg


@pytest.fixture(scope="module")
def evaluated() -> MindCubeResult:
    return load_result((RECORDED / "evaluate.orrery").read_bytes(), MindCubeResult)


def with_images(count: int) -> Asked:
    picture = encode_jpeg(np.full((60, 80, 3), 200, np.uint8))
    return Asked(id="x", template="rotation", family="rotation", question="Which?", options=("a", "b"), right="A",
                 pictures=tuple(Picture(name=f"{number}.jpg", jpeg=picture) for number in range(count)))


def test_accuracies_are_in_per_cent_and_stand_beside_what_needs_no_looking(evaluated):
    table = numbers.accuracies(evaluated.reports)
    first = numbers.overall(evaluated.reports[0])

    assert len(table) == len(evaluated.reports) and table["official"][0] == pytest.approx(100 * first.correct / first.count)
    assert {"a letter at random", "text alone", "with an answer tag", "no answer tag", "balanced"} <= set(table.columns)
    assert table["95 % interval"][0] == f"{100 * first.official[1]:.0f} to {100 * first.official[2]:.0f}"


def test_templates_add_up_to_all_questions(evaluated):
    report = evaluated.reports[0]

    assert numbers.parts(report, numbers.TEMPLATE)["questions"].sum() == numbers.overall(report).count
    assert len(numbers.every_line(evaluated.reports)) == sum(len(one.lines) for one in evaluated.reports)


def test_every_template_of_tinybench_is_told_in_words():
    assert [name for name in counts(row["id"] for row in tinybench()) if numbers.asks(name) == name] == []


def test_this_runs_rows_stand_below_the_papers(evaluated):
    for table in (numbers.frozen(evaluated.reports), numbers.trained(evaluated.reports)):
        assert table["configuration"].iloc[-len(evaluated.reports):].str.startswith("this run").all()
    assert numbers.models(evaluated.reports[:1]).iloc[-1]["model"] == f"this run: {evaluated.reports[0].model}"


def test_the_maps_of_an_evaluation_that_was_brought_stand_beside_the_others():
    table = numbers.maps((made.reports()[3], made.brought()))

    assert list(table["way of answering"]) == ["map, then reason (Plain-CGMap-FFR-Out)", "x_eval.json"]
    assert list(table["valid"]) == pytest.approx([100 * 115 / 120, 90]) and table["isomorphic, official"][1] == 45
    assert table["similarity, official"][1] == 70 and table["isomorphic, exact"].isna()[1] and table["facings, official"].isna()[1]


@pytest.mark.parametrize(("count", "across", "down"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (6, 3, 2)])
def test_images_are_laid_out_in_rows(count, across, down):
    picture = tiles(with_images(count))

    assert picture.shape == (down * (60 + GAP_PX) - GAP_PX, across * (80 + GAP_PX) - GAP_PX, 3)
    assert (picture[-1, -1] != GAP_RGB).any(), "of three the fourth place is taken, too"


def test_images_that_a_step_does_not_speak_of_are_pale():
    both, first = tiles(with_images(2)), tiles(with_images(2), lit=(1,))

    assert first[30, 130].mean() > both[30, 130].mean() and (first[30, 40] == both[30, 40]).all()
    assert tiles(with_images(0)) is None
