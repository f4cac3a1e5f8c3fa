import errno
import importlib.util
import json
import math
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from worlds.errors import InputError, disk_sentence
from worlds.haystack import samples
from worlds.haystack.film import Haystack
from worlds.haystack.samples import SAMPLES, haystack_of, item_of, render, sample_of, sample_path
from worlds.haystack.spec import HaystackSpec
from worlds.kit import COLOURS
from worlds.video import open_video
from worlds.video.readers import LIBRARIES

READERS = [name for name, library in LIBRARIES.items() if importlib.util.find_spec(library)]

VIDEO = Haystack(HaystackSpec(minutes=5, seed=4))
PAIR = Haystack(HaystackSpec(minutes=8, seed=9, needles=2))


def names_at(video: Haystack, t: float) -> list[str]:
    return [name for name, *_ in video.boxes(t)]


def test_equal_specs_and_times_give_equal_bytes_in_any_order() -> None:
    again = Haystack(HaystackSpec(minutes=5, seed=4))

    late, early = again.frame(200.25, 96), again.frame(3.0, 96)

    assert np.array_equal(VIDEO.frame(3.0, 96), early)
    assert np.array_equal(VIDEO.frame(200.25, 96), late)
    assert not np.array_equal(Haystack(HaystackSpec(minutes=5, seed=5)).frame(3.0, 96), early)


def test_noise_is_the_same_every_time_and_off_by_default() -> None:
    clean = VIDEO.frame(7, 64)

    assert np.array_equal(VIDEO.frame(7, 64, noise=7), VIDEO.frame(7, 64, noise=7))
    assert 3 < np.abs(VIDEO.frame(7, 64, noise=7).astype(int) - clean).mean() < 9


@pytest.mark.parametrize("video", [VIDEO, PAIR], ids=["one needle", "two needles"])
def test_a_needle_is_in_view_during_its_interval_and_never_elsewhere(video: Haystack) -> None:
    for needle in video.needles:
        for second in np.arange(0, video.duration_s, 0.5):
            assert (needle.name in names_at(video, second)) == (needle.start_s <= second < needle.end_s)


def test_a_needle_is_small_whole_and_beside_its_neighbour() -> None:
    needle = VIDEO.needles[0]

    boxes = {name: box for name, *box in VIDEO.boxes(needle.start_s + 1)}

    x1, y1, x2, y2 = boxes[needle.name]
    assert 0.05 < max(x2 - x1, y2 - y1) < 0.18
    assert min(x1, y1) > 0 and max(x2, y2) < 1
    assert needle.neighbour in boxes


def test_two_needles_lie_in_two_rooms() -> None:
    first, second = PAIR.needles

    assert first.room != second.room and first.name != second.name


@pytest.mark.parametrize("size", [96, 384])
def test_the_box_of_a_needle_holds_its_colour(size: int) -> None:
    for needle in PAIR.needles:
        t = needle.start_s + 1.3
        x1, y1, x2, y2 = next(box for name, *box in PAIR.boxes(t) if name == needle.name)
        frame = PAIR.frame(t, size).astype(int)

        inside = frame[round(y1 * size) : round(y2 * size), round(x1 * size) : round(x2 * size)]

        near = np.abs(inside - COLOURS[needle.name.split()[0]]).max(axis=2) < 40
        assert near.mean() > 0.2


def test_visits_cover_the_video_and_rooms_come_again() -> None:
    video = Haystack(HaystackSpec(minutes=15, seed=1))
    visits = video.visits

    assert visits[0].start_s == 0 and visits[-1].end_s == video.duration_s == 900
    assert all(one.end_s == two.start_s and one.room != two.room for one, two in pairwise(visits))
    assert all(20 <= visit.end_s - visit.start_s <= 110 for visit in visits)
    assert len(visits) > len({visit.room for visit in visits})


def test_cues_stand_in_the_needles_room_only() -> None:
    question = VIDEO.questions[0]
    room = VIDEO.needles[0].room

    assert question.cues and set(question.cues) == {thing.name for thing in VIDEO.rooms[room].furniture}
    elsewhere = {thing.name for index, other in enumerate(VIDEO.rooms) if index != room for thing in other.furniture}
    assert not elsewhere & set(question.cues)


def test_without_cues_the_needles_room_is_bare() -> None:
    video = Haystack(HaystackSpec(minutes=5, seed=4, cues=False))

    assert video.questions[0].cues == ()
    assert video.rooms[video.needles[0].room].furniture == ()


def test_decoys_share_the_colour_or_the_shape_and_can_be_turned_off() -> None:
    colour, shape = VIDEO.needles[0].name.split()

    assert VIDEO.decoys
    assert all((name.split()[0] == colour) != (name.split()[1] == shape) for name, _, _ in VIDEO.decoys)
    assert Haystack(HaystackSpec(minutes=5, seed=4, decoys=False)).decoys == []


def test_answers_follow_from_the_video() -> None:
    for video in (VIDEO, PAIR):
        for question in video.questions:
            answer = question.options["ABCDE".index(question.answer)]
            needle = next(needle for needle in video.needles if needle.name == question.targets[0])
            if "room colour" in question.question:
                assert answer == video.rooms[needle.room].wall
            elif "next to" in question.question:
                assert answer == needle.neighbour.split()[1]
            elif "before" in question.question:
                assert (answer == "Yes, before") == (video.needles[0].start_s < video.needles[1].start_s)
            else:
                assert int(answer) == len(video.rooms[needle.room].furniture)
            assert len(set(question.options)) == len(question.options) >= 4


def test_key_seconds_are_the_whole_seconds_of_the_needle() -> None:
    needle = VIDEO.needles[0]

    assert VIDEO.questions[0].key_seconds == tuple(range(math.ceil(needle.start_s), math.ceil(needle.end_s)))


def test_the_item_has_the_keys_that_loaders_read() -> None:
    item = VIDEO.to_item(frame_rate=2)

    assert item["video_id"] == VIDEO.spec.id and item["answer"] == item["gt_answer"]
    assert item["frame_indexes_video"] == [2 * second for second in VIDEO.questions[0].key_seconds]
    assert item["options"].splitlines()[0].startswith("A) ")
    assert json.loads(json.dumps(item)) == item


@pytest.mark.parametrize(
    "video_id",
    ["generated:", "generated:minutes=15,seed=7", "generated:minutes=2.5,needles=2,cues=no,needle_s=10,decoys=yes"],
)
def test_an_id_comes_back_complete(video_id: str) -> None:
    spec = HaystackSpec.from_id(video_id)

    assert HaystackSpec.from_id(spec.id) == spec


@pytest.mark.parametrize("minutes", ["1", "120"])
def test_the_shortest_and_the_longest_video_are_accepted(minutes: str) -> None:
    video = Haystack.from_id(f"generated:minutes={minutes}")

    assert video.frame(video.duration_s - 1, 32).shape == (32, 32, 3)


@pytest.mark.parametrize(
    "video_id",
    [
        "sample:ten-minutes",
        "generated:minutes=0.9",
        "generated:minutes=121",
        "generated:minutes=nan",
        "generated:seed=-1",
        "generated:seed=1,seed=2",
        "generated:needles=3",
        "generated:needle_s=31",
        "generated:cues=perhaps",
        "generated:colour=red",
        "generated:minutes",
    ],
)
def test_a_bad_id_is_refused_with_the_value(video_id: str) -> None:
    with pytest.raises(InputError):
        HaystackSpec.from_id(video_id)


def test_the_catalogue_has_six_samples_of_the_promised_kinds() -> None:
    minutes = sorted(sample.spec.minutes for sample in SAMPLES.values())

    assert minutes == [10, 15, 15, 15, 30, 60]
    assert sum(sample.spec.needles == 2 for sample in SAMPLES.values()) == 1
    assert sum(not sample.spec.cues for sample in SAMPLES.values()) == 1
    assert all(sample_of(sample.id) is sample and sample.question.key_seconds for sample in SAMPLES.values())


def test_shipped_samples_are_small_and_their_items_belong_to_them() -> None:
    shipped = [sample for sample in SAMPLES.values() if sample.is_shipped]

    sizes = [sample_path(sample.id).stat().st_size for sample in shipped]

    assert len(sizes) == 4 and sum(sizes) <= 6_000_000
    for sample in shipped:
        assert json.loads((samples.ASSETS / f"{sample.name}.json").read_text()) == [item_of(sample)]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", [sample.name for sample in SAMPLES.values() if sample.is_shipped])
def test_every_decoder_finds_in_a_shipped_sample_what_is_drawn_at_that_second(name: str, reader: str) -> None:
    haystack = Haystack(SAMPLES[name].spec)
    inside = [needle.start_s + 1.5 for needle in haystack.needles]
    seconds = [*np.random.default_rng(5).integers(1, 2 * haystack.duration_s - 1, 40) / 2, *inside, haystack.duration_s - 0.5]

    with open_video(samples.ASSETS / f"{name}.mp4", reader=reader) as video:
        shown = video.frames_at(seconds).astype(int)

    assert (video.info.duration_s, video.info.frame_rate, video.info.starts_s) == (haystack.duration_s, 2, 0)
    for second, frame in zip(seconds, shown):
        own, before, after = (np.abs(frame - haystack.frame(second + step, samples.SIZE_PX)).mean() for step in (0, -0.5, 0.5))
        assert own < 3 and own < min(before, after) + 0.05, second  # where the camera turns, two frames are almost one


def test_an_unknown_sample_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(InputError, match="ten-minutes"):
        sample_path("sample:eleven-minutes")


def test_a_generated_video_is_rendered_once_into_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    seen: list[float] = []

    first = sample_path("generated:minutes=1,seed=3", progress=seen.append)
    second = sample_path("generated:seed=3,minutes=1.0", progress=lambda part: pytest.fail("rendered twice"))

    assert first == second and first.is_relative_to(tmp_path)
    assert seen == sorted(seen) and seen[-1] == 1.0
    assert [path.name for path in first.parent.iterdir()] == [first.name]


@pytest.fixture
def no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that cannot be written, and a place for temporary folders."""
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    own = tempfile.mkstemp

    def mkstemp(*, dir: Path, **options: str) -> tuple[int, str]:
        if cache in Path(dir).parents:
            raise OSError(errno.EROFS, "Read-only file system", str(dir))
        return own(dir=dir, **options)

    monkeypatch.setenv("ORRERY_CACHE", str(cache))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(samples.tempfile, "mkstemp", mkstemp)
    monkeypatch.setattr(samples, "_spare", [])
    return temporary


def test_where_the_cache_cannot_be_written_a_video_is_drawn_into_a_temporary_folder_once(no_room: Path) -> None:
    first = sample_path("generated:minutes=1,seed=3")
    second = sample_path("generated:minutes=1,seed=3", progress=lambda part: pytest.fail("rendered twice"))

    assert first == second
    assert no_room in first.parents
    assert first.stat().st_size > 0
    assert sample_path("sample:ten-minutes").parent.name == "assets", "what is shipped needs no cache"


def test_where_nothing_can_be_written_the_disks_error_goes_up(no_room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_spare_folder", lambda: samples.cache_folder() / "as full")

    with pytest.raises(OSError, match="Read-only") as error:
        sample_path("generated:minutes=1,seed=3")

    assert "cannot be written to" in (disk_sentence(error.value) or "")


def test_a_user_without_a_home_has_a_cache_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ORRERY_CACHE", raising=False)
    monkeypatch.setattr(samples.Path, "home", homeless)
    monkeypatch.setattr(samples, "_spare", [tmp_path])

    assert samples.cache_folder() == tmp_path


def test_the_file_shows_what_the_generator_draws_with_a_key_frame_every_second(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    spec = HaystackSpec(minutes=1, seed=3)
    render(spec, tmp_path / "video.mp4")

    with av.open(str(tmp_path / "video.mp4")) as container:
        frames = list(container.decode(video=0))

    assert len(frames) == 120 and [frame.key_frame for frame in frames] == [True, False] * 60
    assert [round(float(frame.time), 3) for frame in frames] == [index / 2 for index in range(120)]
    shown = frames[41].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown - Haystack(spec).frame(20.5, 384)).mean() < 6


def test_what_is_shipped_has_a_key_frame_every_ten_seconds_at_least(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    quick = render(HaystackSpec(minutes=1, seed=3), tmp_path / "quick.mp4")
    small = render(HaystackSpec(minutes=1, seed=3), tmp_path / "small.mp4", is_shipped=True)

    for path in (small, samples.ASSETS / "ten-minutes.mp4"):
        with av.open(str(path)) as container:
            packets = sorted((packet for packet in container.demux(video=0) if packet.size), key=lambda packet: packet.pts)
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == list(range(0, len(packets), 20))
    assert small.stat().st_size < quick.stat().st_size / 3


def test_a_stopped_rendering_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(HaystackSpec(minutes=1), tmp_path / "video.mp4", progress=stop)

    assert list(tmp_path.iterdir()) == []


def test_sample_and_generated_ids_lead_to_the_exact_world() -> None:
    assert haystack_of("sample:two-needles").spec == SAMPLES["two-needles"].spec
    assert haystack_of("generated:seed=3").spec.seed == 3
