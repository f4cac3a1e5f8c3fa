"""Turns from what a log has of them: a state, a reply, a reward; and what the form of the replies cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from backends.episode import MAX_ACTIONS, Action, Cut, Parse, Planned, State, Turn
from backends.files.logs import Notes, plain, said, written
from backends.files.rows import counted
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, LEFT, TEXT
from worlds.games.replies import FORMAT_PENALTY, THINK_END, THINK_START, Reply, read_reply

_LAKE = {"1": "Left", "2": "Down", "3": "Right", "4": "Up"}  # ids begin at 1: 0 is no action upstream
_SOKOBAN = {"1": "Up", "2": "Down", "3": "Left", "4": "Right"}
_TABLES = (("frozenlake", _LAKE), ("sokoban", _SOKOBAN))  # by what is part of a game's tag, as in CoordSokoban


MAX_DONE = 20_000  # turns, and actions named and carried out in them, of one rollout


@dataclass(frozen=True)
class Rules:
    """How the replies of one episode are read."""

    names: Mapping[str, str] | None = None  # of the game's actions, by id; None where they are not known
    thinks: bool = True

    @property
    def actions(self) -> tuple[str, ...] | None:
        return None if self.names is None else tuple(self.names.values())

    def read(self, text: str) -> Reply:
        """Return a reply; its forced beginning is put back where a log leaves it out."""
        if self.thinks and THINK_END in text and THINK_START not in text:
            text = THINK_START + text
        return read_reply(text, self.actions, max_actions=MAX_ACTIONS, thinks=self.thinks)

    def id_of(self, name: str) -> str:
        return next((own for own, named in (self.names or {}).items() if named.lower() == name.lower()), "")

    def planned(self, reply: Reply) -> tuple[Planned, ...]:
        """Every action that a reply names; one without an id, in a game whose actions are known, is none of the game's."""
        return tuple(Planned(id=self.id_of(name), name=said(name, 500)) for name in reply.names)


def actions_of(tag: str) -> Mapping[str, str] | None:
    """Return the names of a game's actions by id; None where its tag does not tell."""
    plain_tag = tag.lower().replace("_", "").replace("-", "")
    return next((table for part, table in _TABLES if part in plain_tag), None)


def rules_of(names: Mapping[str, str] | None, replies: Sequence[str]) -> Rules:
    """Return the rules of an episode: a thought is due where any of its replies has one."""
    return Rules(names, any(THINK_START in reply or THINK_END in reply for reply in replies))


def state_of(text: object, left: object = None, more: Mapping[str, JsonValue] | None = None) -> State | None:
    """Return a state; a grid that is written as a list of rows becomes text."""
    is_grid = isinstance(text, list) and all(isinstance(row, str) for row in text)
    seen = "\n".join(said(row, 1_000) for row in text[:1_000]) if isinstance(text, list) and is_grid else written(text)
    known: State = {TEXT: said(seen)} if seen else {}
    if left is not None:
        known[LEFT] = plain(left)
    return {**(more or {}), **known} or None


def turn_of(index: int, rules: Rules, reply: str, *, state: State | None = None, prompt: str = "",
            rewards: Mapping[str, float] | None = None, carried_out: int | None = None, frame: str = "") -> Turn:
    """Return a turn of which the log has the reply, but not what was done of it.

    Args:
        carried_out: how many actions were; None where that is not known.
    """
    read = rules.read(reply)
    done = tuple(Action(id=rules.id_of(name), name=said(name, 500), step=None) for name in read.known[:carried_out or 0])
    cut: Cut = "unknown" if len(done) < len(read.known) else ""
    return Turn(index=index, state=state, prompt=prompt, reply=said(reply), thought=said(read.thought), answer=said(read.answer),
                planned=rules.planned(read), actions=done, cut=cut, rewards=dict(rewards or {}), parse=parse_of(read), frame=frame)


def size_of(turns: Iterable[Turn]) -> int:
    """Return how many turns there are, with the actions that are named and that are carried out in them."""
    return sum(1 + len(turn.planned) + len(turn.actions) for turn in turns)


def within(turns: Iterable[Turn], notes: Notes) -> list[Turn]:
    """Return turns as they are made, up to the one with which a rollout would hold more actions than are shown of one."""
    found: list[Turn] = []
    size = 0
    for turn in turns:
        size += size_of([turn])
        if size > MAX_DONE:
            notes.add(f"Turn {len(found) + 1} and those behind it are left out: at most {MAX_DONE:,} turns and actions are shown.")
            break
        found.append(turn)
    return found


def parse_of(reply: Reply) -> Parse:
    return "failed" if not reply.has_form else "ok" if reply.names else "empty"


def with_penalties(turns: Sequence[Turn], rules: Rules, penalty: float | None, notes: Notes) -> tuple[Turn, ...]:
    """Return the turns with what the form of each cost, as far as that can be told from the replies and fits the episode's total."""
    if not turns or any(FORMAT in turn.rewards for turn in turns):
        return tuple(turns)
    flags = [_is_valid(turn, rules) for turn in turns]
    if penalty is not None and (penalty == 0 or abs(penalty - FORMAT_PENALTY * len(turns)) < 1e-6):
        if any(flag is (penalty != 0) for flag in flags):
            notes.add(f"The log says a penalty of {penalty:g} for {counted(len(turns), 'turn')}, and as the replies are read here "
                      f"they would cost {FORMAT_PENALTY * flags.count(False) or 0:g}. The log's word is taken.")
        flags = [penalty == 0] * len(turns)
    if any(flag is None for flag in flags):
        return tuple(turns)
    total = FORMAT_PENALTY * flags.count(False)
    if penalty is not None and abs(total - penalty) > 1e-6:
        notes.add(f"The log says a penalty of {penalty:g}, the replies as they are read here would cost {total:g}: what each turn "
                  "cost is not known.")
        return tuple(turns)
    return tuple(turn.model_copy(update={"rewards": {**turn.rewards, FORMAT: 0.0 if flag else FORMAT_PENALTY}})
                 for turn, flag in zip(turns, flags))


def _is_valid(turn: Turn, rules: Rules) -> bool | None:
    """Return whether a turn costs nothing; None where the game's actions are not known."""
    if not turn.planned:
        return False
    return None if rules.names is None else all(planned.id for planned in turn.planned)


def paid(reward: float | None) -> dict[str, float]:
    """Return a turn's rewards, of which the game's is the only one."""
    return {} if reward is None else {ENVIRONMENT: reward}


def stepped(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns with the actions that were carried out numbered as the world's steps."""
    found: list[Turn] = []
    step = 0
    for turn in turns:
        actions = tuple(action.model_copy(update={"step": step + place}) for place, action in enumerate(turn.actions, 1))
        step += len(actions)
        found.append(turn.model_copy(update={"actions": actions}) if actions else turn)
    return tuple(found)
