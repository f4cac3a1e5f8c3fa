"""Files of prompts, of every kind that this field has, read into one shape: a prompt, and what is right and wrong to say.

MemoTrap's CSV, NQ-Swap and its generator, the contrast files of CAD, overshadowing corpora, PhantomCircuit's token lines,
COUNTERFACT, and plain tables with a column `prompt`. The layout is told by what is in the file, never by its name.
Files come from strangers: `records` checks size, encoding and syntax, this module every value.
Not here: asking a model (evaluation).
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from backends.coda.records import Row, Table, checked, csv_table, cut, decoded, is_text, json_table, parquet_table
from backends.coda.sentences import plain_text, sentence_with
from worlds.errors import InputError
from worlds.overshadowing import Corpus, invented_words
from worlds.overshadowing_files import GROUP, read_lines, read_token_lines

MAX_ITEMS = 10_000  # a small model on a GPU answers about as many in an hour
MAX_CHARACTERS = 20_000  # of a prompt, as in the settings
MAX_CONTEXT = 200_000  # of a context, of which one sentence is kept
MAX_ANSWER = 1_000
MAX_ANSWERS = 100  # of one prompt
MAX_LITERAL = 4_000  # characters of a list that is written into a CSV cell
RARE_ONLY = "Only the rare statement of each set is asked; the answer of its popular ones counts as wrong."


@dataclass(frozen=True)
class Item:
    """One prompt of a file."""

    number: int  # of its row in the file, from 1
    prompt: str
    masked_prompt: str | None  # X', where the file brings it
    right: tuple[str, ...]  # any of them; empty where the file does not say
    wrong: tuple[str, ...]
    weight: float | None  # a of CAD, where the file brings it
    is_continued: bool = False  # the answer goes on with the prompt's sentence: its first words count
    rare: str | None = None  # the overshadowed words, where the file tells


@dataclass(frozen=True)
class Items:
    """What a file holds."""

    kind: str  # the layout
    items: tuple[Item, ...]
    notes: tuple[str, ...]
    num_in_file: int


Read = Callable[[Sequence[Row], list[str]], list[Item]]


@dataclass(frozen=True)
class _Layout:
    """A table is of this layout if it has one of the `marks`, and then must have all that is `needed`."""

    kind: str
    marks: tuple[str, ...]
    needed: tuple[str, ...]
    read: Read
    optional: tuple[str, ...] = ()


def load_items(content: bytes, name: str, *, max_items: int = MAX_ITEMS) -> Items:
    """Return the prompts of a file, the first `max_items` of them.

    Raises:
        InputError: the file is empty, too large, of no known layout, or a row is not what its layout wants.
    """
    checked(content)
    is_parquet = content[:4] == b"PAR1"
    text = "" if is_parquet else decoded(content).strip()
    if text[:1] not in ("{", "[") and "Xshare" in text.partition("\n")[0]:
        return _cut_off("PhantomCircuit token lines", *_token_lines(text), max_items=max_items)
    table = _table(content if is_parquet else text, max_rows=2 * max_items)  # a contrast takes two rows
    if not table.rows:
        raise InputError(f"The file {cut(name)} has no rows. It must have at least one prompt.")
    layout = _layout_of(table.rows[0], name)
    if layout is OVERSHADOW and text.startswith("{"):  # sets need all their lines
        return _cut_off(layout.kind, *_overshadow(text), max_items=max_items)
    notes: list[str] = []
    items = layout.read(table.rows, notes)
    return _cut_off(layout.kind, items, notes, table.count, max_items=max_items, num_read=len(table.rows))


def _table(content: bytes | str, *, max_rows: int) -> Table:
    if isinstance(content, bytes):
        columns = sorted({column for layout in LAYOUTS for column in layout.needed + layout.optional})
        return parquet_table(content, columns, max_rows=max_rows)
    return (json_table if content.startswith(("{", "[")) else csv_table)(content, max_rows=max_rows)


def _cut_off(
    kind: str, items: list[Item], notes: list[str], count: int, *, max_items: int, num_read: int | None = None
) -> Items:
    """The first `max_items`, with a note where that is not all."""
    if not items:
        raise InputError("No row of the file can be asked. It must have at least one prompt.")
    if len(items) > max_items or (num_read is not None and num_read < count):
        notes.append(f"The first {min(max_items, len(items)):,} prompts of {count:,} rows are kept: "
                     f"at most {max_items:,} are answered here.")
    return Items(kind, tuple(items[:max_items]), tuple(notes), count)


def _layout_of(row: Row, name: str) -> _Layout:
    # a table with prompts of its own asks these, whatever its other columns are called
    fitting = [layout for layout in LAYOUTS if "prompt" in layout.needed or "prompt" not in row]
    layout = next((layout for layout in fitting if any(mark in row for mark in layout.marks)), None)
    if layout is None:
        raise InputError(f"The first row of {cut(name)} has {cut(list(row))}. It must have a column 'prompt', or be MemoTrap, "
                         "NQ-Swap, a contrast file of CAD, an overshadowing corpus or COUNTERFACT.")
    missing = [column for column in layout.needed if column not in row]
    if missing:
        raise InputError(f"The file looks like {layout.kind} and its first row lacks {missing[0]!r}. "
                         f"It must have {', '.join(layout.needed)}.")
    return layout


def _plain(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    known = {"prompt", "answer", "right", "wrong", "masked_prompt"}
    unread = [str(name) for name in rows[0] if name not in known]
    if unread:
        notes.append(f"Columns that are not used: {', '.join(unread)[:80]}.")
    items = []
    for number, row in enumerate(rows, 1):
        masked = row.get("masked_prompt") or None
        right = _answers(row, "right", number) or _answers(row, "answer", number)
        items.append(Item(number, _text(row, "prompt", number), masked and _text(row, "masked_prompt", number),
                          right, _answers(row, "wrong", number), None))
    return items


def _memotrap(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    items = []
    for number, row in enumerate(rows, 1):
        classes = _answers(row, "classes", number)
        index = str(row.get("answer_index")).strip()
        if len(classes) < 2 or len(set(classes)) < len(classes):
            raise InputError(f"Row {number} has classes = {cut(row.get('classes'))}. It must be a list of two different texts.")
        if not (index.isascii() and index.isdigit() and int(index[:9]) < len(classes)):
            raise InputError(f"Row {number} has answer_index = {cut(row.get('answer_index'))}. "
                             f"It must be 0 to {len(classes) - 1}, the place of the right class.")
        right = classes[int(index)]
        wrong = tuple(entry for entry in classes if entry != right)
        items.append(Item(number, _text(row, "prompt", number), None, (right,), wrong, None, is_continued=True))
    return items


def _nq_swap(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    asked = [
        (number, _text(row, "question", number), _text(row, "sub_context", number, MAX_CONTEXT),
         _answers(row, "sub_answer", number, needed=True), _answers(row, "org_answer", number, needed=True))
        for number, row in enumerate(rows, 1)
    ]
    return _swaps(asked, notes)


def _generated(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    """The generator's rows: a substitute's wrong answers are those of the example that it was made from."""
    golds = [_gold(row, number) for number, row in enumerate(rows, 1)]
    by_uid = {str(row.get("uid")): gold for row, gold in zip(rows, golds)}
    kept = [index for index, row in enumerate(rows) if row.get("is_substitute") is True] or list(range(len(rows)))
    if len(kept) < len(rows):
        notes.append(f"{len(rows) - len(kept)} rows are originals without a swapped answer: they are not asked.")
    asked = [
        (index + 1, _text(rows[index], "query", index + 1), _text(rows[index], "context", index + 1, MAX_CONTEXT),
         golds[index], _original(rows[index], index + 1, by_uid))
        for index in kept
    ]
    return _swaps(asked, notes)


def _gold(row: Row, number: int) -> tuple[str, ...]:
    """The texts of all gold answers, then their aliases."""
    entries = row.get("gold_answers")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"Row {number} has gold_answers = {cut(entries)}. It must be a list of objects with a text.")
    texts = [answer for entry in entries for answer in _answers(entry, "text", number, needed=True)]
    aliases = [alias for entry in entries for alias in _answers(entry, "aliases", number)]
    return tuple(dict.fromkeys(texts + aliases))[:MAX_ANSWERS]


def _original(row: Row, number: int, by_uid: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    original = row.get("original_example")
    if isinstance(original, dict):
        return _gold(original, number)
    return by_uid.get(str(original), ())


_Asked = tuple[int, str, str, tuple[str, ...], tuple[str, ...]]  # number, question, context, right, wrong


def _swaps(asked: Sequence[_Asked], notes: list[str]) -> list[Item]:
    """Prompts with the sentence of the swapped answer, and without it for the contrast."""
    items, whole = [], 0
    for number, question, context, right, wrong in asked:
        kept = sentence_with(context, right)
        whole += kept is None
        masked = f"Question: {question.rstrip('? ')}?\nAnswer:"
        prompt = _bounded(f"{plain_text(context) if kept is None else kept}\n{masked}", "prompt", number, MAX_CHARACTERS)
        items.append(Item(number, prompt, masked, right, wrong, None))
    notes.append("Of each context only the sentence with the swapped answer is kept, as in the paper; "
                 "the masked prompt is the question without it, as in CAD.")
    if whole:
        notes.append(f"{whole} contexts do not hold their answer and are kept whole.")
    return items


def _contrasts(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    """Rows that share `input_index` are one contrast: the context with the weight 1 + a, the other with -a."""
    pairs: dict[str, list[tuple[int, Row]]] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("input_index"), int | str):
            raise InputError(f"Row {number} has input_index = {cut(row.get('input_index'))}. It must be a number, equal in two rows.")
        pairs.setdefault(str(row["input_index"]), []).append((number, row))
    if len(rows) > 2 and len(list(pairs.values())[-1]) == 1:  # the end of a long file may have been cut in the middle of a pair
        number = pairs.popitem()[1][0][0]
        notes.append(f"Row {number} has no partner and is not asked.")
    return [_contrast(index, pair) for index, pair in pairs.items()]


def _contrast(index: str, pair: list[tuple[int, Row]]) -> Item:
    if len(pair) != 2:
        raise InputError(f"The input_index {cut(index)} stands in {len(pair)} rows. It must stand in two: "
                         "one with the weight 1 + a and one with -a.")
    (number, full), (other, masked) = sorted(pair, key=lambda entry: -_weight(entry[1], entry[0]))
    weights = _weight(full, number), _weight(masked, other)
    if weights[1] > 0 or abs(sum(weights) - 1) > 1e-6:
        raise InputError(f"The weights of input_index {cut(index)} are {weights[0]:g} and {weights[1]:g}. "
                         "They must be 1 + a and -a, for example 1.5 and -0.5.")
    right = _answers(full, "gold_answers", number)
    return Item(min(number, other), _text(full, "context_string", number), _text(masked, "context_string", other), right, (),
                abs(weights[1]))


def _weight(row: Row, number: int) -> float:
    weight = row.get("assigned_weight")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not abs(weight) <= 10:
        raise InputError(f"Row {number} has assigned_weight = {cut(weight)}. It must be a number from -10 to 10.")
    return float(weight)


def _counterfact(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    notes.append("The right answer is target_true: nothing is edited here; target_new counts as wrong.")
    return [_rewrite(row, number) for number, row in enumerate(rows, 1)]


def _rewrite(row: Row, number: int) -> Item:
    rewrite = row.get("requested_rewrite")
    if not isinstance(rewrite, dict):
        raise InputError(f"Row {number} has requested_rewrite = {cut(rewrite)}. "
                         "It must be an object with prompt, subject, target_new and target_true.")
    template, subject = _text(rewrite, "prompt", number), _text(rewrite, "subject", number)
    if "{}" not in template:
        raise InputError(f"Row {number} has the prompt {cut(template)}. It must have {{}} where the subject goes.")
    true, new = (_target(rewrite, key, number) for key in ("target_true", "target_new"))
    return Item(number, template.replace("{}", subject, 1), None, true, new, None, is_continued=True)


def _target(rewrite: Row, key: str, number: int) -> tuple[str, ...]:
    target = rewrite.get(key)
    if not isinstance(target, dict):
        raise InputError(f"Row {number} has {key} = {cut(target)}. It must be an object with the text 'str'.")
    return _answers(target, "str", number, needed=True)


def _overshadow(text: str) -> tuple[list[Item], list[str], int]:
    corpus = read_lines(text)  # first: it bounds the number of lines and checks each
    rows = json_table(text, max_rows=len(text)).rows
    words, num_guessed = _words_of(rows, len(corpus.words))
    notes = [RARE_ONLY]
    if num_guessed:
        notes.append(f"{num_guessed} words stand in the file in capitals only: their small letters are a guess.")
    places = {row["set"]: number for number, row in enumerate(rows, 1) if row["kind"] == "b"}
    return _rare_statements(replace(corpus, words=words), places), notes, len(rows)


def _no_lines(rows: Sequence[Row], notes: list[str]) -> list[Item]:
    raise InputError("The file is an overshadowing corpus as parquet or as one list. It must be JSON lines, one statement per line.")


def _words_of(rows: Sequence[Row], vocabulary: int) -> tuple[tuple[str, ...], int]:
    """The word of every id, from `text` where the rows have it, and how many are known from capitals only.

    `text` is "before X after -> answer" with x in capitals; without it words are invented, as in the miniatures.
    """
    words = dict(enumerate(invented_words(vocabulary)))
    known: dict[int, str] = {}
    capitals: dict[int, str] = {}
    for row in rows:
        before, _, answer = str(row.get("text", "")).partition("-> ")
        place, x = row["pos"], row["x"]
        ids, shown = [*row["share"][:place], *x, *row["share"][place:], *row["y"]], [*before.split(), *answer.split()]
        if len(ids) != len(shown):
            continue
        inside = range(place, place + len(x))
        known |= {token: word for i, (token, word) in enumerate(zip(ids, shown)) if i not in inside}
        capitals |= {ids[i]: shown[i] for i in inside}
    guessed = {token: word for token, word in capitals.items() if token not in known and word != words[token].upper()}
    return tuple({**words, **{token: word.capitalize() for token, word in guessed.items()}, **known}.values()), len(guessed)


def _token_lines(text: str) -> tuple[list[Item], list[str], int]:
    corpus = read_token_lines(text)
    groups = [dict(GROUP.findall(line)) for line in text.splitlines() if line.strip()]
    shares = [tuple(int(token) for token in group["Xshare"].split(",") if token.strip()) for group in groups]
    sets = {share: number for number, share in enumerate(dict.fromkeys(shares))}  # as they are numbered by the reader
    places = {sets[share]: number for number, (share, group) in enumerate(zip(shares, groups), 1) if "Xb" in group}
    notes = [RARE_ONLY, "The file holds token ids without words: each id has an invented word."]
    return _rare_statements(corpus, places), notes, len(groups)


def _rare_statements(corpus: Corpus, places: Mapping[int, int]) -> list[Item]:
    """One item per set; `places`: the row of each set's rare statement."""
    items = []
    for knowledge in corpus.sets:
        prompt, rare = corpus.text(knowledge.statement("b").prompt), corpus.text(knowledge.rare)
        right, wrong = corpus.text(knowledge.rare_answer), corpus.text(knowledge.popular_answer)
        items.append(Item(places[knowledge.number], prompt, None, (right,), (wrong,), None, is_continued=True, rare=rare))
    return sorted(items, key=lambda item: item.number)


def _text(row: Row, key: str, number: int, limit: int = MAX_CHARACTERS) -> str:
    value = row.get(key)
    if not is_text(value) or not isinstance(value, str):
        raise InputError(f"Row {number} has {key} = {cut(value)}. It must be text.")
    if not value.strip():
        raise InputError(f"Row {number} has an empty {key}. It must hold at least one word.")
    return _bounded(value.strip(), key, number, limit)


def _bounded(value: str, key: str, number: int, limit: int) -> str:
    if len(value) > limit:
        raise InputError(f"Row {number} has {len(value):,} characters in {key}, which begins {cut(value)}. "
                         f"At most {limit:,} are read.")
    return value


def _answers(row: Row, key: str, number: int, *, needed: bool = False) -> tuple[str, ...]:
    """One text or a list of texts, which in CSV is a Python list in a cell; empty where the row has none."""
    value = row.get(key)
    if isinstance(value, str) and value.strip().startswith("[") and value.strip().endswith("]"):
        value = _literal(value.strip(), key, number)
    entries = [] if value is None or value == "" else value if isinstance(value, list) else [value]
    if len(entries) > MAX_ANSWERS or not all(is_text(entry) and entry.strip() for entry in entries) or (needed and not entries):
        raise InputError(f"Row {number} has {key} = {cut(value)}. It must be text, or a list of at most {MAX_ANSWERS} texts.")
    return tuple(_bounded(entry.strip(), key, number, MAX_ANSWER) for entry in entries)


def _literal(written: str, key: str, number: int) -> object:
    """The list in a cell, or the text itself where it only looks like one."""
    if len(written) > MAX_LITERAL:
        raise InputError(f"Row {number} has {len(written):,} characters in {key}. A list in a cell has at most {MAX_LITERAL:,}.")
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return written


OVERSHADOW = _Layout("an overshadowing corpus", ("share",), ("set", "kind", "share", "pos", "x", "y"), _no_lines)
LAYOUTS = (  # the first whose mark is found; the plain table is last, for others have prompts too
    _Layout("MemoTrap", ("classes", "answer_index"), ("prompt", "classes", "answer_index"), _memotrap),
    _Layout("a contrast file of CAD", ("assigned_weight", "input_index"), ("input_index", "context_string", "assigned_weight"),
            _contrasts),
    _Layout("NQ-Swap", ("sub_context", "sub_answer"), ("question", "sub_context", "sub_answer", "org_answer"), _nq_swap),
    _Layout("the knowledge conflict generator's file", ("gold_answers", "is_substitute"), ("query", "context", "gold_answers"),
            _generated, ("uid", "is_substitute", "original_example")),
    OVERSHADOW,
    _Layout("COUNTERFACT", ("requested_rewrite",), ("requested_rewrite",), _counterfact),
    _Layout("a plain table", ("prompt",), ("prompt",), _plain, ("answer", "right", "wrong", "masked_prompt")),
)
