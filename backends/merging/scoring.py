"""How good a model's replies are: accuracy in all, by group and by subset, how long they are, and how many say one thing for ever.

Intervals are 95 %: Wilson's where questions stand alone, a bootstrap over families where several are versions of one problem
(MathVerse has five, DynaMath ten). Beside each stands the noise floor, which asks nothing but how many questions there were:
    one score            1.96 sqrt(0.25 / n)
    two scores' change   1.96 sqrt(0.5 / n)
Two models that answered the same questions are compared question by question, which sees smaller changes than that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends import statistics
from backends.merging.answers import Extracted, extracted, is_right
from backends.merging.question_rows import VERSIONS, Benchmark, Question
from backends.statistics import Interval, anew, ends, resampled, wilson

Kind = Literal["all", "group", "subset"]
Unit = Literal["tokens", "words"]
GROUPS = ("perception", "reasoning", "joint")
ALL = "all"
MAX_SUBSETS = 100
Z = 1.96


@dataclass(frozen=True)
class Line:
    """One question and one reply; None where there is none.

    Attributes:
        is_right: None where there is no reply, or no known answer.
        length: of the reply, in the unit of its scores.
    """

    question: Question
    reply: str | None
    answer: Extracted
    is_right: bool | None
    length: int


@dataclass(frozen=True)
class Portion:
    """A part of the questions: those with a reply and a known answer.

    Attributes:
        correct: 0..1, with its interval.    noise: half width that chance alone gives so many questions.
        length: of a reply, on average.
        silent, repeats: replies in which no answer was found, and those that end in one thing again and again.
    """

    kind: Kind
    name: str
    count: int
    correct: Interval
    noise: float
    length: Interval
    silent: int
    repeats: int


@dataclass(frozen=True)
class Scores:
    """Replies scored; `portions` begins with all of them."""

    lines: tuple[Line, ...]
    portions: tuple[Portion, ...]
    unit: Unit

    def portion(self, kind: Kind, name: str = ALL) -> Portion | None:
        return next((one for one in self.portions if (one.kind, one.name) == (kind, name)), None)


@dataclass(frozen=True)
class Change:
    """What a second model does otherwise on the same questions.

    Attributes:
        correct: its accuracy less the first's, -1..1, the interval paired.   noise: of two runs that know nothing of each other.
        length: relative change of the mean length; None where the first model says nothing.
    """

    kind: Kind
    name: str
    count: int
    correct: Interval
    noise: float
    length: float | None

    @property
    def is_beyond_noise(self) -> bool:
        return abs(self.correct[0]) > self.noise


@dataclass(frozen=True)
class Cell:
    """One number of a data set's own table; None where its questions are not all there."""

    name: str
    correct: Interval | None


def noise(count: int) -> float:
    """Return the half width of a share's 95 % interval where nothing but the number of questions is known."""
    return float(Z * np.sqrt(0.25 / count)) if count else float("inf")


def noise_of_change(count: int) -> float:
    """Return the same for the difference of two runs over so many questions each."""
    return float(Z * np.sqrt(0.5 / count)) if count else float("inf")


def score(questions: Sequence[Question], replies: Sequence[str | None] | None = None, *, tokens: Sequence[int] | None = None
          ) -> Scores:
    """Return replies scored.

    Args:
        replies: one for each question; those that their file brought where none are given.
        tokens: how many each has; without them words are counted.
    Raises:
        ValueError: there are fewer or more of them than questions.
    """
    said = [question.prediction for question in questions] if replies is None else replies
    if len(said) != len(questions) or (tokens is not None and len(tokens) != len(questions)):
        raise ValueError(f"there are {len(said)} replies and {len(questions)} questions; each question has one")
    lines = tuple(_line(question, reply, None if tokens is None else tokens[place])
                  for place, (question, reply) in enumerate(zip(questions, said)))
    return Scores(lines, _portions([line for line in lines if line.is_right is not None]), "words" if tokens is None else "tokens")


def _line(question: Question, reply: str | None, tokens: int | None) -> Line:
    if reply is None:
        return Line(question, None, Extracted("", "nothing"), None, 0)
    answer = extracted(question, reply)
    return Line(question, reply, answer, is_right(question, answer), len(reply.split()) if tokens is None else tokens)


def _portions(lines: Sequence[Line]) -> tuple[Portion, ...]:
    return tuple(_portion(kind, name, own) for kind, name, own in _parts(lines))


def _parts(lines: Sequence[Line]) -> list[tuple[Kind, str, list[Line]]]:
    """Return the lines in all, of each group and of each subset that occur, in a fixed order."""
    parts: list[tuple[Kind, str, list[Line]]] = [("all", ALL, list(lines))] if lines else []
    parts += [("group", name, own) for name in GROUPS if (own := [line for line in lines if line.question.group == name])]
    subsets: dict[str, list[Line]] = {}
    for line in lines:
        if line.question.subset:
            subsets.setdefault(line.question.subset, []).append(line)
    names = sorted(subsets, key=lambda name: (VERSIONS.index(name) if name in VERSIONS else len(VERSIONS), name))  # type: ignore[arg-type]
    return parts + [("subset", name, subsets[name]) for name in names[:MAX_SUBSETS]]


def _portion(kind: Kind, name: str, lines: Sequence[Line]) -> Portion:
    hits = np.array([bool(line.is_right) for line in lines])
    return Portion(kind, name, len(lines), _share(lines, hits), noise(len(lines)), statistics.mean([line.length for line in lines]),
                   sum(not line.answer.text for line in lines), sum(line.answer.how == "repeated" for line in lines))


def _share(lines: Sequence[Line], hits: np.ndarray) -> Interval:
    families = _families(lines)
    if len(set(families)) == len(lines):
        return wilson(int(hits.sum()), len(lines))
    return _over_families(families, hits.astype(float))


def _families(lines: Sequence[Line]) -> list[str]:
    """Return each line's family; one without a name is one by itself."""
    return [line.question.family or f"\0{place}" for place, line in enumerate(lines)]


def _over_families(families: Sequence[str], values: np.ndarray) -> Interval:
    """Return the mean of (lines,) values and its interval; whole families are drawn."""
    number = {name: place for place, name in enumerate(dict.fromkeys(families))}
    own = np.array([number[name] for name in families])
    sums, sizes = np.bincount(own, values), np.bincount(own)

    def one_mean(rng: np.random.Generator) -> float:
        picked = anew(len(sizes), rng)
        return float(sums[picked].sum() / sizes[picked].sum())

    return float(values.mean()), *ends(resampled(one_mean))


def compared(first: Scores, second: Scores) -> tuple[Change, ...]:
    """Return what the second model does otherwise, over the questions that both were scored on.

    Raises:
        ValueError: they were asked other questions.
    """
    if [line.question.id for line in first.lines] != [line.question.id for line in second.lines]:
        raise ValueError("the two models were asked other questions; both must have the same ones in the same order")
    both = [(one, other) for one, other in zip(first.lines, second.lines) if None not in (one.is_right, other.is_right)]
    partner = {id(one): other for one, other in both}
    return tuple(_change(kind, name, own, [partner[id(line)] for line in own])
                 for kind, name, own in _parts([one for one, _ in both]))


def _change(kind: Kind, name: str, first: Sequence[Line], second: Sequence[Line]) -> Change:
    before, after = (np.array([bool(line.is_right) for line in lines], float) for lines in (first, second))
    lengths = [float(np.mean([line.length for line in lines])) for lines in (first, second)]
    return Change(kind, name, len(first), _over_families(_families(first), after - before), noise_of_change(len(first)),
                  (lengths[1] - lengths[0]) / lengths[0] if lengths[0] else None)


def own_table(scores: Scores, benchmark: Benchmark) -> tuple[Cell, ...]:
    """Return the numbers that a data set's own table has, as the paper gives them.

    MathVista: all, General and Math (its `category`). MathVerse: the mean of its five versions, then each. MMStar: all and math.
    """
    def part(kind: Kind, name: str = ALL) -> Interval | None:
        found = scores.portion(kind, name)
        return found.correct if found else None

    tables: dict[Benchmark, Callable[[], tuple[Cell, ...]]] = {
        "mathvista": lambda: (Cell("all", part("all")), Cell("General", part("group", "perception")),
                              Cell("Math", part("group", "reasoning"))),
        "mathverse": lambda: (Cell("all", _mean_of_versions(scores)), *(Cell(name, part("subset", name)) for name in VERSIONS)),
        "mmstar": lambda: (Cell("all", part("all")), Cell("math", part("subset", "math"))),
    }
    return tables.get(benchmark, lambda: (Cell("all", part("all")),))()


def _mean_of_versions(scores: Scores) -> Interval | None:
    """Return MathVerse's overall: the mean of five accuracies, however many questions each has; problems are drawn whole."""
    lines = [line for line in scores.lines if line.is_right is not None and line.question.subset in VERSIONS]
    if {line.question.subset for line in lines} != set(VERSIONS):
        return None
    families = _families(lines)
    number = {name: place for place, name in enumerate(dict.fromkeys(families))}
    sums, sizes = np.zeros((2, len(number), len(VERSIONS)))
    for line, family in zip(lines, families):
        place = number[family], VERSIONS.index(line.question.subset)  # type: ignore[arg-type]
        sums[place] += bool(line.is_right)
        sizes[place] += 1

    def one_mean(rng: np.random.Generator) -> float:
        picked = anew(len(number), rng)
        return float((sums[picked].sum(0) / np.maximum(1, sizes[picked].sum(0))).mean())

    return float((sums.sum(0) / sizes.sum(0)).mean()), *ends(resampled(one_mean))
