"""The layouts of files of prompts: which columns tell each, and how its rows become prompts.

A row that is not what its layout wants raises, with its number, the value and what would be right; whoever calls leaves it out.
Lists and objects may be written into one cell, as CSV has them, or be spread over columns `a.b`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backends.coda.choices import MAX_ANSWERS, MAX_CHARACTERS
from backends.coda.corpora import overshadowing
from backends.coda.items import Item
from backends.coda.sentences import plain_text, sentence_with
from backends.files.cells import as_number, as_text, cut, is_missing, is_text, mapping, truth, unfolded
from backends.files.rows import OddRow, OddRows, Row, counted

MAX_CONTEXT = 200_000  # of a context, of which one sentence is kept
MAX_ANSWER = 1_000
ANCHORS = ("prompt", "question", "query", "context_string")  # always texts: a list there is a table of parallel lists
Numbered = Sequence[tuple[int, Row]]


@dataclass(frozen=True)
class Found:
    """The prompts of a file, and what has to be said of them."""

    items: list[Item]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """A row is of this layout if it has one of the `marks`; the file then must have all that is `needed`."""

    kind: str
    marks: tuple[str, ...]
    needed: tuple[str, ...]
    read: Callable[[Numbered, OddRows], Found]
    optional: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()  # known, and of no use here: not told as unused
    needs_all: bool = False  # rows belong together, however many there are


def _plain(rows: Numbered, odd: OddRows) -> Found:
    return Found(odd.read(rows, _plain_item))


def _plain_item(row: Row, number: int) -> Item:
    masked, ignored = (None if is_missing(row.get(name)) else _text(row, name, number) for name in ("masked_prompt", "ignored"))
    right = _answers(row, "right", number) or _answers(row, "answer", number)
    return Item(number, _text(row, "prompt", number), masked, right, _answers(row, "wrong", number), None, rare=ignored)


def _memotrap(rows: Numbered, odd: OddRows) -> Found:
    return Found(odd.read(rows, _memotrap_item))


def _memotrap_item(row: Row, number: int) -> Item:
    classes = _answers(row, "classes", number)
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise OddRow(f"Row {number} has classes = {cut(row.get('classes'))}. It must be a list of two different texts.", "classes")
    index = None if isinstance(row.get("answer_index"), bool) else as_number(row.get("answer_index"))
    if index is None or index != int(index) or not 0 <= index < len(classes):
        raise OddRow(f"Row {number} has answer_index = {cut(row.get('answer_index'))}. It must be 0 to {len(classes) - 1}, the place "
                     "of the right class.", "answer_index")
    right = classes[int(index)]
    wrong = tuple(entry for entry in classes if entry != right)
    return Item(number, _text(row, "prompt", number), None, (right,), wrong, None, is_continued=True)


@dataclass(frozen=True)
class _Swap:
    """A question with a context in which the answer was swapped."""

    number: int
    question: str
    context: str
    right: tuple[str, ...]  # the swapped answer
    wrong: tuple[str, ...]  # the one that was learned


def _nq_swap(rows: Numbered, odd: OddRows) -> Found:
    return _swaps(odd.read(rows, _nq_swap_row), odd)


def _nq_swap_row(row: Row, number: int) -> _Swap:
    return _Swap(number, _text(row, "question", number), _text(row, "sub_context", number, MAX_CONTEXT),
                 _answers(row, "sub_answer", number, needed=True), _answers(row, "org_answer", number, needed=True))


def _generated(rows: Numbered, odd: OddRows) -> Found:
    """Return the generator's rows; a substitute's wrong answers are those of the example that it was made from."""
    elsewhere = OddRows()  # a row without gold answers is counted where it is asked
    golds = dict(elsewhere.read(rows, lambda row, number: (as_text(row.get("uid")) or "", _gold(row, number))))
    kept = [(number, row) for number, row in rows if truth(row.get("is_substitute"))]
    found = _swaps(odd.read(kept or rows, lambda row, number: _generated_row(row, number, golds)), odd)
    if kept and len(kept) < len(rows):
        num_originals = counted(len(rows) - len(kept), "row")
        found.notes.append(f"Not asked, because they are originals without a swapped answer: {num_originals}.")
    unknown = sum(not item.wrong for item in found.items)
    if unknown:
        found.notes.append(f"The answer before the swap is not in the file for {unknown:,} of {len(found.items):,} prompts: they "
                           "have no wrong answer, so no rate of hallucinations counts them.")
    return found


def _generated_row(row: Row, number: int, golds: dict[str, tuple[str, ...]]) -> _Swap:
    return _Swap(number, _text(row, "query", number), _text(row, "context", number, MAX_CONTEXT), _gold(row, number),
                 _original(row, number, golds))


def _gold(row: Row, number: int) -> tuple[str, ...]:
    """Return the texts of all gold answers, then their aliases."""
    entries = unfolded(row.get("gold_answers"))
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise OddRow(f"Row {number} has gold_answers = {cut(entries)}. It must be a list of objects with a text.", "gold_answers")
    texts = [answer for entry in entries for answer in _answers(entry, "text", number, needed=True)]
    aliases = [alias for entry in entries for alias in _answers(entry, "aliases", number)]
    return tuple(dict.fromkeys(texts + aliases))[:MAX_ANSWERS]


def _original(row: Row, number: int, golds: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    original = unfolded(row.get("original_example"))
    if isinstance(original, dict):
        return _gold(original, number)
    return golds.get(as_text(original) or "", ())


def _swaps(asked: Sequence[_Swap], odd: OddRows) -> Found:
    """Return prompts with the sentence of the swapped answer, and without it for the contrast."""
    whole: list[int] = []
    items = odd.read([(swap.number, swap) for swap in asked], lambda swap, number: _swap_item(swap, whole))
    notes = ["Of each context only the sentence with the swapped answer is kept, as in the paper; "
             "the masked prompt is the question without it, as in CAD."] if items else []
    if whole:
        notes.append(f"Kept whole, because it does not hold its answer: {counted(len(whole), 'context')}.")
    return Found(items, notes)


def _swap_item(swap: _Swap, whole: list[int]) -> Item:
    kept = sentence_with(swap.context, swap.right)
    masked = f"Question: {swap.question.rstrip('? ')}?\nAnswer:"
    prompt = _bounded(f"{plain_text(swap.context) if kept is None else kept}\n{masked}", "prompt", swap.number, MAX_CHARACTERS)
    if kept is None:
        whole.append(swap.number)
    return Item(swap.number, prompt, masked, swap.right, swap.wrong, None)


def _contrasts(rows: Numbered, odd: OddRows) -> Found:
    """Rows that share `input_index` are one contrast: the context with the weight 1 + a, the other with -a."""
    pairs: dict[str, list[tuple[int, Row]]] = {}
    for number, (index, row) in odd.read(rows, lambda row, number: (number, (_index(row, number), row))):
        pairs.setdefault(index, []).append((number, row))
    return Found(odd.read([(pair[0][0], pair) for pair in pairs.values()], lambda pair, number: _contrast(pair)))


def _index(row: Row, number: int) -> str:
    index = row.get("input_index")
    if is_missing(index) or isinstance(index, bool) or as_text(index) is None:
        raise OddRow(f"Row {number} has input_index = {cut(index)}. It must be a number, equal in two rows.", "input_index")
    return str(as_text(index))


def _contrast(pair: list[tuple[int, Row]]) -> Item:
    index = cut(_index(pair[0][1], pair[0][0]))
    if len(pair) != 2:
        places = "one row" if len(pair) == 1 else f"{len(pair)} rows"
        raise OddRow(f"The input_index {index} stands in {places}. It must stand in two: one with the weight 1 + a and one with -a.",
                     "no pair")
    (number, full), (other, masked) = sorted(pair, key=lambda entry: -_weight(entry[1], entry[0]))
    weights = _weight(full, number), _weight(masked, other)
    if weights[1] > 0 or abs(sum(weights) - 1) > 1e-6:
        raise OddRow(f"The weights of input_index {index} are {weights[0]:g} and {weights[1]:g}. They must be 1 + a and -a, for "
                     "example 1.5 and -0.5.", "weights")
    right = _answers(full, "gold_answers", number)
    return Item(min(number, other), _text(full, "context_string", number), _text(masked, "context_string", other), right, (),
                abs(weights[1]))


def _weight(row: Row, number: int) -> float:
    value = row.get("assigned_weight")
    weight = None if isinstance(value, bool) else as_number(value)
    if weight is None or not abs(weight) <= 10:
        raise OddRow(f"Row {number} has assigned_weight = {cut(value)}. It must be a number from -10 to 10.", "assigned_weight")
    return weight


def _counterfact(rows: Numbered, odd: OddRows) -> Found:
    return Found(odd.read(rows, _rewrite), ["The right answer is target_true: nothing is edited here; target_new counts as wrong."])


def _rewrite(row: Row, number: int) -> Item:
    rewrite = mapping(row, "requested_rewrite", where=f"Row {number}") or {}
    template, subject = _text(rewrite, "prompt", number), _text(rewrite, "subject", number)
    if "{}" not in template:
        raise OddRow(f"Row {number} has the prompt {cut(template)}. It must have {{}} where the subject goes.", "no place")
    true, new = (_target(rewrite, key, number) for key in ("target_true", "target_new"))
    return Item(number, template.replace("{}", subject, 1), None, true, new, None, is_continued=True)


def _target(rewrite: Row, key: str, number: int) -> tuple[str, ...]:
    target = unfolded(rewrite.get(key))
    if isinstance(target, dict):
        return _answers(target, "str", number, needed=True)
    return _answers(rewrite, key, number, needed=True)  # some copies have the text itself


def _overshadowing(rows: Numbered, odd: OddRows) -> Found:
    return Found(*overshadowing(rows, odd))


def _text(row: Row, key: str, number: int, limit: int = MAX_CHARACTERS) -> str:
    value = row.get(key)
    if isinstance(value, str) and not value.strip():
        raise OddRow(f"Row {number} has an empty {key}. It must hold at least one word.", f"{key} is empty")
    if not isinstance(value, str) or not is_text(value):
        raise OddRow(f"Row {number} has {key} = {cut(value)}. It must be text.", f"{key} is no text")
    return _bounded(value.strip(), key, number, limit)


def _bounded(value: str, key: str, number: int, limit: int) -> str:
    if len(value) > limit:
        raise OddRow(f"Row {number} has {len(value):,} characters in {key}, which begins {cut(value)}. At most {limit:,} are read.",
                     f"{key} is too long")
    return value


def _answers(row: Row, key: str, number: int, *, needed: bool = False) -> tuple[str, ...]:
    """Return one text or a list of texts, which may be written into one cell; empty where the row has none."""
    value = unfolded(row.get(key))
    entries = [] if is_missing(value) else value if isinstance(value, list) else [value]
    texts = [as_text(entry) for entry in entries if not is_missing(entry)]
    if len(texts) > MAX_ANSWERS or None in texts or (needed and not texts):
        raise OddRow(f"Row {number} has {key} = {cut(value)}. It must be text, or a list of at most {MAX_ANSWERS} texts.",
                     f"{key} is no answer")
    return tuple(_bounded(entry.strip(), key, number, MAX_ANSWER) for entry in texts if entry is not None)


LAYOUTS = (  # the first whose mark is found; the plain table is last, for others have prompts too
    Layout("MemoTrap", ("classes", "answer_index"), ("prompt", "classes", "answer_index"), _memotrap),
    Layout("a contrast file of CAD", ("assigned_weight", "input_index"), ("input_index", "context_string", "assigned_weight"),
           _contrasts, ("gold_answers",), ("assigned_model", "assigned_process", "filter_p")),
    Layout("NQ-Swap", ("sub_context", "sub_answer"), ("question", "sub_context", "sub_answer", "org_answer"), _nq_swap,
           passed=("org_context",)),
    Layout("the knowledge conflict generator's file", ("gold_answers", "is_substitute"), ("query", "context", "gold_answers"),
           _generated, ("uid", "is_substitute", "original_example"), ("metadata",)),
    Layout("an overshadowing corpus", ("share",), ("set", "kind", "share", "pos", "x", "y"), _overshadowing, ("task", "text"),
           ("P", "L"), needs_all=True),
    Layout("COUNTERFACT", ("requested_rewrite",), ("requested_rewrite",), _counterfact, (),
           ("case_id", "pararel_idx", "paraphrase_prompts", "neighborhood_prompts", "attribute_prompts", "generation_prompts")),
    Layout("a plain table", ("prompt",), ("prompt",), _plain, ("answer", "right", "wrong", "masked_prompt", "ignored")),
)
