"""The figures of AdaptVis are pure functions of a result; here the results are written by hand."""

import io
from math import nan

import numpy as np
import pytest
from PIL import Image

from backends.adaptvis import paper
from backends.adaptvis.results import (
    AdaptVisResult,
    AtAlpha,
    Branch,
    Curve,
    Evaluated,
    Item,
    LayerReads,
    Looked,
    MethodScore,
    OtherMap,
    YesNo,
)
from backends.adaptvis.settings import AdaptVisSettings
from backends.adaptvis.words import headline
from backends.files.saved import save_result
from visualizers.adaptvis import axis, figures, gain, gaze
from visualizers.adaptvis import item_set as sets
from visualizers.adaptvis.methods import GAZE_COLOURS, GAZE_NAMES
from visualizers.theme import OTHER_COLOUR, POPULAR_COLOUR, RIGHT_COLOUR

ALPHAS = (0.0, 0.5, 1.0, 2.0)
WORDS = ("left", "right", "on", "under")
QUARTERS = np.array([[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]])  # 2 x 2 tokens, in reading order


def jpeg(width: int = 80, height: int = 60) -> np.ndarray:
    content = io.BytesIO()
    Image.new("RGB", (width, height), "#7799BB").save(content, "JPEG")
    return np.frombuffer(content.getvalue(), np.uint8)


def at(alpha: float, word: str, confidence: float, *, layers: int = 2) -> AtAlpha:
    """Every layer looks at the four tokens as 4 : 3 : 2 : 1 where alpha is 1, and gives the image 40 %."""
    shape = np.array([4.0, 3.0, 2.0, 1.0]) ** alpha
    maps = np.tile(0.4 * shape / shape.sum(), (layers, 1))
    rest = (1 - confidence) / 3
    numbers = {"image_mass": 0.4, "text_mass": 0.5, "first_mass": 0.1, "entropy": 1.3 - 0.1 * alpha, "image_logit": -0.7,
               "box_auroc": 0.8}
    reads = LayerReads(**{name: np.full(layers, number) for name, number in numbers.items()})
    return AtAlpha(alpha=alpha, text=word, confidence=confidence, maps=maps, reads=reads, is_right=word == "on",
                   probabilities=tuple(confidence if word == w else rest for w in WORDS))


def looked(**changed: object) -> Looked:
    """As it is: left, sure to 0.8; smoothed: on, which is right."""
    entries = (at(0.0, "under", 0.4), at(0.5, "on", 0.7), at(1.0, "left", 0.8), at(2.0, "left", 0.9))
    plain: dict[str, object] = {
        "picture_jpeg": jpeg(), "size": (80, 60), "token_boxes": QUARTERS, "question": "Where is the <b>cup</b>?",
        "options": WORDS, "right": "on", "true_boxes": (("cup", 0.1, 0.1, 0.4, 0.4), ("book", 0.5, 0.5, 0.9, 0.9)), "at": entries,
        "head_maps": np.tile(entries[2].maps[:, None], (1, 3, 1)), "num_layers": 2, "num_heads": 3,
        "branch": Branch(confidence=0.8, beta=0.9, is_unsure=True, alpha=0.5, base_answer="left", answer="on", base_is_right=False,
                         is_right=True)}
    return Looked(**(plain | changed))


def score(method: str, mean: float, change: float | None, spread: float = 0.05) -> MethodScore:
    won = None if change is None else (change, change - spread, change + spread)
    setting = "alpha1 0.5, alpha2 1, beta 0.9" if method == "adaptvis" else "alpha 1"
    return MethodScore(method=method, setting=setting, individual=(mean, mean - 0.1, mean + 0.1), gain=won, pair=0.5, complete=0.25,
                       official_pair=0.4, official_set=0.2, per_relation=tuple((word, mean, 2) for word in WORDS), mended=2, broken=1)


def item(number: int, right: str, answers: tuple[str, ...], confidence: float) -> Item:
    return Item(number=number, relation=right, right=right, confidence=confidence, answers=answers, group=f"set-{number // 4}",
                adaptvis=answers[1] if confidence < 0.9 else answers[2])


ITEMS = (  # as it is, right are 0, 1 and 4; smoothed, 1, 2, 3 and 6
    item(0, "left", ("under", "on", "left", "left"), 0.95), item(1, "right", ("under", "right", "right", "left"), 0.97),
    item(2, "on", ("under", "on", "left", "left"), 0.6), item(3, "under", ("under", "under", "left", "left"), 0.5),
    item(4, "left", ("under", "on", "left", "left"), 0.8), item(5, "right", ("under", "on", "left", "left"), 0.99),
    item(6, "on", ("under", "on", "right", "right"), 0.7), item(7, "under", ("under", "on", "right", "right"), 0.92))


def evaluated(**changed: object) -> Evaluated:
    curves = tuple(Curve(name=name, alphas=ALPHAS, accuracy=(0.25, 0.5, 0.4, 0.2), low=(0.1,) * 4, high=(0.6,) * 4)
                   for name in ("all", "unsure half", "sure half", *WORDS))
    plain: dict[str, object] = {
        "data": "drawn scenes, clutter15", "num_validation": 8, "num_test": 8, "alphas": ALPHAS, "curves": curves, "beta": 0.9,
        "beta_curve": ((0.0, 0.375), (0.9, 0.625), (1.01, 0.5)), "items": ITEMS,
        "scores": (score("greedy", 0.375, None), score("scalingvis", 0.5, 0.125), score("adaptvis", 0.625, 0.25),
                   score("bias", 0.7, 0.325), score("reweighted", 0.8, -0.1), score("oracle", 0.9, 0.525)),
        "auroc_per_layer": ((0, 0.7, 0.6), (1, 0.8, nan))}
    return Evaluated(**(plain | changed))


def result(**parts: object) -> AdaptVisResult:
    task = "evaluate" if "evaluated" in parts else "look"
    return AdaptVisResult(seed=0, model_id="scenes-vlm", is_miniature=True, settings=AdaptVisSettings(task=task, alpha2=1.0), **parts)


SENTENCE = Item(number=0, relation="on", right="on", confidence=nan, answers=("On the table",), adaptvis="On the table", group="a")
LOG = evaluated(alphas=(1.0,), curves=(), beta=None, beta_curve=(), auroc_per_layer=(), scores=(score("greedy", 0.5, None),),
                items=(SENTENCE,))


def test_every_method_has_its_own_colour_and_name():
    assert GAZE_COLOURS.keys() == GAZE_NAMES.keys()
    assert len(set(GAZE_COLOURS.values())) == len(GAZE_COLOURS)


def test_share_of_the_image_adds_up_to_all_of_it_and_absolute_to_its_mass():
    maps = looked().at[2].maps

    assert gaze.attention(maps, None, is_share=True).sum() == pytest.approx(100)
    assert gaze.attention(maps, 1, is_share=False).sum() == pytest.approx(40)


def test_layers_count_alike_in_the_mean_of_shares():
    maps = np.array([[0.8, 0.0], [0.0, 0.1]])

    assert gaze.attention(maps, None, is_share=True) == pytest.approx([50, 50])
    assert gaze.attention(maps, None, is_share=False) == pytest.approx([40, 5])


def test_layer_that_ignores_the_image_divides_by_nothing():
    assert gaze.attention(np.zeros((1, 3)), 0, is_share=True) == pytest.approx([0, 0, 0])


def test_equal_tokens_keep_their_values_in_the_grid():
    z, x, y = gaze.bricks(np.array([1.0, 2.0, 3.0, 4.0]), QUARTERS)

    assert z.tolist() == [[1, 2], [3, 4]]
    assert x.tolist() == y.tolist() == [0, 0.5, 1]


def test_overlapping_tokens_add_up_each_by_its_density():
    boxes = np.vstack([[0, 0, 1, 1], QUARTERS])  # the whole picture, then its quarters; the mean area is 0.4
    z, _, _ = gaze.bricks(np.array([5.0, 1.0, 0.0, 0.0, 0.0]), boxes)

    assert z == pytest.approx(np.array([[5 * 0.4 + 1 * 1.6, 2.0], [2.0, 2.0]]))


def test_what_no_token_covers_is_not_drawn_and_a_token_without_a_place_is_left_out():
    boxes = np.array([[0.2, 0, 0.6, 1], [0.8, 0, 1, 1], [nan, nan, nan, nan]])
    z, x, _ = gaze.bricks(np.array([1.0, 1.0, 9.0]), boxes)

    assert x.tolist() == [0.2, 0.6, 0.8, 1]
    assert np.isnan(z[0, 1]) and np.nansum(z) < 9


def test_both_maps_of_a_pair_share_one_scale_that_is_named():
    first, second = gaze.pair(looked(), looked().at[2], looked().at[3], layer=None, is_share=True, titles=("a", "b"))

    assert first.data[0].zmax == second.data[0].zmax == pytest.approx(100 * 16 / 30)
    assert gaze.SHARE in first.layout.title.subtitle.text


def test_gaze_lies_over_the_picture_with_the_true_boxes():
    drawn = gaze.gaze(looked(), np.array([1.0, 2.0, 3.0, 4.0]), title="x")

    assert drawn.layout.images[0].source.startswith("data:image/jpeg;base64,")
    assert [note.text for note in drawn.layout.annotations] == ["cup", "book"]
    assert list(drawn.data[0].x) == [0, 40, 80]


def test_model_whose_tokens_have_no_known_place_is_drawn_in_reading_order():
    drawn = gaze.gaze(looked(token_boxes=None), np.array([1.0, 2.0, 3.0, 4.0]), title="x")

    assert drawn.data[0].type == "bar" and "not known" in drawn.layout.xaxis.title.text
    assert gaze.heads(looked(token_boxes=None), None) is None
    assert gaze.overlay(looked(token_boxes=None), np.ones(4)).shape == (60, 80, 3)


def test_overlay_is_brightest_where_it_looks_most():
    picture = gaze.overlay(looked(), np.array([10.0, 0.0, 0.0, 0.0])).astype(int)

    assert picture[:30, :40].mean() > picture[30:, 40:].mean()
    assert Image.open(io.BytesIO(gaze.png(looked(), np.ones(4)))).size == (80, 60)


def test_few_heads_are_all_drawn_and_many_of_one_layer_only():
    many = looked(head_maps=np.ones((2, 40, 4)), num_heads=40)

    assert len(gaze.heads(looked(), None).layout.annotations) == 6
    assert len(gaze.heads(many, 1).layout.annotations) == 40
    assert "layer 1" in gaze.heads(many, 1).layout.title.text
    assert gaze.heads(looked(head_maps=None), None) is None


def test_right_answer_is_green_and_the_wrong_one_of_the_plain_model_orange():
    assert figures.option_colours(looked()) == [POPULAR_COLOUR, OTHER_COLOUR, RIGHT_COLOUR, OTHER_COLOUR]


def test_bars_are_the_probabilities_before_and_after():
    before, after = figures.option_bars(looked(), looked().at[1]).data[:2]

    assert before.x == pytest.approx([80, 20 / 3, 20 / 3, 20 / 3])
    assert before.text is None and after.text[2] == "70"
    assert after.x == pytest.approx([10, 10, 70, 10])


def test_bars_at_alpha_1_are_drawn_and_named_once():
    base = next(at for at in looked().at if at.alpha == 1)

    bars = figures.option_bars(looked(), base).data

    assert [bar.name for bar in bars if bar.showlegend is not False and bar.name != "correct"] == ["alpha 1"]
    assert sum(bar.x[0] is not None for bar in bars) == 1


@pytest.mark.parametrize(("beta", "alpha", "is_unsure"), [(0.8, 2.0, False), (0.81, 0.5, True)], ids=["at beta", "below beta"])
def test_branch_is_taken_strictly_below_beta(beta, alpha, is_unsure):
    branch = figures.branch_for(looked(), alpha1=0.5, alpha2=2.0, beta=beta, rounds=False)

    assert (branch.alpha, branch.is_unsure) == (alpha, is_unsure)


def test_rounded_confidence_may_take_the_other_branch():
    close = looked(at=(at(0.5, "on", 0.7), at(1.0, "left", 0.896), at(2.0, "left", 0.9)))

    assert figures.branch_for(close, alpha1=0.5, alpha2=2.0, beta=0.9, rounds=False).is_unsure
    assert not figures.branch_for(close, alpha1=0.5, alpha2=2.0, beta=0.9, rounds=True).is_unsure


def test_branch_is_said_with_both_numbers_and_what_was_done():
    sure = looked().branch.model_copy(update={"confidence": 0.9004, "is_unsure": False, "alpha": 1.5})
    said, said_sure = figures.branch_words(looked().branch), figures.branch_words(sure)

    assert said == "Confidence 0.80 is below beta 0.9: unsure, so the gaze is smoothed with alpha 0.5."
    assert said_sure == "Confidence 0.9004 is not below beta 0.9: sure, so the gaze is sharpened with alpha 1.5."


@pytest.mark.parametrize(("before", "after", "said"), [
    (False, True, "mended"), (True, False, "broken"), (True, True, "correct either way"), (False, False, "wrong either way"),
    (None, True, "")])
def test_change_has_a_name(before, after, said):
    assert figures.verdict(before, after) == said


def test_alpha_zero_stands_left_of_the_smallest_and_one_in_the_middle_of_halves():
    zero, half, one, two = axis.places(ALPHAS, ALPHAS)

    assert zero < half and one == 0 and half == -two


HOSTILE = '<a href="x">$a$ %{evil} &lt;'


def hostile(part):
    """The same with text of strangers wherever there is text."""
    told = {name: HOSTILE for name, value in part if isinstance(value, str)}
    return part.model_copy(update=told)


def test_text_of_models_and_files_is_no_markup_and_no_template_in_any_chart():
    options = tuple(f"{number}{HOSTILE}" for number in range(4))
    gazed = looked(options=options, right=options[2], question=HOSTILE, at=tuple(map(hostile, looked().at)),
                   true_boxes=((HOSTILE, 0.1, 0.1, 0.4, 0.4),), others=(OtherMap(name="rollout", what=HOSTILE, map=np.ones(4)),))
    curves = tuple(hostile(curve) for curve in evaluated().curves)
    scores = tuple(hostile(one).model_copy(update={"per_relation": ((HOSTILE, 0.5, 4),)}) for one in evaluated().scores[:1])
    asked = evaluated(curves=curves, scores=(*scores, *evaluated().scores), items=tuple(map(hostile, ITEMS)))

    drawn = [*figures.figures(result(looked=gazed)).values(), *figures.figures(result(evaluated=asked)).values(),
             gaze.other(gazed, gazed.others[0]), figures.variants([(HOSTILE, gazed)])]

    for chart in drawn:
        text = chart.to_json().replace("\\u003c", "<").replace("\\u003e", ">")
        assert "<a " not in text and "$a$" not in text and "%{evil}" not in text


def test_options_that_begin_alike_keep_a_bar_each():
    options = ("in front of the cup", "in front of the book", "on", "under")

    bars = figures.option_bars(looked(options=options), looked().at[1]).data[0]

    assert list(bars.y) == [0, 1, 2, 3] and list(bars.customdata) == list(options)


def test_an_alpha_that_is_as_good_as_0_stands_with_it_and_leaves_the_others_their_room():
    alphas = (0.0, 1e-300, 0.5, 1.0, 2.0)

    nothing, tiny, *others = axis.places(alphas, alphas)

    assert nothing == tiny == pytest.approx(-1.8) and others == [-1, 0, 1]


def test_masses_of_a_layer_add_up_to_all_attention():
    bars = figures.masses(looked(), looked().at[1]).data

    assert sum(bar.y[0] for bar in bars[:3]) == pytest.approx(100)


def test_ways_of_scaling_follow_the_right_answer():
    drawn = figures.variants([("multiply", looked()), ("shape", looked())])

    assert drawn.data[0].y == pytest.approx([20, 70, 20 / 3, 10 / 3])
    assert drawn.data[1].y == pytest.approx([40, 40, 40, 40])


def test_unknown_truth_leaves_out_what_needs_it():
    entries = tuple(entry.model_copy(update={"is_right": None, "reads": entry.reads.model_copy(update={"box_auroc": None})})
                    for entry in looked().at)
    blind = looked(right=None, true_boxes=(), at=entries)

    assert figures.box_overlap(blind, blind.at[1]) is None
    assert RIGHT_COLOUR not in figures.option_colours(blind)
    assert "box overlap" not in figures.figures(result(looked=blind))


def test_headline_states_the_interval_the_rival_and_the_reweighted_row():
    said = " ".join(headline(evaluated()))

    assert "mends 2 wrong answers and breaks 1" in said and "37.5 % become 62.5 %" in said
    assert "95 % interval [+20.0, +30.0]" in said and "at least as much" in said
    assert "-10.0 points, 95 % interval [-15.0, -5.0]" in said


@pytest.mark.parametrize(("change", "said"), [(0.0, "includes 0"), (-0.2, "does harm"), (0.2, "above 0")])
def test_headline_says_what_the_interval_says(change, said):
    scores = (score("greedy", 0.5, None), score("adaptvis", 0.5 + change, change))

    assert said in headline(evaluated(scores=scores))[0]


def test_adaptvis_is_called_better_than_the_prior_only_beyond_its_interval():
    def with_bias(change: float) -> str:
        scores = (score("greedy", 0.4, None), score("adaptvis", 0.6, 0.2), score("bias", 0.4 + change, change))
        return headline(evaluated(scores=scores))[-1]

    assert "not only a shift" in with_bias(0.05)
    assert "intervals overlap" in with_bias(0.15)


def test_replay_counts_what_other_settings_would_have_given():
    found = gain.replay(evaluated(), alpha1=0.5, alpha2=1.0, beta=0.9)  # by hand: 0, 1, 2, 3, 6 are right, 4 breaks

    assert found.accuracy == pytest.approx(62.5)
    assert (found.difference.mended, found.difference.broken) == (3, 1)
    assert found.unsure == pytest.approx(50)


def test_beta_zero_is_alpha2_for_all_and_above_one_alpha1():
    right = gain.hits(evaluated()).mean(0)

    assert gain.replay(evaluated(), alpha1=0.5, alpha2=2.0, beta=0).accuracy == pytest.approx(100 * right[3])
    assert gain.replay(evaluated(), alpha1=0.5, alpha2=2.0, beta=1.01).accuracy == pytest.approx(100 * right[1])


def test_same_settings_as_before_change_nothing():
    assert gain.replay(evaluated(), alpha1=1.0, alpha2=1.0, beta=0.5).difference == gain.Difference(0, 0, 0, 0, 0)


def test_sliders_begin_at_what_the_run_chose():
    assert gain.chosen(evaluated(), AdaptVisSettings()) == {"alpha1": 0.5, "alpha2": 1.0, "beta": 0.9}


def test_beta_curve_agrees_with_its_replay():
    curve = sets.beta_curve(evaluated(), alpha1=0.5, alpha2=1.0, beta=0.9).data[1]

    assert curve.y[list(curve.x).index(0.9)] == pytest.approx(62.5)


def test_answers_to_a_relation_add_up_at_every_alpha():
    bars = [bar for bar in sets.answers(evaluated()).data if bar.xaxis in (None, "x")]

    assert np.sum([bar.y for bar in bars], axis=0) == pytest.approx([100] * 4)


def test_confidence_that_ranks_all_right_answers_first_has_an_area_of_one():
    assert sets.auroc(np.array([0.9, 0.8, 0.1]), np.array([True, True, False])) == 1
    assert sets.auroc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5
    assert sets.auroc(np.array([0.5]), np.array([True])) is None


def test_layers_without_boxes_have_no_chart():
    assert sets.auroc_per_layer(evaluated(auroc_per_layer=((0, nan, nan),))) is None
    assert sets.auroc_per_layer(evaluated(auroc_per_layer=())) is None


def test_curves_are_either_halves_or_relations():
    assert [curve.name for curve in sets.curves_of(evaluated(), "halves")] == ["all", "unsure half", "sure half"]
    assert [curve.name for curve in sets.curves_of(evaluated(), "relations")] == list(WORDS)


def test_training_shares_are_said_of_drawn_scenes_only():
    assert sets.training_shares(evaluated())["under"] == 0.02
    assert sets.training_shares(evaluated(data="VSR")) == {}


def test_file_of_answers_has_bars_and_tables_and_no_curves():
    charts = sets.charts(LOG)

    assert "methods" in charts and not charts.keys() & {"answers", "confidence", "halves"}
    assert len(sets.items_table(LOG)) == 1 and not gain.can_replay(LOG)
    assert headline(LOG) == []


def test_tables_can_be_written_and_hold_every_row():
    yes_no = (("greedy", YesNo(accuracy=0.6, f1_official=0.5, f1_yes=0.4, f1_macro=0.3, balanced_accuracy=0.2)),)

    assert len(figures.alphas_table(looked())) == 4 and len(figures.layers_table(looked())) == 8
    assert len(sets.results_table(evaluated())) == 6 and len(sets.items_table(evaluated())) == 8
    assert sets.yes_no_table(evaluated(yes_no=yes_no)).iloc[0].tolist()[1:] == [60, 50, 40, 30, 20]


def test_a_set_without_pairs_has_no_column_of_them():
    """A relation called "on" beside one called "under" is no pair on VSR."""
    bare = {"pair": None, "complete": None, "official_pair": None, "official_set": None}
    vsr = evaluated(scores=tuple(row.model_copy(update=bare) for row in evaluated().scores))

    assert sets.has_sets(evaluated()) and "pair %" in sets.results_table(evaluated())
    assert not sets.has_sets(vsr) and not [name for name in sets.results_table(vsr) if "pair" in name or "set %" in name]


def test_papers_table_is_whole_and_this_run_stands_below():
    table = sets.paper_table(result(evaluated=evaluated()))

    assert len(table) == len(paper.MAIN) + 6
    assert table.iloc[4].tolist()[2:10] == ["84.9", "83.8", "53.6", "59.9", "42.7", "48.1", "65.0", "62.5"]
    assert table["this run"].iloc[len(paper.MAIN)] == "37.5 [27.5, 47.5]"
    assert len(sets.defaults_table()) == 7


@pytest.mark.parametrize("made", [result(looked=looked()), result(evaluated=evaluated()), result(evaluated=LOG)],
                         ids=["look", "evaluate", "log"])
def test_every_task_has_charts_and_leaves_its_result_as_it_was(made):
    before = save_result(made)
    charts = figures.figures(made)

    assert 1 <= len(charts) <= 8
    assert all(chart.data and chart.layout.height for chart in charts.values())
    assert save_result(made) == before


def test_live_events_are_drawn_and_others_are_not():
    assert figures.live(looked()) and figures.live(evaluated())
    assert figures.live("something else") is None


def test_pictures_are_both_gazes_with_their_answers():
    captions = [caption for _, caption in figures.pictures(result(looked=looked()))]

    assert captions == ["alpha 1: left", "alpha 0.5: on"]
    assert figures.pictures(result(evaluated=evaluated())) == []


def test_other_ways_of_looking_are_drawn_in_shares_of_their_maximum():
    drawn = gaze.other(looked(), OtherMap(name="rollout", what="Attention through the layers.", map=np.array([0.2, 0.1, 0.0, 0.0])))

    assert np.nanmax(drawn.data[0].z) == pytest.approx(100)


def test_cover_is_a_picture_that_is_large_enough_to_see():
    picture = figures.cover(result(looked=looked()))

    assert picture.shape == (540, 960, 3) and picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5


def test_dump_without_options_is_drawn_without_answers():
    entries = tuple(entry.model_copy(update={"probabilities": (), "text": "", "confidence": nan, "is_right": None})
                    for entry in looked().at)
    drawn = figures.figures(result(looked=looked(options=(), right=None, at=entries, question="")))

    assert {"gaze as it is", "gaze turned", "masses", "sharpness"} <= drawn.keys()
    assert not {"options", "every alpha"} & drawn.keys()


def many_relations(count: int) -> Evaluated:
    names = [f"relation {number}" for number in range(count)]
    items = tuple(item(number, names[number % count], (names[number % count],) * 4, 0.5) for number in range(count * 2 + 1))
    curves = tuple(Curve(name=name, alphas=ALPHAS, accuracy=(0.5,) * 4, low=(0.4,) * 4, high=(0.6,) * 4) for name in ("all", *names))
    counted = tuple((name, 0.5, 2) for name in names)
    scores = tuple(score(method, 0.5, 0.0).model_copy(update={"per_relation": counted}) for method in ("greedy", "adaptvis"))
    return evaluated(items=items, curves=curves, scores=scores, num_test=len(items))


def test_of_seventy_relations_the_most_frequent_are_drawn_and_the_title_says_so():
    whole = many_relations(70)
    drawn = sets.charts(whole)

    assert "12 most frequent of 70" in drawn["answers"].layout.title.subtitle.text
    assert len(drawn["answers"].data) == 12 * 13  # twelve words and "other"
    assert "8 most frequent of 70" in drawn["relations"].layout.title.subtitle.text
    assert "true: relation 0" in [note.text for note in drawn["answers"].layout.annotations]  # there is one more of it
    assert "most frequent" not in sets.charts(many_relations(12))["answers"].layout.title.subtitle.text


def test_shares_of_answers_are_of_their_relation_and_add_up():
    figure = sets.answers(evaluated())
    left = [trace for trace in figure.data if trace.xaxis == "x" and trace.yaxis == "y"]

    assert sum(np.array(trace.y) for trace in left) == pytest.approx([100] * 4)
    assert {trace.name: trace.y[2] for trace in left}["left"] == 100  # as it is, both of its items are answered with left


@pytest.mark.parametrize("seed", range(3))
def test_auroc_is_the_share_of_pairs_in_which_the_positive_is_larger(seed):
    generator = np.random.default_rng(seed)
    scores, is_positive = generator.integers(0, 5, 40) / 4, generator.random(40) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[is_positive] for b in scores[~is_positive]]

    assert sets.auroc(scores, is_positive) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("setting", ["alpha1 1.2.3, alpha2 ..., beta 0.9", "alpha1 , alpha2 .", "<b>"])
def test_setting_that_is_no_number_falls_back_to_the_nearest_alphas(setting):
    scores = (score("greedy", 0.5, None), score("adaptvis", 0.6, 0.1).model_copy(update={"setting": setting}))

    assert gain.chosen(evaluated(scores=scores), AdaptVisSettings())["alpha2"] in ALPHAS
    assert "<b>" not in str(sets.methods(evaluated(scores=scores)).data[0].customdata)
