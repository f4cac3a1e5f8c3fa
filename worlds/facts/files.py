"""Reads and writes overshadowing corpora: the project's JSON lines and PhantomCircuit's token lines.

JSON lines hold one statement each: {"set", "task", "P", "L", "kind", "share", "pos", "x", "y", "text"}. Token lines hold groups
`Xshare:[1, 2] Xb:[3] Yb:[4]` or the same with Xa and Ya (arXiv 2505.14406), x at the end. Statements are put back into sets;
a set must have one rare statement and popular ones that agree on one answer. Whoever gives `odd` is told of lines and sets that
are not so, and gets the others; without it the first of them is raised.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worlds.errors import InputError
from worlds.facts.corpus import SPECIAL_WORDS, Corpus, Factor, Ids, Kind, KnowledgeSet, Statement, invented_word, invented_words

MAX_CHARACTERS = 64_000_000
MAX_LINES = 200_000
MAX_TOKEN = 300_000  # no tokenizer that the file could come from has more
Odd = Callable[[int, InputError], None]  # is told the number of a line, or of a set's first one, and what is wrong
_BREAK = re.compile(r"\r\n|\r|\n")  # splitlines would cut at U+2028 in a text
GROUP = re.compile(r"(Xshare|Xa|Ya|Xb|Yb)\s*:\s*\[([^\[\]]*)\]")  # without "[": a line of open groups is read once, not once for each


class Line(BaseModel):
    """One statement as it stands in a JSON line; P, L and text are for the reader and are worked out again."""

    model_config = ConfigDict(extra="ignore", strict=True)

    set: int = Field(ge=0)
    task: str = Field("imported", max_length=40)
    kind: Kind
    share: list[int] = Field(max_length=512)
    pos: int = Field(ge=0)
    x: list[int] = Field(min_length=1, max_length=64)
    y: list[int] = Field(min_length=1, max_length=64)


def write_lines(corpus: Corpus) -> Iterator[str]:
    """One JSON object per statement, without the line break."""
    for statement in corpus.statements():
        yield json.dumps(_line(statement, corpus), ensure_ascii=False, separators=(",", ":"))


def _line(statement: Statement, corpus: Corpus) -> dict[str, object]:
    length = int(statement.length) if statement.length.is_integer() else statement.length
    return {
        "set": statement.number,
        "task": statement.task,
        "P": statement.popularity,
        "L": length,
        "kind": statement.kind,
        "share": list(statement.share),
        "pos": statement.position,
        "x": list(statement.x),
        "y": list(statement.y),
        "text": shown(statement, corpus),
    }


def shown(statement: Statement, corpus: Corpus) -> str:
    """The statement for people, `zor bal kim tav FEN -> rul`: x in capitals, the answer after the arrow."""
    before, after = statement.share[: statement.position], statement.share[statement.position :]
    parts = (corpus.text(before), corpus.text(statement.x).upper(), corpus.text(after), "->", corpus.text(statement.y))
    return " ".join(part for part in parts if part)


def read_lines(text: str, *, words: Sequence[str] | None = None, odd: Odd | None = None) -> Corpus:
    """Return the corpus of some JSON lines.

    Args:
        words: (vocabulary,) word of every id; invented ones where it is not given.
    Raises:
        InputError: a line or a set is not what it must be; the message names the line or the set.
    """
    return read_rows(_lines(text), words=words, odd=odd)


def read_rows(rows: Iterable[tuple[int, object]], *, words: Sequence[str] | None = None, odd: Odd | None = None) -> Corpus:
    """Return the corpus of statements that are JSON, or were; as `read_lines` does. Each comes with its number."""
    parsed = []
    for number, row in rows:
        try:
            parsed.append((number, _parse(number, row)))
        except InputError as error:
            (odd or _raise)(number, error)
    if not parsed:
        raise InputError("The file holds no statement. It must hold 2 or more, one per line.")
    highest = max(max(*line.x, *line.y, *line.share, 0) for _, line in parsed)
    if words is not None and highest >= len(words):
        raise InputError(f"Token {highest} has no word. The vocabulary ends at {len(words) - 1}.")
    members: dict[int, list[tuple[int, Line]]] = {}
    for number, line in parsed:
        members.setdefault(line.set, []).append((number, line))
    sets = _whole_sets({name: members[name] for name in sorted(members)}, odd or _raise)
    return Corpus(_factor(sets), sets, tuple(words) if words is not None else invented_words(highest + 1))


def _whole_sets(members: dict[int, list[tuple[int, Line]]], odd: Odd) -> tuple[KnowledgeSet, ...]:
    """Return the sets that are whole; raise what is wrong with the first one where none is."""
    found = []
    first: InputError | None = None
    for name, lines in members.items():
        try:
            found.append(_gather(name, [line for _, line in lines]))
        except InputError as error:
            first = first or error
            odd(lines[0][0], error)
    if not found:
        raise first or InputError("The file holds no set. It must hold one or more.")
    return tuple(found)


def _raise(number: int, error: InputError) -> NoReturn:
    raise error


def read_token_lines(text: str, *, odd: Odd | None = None) -> Corpus:
    """Return the corpus of PhantomCircuit's token lines; statements with the same Xshare are one set.

    Raises:
        InputError: a line misses a group, or a set is not one rare and some popular statements.
    """
    rows, words = token_rows(text, odd=odd)
    return read_rows(rows, words=words, odd=odd)


def token_rows(text: str, *, odd: Odd | None = None) -> tuple[list[tuple[int, dict[str, object]]], tuple[str, ...]]:
    """Return token lines as the statements that `read_rows` takes, and the word of every id.

    Ids are renumbered from 4 on in the order of appearance, so that a small model can be trained on a large tokenizer's
    ids; the word of each is invented from its old id.
    """
    seen: dict[int, int] = {}
    sets: dict[Ids, int] = {}
    rows: list[tuple[int, dict[str, object]]] = []
    for number, content in _lines(text):
        try:
            kind, share, x, y = _parse_groups(number, content)
        except InputError as error:
            (odd or _raise)(number, error)
            continue
        compact = [[seen.setdefault(token, len(seen) + len(SPECIAL_WORDS)) for token in ids] for ids in (share, x, y)]
        place = sets.setdefault(tuple(share), len(sets))
        rows.append((number, {"set": place, "task": "token lines", "kind": kind, "share": compact[0], "pos": len(share),
                              "x": compact[1], "y": compact[2]}))
    return rows, SPECIAL_WORDS + tuple(invented_word(token) for token in seen)


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines that are not empty, with their numbers from 1 on."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"The file holds {len(text):,} characters. At most {MAX_CHARACTERS:,} are read.")
    if (breaks := sum(1 for _ in _BREAK.finditer(text))) > 10 * MAX_LINES:  # empty ones, which cost memory before they are dropped
        raise InputError(f"The file holds {breaks:,} line breaks. At most {10 * MAX_LINES:,} are read.")
    lines = [(number, line) for number, line in enumerate(_BREAK.split(text), 1) if line.strip()]
    if not 2 <= len(lines) <= MAX_LINES:
        raise InputError(f"The file holds {len(lines):,} statements. It must hold 2 to {MAX_LINES:,}, one per line.")
    return lines


def _parse(number: int, row: object) -> Line:
    try:
        line = Line.model_validate_json(row) if isinstance(row, str) else Line.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise InputError(f"Line {number} cannot be read: {where}: {first['msg']}. It must be one statement as JSON.") from error
    wrong = [token for token in (*line.share, *line.x, *line.y) if not len(SPECIAL_WORDS) <= token <= MAX_TOKEN]
    if wrong:
        raise InputError(f"Line {number} holds the token {wrong[0]}. Words have ids from {len(SPECIAL_WORDS)} to {MAX_TOKEN}.")
    if line.pos > len(line.share):
        raise InputError(f"Line {number} puts x at {line.pos}. It must be 0 to {len(line.share)}, the number of shared tokens.")
    return line


def _parse_groups(number: int, text: str) -> tuple[Kind, list[int], list[int], list[int]]:
    groups = dict(GROUP.findall(text))
    kind: Kind = "a" if "Xa" in groups else "b"
    needed = ("Xshare", f"X{kind}", f"Y{kind}")
    if set(groups) != set(needed):
        held = ", ".join(groups) or "no group"
        raise InputError(f"Line {number} holds {held}. It must hold Xshare, Xa and Ya, or Xshare, Xb and Yb.")
    share, x, y = (_numbers(number, name, groups[name]) for name in needed)
    if not x or not y:
        raise InputError(f"Line {number} has an empty X{kind} or Y{kind}. Each must hold a token.")
    return kind, share, x, y


def _numbers(number: int, name: str, text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > 512 or not all(part.isascii() and part.isdigit() and int(part[:9]) <= MAX_TOKEN for part in parts):
        raise InputError(f"{name} in line {number} is {text[:80]!r}. It must be at most 512 token ids from 0 to {MAX_TOKEN}.")
    return [int(part) for part in parts]


def _gather(number: int, lines: list[Line]) -> KnowledgeSet:
    """One set from its statements; what must agree is compared with the first one."""
    first = lines[0]
    popular = [line for line in lines if line.kind == "a"]
    rare = [line for line in lines if line.kind == "b"]
    if len(rare) != 1 or not popular:
        counts = f"{len(popular)} popular and {len(rare)} rare statements"
        raise InputError(f"Set {number} has {counts}. It must have 1 or more popular ones and exactly 1 rare one.")
    if any((line.share, line.pos) != (first.share, first.pos) for line in lines):
        raise InputError(f"The statements of set {number} do not share the same words. `share` and `pos` must be equal in a set.")
    if any(line.y != popular[0].y for line in popular) or rare[0].y == popular[0].y:
        raise InputError(f"Set {number} needs one answer for all popular statements, and another one for the rare statement.")
    members = [tuple(line.x) for line in popular]
    if len({*members, tuple(rare[0].x)}) != len(lines) or any(len(x) != len(rare[0].x) for x in members):
        raise InputError(f"The x of set {number} must all be different and of equal length.")
    answers = tuple(popular[0].y), tuple(rare[0].y)
    return KnowledgeSet(number, first.task, tuple(first.share), first.pos, tuple(members), tuple(rare[0].x), *answers)


def _factor(sets: Sequence[KnowledgeSet]) -> Factor:
    """What varies in a corpus of unknown origin: L only where P does not."""
    return "P" if len({knowledge.popularity for knowledge in sets}) > 1 or len({s.length for s in sets}) == 1 else "L"
