"""What a run of RAGEN's page found: a training with the words of some of its iterations, a game, an experiment, or logs."""

from typing import Annotated, ClassVar

from pydantic import Field

from backends.episode import Episode
from backends.files.rows import counted
from backends.knobs import UPLOAD
from backends.ragen.filters import Group
from backends.ragen.information import Diagnosis
from backends.ragen.lab import Pushed
from backends.ragen.measures import Metrics, Repeated, ending
from backends.ragen.rollouts import MAX_POINTS, Curve, Entry, Rollout
from backends.ragen.settings import GAME_NAMES, MAX_ITERATIONS, RagenSettings
from backends.run import Result
from backends.shapes import Count, Finite, Frozen, Rate, at_most

MAX_SHOWN, MAX_SNAPSHOTS = 64, 60  # episodes of an iteration whose words are kept; iterations with words
MAX_LISTED, MAX_CURVES = 2_000, 60
MAX_TRAINED = 10 * MAX_ITERATIONS  # iterations with those that were gone on from


class Snapshot(Frozen):
    """What was said in one iteration: some of its episodes, all groups, and the thoughts that were thought most often."""

    iteration: Count
    rollouts: Annotated[tuple[Rollout, ...], at_most(MAX_SHOWN)] = ()
    groups: Annotated[tuple[Group, ...], at_most(64)] = ()
    repeated: Annotated[tuple[Repeated, ...], at_most(20)] = ()


class Bounds(Frozen):
    """What the best and the random policy reach in the starts of validation: the mean of their chances, 0 to 1, and of their rewards
    where that is known exactly."""

    random: Rate
    best: Rate
    random_reward: Finite | None = None
    best_reward: Finite | None = None


class Training(Frozen):
    """A training, with those that it went on from."""

    metrics: Annotated[tuple[Metrics, ...], at_most(MAX_TRAINED)] = ()
    snapshots: Annotated[tuple[Snapshot, ...], at_most(MAX_SNAPSHOTS)] = ()
    bounds: Bounds | None = None
    diagnoses: Annotated[tuple[Diagnosis, ...], at_most(MAX_TRAINED)] = ()  # of whether thoughts still fit their prompts
    went_on_from: Count = 0
    steps: Count = 0  # of the optimiser, in all


class Why(Frozen):
    """The experiment of the two arms: for the settings, and with other chances of the risky arm."""

    pushed: Pushed
    swept: Annotated[tuple[Pushed, ...], at_most(40)] = ()


class Logs(Frozen):
    """What somebody's logs hold: rollouts by iteration and group, those of one group read whole, and curves."""

    layouts: Annotated[tuple[str, ...], at_most(20)] = ()
    num_rollouts: Count = 0
    iterations: Annotated[tuple[int | None, ...], at_most(MAX_POINTS)] = ()
    groups: Annotated[tuple[int | None, ...], at_most(MAX_LISTED)] = ()  # of the iteration that is shown
    at: int | None = None
    group: int | None = None
    entries: Annotated[tuple[Entry, ...], at_most(MAX_LISTED)] = ()  # of the iteration that is shown
    rollouts: Annotated[tuple[Rollout, ...], at_most(MAX_SHOWN)] = ()  # of the group that is shown
    curves: Annotated[dict[str, Curve], Field(max_length=MAX_CURVES)] = Field(default_factory=dict)
    repeated: Annotated[tuple[Repeated, ...], at_most(20)] = ()


class RagenResult(Result):
    """What came out."""

    system: ClassVar[str] = "ragen"

    settings: RagenSettings
    training: Training | None = None
    played: Rollout | None = None
    beside: Annotated[tuple[Rollout, ...], at_most(4)] = ()  # the same start, played by others without a hand
    why: Why | None = None
    logs: Logs | None = None

    @property
    def episode(self) -> Episode | None:
        """What was played by turns."""
        return self.played.episode if self.played else None

    @property
    def title(self) -> str:
        """What was done with what."""
        game = GAME_NAMES[self.settings.game]
        if self.training is not None:
            return f"{game}: {self.settings.algorithm.upper()}, {len(self.training.metrics)} iterations"
        if self.played is not None:
            return f"{game}: start {self.settings.start}"
        return "Why filtering helps" if self.why is not None else f"Logs {self.settings.file.removeprefix(UPLOAD)}"

    @property
    def is_of_logs(self) -> bool:
        """Whatever they are of."""
        return self.logs is not None

    @property
    def brief(self) -> str:
        """How it ended."""
        if self.training is not None and self.training.metrics:
            reward = ending(self.training.metrics, "reward")
            return f"reward {reward:.2f} at the end" if reward is not None else "no reward"
        if self.episode is not None:
            return f"{'success' if self.episode.success else 'no success'} in {counted(len(self.episode.turns), 'turn')}"
        if self.why is not None:
            return f"push {self.why.pushed.everything.mean:+.2f}, filtered {self.why.pushed.filtered.mean:+.2f}"
        held = ((self.logs.num_rollouts, "episode"), (len(self.logs.curves), "curve")) if self.logs else ()
        return " and ".join(counted(number, what) for number, what in held if number)
