"""What was brought, drawn: a checkpoint's layers, pictures beside the states, fields that can be clicked, and the film."""

import io

import cv2
import numpy as np
import pytest

from backends.grafting.foreseen import Described
from tests.visualizers.grafting import made
from visualizers.grafting import checkpoint, figures, files, layers, strips, tables
from visualizers.grafting.methods import KEPT_COLOUR, OPERATOR_STYLES

GRAFTS = ((0, "attention", "swa"), (1, "attention", "hyena-x"), (1, "mlp", "mlp-3"))


def test_every_layer_of_a_checkpoint_has_the_colour_of_what_stands_there():
    figure = checkpoint.standing(GRAFTS, 3)
    heatmap, steps = figure.data[0], len(set(colour for _, colour in figure.data[0].colorscale))

    assert list(heatmap.y) == ["MLP", "attention"]
    assert [list(row) for row in heatmap.z] == [[0, 3, 0], [1, 2, 0]]
    assert steps == 4 and heatmap.colorscale[0][1] == KEPT_COLOUR and heatmap.colorscale[-1][1] == OPERATOR_STYLES["mlp-3"][0]
    assert (heatmap.zmin, heatmap.zmax) == (-0.5, 3.5)
    assert heatmap.customdata[1][1] == "layer 1, attention: Hyena-X" and heatmap.customdata[0][0] == "layer 0, MLP: as in DiT"


def test_a_checkpoint_is_said_in_words():
    assert checkpoint.grafted(()) == "No layer of it is grafted."
    assert checkpoint.grafted(((0, "attention", "swa"), (2, "attention", "swa"))) == (
        "It is grafted: sliding window in the place of attention in layers 0, 2.")
    assert checkpoint.sentence("a.pt", Described(96, 6, 64, 8), 1_400_000, "the official layout") == (
        "a.pt, in the official layout: 8 layers, 96 wide, 6 heads, 64 tokens, 1.4 million parameters.")


def test_every_field_that_is_cut_can_be_clicked_and_says_what_it_is():
    figure = layers.clickable(layers.blocks("swa", (1, 3), 4), "swa", 4)
    marks = figure.data[-1]

    assert list(zip(marks.x, marks.y)) == [(layer, "attention") for layer in range(4)]  # an MLP is no place for it
    pairs = layers.clickable(layers.blocks("pairs", (0, 1), 4), "pairs", 4).data[-1]
    assert sorted(zip(pairs.x, pairs.y)) == sorted((layer, place) for layer in range(4) for place in layers.PLACES)
    assert [text for x, y, text in zip(marks.x, marks.y, marks.customdata) if (x, y) == (3, "attention")] == [
        "layer 3, attention: sliding window"]
    assert marks.marker.opacity == marks.selected.marker.opacity == 0 and figure.data[0].hoverinfo == "skip"


def test_own_pictures_are_the_last_line_and_the_last_picture():
    grafted = made.grafted("original", judged=300, samples=made.samples())

    assert tables.states_table(grafted).iloc[-1][["state", "accuracy", "proxy-FD", "n", "floor"]].tolist() == [
        "yours: own.npz", "90 %", "3.4", "70", "2.10"]
    picture, caption = figures.pictures(grafted)[-1]
    assert np.array_equal(picture, strips.strip(made.samples().pictures))
    assert caption == "own.npz: n = 70, accuracy 90 %, proxy-FD 3.4 (floor 2.10)"
    few = made.samples().model_copy(update={"accuracy": None, "proxy_fd": None, "floor": None})
    assert "accuracy not known" in checkpoint.judged(few) and "proxy-FD none, for they are too few" in checkpoint.judged(few)


def test_the_film_goes_through_the_steps_and_ends_on_the_finished_pictures(tmp_path):
    grafted = made.grafted("original", "swapped")
    (tmp_path / "film.mp4").write_bytes(figures.clip(made.result(grafted=grafted)))
    film, frames = cv2.VideoCapture(str(tmp_path / "film.mp4")), []
    while (read := film.read())[0]:
        frames.append(read[1][..., ::-1])

    assert len(frames) == made.STEPS + files.END_MS // files.FRAME_MS
    for frame, step in ((frames[0], 0), (frames[-1], None)):
        sheet = files.sheet(grafted, step)
        height, width = frame.shape[:2]
        assert (height, width) == (sheet.shape[0] // 2 * 2, sheet.shape[1] // 2 * 2)
        assert np.abs(frame.astype(int) - sheet[:height, :width]).mean() < 8


def test_what_painted_nothing_step_by_step_has_no_film():
    assert figures.clip(made.result(speed=made.speed())) is None
    assert figures.clip(made.result(grafted=made.grafted(states=(made.state("original", path=()),)))) is None


@pytest.mark.parametrize("number", [8, 40])
def test_pictures_that_are_given_away_are_whole(number):
    state = made.state("original", number)

    with np.load(io.BytesIO(files.npz(state))) as content:
        assert np.array_equal(content["arr_0"], state.pictures)
