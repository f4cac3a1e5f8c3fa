"""Corpora in which a popular answer can overshadow a rare one (the Law of Knowledge Overshadowing, arXiv 2502.16143, Sec. 3).

A knowledge set has P popular statements `X_share + x_a -> Y_a` with different x_a and one rare statement `X_share + x_b -> Y_b`.
`L = (len(X_share) + len(x)) / len(x)` counts tokens before the answer. Tokens are whole words: drawn at random here, and in
`worlds.facts.english` sentences that people can read. All sets of all values of P or L stand in one corpus, so every rare
statement is seen once per epoch and only its competition differs. It is not the paper's data, which was never released.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from worlds.errors import InputError

PAD, BOS, EOS, MASK = 0, 1, 2, 3
SPECIAL_WORDS = ("<pad>", "<bos>", "<eos>", "<mask>")  # the mask is never in a statement: a token that says nothing
PAPER_VALUES = (2, 5, 10, 25, 50, 100)  # A.2; Sec. 4.2 also names L = 1

MAX_LENGTH = 126  # tokens before the answer; more fit no miniature's context

Factor = Literal["P", "L"]
Position = Literal["end", "random", "start"]
Kind = Literal["a", "b"]
Ids = tuple[int, ...]

ONSETS, VOWELS, CODAS = "bdfghjklmnprstvwyz", "aeiou", ("", "l", "n", "r", "v")
OPEN_SYLLABLES = len(ONSETS) * len(VOWELS)
SYLLABLES = OPEN_SYLLABLES * len(CODAS)


class CorpusSpec(BaseModel):
    """Everything that a corpus follows from; equal specs give equal statements."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Literal["synthetic", "english"] = Field(default="synthetic", description="Random invented words, or English sentences.")
    factor: Factor = Field(default="P", description="What varies: P, popular statements per rare one, or L, the length ratio.")
    values: tuple[int, ...] = Field(default=PAPER_VALUES, min_length=1, max_length=12, description="Values of what varies.")
    sets: int = Field(default=50, ge=1, le=200, description="Knowledge sets per value.")
    other: int = Field(default=5, ge=2, le=100, description="The factor that does not vary (the paper: 5).")
    position: Position = Field(default="end", description="Where x stands in X_share: end, start, or a random place of each set.")
    vocabulary: int = Field(default=1024, ge=64, le=8192, description="Token ids, the four special ones included.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="Draws every word of the corpus.")

    @field_validator("values")
    @classmethod
    def _are_different(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(values)) != len(values) or min(values) < 1:
            raise ValueError("values must be 1 or more and all different")
        return values

    @classmethod
    def from_json(cls, text: str) -> "CorpusSpec":
        """Raises: InputError naming the first field that is wrong."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "corpus"
            raise InputError(f"The corpus cannot be made: {where} is {str(first['input'])[:80]!r}. {first['msg']}.") from error


@dataclass(frozen=True)
class Statement:
    """One training sentence: x stands in `share` before index `position`, the answer y follows."""

    number: int  # of its knowledge set
    task: str
    popularity: int  # P
    length: float  # L
    kind: Kind
    share: Ids
    position: int
    x: Ids
    y: Ids

    @property
    def prompt(self) -> Ids:
        """All tokens before the answer, without bos."""
        return (*self.share[: self.position], *self.x, *self.share[self.position :])

    @property
    def sentence(self) -> Ids:
        """What a model is trained on: bos, prompt, answer, eos."""
        return (BOS, *self.prompt, *self.y, EOS)


@dataclass(frozen=True)
class KnowledgeSet:
    """P popular statements that share one answer, and a rare one that shares the words but not the answer."""

    number: int
    task: str
    share: Ids
    position: int  # 0..len(share)
    popular: tuple[Ids, ...]  # (P,) different x_a
    rare: Ids  # x_b
    popular_answer: Ids  # Y_a
    rare_answer: Ids  # Y_b

    @property
    def popularity(self) -> int:
        """P = m / n with n = 1."""
        return len(self.popular)

    @property
    def length(self) -> float:
        """L = (len(X_share) + len(x_b)) / len(x_b)."""
        return (len(self.share) + len(self.rare)) / len(self.rare)

    def statement(self, kind: Kind, member: int = 0) -> Statement:
        """The rare statement (b) or one of the popular ones (a)."""
        x, y = (self.popular[member], self.popular_answer) if kind == "a" else (self.rare, self.rare_answer)
        return Statement(self.number, self.task, self.popularity, self.length, kind, self.share, self.position, x, y)

    def statements(self) -> Iterator[Statement]:
        """Popular ones first."""
        yield from (self.statement("a", member) for member in range(self.popularity))
        yield self.statement("b")


@dataclass(frozen=True)
class Corpus:
    """Knowledge sets and the word of every token id."""

    factor: Factor
    sets: tuple[KnowledgeSet, ...]
    words: tuple[str, ...]  # (vocabulary,)

    def value(self, knowledge: KnowledgeSet) -> float:
        """The set's P or L: what groups are made of."""
        return knowledge.popularity if self.factor == "P" else knowledge.length

    def statements(self) -> Iterator[Statement]:
        """Every training sentence once."""
        for knowledge in self.sets:
            yield from knowledge.statements()

    @property
    def openings(self) -> tuple[str, ...]:
        """The words that sentences begin with, each once."""
        return tuple(sorted({self.words[statement.prompt[0]] for statement in self.statements()}))

    def text(self, ids: Sequence[int]) -> str:
        """The words of some ids with spaces between them."""
        return " ".join(self.words[token] for token in ids)


def invented_word(token: int) -> str:
    """A pronounceable word for any id, a different one for each: 450 of one syllable, then of two, then of three.

    Syllables before the last one end in a vowel. So length tells the number of syllables, and no two words are alike.
    """
    front, rest = "", token
    reach = SYLLABLES  # how many words have this many syllables
    while rest >= reach:
        rest -= reach
        reach *= OPEN_SYLLABLES
    while reach > SYLLABLES:
        reach //= OPEN_SYLLABLES
        front += _syllable(rest // reach)
        rest %= reach
    return front + _syllable(rest * 187 % SYLLABLES)  # 187 has no factor in common with 450: neighbours sound different


def _syllable(number: int) -> str:
    vowels, onset = divmod(number, len(ONSETS))
    coda, vowel = divmod(vowels, len(VOWELS))
    return ONSETS[onset] + VOWELS[vowel] + CODAS[coda]


def invented_words(vocabulary: int) -> tuple[str, ...]:
    """(vocabulary,) the four special words, then invented ones."""
    return SPECIAL_WORDS + tuple(invented_word(token) for token in range(vocabulary - len(SPECIAL_WORDS)))


def draw_synthetic(spec: CorpusSpec) -> Corpus:
    """Sets of random words (Sec. 4.2, A.2) with one-token x and y.

    Every set has a generator of its own: asking for more sets or other values leaves the others as they are.

    Raises:
        InputError: a set needs more different words than there are.
    """
    free = spec.vocabulary - len(SPECIAL_WORDS)
    most = max(spec.values) if spec.factor == "P" else spec.other
    if spec.factor == "L" and max(spec.values) > MAX_LENGTH:
        raise InputError(f"L is {max(spec.values)}. It can be at most {MAX_LENGTH} here.")
    if most + 1 > free:
        raise InputError(f"A set with P = {most} needs {most + 1} different words. {spec.vocabulary} ids leave {free}.")
    sets: list[KnowledgeSet] = []
    for value in spec.values:
        popularity, length = (value, spec.other) if spec.factor == "P" else (spec.other, value)
        for _ in range(spec.sets):
            rng = np.random.default_rng([spec.seed, value, len(sets) % spec.sets])
            sets.append(_draw_set(rng, spec, len(sets), popularity, length))
    return Corpus(spec.factor, tuple(sets), invented_words(spec.vocabulary))


def _draw_set(rng: np.random.Generator, spec: CorpusSpec, number: int, popularity: int, length: int) -> KnowledgeSet:
    free = np.arange(len(SPECIAL_WORDS), spec.vocabulary)
    share = tuple(int(token) for token in rng.choice(free, length - 1))
    members = [(int(token),) for token in rng.choice(free, popularity + 1, replace=False)]
    answer_a, answer_b = (int(token) for token in rng.choice(free, 2, replace=False))
    places = {"end": len(share), "start": 0, "random": int(rng.integers(0, len(share) + 1))}
    return KnowledgeSet(
        number, spec.task, share, places[spec.position], tuple(members[:-1]), members[-1], (answer_a,), (answer_b,)
    )
