"""Replies to MindCube's questions, scored: as the official evaluator does, and beside it what that hides.

Three numbers for every part: official accuracy (every reply counts, whatever letter is found in it), accuracy of the replies that
have an answer tag, and the share without a tag or cut off. Beside them what can be had without looking, and accuracy balanced over
kinds of answers. Maps are scored by both metrics of `similarity`; rates are over all questions, means over valid maps. translation
counts in no overall number. Where nearly nothing was answered, that is said instead of "0 %".

Differs from upstream: where a reply holds no map, the true one is never taken for it, which scores 100 %.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from backends import statistics
from backends.files.rows import OddRow
from backends.mindcube.baselines import Baseline, baseline
from backends.mindcube.grounding import grounded
from backends.mindcube.ids import OVERALL, SETTINGS, Setting
from backends.mindcube.items import Answer, Answered, Item, answer_kind
from backends.mindcube.map_reading import MapRead, read_map
from backends.mindcube.maps import Map
from backends.mindcube.prompts import BY_KEY
from backends.mindcube.reading import Read, read_reply
from backends.mindcube.similarity import Compared, compared
from backends.statistics import Interval, wilson

SILENT = 0.9  # share of replies without a letter, or of one text, above which a model did not answer
LEAST_REPEATED = 5  # replies, before one text repeated tells anything
Similarities = tuple[Interval, Interval, Interval]  # overall, direction, facing


@dataclass(frozen=True)
class Line:
    """One question, scored.

    Attributes:
        is_right: by the official letter.    is_tagged_right: by the letter in the answer tag; None where there is no tag.
        map: what was read of the model's map; None where none was looked for.
        compared: with the true map; None where either is missing.
    """

    answered: Answered
    read: Read
    is_right: bool
    is_tagged_right: bool | None
    map: MapRead | None = None
    compared: Compared | None = None


@dataclass(frozen=True)
class Part:
    """A share of the questions: all that count, a setting, a template.

    Attributes:
        official: accuracy with its 95 % interval.    tagged: of the replies with an answer tag; None where none has one.
        balanced: mean of the accuracies of each kind of answer; None where no question has a right option.
        untagged, cut: shares of the replies.    num_tagged: how many replies have a tag.
        chance: what needs no looking.
    """

    name: str
    count: int
    correct: int
    official: Interval
    tagged: Interval | None
    num_tagged: int
    balanced: Interval | None
    untagged: float
    cut: float
    chance: Baseline


@dataclass(frozen=True)
class Maps:
    """How good the maps of all questions that count are.

    Attributes:
        parsable, valid, isomorphic, exactly_isomorphic: how many of `count`.
        official, exact: mean similarities over valid maps; None where none is valid.
        coverage: mean over valid maps.    turns: how often each turn of the official metric fits best.
        num_without_truth: questions whose true map the file does not say.
    """

    count: int
    parsable: int
    valid: int
    isomorphic: int
    exactly_isomorphic: int
    official: Similarities | None
    exact: Similarities | None
    coverage: float | None
    turns: dict[str, int]
    num_without_truth: int


@dataclass(frozen=True)
class Following:
    """The same question asked with its options in another order: how often the letter stays, and how often the answer does."""

    pairs: int
    letter: Interval
    answer: Interval


@dataclass(frozen=True)
class Report:
    """Everything about one set of replies.

    Attributes:
        overall: all but translation.    unfiltered: how many questions there are with it.
        silent: in a sentence that the model did not answer; "" where it did.
        maps: None where no map was asked for and none is there.    following: None where no question comes twice.
    """

    overall: Part
    unfiltered: int
    settings: tuple[Part, ...]
    templates: tuple[Part, ...]
    maps: Maps | None
    silent: str
    following: Following | None
    lines: tuple[Line, ...]


def score(replies: Sequence[Answered], *, task: str = "") -> Report:
    """Return the report on a set of replies.

    Args:
        task: the key of the configuration, which tells whether maps are looked for; "" takes what the items say. Where nothing tells,
            they are looked for if any reply holds a valid one.
    """
    task = task or next((one.item.task for one in replies if one.item.task), "")
    asks = bool(BY_KEY[task].form) if task in BY_KEY else None
    lines = [line_of(one, looks=asks is not False) for one in replies]
    if asks is None and not any(line.map and line.map.map for line in lines):
        lines = [Line(line.answered, line.read, line.is_right, line.is_tagged_right) for line in lines]
    return summed(lines)


def summed(lines: Sequence[Line]) -> Report:
    """Return the report on replies that are scored one by one already: of a growing set only the new ones have to be."""
    counted = [line for line in lines if line.answered.item.setting in OVERALL]
    by_setting = {setting: [line for line in lines if line.answered.item.setting == setting] for setting in SETTINGS}
    settings = tuple(_part(setting, own) for setting, own in by_setting.items() if own)
    return Report(_part("overall", counted), len(lines), settings, _templates(lines), _maps(counted), silence(lines),
                  following(lines), tuple(lines))


def line_of(one: Answered, *, looks: bool) -> Line:
    """Return one reply scored; `looks` says whether a map is looked for."""
    reply, item = one.reply or "", one.item
    read = read_reply(reply, item.options)
    is_tagged_right = read.tagged == item.answer if read.has_tag else None
    right = read.official is not None and read.official == item.answer
    if not looks:
        return Line(one, read, right, is_tagged_right)
    found = read_map(reply)
    if not found.is_parsable and one.own_map:
        found = read_map(one.own_map)
    true = true_map(item) if found.map else None
    return Line(one, read, right, is_tagged_right, found, compared(found.map, true) if found.map and true else None)


def true_map(item: Item) -> Map | None:
    """Return the true map of an item's scene: as its file writes it, else from its meta_info; None where neither says it."""
    if item.grounded:
        return read_map(item.grounded).map
    try:
        return grounded(item)
    except OddRow:
        return None


def _templates(lines: Sequence[Line]) -> tuple[Part, ...]:
    by_name: dict[tuple[int, str], list[Line]] = {}
    for line in lines:
        item = line.answered.item
        by_name.setdefault((SETTINGS.index(item.setting), item.template), []).append(line)
    return tuple(_part(name, own) for (_, name), own in sorted(by_name.items()))


def _part(name: str, lines: Sequence[Line]) -> Part:
    count, correct = len(lines), sum(line.is_right for line in lines)
    tagged = [line.is_tagged_right for line in lines if line.is_tagged_right is not None]
    untagged = sum(not line.read.has_tag for line in lines)
    cut = sum(line.read.is_cut or line.answered.is_cut for line in lines)
    return Part(name, count, correct, wilson(correct, count), wilson(sum(tagged), len(tagged)) if tagged else None, len(tagged),
                balanced(lines), untagged / count if count else 0.0, cut / count if count else 0.0,
                baseline([line.answered.item for line in lines]))


def balanced(lines: Iterable[Line]) -> Interval | None:
    """Return the mean of the official accuracies of each kind of answer that occurs, and its interval; None where there is none.

    Whoever says yes to everything is right in half of the kinds, however seldom the answer is no.
    """
    kinds: dict[Answer, list[bool]] = {}
    for line in lines:
        if line.answered.item.right:
            kinds.setdefault(answer_kind(line.answered.item), []).append(line.is_right)
    if not kinds:
        return None
    sizes, hits = np.array([len(own) for own in kinds.values()]), np.array([sum(own) for own in kinds.values()])
    rng = np.random.default_rng(0)
    drawn = (rng.binomial(sizes, hits / sizes, (statistics.DRAWS, len(sizes))) / sizes).mean(1)  # items of each kind are drawn anew
    return float((hits / sizes).mean()), *statistics.ends(drawn)


def _maps(lines: Sequence[Line]) -> Maps | None:
    looked = [line for line in lines if line.map is not None]
    if not looked:
        return None
    both = [line.compared for line in looked if line.compared]
    means = [_means([[score.overall, score.direction, score.facing] for score in scores])
             for scores in ([one.official for one in both], [one.exact for one in both])]
    return Maps(
        count=len(lines), parsable=sum(line.map is not None and line.map.is_parsable for line in looked), valid=len(both),
        isomorphic=sum(one.official.is_isomorphic for one in both), exactly_isomorphic=sum(one.exact.is_isomorphic for one in both),
        official=means[0], exact=means[1], coverage=float(np.mean([one.official.coverage for one in both])) if both else None,
        turns=dict(sorted(Counter(one.official.turn or "none" for one in both).items())),
        num_without_truth=sum(line.map is not None and line.map.map is not None and line.compared is None for line in looked))


def _means(rows: Sequence[Sequence[float]]) -> Similarities | None:
    """Return mean and interval of each column; None where there is no row."""
    if not rows:
        return None
    table = np.array(rows)  # (maps, 3)
    drawn = statistics.resampled(lambda rng: table[statistics.anew(len(table), rng)].mean(0))  # (draws, 3)
    overall, direction, facing = ((float(table[:, place].mean()), *statistics.ends(drawn[:, place])) for place in range(3))
    return overall, direction, facing


def silence(lines: Sequence[Line]) -> str:
    """Return in a sentence that a model did not answer, where that is so: "" where it did."""
    texts = [(line.answered.reply or "").strip() for line in lines]
    if not texts:
        return "The model did not answer: there are no replies."
    mute = sum(line.read.official is None for line in lines)
    if mute > SILENT * len(texts):
        return f"The model did not answer: {mute:,} of {len(texts):,} replies hold no letter."
    commonest, count = Counter(texts).most_common(1)[0]
    if len(texts) >= LEAST_REPEATED and count > SILENT * len(texts):
        return f"The model did not answer: {count:,} of {len(texts):,} replies are the same, {commonest[:80]!r}."
    return ""


def following(lines: Sequence[Line]) -> Following | None:
    """Return whether answers follow the letter, over questions that were asked again with their options in another order."""
    asked: dict[tuple[str, tuple[str, ...], frozenset[str]], list[Line]] = {}
    for line in lines:
        item = line.answered.item
        if item.stem and len(item.options) > 1:
            asked.setdefault((item.stem, item.images, frozenset(option.plain for option in item.options)), []).append(line)
    pairs = [(first, second) for own in asked.values() for first, second in pairwise(own)
             if [option.plain for option in first.answered.item.options] != [option.plain for option in second.answered.item.options]]
    if not pairs:
        return None
    letters = sum(first.read.official is not None and first.read.official == second.read.official for first, second in pairs)
    answers = sum((said := _said(first)) is not None and said == _said(second) for first, second in pairs)
    return Following(len(pairs), wilson(letters, len(pairs)), wilson(answers, len(pairs)))


def _said(line: Line) -> str | None:
    return next((option.plain for option in line.answered.item.options if option.letter == line.read.official), None)


def part_of(report: Report, setting: Setting) -> Part | None:
    """Return what a report says of one setting."""
    return next((part for part in report.settings if part.name == setting), None)
