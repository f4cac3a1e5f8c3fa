"""Search by example and by words on real pictures and clips, each shown twice: what is found again, what is not, what it costs."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from backends.run import Inputs, last
from backends.tstar.results import TStarResult
from backends.tstar.run import run
from backends.tstar.settings import TStarSettings
from backends.tstar.shots import Shots
from benchmarks.tables import markdown, shown
from benchmarks.tstar import film
from models import kinds, real
from worlds.video import open_video

NAME = "film.mp4"
AT_CUT_S = 0.3  # a boundary within it is right


def section(clips_folder: str = "") -> str:
    """The tables, on the clips of a folder, or on what the installed packages hold."""
    clips = film.clips_of_folder(Path(clips_folder)) if clips_folder else film.clips_of_packages()
    whose = "of one's own folder" if clips_folder else "of installed packages (" + ", ".join(
        sorted({clip.name.partition(":")[0] for clip in clips})) + ")"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        takes = film.make(clips, path)
        names = sorted({take.clip.name for take in takes})
        return "\n".join([
            f"## Footage\n\nA film of {len(names)} clips and photographs {whose}, each shown twice, {takes[-1].end_s:.0f} s, "
            f"{len(takes)} shots: a photograph is filmed by a moving camera, nearer and darker the second time. Marked is the middle "
            "of the first take. A find is an appearance that overlaps the second take; any other is false, also one of the same kind "
            "(a lion for a cheetah). `--clips FOLDER` does the same with your own.\n",
            _boundaries(path, takes), "### By example\n", _by_example(path, takes), "### By words\n", _by_words(path, takes)])


def _boundaries(path: Path, takes: Sequence[film.Take]) -> str:
    with open_video(path) as video:
        shots = Shots(video, video.info.duration_s)
        spans = [shots.around(take.middle_s) for take in takes]
    right = [abs(start - take.start_s) <= AT_CUT_S and abs(end - take.end_s) <= AT_CUT_S for (start, end), take in zip(spans, takes)]
    return f"Shots whose two boundaries are within {AT_CUT_S} s of the true ones: {sum(right)} of {len(right)}.\n"


def _search(path: Path, **changes: object) -> TStarResult:
    settings = TStarSettings(video=f"upload:{NAME}", baselines=(), **changes)
    return last(run(settings, Inputs({NAME: path})))


def _overlaps(start: float, end: float, take: film.Take) -> bool:
    return start < take.end_s - AT_CUT_S and end > take.start_s + AT_CUT_S


def _by_example(path: Path, takes: Sequence[film.Take]) -> str:
    first = [take for take in takes if take.number == 0 and any(other.clip == take.clip and other.number for other in takes)]
    second = [next(take for take in takes if take.clip == one.clip and take.number == 1) for one in first]
    rows = []
    for like in ("exactly this", *(("this kind",) if real.is_made("efficientnet-lite0") else ())):
        results = [_search(path, example_s=one.middle_s, example_box=one.mark, like=like) for one in first]
        hits = [[found for found in result.found if _overlaps(found.start_s, found.end_s, other)]
                for result, other in zip(results, second)]
        false = [len(result.found) - len(hit) for result, hit in zip(results, hits)]
        covered = [max(_covered(found.start_s, found.end_s, other) for found in hit) for hit, other in zip(hits, second) if hit]
        marked = sum(any(_overlaps(found.start_s, found.end_s, take) for found in result.found)
                     for result, take in zip(results, first))
        rows.append((like, len(results), shown([float(bool(hit)) for hit in hits]),
                     f"{sum(map(len, hits)) / max(1, sum(map(len, hits)) + sum(false)):.2f}",
                     shown([float(value) for value in false]),
                     shown(covered) if covered else "", marked,
                     shown([result.costs.frames_grid / result.video.num_positions for result in results]),
                     shown([float(result.costs.frames_verify) for result in results], 0)))
    return markdown(("like", "searches", "found again", "precision of appearances", "false ones per search",
                     "share of the take covered", "marked take returned", "share of frames in grids", "second looks"), rows)


def _covered(start: float, end: float, take: film.Take) -> float:
    return (min(end, take.end_s) - max(start, take.start_s)) / (take.end_s - take.start_s)


def _by_words(path: Path, takes: Sequence[film.Take]) -> str:
    words = sorted({take.clip.word for take in takes if take.clip.word and kinds.kinds_of(take.clip.word)})
    if not real.is_made("efficientnet-lite0"):
        return "The image network is not on this machine: `make real`.\n"
    if not words:
        return "No clip here has a word of the 1,000 kinds: write some into `marks.csv`.\n"
    rows = []
    for finds in ("first", "all"):
        results = [_search(path, targets=(word,), detector="efficientnet-lite0", finds=finds) for word in words]
        true = [[take for take in takes if take.clip.word == word] for word in words]
        confirmed = [[frame.second for frame in result.keyframes if frame.is_confirmed] for result in results]
        right = [[any(take.start_s <= second < take.end_s for take in own) for second in seconds]
                 for seconds, own in zip(confirmed, true)]
        found = [sum(any(take.start_s <= second < take.end_s for second in seconds) for take in own) / len(own)
                 for seconds, own in zip(confirmed, true)]
        rows.append((finds, f"{len(words)}", shown(found), f"{sum(map(sum, right)) / max(1, sum(map(len, right))):.2f}",
                     shown([result.costs.frames_grid / result.video.num_positions for result in results])))
    return markdown(("finds", "words", "share of the word's takes found", "precision of confirmed key frames",
                     "share of frames in grids"), rows) + f"\nWords: {', '.join(words)}.\n"
