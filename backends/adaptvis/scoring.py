"""Answers at every alpha turned into what a person reads: one row per method, curves, and every item.

Every method sees the same test items and the same bootstrap draws, so that gains over greedy are paired. `reweighted` counts
AdaptVis' answers with each relation as frequent as where the model learned: a method that only says rare words more often
gains on balanced items and loses there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backends.adaptvis import metrics
from backends.adaptvis.choosing import (
    BETAS,
    Setting,
    Sweep,
    choose_alpha,
    choose_refitted,
    choose_setting,
    fit_bias,
    oracle,
    with_bias,
)
from backends.adaptvis.items import DataSet, Item
from backends.adaptvis.results import MAX_UNREAD, Curve, Evaluated, MethodScore
from backends.adaptvis.results import Item as ItemRow
from backends.adaptvis.settings import AdaptVisSettings
from backends.numbers import signed
from backends.statistics import Bootstrap


@dataclass(frozen=True)
class Table:
    """A part of a data set, answered. `texts` and `overlaps` are of the untouched model."""

    sweep: Sweep
    items: tuple[Item, ...]
    words: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]  # per item and alpha
    texts: tuple[str, ...]
    overlaps: np.ndarray  # (items, layers)
    rivals: dict[str, np.ndarray]  # method -> (items, words)

    @property
    def relations(self) -> list[str]:
        return [item.relation for item in self.items]


@dataclass(frozen=True)
class Chosen:
    """What the validation part, or the knobs, say."""

    alpha: float
    setting: Setting
    constants: np.ndarray  # (words,) of `bias`
    refitted_alpha: float
    refitted: np.ndarray  # (words,) of `acc_bias`


def choose(validation: Table, settings: AdaptVisSettings) -> Chosen:
    """Return the settings of every method, from validation answers only."""
    sweep = validation.sweep
    refitted_alpha, refitted = choose_refitted(sweep)
    constants = fit_bias(sweep.probabilities[sweep.one], sweep.truth)
    if not settings.chooses:
        setting = Setting(settings.alpha1, settings.alpha2, settings.beta)
        return Chosen(settings.alpha, setting, constants, refitted_alpha, refitted)
    return Chosen(choose_alpha(sweep), choose_setting(sweep), constants, refitted_alpha, refitted)


def evaluated_of(data: DataSet, num_validation: int, test: Table, chosen: Chosen, settings: AdaptVisSettings) -> Evaluated:
    """Return everything that is shown of the test part."""
    bootstrap = Bootstrap.over([item.group for item in test.items])
    is_yes_no = set(test.words) == {"yes", "no"}
    return Evaluated(
        data=data.name, num_validation=num_validation, num_test=len(test.items), alphas=test.sweep.alphas,
        scores=_scores(test, chosen, settings, bootstrap, data), curves=_curves(test, bootstrap),
        alpha1=chosen.setting.alpha1, alpha2=chosen.setting.alpha2, beta=chosen.setting.beta,
        beta_curve=_beta_curve(test.sweep, chosen.setting), items=_items(test, chosen.setting),
        auroc_per_layer=_overlaps(test), yes_no=_yes_no(test, chosen) if is_yes_no else (), unread=_unread(test, settings))


def _scores(test: Table, chosen: Chosen, settings: AdaptVisSettings, bootstrap: Bootstrap, data: DataSet) -> tuple[MethodScore, ...]:
    rows = []
    for method in settings.methods:
        if method == "reweighted":
            rows += [_reweighted(test, chosen, bootstrap, data)] if data.frequencies else []
        else:
            setting, answered = _METHODS[method](test, chosen)
            rows.append(_score(method, setting, answered, test, bootstrap, has_sets=data.has_sets))
    return tuple(rows)


def _score(method: str, setting: str, right: np.ndarray, test: Table, bootstrap: Bootstrap, *, has_sets: bool,
           weights: np.ndarray | None = None) -> MethodScore:
    base, relations = test.sweep.base, test.relations
    found = metrics.grouped(right, relations, [item.group for item in test.items], has_sets=has_sets)
    gain = bootstrap.interval(right.astype(float) - base, weights)
    return MethodScore(
        method=method, setting=setting, individual=bootstrap.interval(right.astype(float), weights),
        gain=None if method == "greedy" else gain, pair=found.pair, complete=found.complete, official_pair=found.official_pair,
        official_set=found.official_set, per_relation=metrics.per_relation(right, relations), mended=int((right & ~base).sum()),
        broken=int((base & ~right).sum()))


def _reweighted(test: Table, chosen: Chosen, bootstrap: Bootstrap, data: DataSet) -> MethodScore:
    names = np.array(test.relations)
    counts = {name: int((names == name).sum()) for name in set(test.relations)}
    frequencies = data.frequencies or {}
    weights = np.array([frequencies.get(name, 0.0) / counts[name] for name in test.relations])
    greedy = bootstrap.interval(test.sweep.base.astype(float), weights)[0]
    shares = " / ".join(f"{100 * share:g} % {name}" for name, share in frequencies.items())
    setting = f"AdaptVis, counted as in training ({shares}); greedy so counted {100 * greedy:.1f} %"
    return _score("reweighted", setting, chosen.setting.right(test.sweep), test, bootstrap, has_sets=data.has_sets, weights=weights)


Answered = tuple[str, np.ndarray]  # the setting in words, (items,) bool


def _greedy(test: Table, chosen: Chosen) -> Answered:
    return "alpha 1", test.sweep.base


def _scalingvis(test: Table, chosen: Chosen) -> Answered:
    return f"alpha {chosen.alpha:g}", test.sweep.right[test.sweep.alphas.index(chosen.alpha)]


def _adaptvis(test: Table, chosen: Chosen) -> Answered:
    setting = chosen.setting
    return f"alpha1 {setting.alpha1:g}, alpha2 {setting.alpha2:g}, beta {setting.beta:g}", setting.right(test.sweep)


def _bias(test: Table, chosen: Chosen) -> Answered:
    said = ", ".join(f"{word} {signed(value)}" for word, value in zip(test.words, chosen.constants))
    return said, with_bias(test.sweep.probabilities[test.sweep.one], test.sweep.truth, chosen.constants)


def _acc_bias(test: Table, chosen: Chosen) -> Answered:
    own = test.sweep.probabilities[test.sweep.alphas.index(chosen.refitted_alpha)]
    said = ", ".join(f"{word} {signed(value)}" for word, value in zip(test.words, chosen.refitted))
    return f"alpha {chosen.refitted_alpha:g}; {said}", with_bias(own, test.sweep.truth, chosen.refitted)


def _oracle(test: Table, chosen: Chosen) -> Answered:
    return f"right at any of {len(test.sweep.alphas)} alphas: an upper bound, no method", oracle(test.sweep)


def _vcd(test: Table, chosen: Chosen) -> Answered:
    return "a 1, b 0.1, noise step 500 [O]", test.rivals["vcd"].argmax(1) == test.sweep.truth


def _dola(test: Table, chosen: Chosen) -> Answered:
    return "layers of the upper half, b 0.1 [O]", test.rivals["dola"].argmax(1) == test.sweep.truth


_METHODS: dict[str, Callable[[Table, Chosen], Answered]] = {
    "greedy": _greedy, "scalingvis": _scalingvis, "adaptvis": _adaptvis, "bias": _bias, "acc_bias": _acc_bias, "oracle": _oracle,
    "vcd": _vcd, "dola": _dola,
}


def _curves(test: Table, bootstrap: Bootstrap) -> tuple[Curve, ...]:
    sweep, relations = test.sweep, np.array(test.relations)
    unsure = sweep.confidence < np.median(sweep.confidence)
    subsets = {"all": np.ones(len(unsure), bool), "unsure half": unsure, "sure half": ~unsure}
    subsets |= {name: relations == name for name in dict.fromkeys(test.relations)}
    return tuple(_curve(name, own, sweep, bootstrap) for name, own in subsets.items() if own.any())


def _curve(name: str, subset: np.ndarray, sweep: Sweep, bootstrap: Bootstrap) -> Curve:
    found = [bootstrap.interval(right.astype(float), subset.astype(float)) for right in sweep.right]
    accuracy, low, high = zip(*found)
    return Curve(name=name, alphas=sweep.alphas, accuracy=accuracy, low=low, high=high)


def _beta_curve(sweep: Sweep, setting: Setting) -> tuple[tuple[float, float], ...]:
    betas = sorted({*BETAS, setting.beta})
    return tuple((beta, float(Setting(setting.alpha1, setting.alpha2, beta).right(sweep).mean())) for beta in betas)


def _items(test: Table, setting: Setting) -> tuple[ItemRow, ...]:
    alphas = test.sweep.alphas
    rows = []
    for index, (item, confidence) in enumerate(zip(test.items, test.sweep.confidence)):
        alpha = setting.alpha1 if confidence < setting.beta else setting.alpha2
        rows.append(ItemRow(number=item.number, relation=item.relation, right=item.right, confidence=float(confidence),
                            answers=test.answers[index], adaptvis=test.answers[index][alphas.index(alpha)], group=item.group))
    return tuple(rows)


def _overlaps(test: Table) -> tuple[tuple[int, float, float], ...]:
    """Return per layer the mean AUROC of right and of wrong answers; nothing where no item has boxes."""
    is_known = ~np.isnan(test.overlaps).any(1)
    if not is_known.any():
        return ()
    sides = (is_known & test.sweep.base, is_known & ~test.sweep.base)
    means = [test.overlaps[side].mean(0) if side.any() else np.full(test.overlaps.shape[1], np.nan) for side in sides]
    return tuple((layer, float(right), float(wrong)) for layer, (right, wrong) in enumerate(zip(*means)))


def _yes_no(test: Table, chosen: Chosen) -> tuple[tuple[str, metrics.YesNo], ...]:
    """Return VSR's scores of greedy, ScalingVis and AdaptVis, from the words that were read."""
    is_yes = np.array([item.right == "yes" for item in test.items])
    alphas, setting = test.sweep.alphas, chosen.setting
    said = np.array(test.answers)  # (items, alphas)
    low, high = said[:, alphas.index(setting.alpha1)], said[:, alphas.index(setting.alpha2)]
    answers = {"greedy": said[:, test.sweep.one], "scalingvis": said[:, alphas.index(chosen.alpha)],
               "adaptvis": np.where(setting.is_unsure(test.sweep.confidence), low, high)}
    return tuple((name, metrics.yes_no(is_yes, own == "yes", own == "no")) for name, own in answers.items())


def _unread(test: Table, settings: AdaptVisSettings) -> tuple[tuple[int, str], ...]:
    """Return the replies that were counted as wrong because no single option was found in them."""
    if settings.match == "likeliest":
        return ()
    lost = [(item.number, text) for item, text, own in zip(test.items, test.texts, test.answers) if not own[test.sweep.one]]
    return tuple(lost[:MAX_UNREAD])
