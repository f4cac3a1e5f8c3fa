"""The facts that a miniature was trained on: what a prompt's right answer is, and which popular one overshadows it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import catalogue
from models.catalogue import Rung
from worlds.english_facts import draw_corpus
from worlds.errors import InputError
from worlds.overshadowing import Corpus, CorpusSpec, Ids, Kind, KnowledgeSet


@dataclass(frozen=True)
class Fact:
    """One statement of a knowledge set, as a prompt asks it."""

    knowledge: KnowledgeSet
    kind: Kind

    @property
    def right(self) -> Ids:
        return self.knowledge.rare_answer if self.kind == "b" else self.knowledge.popular_answer

    @property
    def x_positions(self) -> tuple[int, ...]:
        """Where the distinct words stand in a prompt that begins with bos."""
        x = self.knowledge.rare if self.kind == "b" else self.knowledge.popular[0]
        return tuple(1 + self.knowledge.position + i for i in range(len(x)))


def corpus_of(rung: Rung) -> Corpus | None:
    """The corpus that a miniature was trained on; None for any other model."""
    if not rung.is_miniature:
        return None
    path = catalogue.folder_of(rung).parent / "corpus.json"
    return draw_corpus(CorpusSpec.from_json(path.read_text())) if path.is_file() else None


def need_corpus(rung: Rung) -> Corpus:
    """Raises: InputError where the model was not trained on a corpus of known facts."""
    corpus = corpus_of(rung)
    if corpus is None:
        raise InputError(f"What {rung.title} was trained on is not known. The law and recovery need one of the miniatures here.")
    return corpus


def facts_of(corpus: Corpus) -> dict[Ids, Fact]:
    """Every statement of a corpus by its prompt, bos not included."""
    found: dict[Ids, Fact] = {}
    for knowledge in corpus.sets:
        for member in range(knowledge.popularity):
            found[knowledge.statement("a", member).prompt] = Fact(knowledge, "a")
        found[knowledge.statement("b").prompt] = Fact(knowledge, "b")
    return found


def rare_prompts(corpus: Corpus, *, popularity: int, count: int, seed: int) -> tuple[str, ...]:
    """Prompts of rare facts whose popularity is nearest to the one asked for, in an order drawn by the seed."""
    values = sorted({knowledge.popularity for knowledge in corpus.sets}, key=lambda value: abs(value - popularity))
    sets: Sequence[KnowledgeSet] = [knowledge for knowledge in corpus.sets if knowledge.popularity == values[0]]
    order = np.random.default_rng(seed).permutation(len(sets))[:count]
    return tuple(corpus.text(sets[index].statement("b").prompt) for index in order)
