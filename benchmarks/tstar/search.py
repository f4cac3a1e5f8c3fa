"""T* against a dense scan and the distribution rules against each other, on held-out generated videos from disk."""

import time
from dataclasses import dataclass

from backends.run import Inputs, last
from backends.tstar.results import MethodRow, TStarResult
from backends.tstar.run import run
from backends.tstar.settings import TStarSettings
from benchmarks.tables import markdown, shown
from worlds.haystack.samples import sample_path
from worlds.haystack.spec import HaystackSpec

MINUTES = 10
FIRST_SEED = 600_000  # no recipe, sample or choice of a default uses seeds from here on


@dataclass(frozen=True)
class Outcome:
    result: TStarResult
    wall_s: float

    def row(self, method: str) -> MethodRow:
        return next(row for row in self.result.methods if row.method == method)


def _search(video: str, **changes: object) -> Outcome:
    start = time.perf_counter()
    result = last(run(TStarSettings(video=video, baselines=(), **changes), Inputs()))
    return Outcome(result, time.perf_counter() - start)


def _with_baselines(video: str, grid: int, names: tuple[str, ...]) -> TStarResult:
    return last(run(TStarSettings(video=video, grid=grid, baselines=names), Inputs()))


def section(num_videos: int) -> str:
    """Both tables. Every video is drawn to a file first; the times start at the file."""
    videos = [HaystackSpec(minutes=MINUTES, seed=FIRST_SEED + i).id for i in range(num_videos)]
    for video in videos:
        sample_path(video)
    return "\n".join(["## Search\n", f"{num_videos} held-out videos of {MINUTES} minutes, one target each, default settings except "
                      "what a row names. Recall is the share of true seconds with a key frame within 5 s.\n",
                      _against_dense(videos), "### Distribution rules, g = 4\n", _rules(videos),
                      "### What else moves it, g = 4\n", _ablations(videos), "### Evenly spread frames\n", _uniform(videos)])


def _against_dense(videos: list[str]) -> str:
    rows = []
    for grid in (2, 4, 8):
        results = [_with_baselines(video, grid, ("uniform", "dense", "random_grid")) for video in videos]
        for method in ("tstar", "random_grid", "dense", "uniform"):
            found = [next(row for row in result.methods if row.method == method) for result in results]
            dense = [next(row for row in result.methods if row.method == "dense") for result in results]
            rows.append((grid, method, shown([row.recall for row in found]),
                         shown([row.frames_seen / other.frames_seen for row, other in zip(found, dense)]),
                         f"{sum(row.detector_calls for row in found) / len(found):.1f}",
                         shown([row.seconds / other.seconds for row, other in zip(found, dense)])))
    return markdown(("g", "method", "recall ±5 s", "frames / dense", "detector pictures", "wall time / dense"), rows)


def _rules(videos: list[str]) -> str:
    rows = []
    for rule in ("random", "official", "early", "paper", "softmax"):
        found = [_search(video, rule=rule) for video in videos]
        rows.append((rule, shown([len(f.result.iterations) for f in found], 1), shown([f.result.costs.frames_grid for f in found], 0),
                     shown([float(not f.result.unconfirmed) for f in found]), shown([f.row("tstar").recall for f in found]),
                     shown([f.row("tstar").f1 for f in found])))
    return markdown(("rule", "grids", "grid frames", "confirmed", "recall ±5 s", "F1"), rows)


def _ablations(videos: list[str]) -> str:
    changes = {"default": {}, "no cues (weight 0)": {"cue_weight": 0.0}, "no second look": {"verifies": False},
               "draw from S": {"final_rule": "draw_scores"}, "top K of P": {"final_rule": "top_distribution"},
               "official first grid": {"first_grid": "stride"}}
    rows = []
    for name, change in changes.items():
        found = [_search(video, **change) for video in videos]
        rows.append((name, shown([f.result.costs.frames_grid for f in found], 0), shown([f.row("tstar").recall for f in found]),
                     shown([f.wall_s for f in found]), shown([f.result.costs.first_iteration_s for f in found])))
    return markdown(("setting", "grid frames", "recall ±5 s", "seconds", "first grid after s"), rows)



def _uniform(videos: list[str]) -> str:
    rows = []
    for count in (8, 16, 32):
        found = [_search_row(video, count) for video in videos]
        rows.append((count, shown([row.recall for row in found]), shown([row.precision for row in found])))
    return markdown(("frames", "recall ±5 s", "precision"), rows)


def _search_row(video: str, count: int) -> MethodRow:
    """Uniform frames beside the smallest search that can be asked for."""
    result = last(run(TStarSettings(video=video, num_frames=count, budget_share=0.01, baselines=("uniform",)), Inputs()))
    return next(row for row in result.methods if row.method == "uniform")
