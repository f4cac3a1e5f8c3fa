"""Figures of T* that no recorded run has: a series of seeds, the card's grids, one grid, a video of three hours, marks."""

import json
from pathlib import Path

import numpy as np
import plotly.graph_objects as go

import models
from backends.files.saved import load_result
from backends.tstar.results import Appearance, SeedCurve, TStarResult
from backends.tstar.system import RECORDED
from visualizers.tstar import figures as drawn


def figures() -> dict[str, go.Figure]:
    result = load_result(RECORDED.read_bytes(), TStarResult)
    step = result.iterations[-1]
    length = 3 * 3600
    long = step.model_copy(update={
        "scores": np.resize(step.scores, length), "probabilities": np.full(length, 1 / length),
        "is_new": np.resize(step.is_new, length),
        "support": np.resize(step.support, length), "keyframes": step.keyframes * 9, "positions": step.positions * 9})
    appearances = (Appearance(name="the cyan circle", start_s=310.0, end_s=330.0, best_s=313, score=0.85),
                   Appearance(name="the cyan circle", start_s=30.0, end_s=50.0, best_s=33, score=0.8, is_marked=True))
    seeds = tuple(SeedCurve(rule=rule, seed=seed, frames_seen=np.arange(8, 88, 8), has_confirmed_all=True,
                            recall=np.linspace(0, 0.4 + 0.1 * seed, 10)) for rule in ("softmax", "random") for seed in range(3))
    card = json.loads((Path(models.__file__).parent / "miniatures" / Path(result.model_id).name / "card.json").read_text())
    grids = drawn.grid_recall(card)
    assert grids is not None
    return {"a long video": drawn.timeline(long), "a long heat map": drawn.heatmap([long]), "grids": grids,
            "appearances": drawn.timeline(step, result.truth_spans, result.truth_s, appearances),
            "seeds": drawn.seeds_figure(result.model_copy(update={"seed_curves": seeds}))}
