"""A game as RAGEN plays it: a turn is a reply of several actions, a bad one costs a little, and all turns share one budget.

What counts as a turn, a penalty and an end is the released code's (es_manager.py; arXiv 2504.20073): a reply is read, its known
actions are done until the game is over or the budget is spent, and a turn without one moves nothing. Success is a game that is won.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.gamers.demos import shown
from worlds.games.env import TextGame
from worlds.games.replies import FORMAT_PENALTY, Reply, read_reply


@dataclass(frozen=True)
class Rules:
    """How replies become actions.

    Attributes:
        max_actions: of one reply; those after them are dropped.
        thinks: whether a thought is due before the answer.
        penalty: for a turn with an unknown action or none; 0 asks for no form.
    """

    max_actions: int = 5
    thinks: bool = True
    penalty: float = FORMAT_PENALTY


class Turns:
    """One episode of a game, reply by reply: a world for `models.training.rollout`.

    Args:
        game: gymnasium's environment, whose `max_actions` is the budget of the episode.
        member: of the group that shares the seed, which decides on noise of its own.
        start: a state to begin from instead of the seed's, as plain values.
    """

    def __init__(self, game: TextGame[Any], rules: Rules, *, member: int = 0, start: Mapping[str, Any] | None = None) -> None:
        self.game, self.rules, self._member, self._start = game, rules, member, start

    def reset(self, *, seed: int) -> tuple[str, dict[str, Any]]:
        """Begin an episode; gymnasium's two."""
        options: dict[str, Any] = {"member": self._member} | ({} if self._start is None else {"state": dict(self._start)})
        written, info = self.game.reset(seed=seed, options=options)
        self._opening = self.game.opening()
        return written, self._told(info, None, (), 0.0)

    def step(self, reply: str, /) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Do what a reply says, the forced beginning put back; gymnasium's five. The reward has the penalty in it."""
        read = read_reply(reply, self.game.actions, max_actions=self.rules.max_actions, thinks=self.rules.thinks)
        paid, done, is_over, is_spent = 0.0, [], False, False
        written, info = self.game.written(self.game.state), self._info
        for action in read.known:
            written, reward, is_over, is_spent, info = self.game.step(action)
            paid += reward
            done.append({"name": action, "reward": reward, "is_effective": info["action_is_effective"],
                         "state": self.game.codec.plain(info["state"]), "rewards": info["rewards"], "feedback": info["feedback"]})
            if is_over or is_spent:
                break
        penalty = 0.0 if read.is_valid else self.rules.penalty
        return written, paid + penalty, is_over, is_spent, self._told(info, read, tuple(done), penalty)

    def _told(self, info: Mapping[str, Any], read: Reply | None, done: tuple[dict[str, Any], ...], penalty: float) -> dict[str, Any]:
        self._info = dict(info)
        return {**info, "reply": read, "done": done, "penalty": penalty, "plain": self.game.codec.plain(info["state"]),
                "game": self.game.game, "opening": self._opening, "written": self.game.written(info["state"]),
                "shown": shown(self.game, info["left"], thinks=self.rules.thinks)}
