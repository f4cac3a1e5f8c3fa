"""The paper's tables as data: they agree with themselves, and say where they come from."""

import pytest

from backends.merging import paper
from backends.merging.question_rows import VERSIONS
from backends.merging.scoring import noise_of_change

ROUNDED = 0.1  # of a mean of numbers with one decimal, and of what it is compared with: half a tenth each

def test_every_row_has_a_number_in_each_column_and_a_source():
    for row in paper.MAIN:
        assert len(row.scores) == len(paper.COLUMNS) and row.mark in paper.MARKS and row.source
    assert {one.mark for one in (*paper.QUOTED, *paper.FAILS, *paper.OWN_AGAIN, *paper.MADE_AGAIN)} == {"S"}
    assert {one.mark for one in paper.METHODS} == {"C"}


@pytest.mark.parametrize("row", paper.MAIN, ids=lambda row: f"{row.model} {row.merged}")
def test_mathverses_overall_is_the_mean_of_its_versions(row):
    versions = [row.score(f"MathVerse {name}") for name in VERSIONS]

    assert sum(versions) / len(versions) == pytest.approx(row.score("MathVerse all"), abs=ROUNDED)


@pytest.mark.parametrize("row", paper.MAIN, ids=lambda row: f"{row.model} {row.merged}")
def test_mathvistas_overall_follows_from_its_parts(row):
    general, mathematics = row.score("MathVista General"), row.score("MathVista Math")

    assert (460 * general + 540 * mathematics) / 1_000 == pytest.approx(row.score("MathVista all"), abs=ROUNDED)


def test_the_remark_on_chance_follows_from_the_counts():
    floors = {name: f"{100 * noise_of_change(paper.QUESTIONS[name]):.1f}" for name in ("MathVision", "MathVista all", "MMStar math")}

    assert floors == {"MathVision": "7.9", "MathVista all": "4.4", "MMStar math": "8.8"}
    assert all(floor in paper.REMARKS[0] for floor in floors.values())


def test_most_changes_of_the_main_table_are_within_chance():
    merged = [row for row in paper.MAIN if row.merged]
    beyond = [abs(row.score(column) - paper.alone(row).score(column)) > 100 * noise_of_change(paper.QUESTIONS[column])
              for row in merged for column in paper.COLUMNS]

    assert len(merged) == 3 and sum(beyond) < len(beyond) / 2
    assert paper.alone(paper.MAIN[0]) is None and paper.alone(paper.METHODS[0]) == paper.MAIN[0]


def test_where_it_fails_every_method_loses_in_every_column():
    base, *methods = paper.FAILS

    assert not base.method and len(methods) == 5
    assert all(method.scores[name] < base.scores[name] for method in methods for name in base.scores)
