"""Plays an episode in a world, turn by turn: the agent's own turns, those by hand, and what goes wrong by itself.

The turns by hand are a setting, and worlds are the same for the same seed: an episode is played again from its link, and what a turn
adds is one entry more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue

from backends.episode import Action, By, Cut, Episode, Parse, Planned, Turn
from backends.era.context import kept
from backends.era.environments import ENVIRONMENTS, Environment, Info
from backends.era.environments.contract import Running
from backends.era.prompts import MOST_ACTIONS, Style
from backends.era.replies import Reply
from backends.era.settings import OWN_TURN, EraSettings
from backends.run import Progress
from models.marks import VISUAL
from worlds.errors import InputError

NOTHING = "no action"  # stands where a reply names none


@dataclass(frozen=True)
class Said:
    """What an agent said in a turn, and which action of the world it means; None where it means none.

    Attributes:
        skill: the name of a skill of the home, or the seven numbers of the table top.
        steps: of a model that plans, the skills that are to be carried out, instead of `skill`; none where the reply is of no use, or
            its plan is empty.
        planned: every action that the reply names.
        mended: how the reply had to be repaired.
        is_whole: whether `steps` are all that was planned; else the plan ends there, at an action that there is not or at as many as
            are allowed.
    """

    skill: str | None
    prompt: str = ""
    reply: str = ""
    thought: str = ""
    sections: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    parse: Parse = "ok"
    planned: tuple[Planned, ...] = ()
    mended: tuple[str, ...] = ()
    steps: tuple[str, ...] | None = None
    is_whole: bool = True


def said_of(text: str, reply: Reply, steps: tuple[str, ...], style: Style) -> Said:
    """What a model that plans said, once its reply is read and its `steps` are known; ERA's has one action, whatever it names."""
    is_unusable = not steps and reply.parse != "empty"
    return Said(None, reply=text, thought=reply.thought, sections=tuple(reply.sections.items()), answer=reply.answer,
                parse="failed" if is_unusable else reply.parse, planned=reply.planned, mended=reply.mended, steps=steps,
                is_whole=style == "era" or len(steps) == len(reply.planned))


@dataclass(frozen=True)
class Player:
    """Who acts: `turn` says what, from the world as it is and the turns so far.

    Raises:
        OutOfRoom: by `turn`.
    """

    name: str
    by: By
    turn: Callable[[Info, tuple[Turn, ...]], Said]
    is_miniature: bool = True


class OutOfRoom(InputError):
    """What a player would have to be told is more than it can hold."""


def play(settings: EraSettings, player: Player) -> Iterator[Progress | Episode]:
    """Yield Progress and the growing episode.

    Raises:
        InputError: an own task is not understood, a turn by hand names no action of this world, nothing is there to go wrong, or what
            the player is told first is more than it can hold. What stops the player later on ends the episode.
    """
    world = ENVIRONMENTS[settings.world]
    running, info = world.opened(settings.subset, settings.number, settings.instruction)
    turns: tuple[Turn, ...] = ()
    by_hand = list(settings.actions)
    ended = ""
    yield _episode(world, player, info, turns, "", settings.number)
    while not ended:
        entry = by_hand.pop(0) if by_hand else OWN_TURN if settings.goes_on else ""
        if not entry:
            break
        if entry.startswith("!"):
            turns = (*turns, _perturbed(running, entry[1:], len(turns), info))
            info = info | {"state": running.state}
        else:
            try:
                turn, info, ended = _acted(world, running, entry, len(turns), info, turns, player)
            except InputError as error:
                if entry != OWN_TURN or not acted(turns):
                    raise
                why = "context" if isinstance(error, OutOfRoom) else "model"
                yield _episode(world, player, info, turns, why, settings.number, notes=(f"The episode ends here. {error}",))
                return
            turns = (*turns, turn)
        if not ended and len(acted(turns)) >= settings.max_turns:
            ended = "turns"
        yield Progress(min(0.99, len(turns) / min(settings.max_turns, world.max_steps)), f"Turn {len(turns)}")
        left = f"The last {len(by_hand)} of {len(settings.actions)} turns by hand were not played: the episode was over."
        yield _episode(world, player, info, turns, ended, settings.number, notes=(left,) if ended and by_hand else ())


def _perturbed(running: Running, name: str, index: int, info: Info) -> Turn:
    before = plain(info["state"])
    happened = running.perturb(name)
    return Turn(index=index, by="perturbation", state=before, parse="ok",
                actions=(Action(name=f"!{name}", feedback=happened, state=plain(running.state)),))


def _acted(world: Environment, running: Running, entry: str, index: int, info: Info, turns: tuple[Turn, ...],
           player: Player) -> tuple[Turn, Info, str]:
    by, said = (player.by, player.turn(info, turns)) if entry == OWN_TURN else ("person", _by_hand(world, entry, info))
    if said.steps is not None:
        return _planned(world, running, said, index, info, player)
    named = said.skill or said.answer or NOTHING
    after, ended = world.step(running, said.skill, named, dict(said.sections).get(VISUAL, ""))
    skill_id = world.id_of(said.skill, info)
    action = action_of(named, after, id=skill_id, has_moved=bool(said.skill))
    turn = Turn(index=index, agent=player.name if by == player.by else "person", state=plain(info["state"]), prompt=said.prompt,
                reply=said.reply, thought=said.thought, sections=dict(said.sections), answer=said.answer,
                planned=(Planned(id=skill_id, name=action.name),), actions=(action,), by=cast(By, by), parse=said.parse)
    return turn, after, ended


def action_of(name: str, after: Mapping[str, Any], *, id: str = "", has_moved: bool = True) -> Action:
    """An action as an episode keeps it, from what the world told after it.

    Args:
        has_moved: whether it named an action of the world; what names none is no step.
    """
    return Action(id=id, name=name[:200], ok=after["ok"], feedback=after["feedback"], step=after["steps"] if has_moved else None,
                  progress=after["task_progress"], success=after["task_success"], rewards=after["rewards"],
                  state=plain(after["state"]))


def _planned(world: Environment, running: Running, said: Said, index: int, info: Info, player: Player) -> tuple[Turn, Info, str]:
    """Carry a plan out, up to its first failed action where the world has it so; an unusable reply counts as an invalid action."""
    actions: list[Action] = []
    rewards: dict[str, float] = {}
    after, ended = info, ""
    if said.parse == "empty":
        ended = "empty plan"
    elif not said.steps:
        after, ended = world.step(running, None, "unreadable reply", "")  # names no action: counted, and nothing moves
        rewards = {} if world.has_lost_steps else after["rewards"]
        actions += [action_of(NOTHING, after)] if world.has_lost_steps else []
    for skill in said.steps or ():
        skill_id = world.id_of(skill, after)
        after, ended = world.step(running, skill, skill, "" if actions else dict(said.sections).get(VISUAL, ""))
        actions.append(action_of(skill, after, id=skill_id))
        if ended or (world.ends_plans and not after["ok"]):
            break
    cut: Cut = ""
    if actions and (len(actions) < len(said.steps or ()) or not said.is_whole):
        cut = "success" if ended == "success" else "failure" if world.ends_plans and not after["ok"] else "budget" if (
            ended or len(actions) >= MOST_ACTIONS) else "unknown action"
    turn = Turn(index=index, agent=player.name, state=plain(info["state"]), prompt=said.prompt, reply=said.reply,
                thought=said.thought, sections=dict(said.sections), answer=said.answer, planned=said.planned, actions=tuple(actions),
                cut=cut, rewards=rewards, by=player.by, parse=said.parse, mended=said.mended)
    return turn, after, ended


def _by_hand(world: Environment, entry: str, info: Info) -> Said:
    """An action that a person named, as the world calls it or in other letters."""
    action = world.by_hand(entry, info)
    return Said(action, answer=action)


def acted(turns: tuple[Turn, ...]) -> list[Turn]:
    """The turns in which somebody acted: without what went wrong by itself."""
    return [turn for turn in turns if turn.by != "perturbation"]


def past_turns(settings: EraSettings, turns: tuple[Turn, ...]) -> tuple[list[Turn], tuple[str, ...]]:
    """The turns that the settings' policy keeps, without what went wrong by itself, and the parts of thoughts that it keeps."""
    chosen, parts = kept(acted(turns), settings.policy)
    return list(chosen), parts


def _episode(world: Environment, player: Player, info: Info, turns: tuple[Turn, ...], ended: str, number: int,
             notes: tuple[str, ...] = ()) -> Episode:
    task = info["task"]
    return Episode(world=world.world, task=task.kind, seed=task.seed, number=number, instruction=info["instruction"],
                   group=task.subset, agent=player.name, source="live", turns=turns,
                   success=bool(info["task_success"]) if turns else None, progress=info["task_progress"], ended=ended, notes=notes)


def plain(state: Mapping[str, object]) -> dict[str, JsonValue]:
    """A state as an episode keeps it."""
    return cast(dict[str, JsonValue], dict(state))
