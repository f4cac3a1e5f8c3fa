"""What is known of a prompt: its right answer and the popular one, from a miniature's own corpus or from the questions here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import catalogue
from models.catalogue import Rung
from worlds.errors import InputError
from worlds.facts.corpus import Corpus, CorpusSpec, Ids, Kind, KnowledgeSet
from worlds.facts.english import draw_corpus
from worlds.facts.popular_answers import question_of


@dataclass(frozen=True)
class Known:
    """What is known of a prompt; empty where nothing is."""

    all_right: tuple[str, ...] = ()  # any of these is right; the first is shown
    all_popular: tuple[str, ...] = ()
    popular_example: str | None = None
    num_popular: int | None = None  # P
    x_positions: tuple[int, ...] = ()  # where the distinct words of a miniature's fact stand
    is_continued: bool = False  # an answer counts by its first words, for it goes on

    @property
    def right(self) -> str | None:
        return self.all_right[0] if self.all_right else None

    @property
    def popular(self) -> str | None:
        return self.all_popular[0] if self.all_popular else None


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
    folder = catalogue.folder_of(rung)
    path = next((path for path in (folder / "corpus.json", folder.parent / "corpus.json") if path.is_file()), None)
    return draw_corpus(CorpusSpec.from_json(path.read_text())) if path else None


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


def known_fact(fact: Fact, corpus: Corpus) -> Known:
    """What is known of a miniature's own fact."""
    example = corpus.text((*fact.knowledge.statement("a").prompt, *fact.knowledge.popular_answer))
    return Known((corpus.text(fact.right),), (corpus.text(fact.knowledge.popular_answer),), example, fact.knowledge.popularity,
                 fact.x_positions)


def known_question(prompt: str) -> Known:
    """What is known of a prompt about the real world: the questions here, asked in their own words."""
    found = question_of(prompt)
    return Known(found.right, found.popular, is_continued=True) if found else Known()


def rare_prompts(corpus: Corpus, *, popularity: int, count: int, seed: int) -> tuple[str, ...]:
    """Prompts of rare facts whose popularity is nearest to the one asked for, in an order drawn by the seed."""
    values = sorted({knowledge.popularity for knowledge in corpus.sets}, key=lambda value: abs(value - popularity))
    sets: Sequence[KnowledgeSet] = [knowledge for knowledge in corpus.sets if knowledge.popularity == values[0]]
    order = np.random.default_rng(seed).permutation(len(sets))[:count]
    return tuple(corpus.text(sets[index].statement("b").prompt) for index in order)
