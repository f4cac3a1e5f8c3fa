"""Search by example: the thing is shown by a box on a frame or by a picture of its own; no trained model looks."""


import numpy as np
import pytest
from PIL import Image

from backends.run import Inputs, last
from backends.tstar.run import run
from backends.tstar.settings import TStarSettings
from worlds.errors import InputError
from worlds.haystack.film import Haystack
from worlds.haystack.samples import sample_path
from worlds.haystack.spec import HaystackSpec
from worlds.video import open_video
from worlds.video.encode import Encoder

SPEC = HaystackSpec(minutes=2, seed=530_004)


@pytest.fixture(scope="module")
def needle() -> tuple[float, tuple[float, float, float, float]]:
    """A second at which the needle is in view, and its box there."""
    thing = Haystack(SPEC).needles[0]
    second = float((thing.start_s + thing.end_s) // 2)
    return second, next(tuple(float(x) for x in box) for name, *box in Haystack(SPEC).boxes(second) if name == thing.name)


@pytest.fixture(scope="module")
def crop(needle) -> np.ndarray:
    second, (x1, y1, x2, y2) = needle
    with open_video(sample_path(SPEC.id)) as video:
        frame = video.frames_at([second])[0]
    height, width = frame.shape[:2]
    return frame[int(y1 * height):int(y2 * height), int(x1 * width):int(x2 * width)]


def recall(result) -> float:
    return next(row.recall for row in result.methods if row.method == "tstar")


def test_a_box_drawn_on_one_frame_finds_the_thing(needle):
    second, box = needle

    result = last(run(TStarSettings(video=SPEC.id, example_s=second, example_box=box, finds="first", baselines=()), Inputs()))

    assert recall(result) == 1.0
    assert not result.is_miniature and "no trained model" in result.model_id


def test_what_was_marked_is_no_find_and_says_so(needle):
    second, box = needle

    result = last(run(TStarSettings(video=SPEC.id, example_s=second, example_box=box, baselines=()), Inputs()))

    (marked,) = [one for one in result.appearances if one.is_marked]
    assert marked.start_s <= second < marked.end_s
    assert recall(result) is None  # all that is true was marked
    assert all(one.end_s <= marked.start_s or one.start_s >= marked.end_s for one in result.found)


def test_a_picture_of_the_thing_finds_it_too(crop, tmp_path):
    path = tmp_path / "thing.png"
    Image.fromarray(crop).save(path)

    result = last(run(TStarSettings(video=SPEC.id, example_picture="upload:thing.png", baselines=()), Inputs({"thing.png": path})))

    assert recall(result) == 1.0


def test_a_picture_that_is_none_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "thing.png"
    path.write_bytes(b"hello")

    with pytest.raises(InputError, match="not a picture"):
        last(run(TStarSettings(video=SPEC.id, example_picture="upload:thing.png"), Inputs({"thing.png": path})))
    with pytest.raises(InputError, match="not in this session"):
        last(run(TStarSettings(video=SPEC.id, example_picture="upload:other.png"), Inputs({"thing.png": path})))


@pytest.fixture(scope="module")
def one_shot(tmp_path_factory) -> Inputs:
    """A video of six seconds in one shot, and a picture of something that is nowhere in it."""
    folder = tmp_path_factory.mktemp("one-shot")
    with Encoder(folder / "plain.mp4", frame_rate=2) as encoder:
        for _ in range(12):
            encoder.add(np.full((64, 96, 3), 40, dtype=np.uint8))
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "thing.png")
    return Inputs({path.name: path for path in folder.iterdir()})


@pytest.mark.parametrize("finds", ["all", "first"])
def test_a_thing_that_is_nowhere_in_a_plain_video_ends_with_a_guess(one_shot, finds):
    settings = TStarSettings(video="upload:plain.mp4", example_picture="upload:thing.png", finds=finds, baselines=())

    result = last(run(settings, one_shot))

    assert not result.found and result.keyframes and not any(frame.is_confirmed for frame in result.keyframes)


def test_a_thing_that_is_marked_in_the_only_shot_is_told_before_the_search(one_shot):
    settings = TStarSettings(video="upload:plain.mp4", example_s=2, example_box=(0.2, 0.2, 0.8, 0.8), like="exactly this")

    with pytest.raises(InputError, match="in view in all 6 s of this video"):
        last(run(settings, one_shot))


def test_a_box_that_is_too_small_is_told_in_pixels(one_shot):
    settings = TStarSettings(video="upload:plain.mp4", example_s=2, example_box=(0.2, 0.2, 0.21, 0.21), baselines=())

    with pytest.raises(InputError, match=r"The example has 1 × 1 pixels\. It must have at least 5 × 5\."):
        last(run(settings, one_shot))
