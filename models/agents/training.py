"""How the agents are trained, and what each comes to in the fixed episodes of its world."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from transformers import LlavaForConditionalGeneration

from models.agents.acting import Acting
from models.agents.craft import Craft, World
from models.agents.learning import fresh_agent, learn
from models.agents.reinforcing import Practice, Reinforcement
from models.agents.samples import Prior, prior

Stage = Literal["epl", "raw", "epl-trajectories", "rl"]  # both priors in order; actions alone; trajectories alone; reinforcement
STAGES: dict[Stage, tuple[tuple[Prior, ...], ...]] = {  # what is learned one after another, and what together
    "epl": (("anchored", "external"), ("trajectories", "external")), "raw": (("raw",),), "epl-trajectories": (("trajectories",),)}
FIRST: dict[World, tuple[tuple[Prior, ...], ...]] = {  # before each of them: what ERA's agent could do already
    "home": (("pictures",),), "table": (("pictures",), ("pictures", "lookups"))}


@dataclass(frozen=True)
class Training:
    """How much of what; how many samples an update has, the craft says."""

    pictures: int = 40_000
    lookups: int = 24_000
    anchored: int = 2500
    external: int = 3000
    trajectories: int = 3000
    picture_updates: int = 1500
    lookup_updates: int = 600
    anchored_updates: int = 120
    external_updates: int = 120
    trajectory_updates: int = 580
    seed: int = 0

    def of(self, kind: Prior) -> tuple[int, int]:
        """How many samples of a prior, or trajectories, and how many updates."""
        return {"pictures": (self.pictures, self.picture_updates), "lookups": (self.lookups, self.lookup_updates),
                "anchored": (self.anchored, self.anchored_updates),
                "external": (self.external, self.external_updates)}.get(kind, (self.trajectories, self.trajectory_updates))


BUDGETS: dict[World, Training] = {
    "home": Training(),
    "table": Training(pictures=20_000, picture_updates=1500, trajectories=2000, trajectory_updates=1100)}
# nearer rewards than ERA's 0.99 and 0.99, with which a hundred episodes are too few to tell a good turn of so small an agent
_PRACTICE = Practice(gamma=0.9, lam=0.9, episodes=96, iterations=24, temperature=1.0, minibatch=128, actor_rate=1e-4,
                     critic_rate=1e-3)
SHIPPED: dict[World, Practice] = {"home": _PRACTICE, "table": _PRACTICE}


@dataclass(frozen=True)
class Scored:
    """One subset: shares of episodes that were done, and of actions that failed, and steps of those that were done."""

    subset: str
    episodes: int
    success: float
    invalid: float
    steps: float | None


def train(craft: Craft, training: Training, priors: Sequence[Sequence[Prior]] = STAGES["epl"]) -> Acting:
    """Learn the priors, some together, one after another; says how it goes."""
    model = fresh_agent(craft, seed=training.seed)
    print(f"{model.num_parameters():,} parameters, {len(craft.tokenizer)} words", flush=True)
    for kinds in (*FIRST[craft.name], *priors):
        samples = [sample for kind in kinds for sample in prior(craft.priors, kind, training.seed, number=training.of(kind)[0])]
        updates = sum(training.of(kind)[1] for kind in kinds)
        recent: list[float] = []
        for update, loss in enumerate(learn(model, craft, samples, updates=updates, seed=training.seed), 1):
            recent.append(loss)
            if update % 20 == 0 or update == updates:
                print(f"{' and '.join(kinds)}, update {update} of {updates}: {np.mean(recent[-20:]):.3f} nats", flush=True)
    return Acting(model, craft)


def reinforced(craft: Craft, folder: Path, practice: Practice) -> tuple[Acting, list[dict[str, float | None]]]:
    """The agent in a folder after reinforcement, greedy again, and what every iteration came to; says how it goes."""
    model = LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    reinforcement, told = Reinforcement(Acting(model.eval(), craft), practice), []
    while reinforcement.index < practice.iterations:
        told.append(asdict(reinforcement.learn()))
        print(told[-1], flush=True)
    return replace(reinforcement.agent, temperature=0.0), told


def measure(agent: Acting) -> list[Scored]:
    """Play every fixed episode greedily."""
    scored = []
    for subset in agent.craft.subsets:
        played = agent.play(agent.craft.numbering.evaluation_seeds(subset))
        done = [episode for episode in played if episode.info["task_success"]]
        steps = sum(len(episode.turns) for episode in played)
        scored.append(Scored(subset, len(played), len(done) / len(played), sum(episode.info["invalid"] for episode in played) / steps,
                             float(np.mean([len(episode.turns) for episode in done])) if done else None))
        print(scored[-1], flush=True)
    return scored
