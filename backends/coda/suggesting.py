"""Which word of a prompt a person might name as ignored: a guess from the words alone, no model is asked.

What small models ignore is seldom the subject; it is the relation ("capital") or the qualifier that picks the less famous of two
("second", "North", the ending that a saying was asked to have). The rule takes, in this order: a word in quotes, a qualifier,
the word before "of", the first word of content.
"""

from collections.abc import Sequence

_PICKING = """first second third fourth fifth sixth seventh eighth ninth tenth last next other another only besides except
north south east west northern southern eastern western oldest youngest elder younger smallest largest biggest highest lowest
hottest coldest longest shortest fastest slowest not never without former latter independently woman female"""
_PLAIN = "a an the this that these those of in on at to from by for with as and or but if is was are were be it its"
_QUALIFIERS, _EMPTY = frozenset(_PICKING.split()), frozenset(_PLAIN.split())


def suggested(words: Sequence[str]) -> int | None:
    """Return the index of the word that is suggested; None where all are empty ones.

    Args:
        words: of the prompt, in order; signs may be among them.
    """
    plain = [word.strip().lower() for word in words]
    rules = (_quoted(plain), _qualifier(plain), _before_of(plain), _first_of_content(plain))
    return next((index for index in rules if index is not None), None)


def _quoted(words: Sequence[str]) -> int | None:
    marks = [index for index, word in enumerate(words) if word in ('"', "“", "”")]
    return marks[0] + 1 if len(marks) >= 2 and marks[1] - marks[0] > 1 else None


def _qualifier(words: Sequence[str]) -> int | None:
    return next((index for index, word in enumerate(words) if word in _QUALIFIERS), None)


def _before_of(words: Sequence[str]) -> int | None:
    return next((index - 1 for index, word in enumerate(words) if word == "of" and index and _has_content(words[index - 1])), None)


def _first_of_content(words: Sequence[str]) -> int | None:
    return next((index for index, word in enumerate(words) if _has_content(word)), None)


def _has_content(word: str) -> bool:
    return word not in _EMPTY and any(letter.isalnum() for letter in word)
