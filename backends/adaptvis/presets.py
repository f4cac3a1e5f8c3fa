"""Picks the scenes that the page opens with, by rule: `python -m backends.adaptvis.presets`. Run it after training the miniature.

Per condition AdaptVis' setting, one with two branches, is chosen on the condition's 800 validation scenes, and the examples are
among the same ones: mended is where the true answer gains most, broken where it loses most, unchanged where an unsure right
answer moves least. How many there are of each kind is written beside them, here and on 2,000 scenes that chose nothing: examples
picked so are the clearest, not typical ones.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from backends.adaptvis.choosing import BETAS, Setting, Sweep, choose_setting
from backends.adaptvis.evaluating import MINIATURE_BATCH
from backends.adaptvis.items import input_px, item_of, scenery_of, scenes_of, test_seed, validation_seed
from backends.adaptvis.larger import larger_of
from backends.adaptvis.settings import LARGER_SEED, LARGER_SETS, PICKED, AdaptVisSettings
from backends.rungs import rung_of
from backends.statistics import Bootstrap
from models.attention import Scaling, ask_all
from models.devices import threads_for
from models.memory import budget
from models.vlm import VisionLanguageModel
from worlds.scenes.scene import Scene, Scenery

ALPHAS = (0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
CONDITIONS = ("plain", "noise40", "noise60", "clutter15", "dis1", "dis2", "edge", "small")  # of the model's card
REAL_BETAS = tuple(beta for beta in BETAS if 0 < beta < 1)  # 0 and above 1 are one alpha for all: ScalingVis
SETS = 200


@dataclass(frozen=True)
class Picked:
    """One example, as `settings.PRESETS` needs it and as a test can check it."""

    kind: str
    condition: str
    index: int
    alpha1: float
    alpha2: float
    beta: float
    confidence: float
    right: str
    base: str
    adaptvis: str
    change: float  # of the true answer's probability


def sweep_of(
    vlm: VisionLanguageModel, scenes: Sequence[Scene], scaling: Scaling | None = None
) -> tuple[Sweep, tuple[str, ...]]:
    """Return the answers to scenes of one layout, whole sets, at every alpha, and the options."""
    items = [item_of(scene, number, str(number // 4), input_px(vlm)) for number, scene in enumerate(scenes)]
    options = items[0].options
    batches = [items[first:first + MINIATURE_BATCH] for first in range(0, len(items), MINIATURE_BATCH)]
    answers = [answer for batch in batches for answer in ask_all(
        vlm, [item.open() for item in batch], [item.question for item in batch], options, ALPHAS, scaling=scaling)]
    probabilities = np.stack([answer.option_probabilities for answer in answers], axis=1)  # (alphas, scenes, options)
    truth = np.array([options.index(item.right) for item in items])
    confidence = np.array([answer.confidence[ALPHAS.index(1.0)] for answer in answers])
    right = probabilities.argmax(-1) == truth
    return Sweep(tuple(ALPHAS), probabilities, right, confidence, truth, np.arange(len(items)) // 4), options


def pick(sweep: Sweep, options: Sequence[str], condition: str) -> tuple[list[Picked], dict[str, int]]:
    """Return the clearest example of each kind that exists, and how many there are of each."""
    setting = choose_setting(sweep, betas=REAL_BETAS)
    items = np.arange(len(sweep.truth))
    low, high = (sweep.probabilities[sweep.alphas.index(alpha)] for alpha in (setting.alpha1, setting.alpha2))
    unsure = setting.is_unsure(sweep.confidence)
    second = np.where(unsure[:, None], low, high)
    change = second[items, sweep.truth] - sweep.probabilities[sweep.one][items, sweep.truth]
    costs = {"mended": -change, "broken": change, "unchanged": np.abs(change)}
    found, kinds = [], kinds_of(sweep, setting)
    for kind, is_one in kinds.items():
        if is_one.any():
            index = int(items[is_one][costs[kind][is_one].argmin()])
            found.append(_picked(kind, condition, index, setting, sweep, options, second, float(change[index])))
    return found, {kind: int(is_one.sum()) for kind, is_one in kinds.items()}


def kinds_of(sweep: Sweep, setting: Setting) -> dict[str, np.ndarray]:
    """Return per kind (scenes,) whether a scene is of it."""
    unsure, before, after = setting.is_unsure(sweep.confidence), sweep.base, setting.right(sweep)
    return {"mended": ~before & after & unsure, "broken": before & ~after,
            "unchanged": before & after & unsure & (setting.alpha1 != 1)}


def share_of(own: Picked, vlm: VisionLanguageModel, scenery: Scenery) -> tuple[float, float, float]:
    """Return which share of scenes that chose nothing is of the same kind with the same setting, and its 95 % interval."""
    scenes = scenes_of(own.condition, scenery, LARGER_SETS, start=test_seed(own.condition, LARGER_SEED))
    sweep, _ = sweep_of(vlm, scenes)
    is_one = kinds_of(sweep, Setting(own.alpha1, own.alpha2, own.beta))[own.kind]
    return Bootstrap.over([str(group) for group in sweep.groups]).interval(is_one)


def _picked(kind: str, condition: str, index: int, setting: Setting, sweep: Sweep, options: Sequence[str], second: np.ndarray,
            change: float) -> Picked:
    base = options[int(sweep.probabilities[sweep.one][index].argmax())]
    return Picked(kind, condition, index, setting.alpha1, setting.alpha2, setting.beta, float(sweep.confidence[index]),
                  options[int(sweep.truth[index])], base, options[int(second[index].argmax())], change)


def main() -> None:
    """Write the clearest example of each kind over all conditions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=AdaptVisSettings().model)
    model = parser.parse_args().model
    rung, scenery = rung_of(model, "vlm"), scenery_of(AdaptVisSettings(model=model))
    found: list[Picked] = []
    counts = {}
    with threads_for(rung.parameters), budget().borrow(rung) as loaded:
        for condition in CONDITIONS:
            scenes = scenes_of(condition, scenery, SETS, start=validation_seed(condition))
            sweep, options = sweep_of(loaded.tool, scenes)  # type: ignore[arg-type]
            own, counts[condition] = pick(sweep, options, condition)
            found += own
            print(condition, f"{100 * sweep.base.mean():.1f} %", counts[condition], flush=True)
        best = {kind: min((own for own in found if own.kind == kind), key=lambda own: _cost(own)) for kind in dict.fromkeys(
            own.kind for own in found)}
        shares = {kind: share_of(own, loaded.tool, scenery) for kind, own in best.items()}  # type: ignore[arg-type]
    larger = larger_of(AdaptVisSettings(task="evaluate", model=model, condition=best["mended"].condition))
    PICKED.parent.mkdir(exist_ok=True)
    record = {"scenes": 4 * SETS, "counts": counts, "picked": {kind: asdict(own) for kind, own in best.items()},
              "others": 4 * LARGER_SETS, "shares": shares, "larger": asdict(larger) if larger else None}
    PICKED.write_text(json.dumps(record, indent=2) + "\n")
    print(PICKED.read_text())


def _cost(own: Picked) -> float:
    return {"mended": -own.change, "broken": own.change}.get(own.kind, abs(own.change))


if __name__ == "__main__":
    main()
