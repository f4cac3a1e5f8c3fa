"""How a player plays: from an episode so far to a prompt, from what was said to a reply, many episodes at once."""

from collections.abc import Callable, Sequence
from typing import Any

from transformers import LlamaForCausalLM

from models.gamers.turns import Rules, Turns
from models.gamers.words import ANSWER_START, END, THINK_START, ids_of, words_of
from models.training.generation import Prompt, Reply, Sampling
from models.training.rollout import Played, Policy, Start
from models.training.rollout import play as played_by
from worlds.games.env import TextGame

NewGame = Callable[[], TextGame[Any]]
_MEMBERS, _APART = 1_000, 1_000_003  # draws of members, starts and seeds of a training never meet
_TOGETHER = 512  # most replies at once


def prompt_of(played: Played) -> Prompt:
    """Everything that was shown and said, and what is shown now."""
    before = (*played.turns[-1].prompt.ids, *played.turns[-1].reply.ids) if played.turns else ()
    return Prompt((*before, *ids_of(played.info["shown"])))


def forced_of(shown: str) -> str:
    """What a reply begins with that the player did not draw."""
    return THINK_START if shown.endswith(THINK_START) else ANSWER_START


def reply_text(played: Played, reply: Reply) -> str:
    """A reply with its forced beginning, as RAGEN reads it."""
    return forced_of(str(played.info["shown"])) + words_of(reply.ids).removesuffix(END).rstrip()


def sampling(max_tokens: int, temperature: float) -> Sampling:
    """How replies are drawn; each goes on to the end of its turn."""
    (stop,) = ids_of(END)
    return Sampling((stop,), max_tokens=max_tokens, temperature=temperature, batch=_TOGETHER)


def play(model: LlamaForCausalLM, new_game: NewGame, rules: Rules, seeds: Sequence[int], *, turns: int, max_tokens: int,
         temperature: float, members: int = 1, draw: int = 0) -> list[Played]:
    """One episode for each member of the group of each seed, group by group.

    Args:
        new_game: called once per episode.
        turns: of an episode at most; max_tokens: of a reply.
        draw: another one draws other words on the same starts.
    """
    starts = [Start(seed, (draw * _APART + seed) * _MEMBERS + member, group)
              for group, seed in enumerate(seeds) for member in range(members)]
    worlds = iter([Turns(new_game(), rules, member=start.draw % _MEMBERS) for start in starts])
    return played_by(lambda: next(worlds), starts, policies=Policy(model, sampling(max_tokens, temperature)), prompt_of=prompt_of,
                     action_of=reply_text, max_turns=turns)
