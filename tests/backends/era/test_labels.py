"""Labels of failures: their file, and how far two people agree."""

from collections.abc import Iterable

import pytest

from backends.era.labels import Label, agreement, by_kind, labels_text, read_labels
from worlds.errors import InputError


def label(number: int, stage: str, kind: str = "") -> Label:
    return Label("eb_alfred", "vlm", "x", "base", number, f"task {number}", stage, kind)


def test_labels_come_back_from_their_file():
    labels = [label(2, "reasoning", "reflection error"), label(10, "planning"), label(1, "perception", "hallucination")]

    kept = read_labels(labels_text(labels).encode())

    assert [one.number for one in kept.rows] == [1, 2, 10]
    assert (set(kept.rows), kept.notes) == (set(labels), ())


def test_odd_labels_are_left_out_and_told():
    text = "number,stage,kind,colour\n1,planning,missing step,red\nx,planning,,\n3,luck,,\n4,planning,hallucination,\n"

    kept = read_labels(text.encode(), "mine.csv")

    assert [(one.number, one.kind) for one in kept.rows] == [(1, "missing step")]
    assert len(kept.notes) == 4 and "colour" in kept.notes[0]
    with pytest.raises(InputError, match="stage"):
        read_labels(b"number,stage\n1,luck\n")
    with pytest.raises(InputError):
        read_labels(b"\x00\x01PK")


def agree(pairs: Iterable[tuple[str, str]]) -> tuple[int, float | None, float | None]:
    both = list(pairs)
    told = agreement([label(k, one) for k, (one, _) in enumerate(both)], [label(k, other) for k, (_, other) in enumerate(both)])
    return told.count, told.observed, told.kappa


def test_agreement_is_cohens_kappa():
    # 20 agree on planning, 15 on reasoning, 5 and 10 do not: observed 0.7, expected 0.5 * 0.6 + 0.5 * 0.4 = 0.5
    pairs = ([("planning", "planning")] * 20 + [("planning", "reasoning")] * 5 + [("reasoning", "planning")] * 10 +
             [("reasoning", "reasoning")] * 15)

    assert agree(pairs) == (50, pytest.approx(0.7), pytest.approx(0.4))
    assert agree([("planning", "planning")]) == (1, 1.0, None)
    assert agree([]) == (0, None, None)


def test_agreement_by_kind_is_finer():
    first, second = [label(1, "planning", "missing step")], [label(1, "planning", "invalid action")]

    assert (agreement(first, second).observed, agreement(first, second, by=by_kind).observed) == (1.0, 0.0)
    assert agreement(first, second, by=by_kind).table == (("planning: missing step", "planning: invalid action", 1),)
