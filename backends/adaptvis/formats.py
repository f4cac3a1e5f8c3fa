"""The data sets of the paper in the files that they come in: WhatsUp A and B, COCO and VG with one or two objects, VSR.

Which set a file holds is told by what is in it: objects with `image_path` and `caption_options` are WhatsUp's, rows of three are
COCO's or VG's, lines with a `caption` and a `label` are VSR's. Questions come from AdaptVis' prompt files where they are there,
joined by line as the released code does, else they are written in the same words. The first caption is always the right one.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from backends.adaptvis.items import Item, options_in
from backends.files.archive import Files
from worlds.errors import InputError
from worlds.pictures import read_picture

MAX_ROWS = 50_000
PICTURE_PX = 1024  # the longer side as a model gets it
COUNTS = {"Controlled_Images_A": 412, "Controlled_Images_B": 408, "COCO_QA_one_obj": 2247, "COCO_QA_two_obj": 440,
          "VG_QA_one_obj": 1160, "VG_QA_two_obj": 291, "VSR": 1222}
OPTIONS = {"Controlled_Images_A": ("left", "right", "on", "under"), "Controlled_Images_B": ("left", "right", "front", "behind"),
           "COCO_QA_one_obj": ("left", "right", "top", "bottom"), "COCO_QA_two_obj": ("left", "right", "above", "below"),
           "VG_QA_one_obj": ("left", "right", "front", "behind", "top", "bottom"),
           "VG_QA_two_obj": ("left", "right", "front", "behind", "above", "below"), "VSR": ("yes", "no")}
VSR_PROMPT = "Determine whether the description about the spatial relationship is correct or not. Answer with yes or no: {}"
_CONTROLLED = re.compile(r"([^_]+)_(left|right|on|under|in-front|behind)(?:_of)?_(.+)")
_ONE = re.compile(r"photo of (?:an? |the )?(.+?) (?:on|at|in|to) the (left|right|top|bottom)\b", re.IGNORECASE)
_TWO = re.compile(r"photo of (?:an? |the )?(.+?) (to the left of|to the right of|in front of|on top of|front of|left of|right of|"
                  r"above|below|behind) (?:an? |the )?(.+?)\.?$", re.IGNORECASE)
_RELATIONS = ("left", "right", "front", "behind", "above", "below")
_ASKED = re.compile(r"USER:\s*(.*?)\s*ASSISTANT:", re.IGNORECASE | re.DOTALL)

Row = dict[str, Any]


@dataclass(frozen=True)
class Loaded:
    """One set: every item whose picture is there, numbered by its row in the file, and how many rows there are."""

    kind: str
    items: tuple[Item, ...]
    num_rows: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Source:
    name: str
    kind: str
    rows: Sequence[Any]


def load_set(files: Files, chosen: str = "") -> Loaded:
    """Return one of the sets in some files.

    Args:
        chosen: part of the annotation file's name, where there are several.
    Raises:
        InputError: no set is there, a row is not what its set wants, the prompts do not fit, or no picture is there.
    """
    tables = [table for name in files.names if name.lower().endswith((".json", ".jsonl")) for table in _tables(files, name)]
    sets = [source for source in tables if source.kind in COUNTS and chosen.lower() in source.name.lower()]
    if not sets:
        raise InputError(f"No data set{f' named {chosen[:80]!r}' if chosen else ''} was found among {len(files.names)} files. "
                         "There must be WhatsUp's or VSR's annotation file (.json or .jsonl) beside the pictures.")
    source = sets[0]
    notes = [] if len(sets) == 1 else [f"{len(sets)} sets are there; {source.name!r} was read. Put '#' and a part of another's name "
                                       "behind the data's name to read that one."]
    expected = COUNTS[source.kind]
    if len(source.rows) != expected:
        notes.append(f"{source.kind} has {len(source.rows):,} rows here; the released file has {expected:,}.")
    items = _READERS[source.kind](source, files)
    prompts = next((table for table in tables if table.kind == "prompts" and _fits(table, source)), None)
    if prompts is not None and source.kind != "VSR":  # the released code never reads VSR's own prompts
        items = _with_prompts(items, prompts, notes)
    return Loaded(source.kind, tuple(_present(items, source, notes)), len(source.rows), tuple(notes))


def _tables(files: Files, name: str) -> list[_Source]:
    """Return what a file holds, or nothing where it is another kind of JSON."""
    rows = rows_of(files.read(name), name)
    kind = _kind_of(rows[0], name, rows) if rows else None
    return [_Source(name, kind, rows)] if kind else []


def rows_of(content: bytes, name: str) -> Sequence[Any]:
    """Return a JSON list, or JSON lines; nothing for one object over several lines. Raises InputError where it is no JSON."""
    try:
        text = content.decode("utf-8-sig").strip()
        rows = json.loads(text) if text.startswith("[") else _lines(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name[:80]!r} is not JSON that can be read. It must be one list, or one object per line.") from error
    if len(rows) > MAX_ROWS:
        raise InputError(f"{name[:80]!r} has {len(rows):,} rows. At most {MAX_ROWS:,} are read.")
    return list(rows)


def _lines(text: str) -> list[Any]:
    try:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError:
        json.loads(text)  # a settings file, say: it is in order, and no table
        return []


def _kind_of(first: Any, name: str, rows: Sequence[Any]) -> str | None:
    if isinstance(first, dict):
        if {"image_path", "caption_options"} <= first.keys():
            names = " ".join(str(row.get("image_path")) for row in rows if isinstance(row, dict))
            return "Controlled_Images_B" if "in-front_of" in names or "_behind_" in names else "Controlled_Images_A"
        if {"caption", "label", "relation"} <= first.keys():
            return "VSR"
        return "prompts" if {"question", "answer"} <= first.keys() else None
    if isinstance(first, list) and len(first) == 3 and isinstance(first[1], str):
        origin = "VG" if "vg" in PurePosixPath(name).name.lower() else "COCO"
        return f"{origin}_QA_{'one' if _ONE.search(first[1]) and not _TWO.search(first[1]) else 'two'}_obj"
    return None


def _controlled(source: _Source, files: Files) -> list[Item]:
    here = files.by_base()
    return [_controlled_item(row, number, source, here, files) for number, row in enumerate(source.rows)]


def _controlled_item(row: Any, number: int, source: _Source, here: dict[str, str], files: Files) -> Item:
    base = PurePosixPath(str(row.get("image_path") if isinstance(row, dict) else row)).name
    match = _CONTROLLED.fullmatch(PurePosixPath(base).stem)
    if not match:
        raise InputError(f"Row {number + 1} of {source.name[:80]!r} has the picture {base[:80]!r}. Its name must read "
                         "A_left_of_B.jpeg, with left_of, right_of, on, under, in-front_of or behind between the two things.")
    thing, relation, other = match[1], match[2].removeprefix("in-"), match[3]
    question = f"Where is the {_plain(thing)} in relation to the {_plain(other)}? {_listed(source.kind)}"
    return Item(number, _opener(here.get(base), base, files), question, OPTIONS[source.kind], relation, relation, f"{thing}_{other}")


def _photo(source: _Source, files: Files) -> list[Item]:
    here = files.by_base()
    return [_photo_item(row, number, source, here, files) for number, row in enumerate(source.rows)]


def _photo_item(row: Any, number: int, source: _Source, here: dict[str, str], files: Files) -> Item:
    is_row = isinstance(row, list) and len(row) == 3 and str(row[0]).isdecimal() and isinstance(row[1], str)
    found = (_ONE if "one" in source.kind else _TWO).search(row[1]) if is_row else None
    if found is None:
        raise InputError(f"Row {number + 1} of {source.name[:80]!r} is {str(row)[:80]!r}. It must be a picture's number, the right "
                         "caption ('A photo of a cup to the left of a book') and the wrong one.")
    base = f"{row[0]}.jpg" if source.kind.startswith("VG") else f"{int(row[0]):012d}.jpg"
    relation = _relation(found[2].lower(), source.kind)
    where = "in the photo" if "one" in source.kind else f"in relation to the {found[3]}"
    question = f"Where is the {found[1]} {where}? {_listed(source.kind)}"
    return Item(number, _opener(here.get(base), base, files), question, OPTIONS[source.kind], relation, relation, str(row[0]))


def _relation(words: str, kind: str) -> str:
    return words if "one" in kind else next((name for name in _RELATIONS if name in words), "above")  # on top of: above


def _vsr(source: _Source, files: Files) -> list[Item]:
    here = files.by_base()
    return [_vsr_item(row, number, source, here, files) for number, row in enumerate(source.rows)]


def _vsr_item(row: Any, number: int, source: _Source, here: dict[str, str], files: Files) -> Item:
    if not isinstance(row, dict) or row.get("label") not in (0, 1) or not str(row.get("caption", "")).strip():
        raise InputError(f"Row {number + 1} of {source.name[:80]!r} is {str(row)[:80]!r}. It must have an image, a caption and a "
                         "label 0 or 1.")
    base = PurePosixPath(str(row.get("image", ""))).name
    return Item(number, _opener(here.get(base), base, files), VSR_PROMPT.format(row["caption"]), OPTIONS["VSR"],
                "yes" if row["label"] else "no", str(row["relation"]), base)


_READERS: dict[str, Callable[[_Source, Files], list[Item]]] = {
    **{kind: _photo for kind in COUNTS}, "Controlled_Images_A": _controlled, "Controlled_Images_B": _controlled, "VSR": _vsr}


def _with_prompts(items: list[Item], prompts: _Source, notes: list[str]) -> list[Item]:
    """Return the items with the questions of a prompt file, line by line."""
    asked = [replace(item, **_prompt_of(row, item, prompts)) for item, row in zip(items, prompts.rows)]
    lost = [item.number for item in asked if item.right not in item.options]
    if lost:
        notes.append(f"The right answer of {len(lost)} items is none of the options in their prompt, as released; it was added "
                     f"(first: row {lost[0] + 1}).")
    return [replace(item, options=(*item.options, item.right)) if item.right not in item.options else item for item in asked]


def _prompt_of(row: Any, item: Item, prompts: _Source) -> dict[str, Any]:
    answer = row.get("answer") if isinstance(row, dict) else None
    answer = answer[0] if isinstance(answer, list) and answer else answer
    written = str(row.get("question", "")) if isinstance(row, dict) else ""
    asked = _ASKED.search(written)
    question = (asked[1] if asked else written.replace("<image>", "")).strip()
    if not question or not isinstance(answer, str):
        raise InputError(f"Row {item.number + 1} of {prompts.name[:80]!r} is {str(row)[:80]!r}. "
                         "It must have a question and an answer.")
    right, options = answer.strip().lower(), options_in(question) or item.options
    return {"question": question, "right": right, "relation": right, "options": options}


def _fits(prompts: _Source, source: _Source) -> bool:
    """Return whether a prompt file belongs to a set. Raises InputError where its name says so and its length does not."""
    is_named = source.kind.lower() in prompts.name.lower()
    if is_named and len(prompts.rows) != len(source.rows):
        raise InputError(f"{prompts.name[:80]!r} has {len(prompts.rows):,} prompts for {len(source.rows):,} rows of "
                         f"{source.name[:80]!r}. They are joined line by line, so both must have the same number.")
    return is_named


class _Missing:
    """Stands for a picture that is not there."""

    def __init__(self, base: str) -> None:
        self.base = base

    def __call__(self) -> np.ndarray:
        raise InputError(f"The picture {self.base[:80]!r} is not there.")


def _opener(name: str | None, base: str, files: Files) -> Callable[[], np.ndarray]:
    return _Missing(base) if name is None else partial(_picture, files, name)


def _picture(files: Files, name: str) -> np.ndarray:
    return read_picture(files.read(name), max_side_px=PICTURE_PX, name=name)


def _present(items: list[Item], source: _Source, notes: list[str]) -> list[Item]:
    """Return the items whose picture is there, and note how many are not."""
    missing = [item.open.base for item in items if isinstance(item.open, _Missing)]
    if not missing:
        return items
    told = f"{len(missing):,} of {len(items):,} pictures of {source.kind} are missing, the first is {missing[0][:80]!r}."
    if len(missing) == len(items):
        raise InputError(f"{told} Put the pictures into the same zip or folder.")
    notes.append(f"{told} Their items are left out, and their sets are counted as incomplete.")
    return [item for item in items if not isinstance(item.open, _Missing)]


def _plain(name: str) -> str:
    return name.replace("-", " ")


def _listed(kind: str) -> str:
    options = OPTIONS[kind]
    return f"Answer with {', '.join(options[:-1])} or {options[-1]}."
