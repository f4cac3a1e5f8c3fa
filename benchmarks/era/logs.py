"""A whole benchmark as a zip of logs: how long listing it takes, and how long opening one episode of it."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import cv2

from backends.episode import Episode
from backends.era.agents import acting
from backends.era.formats import episode, found
from backends.era.formats.writing import Pictures, written_run
from backends.era.playing import play
from backends.era.settings import SUBSETS, EraSettings, Subset
from backends.files.archive import open_zip, zipped
from backends.run import Inputs
from benchmarks.tables import markdown
from worlds.minihome.drawing import draw
from worlds.minihome.subsets import EPISODES

PICTURE_PX = 500  # EmbodiedBench's own
TURNS = 5  # listings, of which the median is told


def section() -> str:
    """Write the fixed homes of all subsets as the expert plays them, list the zip, and open each episode."""
    zip_bytes = archive({subset: EPISODES for subset in SUBSETS})
    listed, opened, frames = timed(zip_bytes)
    rows = [(f"{len(opened)}", f"{len(zip_bytes) / 1e6:.1f}", f"{frames:,}", f"{listed:.2f}", f"{1000 * median(opened):.1f}",
             f"{1000 * max(opened):.1f}", f"{listed / median(opened):.0f}")]
    head = ("episodes", "MB", "pictures", "listed s", "an episode opened ms, median", "slowest ms", "listed / opened")
    return ("## ERA: a zip of logs\n\nThe fixed homes of all six subsets as the scripted expert plays them, in "
            f"EmbodiedBench's layout with a picture of {PICTURE_PX} pixels for every step. "
            "Listing reads names and results, opening one episode its rows; "
            f"no picture is read by either. Listing is the median of {TURNS}.\n\n" + markdown(head, rows))


def archive(wanted: Mapping[Subset, int]) -> bytes:
    """A zip of runs, one for each subset, with as many episodes as are wanted."""
    logs: dict[str, bytes] = {}
    for subset, number in wanted.items():
        made = [_played(subset, home) for home in range(number)]
        logs |= written_run([(one, _pictures(one)) for one in made], model="expert", experiment="", subset=subset)
    return zipped(logs)


def timed(content: bytes) -> tuple[float, Sequence[float], int]:
    """Seconds to list a zip on disk, seconds to open each of its episodes, and how many pictures it holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs.zip"
        path.write_bytes(content)
        listing, opening = [], []
        for _ in range(TURNS):
            started = time.perf_counter()
            files = open_zip(path)
            brought = found(files)
            listing.append(time.perf_counter() - started)
        for entry in (entry for run in brought.runs for entry in run.entries):
            started = time.perf_counter()
            episode(files, entry)
            opening.append(time.perf_counter() - started)
        return median(listing), opening, sum(name.endswith(".png") for name in files.names)


def _played(subset: Subset, home: int) -> Episode:
    settings = EraSettings(subset=subset, number=home)
    with acting(settings, Inputs()) as player:
        *_, last = (part for part in play(settings, player) if isinstance(part, Episode))
    return last


def _pictures(made: Episode) -> Pictures:
    states = [made.turns[0].state, *(action.state for _, action in made.steps())]
    drawn = (draw(state, PICTURE_PX) for state in states if state)  # type: ignore[arg-type]  # of the world's own info
    return Pictures({step: cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes() for step, picture in enumerate(drawn)})
