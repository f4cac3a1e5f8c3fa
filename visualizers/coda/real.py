"""What was measured of CoDA and its neighbours on real models: RealModel -> words and a table."""

from collections.abc import Sequence

import pandas as pd

from backends.coda.measured import Earlier, Points, RealModel
from backends.numbers import fixed, signed

SHOWN = ("greedy", "coda_paper", "coda_floor_gate_lift", "cad_half_guess", "coda_paper_told", "coda_floor_told", "cad_half_told",
         "cad_one_told", "cad_one_suggested", "cad_half_compare", "cad_half_random", "cad_one_random", "dola")
_NOTABLE = {"cad_one_told": "naming the word (CAD, a = 1)", "cad_half_compare": "a second prompt (CAD, a = 0.5)",
            "cad_half_guess": "the largest lift, a guess (CAD, a = 0.5)", "cad_one_random": "a random content word (CAD, a = 1)",
            "coda_paper": "CoDA, as in the paper"}


def in_words(model: RealModel) -> str:
    """What each way mends, breaks and gains in the plain layout, and whether it gains at all."""
    layout = model.layouts.get("plain") or next(iter(model.layouts.values()))
    greedy = layout.row("greedy")
    said = [f"Greedy decoding answers {greedy.right:g} of {greedy.questions} questions correctly."] if greedy else []
    for name, words in _NOTABLE.items():
        if row := layout.row(name):
            said.append(f"{words[:1].upper()}{words[1:]}: {row.mended:g} mended, {row.broken:g} broken, {points(row.gain)} points; "
                        f"{verdict(row.gain)}.")
    return " ".join(said)


def earlier_in_words(found: Sequence[Earlier]) -> str:
    """What was gained before on other prompts, and which model gained nothing."""
    listed = "; ".join(f"{one.title}, {one.layout}, {one.way}: {points(one.gain)} points, {verdict(one.gain)}" for one in found)
    return f"Before, on other prompts: {listed}." if listed else ""


def verdict(gain: Points) -> str:
    """Whether an interval leaves nought out."""
    _, low, high = gain
    return "a gain" if low > 0 else "a loss" if high < 0 else "no gain that is beyond chance"


def points(interval: Points) -> str:
    mean, low, high = interval
    return f"{signed(mean, 1)} ({fixed(low, 1)} to {fixed(high, 1)})"


def table(models: Sequence[RealModel]) -> pd.DataFrame:
    """One row per model, layout and decoder, with the held-out half beside all."""
    rows = []
    for model in models:
        for name, layout in model.layouts.items():
            for row in layout.all:
                if row.name in SHOWN:
                    held = layout.row(row.name, "held_out")
                    rows.append({
                        "model": model.title, "layout": name, "decoder": row.title, "correct": f"{row.right:g} of {row.questions}",
                        "mended": f"{row.mended:g} of {row.wrong_before}", "broken": f"{row.broken:g} of {row.right_before}",
                        "gain, points": points(row.gain), "over a random word": points(row.over_random) if row.over_random else "",
                        "gain, held out": points(held.gain) if held else ""})
    return pd.DataFrame(rows)
