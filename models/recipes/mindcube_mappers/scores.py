"""What mappers score on held-out questions: shares, 0 to 1, of each family of settings, of each template and of all.

Intervals of one seed are Wilson's, over questions; those over seeds draw seeds and, of each, scenes, whose questions belong together.
They are what `backends.statistics` gives; this floor cannot ask it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from models.mappers.albums import Album, Page
from models.mappers.asking import answers
from models.mappers.learning import Progress, Task, verdicts
from models.mappers.replies import Reply, Verdict
from models.recipes.mindcube_mappers.beliefs import Belief, beliefs
from models.recipes.mindcube_mappers.making import Begun, Mapper, Plan
from worlds.rooms.scenes import Scene

FAMILIES = ("rotation", "among", "around")
DRAWS = 2000
Interval = tuple[float, float, float]  # mean, low, high


@dataclass(frozen=True)
class Asked:
    """A question of the test, what was said to it, and what of that is right."""

    page: Page
    reply: Reply
    verdict: Verdict

    @property
    def places(self) -> float:
        """Which share of the true map stands in the one that was written."""
        said = set(self.reply.spots or ())
        return float(np.mean([spot in said for spot in self.page.example.spots]))


@dataclass(frozen=True)
class Row:
    """Shares of some questions; None where nothing of the kind was to be said.

    Attributes:
        of: a family of settings, a template, or "all".
        right: answers, with their interval.    guessed: what a choice among the options gets.
        maps: with every thing and face in its place.    places: of true maps that are right.    thoughts: right in every word.
    """

    of: str
    questions: int
    right: Interval
    guessed: float
    maps: float | None
    places: float | None
    thoughts: float | None


@dataclass(frozen=True)
class Scores:
    """A mapper's test, and the validation while it learned.

    Attributes:
        rows: of each family and, the last, of all.    templates: of each.
        beliefs: what is answered where the map is changed.
    """

    seed: int
    way: str
    asked: Sequence[Asked]
    rows: Sequence[Row]
    templates: Sequence[Row]
    beliefs: Sequence[Belief]
    states: Sequence[Progress]
    cpu_minutes: float


@dataclass(frozen=True)
class Seed:
    """A seed's training and what its mappers score.

    Attributes:
        eye: which share of each label it reads of pictures that it never saw.
        cpu_minutes: of the parts that its mappers share.
    """

    plan: Plan
    eye: Mapping[str, float]
    cpu_minutes: Mapping[str, float]
    scores: Sequence[Scores]

    @property
    def all_minutes(self) -> dict[str, float]:
        """CPU minutes of all parts."""
        return {**self.cpu_minutes, **{one.way: one.cpu_minutes for one in self.scores}}

    @property
    def record(self) -> dict[str, object]:
        """What is written of it beside its scores."""
        return {"training": asdict(self.plan), "eye": {name: round(share, 4) for name, share in self.eye.items()},
                "cpu_minutes": {part: round(minutes, 1) for part, minutes in self.all_minutes.items()}}


def seed_of(begun: Begun, scores: Sequence[Scores]) -> Seed:
    """A seed whose mappers were trained and measured."""
    return Seed(begun.plan, begun.reading.right, begun.cpu_minutes, scores)


def measured(mapper: Mapper, tests: Album) -> Scores:
    """Ask a mapper the whole test, greedily, through its eye."""
    pictures = [[tests.looks[place].picture for place in page.looks] for page in tests.pages]
    replies = answers(mapper.model, mapper.way, [(page.example, own) for page, own in zip(tests.pages, pictures)])
    found = verdicts(replies, [Task(page.example) for page in tests.pages], mapper.way)
    asked = [Asked(*each) for each in zip(tests.pages, replies, found, strict=True)]
    templates = [row(name, [one for one in asked if one.page.question.template == name])
                 for name in sorted({one.page.question.template for one in asked})]
    return Scores(mapper.seed, mapper.way.key, asked, [row(name, own) for name, own in by_family(asked).items()], templates,
                  beliefs(mapper, tests), mapper.states, mapper.cpu_minutes)


def by_family(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """Questions of each family that was asked about, and all of them."""
    found = {family: [one for one in asked if one.page.scene.family == family] for family in FAMILIES}
    return {**{family: own for family, own in found.items() if own}, "all": list(asked)}


def row(of: str, asked: Sequence[Asked]) -> Row:
    """The shares of these questions."""
    maps, thoughts = ([share for one in asked if (share := getattr(one.verdict, what)) is not None] for what in ("map", "thought"))
    return Row(of, len(asked), wilson(sum(one.verdict.answer for one in asked), len(asked)),
               _mean(1 / len(one.page.question.options) for one in asked), _mean(maps) if maps else None,
               _mean(one.places for one in asked) if maps else None, _mean(thoughts) if thoughts else None)


def over_seeds(scores: Sequence[Scores]) -> dict[str, list[Row]]:
    """The rows of all seeds together of each configuration that all of them have."""
    num_seeds, found = len({one.seed for one in scores}), {}
    for way in dict.fromkeys(one.way for one in scores):
        own = [by_family(one.asked) for one in scores if one.way == way]
        if len(own) == num_seeds:
            seeds = {family: [seed[family] for seed in own if family in seed] for family in own[0]}
            found[way] = [replace(row(family, [one for seed in each for one in seed]), right=interval(each))
                          for family, each in seeds.items()]
    return found


def interval(seeds: Sequence[Sequence[Asked]]) -> Interval:
    """The share of right answers; seeds and scenes are drawn anew."""
    tables = [_table(seed) for seed in seeds]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(DRAWS):
        chosen = [tables[seed] for seed in rng.integers(len(tables), size=len(tables))]
        right, count = np.sum([table[rng.integers(len(table), size=len(table))].sum(0) for table in chosen], axis=0)
        drawn.append(right / count)
    right, count = np.concatenate(tables).sum(0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(right / count), float(low), float(high)


def _table(asked: Sequence[Asked]) -> np.ndarray:
    """(scenes, 2) int64: right answers and questions of each."""
    scenes: dict[Scene, list[bool]] = {}
    for one in asked:
        scenes.setdefault(one.page.scene, []).append(one.verdict.answer)
    return np.array([[sum(own), len(own)] for own in scenes.values()])


def wilson(hits: int, count: int) -> Interval:
    """A share and its interval, which is never of width 0."""
    z, share = 1.96, hits / count
    middle, spread = share + z * z / (2 * count), z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    scale = 1 + z * z / count
    return share, max(0.0, min(share, (middle - spread) / scale)), min(1.0, max(share, (middle + spread) / scale))


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
