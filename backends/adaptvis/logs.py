"""Result files of the released code, scored without a model: what was written, and what was right.

A list of {"Prompt", "Generation", "Golden"}, of VSR with "Uncertainty". Which alpha or beta made it does not stand in it: of
AdaptVis' runs not even in its name. Pairs and sets are told by the two things that a prompt names.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.adaptvis import metrics
from backends.adaptvis.formats import OPTIONS, rows_of
from backends.adaptvis.items import options_in
from backends.adaptvis.matching import official_hit, official_yes_no, strict_answer
from backends.adaptvis.results import MAX_RELATIONS, Evaluated, Item, MethodScore
from backends.files.archive import Files
from backends.statistics import Bootstrap
from worlds.errors import InputError

_THINGS = re.compile(r"(?:is|are) the (.+?) in relation to the (.+?)\?", re.IGNORECASE)
_METHODS = {"adapt_vis": "adaptvis", "scaling_vis": "scalingvis", "base": "greedy"}
_KEYS = {"Prompt", "Generation", "Golden"}
MAX_UNREAD = 50


def is_log(files: Files) -> bool:
    """Return whether this is one result file of the released code."""
    if len(files.names) != 1 or not files.names[0].lower().endswith(".json"):
        return False
    rows = rows_of(files.read(files.names[0]), files.names[0])
    return bool(rows) and isinstance(rows[0], dict) and rows[0].keys() >= _KEYS


def read_log(files: Files) -> tuple[Evaluated, tuple[str, ...]]:
    """Return the scores of a result file under both ways to read a reply, and what has to be said about it.

    Raises:
        InputError: a row lacks its prompt, its reply or its answer.
    """
    name = files.names[0]
    items = [_item(row, number, name) for number, row in enumerate(rows_of(files.read(name), name))]
    if (count := len({item.right for item in items})) > MAX_RELATIONS:
        raise InputError(f"{name[:80]!r} has {count:,} different right answers. At most {MAX_RELATIONS:,} are compared.")
    texts = [item.adaptvis for item in items]
    is_yes_no = {item.right for item in items} <= {"yes", "no"}
    official = np.array([_official(item, is_yes_no) for item in items])
    read = [strict_answer(_options(row, is_yes_no), item.adaptvis)
            for row, item in zip(rows_of(files.read(name), name), items)]
    strict = np.array([word == item.right for word, item in zip(read, items)])
    method = next((own for key, own in _METHODS.items() if key in name), "greedy")
    scores = tuple(_score(method, how, right, items) for how, right in (("official match", official), ("strict match", strict)))
    lost = tuple((item.number, text) for item, text, word in zip(items, texts, read) if not word)[:MAX_UNREAD]
    found = Evaluated(data=name, num_validation=0, num_test=len(items), alphas=(1.0,), scores=scores, curves=(), beta_curve=(),
                      items=tuple(items), auroc_per_layer=(), yes_no=_yes_no(items) if is_yes_no else (), unread=lost)
    return found, ("Read from a result file: no model was run. Its alpha and beta are not written in it.",)


def _item(row: Any, number: int, name: str) -> Item:
    golden = row.get("Golden") if isinstance(row, dict) else None
    golden = golden[0] if isinstance(golden, list) and golden else golden
    if not isinstance(golden, str) or not golden.strip() or not isinstance(row.get("Generation"), str):
        raise InputError(f"Row {number + 1} of {name[:80]!r} is {str(row)[:80]!r}. It must have Prompt, Generation and Golden.")
    things = _THINGS.search(str(row.get("Prompt", "")))
    group = "_".join(things.groups()) if things else str(number)
    confidence = row.get("Uncertainty")
    right = golden.strip().lower()
    return Item(number=number, relation=right, right=right, confidence=float(confidence) if isinstance(confidence, int | float)
                else float("nan"), answers=(row["Generation"],), adaptvis=row["Generation"], group=group)


def _official(item: Item, is_yes_no: bool) -> bool:
    return official_yes_no(item.right == "yes", item.adaptvis) if is_yes_no else official_hit(item.right, item.adaptvis)


def _options(row: Any, is_yes_no: bool) -> tuple[str, ...]:
    if is_yes_no:
        return OPTIONS["VSR"]
    asked = str(row.get("Prompt", "")).partition("ASSISTANT")[0].strip()
    known = dict.fromkeys(word for kind, words in OPTIONS.items() for word in words if kind != "VSR")
    return options_in(asked) or tuple(known)


def _score(method: str, setting: str, right: np.ndarray, items: Sequence[Item]) -> MethodScore:
    relations, groups = [item.relation for item in items], [item.group for item in items]
    found = metrics.grouped(right, relations, groups)
    numbers = np.unique(groups, return_inverse=True)[1]
    return MethodScore(method=method, setting=setting, individual=Bootstrap(numbers).interval(right.astype(float)), pair=found.pair,
                       complete=found.complete, official_pair=found.official_pair, official_set=found.official_set,
                       per_relation=metrics.per_relation(right, relations), mended=0, broken=0)


def _yes_no(items: Sequence[Item]) -> tuple[tuple[str, metrics.YesNo], ...]:
    """Return VSR's scores by the released test, which looks for Yes in one class and for No in the other."""
    is_yes = np.array([item.right == "yes" for item in items])
    says = [np.array([official_yes_no(wanted, item.adaptvis) for item in items]) for wanted in (True, False)]
    return (("official match", metrics.yes_no(is_yes, *says)),)
