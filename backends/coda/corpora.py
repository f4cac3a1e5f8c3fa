"""Overshadowing corpora and token lines as prompts: of each set the rare statement is asked, and its popular answer is wrong.

A corpus needs all its rows: statements are put back into sets, and a set that is not whole is left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backends.coda.items import Item
from backends.files.cells import as_text, integer, text, whole_numbers
from backends.files.rows import OddRow, OddRows, Row
from worlds.errors import InputError
from worlds.facts.corpus import Corpus, invented_words
from worlds.facts.files import read_rows, token_rows

_Statement = dict[str, Any]  # Any: texts, whole numbers and lists of them, each as `_statement` has checked it
RARE_ONLY = "Only the rare statement of each set is asked; the answer of its popular ones counts as wrong."


def overshadowing(rows: Sequence[tuple[int, Row]], odd: OddRows) -> tuple[list[Item], list[str]]:
    """Return the rare statements of a corpus, with notes."""
    statements = odd.read(rows, _statement)
    corpus, used = _corpus(statements, odd)
    if corpus is None:
        return [], []
    words, num_guessed = _words_of([row for number, row in statements if number in used], len(corpus.words))
    notes = [RARE_ONLY]
    if num_guessed:
        notes.append(f"{num_guessed} words stand in the file in capitals only: their small letters are a guess.")
    return _rare_statements(replace(corpus, words=words), statements), notes


def token_lines(content: str, odd: OddRows) -> tuple[list[Item], list[str]]:
    """Return the rare statements of PhantomCircuit's token lines, with notes."""
    statements, words = token_rows(content, odd=odd.leave_out)
    corpus, _ = _corpus(statements, odd, words)
    if corpus is None:
        return [], []
    notes = [RARE_ONLY, "The file holds token ids without words: each id has an invented word."]
    return _rare_statements(corpus, statements), notes


def _statement(row: Row, number: int) -> tuple[int, _Statement]:
    """Return a row as the project's JSON lines have it; in CSV numbers and lists are texts."""
    where = f"Row {number}"
    whole = {key: integer(row, key, where=where) for key in ("set", "pos")}
    lists = {key: whole_numbers(row, key, where=where) for key in ("share", "x", "y")}
    missing = next((key for key, value in (*whole.items(), *lists.items()) if value is None), None)
    if missing:
        raise OddRow(f"{where} has no {missing}. A statement has set, kind, share, pos, x and y.", f"{missing} is missing")
    shown = {key: text(row, key, where=where) for key in ("kind", "task", "text")}
    return number, {**{key: value for key, value in shown.items() if value is not None}, **whole,
                    **{key: list(value) for key, value in lists.items() if value is not None}}


def _corpus(statements: Sequence[tuple[int, Row]], odd: OddRows,
            words: Sequence[str] | None = None) -> tuple[Corpus | None, set[int]]:
    """Return the corpus of what fits, or None, and the numbers of the rows in it."""
    used = {number for number, _ in statements}

    def leave_out(number: int, error: InputError) -> None:
        used.discard(number)
        odd.leave_out(number, error)

    try:
        return read_rows(statements, words=words, odd=leave_out), used
    except InputError:  # nothing is whole; the reasons were counted
        return None, set()


def _words_of(rows: Sequence[_Statement], vocabulary: int) -> tuple[tuple[str, ...], int]:
    """Return the word of every id, from `text` where the rows have it, and how many are known from capitals only.

    `text` is "before X after -> answer" with x in capitals; without it words are invented, as in the miniatures.
    """
    words = dict(enumerate(invented_words(vocabulary)))
    known: dict[int, str] = {}
    capitals: dict[int, str] = {}
    for row in rows:
        before, _, answer = (as_text(row.get("text")) or "").partition("-> ")
        place, x = row["pos"], row["x"]
        ids, shown = [*row["share"][:place], *x, *row["share"][place:], *row["y"]], [*before.split(), *answer.split()]
        if len(ids) != len(shown):
            continue
        inside = range(place, place + len(x))
        known |= {token: word for i, (token, word) in enumerate(zip(ids, shown)) if i not in inside}
        capitals |= {ids[i]: shown[i] for i in inside}
    guessed = {token: word for token, word in capitals.items() if token not in known and word != words.get(token, "").upper()}
    every = {**words, **{token: word.capitalize() for token, word in guessed.items()}, **known}
    return tuple(every[token] for token in range(vocabulary)), len(guessed)


def _rare_statements(corpus: Corpus, statements: Sequence[tuple[int, Row]]) -> list[Item]:
    """Return one item per set, with the number of the row that states its rare fact."""
    places = {row["set"]: number for number, row in statements if row["kind"] == "b"}
    items = []
    for knowledge in corpus.sets:
        prompt, rare = corpus.text(knowledge.statement("b").prompt), corpus.text(knowledge.rare)
        right, wrong = corpus.text(knowledge.rare_answer), corpus.text(knowledge.popular_answer)
        items.append(Item(places[knowledge.number], prompt, None, (right,), (wrong,), None, is_continued=True, rare=rare))
    return sorted(items, key=lambda item: item.number)
