"""What was measured on real models, in words and as a table: from numbers alone, with a verdict that the interval bears."""

import pytest

from backends.coda.measured import Detectors, Earlier, Layout, MeasuredRow, Measurements, RealModel
from benchmarks.coda.real import as_markdown
from visualizers.coda import real as real_figures


def row(name: str, title: str, gain=(0.0, 0.0, 0.0), **counts) -> MeasuredRow:
    told = {"questions": 100, "right": 20, "mended": 0, "wrong_before": 80, "broken": 0, "right_before": 40, "unfooled": 0,
            "fooled_before": 30} | counts
    return MeasuredRow(name=name, title=title, gain=gain, over_random=(0.5, -2.0, 3.0), **told)


def model(**rows) -> RealModel:
    layout = Layout(all=(row("greedy", "Greedy"), *rows.values()), held_out=(row("greedy", "Greedy"),), detectors=Detectors(
        popular_errors=30, picks={"lift, largest": 0.36}, alarm_on_popular=0.5, alarm_on_right=0.25))
    return RealModel(model="tiny", title="Tiny model", made_on="2026-11-28", controls=50, layouts={"plain": layout})


@pytest.mark.parametrize(("gain", "verdict"), [
    ((10.0, 1.0, 19.0), "a gain"), ((-9.0, -15.0, -1.0), "a loss"), ((0.0, -7.0, 7.0), "no gain that is beyond chance"),
    ((4.0, 0.0, 8.0), "no gain that is beyond chance"),
], ids=["gain", "loss", "nothing", "at the edge"])
def test_words_call_a_gain_only_what_is_beyond_chance(gain, verdict):
    said = real_figures.in_words(model(told=row("cad_one_told", "CAD", gain, mended=12, broken=3)))

    mean = f"{gain[0]:+.1f}" if gain[0] else "0.0"
    assert f"12 mended, 3 broken, {mean} ({gain[1]:.1f} to {gain[2]:.1f}) points; {verdict}." in said
    assert said.startswith("Greedy decoding answers 20 of 100 questions correctly.")


def test_a_table_has_a_row_per_model_layout_and_decoder_with_the_held_out_half_beside():
    table = real_figures.table([model(told=row("cad_one_told", "CAD", (10.0, 1.0, 19.0)), other=row("nameless", "Other"))])

    assert list(table["decoder"]) == ["Greedy", "CAD"]
    assert table["gain, held out"][0] == "0.0 (0.0 to 0.0)" and table["gain, held out"][1] == ""


def test_the_document_has_a_table_per_half_and_the_detectors():
    measured = model(told=row("cad_one_told", "CAD a = 1", (10.0, 1.0, 19.0), mended=12))
    earlier = Earlier(title="Other model", layout="plain", way="CAD", gain=(0.0, -7.0, 7.0))
    text = as_markdown(Measurements(models=(measured,), earlier=(earlier,)))

    assert text.startswith("## CoDA on a real model") and "### Tiny model, plain, held-out half" in text
    assert "| CAD a = 1 | 20 of 100 | 0 of 30 | 12 of 80 | 0 of 40 | +10.0 [1.0, 19.0] | +0.5 [-2.0, 3.0] |" in text
    assert "lift, largest 36 %" in text and "Other model, plain, CAD: +0.0 [-7.0, 7.0]" in text
    assert real_figures.earlier_in_words([earlier]).endswith("0.0 (-7.0 to 7.0) points, no gain that is beyond chance.")
