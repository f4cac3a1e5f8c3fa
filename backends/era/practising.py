"""The miniature goes on learning by reinforcement, as a run: curves iteration by iteration, and at the end an agent to play with."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backends.earlier import check_same, earlier, read
from backends.episode import Episode, Planned, Turn
from backends.era.environments import ENVIRONMENTS, World
from backends.era.playing import NOTHING, action_of, plain
from backends.era.results import Credited, EraResult, Iterated, Judged, Training
from backends.era.settings import TERM_NAMES, Agent, EraSettings
from backends.made import name_of
from backends.run import Inputs, Progress
from models.agents.speech import heard
from worlds.errors import InputError

if TYPE_CHECKING:
    from models.agents.acting import Acting
    from models.agents.reinforcing import Credited as TurnCredit
    from models.agents.reinforcing import Iteration, Reinforcement
    from models.training.rollout import Played

MODELS: dict[World, str] = {"home": "home-agent", "table": "table-agent"}  # after prior learning
LEARNER = "agent"  # what a training makes, in a sentence
REINFORCED = "-rl"  # ends the name of what its own turns have earned
MADE_HERE: tuple[Agent, ...] = ("trained", "reinforced", "own")  # agents that have a miniature behind them
# of a run that is gone on from
SAME = ("world", "estimator", "rewards", "episodes", "episode_turns", "exploration", "gamma", "lam", "seed")


def begins_as(settings: EraSettings) -> str:
    """The miniature behind an agent, where there is one."""
    return MODELS[settings.world] + (REINFORCED if settings.agent == "reinforced" else "")


@dataclass
class Practising:
    """A training on its way."""

    reinforcement: "Reinforcement"
    before: Training = field(default_factory=Training)  # of the run that is gone on from

    def events(self, settings: EraSettings) -> Iterator[Progress | Training]:
        """Yield the training as it grows."""
        total = settings.iterations + 2 * bool(settings.judged)
        told = Training(iterations=self.before.iterations, went_on_from=len(self.before.iterations), losses=self.before.losses,
                        losses_before=self.before.losses_before)
        if settings.judged:
            yield Progress(0.0, "Playing fixed scenes as it is")
            told = told.model_copy(update={"before": judged_by(self.reinforcement.agent, settings)})
            yield told
        done = int(bool(settings.judged))
        for _ in range(settings.iterations):
            done += 1
            told = told.model_copy(update={"iterations": (*told.iterations, told_of(self.reinforcement.learn(), settings.episodes))})
            yield Progress(min(0.99, done / total), f"Iteration {self.reinforcement.index}")
            yield told
        if settings.judged:
            yield Progress(0.99, "Playing the fixed scenes again")
            yield told.model_copy(update={"after": judged_by(self.reinforcement.agent, settings)})

    def shown(self) -> tuple[Episode | None, tuple[Credited, ...]]:
        """The episode of the newest iteration that earned most, with what the critic expects of each turn and what each turn was
        worth; and the latter as each estimator has it."""
        if not self.reinforcement.newest:
            return None, ()
        played = max(self.reinforcement.newest, key=lambda one: sum(one.rewards))  # the first of several
        (turns,) = self.reinforcement.credited([played])
        seen = tuple(Credited(estimator=name, advantages=tuple(one.advantages[name] for one in turns))
                     for name in (turns[0].advantages if turns else ()))
        return episode_of(played, turns, self.reinforcement), seen


def judged_by(agent: "Acting", settings: EraSettings) -> tuple[Judged, ...]:
    """What an agent does in the fixed scenes, greedily: all at once, which takes a fraction of the time of one after another."""
    craft = agent.craft
    scenes = [craft.numbering.evaluation_seed(subset, number) for subset in craft.seen for number in range(settings.judged)]
    played = replace(agent, temperature=0.0).play(scenes)
    return tuple(judged_of(subset, played[start:start + settings.judged])
                 for subset, start in zip(craft.seen, range(0, len(scenes), settings.judged)))


@contextmanager
def practising(settings: EraSettings, inputs: Inputs) -> Iterator[Practising]:
    """What learns: the shipped miniature, or an earlier training that is gone on with.

    Raises:
        InputError: the miniature or the earlier run is not here, or it was trained in another way.
    """
    from models.agents.reinforcing import Practice, Reinforcement

    paid = {name: name in settings.rewards for name in TERM_NAMES}
    practice = Practice(estimator=settings.estimator, gamma=settings.gamma, lam=settings.lam, episodes=settings.episodes,
                        max_turns=settings.episode_turns, temperature=settings.exploration, seed=settings.seed, **paid)
    with shipped(settings.world, MODELS[settings.world]) as agent:
        own = copy.deepcopy(agent.model).float()  # what is lent must not learn
        training = Reinforcement(replace(agent, model=own), practice)
        before = Training()
        if settings.continues:
            result, folder = earlier(settings.continues, inputs, EraResult, learner=LEARNER)
            if result.settings.stage == "prior" and result.settings.world == settings.world:
                assert result.training is not None  # `earlier` refuses others
                begun = Reinforcement(replace(agent, model=read(folder, agent.model).float()), practice)
                yield Practising(begun, Training(losses=result.training.losses, losses_before=len(result.training.losses)))
                return
            check_same(settings.continues, result.settings, settings, SAME)
            assert result.training is not None  # `earlier` refuses others
            before = result.training
            training.resume(folder)
        yield Practising(training, before)


@contextmanager
def shipped(world: World, name: str) -> Iterator["Acting"]:
    """A miniature that is part of this copy, in its world.

    Raises:
        InputError: it is not.
    """
    from backends.rungs import rung_of
    from models.agents.acting import Acting
    from models.agents.crafts import CRAFTS
    from models.memory import budget
    from models.vlm import VisionLanguageModel

    try:
        rung = rung_of(name, "vlm")
    except InputError as error:
        raise InputError(f"The miniature {name!r} is not part of this copy. Choose the scripted expert.") from error
    with budget().borrow(rung) as loaded:
        assert isinstance(loaded.tool, VisionLanguageModel)
        yield Acting(loaded.tool.model, CRAFTS[world])


def keep(practised: Practising, settings: EraSettings, inputs: Inputs) -> tuple[str, ...]:
    """Keep the training as it stands; return the name of what was made."""
    if inputs.makes is None:
        return ()
    follows = settings.model_dump(mode="json", include={*SAME, "continues"})
    name = name_of("era", {**follows, "iteration": practised.reinforcement.index})
    inputs.makes.put(name, practised.reinforcement.save)
    return (name,)


def episode_of(played: "Played", credits: Sequence["TurnCredit"], training: "Reinforcement") -> Episode:
    """An episode of a training as the page shows it; every turn with its value and advantage."""
    from models.agents.acting import words_of
    from models.scene_words import BOS, IMAGE

    craft, name = training.agent.craft, MODELS[training.agent.craft.name]

    turns = []
    for turn, info, credit in zip(played.turns, played.outcomes, credits):
        text = words_of(training.agent.tokenizer, turn.reply)
        taken = heard(text)
        prompt = str(training.agent.tokenizer.decode([one for one in turn.prompt.ids if one not in (BOS, IMAGE)]))
        skill = craft.meant(taken.action, turn.info)
        action = action_of(skill or taken.action or NOTHING, info, has_moved=bool(skill))
        turns.append(Turn(index=turn.index, agent=name, state=plain(turn.info["state"]), prompt=prompt, reply=text,
                          thought=" ".join(taken.thought.values()), sections=dict(taken.thought), answer=taken.action,
                          planned=(Planned(name=action.name),), actions=(action,), value=credit.value,
                          advantage=credit.advantages[training.practice.estimator],
                          parse="ok" if taken.is_whole and skill else "failed"))
    task = played.info["task"]
    return Episode(world=ENVIRONMENTS[craft.name].world, task=task.kind, seed=task.seed, instruction=played.info["instruction"],
                   group=task.subset, agent=name, source="live", turns=tuple(turns), success=bool(played.info["task_success"]),
                   progress=played.info["task_progress"], ended=played.ended)


def told_of(iteration: "Iteration", episodes: int) -> Iterated:
    """An iteration as a result keeps it."""
    return Iterated(number=iteration.index + 1, episodes=episodes, success=iteration.success, invalid=iteration.invalid,
                    mean_return=iteration.mean_return, turns=iteration.mean_steps, explained=iteration.explained_variance,
                    clip_fraction=iteration.clip_fraction, kl=iteration.approximate_kl, entropy=iteration.entropy,
                    within_turns=iteration.within_turn)


def judged_of(subset: str, played: Sequence["Played"]) -> Judged:
    """What episodes of one subset came to."""
    return Judged(subset=subset, episodes=len(played), done=sum(bool(one.info["task_success"]) for one in played),
                  actions=sum(len(one.turns) for one in played), invalid=sum(one.info["invalid"] for one in played))
