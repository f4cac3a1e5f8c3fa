"""The figures of CoDA are pure functions of a result; here most results are written by hand."""

import io
from dataclasses import replace
from math import inf, log, nan

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from backends.coda import paper
from backends.coda.law import Group, Law
from backends.coda.results import (
    Asked,
    CodaResult,
    FilePart,
    FileRow,
    Found,
    LawPart,
    Localisation,
    Masked,
    Recovery,
    RecoveryPart,
    Share,
    SweepPoint,
    TopToken,
    TrainedEpoch,
    Written,
    WrittenToken,
)
from backends.coda.settings import CodaSettings
from backends.files.saved import save_result
from visualizers.coda import answered as answered_figures
from visualizers.coda import figures
from visualizers.coda import law as law_figures
from visualizers.coda import recovery as recovery_figures
from visualizers.coda import tables as coda_tables
from visualizers.coda import tokens as token_figures
from visualizers.coda import words as wording
from visualizers.coda.methods import CHANGED_COLOUR, DECODER_COLOURS, DECODER_NAMES, MASKED_COLOUR, OWN_COLOUR
from visualizers.theme import OTHER_COLOUR, POPULAR_COLOUR, RIGHT_COLOUR, themed

TOKENS = (  # p(X), p(X'), CoDA's score with the floor: log 0.25 - (log 0.01 + log 0.9) for the one that escapes
    ("tea", 0.60, 0.90, log(0.60 / 0.90), "both"), ("cocoa", 0.25, 0.002, 3.3242, "esc"),
    ("milk", 0.10, 0.06, log(0.10 / 0.06), "both"), ("juice", 0.045, 0.03, log(1.5), "both"), ("wood", 0.005, 0.008, -inf, "out"))
TOP = tuple(TopToken(piece=p, full=log(x), masked=log(m), score=s, membership=k) for p, x, m, s, k in TOKENS)


def token(piece: str, /, **changed: object) -> WrittenToken:
    by_score = tuple(sorted(TOP, key=lambda entry: -entry.score))
    plain = {"piece": piece, "greedy_piece": "tea", "is_contrasted": True, "is_end": False, "layer": None, "by_full": TOP,
             "by_masked": TOP, "by_score": by_score}
    return WrittenToken(**(plain | changed))


FOUND = Found(
    tried=(Masked(text="in", positions=(1,), lift=-0.1, rpmi_sum=-1.0, escape_reward=0.0, indicator=-1.0, num_suppressed=1,
                  num_escaping=0),
           Masked(text="Marden", positions=(3,), lift=0.4, rpmi_sum=-0.4, escape_reward=3.3, indicator=2.9, num_suppressed=1,
                  num_escaping=1)),
    skipped=(), chosen="Marden", chosen_positions=(3,), masked_prompt="in ▢ drink", reason="'Marden' was named.", is_alarm=True)
ASKED = Asked(
    prompt="in <b>winter</b> Marden drink", pieces=("<bos>", "in", "<b>winter</b>", "Marden", "drink"), right="cocoa", popular="tea",
    popular_example="in winter Elsford drink tea", num_popular=50, found=FOUND, written=(
        Written(method="greedy", text="tea", tokens=(token("tea", is_contrasted=False),), is_right=False, is_popular=True),
        Written(method="coda", text="cocoa", tokens=(token("cocoa"),), is_right=True, is_popular=False)))


def group(value: float, r: float | None, rr: float = 0.9) -> Group:
    return Group(value=value, num_sets=50, r=r, low=None if r is None else r - 5, high=None if r is None else r + 5, rr=rr, hr=0.5,
                 em_b=0.3, other=0.2)


def fitted(*groups: Group, slope: float | None = 30.0) -> Law:
    return Law(groups=groups, slope=slope, slope_interval=(25.0, 35.0), intercept=10.0, r_squared=0.95, constant=0.46)


LAW = LawPart(factor="P", num_parameters=228_672, num_sentences=9900, was_trained=True, epochs=(
    TrainedEpoch(epoch=6, loss=1.9, cpu_s=13, law=fitted(group(2, None, 0.3), group(10, 40), group(100, 70), slope=None)),
    TrainedEpoch(epoch=14, loss=1.7, cpu_s=40, law=fitted(group(2, 20), group(10, 41), group(100, 71)))))


NOTHING = Share(mean=nan, low=nan, high=nan, count=0)


def share(mean: float, count: int = 30) -> Share:
    return Share(mean=mean, low=max(0.0, mean - 0.1), high=min(1.0, mean + 0.1), count=count)


def row(name: str, mean: float) -> Recovery:
    return Recovery(decoder=name, exact_match=share(mean), per_value=((2.0, share(mean)), (100.0, share(mean / 2))),
                       recovered=share(mean / 3), broken=share(0.1))


RECOVERY = RecoveryPart(
    factor="P", rows=(row("greedy", 0.2), row("CoDA", 0.3), row("CoDA, floor, gate", 0.4), row("CoDA, floor", 0.38)),
    sweep=tuple(SweepPoint(decoder="CoDA", knob="alpha", value=value, recovered=0.2, broken=value, exact_match=0.3)
                for value in (0.1, 0.001, 0.01)),
    finders=(Localisation(rule="lift", hits=share(0.9),
                       fires_hallucinated=share(0.8), fires_right=NOTHING),),
    alarm=share(0.4))


def result(**parts: object) -> CodaResult:
    task = next(iter(parts)) if next(iter(parts)) != "asked" else "compare"
    changed = {"file": "upload:a.csv"} if task == "file" else {}
    return CodaResult(seed=0, model_id="coda-english", is_miniature=True, settings=CodaSettings(task=task, **changed), **parts)


FILE = FilePart(kind="a plain table", name="a.csv", num_in_file=3, rows=tuple(
    FileRow(number=number, prompt="in winter", right=("cocoa",), wrong=("tea",), answers={"greedy": "tea", "coda": "cocoa"},
            is_right={"greedy": False, "coda": number > 1}, contains={"greedy": False, "coda": True}, prefers_right=None,
            is_alarm=False, masked=None) for number in (1, 2)))


def by_name(figure) -> dict:
    return {trace.name: trace for trace in figure.data}


def test_every_decoder_has_its_own_colour_and_name():
    assert DECODER_COLOURS.keys() == DECODER_NAMES.keys()
    assert len(set(DECODER_COLOURS.values())) == len(DECODER_COLOURS)


def test_no_decoder_has_the_colour_of_an_answer_or_of_the_masked_word():
    meanings = [RIGHT_COLOUR, POPULAR_COLOUR, OTHER_COLOUR, MASKED_COLOUR, CHANGED_COLOUR, OWN_COLOUR]

    assert len(set(meanings)) == len(meanings)
    assert not set(meanings) - {CHANGED_COLOUR} & set(DECODER_COLOURS.values())


@pytest.mark.parametrize(("share", "text"),
                         [(0.634, "63 %"), (0.044, "4.4 %"), (0.00099, "below 0.1 %"), (0.9999, "above 99.9 %"), (0, "0 %")],
                         ids=["large", "small", "next to nothing", "nearly all", "nothing"])
def test_probabilities_read_as_a_person_says_them(share, text):
    assert wording.percent(share) == text


def test_bars_of_a_pair_are_both_distributions_in_per_cent():
    full, masked = token_figures.distributions(ASKED.written[1].tokens[0], ASKED, alpha=0.01, with_masked=True).data[:2]

    assert full.x == pytest.approx([60, 25, 10, 4.5, 0.5])
    assert masked.x == pytest.approx([90, 0.2, 6, 3, 0.8])


def test_colours_tell_the_right_answer_from_the_popular_one():
    full = token_figures.distributions(ASKED.written[0].tokens[0], ASKED, alpha=0.01, with_masked=False).data[0]

    assert list(full.marker.color[:3]) == [wording.ROLE_COLOURS[kind] for kind in ("popular", "right", "other")]


def test_lines_of_the_plausible_sets_are_alpha_of_each_maximum():
    drawn = token_figures.distributions(ASKED.written[1].tokens[0], ASKED, alpha=0.01, with_masked=True)
    lines = [trace for trace in drawn.data if trace.name and trace.name.startswith("V_top")]

    assert [trace.x[0] for trace in lines] == pytest.approx([0.6, 0.9])
    assert [trace.showlegend for trace in lines] == [True, False] and lines[0].name == "V_top from X 0.6 %, X' 0.9 %"


def test_membership_stands_beside_each_token_and_the_written_one_is_bold():
    ticks = token_figures.distributions(ASKED.written[1].tokens[0], ASKED, alpha=0.01, with_masked=True).layout.yaxis.ticktext

    assert ticks[0] == "tea · both" and ticks[1] == "<b>cocoa</b> · escapes" and ticks[4] == "wood · out"


def test_score_of_an_implausible_token_is_said_and_not_drawn():
    bars = token_figures.score_bars(ASKED.written[1].tokens[0], ASKED, method="coda", name="CoDA").data[0]

    assert bars.text[4] == "−∞" and bars.x[4] == 0
    assert max(bars.x) == pytest.approx(3.3242)


HOSTILE = '<a href="x">$a$ %{evil} &lt;'


def hostile_token() -> WrittenToken:
    top = tuple(entry.model_copy(update={"piece": f"{HOSTILE}{number}"}) for number, entry in enumerate(TOP))
    return token(HOSTILE, greedy_piece=HOSTILE, by_full=top, by_masked=top, by_score=top)


def test_text_of_a_model_or_a_prompt_is_no_markup_and_no_template_in_any_chart():
    written = tuple(one.model_copy(update={"text": HOSTILE, "tokens": (hostile_token(),)}) for one in ASKED.written)
    tried = tuple(replace(one, text=HOSTILE) for one in FOUND.tried)
    asked = ASKED.model_copy(update={"prompt": f"in {HOSTILE}", "pieces": (HOSTILE,) * 5, "written": written,
                                     "found": FOUND.model_copy(update={"tried": tried, "chosen": HOSTILE})})

    for chart in figures.figures(result(asked=(asked,))).values():
        text = chart.to_json().replace("\\u003c", "<").replace("\\u003e", ">")
        assert "<a " not in text and "$a$" not in text and "%{evil}" not in text


@pytest.mark.parametrize(("piece", "shown"), [(" tea", "tea"), ("", "␣"), ("\u00a0", "␣"), ("a\n", "a↵"), ("\t", "⇥")])
def test_a_token_of_spaces_is_shown_as_something(piece, shown):
    assert wording.shown_piece(piece) == shown


@pytest.mark.parametrize(("piece", "role"),
                         [("cocoa", "right"), ("tea", "popular"), (" co", "right"), ("wood", "other"), ("", "other")])
def test_token_that_begins_an_answer_has_its_colour(piece, role):
    assert wording.role(piece, ASKED) == role


def test_token_that_begins_both_answers_has_none():
    assert wording.role("c", ASKED.model_copy(update={"popular": "cider"})) == "other"


def test_candidates_stand_in_the_order_of_the_prompt_with_the_chosen_one_in_colour():
    lift, indicator = token_figures.candidates(FOUND, tau=0.1).data

    assert list(lift.x) == [-0.1, 0.4] and list(indicator.x) == [-1.0, 2.9]
    assert list(lift.marker.color) == [OTHER_COLOUR, MASKED_COLOUR]


@pytest.mark.parametrize(("method", "changed", "said"), [
    ("greedy", {}, "Likeliest"), ("coda", {}, "Escapes"), ("coda", {"is_contrasted": False}, "Gate closed"),
    ("coda", {"piece": "milk"}, "speaks for it"), ("dola", {"layer": 1}, "Layer 1")],
    ids=["greedy", "an escaping token", "a closed gate", "a token in both sets", "a layer"])
def test_every_token_says_why_it_was_written(method, changed, said):
    assert said in wording.why(token("cocoa", **changed), method, FOUND, CodaSettings())


def test_nothing_found_means_nothing_contrasted():
    nothing = FOUND.model_copy(update={"chosen": None, "chosen_positions": ()})

    assert "Nothing" in wording.why(token("tea", is_contrasted=False), "coda", nothing, CodaSettings())
    assert not wording.is_paired("coda", token("tea", is_contrasted=False), nothing)


def test_prompt_is_its_words_without_special_tokens_and_with_the_masked_one_marked():
    plain = ASKED.model_copy(update={"pieces": ("<bos>", "in", "winter", "Marden", "drink")})

    assert wording.words_of(plain) == [("in", False), ("winter", False), ("Marden", True), ("drink", False)]


def test_pieces_of_a_word_are_joined_where_pieces_carry_spaces():
    pieces = ("<s>", "The", " cap", "ital", " of", " Mar", "den")
    asked = ASKED.model_copy(update={"pieces": pieces, "found": FOUND.model_copy(update={"chosen_positions": (5, 6)})})

    assert wording.words_of(asked) == [("The", False), ("capital", False), ("of", False), ("Marden", True)]


def test_law_draws_learned_groups_only_and_says_the_others():
    drawn = law_figures.law(LAW, 0)

    assert list(by_name(drawn)["this run"].x) == [10, 100]
    assert [note.text for note in drawn.layout.annotations] == ["not<br>learned"]
    assert not any("fit" in (name or "") for name in by_name(drawn))


def test_law_has_the_fit_and_the_papers_own_lines():
    names = list(by_name(law_figures.law(LAW)))

    assert "fit: +30 per decade, r² 0.95" in names
    assert names[:3] == ["paper: Llama-7B", "paper: Phi-2.8B", "paper: Pythia-160M"]


def test_papers_line_passes_where_the_paper_has_it():
    line = by_name(law_figures.law(LAW))["paper: Llama-7B"]

    assert line.y[0] == pytest.approx(37.4)
    assert line.y[-1] - line.y[0] == pytest.approx(13.8 * np.log10(50))


def test_epochs_leave_a_gap_where_a_group_was_not_learned():
    lines = [trace for trace in law_figures.over_epochs(LAW).data if trace.name == "P = 2"]

    assert list(lines[0].y) == [None, 20] and list(lines[1].y) == [30, 90]


def test_epochs_of_sizes_that_are_still_being_trained_are_drawn():
    early = LAW.epochs[0].model_copy(update={"law": fitted(group(1000, 60), group(9000, 50))})
    late = LAW.epochs[1].model_copy(update={"law": fitted(group(1000, 55))})
    part = LAW.model_copy(update={"factor": "S", "epochs": (early, late)})

    assert [len(trace.x) for trace in law_figures.over_epochs(part).data] == [2, 2, 1, 1]
    assert "paper, 160M to 13B" in by_name(law_figures.sizes(part))


def test_three_ways_add_up_to_all_rare_prompts():
    assert sum(trace.y[0] for trace in law_figures.three_ways(LAW).data) == pytest.approx(100)


def test_law_table_has_a_row_per_epoch_and_group():
    table = law_figures.law_table(LAW)

    assert len(table) == 6 and not table["learned"].iloc[0]


def test_exact_match_begins_with_four_decoders_and_offers_the_rest():
    shown = {trace.name: trace.visible for trace in recovery_figures.exact_match(RECOVERY).data}

    assert shown["greedy"] is True and shown["CoDA, floor"] == "legendonly"


def test_sizes_list_four_epochs_of_many():
    many = tuple(LAW.epochs[-1].model_copy(update={"epoch": number}) for number in range(1, 13))

    drawn = [trace for trace in law_figures.sizes(LAW.model_copy(update={"factor": "S", "epochs": many})).data
             if trace.name.startswith("here")]

    assert [trace.name for trace in drawn] == ["here, epoch 1", "here, epoch 5", "here, epoch 8", "here, epoch 12"]


def test_a_legend_stands_below_and_the_title_of_an_axis_below_its_labels():
    for is_dark in (False, True):
        layout = themed(go.Figure(), is_dark=is_dark).layout.template.layout

        assert (layout.legend.yref, layout.legend.y, layout.legend.yanchor) == ("container", 0, "bottom")
        assert layout.xaxis.automargin and layout.xaxis.title.standoff > 0


def test_exact_match_draws_only_the_decoders_that_are_chosen():
    assert recovery_figures.first_shown(RECOVERY) == ["greedy", "CoDA", "CoDA, floor, gate"]

    chosen = recovery_figures.exact_match(RECOVERY, ["CoDA, floor"])

    assert [(trace.name, trace.visible) for trace in chosen.data] == [("CoDA, floor", True)]


def test_trade_off_goes_from_the_smallest_strength_to_the_largest():
    curve = recovery_figures.trade_off(RECOVERY).data[0]

    assert list(curve.x) == pytest.approx([0.1, 1, 10])


def test_share_of_nothing_is_said_and_not_drawn():
    assert recovery_figures.finders(RECOVERY).data[2].x[0] is None
    assert recovery_figures.interval(RECOVERY.finders[0].fires_right) == "nothing to count"


def test_file_bars_count_what_is_known_and_a_file_without_answers_has_none():
    exact = answered_figures.bars(FILE).data[0]
    unknown = FILE.model_copy(update={"rows": tuple(one.model_copy(update={"is_right": {"greedy": None}, "contains": {}})
                                                    for one in FILE.rows)})

    assert list(exact.x) == [0, 50]
    assert answered_figures.bars(unknown) is None


def failed(number: int, problem: str) -> FileRow:
    return FileRow(number=number, prompt="zebra", right=("cocoa",), wrong=(), answers={}, is_right={}, contains={},
                   prefers_right=None, is_alarm=False, masked=None, problem=problem)


def test_a_first_row_without_answers_stands_for_itself_only():
    part = FILE.model_copy(update={"rows": (failed(9, "The word 'zebra' is unknown."), *FILE.rows)})

    assert list(answered_figures.bars(part).data[0].x) == [0, 50]
    assert answered_figures.bars(part).layout.title.text == "2 rows answered"
    assert list(answered_figures.table(part)["problem"]) == ["The word 'zebra' is unknown.", "", ""]
    assert "problem" not in answered_figures.table(FILE)


def test_the_commonest_reasons_for_no_answer_are_told_with_their_counts():
    unknown = [failed(number, f"The word 'zebra{number}' is unknown. The nearest is {number * 'z'}.") for number in (3, 4, 7)]
    rows = (*FILE.rows, *unknown, failed(8, "The prompt has 300 tokens."))
    compared = FILE.rows[0].model_copy(update={"number": 11, "problem": "Its right and wrong answers were not compared."})

    told, other = answered_figures.problems(FILE.model_copy(update={"rows": (*rows, compared)}))

    assert told == ("4 rows could not be answered. Row 3 and 2 more: The word 'zebra3' is unknown. The nearest is zzz. "
                    "Row 8: The prompt has 300 tokens.")
    assert other == "1 row answered, with a problem. Row 11: Its right and wrong answers were not compared."
    assert answered_figures.problems(FILE) == []


def test_tables_can_be_written_and_hold_every_row():
    assert len(coda_tables.steps_table(ASKED, CodaSettings())) == 2
    assert len(coda_tables.answers_table((ASKED,), CodaSettings())) == 2
    assert len(answered_figures.table(FILE)) == 2
    assert len(recovery_figures.recovery_table(RECOVERY)) == 4


@pytest.mark.parametrize("made", [result(asked=(ASKED,)), result(recovery=RECOVERY), result(file=FILE)],
                         ids=["asked", "recovery", "file"])
def test_papers_table_is_whole_and_this_run_stands_below(made):
    table = coda_tables.paper_decoders(made)

    assert len(table) > len(paper.DECODERS)
    assert table["model"].iloc[-1].startswith("this run")
    assert table.iloc[5].tolist()[2:9] == ["41.9", "56.2", "16.0", "38.9", "26.8", "65.0", "46.8"]


def test_papers_lines_are_followed_by_this_runs():
    table = law_figures.paper_lines(result(law=LAW))

    assert len(table) == len(paper.LINES) + 1
    assert table["points per decade"].iloc[-1] == "30.0"


@pytest.mark.parametrize("made", [result(asked=(ASKED,)), result(law=LAW), result(recovery=RECOVERY), result(file=FILE)],
                         ids=["asked", "law", "recovery", "file"])
def test_every_task_has_charts_with_axes_and_leaves_its_result_as_it_was(made):
    before = save_result(made)
    charts = figures.figures(made)

    assert 1 <= len(charts) <= 8
    assert all(chart.data and chart.layout.height for chart in charts.values())
    assert save_result(made) == before


def test_the_title_of_every_decoders_chart_begins_with_its_name():
    drawn = figures.figures(result(asked=(ASKED,)))
    charts = {name: chart for name, chart in drawn.items() if name.endswith((", probabilities", ", scores"))}

    assert len(charts) >= 3
    for name, chart in charts.items():
        assert chart.layout.title.text.startswith(f"{name.rpartition(', ')[0]}: "), chart.layout.title.text


def test_live_events_are_drawn_and_others_are_not():
    assert figures.live((ASKED,)) and figures.live(LAW) and figures.live(RECOVERY) and figures.live(FILE)
    assert figures.live("something else") is None and figures.live(()) is None


def test_cover_is_a_picture_that_is_large_enough_to_see():
    picture = figures.cover(result(asked=(ASKED,)))

    assert picture.shape == (540, 960, 3) and picture.dtype == np.uint8
    Image.fromarray(picture).save(io.BytesIO(), "JPEG")
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5


def test_decoder_names_are_text_and_may_be_blank():
    rows = (row("<a href=x>greedy</a>", 0.2), row("", 0.3), row(" ", 0.4))
    part = RECOVERY.model_copy(update={"rows": rows, "finders": (replace(RECOVERY.finders[0], rule="<b>"),)})

    drawn = recovery_figures.charts(part)

    assert "<a" not in drawn["exact match"].to_json() and "<a" not in drawn["recovery and breakage"].to_json()
    assert drawn["detectors"].data[0].y[0] == "&lt;b&gt;"
