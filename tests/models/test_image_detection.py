"""The image network as a detector: cells, bars, words, examples. Tiny networks of the real class; the real one where it is here."""

import cv2
import numpy as np
import pytest
import torch

from models import kinds
from models.catalogue import find
from models.example_detection import ExampleDetector
from models.image_detection import AlikeDetector, KindsDetector, _cells, _window_means, _windows, trimmed
from models.image_network import ImageNetwork, ImageNetworkConfig
from models.loading import load
from tests.real import needs_image_network
from worlds.errors import InputError

SMALL = ((1, 3, 1, 1, 8), (2, 3, 2, 2, 8), (2, 3, 2, 2, 8), (3, 3, 2, 2, 8), (3, 3, 1, 2, 8), (4, 3, 2, 2, 16), (1, 3, 1, 2, 16))


@pytest.fixture(scope="module")
def network() -> ImageNetwork:
    torch.manual_seed(0)
    return ImageNetwork(ImageNetworkConfig(stages=SMALL, last=32)).eval()


@pytest.fixture(scope="module")
def real_network() -> ImageNetwork:
    return load(find("efficientnet-lite0")).tool.model


def noise(seed: int, size: tuple[int, int] = (90, 160)) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC)


def canvas_of(frames: list[np.ndarray], grid: int, cell: int = 160) -> np.ndarray:
    """Frames of 160 x 90 letterboxed into square cells."""
    canvas = np.zeros((grid * cell, grid * cell, 3), np.uint8)
    for index, frame in enumerate(frames):
        y, x = index // grid * cell + (cell - frame.shape[0]) // 2, index % grid * cell
        canvas[y:y + frame.shape[0], x:x + frame.shape[1]] = frame
    return canvas


def test_bars_are_trimmed_on_two_sides_alike_and_a_dark_scene_stays():
    picture = np.zeros((100, 160, 3), np.uint8)
    picture[20:80] = 120
    dark_below = np.full((100, 160, 3), 120, np.uint8)
    dark_below[60:] = 5

    assert trimmed(picture) == (20, 80, 0, 160)
    assert trimmed(dark_below) == (0, 100, 0, 160)
    assert trimmed(np.zeros((4, 6, 3), np.uint8)) == (0, 4, 0, 6)


def test_cells_lie_where_the_grid_says_without_bars_and_without_flat_ones():
    flat = np.full((90, 160, 3), 90, np.uint8)
    canvas = canvas_of([noise(1), flat, noise(2), noise(3)], 2)

    cells = list(_cells(canvas[None], 2))

    assert [(cell.x1, cell.y1, cell.x2, cell.y2) for cell in cells] == [(0, 35, 160, 125), (0, 195, 160, 285), (160, 195, 320, 285)]


def test_deviation_of_six_is_looked_at_and_less_is_not():
    def cell(deviation: float) -> np.ndarray:
        frame = np.full((90, 160, 3), 100, np.uint8)
        frame[:, ::2] = 100 + round(2 * deviation)
        return frame[None]

    assert len(list(_cells(cell(6.0), 1))) == 1
    assert not list(_cells(cell(5.5), 1))


def test_a_word_scores_its_summed_odds_against_chance(network):
    detector = KindsDetector(network, find("efficientnet-lite0"))
    frames = [noise(seed) for seed in range(4)]
    small = np.stack([cv2.resize(frame, (224, 224), interpolation=cv2.INTER_LINEAR) for frame in frames])
    with torch.inference_mode():
        pixels = (torch.from_numpy(small).permute(0, 3, 1, 2).float() - 127) / 128
        probabilities = network(pixels).softmax(dim=1).double().numpy()

    boxes = detector.detect(canvas_of(frames, 2)[None], ["dog", "cup"], floor=0.0, grid=2)[0]

    assert len(boxes) == 8
    for place in range(4):
        for label, word in enumerate(("dog", "cup")):
            group = list(kinds.kinds_of(word))
            p, chance = probabilities[place, group].sum(), len(group) / 1000
            ratio = (p / (1 - p)) / (chance / (1 - chance))
            box = next(box for box in boxes if box.label == label and (box.x1, box.y1) == (place % 2 * 160, place // 2 * 160 + 35))
            assert box.score == pytest.approx(ratio / (ratio + 100), rel=1e-4)
            assert (box.x2 - box.x1, box.y2 - box.y1) == (160, 90)  # the whole cell, without its bars


def test_a_frame_alone_is_looked_at_twice_and_log_odds_are_averaged(network):
    detector = KindsDetector(network, find("efficientnet-lite0"))
    group = list(kinds.kinds_of("dog"))

    def log_odds(probabilities: np.ndarray) -> float:
        p = float(probabilities[0, group].sum())
        return float(np.log(p / (1 - p)))

    both = (log_odds(detector._named([noise(5)])) + log_odds(detector._by_places([noise(5)]))) / 2
    ratio = np.exp(both - np.log(118 / 882))

    assert detector.detect(noise(5)[None], ["dog"], floor=0.0, grid=1)[0][0].score == pytest.approx(ratio / (ratio + 100), rel=1e-6)


def test_floor_max_boxes_no_names_and_unknown_words(network):
    detector = KindsDetector(network, find("efficientnet-lite0"))
    canvases = np.stack([canvas_of([noise(seed) for seed in range(4)], 2)] * 2)
    everything = detector.detect(canvases, ["dog"], floor=0.0, grid=2)

    assert [len(boxes) for boxes in everything] == [4, 4]
    assert detector.detect(canvases, ["dog"], floor=0.0, max_boxes=2, grid=2)[1] == everything[1][:2]
    assert detector.detect(canvases, ["dog"], floor=1.1, grid=2) == [[], []]
    assert detector.detect(canvases, [], floor=0.0, grid=2) == [[], []]
    assert detector.detect(np.zeros_like(canvases), ["dog"], floor=0.0) == [[], []]
    with pytest.raises(InputError, match="'face' is none"):
        detector.detect(canvases, ["face"], floor=0.0)


def test_the_mean_of_a_window_counts_cut_places_in_part():
    features = np.arange(12.0).reshape(1, 3, 4)

    means = _window_means(features, np.array([[0, 0, 4, 3], [1, 1, 2, 2], [0.5, 0, 1.5, 1], [3.5, 2.5, 4, 3]]))

    assert means[0] == pytest.approx([features.mean(), 5.0, 0.5, 11.0])


def test_windows_have_five_sizes_and_stay_inside():
    windows = _windows((0.5, 0.5), 9, 16)

    assert (windows >= 0).all() and (windows[:, 2] <= 16).all() and (windows[:, 3] <= 9).all()
    assert len({round(float(x2 - x1), 3) for x1, _, x2, _ in windows}) == 5


@pytest.fixture
def marked():
    frame = noise(9, (180, 320))
    cv2.circle(frame, (80, 90), 36, (250, 220, 40), -1)
    cv2.circle(frame, (80, 90), 16, (40, 40, 200), -1)
    box = (40, 50, 120, 130)
    return frame, box


def test_the_marked_frame_itself_scores_highest_in_its_own_box(network, marked):
    frame, box = marked
    film = np.stack([noise(seed, (180, 320)) for seed in range(6)])
    detector = AlikeDetector(network, ExampleDetector(frame[50:130, 40:120], context=frame, box=box), frame, box=box, film=film)
    others = [noise(seed, (180, 320)) for seed in range(20, 23)]

    found = detector.detect(np.stack([frame, *others]), floor=0.0, grid=1)

    assert found[0][0].score > max(boxes[0].score for boxes in found[1:])
    assert found[0][0].label == 0 and abs((found[0][0].x1 + found[0][0].x2) / 2 - 80) < 40
    assert detector.detect(np.stack([frame, *others]), floor=0.0, grid=1) == found


def test_on_a_grid_each_cell_has_its_own_box_and_flat_cells_none(network, marked):
    frame, box = marked
    small = cv2.resize(frame, (160, 90), interpolation=cv2.INTER_AREA)
    film = np.stack([noise(seed, (180, 320)) for seed in range(6)])
    detector = AlikeDetector(network, ExampleDetector(frame[50:130, 40:120], context=frame, box=box), frame, box=box, film=film)

    canvas = canvas_of([noise(30), np.full((90, 160, 3), 50, np.uint8), small, noise(31)], 2)

    boxes = detector.detect(canvas[None], floor=0.0, grid=2)[0]

    cells = sorted((int(box.x1 + box.x2) // 2 // 160, int(box.y1 + box.y2) // 2 // 160) for box in boxes)
    assert cells == [(0, 0), (0, 1), (1, 1)]


def test_an_example_of_one_colour_is_refused(network, marked):
    frame, _ = marked
    frame[50:130, 40:120] = 77

    with pytest.raises(InputError, match="one colour"):
        AlikeDetector(network, ExampleDetector(frame[40:140, 30:130]), frame, box=(40, 50, 120, 130), film=frame[None])


@needs_image_network
def test_a_photograph_is_found_by_its_word_and_not_by_others(real_network):
    skimage = pytest.importorskip("skimage.data")
    detector = KindsDetector(real_network, find("efficientnet-lite0"))
    frames = [cv2.resize(picture, (160, 90), interpolation=cv2.INTER_AREA) for picture in (
        skimage.chelsea(), skimage.coffee(), skimage.rocket(), skimage.astronaut())]

    boxes = detector.detect(canvas_of(frames, 2)[None], ["cat", "cup"], floor=detector.floor, grid=2)[0]

    best = {box.label: (int(box.x1) // 160, int(box.y1) // 160) for box in reversed(boxes)}
    assert best == {0: (0, 0), 1: (1, 0)}
    assert {box.label for box in boxes if box.score > detector.theta} == {0, 1}


@needs_image_network
def test_another_cheetah_is_of_the_kind_and_the_classical_features_do_not_see_it(real_network):
    from pathlib import Path

    import gradio
    from PIL import Image

    folder = Path(gradio.__file__).parent
    names = ("media_assets/images/cheetah1.jpg", "test_data/cheetah2.jpg", "media_assets/images/tower.jpg",
             "media_assets/images/lion.jpg")
    if not all((folder / name).is_file() for name in names):
        pytest.skip("gradio's pictures are not here")
    marked, other, tower, lion = (cv2.resize(np.asarray(Image.open(folder / name).convert("RGB")), (480, 270)) for name in names)
    box = (60, 20, 420, 250)
    exact = ExampleDetector(marked[20:250, 60:420], context=marked, box=box)
    alike = AlikeDetector(real_network, exact, marked, box=box, film=np.stack([marked, tower, lion]))

    scores = [boxes[0].score if boxes else 0.0 for boxes in alike.detect(np.stack([marked, other, tower]), floor=0.0, grid=1)]
    classical = [boxes[0].score if boxes else 0.0 for boxes in exact.detect(np.stack([marked, other, tower]), floor=0.0, grid=1)]

    assert scores[0] > alike.theta and scores[1] > scores[2] + 0.15  # a cub on white, beside a tower
    assert classical[0] > exact.theta and classical[1] < classical[2] + 0.15  # to them one is as strange as the other
