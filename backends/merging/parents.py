"""The miniature's parents in memory, and what a merge makes of them: a child whose weights are replaced for each merge."""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from transformers import PreTrainedModel, ProcessorMixin

from backends.merging.diagnostics import Moved, moved_by_name
from backends.merging.methods import merged_model
from backends.merging.mix import Mix, takes_part
from backends.merging.settings import MergingSettings
from backends.rungs import rung_of
from models.catalogue import at_stage, missing_files
from models.memory import budget
from worlds.errors import InputError

LANGUAGE = "merging-language"  # the rung of the parents that read words alone; its stages:
BASE, REASONERS = "base", {"a": "reasoner", "b": "reasoner b"}


@dataclass
class Family:
    """A vision-language model, the reasoning model and their base, whom nobody changes, with a child of theirs.

    Attributes:
        child: holds whichever merge was made last.    merge_s: how long that took.
    """

    vlm: PreTrainedModel
    processor: ProcessorMixin
    reasoner: PreTrainedModel
    base: PreTrainedModel
    child: PreTrainedModel = field(init=False)
    merge_s: float = 0.0

    def __post_init__(self) -> None:
        self.child = copy.deepcopy(self.vlm)
        self._tensors = [model.state_dict() for model in (self.vlm, self.reasoner, self.base)]

    @property
    def num_layers(self) -> int:
        return int(self.vlm.config.get_text_config().num_hidden_layers)

    def merged(self, mix: Mix) -> PreTrainedModel:
        """The child of a merge; the one before is gone.

        Raises:
            InputError: names or shapes do not match.
        """
        started = time.monotonic()
        vlm, reasoner, base = self._tensors
        self.child.load_state_dict(merged_model(vlm, reasoner, base, mix=mix))
        self.merge_s = time.monotonic() - started
        return self.child

    def counted(self, mix: Mix) -> tuple[int, int]:
        """How many of the reasoning model's tensors a merge changes, and how many stay the vision-language model's."""
        names = self._tensors[1]
        taken = sum(takes_part(mix, name, self.num_layers) for name in names)
        return taken, len(names) - taken

    def moved(self) -> Iterator[tuple[str, Moved]]:
        """How far the children of the base are apart, by tensor."""
        return moved_by_name(*self._tensors)


@contextmanager
def lent(settings: MergingSettings) -> Iterator[Family]:
    """The miniature's parents, as long as they are needed.

    Raises:
        InputError: there is no such model, it is no miniature of merging, or a parent was not made yet.
    """
    seeing, reading = rung_of(settings.model, "vlm"), rung_of(LANGUAGE, "language")
    own = at_stage(reading, REASONERS[settings.kind])
    if missing := missing_files(own):
        raise InputError(missing)
    with (budget().borrow(seeing) as vlm, budget().borrow(own) as reasoner, budget().borrow(at_stage(reading, BASE)) as base):
        yield Family(vlm.vlm.model, vlm.vlm.processor, reasoner.language.model, base.language.model)
