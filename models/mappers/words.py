"""The words of the mappers and their tokenizer. Every thing is one token, "redbox", and so is every view's number and direction.

Those in front are the ones of `models.scene_words`, whose parts the networks and the tokenizer are made of.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from worlds.rooms.catalogue import NAMES
from worlds.rooms.questions import MOVES, NO, YES
from worlds.rooms.scenes import DIRECTIONS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, UNK, BOS, EOS, IMAGE = range(5)  # ids
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>", "<image>")
MAP, ASK, THINK, ANSWER = MARKS = ("<map>", "<ask>", "<think>", "<answer>")
COMPASS = ("north", "east", "south", "west")  # clockwise, a quarter each
TURNS = ("straight", "right", "around", "left")  # by how many quarters clockwise
CENTRE = "centre"
ROW = ("first", "second", "third", "fourth")  # from west to east
FACES, AT, AS, OF, CLOSER, SEES, NEAREST, IS, MOVED, LOOKS = OTHERS = (
    "faces", "at", "as", "of", "closer", "sees", "nearest", "is", "moved", "looks")
NUMBERS = tuple(str(number) for number in range(1, 7))  # of images
CONTEXT = 96  # positions: four views, a map, a thought and an answer are 60


@cache
def vocabulary() -> tuple[str, ...]:
    """Every token in the order of ids."""
    answers = [word_of(text) for text in (*NAMES, YES, NO, *MOVES)]
    return tuple(dict.fromkeys((*SPECIAL, *MARKS, *COMPASS, *TURNS, *DIRECTIONS, CENTRE, *ROW, *OTHERS, *NUMBERS, *answers)))


@cache
def tokenizer() -> "PreTrainedTokenizerFast":
    """The tokenizer; a word that is not there is read as <unk>. With it comes torch, for which no page waits."""
    from models.scene_words import word_tokenizer

    return word_tokenizer(vocabulary(), marks=MARKS)


def ids_of(words: Sequence[str]) -> list[int]:
    """Tokens of words. Raises KeyError for one that is not there."""
    known = _ids()
    return [known[word] for word in words]


def words_of(ids: Sequence[int]) -> list[str]:
    """Words of tokens."""
    return [vocabulary()[token] for token in ids]


def word_of(text: str) -> str:
    """The one word that stands for a name, a move, a yes or a no."""
    return text.lower().replace(" ", "")


def text_of(word: str) -> str:
    """A thing's name, a move, Yes or No of its word; other words as they are."""
    return _texts().get(word, word)


@cache
def _ids() -> dict[str, int]:
    return {word: token for token, word in enumerate(vocabulary())}


@cache
def _texts() -> dict[str, str]:
    return {word_of(text): text for text in (*NAMES, YES, NO, *MOVES)}
