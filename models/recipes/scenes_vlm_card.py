"""Measures the scene miniature on scenes that it never saw and writes `card.json` and `README.md` from that."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer

from models.recipes.scenes_sweep import (
    ALPHAS,
    ONE,
    Setting,
    Sweep,
    apply_bias,
    choose_alpha,
    choose_setting,
    fit_bias,
    interval,
    sweep,
)
from models.recipes.scenes_words import vocabulary
from worlds.scenes import HELD_OUT, RELATIONS, Layout, draw_sets

CONDITIONS: tuple[tuple[str, Layout], ...] = (
    ("plain", "heights"),
    ("held", "heights"),
    ("noise40", "heights"),
    ("noise60", "heights"),
    ("noise80", "heights"),
    ("clutter15", "heights"),
    ("dis1", "heights"),
    ("dis2", "heights"),
    ("edge", "heights"),
    ("small", "heights"),
    ("plain", "depths"),
    ("noise60", "depths"),
)
VALIDATION_SETS, TEST_SETS = 200, 300
CANNOT = (
    "It knows the eight colours and sixteen things of the generated worlds and no photographs.",
    "It answers the two questions that it was trained on, in their wording; it does not answer with an option's letter.",
    "With more things in the picture than the two that are asked for it is often wrong: it was never trained on that.",
    "It shows no gain from smoothing (alpha below 1). What AdaptVis gains on it is small, and fitting the answers' prior gains more.",
    "Its last row does not rest on the first token, as LLaVA's does: no attention sink forms at this size.",
)
Bounds = tuple[float, float, float]  # mean and 95 % interval, in points


@dataclass(frozen=True)
class Examples:
    """Where the shipped model's setting changes an answer among its validation scenes, and the clearest case of each kind."""

    mended: int
    broken: int
    clearest_mended: int | None  # index of the scene: the true answer's probability rises most
    clearest_broken: int | None  # falls most


@dataclass(frozen=True)
class Measured:
    """One condition: accuracies in per cent and gains in points, over all seeds."""

    name: str
    base: Bounds
    relations: dict[str, float]
    scaling: Bounds
    adapted: Bounds
    bias: Bounds
    low_half: Bounds  # the less confident half with its own alpha
    familiar: Bounds  # left and right with their own alpha
    unfamiliar: Bounds
    oracle: float  # right at any alpha, over the base
    alphas: list[float]  # of ScalingVis, one per seed
    low_alphas: list[float]
    settings: list[Setting]
    curve: list[float]  # accuracy at every alpha of ALPHAS
    examples: Examples


def measure(folders: Sequence[Path]) -> tuple[list[Measured], dict[str, list[float]]]:
    """Return every condition over all folders, one per seed, and where the shipped (first) model's last row looks."""
    models = [AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval() for folder in folders]
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    rows, masses = [], {}
    for condition, layout in CONDITIONS:
        name = condition if layout == "heights" else f"{condition}-{layout}"
        validation = draw_sets(condition, VALIDATION_SETS, seed=validation_seed(name), layout=layout)
        test = draw_sets(condition, TEST_SETS, seed=validation_seed(name) + 50000, layout=layout)
        pairs = [(sweep(model, tokenizer, validation), sweep(model, tokenizer, test)) for model in models]
        rows.append(compare(name, layout, pairs))
        if name == "plain":
            shipped = pairs[0][1]
            masses = {key: [round(float(x), 3) for x in getattr(shipped, key)] for key in ("bos_mass", "image_mass", "image_logit")}
        print(f"{name}: {rows[-1].base[0]:.1f}, adapted {rows[-1].adapted[0]:+.1f}", flush=True)
    return rows, masses


def validation_seed(name: str) -> int:
    """Return the seed of a condition's validation scenes, such as of "noise60" or "plain-depths"."""
    return 11000 + sum(map(ord, name))


def compare(name: str, layout: Layout, pairs: Sequence[tuple[Sweep, Sweep]]) -> Measured:
    """Return what the settings chosen on each seed's validation sweep change on its test sweep."""
    tests = [test for _, test in pairs]
    base = [test.right[ONE].astype(float) for test in tests]
    alphas = [choose_alpha(validation) for validation, _ in pairs]
    settings = [choose_setting(validation) for validation, _ in pairs]
    truth = np.concatenate([test.truth for test in tests])
    low = [(_less_confident(validation), _less_confident(test)) for validation, test in pairs]
    familiar = [(validation.truth < 2, test.truth < 2) for validation, test in pairs]
    unfamiliar = [(~first, ~second) for first, second in familiar]
    return Measured(
        name=name,
        base=_points(base),
        relations={word: _percent(np.concatenate(base)[truth == index].mean()) for index, word in enumerate(RELATIONS[layout])},
        scaling=_points([test.right[ALPHAS.index(alpha)] - before for test, alpha, before in zip(tests, alphas, base)]),
        adapted=_points([setting.apply(test) - before for test, setting, before in zip(tests, settings, base)]),
        bias=_points([apply_bias(test, fit_bias(validation)) - before for (validation, test), before in zip(pairs, base)]),
        low_half=_points(_own_gain(pairs, low)),
        familiar=_points(_own_gain(pairs, familiar)),
        unfamiliar=_points(_own_gain(pairs, unfamiliar)),
        oracle=_percent(np.mean([test.right.any(0).mean() - test.right[ONE].mean() for test in tests])),
        alphas=alphas,
        low_alphas=[choose_alpha(validation, part[0]) for (validation, _), part in zip(pairs, low)],
        settings=settings,
        curve=[_percent(np.mean([test.right[index].mean() for test in tests])) for index in range(len(ALPHAS))],
        examples=_examples(pairs[0][0], settings[0]),
    )


def _examples(sweep: Sweep, setting: Setting) -> Examples:
    before, after = sweep.right[ONE], setting.apply(sweep)
    low, high = (sweep.probabilities[ALPHAS.index(alpha)] for alpha in (setting.alpha_low, setting.alpha_high))
    scenes = np.arange(len(sweep.truth))
    second = np.where((sweep.confidence < setting.beta)[:, None], low, high)[scenes, sweep.truth]
    rise = second - sweep.probabilities[ONE][scenes, sweep.truth]  # (scenes,) of the true answer
    mended, broken = np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)
    return Examples(
        mended=len(mended),
        broken=len(broken),
        clearest_mended=int(mended[rise[mended].argmax()]) if len(mended) else None,
        clearest_broken=int(broken[rise[broken].argmin()]) if len(broken) else None,
    )


def _less_confident(sweep: Sweep) -> np.ndarray:
    return sweep.confidence < np.median(sweep.confidence)


def _own_gain(pairs: Sequence[tuple[Sweep, Sweep]], parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Return per seed (scenes,) the gain of the alpha chosen on the validation part; NaN outside the test part."""
    gains = []
    for (validation, test), (chosen_on, counted_on) in zip(pairs, parts):
        alpha = choose_alpha(validation, chosen_on)
        gain = test.right[ALPHAS.index(alpha)].astype(float) - test.right[ONE]
        gains.append(np.where(counted_on, gain, np.nan))
    return gains


def _points(values: Sequence[np.ndarray]) -> Bounds:
    mean, low, high = interval(values)
    return _percent(mean), _percent(low), _percent(high)


def _percent(value: float) -> float:
    return round(100 * float(value), 1)


def write_card(folder: Path, rows: list[Measured], masses: dict[str, list[float]], records: list[dict]) -> None:
    """Write the card of the model in `folder`; `records` are the training.json of all seeds, the shipped one first."""
    shipped = records[0]
    model = AutoModelForImageTextToText.from_pretrained(folder)
    card = {
        "name": folder.name,
        "what": "Answers where one thing is in relation to another in drawn rooms.",
        "script": "python -m models.recipes.scenes_vlm",
        **shipped,
        "seeds": [record["training"]["seed"] for record in records],
        "minutes_per_seed": [record["made"]["minutes"] for record in records],
        "parameters": model.num_parameters(),
        "bytes": (folder / "model.safetensors").stat().st_size,
        "words": len(vocabulary()),
        "held_out_pairs": sorted(HELD_OUT),
        "attention_of_the_last_row": masses,
        "alphas": ALPHAS,
        "measured": [asdict(row) for row in rows],
        "cannot": CANNOT,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    (folder / "README.md").write_text("\n".join(_readme(card, rows, records)) + "\n")


def _readme(card: dict, rows: list[Measured], records: list[dict]) -> list[str]:
    size, training, made = (records[0][key] for key in ("size", "training", "made"))
    seeds = ", ".join(map(str, card["seeds"]))
    shares = ", ".join(f"{100 * share:g} %" for share in training["frequencies"])
    stops = " and ".join(map(str, made.get("resumed_after", [])))
    resumed = f"; gone on with `--resume` after {stops} steps" if stops else ""
    seen = "none; the noise is always of 6 grey levels"  # of weights that are older than the setting
    if "noise" in training:
        since = f" from step {training['noise_from_step']} on" if "noise_from_step" in training else ""
        seen = f"noise up to {training['noise']:g} grey levels and up to {training['clutter']} grey bars{since}"
    bos, image = (card["attention_of_the_last_row"][key] for key in ("bos_mass", "image_mass"))
    return [
        f"# {card['name']}",
        "",
        f"{card['what']} A LlavaForConditionalGeneration with {card['parameters']:,} parameters, {card['words']} words and"
        f" {(size['input_px'] // size['patch_px']) ** 2} image tokens ({size['input_px']} pixels), {card['bytes'] / 1e6:.1f} MB in"
        " half precision. This file and `card.json` are written by the recipe.",
        "",
        f"- **Made by** `{card['script']}` (seed {training['seed']}, {made['steps']} steps of {training['batch']} scenes,"
        f" {made['cpu_minutes']} CPU minutes on one thread, {made['minutes']} minutes on a shared machine{resumed})",
        f"- **Data**: rooms drawn by `worlds.scenes`; left, right, on and under are {shares} of the training questions, and a"
        f" {training['depths']:.0%} share asks about front and behind instead; tests are balanced",
        f"- **Shifts seen in training**: {seen}",
        f"- **Never asked for in training**: {', '.join(card['held_out_pairs'])}",
        "",
        f"## Measured on {4 * TEST_SETS} held-out scenes per condition, training seed{'s' if len(records) > 1 else ''} {seeds}",
        "",
        "Per cent right with the 95 % interval (sets of scenes"
        + (" and seeds" if len(records) > 1 else "")
        + " resampled); relations in the order left, right, on, under (or front, behind).",
        "",
        "| condition | right | per relation |",
        "|---|---|---|",
        *(f"| {row.name} | {_plain(row.base)} | {', '.join(f'{value:.0f}' for value in row.relations.values())} |" for row in rows),
        "",
        "## What AdaptVis does to it",
        "",
        f"Points gained over alpha = 1 on the same scenes, settings chosen on {4 * VALIDATION_SETS} others. ScalingVis is one alpha,"
        " AdaptVis two with a threshold on the confidence. *Bias* changes no attention: four constants are added to the"
        " answers' log-probabilities. The last three columns choose their own alpha for that part only.",
        "",
        "| condition | ScalingVis (alpha) | AdaptVis (low, high, beta) | bias | less confident half | left, right | the rare two |",
        "|---|---|---|---|---|---|---|",
        *(_gain_row(row) for row in rows),
        "",
        *_verdict(rows),
        "",
        "Last row of attention on plain scenes, per layer: on `<s>` "
        + ", ".join(f"{x:.2f}" for x in bos)
        + "; on the picture "
        + ", ".join(f"{x:.2f}" for x in image)
        + f". {'An attention sink forms' if max(bos) > 0.2 else 'No attention sink forms'} on `<s>`.",
        "",
        "## What it cannot do",
        "",
        *(f"- {sentence}" for sentence in CANNOT),
    ]


def _plain(bounds: Bounds) -> str:
    return f"{bounds[0]:.1f} [{bounds[1]:.1f}, {bounds[2]:.1f}]"


def _gain(bounds: Bounds) -> str:
    return f"{bounds[0]:+.1f} [{bounds[1]:+.1f}, {bounds[2]:+.1f}]"


def _gain_row(row: Measured) -> str:
    alphas = ", ".join(f"{alpha:g}" for alpha in row.alphas)
    settings = "; ".join(f"{each.alpha_low:g}, {each.alpha_high:g}, {each.beta:g}" for each in row.settings)
    gains = (f"{_gain(row.scaling)} ({alphas})", f"{_gain(row.adapted)} ({settings})", _gain(row.bias))
    return f"| {' | '.join((row.name, *gains, _gain(row.low_half), _gain(row.familiar), _gain(row.unfamiliar)))} |"


def _verdict(rows: list[Measured]) -> list[str]:
    """Return in words where AdaptVis helps, where it hurts, and whether the cheap rival does as well."""
    helps = [row.name for row in rows if row.adapted[1] > 0]
    hurts = [row.name for row in rows if row.adapted[2] < 0]
    beaten = [row.name for row in rows if row.bias[0] >= row.adapted[0] and row.name in helps]
    sharper = [row.name for row in rows if any(setting.alpha_high > 1 for setting in row.settings) and row.name in helps]
    return [
        f"AdaptVis helps in {_names(helps)} and hurts in {_names(hurts)} (interval away from 0); elsewhere nothing shows.",
        f"Of those where it helps, the bias control does as well or better in {_names(beaten)}; an alpha above 1 was chosen for some"
        f" seed in {_names(sharper)}.",
    ]


def _names(names: list[str]) -> str:
    return ", ".join(names) or "none"
