"""Models of the ladder as players and as learners: which one some settings name, what a training of it takes, and how it is begun.

A player is lent. A learner stands on the lent weights, which stay as they are: an adapter learns beside them
(`models.training.adapters`), and what a training keeps of it is the adapter.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backends.earlier import read_adapter
from backends.ragen.games import check_room, turns_of
from backends.ragen.settings import LEARNER_NAMES, RagenSettings
from backends.rungs import at_revision, rung_of
from models import catalogue
from models.catalogue import Rung
from models.devices import MB, best_device, threads_for, total_and_free_mb
from models.language import LanguageModel
from models.memory import budget
from worlds.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from models.gamers.talking import Chat

PROMPT_TOKENS = 250  # of what is read in a turn, the rules of the game among it
MOMENTS = 4  # numbers of 32 bits for each weight that learns: itself, its gradient, and Adam's two
LAYER_WIDTHS, MLP_WIDTHS, LOGITS = 12, 4, 6  # numbers that are kept of a token until the step: of each layer, and of all words


@dataclass(frozen=True)
class Talker:
    """A model of the ladder, ready to play; `name` as results carry it."""

    model: "PreTrainedModel"
    speech: "Chat"
    name: str


def objection(settings: RagenSettings) -> str:
    """Why the model that is named cannot play or learn; nothing where it can, or where there is none of that name."""
    try:
        found = rung_of(settings.model, "language")
    except InputError:
        return ""
    if found.is_miniature:
        return (f"{found.title} is a miniature, which knows only the words that it was trained on and cannot read what is told here. "
                f"Choose a real model, or {LEARNER_NAMES['beginner']}.")
    if settings.task != "train":
        return ""
    need, (total, free) = needed_mb(settings), total_and_free_mb(best_device())
    if need > free:
        return (f"To train {found.title} takes about {need:,} MB; this machine has {free:,} MB free of {total:,} MB. Take weights of "
                "8 or 4 bits, shorter replies, fewer turns, a lower rank, or a smaller model.")
    return ""


def needed_mb(settings: RagenSettings) -> int:
    """About how much memory playing takes, or training: weights, the adapter with what Adam keeps of it, one episode's activations.

    0 where there is no such model, or it has no such quantisation.
    """
    try:
        found = rung_of(settings.model, "language")
    except InputError:
        return 0
    weights = next((size for kind, size in found.memory_mb.items() if kind == settings.quantisation), 0)
    sizes = _sizes(found)
    if settings.task != "train" or not weights or sizes is None:
        return weights
    tokens = turns_of(settings) * (settings.max_new_tokens + PROMPT_TOKENS)
    return weights + round(4 * (MOMENTS * sizes.adapter(settings.rank) + sizes.activations(tokens)) / MB)


@dataclass(frozen=True)
class _Sizes:
    """A network's widths, of its config."""

    hidden: int
    layers: int
    mlp: int
    vocabulary: int

    def adapter(self, rank: int) -> int:
        """Weights of an adapter, about: four square layers of attention and three of the network behind it."""
        return rank * self.layers * (8 * self.hidden + 3 * (self.hidden + self.mlp))

    def activations(self, tokens: int) -> int:
        """Numbers that are kept of one episode until its gradient is there, about."""
        return tokens * (self.layers * (LAYER_WIDTHS * self.hidden + MLP_WIDTHS * self.mlp) + LOGITS * self.vocabulary)


def _sizes(rung: Rung) -> _Sizes | None:
    """None where the config is not here, or calls its widths otherwise."""
    try:
        config = json.loads((Path(catalogue.folder_of(rung)) / "config.json").read_text(encoding="utf-8"))
        hidden, vocabulary = int(config["hidden_size"]), int(config["vocab_size"])
        return _Sizes(hidden, int(config["num_hidden_layers"]), int(config.get("intermediate_size") or 4 * hidden), vocabulary)
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None


@contextmanager
def talking(settings: RagenSettings) -> Iterator[Talker]:
    """A model of the ladder as a player, as long as it is needed.

    Raises:
        InputError: there is none of that name, it is of no use here, does not fit, or an episode is too long for it.
    """
    from models.gamers.talking import Chat

    if why := objection(settings):
        raise InputError(why)
    chosen = rung_of(settings.model, "language")
    with threads_for(chosen.parameters), budget().borrow(chosen, settings.quantisation) as loaded:
        assert isinstance(loaded.tool, LanguageModel)
        speech = Chat(cleans=settings.task == "train" and settings.cleans, language=loaded.tool, thinks=settings.thinks)
        check_room(speech, settings, settings.max_new_tokens)
        yield Talker(loaded.tool.model, speech, at_revision(chosen, settings.quantisation))


def trained_here(talker: Talker, settings: RagenSettings, folder: Path) -> "PreTrainedModel":
    """The model with the adapter that an earlier training kept.

    Raises:
        InputError: the folder is damaged.
    """
    return read_adapter(folder, talker.model, rank=settings.rank)
