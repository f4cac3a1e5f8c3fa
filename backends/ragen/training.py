"""A training as a run: curves iteration by iteration, and of some iterations what was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.episode import Action, By, Episode, Planned, Turn
from backends.made import name_of
from backends.ragen.games import new_game, rules_of, tokens_of, turns_of
from backends.ragen.information import Diagnosis, tells
from backends.ragen.measures import Attempt, Metrics, Update, measured, repeated
from backends.ragen.results import MAX_SHOWN, MAX_SNAPSHOTS, Bounds, Snapshot, Training
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, LEFT, MAX_PIECE, TEXT, Rollout
from backends.ragen.settings import RagenSettings
from backends.run import Inputs, Progress
from worlds.games.bandit.env import Bandit
from worlds.games.lines import success_lines
from worlds.games.replies import Reply
from worlds.games.seeds import validation_seeds

if TYPE_CHECKING:
    from backends.ragen.starpo import Iteration, Plan, StarPO
    from models.gamers.acting import Speech
    from models.training.generation import Reply as Generated
    from models.training.rollout import Played

SHOWN_GROUPS, SHOWN_MEMBERS = 4, 8  # whose words are kept: groups that were kept and not, and episodes of each
FIRST_ALL, FEW = 4, 18  # iterations whose words are all kept; how many of the others
VALIDATED, DIAGNOSED = 10, 5  # every so many iterations; RAGEN-2 diagnoses as often
JUDGED_AT = 0.5  # temperature of validation
BOUND_STARTS = 64  # for the lines of the best and the random policy
SAME = ("game", "names", "thinks", "algorithm", "seed", "kl", "learner")  # of a run that is gone on from
SAME_MODEL = ("model", "quantisation", "rank")  # of one in which a model of the ladder learns
DIGITS = 3  # of an entropy: a thousand episodes are kept in a file


def plan_of(settings: RagenSettings) -> "Plan":
    """A training as settings ask for it."""
    from backends.ragen.starpo import Plan

    return Plan(algorithm=settings.algorithm, groups=settings.groups, members=settings.members, slice=settings.slice,
                passes=settings.passes, updates=settings.updates, turns=turns_of(settings), rules=rules_of(settings),
                kind=settings.filtered, ratio=settings.ratio, skips_flat=settings.skips_flat, turn_gamma=settings.turn_gamma,
                kl=settings.kl, clip_low=settings.clip_low, clip_high=settings.clip_high, entropy=settings.entropy,
                temperature=settings.temperature, actor_rate=settings.actor_rate, critic_rate=settings.critic_rate,
                seed=settings.seed, mask=settings.learns_from,
                max_tokens=settings.max_new_tokens if settings.learner == "model" else tokens_of(settings),
                together=1 if settings.learner == "model" else 0)  # one row fills a processor, and memory soon


@dataclass
class Trained:
    """A training on its way."""

    starpo: "StarPO"
    player: str  # what it is called
    told: Training = field(default_factory=Training)

    def events(self, settings: RagenSettings) -> Iterator[Progress | Training]:
        """Yield the training as it grows."""
        began = process_time()
        if self.told.bounds is None:
            self.told = self.told.model_copy(update={"bounds": bounds_of(settings)})
        for number in range(settings.iterations):
            diagnoses = self._diagnosed(settings)
            iteration = self.starpo.learn()
            validated = self._validated(settings, iteration.index)
            found = metrics_of(iteration, self.starpo.speech, validation=validated, seconds=process_time() - began)
            self.told = self.told.model_copy(update={
                "metrics": (*self.told.metrics, found), "steps": self.told.steps + len(iteration.numbers),
                "diagnoses": (*self.told.diagnoses, *diagnoses),
                "snapshots": thinned((*self.told.snapshots, snapshot_of(iteration, self.player, self.starpo.speech)))})
            yield self.told  # first: who stops at the next event keeps what was learned
            yield Progress(min(0.99, (number + 1) / settings.iterations), f"Iteration {iteration.index + 1}")

    def _diagnosed(self, settings: RagenSettings) -> tuple[Diagnosis, ...]:
        """Whether thoughts fit their prompts, in the iterations that have a diagnosis; a real model would need minutes for it."""
        if self.starpo.index % DIAGNOSED or not settings.thinks or settings.learner == "model":
            return ()
        if self.told.diagnoses and not tells(self.told.diagnoses[0].found):
            return ()  # nothing was told of a prompt to begin with, so nothing can be lost
        from backends.ragen.diagnosing import diagnosed

        found = diagnosed(self.starpo)
        return (Diagnosis(self.starpo.index, found),) if found else ()

    def _validated(self, settings: RagenSettings, index: int) -> float | None:
        """Share of successes in the fixed starts, in the iterations that have a validation."""
        if not settings.validation or (index + 1) % VALIDATED:
            return None
        played = self.starpo.play(validation_seeds(settings.validation), temperature=JUDGED_AT, members=1)
        return float(np.mean([bool(episode.info["success"]) and episode.ended == "terminated" for episode in played]))


def is_success(played: "Played") -> bool:
    """Whether an episode is over and won."""
    return bool(played.info["success"])


def bounds_of(settings: RagenSettings) -> Bounds:
    """What no policy and the random one can do better or worse than."""
    game = new_game(settings)()
    budget = 1 if settings.game == "bandit" else min(settings.budget, turns_of(settings) * settings.actions_per_turn)
    lines = success_lines(game, validation_seeds(BOUND_STARTS), max_actions=budget)
    if not isinstance(game, Bandit):
        return Bounds(random=lines.random, best=lines.optimal)
    paid = game.payouts
    return Bounds(random=lines.random, best=lines.optimal, random_reward=paid.random_reward, best_reward=paid.best_reward)


def metrics_of(iteration: "Iteration", speech: "Speech | None" = None, *, validation: float | None = None,
               seconds: float | None = None) -> Metrics:
    """An iteration in numbers; without another way of speaking, of a small player."""
    attempts = [attempt_of(played, int(group), float(score), speech)
                for played, group, score in zip(iteration.episodes, iteration.groups, iteration.scores)]
    updates = [Update(norm=one.actor.step.norm, entropy=one.actor.entropy, clip_fraction=one.actor.clip_fraction,
                      kl=one.actor.mean_fall, reference_kl=one.actor.reference_kl,
                      explained=one.critic.explained_variance if one.critic else None)
               for one in iteration.numbers if one.actor]
    drawn = [] if updates else [value for played in iteration.episodes for turn in played.turns for value in turn.reply.entropies]
    return measured(iteration.index, attempts, iteration.selection, updates=updates, entropy=fmean(drawn) if drawn else None,
                    unsampled=unsampled_of(iteration), validation=validation, seconds=seconds)


def unsampled_of(iteration: "Iteration") -> int:
    """How many tokens were learned from that the player did not draw there."""
    from backends.ragen.masks import unsampled

    return sum(unsampled(lesson.sample, iteration.episodes[place]) for place, lesson in iteration.lessons.items())


def attempt_of(played: "Played", group: int, score: float, speech: "Speech | None" = None) -> Attempt:
    """What is measured of an episode."""
    from models.gamers.acting import Words

    replies, speech = [info["reply"] for info in played.outcomes], speech or Words()
    texts = said_of(played, speech)
    return Attempt(group=group, score=score, success=is_success(played), tokens=sum(len(turn.reply.ids) for turn in played.turns),
                   thought_tokens=tuple(speech.length(reply.thought) for reply in replies if reply.has_form),
                   thoughts=tuple(reply.thought if reply.has_form else text for reply, text in zip(replies, texts)),
                   valid=tuple(reply.is_valid for reply in replies),
                   effective=tuple(done["is_effective"] for info in played.outcomes for done in info["done"]))


def said_of(played: "Played", speech: "Speech | None" = None) -> list[str]:
    """What the player wrote in every turn, marks included, with the beginning that it was given."""
    from models.gamers.acting import Words

    return [(speech or Words()).said(played, number) for number in range(len(played.turns))]


def snapshot_of(iteration: "Iteration", player: str, speech: "Speech") -> Snapshot:
    """Some of an iteration's episodes whole: of the groups with the largest spread, and of some that were left out."""
    groups = sorted(iteration.selection.groups, key=lambda one: (not one.is_kept, -(one.std or 0.0)))
    kept, left = [one for one in groups if one.is_kept], [one for one in groups if not one.is_kept]
    half = SHOWN_GROUPS // 2
    shown = (kept[:max(half, SHOWN_GROUPS - len(left))] + left)[:SHOWN_GROUPS]
    rollouts = []
    for group in shown:
        for member, place in enumerate(np.flatnonzero(iteration.groups == group.group)[:SHOWN_MEMBERS].tolist()):
            rollouts.append(rollout_of(iteration, place, member, is_kept=group.is_kept, player=player, speech=speech))
    thoughts = [info["reply"].thought if info["reply"].has_form else text
                for played in iteration.episodes for text, info in zip(said_of(played, speech), played.outcomes)]
    return Snapshot(iteration=iteration.index, rollouts=tuple(rollouts[:MAX_SHOWN]), groups=iteration.selection.groups,
                    repeated=repeated(thoughts))


def rollout_of(iteration: "Iteration", place: int, member: int, *, is_kept: bool, player: str, speech: "Speech") -> Rollout:
    """One episode of an iteration."""
    played, lesson = iteration.episodes[place], iteration.lessons.get(place)
    advantage = None if lesson is None else float(lesson.advantages[lesson.sample.drawn].mean())
    return Rollout(iteration=iteration.index, group=int(iteration.groups[place]), member=member, tag=played.info["game"],
                   score=float(iteration.scores[place]), penalty=float(sum(info["penalty"] for info in played.outcomes)),
                   kept=is_kept, advantage=advantage, final=state_of(played.info),
                   entropies=entropies_of(played), pieces=pieces_of(played, speech),
                   episode=episode_of(played, player, is_kept=is_kept, speech=speech))


def entropies_of(played: "Played") -> tuple[tuple[float, ...], ...]:
    """How undecided each drawn token was, by turn; nothing where nobody knows."""
    found = tuple(tuple(round(max(0.0, value), DIGITS) for value in turn.reply.entropies) for turn in played.turns)
    return found if any(found) else ()


def pieces_of(played: "Played", speech: "Speech | None") -> tuple[tuple[str, ...], ...]:
    """The tokens of each turn as people read them, where the words of a reply are not its tokens."""
    if speech is None:
        return ()
    found = tuple(tuple(piece[:MAX_PIECE] for piece in speech.pieces(turn.reply.ids)) for turn in played.turns)
    return found if any(found) else ()


def episode_of(played: "Played", player: str, *, is_kept: bool | None = None, by: Sequence[By] = (),
               speech: "Speech | None" = None) -> Episode:
    """An episode as pages show it, with tokens and their log-probabilities.

    Args:
        by: who did each turn; the model, where nobody is named.
        speech: what was read in a turn is told as it says; else as the small players read it.
    """
    turns = []
    for number, (turn, info) in enumerate(zip(played.turns, played.outcomes)):
        reply: Reply = info["reply"]
        # what an action was paid is in the turn's reward, and would be counted twice
        actions = tuple(Action(name=done["name"], ok=done["is_effective"], feedback=done["feedback"], step=step)
                        for step, done in enumerate(info["done"], 1))
        ids, logprobs = drawn_of(turn.reply)
        who: By = by[number] if number < len(by) else "model"
        turns.append(Turn(
            index=number, agent=player, state=state_of(turn.info),
            prompt=speech.shown(played, number) if speech else str(turn.info["shown"]),
            reply=turn.action or reply.cleaned, thought=reply.thought, answer=reply.answer,
            planned=tuple(Planned(name=name) for name in reply.names), actions=actions,
            rewards={ENVIRONMENT: sum(sum(done["rewards"].values()) for done in info["done"]), FORMAT: info["penalty"]},
            by=who, parse="ok" if reply.is_valid else "failed", kept=is_kept, token_ids=ids, logprobs=logprobs))
    return Episode(world=played.info["game"], seed=played.start.seed, group=str(played.start.group), agent=player,
                   turns=tuple(turns), success=is_success(played), ended=played.ended)


def drawn_of(reply: "Generated") -> tuple[np.ndarray | None, np.ndarray | None]:
    """Tokens that were drawn, and their log-probabilities, both (tokens,); None where a person or a script wrote.

    Log-probabilities are of single precision, as the network says them. There is no mask: all of the tokens are the model's, and a
    third array for each of a thousand turns is what opening a run waits for.
    """
    if not reply.ids:
        return None, None
    return np.array(reply.ids, np.int32), np.minimum(np.array(reply.logprobs, np.float32), 0.0)


def state_of(info: Any) -> dict[str, Any]:
    """What a player sees of a state, and what draws it."""
    return {TEXT: info["written"], LEFT: info["left"], "plain": info["plain"]}


def thinned(snapshots: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
    """The first iterations, the newest, and of the others so many, evenly: a long training must not outgrow a page."""
    if len(snapshots) <= min(MAX_SNAPSHOTS, FIRST_ALL + FEW + 1):
        return tuple(snapshots)
    *others, newest = snapshots[FIRST_ALL:]
    gaps = [others[place + 1].iteration - others[place - 1].iteration if place else np.inf for place in range(len(others) - 1)]
    gaps.append(newest.iteration - others[-2].iteration)
    del others[int(np.argmin(gaps))]
    return (*snapshots[:FIRST_ALL], *others, newest)


def keep(trained: Trained, settings: RagenSettings, inputs: Inputs) -> tuple[str, ...]:
    """Keep the training as it stands; return the name of what was made."""
    if inputs.makes is None:
        return ()
    follows = settings.model_dump(mode="json", exclude={"iterations", "validation"})
    name = name_of("ragen", {**follows, "iteration": trained.starpo.index})
    inputs.makes.put(name, trained.starpo.save)
    return (name,)
