"""What turning the gaze does to the shapes miniature: every method on held-out scenes, over training seeds, rivals beside it.

Settings are chosen on 200 sets of scenes per condition and model and counted on others. Intervals resample training seeds
and sets of scenes, the same sets for every seed, so that differences are paired; with three seeds they are narrower
than the truth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backends.adaptvis.choosing import Setting, Sweep, choose_alpha, choose_refitted, choose_setting, fit_bias, oracle, with_bias
from backends.adaptvis.items import scenery_of, scenes_of, validation_seed
from backends.adaptvis.presets import SETS, sweep_of
from backends.adaptvis.run import run
from backends.adaptvis.settings import AdaptVisSettings
from backends.run import Inputs, last
from backends.rungs import rung_of
from backends.statistics import over_seeds
from benchmarks.tables import markdown
from models.attention import Scaling
from models.catalogue import at_stage, make
from models.devices import threads_for
from models.loading import load
from models.vlm import VisionLanguageModel
from worlds.scenes.scene import IMBALANCED, RELATIONS

MODEL = "shapes-vlm"
SEEDS = ("", "seed 1", "seed 2")  # the shipped model and two more trainings of the same recipe, minutes each if they are not made yet
CONTROL = "balanced"  # all four relations equally often in training
CONDITIONS = ("plain", "held", "noise40", "noise60", "clutter15", "dis1", "dis2", "edge", "small")
SHIFTED = ("noise40", "noise60", "clutter15")
TEST_SETS = 500  # effects need 2,000 scenes: of 200, one sample in eleven shows +10 for +6
WORDS = RELATIONS["heights"]

Pair = tuple[Sweep, Sweep]  # to choose on, to test on
Values = list[np.ndarray]  # per seed (scenes,), nan for a scene that does not count


@dataclass(frozen=True)
class Tested:
    """One condition: per seed both sweeps, and whether each method is right."""

    pairs: list[Pair]
    alphas: list[float]
    settings: list[Setting]
    right: dict[str, Values]


def section() -> str:
    """Return the tables."""
    with threads_for(rung_of(MODEL, "vlm").parameters):
        models = [_model(seed) for seed in SEEDS]
        tested = {name: _tested([_pair(model, name) for model in models]) for name in CONDITIONS}
        variants = {(name, variant): _tested([_pair(model, name, Scaling(variant=variant)) for model in models])  # type: ignore[arg-type]
                    for name in SHIFTED for variant in ("shape", "mass")}
        overlap = _overlap()
    head = (f"## Gaze: what AdaptVis does to {MODEL}\n\n{len(SEEDS)} trainings of one recipe, in which on and under are rare (8 and "
            f"2 %). {4 * TEST_SETS} scenes per condition, all relations equally often; settings are chosen on {4 * SETS} others. "
            "Per cent, and points against the untouched model (greedy), with 95 % intervals over seeds and sets of scenes.\n")
    tables = {
        "What was chosen, and who gains": _chosen(tested),
        "For whom: alpha chosen for that part alone": _parts(tested),
        "Only sharper, only less image": _variants(tested, variants),
        "Attention on the true boxes (AUROC per layer, shipped model)": overlap,
    }
    return "\n".join([head, _methods(tested), *(f"\n### {title}\n\n{table}" for title, table in tables.items())])


def control_section() -> str:
    """Return the table of a model of the same recipe that has no prior to fall back on."""
    with threads_for(rung_of(MODEL, "vlm").parameters):
        vlm = _model(CONTROL)
        found = {name: _tested([_pair(vlm, name)]) for name in ("plain", *SHIFTED)}
    head = ("## Gaze: the control\n\nThe same recipe with all four relations equally often in training (one training), on the same "
            "scenes. Per cent, and points against the untouched model, with 95 % intervals over sets of scenes.\n")
    return f"{head}\n{_control(found)}"


def _model(stage: str) -> VisionLanguageModel:
    rung = rung_of(MODEL, "vlm")
    if stage:
        rung = at_stage(rung, stage)
        make(rung)
    tool = load(rung).tool
    if not isinstance(tool, VisionLanguageModel):
        raise TypeError(f"{rung.source} is a {type(tool).__name__}")
    return tool


def _pair(vlm: VisionLanguageModel, condition: str, scaling: Scaling | None = None) -> Pair:
    scenery, start = scenery_of(AdaptVisSettings(model=MODEL)), validation_seed(condition)
    validation = scenes_of(condition, scenery, SETS, start=start)
    test = scenes_of(condition, scenery, TEST_SETS, start=start + 50_000)
    return sweep_of(vlm, validation, scaling)[0], sweep_of(vlm, test, scaling)[0]


def _tested(pairs: list[Pair]) -> Tested:
    alphas = [choose_alpha(validation) for validation, _ in pairs]
    settings = [choose_setting(validation) for validation, _ in pairs]
    refitted = [choose_refitted(validation) for validation, _ in pairs]
    fitted = [fit_bias(validation.probabilities[validation.one], validation.truth) for validation, _ in pairs]
    tests = [test for _, test in pairs]
    right = {
        "greedy": [test.base for test in tests],
        "ScalingVis": [test.right[test.alphas.index(alpha)] for test, alpha in zip(tests, alphas)],
        "AdaptVis": [setting.right(test) for test, setting in zip(tests, settings)],
        "bias": [with_bias(test.probabilities[test.one], test.truth, bias) for test, bias in zip(tests, fitted)],
        "acc + bias": [with_bias(test.probabilities[test.alphas.index(alpha)], test.truth, bias)
                       for test, (alpha, bias) in zip(tests, refitted)],
        "oracle": [oracle(test) for test in tests],
    }
    return Tested(pairs, alphas, settings, {name: [own.astype(float) for own in found] for name, found in right.items()})


def _methods(tested: Mapping[str, Tested]) -> str:
    rows = []
    for name, found in tested.items():
        right = found.right
        gains = [_points(_minus(right[method], right["greedy"])) for method in ("ScalingVis", "AdaptVis", "bias", "acc + bias")]
        against = [_points(_minus(right["AdaptVis"], right[rival])) for rival in ("ScalingVis", "bias")]
        oracle_gain = 100 * (np.mean(right["oracle"]) - np.mean(right["greedy"]))
        rows.append((name, _percent(right["greedy"]), *gains, *against, _reweighted(found), f"{oracle_gain:+.1f}"))
    return markdown(("condition", "greedy", "ScalingVis", "AdaptVis", "bias", "acc + bias", "AdaptVis − ScalingVis",
                     "AdaptVis − bias", "AdaptVis, relations as in training", "oracle"), rows)


def _reweighted(found: Tested) -> str:
    """AdaptVis' gain if every relation were as frequent as in training: items weighted, the same sets drawn."""
    shares = dict(enumerate(np.array(IMBALANCED) * len(IMBALANCED)))
    weights = [np.array([shares[int(word)] for word in test.truth]) for _, test in found.pairs]
    gains = _minus(found.right["AdaptVis"], found.right["greedy"])
    return _points([gain * weight for gain, weight in zip(gains, weights)])


def _chosen(tested: Mapping[str, Tested]) -> str:
    rows = []
    for name, found in tested.items():
        truth = np.concatenate([test.truth for _, test in found.pairs])
        before, after = (np.concatenate(found.right[method]).astype(bool) for method in ("greedy", "AdaptVis"))
        relations = [", ".join(f"{100 * right[truth == word].mean():.0f}" for word in range(len(WORDS))) for right in (before, after)]
        sets = [f"{100 * right.reshape(-1, 4).all(1).mean():.1f}" for right in (before, after)]
        mended, broken = 100 * (after & ~before).mean(), 100 * (before & ~after).mean()
        settings = "; ".join(f"{own.alpha1:g}, {own.alpha2:g}, {own.beta:g}" for own in found.settings)
        rows.append((name, ", ".join(f"{alpha:g}" for alpha in found.alphas), settings, *relations, " → ".join(sets),
                     f"{mended:.1f} / {broken:.1f}"))
    return markdown(("condition", "ScalingVis: alpha", "AdaptVis: alpha1, alpha2, beta", f"greedy: {', '.join(WORDS)}",
                     "AdaptVis: the same", "whole sets right", "mended / broken, % of scenes"), rows)


def _parts(tested: Mapping[str, Tested]) -> str:
    def unsure(sweep: Sweep) -> np.ndarray:
        return sweep.confidence < np.median(sweep.confidence)

    parts: dict[str, Callable[[Sweep], np.ndarray]] = {
        "less confident half": unsure, "more confident half": lambda sweep: ~unsure(sweep),
        "left, right": lambda sweep: sweep.truth < 2, "on, under": lambda sweep: sweep.truth >= 2}
    rows = [(name, *(_own_gain(found.pairs, part) for part in parts.values())) for name, found in tested.items()]
    return markdown(("condition", *parts), rows)


def _own_gain(pairs: Sequence[Pair], part: Callable[[Sweep], np.ndarray]) -> str:
    """The gain of the alpha that is best for that part of the validation scenes, on that part of the test scenes."""
    alphas = [choose_alpha(validation.part(part(validation))) for validation, _ in pairs]
    gains = [np.where(part(test), test.right[test.alphas.index(alpha)].astype(float) - test.base, np.nan)
             for (_, test), alpha in zip(pairs, alphas)]
    return f"{', '.join(f'{alpha:g}' for alpha in alphas)}: {_points(gains)}"


def _variants(tested: Mapping[str, Tested], variants: Mapping[tuple[str, str], Tested]) -> str:
    rows = [(name, *(f"{_points(_minus(found.right['AdaptVis'], found.right['greedy']))}"
                     for found in (tested[name], variants[name, "shape"], variants[name, "mass"]))) for name in SHIFTED]
    return markdown(("condition", "multiply (the method)", "shape: the image's share is kept", "mass: only its share changes"), rows)


def _control(control: Mapping[str, Tested]) -> str:
    rows = [(name, _percent(found.right["greedy"]), _points(_minus(found.right["AdaptVis"], found.right["greedy"])),
             _points(_minus(found.right["bias"], found.right["greedy"])),
             _own_gain(found.pairs, lambda sweep: sweep.confidence < np.median(sweep.confidence))) for name, found in control.items()]
    return markdown(("condition", "greedy", "AdaptVis", "bias", "less confident half (alpha: gain)"), rows)


def _overlap() -> str:
    """Right against wrong answers, by a run of the app itself."""
    rows = []
    for name in ("plain", *SHIFTED):
        evaluated = last(run(AdaptVisSettings(model=MODEL, task="evaluate", condition=name, num_sets=SETS), Inputs())).evaluated
        rows += [(name, layer, f"{right:.3f}", f"{wrong:.3f}") for layer, right, wrong in evaluated.auroc_per_layer]
    return markdown(("condition", "layer", "right answers", "wrong answers"), rows)


def _minus(first: Values, second: Values) -> Values:
    return [own - other for own, other in zip(first, second)]


def _percent(values: Values) -> str:
    mean, low, high = (100 * share for share in over_seeds(values, group=4))
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def _points(values: Values) -> str:
    mean, low, high = (100 * share for share in over_seeds(values, group=4))
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"
