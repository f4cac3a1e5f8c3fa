"""AdaptVis' prompt files beside a data set: which item each prompt belongs to, and its text byte for byte.

The released code joins prompts and items by line, and so it is done where both have as many and the lines name the same things.
Where they differ in number, or the lines do not fit, a prompt is given to the item that it speaks of: by the two things and the right
answer, in the order of both files. An item without a prompt is asked in the usual words.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backends.adaptvis.items import Item, options_in
from backends.adaptvis.wiring import IMAGE_MARK
from backends.files.cells import as_text, cut
from backends.files.rows import Numbered, OddRow, OddRows, counted

_ASKED = re.compile(r".*USER:\s*(.*?)\s*(?:ASSISTANT:\s*)?$", re.IGNORECASE | re.DOTALL)  # the last of several turns
_THINGS = re.compile(r"(?:is|are) (?:the )?(.+?) (?:in the photo|in relation to (?:the )?(.+?))\s*\?", re.IGNORECASE | re.DOTALL)
_FITS = 0.5  # share of lines that name their item's things; of a file of another order about none do


@dataclass(frozen=True)
class Prompt:
    """One line of a prompt file."""

    number: int  # of its row, from 1
    raw: str
    asked: str
    right: str
    id: int | None = None  # of the item that it was written for, from 0


def asked_in(prompt: str) -> str:
    """Return the question of a whole prompt: what its last USER says; of few-shot prompts the examples go before."""
    match = _ASKED.fullmatch(prompt)
    return (match[1] if match else prompt).replace(IMAGE_MARK, "").strip()


def things_in(question: str) -> tuple[str, ...]:
    """Return the thing that a question asks for and its reference, if any, in small letters; nothing where it names none."""
    match = _THINGS.search(question)
    return tuple(" ".join(name.lower().replace("-", " ").split()) for name in match.groups() if name) if match else ()


def is_prompt(row: object) -> bool:
    """Return whether a row is a line of a prompt file."""
    return isinstance(row, dict) and {"question", "answer"} <= row.keys()


def with_prompts(items: Sequence[Item], rows: Sequence[Numbered], count: int, num_items: int,
                 odd: OddRows) -> tuple[list[Item], list[str]]:
    """Return the items with the prompts of a file, and what has to be said of it.

    Args:
        rows: of the prompt file, with their numbers.     count: how many it has.     num_items: rows of the data set's file.
        odd: counts the rows that are no prompts.
    """
    prompts = odd.read(rows, _prompt)
    by_line = {odd.place(prompt.number): prompt for prompt in prompts}
    lines = [(item, by_line[item.number + 1]) for item in items if item.number + 1 in by_line]
    fitting = sum(things_in(item.question) == things_in(prompt.asked) for item, prompt in lines)
    notes: list[str] = []
    if count == num_items and fitting >= _FITS * len(lines):
        pairs = {item.number: prompt for item, prompt in lines}
        if fitting < len(lines):
            notes.append("Prompts that name other things than their picture's row, asked as they are: "
                         f"{counted(len(lines) - fitting, 'prompt')}.")
    else:
        pairs = _by_content(items, prompts)
        notes.append(f"The file has {counted(count, 'prompt')} for {counted(num_items, 'row')}: each was given to the item whose "
                     "things and answer it names.")
    asked = [_asked(item, pairs.get(item.number)) for item in items]
    if lost := [item.number + 1 for item in items if item.number not in pairs]:
        notes.append(f"Asked in our words, because no prompt belongs to them: {counted(len(lost), 'item')}, row {lost[0]} first.")
    added = [item for item in asked if item.right not in item.options]
    if added:
        notes.append(f"The right answer of {counted(len(added), 'item')} is none of the options in its prompt, as released; it was "
                     f"added (first: row {added[0].number + 1}).")
    return [replace(item, options=(*item.options, item.right)) if item.right not in item.options else item for item in asked], notes


def _prompt(row: object, number: int) -> Prompt:
    fields = row if isinstance(row, dict) else {}
    answer = fields.get("answer")
    answer = answer[0] if isinstance(answer, list) and answer else answer
    raw = fields.get("question")
    right, asked = (as_text(answer) or "").strip().lower(), asked_in(raw) if isinstance(raw, str) else ""
    if not right or not asked:
        raise OddRow(f"Row {number} is {cut(row)}. It must have a question and an answer.", "no prompt")
    own = fields.get("id")
    return Prompt(number, str(raw), asked, right, own if isinstance(own, int) else None)


def _by_content(items: Sequence[Item], prompts: Sequence[Prompt]) -> dict[int, Prompt]:
    """Return the prompt of each item by number: of equal ones that with the item's own id, else in the order of both files."""
    waiting: dict[tuple[tuple[str, ...], str], deque[Prompt]] = {}
    meant: dict[tuple[tuple[str, ...], str, int | None], Prompt] = {}
    for prompt in prompts:
        waiting.setdefault((things_in(prompt.asked), prompt.right), deque()).append(prompt)
        meant.setdefault((things_in(prompt.asked), prompt.right, prompt.id), prompt)
    wanted = {item.number: (things, item.right) for item in items if (things := things_in(item.question))}
    found = {number: meant[*content, number] for number, content in wanted.items() if (*content, number) in meant}
    given = {prompt.number for prompt in found.values()}
    for number, content in wanted.items():
        left = waiting.get(content, deque()) if number not in found else deque()
        while left and number not in found:
            if (prompt := left.popleft()).number not in given:
                found[number] = prompt
    return found


def _asked(item: Item, prompt: Prompt | None) -> Item:
    if prompt is None:
        return item
    return replace(item, question=prompt.asked, right=prompt.right, relation=prompt.right,
                   options=options_in(prompt.asked) or item.options, released=whole(prompt.raw))


def whole(prompt: str) -> str | None:
    """Return a prompt that can be asked byte for byte: with one place for the picture; None for any other."""
    return prompt if prompt.count(IMAGE_MARK) == 1 and "{image}" not in prompt else None
