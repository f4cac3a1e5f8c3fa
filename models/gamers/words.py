"""The words of the players of all games, and their tokenizer: marks, games, grids and actions, and what thoughts are made of.

Everything is spelled small, for a small network has nothing to gain from capitals; replies are read in any case.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from worlds.games.bandit.names import PAIRS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIAL = ("<pad>", "<bos>", "<eos>", "<mask>")
USER, ASSISTANT, END = "<user>", "<assistant>", "<end>"
THINK_START, THINK_END, ANSWER_START, ANSWER_END = "<think>", "</think>", "<answer>", "</answer>"
MARKS = (USER, ASSISTANT, END, THINK_START, THINK_END, ANSWER_START, ANSWER_END)
CONTEXT = 512  # positions: five turns of Sokoban with their thoughts
ADJECTIVES = {  # what a name may make one think of
    "phoenix": ("steady", "calm", "reborn", "bright"), "dragon": ("wild", "fierce", "risky", "golden"),
    "engineer": ("careful", "exact", "busy", "solid"), "teacher": ("patient", "kind", "wise", "modest"),
    "trader": ("bold", "quick", "lucky", "greedy"), "librarian": ("quiet", "orderly", "modest", "calm")}
VERBS, WISHES = ("seems", "sounds", "looks", "feels"), ("want", "need", "prefer")
THINGS, PICKS = ("risk", "reward", "luck"), ("pick", "choose", "take")
_OTHERS = """
bandit lake sokoban arms left : / || . , p _ o g x √ s # w c b a @ up down right
i am at row column goal hole box target is me go so then push more less with and or the a there no near far stuck done one
"""
LONGEST: Mapping[str, int] = {"bandit": 28, "lake": 40, "sokoban": 48}  # tokens of a reply, by game
MOST_NUMBER = 30  # actions that are left, rows, columns


@cache
def vocabulary() -> tuple[str, ...]:
    """Every token in the order of ids."""
    names = [name.lower() for pair in PAIRS.values() for name in (pair.low, pair.high)]
    said = [word for words in (*ADJECTIVES.values(), VERBS, WISHES, THINGS, PICKS) for word in words]
    numbers = [str(number) for number in range(MOST_NUMBER + 1)]
    return tuple(dict.fromkeys((*SPECIAL, *MARKS, *_OTHERS.split(), *names, *ADJECTIVES, *said, *numbers)))


@cache
def tokenizer() -> "PreTrainedTokenizerFast":
    """The tokenizer; a word that is not there is read as the mask. With it comes torch, for which no page waits."""
    from models.training.words import word_tokenizer

    return word_tokenizer(vocabulary(), marks=MARKS, context=CONTEXT)


def ids_of(text: str) -> list[int]:
    """Tokens of words, without one in front."""
    return list(_ids(text))


@lru_cache(maxsize=4_096)  # a training shows the same states again and again
def _ids(text: str) -> tuple[int, ...]:
    return tuple(tokenizer()(text, add_special_tokens=False)["input_ids"])


def words_of(ids: Sequence[int]) -> str:
    """Words of tokens, marks included."""
    return str(tokenizer().decode(list(ids), skip_special_tokens=False))
