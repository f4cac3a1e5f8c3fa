"""A rollout: one episode of a training as its log tells it; and what somebody's logs hold, in light form.

An archive may hold a hundred thousand rollouts. So they are listed first, an `Entry` each, made without reading a turn more than is
needed; one is read whole when it is looked at. What a log does not say is None, and named in `Rollout.missing`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from backends.episode import MAX_STATE, MAX_TURNS, Episode, State
from backends.shapes import Count, Finite, Frozen, at_most

Layout = Literal["log", "internal", "generations", "samples", "evaluation", "page", "completions", "vagen"]
SAID: dict[Layout, str] = {
    "log": "Orrery's own log", "internal": "RAGEN's internal record", "generations": "a W&B table of generations",
    "samples": "verl's dump of samples", "evaluation": "RAGEN's evaluation, as JSON lines",
    "page": "trajectories of the project page", "completions": "TRL's completions", "vagen": "VAGEN's dump"}
ENVIRONMENT, FORMAT = "environment", "format"  # rewards of a turn, by name: what the game paid, and the penalty of the form
MIXED, MIXED_FIRST = "last reward and penalties", "first reward and penalties"  # what is left of a score, where a log has no more
TEXT, LEFT = "text", "actions_left"  # in the state of a turn: what the agent saw, and how many actions it had left
WRITER = "orrery"  # stands in every line of our own log
MAX_MISSING, MAX_TOKENS = 20, 100_000
MAX_PIECE = 200  # letters of a token
MAX_POINTS = 20_000  # of a curve


class Rollout(Frozen):
    """One episode, and what the training made of it.

    Attributes:
        iteration: of the training, as its log counts.
        group, member: episodes from one start have one group; the member is which of all it is.
        tag: which game, as the log calls it.
        score: all rewards and penalties together, before any normalisation.
        penalty: of the form, 0 or less, over all turns.
        kept: whether the filter of groups left it in.
        advantage: of the whole episode, where every token of it has the same.
        final: the state after the last turn; that of each turn stands before it.
        entropies: (turns, tokens) of what the policy could have said in place of each token, in nats; empty where it is not known.
        pieces: (turns, tokens) each token as people read it; empty where the words of a reply are its tokens.
        missing: what the log does not say, in words.
    """

    iteration: Count | None = None
    group: Count | None = None
    member: Count | None = None
    tag: str = ""
    score: Finite | None = None
    penalty: Finite | None = None
    kept: bool | None = None
    advantage: Finite | None = None
    final: Annotated[State | None, Field(max_length=MAX_STATE)] = None
    episode: Episode
    entropies: Annotated[tuple[Annotated[tuple[Finite, ...], at_most(MAX_TOKENS)], ...], at_most(MAX_TURNS)] = ()
    pieces: Annotated[tuple[Annotated[tuple[Annotated[str, Field(max_length=MAX_PIECE)], ...], at_most(MAX_TOKENS)], ...],
                      at_most(MAX_TURNS)] = ()
    missing: Annotated[tuple[str, ...], at_most(MAX_MISSING)] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """What was seen before each turn and, where it is known, after the last; empty where the log leaves one out."""
        states = [turn.state for turn in self.episode.turns] + ([self.final] if self.final is not None else [])
        return tuple(str((state or {}).get(TEXT, "")) for state in states)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list of rollouts; None is what its log does not say.

    Attributes:
        file, start, end: where it stands in what was brought, in characters of the file's text.
        part: which rollout of an object that holds several; empty where it is one.
        is_empty: the agent said nothing in it: it is shown, and left out of means and spreads.
    """

    layout: Layout
    file: str
    start: int = 0
    end: int = 0
    part: str = ""
    iteration: int | None = None
    group: int | None = None
    member: int | None = None
    tag: str = ""
    seed: int | None = None
    score: float | None = None
    penalty: float | None = None
    kept: bool | None = None
    advantage: float | None = None
    success: bool | None = None
    turns: int | None = None
    is_empty: bool = False

    @property
    def run(self) -> str:
        """The folder that it was brought in: an archive may hold several trainings, or one's validation beside it."""
        return run_of(self.file) if self.layout != "vagen" else self.file.rpartition("/")[0]

    @property
    def counts(self) -> bool:
        """Whether it is taken into means and spreads: it has a score, and the agent said something."""
        return self.score is not None and not self.is_empty


def run_of(file: str) -> str:
    """Return the folder of the run that a file belongs to: above `traj`, as ours has it, and `completions`, as TRL's."""
    folder, _, last = file.replace("\\", "/").rpartition("/")[0].rpartition("/")
    return folder if last in ("traj", "completions") else f"{folder}/{last}".lstrip("/")


@dataclass(frozen=True)
class Curve:
    """One scalar over a training.

    Attributes:
        run: the folder that it was brought in.
        name: as its log has it.
        metric: what it is called here, by which curves of different versions are laid over each other; empty where it is unknown.
        iterations, values: (points,) in the order of the iterations; finite.
    """

    run: str
    name: str
    metric: str
    iterations: Annotated[tuple[float, ...], at_most(MAX_POINTS)]
    values: Annotated[tuple[float, ...], at_most(MAX_POINTS)]


@dataclass(frozen=True)
class Brought:
    """Everything that was recognised.

    Attributes:
        entries: rollouts, in the order of their iterations.
        curves: by name; where several runs are in it, by "run: name".
        configs: of logs of ours, by their run.
    """

    entries: tuple[Entry, ...] = ()
    curves: dict[str, Curve] = field(default_factory=dict)
    configs: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def layouts(self) -> tuple[Layout, ...]:
        return tuple(dict.fromkeys(entry.layout for entry in self.entries))

    @property
    def runs(self) -> tuple[str, ...]:
        """Every folder that holds rollouts or curves, as their names are sorted."""
        return tuple(sorted({entry.run for entry in self.entries} | {curve.run for curve in self.curves.values()}))

    @property
    def iterations(self) -> tuple[int | None, ...]:
        """Every iteration that has rollouts, in order; None last, where some have none."""
        known = {entry.iteration for entry in self.entries}
        return tuple(sorted(known, key=lambda iteration: (iteration is None, iteration or 0)))

    def of_iteration(self, iteration: int | None) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.iteration == iteration)

    def groups(self, iteration: int | None) -> dict[tuple[str, int | None], tuple[Entry, ...]]:
        """Return an iteration's rollouts by run and group, in the order in which the groups first stand; None: of no group."""
        found: dict[tuple[str, int | None], list[Entry]] = {}
        for entry in self.of_iteration(iteration):
            found.setdefault((entry.run, entry.group), []).append(entry)
        return {group: tuple(entries) for group, entries in found.items()}


def missing_in(rollout: Rollout) -> tuple[str, ...]:
    """Return what a rollout does not know, in words for a page."""
    episode = rollout.episode
    turns = episode.turns
    lacks: Iterable[tuple[str, bool]] = (
        ("iteration", rollout.iteration is None), ("group", rollout.group is None), ("game", not rollout.tag),
        ("seed", episode.seed is None), ("score", rollout.score is None), ("success", episode.success is None),
        ("states", not any(turn.state for turn in turns)), ("last state", rollout.final is None),
        ("rewards by turn", not turns or not all(_is_paid(turn.rewards, turn.actions) for turn in turns)),
        ("penalty", rollout.penalty is None), ("penalty by turn", not turns or not all(FORMAT in turn.rewards for turn in turns)),
        ("actions carried out", not any(turn.actions for turn in turns)), ("kept by the filter", rollout.kept is None),
        ("advantage", rollout.advantage is None and all(turn.advantage is None for turn in turns)),
        ("log-probabilities", all(turn.logprobs is None for turn in turns)))
    return tuple(name for name, is_missing in lacks if is_missing)


def _is_paid(rewards: dict[str, float], actions: Iterable[object]) -> bool:
    return ENVIRONMENT in rewards or any(getattr(action, "rewards", None) for action in actions)
