"""The two charts of CoDA's recovery: every decoder can be told from every other, and its name has room."""

import pytest

from backends.coda.results import CodaResult, RecoveryPart
from backends.coda.system import RECORDED
from backends.files.saved import load_result
from visualizers.coda import recovery


@pytest.fixture(scope="module")
def part() -> RecoveryPart:
    return load_result((RECORDED / "recovery.orrery").read_bytes(), CodaResult).recovery


def test_every_decoder_looks_like_no_other_and_those_that_it_opens_with_differ_in_colour_and_in_mark(part):
    styles = {row.decoder: recovery.decoder_style(row.decoder) for row in part.rows}
    looks = [(style["line"]["color"], style["line"]["dash"], style["marker"]["symbol"]) for style in styles.values()]
    opened = [styles[name] for name in recovery.first_shown(part)]

    assert len(set(looks)) == len(looks) == 13
    assert len(opened) == 5
    assert len({style["line"]["color"] for style in opened}) == len({style["marker"]["symbol"] for style in opened}) == 5


def test_curves_are_those_of_the_decoders_that_are_shown(part):
    names = [trace.name for trace in recovery.trade_off(part, ["CAD a = 0.5, word told", "CoDA + floor, word told"]).data]

    assert names == ["CoDA + floor, word told", "CAD, word told", "every decoder"]


def test_both_charts_are_as_high_as_the_longer_legend_needs(part):
    every, few = [row.decoder for row in part.rows], ["Greedy"]
    heights = [{figure(part, shown).layout.height for figure in (recovery.exact_match, recovery.trade_off)} for shown in (every, few)]

    assert [len(of) for of in heights] == [1, 1] and max(heights[0]) > max(heights[1])
