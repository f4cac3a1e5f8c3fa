"""What a run of ERA's page found: an episode, and of logs that were brought their runs and what they come to."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from backends.episode import MAX_TURNS, Action, Episode, Turn
from backends.era.failures import KINDS
from backends.era.loops import steps
from backends.era.settings import EraSettings, Estimator
from backends.era.statistics import Statistics
from backends.files.rows import counted
from backends.run import Result
from backends.shapes import Count, Finite, Frozen, Rate, at_most
from models.agents.samples import Prior

MAX_LINES, MAX_LOGS, MAX_CONFIGURED = 20_000, 500, 200
MAX_CLASSES = sum(map(len, KINDS.values()))  # of failures
MAX_TRAINED, MAX_UPDATES = 2_000, 20_000  # iterations; updates of prior learning


class Line(Frozen):
    """One episode in the table of a run; None is what the log does not say."""

    number: Count
    instruction: str = ""
    group: str = ""  # subset
    success: bool | None = None
    progress: Rate | None = None
    steps: Count | None = None
    calls: Count | None = None
    invalid: Count | None = None
    output_errors: Count | None = None
    suggested: Annotated[tuple[str, ...], at_most(MAX_CLASSES)] = ()  # classes of failure, of an episode that was read whole


class Log(Frozen):
    """One run of an agent over tasks, as it was logged."""

    title: str
    layout: str  # in words
    environment: str = ""
    model: str = ""
    experiment: str = ""
    subset: str = ""
    num_episodes: Count
    is_second: bool = False  # of a second upload
    config: Annotated[dict[str, JsonValue], Field(max_length=MAX_CONFIGURED)] = Field(default_factory=dict)
    notes: Annotated[tuple[str, ...], at_most(100)] = ()


class Counting(Frozen):
    """What the episodes of a run come to."""

    statistics: Statistics
    lines: Annotated[tuple[Line, ...], at_most(MAX_LINES)] = ()  # of the same, with the classes of failure that each suggests


class Iterated(Frozen):
    """One iteration of a training: how its episodes went, and how its learning did; None where nothing of the kind was learned.

    Attributes:
        invalid: share of actions that failed.    mean_return: of what the switched-on rewards pay, undiscounted.
        explained: share of the variance of returns that the critic foresaw.
        clip_fraction: share of tokens that the clip held back.    kl: from the policy that played, nats per token.
        within_turns: mean variance of the advantage between tokens of one turn, before whitening.
    """

    number: Count
    episodes: Count
    success: Rate
    invalid: Rate
    mean_return: Finite
    turns: Finite
    explained: Finite | None = None
    clip_fraction: Rate | None = None
    kl: Finite | None = None
    entropy: Finite | None = None
    within_turns: Finite | None = None


class Learned(Frozen):
    """One update of prior learning: from samples of which kind, and the mean loss of their replies before it, nats per token."""

    prior: Prior
    loss: Finite


class Judged(Frozen):
    """The fixed scenes of one subset, played greedily."""

    subset: str
    episodes: Count
    done: Count
    actions: Count
    invalid: Count


class Credited(Frozen):
    """What one estimator gave each turn of an episode, before whitening; where tokens of a turn differ, their mean."""

    estimator: Estimator
    advantages: Annotated[tuple[Finite, ...], at_most(MAX_TURNS)]


class Training(Frozen):
    """A training of the miniature, with those that it went on from."""

    losses: Annotated[tuple[Learned, ...], at_most(MAX_UPDATES)] = ()  # of prior learning
    iterations: Annotated[tuple[Iterated, ...], at_most(MAX_TRAINED)] = ()
    before: Annotated[tuple[Judged, ...], at_most(10)] = ()
    after: Annotated[tuple[Judged, ...], at_most(10)] = ()
    went_on_from: Count = 0  # iterations that were there already
    losses_before: Count = 0  # updates that were
    credited: Annotated[tuple[Credited, ...], at_most(3)] = ()  # the newest episode that is shown, as each estimator sees it


class EraResult(Result):
    """What came out."""

    system: ClassVar[str] = "era"

    settings: EraSettings
    episode: Episode | None = None
    training: Training | None = None
    logs: Annotated[tuple[Log, ...], at_most(MAX_LOGS)] = ()  # every run of what was brought
    lines: Annotated[tuple[Line, ...], at_most(MAX_LINES)] = ()  # of the run that is shown
    counted: Statistics | None = None  # of the same

    @property
    def title(self) -> str:
        """Who did what."""
        if self.training is not None:
            if self.settings.stage == "prior":
                return f"Prior learning, {counted(len(self.training.losses), 'update')}"
            return f"Training, {len(self.training.iterations)} iterations"
        if self.episode is None:
            return "Logs"
        told = self.episode.instruction or f"episode {self.episode.number}"
        return told[:80]

    @property
    def is_of_logs(self) -> bool:
        """Those of the shipped agents are a miniature's."""
        return bool(self.logs) and not self.is_miniature

    @property
    def brief(self) -> str:
        """How it ended."""
        if self.training is not None and self.settings.stage == "prior" and self.training.losses:
            return f"{self.training.losses[-1].loss:.2f} nats"
        if self.training is not None and self.training.iterations:
            return f"return {self.training.iterations[-1].mean_return:.2f}"
        if self.episode is None:
            return f"{sum(log.num_episodes for log in self.logs):,} episodes"
        shown = steps(self.episode.turns)
        if self.goes_on:
            return f"it goes on after {_counted_steps(shown)}: your turn" if shown else "nothing was done yet: your turn"
        ending = {True: "done", False: "not done", None: "how it ended is not said"}[self.episode.success]
        return f"{ending} in {_counted_steps(shown)}" if shown else f"{ending}, and no step of it is in the log"

    @property
    def goes_on(self) -> bool:
        """Whether an episode that is played here is not over: it waits for what a person does, or lets be done, next."""
        return self.settings.task == "play" and self.episode is not None and not self.episode.ended


def _counted_steps(shown: Sequence[tuple[Turn, Action | None]]) -> str:
    """How many steps an episode has, counted as the page goes through them, and which of them are none of the world's."""
    wrong = sum(turn.by == "perturbation" for turn, _ in shown)
    idle = sum(action is None or (turn.parse == "failed" and action.step is None) for turn, action in shown)
    others = [f"{count} of them {what}" for count, what in ((wrong, "a disturbance"), (idle, "without an action")) if count]
    return ", ".join((counted(len(shown), "step"), *others))
