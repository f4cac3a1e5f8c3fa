"""What an evaluated set says in sentences: the gain with its interval, the larger sample, the cheapest rival, the re-weighted row.

The page, the Gradio line and the REST summary all say these. Every number is the run's own, or the recorded larger sample's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backends.adaptvis.larger import FEW, Larger, is_drawn
from backends.numbers import signed

if TYPE_CHECKING:
    from backends.adaptvis.results import Evaluated, MethodScore

Triple = tuple[float, float, float]  # mean and the ends of its 95 % interval


_CONDITIONS = {
    "plain": "as in training", "held": "pairs that training held back", "noise": "grey noise of strength {}",
    "clutter": "{} grey bars behind", "dis": "{} further thing{}", "edge": "things at the edge", "small": "small things",
}


def condition_words(name: str) -> str:
    """Return what a condition of drawn scenes does, in plain words: 'dis2-depths' -> '2 further things; in front, behind'."""
    plain = name.removesuffix("-depths")
    kind, number = plain.rstrip("0123456789"), plain[len(plain.rstrip("0123456789")):]
    words = _CONDITIONS.get(kind)
    if words is None or bool(number) != ("{}" in words):  # what a person typed
        return name
    return words.format(number, "" if number == "1" else "s") + ("" if plain == name else "; in front, behind")


def data_words(data: str) -> str:
    """Return the name of an evaluated set, its condition in plain words: 'drawn scenes, dis1' -> 'drawn scenes, 1 further thing'."""
    what, comma, condition = data.partition(", ")
    return f"{what}, {condition_words(condition)}" if what == "drawn scenes" and comma else data


def score_of(evaluated: "Evaluated", method: str) -> "MethodScore | None":
    return next((score for score in evaluated.scores if score.method == method), None)


def one_alpha(confidences: Sequence[float], *, alpha1: float, alpha2: float, beta: float) -> str:
    """Say that only one alpha is ever used, where beta lies above or below every confidence or both alphas are one; else nothing."""
    unsure = [confidence < beta for confidence in confidences]
    if not unsure:
        return ""
    if alpha1 == alpha2:
        return f"Both alphas are {alpha1:g}, so beta decides nothing: this is {_scaled(alpha1)}."
    if all(unsure):
        return f"With this beta every item is unsure: this is {_scaled(alpha1)}."
    return "" if any(unsure) else f"With this beta every item is sure: this is {_scaled(alpha2)}."


def _scaled(alpha: float) -> str:
    return f"ScalingVis with alpha {alpha:g}" + (", the model as it is" if alpha == 1 else "")


def one_alpha_of(evaluated: "Evaluated") -> str:
    """The same of a run as it chose, or was set."""
    if evaluated.alpha1 is None or evaluated.alpha2 is None or evaluated.beta is None:
        return ""
    return one_alpha([item.confidence for item in evaluated.items], alpha1=evaluated.alpha1, alpha2=evaluated.alpha2,
                     beta=evaluated.beta)


def headline(evaluated: "Evaluated | None", larger: Larger | None = None) -> list[str]:
    """What the evaluation says, the cheapest rival and the re-weighted row included.

    Args:
        larger: a recorded sample of the same kind that is larger than this one.
    """
    base, adapt = (score_of(evaluated, name) for name in ("greedy", "adaptvis")) if evaluated else (None, None)
    if evaluated is None or base is None or adapt is None or adapt.gain is None:
        return []
    mended = f"mends {adapt.mended} wrong answers and breaks {adapt.broken} correct ones"
    first = (f"Of {evaluated.num_test:,} items ({data_words(evaluated.data)}) AdaptVis with {adapt.setting} {mended}: "
             f"{percent(base.individual[0])} become {percent(adapt.individual[0])}, {points(adapt.gain)}. {_meaning(adapt.gain)}")
    return [first, *filter(None, [one_alpha_of(evaluated)]), *_larger(evaluated, larger), *_rival(evaluated, adapt.gain),
            *_reweighted(evaluated)]


def percent(share: float) -> str:
    """0.7423 -> '74.2 %'."""
    return f"{100 * share:.1f} %"


def interval(triple: Triple) -> str:
    """'74.2 [70.1, 78.0]'."""
    mean, low, high = (100 * value for value in triple)
    return f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def points(gain: Triple) -> str:
    """'+2.6 points, 95 % interval [+1.3, +4.1]'."""
    mean, low, high = (100 * value for value in gain)
    return f"{signed(mean, 1)} points, 95 % interval [{signed(low, 1)}, {signed(high, 1)}]"


def _meaning(gain: Triple) -> str:
    if gain[1] > 0:
        return "The interval is above 0."
    return "The interval is below 0: it does harm here." if gain[2] < 0 else "The interval includes 0: no gain is shown."


def _larger(evaluated: "Evaluated", larger: Larger | None) -> list[str]:
    """The number that counts, where this run is small."""
    if larger is not None and larger.num_test > evaluated.num_test:
        alone = f" {larger.one_alpha}" if larger.one_alpha else ""
        return [f"{evaluated.num_test:,} scenes are few. Recorded on {larger.num_test:,} others of the same kind: "
                f"{points(larger.adaptvis)}, with {larger.setting}.{alone} There one constant per answer "
                f"gains {points(larger.bias)}."]
    if evaluated.num_test < FEW and is_drawn(evaluated):
        return [f"{evaluated.num_test:,} scenes are few, and no larger sample of these settings is recorded. With num_sets "
                f"{FEW // 4} there are {FEW:,}."]
    return []


def _rival(evaluated: "Evaluated", gain: Triple) -> list[str]:
    """The prior re-fit against AdaptVis; better is said only where the intervals do not touch."""
    bias = score_of(evaluated, "bias")
    if bias is None or bias.gain is None:
        return []
    said = f"One constant per answer, fitted on the validation part and blind to the gaze, gains {points(bias.gain)}: "
    if gain[1] > bias.gain[2]:
        return [said + "less than AdaptVis, so the gain is not only a shift of the answers."]
    if bias.gain[0] >= gain[0]:
        return [said + "at least as much. What there is to gain lies in the answers' prior; better looking is not shown."]
    return [said + "the intervals overlap, so more than a shift of the answers is not shown."]


def _reweighted(evaluated: "Evaluated") -> list[str]:
    score = score_of(evaluated, "reweighted")
    if score is None or score.gain is None:
        return []
    return [f"With relations as frequent as in training AdaptVis has {percent(score.individual[0])}: {points(score.gain)}."]
