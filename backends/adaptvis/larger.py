"""The effect on 2,000 scenes per miniature and condition: `python -m backends.adaptvis.larger`. What a smaller run is set beside.

With 200 scenes about one sample in eleven of a +6 effect shows +10. So whatever is claimed comes from 500 sets of four to test on,
after as many to choose on, of a seed that chose nothing: no preset, no training and no default looked at these scenes.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from backends.adaptvis.settings import LARGER_SEED, LARGER_SETS, RECORDED, AdaptVisSettings

if TYPE_CHECKING:
    from backends.adaptvis.results import AdaptVisResult, Evaluated

FILE = RECORDED / "larger.json"
FEW = 4 * LARGER_SETS  # below, a run has the larger sample's number beside it
CONDITIONS = ("plain", "held", "noise40", "noise60", "clutter15", "dis1", "dis2", "edge", "small")
SAMPLED = {"shapes-vlm": ("board", CONDITIONS), "scenes-vlm": ("rooms", (*CONDITIONS, "plain-depths", "noise60-depths"))}
# what a run may differ in and still be of the same kind; alphas and beta are chosen on the validation part
_FREE = {"seed", "num_sets", "num_items", "methods", "alpha", "alpha1", "alpha2", "beta", "picture", "index", "question", "options",
         "looking", "scenery", "model", "condition"}

Triple = tuple[float, float, float]  # mean and the ends of its 95 % interval


@dataclass(frozen=True)
class Larger:
    """One condition of one miniature. Shares, 0..1."""

    model: str
    condition: str
    scenery: str
    seed: int
    num_validation: int
    num_test: int
    setting: str  # as chosen
    one_alpha: str  # a sentence, where only one alpha is ever used
    greedy: Triple
    scalingvis: Triple  # the gain, as of the next two
    adaptvis: Triple
    bias: Triple
    mended: int
    broken: int
    code_version: str


def settings_of(model: str, condition: str) -> AdaptVisSettings:
    """What is asked for one row."""
    return AdaptVisSettings(task="evaluate", model=model, condition=condition, num_sets=LARGER_SETS, seed=LARGER_SEED)


@cache
def recorded() -> tuple[Larger, ...]:
    """Every row that is recorded."""
    return TypeAdapter(tuple[Larger, ...]).validate_json(FILE.read_text()) if FILE.is_file() else ()


def larger_of(settings: AdaptVisSettings) -> Larger | None:
    """The recorded sample of the same kind: what was asked differs in seed and size only."""
    row = next((row for row in recorded() if (row.model, row.condition) == (settings.model, settings.condition)), None)
    if row is None or settings.scenery not in ("trained", row.scenery):
        return None
    default = settings_of(row.model, row.condition)
    is_alike = all(getattr(settings, name) == getattr(default, name) for name in type(settings).model_fields if name not in _FREE)
    return row if is_alike else None


def is_drawn(evaluated: "Evaluated") -> bool:
    return evaluated.data.startswith("drawn scenes")


def row_of(result: "AdaptVisResult") -> Larger:
    """The row of a finished evaluation."""
    from backends.adaptvis.words import one_alpha_of, score_of

    evaluated, settings = result.evaluated, result.settings
    if evaluated is None:
        raise ValueError("this run evaluated nothing")
    scores = {name: score_of(evaluated, name) for name in ("greedy", "scalingvis", "adaptvis", "bias")}
    found = {name: score for name, score in scores.items() if score is not None}
    gains = {name: score.gain for name, score in found.items() if score.gain is not None}
    return Larger(
        model=settings.model, condition=settings.condition, scenery=SAMPLED[settings.model][0], seed=settings.seed,
        num_validation=evaluated.num_validation, num_test=evaluated.num_test, setting=found["adaptvis"].setting,
        one_alpha=one_alpha_of(evaluated), greedy=found["greedy"].individual, **gains, mended=found["adaptvis"].mended,
        broken=found["adaptvis"].broken, code_version=result.code_version)


def table() -> str:
    """The rows as docs/adaptvis.md has them: per cent, and points against the untouched model."""
    def told(triple: Triple, sign: str = "") -> str:
        mean, low, high = (format(100 * end, f"{sign}.1f") for end in triple)
        return f"{mean} [{low}, {high}]"

    lines = ["| model | condition | as it is | AdaptVis | mended / broken | ScalingVis | bias | chosen alpha1, alpha2, beta |",
             "|---|---|---|---|---|---|---|---|"]
    for row in recorded():
        setting = row.setting.replace("alpha1 ", "").replace("alpha2 ", "").replace("beta ", "")
        cells = (row.model, row.condition, told(row.greedy), told(row.adaptvis, "+"), f"{row.mended} / {row.broken}",
                 told(row.scalingvis, "+"), told(row.bias, "+"), setting + (", one alpha" if row.one_alpha else ""))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Evaluate every condition and write the rows, each as soon as it is there; print them as the document has them."""
    from backends.adaptvis.run import run
    from backends.run import Inputs, last

    rows: list[Larger] = []
    for model, (_, conditions) in SAMPLED.items():
        for condition in conditions:
            rows.append(row_of(last(run(settings_of(model, condition), Inputs()))))
            print(model, condition, rows[-1].setting, rows[-1].adaptvis, flush=True)
            FILE.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    recorded.cache_clear()
    print(table())


if __name__ == "__main__":
    main()
