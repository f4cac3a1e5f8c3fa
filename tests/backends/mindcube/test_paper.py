"""The paper's numbers: each overall accuracy follows from those of its settings."""

import pytest

from backends.mindcube import paper
from backends.mindcube.prompts import BY_NAME

OF_NO_POPULATION = {"GPT-5 (2025-08)", "Gemini-2.5-pro", "InternVL3-8B", "the most frequent letter"}  # as the remarks say


@pytest.mark.parametrize("row", [*paper.FROZEN, *paper.TRAINED, paper.INDEPENDENT], ids=lambda row: f"{row.name} {row.overall}")
def test_an_overall_accuracy_on_tinybench_is_the_mean_of_its_settings(row):
    assert paper.expected(row, paper.TINY) == pytest.approx(row.overall, abs=0.2 if row is paper.INDEPENDENT else 0.011)


@pytest.mark.parametrize("row", paper.MODELS, ids=lambda row: row.name)
def test_an_overall_accuracy_on_the_whole_benchmark_is_the_mean_of_its_settings(row):
    if row.name not in OF_NO_POPULATION:
        assert paper.expected(row, paper.WHOLE) == pytest.approx(row.overall, abs=0.03)


def test_every_row_names_a_configuration_of_the_table():
    assert {row.name for row in (*paper.FROZEN, *paper.TRAINED, *paper.FIXED)} <= set(BY_NAME)


def test_no_number_of_the_first_version_stands_in_a_table_of_the_second():
    second = {(row.name, row.stage): row.overall for row in paper.TRAINED}

    assert all(second[row.name, row.stage] != row.overall for row in paper.FIXED)
