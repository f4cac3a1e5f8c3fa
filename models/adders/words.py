"""The words of the adders and their tokenizer: a digit, a colour, a question is one token each.

Those in front are the ones of `models.scene_words`, whose tokenizer this is. It reads small letters: L is l.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from worlds.sums.facts import BASE, OPERATIONS
from worlds.sums.scenes import BLANK, COLOURS, END, LOOKUPS

if TYPE_CHECKING:
    from transformers import LlavaProcessor, PreTrainedTokenizerFast

PAD, UNK, BOS, EOS, IMAGE = range(5)  # ids
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>", "<image>")
IMAGE_TOKENS = 4  # of a picture, as many as a scene has words
CHAT = (  # a prompt is the scene, as a picture or in words, and two words that ask
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %} {{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
)


@cache
def vocabulary() -> tuple[str, ...]:
    """Every token in the order of ids."""
    asked = [word.lower() for word in LOOKUPS]
    return (*SPECIAL, *(str(digit) for digit in range(BASE)), *COLOURS, *asked, *OPERATIONS, END, BLANK)


@cache
def tokenizer() -> "PreTrainedTokenizerFast":
    """The tokenizer; a word that is not there is read as <unk>."""
    from models.scene_words import word_tokenizer  # with it comes torch, for which no page waits

    return word_tokenizer(vocabulary())


def processor(input_px: int, patch_px: int) -> "LlavaProcessor":
    """What reads pictures and words together; a prompt has its picture in front."""
    from models.scene_words import processor as processor_of

    found = processor_of(input_px, patch_px, tokenizer())
    found.chat_template = CHAT
    return found


def ids_of(words: Sequence[str]) -> list[int]:
    """Tokens of words. Raises KeyError for one that is not there."""
    known = _ids()
    return [known[word.lower()] for word in words]


def words_of(ids: Sequence[int]) -> tuple[str, ...]:
    """Words of tokens."""
    return tuple(vocabulary()[token] for token in ids)


@cache
def _ids() -> dict[str, int]:
    return {word: token for token, word in enumerate(vocabulary())}
