"""How a player plays: from an episode so far to a prompt, from what was said to a reply, many episodes at once."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedModel

from models.gamers.turns import Rules, Turns
from models.gamers.words import ANSWER_START, CONTEXT, END, THINK_START, ids_of, words_of
from models.training.generation import Prompt, Reply, Sampling
from models.training.rollout import Played, Policy, Start
from models.training.rollout import play as played_by
from worlds.errors import InputError
from worlds.games.env import TextGame

NewGame = Callable[[], TextGame[Any]]
Ids = tuple[int, ...]
_MEMBERS, _APART = 1_000, 1_000_003  # draws of members, starts and seeds of a training never meet
_TOGETHER = 512  # most replies at once


@dataclass(frozen=True)
class Speech(ABC):
    """How a player is spoken to, and heard: what it reads is what it read and said before, and what is new.

    Attributes:
        cleans: whether a reply stands in the context as RAGEN's code puts it there, written anew from the parts that were read and
            read as tokens again, and not as it was drawn.
    """

    cleans: bool = False

    def prompt_of(self, played: Played) -> Prompt:
        """Everything that was shown and said, and what is shown now."""
        if not played.turns:
            return Prompt(self.first(played))
        kept = self.kept(played, len(played.turns) - 1)
        return Prompt((*played.turns[-1].prompt.ids, *kept, *self.between(played, kept)))

    def within(self, played: Played, room: int) -> Prompt:
        """The same in so many tokens at the most, where an episode outgrows what a player reads: it forgets what is oldest."""
        return self.prompt_of(played)

    def check_room(self, played: Played, *, turns: int, max_tokens: int) -> None:
        """See that an episode fits what the player reads, however long its replies.

        Args:
            played: one that has just begun.
        Raises:
            InputError: it does not.
        """
        need = len(self.first(played)) + turns * max_tokens + (turns - 1) * self.most_between(played)
        if need > self.room:
            raise InputError(f"This model reads {self.room:,} tokens, and an episode here may have {need:,}. Take fewer turns or "
                             "shorter replies, or another model.")

    @property
    @abstractmethod
    def room(self) -> int:
        """How many tokens the player reads at most, its own replies among them."""

    @abstractmethod
    def most_between(self, played: Played) -> int:
        """How many tokens stand between two replies at most, in an episode that has just begun."""

    def kept(self, played: Played, number: int) -> Ids:
        """The tokens that stand in the context, and in what is learned from, for the reply of a turn."""
        drawn = played.turns[number].reply.ids
        # what a person or a script wrote in the player's place has no tokens yet
        return self.cleaned(played, number) if self.cleans or not drawn else drawn

    @property
    @abstractmethod
    def header(self) -> int:
        """How many tokens at the end of every prompt begin the player's own message: its mark, its role, and the reply's forced
        beginning."""

    @abstractmethod
    def begins(self, played: Played) -> int:
        """How many tokens an episode begins with that belong to no turn: the system prompt, and the mark of the message behind it."""

    @abstractmethod
    def behind(self, kept: Ids) -> int:
        """How many tokens behind a reply that another message follows are of its own: what closes it, and the next one's mark."""

    @abstractmethod
    def length(self, text: str) -> int:
        """How many tokens a text has."""

    @abstractmethod
    def first(self, played: Played) -> Ids:
        """What is read before the first reply."""

    @abstractmethod
    def between(self, played: Played, kept: Ids) -> Ids:
        """What is read between the newest reply, which stands there as `kept`, and the next."""

    @abstractmethod
    def cleaned(self, played: Played, number: int) -> Ids:
        """A turn's reply as it was read, without its forced beginning and with an end, as tokens."""

    @abstractmethod
    def action_of(self, played: Played, reply: Reply) -> str:
        """A reply with its forced beginning, as RAGEN reads it."""

    @abstractmethod
    def sampling(self, max_tokens: int, temperature: float) -> Sampling:
        """How replies are drawn; each goes on to the end of its turn."""

    @abstractmethod
    def shown(self, played: Played, number: int) -> str:
        """What was new to read in a turn."""

    @abstractmethod
    def said(self, played: Played, number: int) -> str:
        """All that was drawn in a turn, marks included, behind its forced beginning."""

    @abstractmethod
    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Each token as people read it; none where a reply's words are its tokens."""


class Words(Speech):
    """The small players: words of their own, a compact state."""

    @property
    def header(self) -> int:
        return 2  # <assistant> <think>

    def begins(self, played: Played) -> int:
        return 1  # <user>: there is no system prompt

    def behind(self, kept: Ids) -> int:
        return 1  # <user>: a reply that was cut short is not ended

    def length(self, text: str) -> int:
        return len(ids_of(text))

    @property
    def room(self) -> int:
        return CONTEXT

    def most_between(self, played: Played) -> int:
        return len(ids_of(played.info["shown"]))  # every state is as long as the first

    def first(self, played: Played) -> Ids:
        return tuple(ids_of(played.info["shown"]))

    def within(self, played: Played, room: int) -> Prompt:
        ids = self.first(played)
        for number in reversed(range(len(played.turns))):
            before = (*ids_of(self.shown(played, number)), *self.kept(played, number))
            if len(before) + len(ids) > room:
                break
            ids = (*before, *ids)
        return Prompt(ids)

    def between(self, played: Played, kept: Ids) -> Ids:
        return tuple(ids_of(played.info["shown"]))

    def cleaned(self, played: Played, number: int) -> Ids:
        return (*ids_of(cleaned_of(played, number).lower()), *ids_of(END))  # people write names of actions as the game does

    def action_of(self, played: Played, reply: Reply) -> str:
        return reply_text(played, reply)

    def sampling(self, max_tokens: int, temperature: float) -> Sampling:
        (stop,) = ids_of(END)
        return Sampling((stop,), max_tokens=max_tokens, temperature=temperature, batch=_TOGETHER, tells_entropy=True)

    def shown(self, played: Played, number: int) -> str:
        return str(played.turns[number].info["shown"])

    def said(self, played: Played, number: int) -> str:
        turn = played.turns[number]
        return f"{forced_of(str(turn.info['shown']))} {words_of(turn.reply.ids)}"

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        return ()


def forced_of(shown: str) -> str:
    """What a reply begins with that the player did not draw."""
    return THINK_START if shown.endswith(THINK_START) else ANSWER_START


def cleaned_of(played: Played, number: int) -> str:
    """A turn's reply as it was read, without its forced beginning; one that could not be read, as it was said."""
    info: Mapping[str, Any] = played.outcomes[number]
    return str(info["reply"].cleaned).removeprefix(forced_of(str(played.turns[number].info["shown"])))


def reply_text(played: Played, reply: Reply) -> str:
    """A small player's reply with its forced beginning."""
    return forced_of(str(played.info["shown"])) + words_of(reply.ids).removesuffix(END).rstrip()


def play(model: PreTrainedModel, new_game: NewGame, rules: Rules, seeds: Sequence[int], *, turns: int, max_tokens: int,
         temperature: float, members: int = 1, draw: int = 0, speech: Speech | None = None) -> list[Played]:
    """One episode for each member of the group of each seed, group by group.

    Args:
        new_game: called once per episode.
        turns: of an episode at most; max_tokens: of a reply.
        draw: another one draws other words on the same starts.
        speech: that of the small players where there is none.
    """
    speech = speech or Words()
    starts = [Start(seed, (draw * _APART + seed) * _MEMBERS + member, group)
              for group, seed in enumerate(seeds) for member in range(members)]
    worlds = iter([Turns(new_game(), rules, member=start.draw % _MEMBERS) for start in starts])
    return played_by(lambda: next(worlds), starts, policies=Policy(model, speech.sampling(max_tokens, temperature)),
                     prompt_of=speech.prompt_of, action_of=speech.action_of, max_turns=turns)
