"""The cost model against the paper's Table 3."""

import pytest

from backends.tstar import costs, paper


@pytest.mark.parametrize("row", [row for row in paper.EFFICIENCY if row.method != "VideoAgent"], ids=lambda row: row.method)
def test_overall_is_search_plus_one_answer(row: paper.EfficiencyRow) -> None:
    assert costs.overall_tflops(row.search_tflops or 0.0) == pytest.approx(row.overall_tflops, abs=0.06)
    assert row.search_s + costs.QA_72B_S == pytest.approx(row.overall_s, abs=0.06)


def test_forty_nine_detector_calls_and_one_grounding_give_the_papers_33_tflop() -> None:
    search = costs.tflops(detector_calls=49, vlm_calls=1)

    assert search == pytest.approx(33.3, abs=0.3)
    assert costs.overall_tflops(search) == pytest.approx(172.6, abs=0.3)


@pytest.mark.parametrize(("method", "found"), [
    ("Retrieval", costs.tflops(detector_calls=840)),
    ("T* attention", costs.tflops(detector_calls=0, vlm_calls=3, vlm="llava-72b")),
    ("T* training", costs.tflops(detector_calls=38, vlm_calls=1)),
], ids=["retrieval", "attention", "training"])
def test_every_row_of_table_3_follows_from_the_constants(method: str, found: float) -> None:
    row = next(row for row in paper.EFFICIENCY if row.method == method)

    assert found == pytest.approx(row.search_tflops, abs=0.3)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        costs.tflops(detector_calls=-1)


def test_the_papers_f1_columns_are_near_the_harmonic_mean_of_their_averages() -> None:
    for row in paper.UTILITY:
        for precision, recall, f1 in (row.ego4d_visual, row.lvbench_visual):
            assert f1 == pytest.approx(2 * precision * recall / (precision + recall), abs=1.0), row.method
