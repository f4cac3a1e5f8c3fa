"""Tables of a T* result: methods, appearances, the paper's rows, uploaded scores."""

from collections.abc import Sequence

import pandas as pd

from backends.tstar.paper import UTILITY
from backends.tstar.results import TStarResult
from backends.tstar.scoring import Scoring
from visualizers.tstar.methods import METHOD_NAMES
from visualizers.tstar.times import clock


def method_table(result: TStarResult) -> pd.DataFrame:
    """One row per method, rates in percent where the truth is known."""
    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 1)

    table = pd.DataFrame([{
        "method": METHOD_NAMES[row.method], "frames looked at": row.frames_seen, "detector calls": row.detector_calls,
        "seconds": round(row.seconds, 2), "precision %": percent(row.precision), "recall %": percent(row.recall),
        "F1 %": percent(row.f1), "SSIM P/R/F1 %": " / ".join(f"{100 * value:.0f}" for value in row.visual or ()),
        "key frames": ", ".join(clock(second) for second in row.keyframes)} for row in result.methods])
    return table if knows_the_truth(result) else table.drop(columns=["precision %", "recall %", "F1 %", "SSIM P/R/F1 %"])


def knows_the_truth(result: TStarResult) -> bool:
    """Whether any method could be held against true seconds: of a drawn video, never of one's own."""
    return any(row.recall is not None for row in result.methods)


def appearance_table(result: TStarResult) -> pd.DataFrame:
    """One row per appearance that was found, in order of time."""
    return pd.DataFrame([{"name": one.name, "start s": round(one.start_s, 2), "end s": round(one.end_s, 2), "best s": one.best_s,
                          "score": round(one.score, 3)} for one in result.appearances if not one.is_marked])


def paper_table(result: TStarResult) -> pd.DataFrame:
    """The paper's Table 2, in percent, and this run's row. Its SSIM is a correct one, the paper's is not."""
    def triple(values: Sequence[float]) -> str:
        return " / ".join(f"{value:.1f}" for value in values)

    rows = [{"method": row.method, "frames returned": row.frames, "Ego4D temporal P/R/F1": triple(row.ego4d_temporal),
             "Ego4D visual P/R/F1": triple(row.ego4d_visual), "LVBench temporal P/R/F1": triple(row.lvbench_temporal),
             "LVBench visual P/R/F1": triple(row.lvbench_visual)} for row in UTILITY]
    own = result.methods[0]
    if own.precision is not None and own.recall is not None and own.f1 is not None:
        rows.append({"method": f"this run ({result.model_id}, {result.video.name})", "frames returned": len(own.keyframes),
                     "Ego4D temporal P/R/F1": f"not Ego4D: {triple([100 * own.precision, 100 * own.recall, 100 * own.f1])}",
                     "Ego4D visual P/R/F1": f"not Ego4D: {triple([100 * value for value in own.visual])}" if own.visual else ""})
    return pd.DataFrame(rows).fillna("")


def score_table(scoring: Scoring) -> pd.DataFrame:
    """Scores of uploaded result files, in percent."""
    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 2)

    return pd.DataFrame([{
        "file and method": row.name, "precision %": percent(row.precision), "recall %": percent(row.recall),
        "F1 %": percent(row.f1), "one-sided precision % (before 2025-03)": percent(row.one_sided_precision),
        "nearest frame s": row.nearest_s, "frames returned": row.mean_frames, "questions scored": row.num_scored,
        "without truth": row.num_without_truth, "without frames": row.num_without_frames, "unknown": row.num_unknown,
        "missing": row.num_missing} for row in scoring.rows])
