"""Errors name a file as its owner does, never by the number that it has in the session's folder; and they blame no file wrongly."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends.adaptvis.run import run as adaptvis
from backends.adaptvis.settings import AdaptVisSettings
from backends.coda.run import run as coda
from backends.coda.settings import CodaSettings
from backends.era.run import run as era
from backends.era.settings import EraSettings
from backends.grafting.run import run as grafting
from backends.grafting.settings import GraftingSettings
from backends.run import Inputs, last
from backends.tstar.run import run as tstar
from backends.tstar.scoring import score_files
from backends.tstar.settings import TStarSettings
from worlds.errors import InputError
from worlds.haystack.samples import sample_path
from worlds.video.process import Broken, Decoder


def zip_that_leads_outside() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../a.json", "[]")
    return content.getvalue()


@pytest.mark.parametrize(("run", "settings", "name", "content"), [
    pytest.param(tstar, TStarSettings(video="upload:holiday.mp4"), "holiday.mp4", b"a text", id="T*'s video"),
    pytest.param(tstar, TStarSettings(video="sample:ten-minutes", example_picture="upload:holiday.png"), "holiday.png", b"a text",
                 id="T*'s picture"),
    pytest.param(adaptvis, AdaptVisSettings(picture="upload:holiday.png"), "holiday.png", b"a text", id="AdaptVis' picture"),
    pytest.param(adaptvis, AdaptVisSettings(task="evaluate", data="upload:holiday.zip"), "holiday.zip", zip_that_leads_outside(),
                 id="AdaptVis' zip"),
    pytest.param(adaptvis, AdaptVisSettings(task="evaluate", data="upload:holiday.zip"), "holiday.zip", b"PK and no more",
                 id="AdaptVis' broken zip"),
    pytest.param(grafting, GraftingSettings(checkpoint="upload:holiday.pt"), "holiday.pt", b"PK and no more", id="grafting's pickle"),
    pytest.param(grafting, GraftingSettings(checkpoint="upload:holiday.zip"), "holiday.zip", zip_that_leads_outside(),
                 id="grafting's zip"),
    pytest.param(grafting, GraftingSettings(checkpoint="upload:holiday.safetensors"), "holiday.safetensors",
                 b"\x20\0\0\0\0\0\0\0{}", id="grafting's safetensors"),
    pytest.param(grafting, GraftingSettings(samples="upload:holiday.npz"), "holiday.npz", zip_that_leads_outside(),
                 id="grafting's pictures"),
    pytest.param(era, EraSettings(task="replay", file="upload:holiday.zip"), "holiday.zip", b"PK and no more", id="ERA's zip"),
    pytest.param(era, EraSettings(task="replay", file="upload:holiday.json"), "holiday.json", b"{", id="ERA's one file"),
    pytest.param(coda, CodaSettings(task="file", file="upload:holiday.csv"), "holiday.csv", b"prompt\n", id="CoDA's file"),
])
def test_an_error_names_the_file_and_not_its_copy(
    tmp_path: Path, run: Callable[..., Iterator[Any]], settings: Any, name: str, content: bytes
) -> None:
    copy = tmp_path / f"7{Path(name).suffix}"
    copy.write_bytes(content)

    with pytest.raises(InputError) as error:
        last(run(settings, Inputs({name: copy})))

    assert repr(name) in str(error.value)
    assert copy.name not in str(error.value)


def test_of_several_files_the_wrong_one_is_named() -> None:
    good = b'[{"question": "q", "video_id": "v", "keyframe_timestamps": [1.0]}]'

    with pytest.raises(InputError, match=r"^The file 'mine\.json' is not JSON"):
        score_files(None, {"other.json": good, "mine.json": b"[1"})
    with pytest.raises(InputError, match=r"^The file 'truth\.json' is not JSON"):
        score_files(b"[1", truth_name="truth.json", results={"other.json": good})


@pytest.mark.parametrize(("video", "says"), [
    ("sample:ten-minutes", r"'sample:ten-minutes', a video that was drawn here and is not at fault.*Run it again\."),
    ("upload:holiday.mp4", r"The file 'holiday\.mp4' was being read when the decoder was stopped from outside"),
])
def test_a_decoder_that_is_killed_is_not_the_samples_fault(monkeypatch: pytest.MonkeyPatch, video: str, says: str) -> None:
    def killed(self: Decoder, request: dict[str, object]) -> Iterator[Any]:
        raise Broken("was being read when the decoder was stopped from outside, as happens where memory runs out. Run it again.")
        yield

    monkeypatch.setattr(Decoder, "ask", killed)

    with pytest.raises(InputError, match=says):
        last(tstar(TStarSettings(video=video), Inputs({"holiday.mp4": sample_path("sample:ten-minutes")})))
