"""The figures of grafting are pure functions of a result; here every result is written by hand."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from backends.grafting import paper
from backends.grafting.choices import layers_of
from backends.grafting.measured import Measured, Row
from backends.grafting.results import GraftingResult
from models.diffusion.choices import OPERATOR_NAMES
from tests.visualizers.grafting import made
from visualizers.covers import HEIGHT_PX, WIDTH_PX
from visualizers.grafting import costs, cover, figures, files, healing, layers, locality, notice, ranking, speed, strips, tables
from visualizers.grafting.methods import OPERATOR_STYLES, STATE_COLOURS, STATE_NAMES


def test_every_operator_has_a_colour_and_a_mark_of_its_own():
    assert OPERATOR_STYLES.keys() == OPERATOR_NAMES.keys()
    assert len({colour for colour, _ in OPERATOR_STYLES.values()}) == len({mark for _, mark in OPERATOR_STYLES.values()}) == len(
        OPERATOR_STYLES)


def test_no_operator_has_the_colour_of_a_state():
    assert STATE_COLOURS.keys() == STATE_NAMES.keys()
    assert not {colour for colour, _ in OPERATOR_STYLES.values()} & set(STATE_COLOURS.values())


def test_pictures_are_enlarged_without_smoothing():
    pictures = made.painted(8)

    shown = strips.strip(pictures)

    side = strips.SHOWN_PX
    assert shown.shape == (2 * side + strips.GAP_PX, 4 * side + 3 * strips.GAP_PX, 3)
    assert np.array_equal(shown[:side:4, :side:4], pictures[0])
    assert np.array_equal(shown[-side::4, -side::4], pictures[7])
    assert {tuple(colour) for colour in shown[:side, :side].reshape(-1, 3)} == {
        tuple(colour) for colour in pictures[0].reshape(-1, 3)}


@pytest.mark.parametrize(("number", "columns", "rows"), [(1, 1, 1), (3, 3, 1), (5, 4, 2), (16, 4, 4), (17, 8, 3), (40, 8, 5)])
def test_rows_have_four_pictures_and_eight_where_there_are_many(number, columns, rows):
    shown = strips.strip(np.zeros((number, 32, 32, 3), np.uint8))

    assert shown.shape[:2] == tuple(count * (strips.SHOWN_PX + strips.GAP_PX) - strips.GAP_PX for count in (rows, columns))


@pytest.mark.parametrize("number", [1, 3, 8, 11])
def test_a_step_of_the_denoising_has_as_many_pictures_in_the_same_order(number):
    state = made.state("original", number)
    clean = state.model_copy(update={"path": (state.path[0].model_copy(update={"clean_jpeg": made.sheet(state.pictures)}),)})

    shown = strips.at_step(clean, 0)

    assert shown.shape == state.pictures.shape
    assert np.abs(shown.astype(int) - state.pictures).mean() < 4  # a JPEG of the same
    assert strips.at_step(clean, 7) is not None and strips.at_step(state, None) is state.pictures


def test_state_without_a_path_shows_its_pictures_at_every_step():
    state = made.state("stage 1", path=())

    assert strips.at_step(state, 1) is state.pictures


def test_diagram_marks_the_replaced_part_of_the_replaced_layers():
    attention = layers.blocks("swa", (1, 3), 4).data[0]
    mlp = layers.blocks("mlp-3", (0,), 4).data[0]

    assert list(attention.y) == list(mlp.y) == ["MLP", "attention"]
    assert [list(row) for row in attention.z] == [[0, 0, 0, 0], [0, 1, 0, 1]]
    assert [list(row) for row in mlp.z] == [[1, 0, 0, 0], [0, 0, 0, 0]]


def test_two_blocks_side_by_side_are_drawn_as_one():
    drawn = layers.blocks("pairs", (2, 3, 6, 7), 9)

    assert [list(row) for row in drawn.data[0].z] == 2 * [[0, 0, 1, 1, 0, 0, 1, 1, 0]]
    assert [(shape.x0, shape.x1) for shape in drawn.layout.shapes] == [(2, 3), (2, 3), (6, 7), (6, 7)]
    assert "2 and 3, 6 and 7" in drawn.layout.meta["alt"]
    assert "side by side with layer 2" in drawn.data[0].customdata[0][3]


def test_a_pair_is_named_by_both_of_its_blocks():
    grafted = made.pairs()
    bars = healing.bars(grafted)

    assert list(bars.data[0].x) == ["0+1", "2+3", "4+5", "6+7"]
    assert list(bars.data[0].y) == pytest.approx([0.01, 0.03, 0.05, 0.07])
    assert "what the two blocks add" in bars.layout.title.subtitle.text
    assert [curve.name for curve in healing.curves(grafted).data] == ["pair 0+1", "pair 2+3", "pair 4+5", "pair 6+7"]
    assert tables.healed_table(grafted)["layer"].tolist()[:3] == ["0+1"] * 3


def test_notice_says_how_deep_a_model_of_pairs_is():
    said = " ".join(notice.sentences(made.pairs()))

    assert "8 of 8 blocks stand side by side, two and two: where 8 followed one another, 4 do now" in said
    assert "of the variance of what two blocks add" in said and "pair 6+7 is the hardest (0.070)" in said


def test_depth_to_width_stands_beside_the_papers_other_models():
    table = tables.paper_wide(made.result(grafted=made.pairs()))

    assert table["FID"].tolist() == ["", *(f"{row.fid:.2f}" for row in paper.WIDE)]
    assert (table.iloc[0]["depth"], table.iloc[0]["parameters"], table.iloc[0]["held-out error here"]) == ("4", "1.48 M", "0.0540")
    assert sorted(row.fid for row in paper.WIDE) == [row.fid for row in paper.WIDE]
    assert len(tables.paper_wide(made.result(grafted=made.grafted()))) == len(paper.WIDE)


def test_a_gpu_is_named_where_it_was_timed():
    on_gpu = made.speed(device="cuda", threads=8, pairs=((64, 1.0, 1.1, None),))

    assert "a GPU in float32, one sample" in speed.lines(on_gpu).layout.title.subtitle.text
    assert "On this machine with a GPU in float32, at 64 tokens" in speed.pairs_said(on_gpu)
    assert "here they were not asked to be" in speed.pairs_said(on_gpu) and "thread" not in speed.pairs_said(on_gpu)
    assert set(speed.table(on_gpu)["device"]) == {"cuda"}


def test_what_side_by_side_gains_is_said_with_the_threads():
    one = made.speed(pairs=((64, 1.0, 1.1, None), (1024, 20.0, 21.0, None)))
    two = made.speed(threads=2, pairs=((64, 1.0, 1.1, 0.75),))

    assert "with 1 thread, at 64 tokens two blocks take 1 ms one after the other, 1.1 ms side by side" in speed.pairs_said(one)
    assert "at 1,024 tokens" in speed.pairs_said(one) and "one thread does not" in speed.pairs_said(one)
    assert "0.75 ms when both are computed at once" in speed.pairs_said(two) and speed.pairs_said(made.speed()) == ""
    assert "side by side, at once" not in speed.pairs_shown(one) and len(speed.pairs_shown(two)) == 1
    assert speed.pairs_table(two)["times as fast at once"].tolist() == pytest.approx([1 / 0.75])


def test_layer_that_has_not_learned_yet_stands_at_the_mean():
    begun = made.grafted("original", "swapped", "stage 1")
    begun = begun.model_copy(update={"healed": begun.healed[:1]})

    bars = healing.bars(begun).data[0]

    assert list(bars.x) == ["1", "3", "5", "7"] and list(bars.y) == pytest.approx([0.12, 1, 1, 1])
    assert len(set(bars.marker.color)) == 2 and list(bars.text) == ["0.12", "", "", ""]


def test_curves_are_named_by_their_layers_and_many_by_shade_alone():
    few, many = (healing.curves(made.grafted(layers=tuple(range(count)), num_layers=28)) for count in (8, 28))

    assert [curve.name for curve in few.data] == [f"layer {layer}" for layer in range(8)] and few.layout.showlegend
    assert len({curve.line.color for curve in many.data}) == 28 and not many.layout.showlegend


def test_states_are_ranked_by_their_held_out_error():
    bars = healing.held_out(made.grafted()).data[0]

    assert list(bars.x) == list(made.ERRORS.values())
    assert list(bars.marker.color) == [STATE_COLOURS[name] for name in made.ERRORS]


def test_changes_are_in_per_cent_of_what_was_there():
    grafted = made.grafted()
    shares = {what: share for what, _, _, share in costs.changes(grafted.before, grafted.after)}

    assert shares["mixing FLOPs of the replaced operators"] == pytest.approx(-99.22, abs=0.01)
    assert shares["parameters of the replaced operators"] == pytest.approx(100 * (154_752 / 148_992 - 1))
    assert costs.change(0, 5) is None
    assert "–" in costs.table(made.MLPS, made.WIDER)["change"].tolist()
    assert "mixing FLOPs of the replaced operators" not in list(costs.bars(made.grafted(before=made.MLPS, after=made.WIDER)).data[0]
                                                               .customdata)


def test_states_table_says_how_pictures_were_painted_beside_what_they_were_judged():
    row = tables.states_table(made.grafted(judged=300)).iloc[-1]

    assert (row["held-out error"], row["against the original"], row["n"], row["floor"]) == ("0.0540", "+20.0 %", "300", "0.50")
    assert row["painted by"] == "ddim, 20 steps, guidance 1"
    assert tables.states_table(made.grafted(judged=10)).iloc[0]["proxy-FD"] == "too few"
    assert not set(tables.JUDGED) & set(tables.states_table(made.grafted()))  # nothing was judged


def test_healing_table_has_a_row_per_layer_and_check():
    table = tables.healed_table(made.grafted())

    assert len(table) == 4 * 3 + 3
    assert table[table["stage"] == 2]["mean squared error"].tolist() == [0.08, 0.07, 0.065]


def test_own_numbers_have_columns_of_their_own_beside_the_papers():
    table = tables.paper_grafts(made.result(grafted=made.grafted(judged=300)))

    own, of_paper = table.iloc[0], table.iloc[1:]
    assert own["FID"] == own["IS"] == "" and own["held-out error here"] == "0.0540"
    assert own["mixing FLOPs"] == "-49.61 %" and own["replaced"] == "50 %"
    assert set(of_paper["held-out error here"]) == {""} and len(of_paper) == len(paper.GRAFTS)
    assert len(tables.paper_grafts(made.result(speed=made.speed()))) == len(paper.GRAFTS)


def test_papers_half_is_half_of_a_whole_operator():
    halves = {row.operator: row for row in paper.GRAFTS if row.ratio == 50}
    wholes = {row.operator: row for row in paper.GRAFTS if row.ratio == 100}

    for name, row in halves.items():
        if row.mixing is not None and wholes[name].mixing is not None:
            assert row.mixing == pytest.approx(wholes[name].mixing / 2, abs=0.02)


def test_near_attention_stands_beside_what_even_attention_has():
    bars, heads, even = locality.shares(made.locality()).data

    assert len(bars.y) == 8 and len(heads.y) == 8 * 6
    assert list(even.y) == pytest.approx([24.8, 24.8])
    assert "layer 3 26 %" in locality.shares(made.locality()).layout.meta["alt"]


def test_map_of_a_head_is_in_per_cent_of_the_largest_of_its_row():
    found = made.locality()

    one = locality.attention(found, layer=2, head=4, time=1).data[0].z
    mean = locality.attention(found, layer=2, head=None, time=1).data[0].z

    assert one == pytest.approx(found.maps[1, 2, 4] / 2.55)
    assert mean == pytest.approx(found.maps[1, 2].mean(0) / 2.55)


def test_row_of_a_token_lies_on_the_grid_of_the_picture():
    found = made.locality()

    grid = locality.from_token(found, layer=0, head=0, time=0, token=11).data[0].z

    assert grid.shape == (8, 8) and grid[1, 3] == 100  # token 11 looks at itself most


def test_patterns_are_drawn_in_their_order():
    rows = locality.picked(made.locality()).data[0]

    assert list(rows.y) == ["low-local", "top-local", "deep", "interleaved"]
    assert list(rows.z[-1]) == [0, 1, 0, 1, 0, 1, 0, 1] and layers_of("interleaved", 8) == (1, 3, 5, 7)


def test_lines_are_logarithmic_and_one_for_each_operator():
    figure = speed.lines(made.speed())

    assert figure.data[0].name == "full attention" and len(figure.data) == len(made.TIMES)
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_operator_is_faster_from_where_on_it_always_was():
    assert speed.faster_from(made.speed(), "hyena-x") == 256
    assert speed.faster_from(made.speed(), "mamba-2") == 4096
    assert speed.faster_from(made.speed({"mha": (1, 1, 1, 1), "swa": (0.5, 2, 0.5, 0.5)}), "swa") == 1024
    assert speed.faster_from(made.speed({"mha": (1, 1, 1, 1), "swa": (2, 2, 2, 2)}), "swa") is None


def test_crossover_is_said_in_words():
    said = speed.crossover(made.speed())

    assert "Hyena-X is faster from 256 tokens on; at 4,096 it is 20 times as fast." in said
    assert len(said) == len(made.TIMES) - 1  # full attention is not held against itself
    assert "is not faster" in speed.crossover(made.speed({"mha": (1, 1, 1, 1), "swa": (2, 2, 2, 2)}))[0]


def test_at_the_miniatures_own_size_nobody_would_notice():
    assert "no graft is faster in a way that a person would notice" in speed.at_this_size(made.speed(), 64)
    assert "every replacement takes longer" in speed.at_this_size(made.speed({"mha": (1,), "swa": (2,)}), 64)
    assert "4.0 times as fast" in speed.at_this_size(made.speed({"mha": (1,), "swa": (0.25,)}), 64)
    assert speed.at_this_size(made.speed(), 65) == ""


def test_notice_goes_by_the_runs_own_numbers():
    said = " ".join(notice.sentences(made.grafted(judged=300)))

    assert "4 of 8 layers have Hyena-X" in said and "+256 % before healing" in said
    assert "layer 7 is the hardest (0.240)" in said and "At n = 300" in said
    assert "0.240" not in " ".join(notice.sentences(made.grafted("original", "swapped")))


def test_notice_says_what_the_classifier_does_not_see():
    mosaic = made.grafted(states=(made.state("original", judged=2000), made.state("stage 2", judged=2000, held_out=0.08)))

    assert "recognises 98 % of the pictures, although the held-out error is 78 % above" in " ".join(notice.sentences(mosaic))


def test_npz_is_what_the_evaluator_reads():
    state = made.state("stage 2")

    read = np.load(io.BytesIO(files.npz(state)))

    assert read.files == ["arr_0"] and read["arr_0"].dtype == np.uint8
    assert np.array_equal(read["arr_0"], state.pictures)


def test_single_pictures_are_numbered_in_the_order_of_the_npz():
    state = made.state("stage 2", 11)

    with zipfile.ZipFile(io.BytesIO(files.pngs(state))) as packed:
        assert packed.namelist() == [f"{number:06}.png" for number in range(11)]
        read = [np.asarray(Image.open(packed.open(name))) for name in packed.namelist()]
    assert np.array_equal(read, np.load(io.BytesIO(files.npz(state)))["arr_0"])


def test_gif_goes_through_every_step_and_ends_with_the_pictures():
    gif = Image.open(io.BytesIO(files.gif(made.grafted())))

    assert gif.n_frames == made.STEPS + 1
    assert gif.width == 4 * files.FRAME_PX + 3 * strips.GAP_PX
    assert Image.open(io.BytesIO(files.png(made.grafted()))).width == 4 * strips.SHOWN_PX + 3 * strips.GAP_PX


def test_live_draws_what_is_known_and_nothing_else():
    assert list(figures.live(made.grafted("original"))) == ["layers", "held-out error"]
    assert "stage 2" in figures.live(made.grafted())
    assert list(figures.live(made.speed())) == ["speed"] and figures.live("other") is None


def test_pictures_are_one_for_each_state_with_its_name():
    shown = figures.pictures(made.result(grafted=made.grafted()))

    assert [caption.partition(" · ")[0] for _, caption in shown] == list(STATE_NAMES.values())
    assert len(figures.pictures(made.grafted("original"))) == 1 and figures.pictures(made.locality()) == []


@pytest.mark.parametrize("result", [made.result(grafted=made.grafted("original", number=1)), made.result(speed=made.speed())],
                         ids=["one picture", "nothing painted"])
def test_cover_has_the_gallerys_shape(result: GraftingResult):
    assert cover.cover(result).shape == (HEIGHT_PX, WIDTH_PX, 3)


def row(graft: str, state: str, held_out: float, seed: int = 0) -> Row:
    operator, pattern, otherwise, *_ = (*graft.split(", "), "", "")
    numbers = (0.99, 5.0) if seed == 0 else (None, None)
    return Row(graft, operator if pattern else "", pattern, state, held_out, *numbers, 0.2 if pattern else None, 1.0, seed, otherwise)


MEASURED = Measured((
    row("original", "original", 0.040), row("control", "stage 2", 0.050), row("hyena-x, interleaved", "swapped", 0.2),
    row("hyena-x, interleaved", "stage 2", 0.055), row("mha, interleaved", "stage 2", 0.052),
    row("control", "stage 2", 0.040, 1), row("mha, interleaved", "stage 2", 0.048, 1),
    row("hyena-x, interleaved, stage 1 with L2", "stage 1", 0.07), row("hyena-x, interleaved, stage 1 with L2", "stage 2", 0.056)),
    2000, 0.2, "2026-12-01")


def test_measured_grafts_are_ranked_by_held_out_error_and_held_against_the_control():
    table = tables.measured_table(MEASURED)

    assert table["model"].tolist() == [
        "original", "control: the original, tuned as long", "attention again (self-graft), interleaved", "Hyena-X, interleaved"]
    assert table["against the control, each seed"].tolist() == ["–", "0.0 %, 0.0 %", "+4.0 %, +20.0 %", "+10.0 %"]
    assert table["not healed"].tolist()[-1] == "0.2000"


def test_ranking_goes_by_the_mean_of_the_seeds_and_shows_from_which_to_which():
    (bars,) = ranking.bars(MEASURED).data

    assert bars.y == ("Hyena-X, interleaved", "attention again<br>(self-graft), interleaved")
    assert bars.x == pytest.approx((10, 12)) and bars.error_x.array == pytest.approx((0, 8))


def test_what_is_done_otherwise_stands_beside_the_papers_way():
    table = tables.ablations_table(MEASURED)

    assert table["done"].tolist() == ["as the paper says", "stage 1 with L2"]
    assert table["after both stages"].tolist() == ["0.0550", "0.0560"]
    assert table["proxy-FD after stage 1"].tolist() == ["", "5.0"]


def test_own_patterns_stand_beside_the_papers_where_they_were_measured():
    assert tables.paper_patterns(MEASURED)["held-out error here"].tolist() == ["0.0550", "", "", ""]
    assert list(tables.paper_patterns(None).columns) == ["layers", "FID, the paper's"]
