"""Result files of the released code, scored without a model: what was written, and what was right.

A list of {"Prompt", "Generation", "Golden"}, of VSR and of some forks with "Uncertainty". Which alpha or beta made it does not stand
in it: of AdaptVis' runs not even in its name. Pairs and sets are told by the two things of the question that was asked; of few-shot
prompts that is the last one, their examples go before it.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from backends.adaptvis import metrics
from backends.adaptvis.formats import OPTIONS, WHATSUP
from backends.adaptvis.items import options_in
from backends.adaptvis.matching import official_hit, official_yes_no, strict_answer
from backends.adaptvis.prompts import asked_in, things_in
from backends.adaptvis.results import MAX_ITEMS, MAX_RELATIONS, MAX_UNREAD, Evaluated, Item, MethodScore
from backends.files.archive import Files
from backends.files.cells import as_number, as_text, cut, is_text
from backends.files.rows import OddRow, OddRows, Row, unused
from backends.files.tables import Limits, Table, read_table
from backends.statistics import Bootstrap
from worlds.errors import InputError

_METHODS = {"adapt_vis": "adaptvis", "adaptvis": "adaptvis", "scaling_vis": "scalingvis", "scalingvis": "scalingvis",
            "base": "greedy", "greedy": "greedy"}
_NEEDED = ("Prompt", "Generation", "Golden")
_KNOWN = (*_NEEDED, "Uncertainty")


def is_log(files: Files) -> bool:
    """Return whether this is one result file of the released code."""
    if len(files.names) != 1:
        return False
    try:
        return any(row.keys() >= set(_NEEDED) for _, row in _table(files, OddRows()).rows)
    except InputError:  # it is no table: whoever reads it as something else says what is wrong
        return False


def _table(files: Files, odd: OddRows) -> Table:
    name = files.names[0]
    return read_table(files.read(name), odd, known=_KNOWN, limits=Limits(rows=MAX_ITEMS), what=f"The file {cut(name)}")


def read_log(files: Files) -> tuple[Evaluated, tuple[str, ...]]:
    """Return the scores of a result file under both ways to read a reply, and what has to be said about it.

    Raises:
        InputError: no row has its prompt, its reply and its answer.
    """
    name, odd = files.names[0], OddRows()
    table = _table(files, odd)
    if table.count > MAX_ITEMS:
        raise InputError(f"The file {cut(name)} has {table.count:,} rows. At most {MAX_ITEMS:,} are read.")
    rows = odd.read(table.rows, lambda row, number: (row, _item(row, number)))
    if not rows:
        odd.refuse(f"The file {cut(name)} has no rows. It must have Prompt, Generation and Golden.")
    items = [item for _, item in rows]
    if (count := len({item.right for item in items})) > MAX_RELATIONS:
        raise InputError(f"The file {cut(name)} has {count:,} different right answers. At most {MAX_RELATIONS:,} are compared.")
    texts = [item.adaptvis for item in items]
    is_yes_no = {item.right for item in items} <= {"yes", "no"}
    official = np.array([_official(item, is_yes_no) for item in items])
    options = [_options(row, is_yes_no) for row, _ in rows]
    read = [strict_answer(own, item.adaptvis) for own, item in zip(options, items)]
    strict = np.array([word == item.right for word, item in zip(read, items)])
    method = next((own for key, own in _METHODS.items() if key in name.lower()), None)
    commonest = Counter(frozenset(own) for own in options).most_common(1)[0][0]
    has_sets = commonest in [frozenset(OPTIONS[kind]) for kind in WHATSUP]
    scores = tuple(_score(method or "greedy", how, right, items, has_sets=has_sets)
                   for how, right in (("official match", official), ("strict match", strict)))
    lost = tuple((item.number, text) for item, text, word in zip(items, texts, read) if not word)[:MAX_UNREAD]
    found = Evaluated(data=name, num_validation=0, num_test=len(items), alphas=(1.0,), scores=scores, curves=(), beta_curve=(),
                      items=tuple(items), auroc_per_layer=(), yes_no=_yes_no(items) if is_yes_no else (), unread=lost)
    notes = ["Read from a result file: no model was run. Its alpha and beta are not written in it."]
    if method is None:
        notes.append(f"The name {cut(name)} tells no method: the replies are shown as greedy.")
    return found, (*notes, *table.notes, *unused(column for column in table.columns if column not in _KNOWN), *odd.notes())


def _item(row: Row, number: int) -> Item:
    golden = row.get("Golden")
    golden = golden[0] if isinstance(golden, list) and golden else golden
    right, said = (as_text(golden) or "").strip().lower(), row.get("Generation")
    if not right or not isinstance(said, str) or not is_text(said):
        key = "Generation" if right else "Golden"
        raise OddRow(f"Row {number} has {key} = {cut(row.get(key))}. It must have Prompt, Generation and Golden.", key)
    things = things_in(asked_in(as_text(row.get("Prompt")) or ""))
    confidence = as_number(row.get("Uncertainty"))
    return Item(number=number - 1, relation=right, right=right, confidence=float("nan") if confidence is None else confidence,
                answers=(said,), adaptvis=said, group="_".join(things) if len(things) == 2 else str(number))


def _official(item: Item, is_yes_no: bool) -> bool:
    return official_yes_no(item.right == "yes", item.adaptvis) if is_yes_no else official_hit(item.right, item.adaptvis)


def _options(row: Row, is_yes_no: bool) -> tuple[str, ...]:
    if is_yes_no:
        return OPTIONS["VSR"]
    asked = asked_in(as_text(row.get("Prompt")) or "")
    known = dict.fromkeys(word for kind, words in OPTIONS.items() for word in words if kind != "VSR")
    return options_in(asked) or tuple(known)


def _score(method: str, setting: str, right: np.ndarray, items: Sequence[Item], *, has_sets: bool) -> MethodScore:
    relations, groups = [item.relation for item in items], [item.group for item in items]
    found = metrics.grouped(right, relations, groups, has_sets=has_sets)
    return MethodScore(method=method, setting=setting, individual=Bootstrap(groups).interval(right.astype(float)), pair=found.pair,
                       complete=found.complete, official_pair=found.official_pair, official_set=found.official_set,
                       per_relation=metrics.per_relation(right, relations), mended=0, broken=0)


def _yes_no(items: Sequence[Item]) -> tuple[tuple[str, metrics.YesNo], ...]:
    """Return VSR's scores by the released test, which looks for Yes in one class and for No in the other."""
    is_yes = np.array([item.right == "yes" for item in items])
    says = [np.array([official_yes_no(wanted, item.adaptvis) for item in items]) for wanted in (True, False)]
    return (("official match", metrics.yes_no(is_yes, *says)),)
