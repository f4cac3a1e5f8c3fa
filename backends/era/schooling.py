"""The miniature learns from an expert, as a run: one prior after another, the loss update by update, and at the end an agent to play
with (arXiv 2510.12693, section 3.2)."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backends.earlier import earlier, read
from backends.era.practising import LEARNER, MODELS, judged_by, shipped
from backends.era.results import MAX_UPDATES, EraResult, Learned, Training
from backends.era.settings import PRIOR_NAMES, EraSettings
from backends.made import name_of
from backends.run import Inputs, Progress
from worlds.errors import InputError

if TYPE_CHECKING:
    from models.agents.acting import Acting

TOLD = 5  # updates between two pictures of the curve


@dataclass
class Schooling:
    """Prior learning on its way; the agent's network is learned in place."""

    agent: "Acting"
    before: Training = field(default_factory=Training)  # of the run that is gone on from
    updates: int = 0

    def events(self, settings: EraSettings) -> Iterator[Progress | Training]:
        """Yield the training as it grows.

        Every prior has a schedule of its own, from a small rate to a large one and back.
        """
        from models.agents.learning import learn
        from models.agents.samples import prior

        craft, total = self.agent.craft, len(settings.priors) * settings.updates
        losses = list(self.before.losses)
        told = Training(iterations=self.before.iterations, losses=tuple(losses), went_on_from=len(self.before.iterations),
                        losses_before=len(losses))
        if settings.judged:
            yield Progress(0.0, "Playing fixed scenes as it is")
            told = told.model_copy(update={"before": judged_by(self.agent, settings)})
            yield told
        for kind in settings.priors:
            yield Progress(self.updates / total, f"Drawing samples: {PRIOR_NAMES[kind]}")
            samples = prior(craft.priors, kind, settings.seed, number=settings.samples)
            for loss in learn(self.agent.model, craft, samples, updates=settings.updates, seed=settings.seed):
                self.updates += 1
                losses.append(Learned(prior=kind, loss=loss))
                if self.updates % TOLD == 0 or self.updates == total:
                    told = told.model_copy(update={"losses": tuple(losses[-MAX_UPDATES:])})
                    yield Progress(min(0.99, self.updates / total), f"Update {self.updates} of {total}")
                    yield told
        if settings.judged:
            yield Progress(0.99, "Playing the fixed scenes again")
            yield told.model_copy(update={"after": judged_by(self.agent, settings)})

    def keep(self, settings: EraSettings, inputs: Inputs) -> tuple[str, ...]:
        """Keep the agent as it stands; return the name of what was made."""
        if inputs.makes is None or not self.updates:
            return ()
        follows = settings.model_dump(mode="json", include={"stage", "world", "priors", "samples", "updates", "begins", "seed",
                                                            "continues"})
        name = name_of("era", {**follows, "update": self.updates})
        inputs.makes.put(name, self.agent.model.save_pretrained)
        return (name,)


@contextmanager
def schooling(settings: EraSettings, inputs: Inputs) -> Iterator[Schooling]:
    """What learns: the shipped miniature, one that knows nothing yet, or one that was trained here before.

    Raises:
        InputError: the miniature or the earlier run is not here, or is of another world.
    """
    from models.agents.acting import Acting
    from models.agents.crafts import CRAFTS
    from models.agents.learning import fresh_agent

    if settings.begins == "nothing" and not settings.continues:
        craft = CRAFTS[settings.world]
        yield Schooling(Acting(fresh_agent(craft, seed=settings.seed), craft))
        return
    before, folder = Training(), None
    if settings.continues:
        result, folder = earlier(settings.continues, inputs, EraResult, learner=LEARNER)
        if result.settings.world != settings.world:
            raise InputError(f"The run {settings.continues!r} was of another world. Choose one of this world, or start anew.")
        assert result.training is not None  # `earlier` refuses others
        before = result.training
    with shipped(settings.world, MODELS[settings.world]) as agent:
        if folder is not None:
            agent = replace(agent, model=read(folder, agent.model))
        yield Schooling(replace(agent, model=copy.deepcopy(agent.model).float()), before)  # what is lent must not learn
