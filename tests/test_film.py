"""The film that search on real footage is measured on: its takes are where it says, and so are the marks."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.tstar import film
from worlds.video import open_video


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photographs with a bright square each, and what is known of one."""
    monkeypatch.setattr(film, "TAKE_S", 1)
    for name, colour in (("left", (0, 0, 250)), ("right", (0, 250, 0))):
        picture = np.full((300, 500, 3), 70, np.uint8)
        x = 90 if name == "left" else 330
        picture[110:190, x:x + 80] = colour
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    (tmp_path / "notes.txt").write_text("no clip")
    (tmp_path / "marks.csv").write_text("file,x1,y1,x2,y2,word\nleft.png,0.18,0.3667,0.34,0.6333,ball\n", encoding="utf-8-sig")
    return tmp_path


def test_a_folder_of_ones_own_gives_its_clips_with_marks_where_they_are_written(folder):
    left, right = film.clips_of_folder(folder)

    assert (left.name, left.word, left.box) == ("left", "ball", (0.18, 0.3667, 0.34, 0.6333))
    assert (right.name, right.word, right.box) == ("right", "", film.MIDDLE)


def test_every_clip_is_shown_twice_and_its_mark_is_on_the_thing(folder, tmp_path):
    takes = film.make(film.clips_of_folder(folder)[:1], tmp_path / "film.mp4")

    assert [(take.number, take.start_s, take.end_s) for take in takes] == [(0, 0.0, 1.0), (1, 1.0, 2.0)]
    with open_video(tmp_path / "film.mp4") as video:
        for take in takes:
            frame = video.frames_at([take.middle_s])[0].astype(int)
            x1, y1, x2, y2 = (round(edge * side) for edge, side in zip(take.mark, (640, 360, 640, 360)))
            is_thing = frame[..., 0] - frame[..., 1] > 60  # red
            assert is_thing[y1 + 6:y2 - 6, x1 + 6:x2 - 6].all()
            assert is_thing.sum() < 1.15 * (x2 - x1) * (y2 - y1)


def test_no_clip_stands_twice_in_a_row(folder, tmp_path):
    takes = film.make(film.clips_of_folder(folder), tmp_path / "film.mp4")

    assert [take.clip.name for take in takes] == ["left", "right", "left", "right"]


def test_what_the_packages_hold_is_found_where_they_are_installed():
    found = film.clips_of_packages()

    assert all(clip.path.is_file() and clip.box[0] < clip.box[2] for clip in found)
    assert {clip.name for clip in found} >= {"gradio:lion", "gradio:cheetah1"}
