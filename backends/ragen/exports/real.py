"""What a real model takes where a setting fits the miniature: as many times the paper's number as the setting is of its default.

The players here have a quarter of a million weights and a language of a hundred words. Their rates would break half a billion
weights, and their 28 tokens would cut every sentence. Sources: arXiv 2504.20073, appendix D; RAGEN's config/base.yaml.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from backends.ragen.games import tokens_of
from backends.ragen.settings import RagenSettings
from models.gamers.words import LONGEST

MODEL = "Qwen/Qwen2.5-0.5B-Instruct"
LORA_RANK, LORA_RATE = 64, 10  # the paper's, and how many times faster it learns
RATES = {"actor_rate": 1e-6, "critic_rate": 1e-5}
TOKENS = {"bandit": 500, "lake": 400, "sokoban": 400}
DUAL_CLIP = 3.0  # verl's
FIRST_SEED = 10_000  # of training; validation has 123 and those after it
AS_MANY_TIMES = "the paper's, as many times as the setting is its default"
NOT_OF_A_TRAINING = ("task", "player", "start", "entries", "share", "learned", "repeats", "file", "at", "group")


@dataclass(frozen=True)
class Missing:
    """Settings that another program cannot be told, and why."""

    names: tuple[str, ...]
    why: str


def real_value(settings: RagenSettings, name: str) -> float:
    """The value of a rate or of the longest reply for a real model; where one is trained here too, as it is here."""
    if settings.learner == "model":
        return float(settings.max_new_tokens if name == "max_tokens" else getattr(settings, name))
    if name == "max_tokens":
        return float(f"{TOKENS[settings.game] * tokens_of(settings) / LONGEST[settings.game]:.3g}")
    return float(f"{RATES[name] * getattr(settings, name) / RagenSettings.model_fields[name].default:.3g}")


def scaled(settings: RagenSettings) -> str:
    """The remark on a value of `real_value`."""
    return AS_MANY_TIMES if settings.learner == "beginner" else ""


def model_of(settings: RagenSettings) -> str:
    """The name on the hub of the model that learns, or of the paper's: a folder of one's own has none."""
    if settings.learner == "beginner":
        return MODEL
    from models.catalogue import RUNGS  # with it comes torch

    return next((rung.source for rung in RUNGS if rung.name == settings.model and not rung.is_miniature), MODEL)


def rank_of(settings: RagenSettings) -> int:
    """Rank of an adapter."""
    return settings.rank if settings.learner == "model" else LORA_RANK


def said(settings: RagenSettings, names: Iterable[str]) -> str:
    """Settings and values for a comment, on one line whatever they hold."""
    return ", ".join(f"{name} = {getattr(settings, name)!r}" for name in names)


def missing_lines(settings: RagenSettings, missing: Iterable[Missing]) -> list[str]:
    """What has no counterpart, as comments."""
    lines = [f"# {said(settings, one.names)}: has no counterpart; {one.why}" for one in missing]
    return [*lines, f"# Not of a training, so of no use here: {', '.join(NOT_OF_A_TRAINING)}"]


def groups_played(settings: RagenSettings) -> int:
    """Starts of an iteration; a random share of them is as good as so many fewer, for chance looks at no score."""
    many = settings.groups * settings.updates
    return max(1, int(settings.ratio * many)) if settings.filtered == "random" else many
