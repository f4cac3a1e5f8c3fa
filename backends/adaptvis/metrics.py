"""What is counted on a set of answers: single items, pairs, whole sets, relations, and VSR's yes and no.

A WhatsUp set shows two things in four relations; a pair is left with right, or the other two. Other sets have neither, whatever
their relations are called, and a group in which a relation comes twice is none. The released evaluator
(dataset_zoo/aro_datasets.py) divides by the number of items evaluated although groups are built over the whole data set, so
on a random part of the items its pair and set rates cannot reach 100 %: both its number and the one over complete groups are
given. Its VSR "F1" is the harmonic mean of sensitivity and specificity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from backends.adaptvis.results import YesNo

PARTNERS: Mapping[str, str] = MappingProxyType({"left": "right", "on": "under", "front": "behind"})
_FIRST = {second: first for first, second in PARTNERS.items()} | {first: first for first in PARTNERS}
SET_SIZE = 4


@dataclass(frozen=True)
class Grouped:
    """Rates 0..1 of pairs and sets; None where there is none to count."""

    pair: float | None  # over pairs of which both items were evaluated
    complete: float | None  # over sets of which all four were
    official_pair: float | None  # over half the items
    official_set: float | None  # over a quarter of them
    num_torn: int  # groups that are counted in no set: not all four were evaluated, or one of them twice


def individual(right: np.ndarray) -> float:
    """Return the share of right items; (items,) bool."""
    return float(right.mean()) if len(right) else float("nan")


def grouped(right: np.ndarray, relations: Sequence[str], groups: Sequence[str], *, has_sets: bool = True) -> Grouped:
    """Return pair and set rates.

    Args:
        right: (items,) bool.     groups: of every item; items of one group show the same two things.
        has_sets: whether the data have pairs and sets at all; without them every rate is None.
    """
    found: dict[str, list[tuple[str, bool]]] = {}
    for is_right, relation, group in zip(right, relations, groups, strict=True):
        found.setdefault(group, []).append((relation, bool(is_right)))
    if not has_sets:
        return Grouped(None, None, None, None, len(found))
    members = {group: dict(own) for group, own in found.items() if len({relation for relation, _ in own}) == len(own)}
    pairs = [own for own in _pairs(members) if len(own) == 2]
    sets = [list(own.values()) for own in members.values() if len(own) == SET_SIZE]
    if not pairs:
        return Grouped(None, None, None, None, len(found))
    solved_pairs, solved_sets = sum(map(all, pairs)), sum(map(all, sets))
    return Grouped(pair=solved_pairs / len(pairs), complete=solved_sets / len(sets) if sets else None,
                   official_pair=solved_pairs / (len(right) / 2), official_set=solved_sets / (len(right) / SET_SIZE),
                   num_torn=len(found) - len(sets))


def _pairs(members: Mapping[str, Mapping[str, bool]]) -> list[list[bool]]:
    """Return the evaluated items of every pair."""
    found: dict[tuple[str, str], list[bool]] = {}
    for group, own in members.items():
        for relation, is_right in own.items():
            if relation in _FIRST:
                found.setdefault((group, _FIRST[relation]), []).append(is_right)
    return list(found.values())


def per_relation(right: np.ndarray, relations: Sequence[str]) -> tuple[tuple[str, float, int], ...]:
    """Return relation, accuracy and count, in the order in which relations first occur."""
    names = np.array(relations)
    return tuple((name, float(right[names == name].mean()), int((names == name).sum())) for name in dict.fromkeys(relations))


def yes_no(is_yes: np.ndarray, says_yes: np.ndarray, says_no: np.ndarray) -> YesNo:
    """Return VSR's scores; an answer that says neither counts as an error of its class.

    Args:
        is_yes, says_yes, says_no: (items,) bool.
    """
    true_yes, true_no = int((is_yes & says_yes).sum()), int((~is_yes & says_no).sum())
    yes, no = int(is_yes.sum()), int((~is_yes).sum())
    sensitivity, specificity = _share(true_yes, yes), _share(true_no, no)
    f1_yes = _share(2 * true_yes, yes + true_yes + (no - true_no))  # 2 TP / (2 TP + FN + FP)
    f1_no = _share(2 * true_no, no + true_no + (yes - true_yes))
    return YesNo(accuracy=_share(true_yes + true_no, yes + no), f1_official=harmonic(sensitivity, specificity), f1_yes=f1_yes,
                 f1_macro=(f1_yes + f1_no) / 2, balanced_accuracy=(sensitivity + specificity) / 2)


def harmonic(first: float, second: float) -> float:
    """Return the harmonic mean; 0 where both are 0, where the released code would divide by zero."""
    return 2 * first * second / (first + second) if first + second else 0.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
