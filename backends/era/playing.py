"""Plays an episode in the miniature home, turn by turn: the agent's own turns, those by hand, and what goes wrong by itself.

The turns by hand are a setting, and homes are the same for the same seed: an episode is played again from its link, and what a turn
adds is one entry more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue

from backends.episode import Action, By, Cut, Episode, Parse, Planned, Turn
from backends.era.context import kept
from backends.era.settings import OWN_TURN, EraSettings
from backends.run import Progress
from worlds.errors import InputError
from worlds.minihome.env import MAX_INVALID, MiniHome
from worlds.minihome.scene import draw_home
from worlds.minihome.state import State
from worlds.minihome.subsets import evaluation_seed
from worlds.minihome.understanding import understood

WORLD = "minihome"
NOTHING = "no action"  # stands where a reply names none
Info = dict[str, Any]  # gymnasium's


@dataclass(frozen=True)
class Said:
    """What an agent said in a turn, and which skill of the home it means; None where it means none.

    Attributes:
        steps: of a model that plans, the skills that are to be carried out, instead of `skill`; none where the reply is of no use, or
            its plan is empty.
        planned: every action that the reply names.
        mended: how the reply had to be repaired.
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


@dataclass(frozen=True)
class Player:
    """Who acts: `turn` says what, from the home as it is and the turns so far."""

    name: str
    by: By
    turn: Callable[[Info, tuple[Turn, ...]], Said]


def play(settings: EraSettings, player: Player) -> Iterator[Progress | Episode]:
    """Yield Progress and the growing episode.

    Raises:
        InputError: an own task is not understood, a turn by hand names no action of this home, or nothing is there to go wrong.
    """
    home = MiniHome()
    _, info = home.reset(seed=evaluation_seed(settings.subset, settings.number), options=_options(settings))
    turns: tuple[Turn, ...] = ()
    by_hand = list(settings.actions)
    ended = ""
    yield _episode(settings, player, info, turns, "")
    while not ended:
        entry = by_hand.pop(0) if by_hand else OWN_TURN if settings.goes_on else ""
        if not entry:
            break
        if entry.startswith("!"):
            turns = (*turns, _perturbed(home, entry[1:], len(turns), info))
            info = info | {"state": home.state}
        else:
            turn, info, ended = _acted(home, entry, len(turns), info, turns, player)
            turns = (*turns, turn)
        if not ended and len(acted(turns)) >= settings.max_turns:
            ended = "turns"
        yield Progress(min(0.99, len(turns) / settings.max_turns), f"Turn {len(turns)}")
        yield _episode(settings, player, info, turns, ended)


def _options(settings: EraSettings) -> Info:
    """What the home is reset with."""
    options: Info = {"subset": settings.subset}
    if settings.instruction.strip():
        state, _ = draw_home(evaluation_seed(settings.subset, settings.number), settings.subset)
        options |= {"goal": understood(settings.instruction, state), "instruction": " ".join(settings.instruction.split())}
    return options


def _perturbed(home: MiniHome, name: str, index: int, info: Info) -> Turn:
    before = plain(info["state"])
    happened = home.perturb(name)
    return Turn(index=index, by="perturbation", state=before, parse="ok",
                actions=(Action(name=f"!{name}", feedback=happened, state=plain(home.state)),))


def _acted(home: MiniHome, entry: str, index: int, info: Info, turns: tuple[Turn, ...], player: Player) -> tuple[Turn, Info, str]:
    by, said = (player.by, player.turn(info, turns)) if entry == OWN_TURN else ("person", _by_hand(entry, info))
    if said.steps is not None:
        return _planned(home, said, index, info, player)
    skills = info["skills"]
    named = said.skill or said.answer or NOTHING
    _, _, terminated, truncated, after = home.step(said.skill if said.skill is not None else f"unknown: {named}"[:60])
    skill_id = str(skills.index(said.skill)) if said.skill in skills else ""
    action = action_of(named, after, id=skill_id, has_moved=bool(said.skill))
    turn = Turn(index=index, agent=player.name if by == player.by else "person", state=plain(info["state"]), prompt=said.prompt,
                reply=said.reply, thought=said.thought, sections=dict(said.sections), answer=said.answer,
                planned=(Planned(id=skill_id, name=action.name),), actions=(action,), by=cast(By, by), parse=said.parse)
    return turn, after, _ended(terminated, truncated, after)


def action_of(name: str, after: Mapping[str, Any], *, id: str = "", has_moved: bool = True) -> Action:
    """An action as an episode keeps it, from what the home told after it.

    Args:
        has_moved: whether it named a skill of the home; what names none is no step.
    """
    return Action(id=id, name=name[:200], ok=after["ok"], feedback=after["feedback"], step=after["steps"] if has_moved else None,
                  progress=after["task_progress"], success=after["task_success"], rewards=after["rewards"],
                  state=plain(after["state"]))


def _ended(terminated: bool, truncated: bool, after: Info) -> str:
    cut = "too many invalid actions" if after["invalid"] >= MAX_INVALID else "steps"
    return "success" if terminated else cut if truncated else ""


def _planned(home: MiniHome, said: Said, index: int, info: Info, player: Player) -> tuple[Turn, Info, str]:
    """Carry a plan out up to its first failed action, as EmbodiedBench does; an unusable reply counts as an invalid action."""
    actions: list[Action] = []
    after, ended, rewards = info, "", {}
    if said.parse == "empty":
        ended = "empty plan"
    elif not said.steps:
        _, _, terminated, truncated, after = home.step("unknown: unreadable reply")  # names no skill: counted, and nothing moves
        ended, rewards = _ended(terminated, truncated, after), after["rewards"]
    for skill in said.steps or ():
        skill_id = str(after["skills"].index(skill))
        _, _, terminated, truncated, after = home.step(skill)
        actions.append(action_of(skill, after, id=skill_id))
        ended = _ended(terminated, truncated, after)
        if ended or not after["ok"]:
            break
    cut: Cut = ""
    if actions and len(actions) < len(said.steps or ()):
        cut = "success" if ended == "success" else "failure" if not after["ok"] else "budget"
    turn = Turn(index=index, agent=player.name, state=plain(info["state"]), prompt=said.prompt, reply=said.reply,
                thought=said.thought, sections=dict(said.sections), answer=said.answer, planned=said.planned, actions=tuple(actions),
                cut=cut, rewards=rewards, by=player.by, parse=said.parse, mended=said.mended)
    return turn, after, ended


def _by_hand(entry: str, info: Info) -> Said:
    """An action that a person named, as its skill is called or in other letters."""
    known = {name.lower(): name for name in info["skills"]}
    skill = known.get(" ".join(entry.lower().split()))
    if skill is None:
        near = [name for key, name in known.items() if entry.lower().split()[-1] in key][:4] or list(info["skills"][:4])
        raise InputError(f"There is no action {entry[:60]!r} in this home. Near it: {'; '.join(near)}.")
    return Said(skill, answer=skill)


def acted(turns: tuple[Turn, ...]) -> list[Turn]:
    """The turns in which somebody acted: without what went wrong by itself."""
    return [turn for turn in turns if turn.by != "perturbation"]


def past_turns(settings: EraSettings, turns: tuple[Turn, ...]) -> tuple[list[Turn], tuple[str, ...]]:
    """The turns that the settings' policy keeps, without what went wrong by itself, and the parts of thoughts that it keeps."""
    chosen, parts = kept(acted(turns), settings.policy)
    return list(chosen), parts


def _episode(settings: EraSettings, player: Player, info: Info, turns: tuple[Turn, ...], ended: str) -> Episode:
    task = info["task"]
    return Episode(world=WORLD, task=task.kind, seed=task.seed, number=settings.number, instruction=info["instruction"],
                   group=settings.subset, agent=player.name, source="live", turns=turns,
                   success=bool(info["task_success"]) if turns else None, progress=info["task_progress"], ended=ended)


def plain(state: State) -> dict[str, JsonValue]:
    """A state as an episode keeps it."""
    return cast(dict[str, JsonValue], dict(state))
